--- The request field `multipart`: a form with files (multipart/form-data), put together by libcurl.

local check = require('luvcurl/base/check')
local headerlist = require('luvcurl/request/headerlist')
local misuse = require('luvcurl/base/misuse')
local pairlist = require('luvcurl/request/pairlist')
local source = require('luvcurl/upload/source')

--- A part of a form. One of `data`, `body`, `file` and `parts` says what is in it.
---@class luvcurl.Part
---@field name? string            the field's name
---@field data? string|number     bytes in memory
---@field body? function|table    a function that returns the next chunk, a stream of luv or luvit,
---  or {read =, rewind =, size =}, as in a request
---@field file? string            a path; read as it is sent
---@field parts? luvcurl.Part[]   further parts: multipart/mixed
---@field size? integer           bytes of `body`, where known; else the form is sent in chunks
---@field filename? string        what the server is told; for `file` its own by default
---@field type? string            Content-Type; by default libcurl's guess from the filename
---@field encoder? 'base64'|'quoted-printable'|'8bit'|'7bit'|'binary'
---@field headers? table          further headers, in the shapes of the request's

local FIELDS = {
  'name', 'data', 'body', 'file', 'parts', 'size', 'filename', 'type', 'encoder', 'headers',
}
local CONTENTS = { 'data', 'body', 'file', 'parts' }
local ENCODERS = {
  base64 = true, ['quoted-printable'] = true, ['8bit'] = true, ['7bit'] = true, binary = true,
}

--- How deep parts may lie in parts: libcurl and whoever takes them apart recurse.
local MOST_DEPTH = 32

--- Endings for which libcurl knows a type.
local KNOWN_ENDINGS = { gif = true, jpg = true, jpeg = true, png = true, svg = true, txt = true,
  htm = true, html = true, pdf = true, xml = true }

local function has_known_ending(name)
  return KNOWN_ENDINGS[(name:match('%.([^.]*)$') or ''):lower()] == true
end

-- As the curl tool says it.
local function type_of_file(out, has, path)
  if not has['content-type'] and not has_known_ending(out.filename or path) then
    return out.type or 'application/octet-stream'
  end
  return out.type
end

local read_parts

---@param where string
---@param part table
---@return string
local function content_of(where, part)
  local found
  for _, field in ipairs(CONTENTS) do
    if part[field] ~= nil then
      if found then
        misuse(('%s: %s and %s exclude each other'):format(where, found, field))
      end
      found = field
    end
  end
  return found or misuse(where .. ': expected one of data, body, file and parts')
end

---@param out table      the part as the C side takes it
---@param one table      the source
---@param sources table[]
local function stream(out, one, sources)
  sources[#sources + 1] = one
  out.stream = true
  one.expected = out.size or one.expected
  out.size = one.expected
end

---@param where string
---@param part luvcurl.Part
---@param sources table[]
---@param depth integer
---@return table
local function read_part(where, part, sources, depth)
  check.record(where, part, FIELDS)
  local out, has = {}, {}
  for _, field in ipairs({ 'name', 'filename', 'type' }) do
    if part[field] ~= nil then
      out[field] = check.line(where .. '.' .. field, part[field])
    end
  end
  if part.encoder ~= nil then
    check.word(where .. '.encoder', part.encoder, ENCODERS)
    out.encoder = part.encoder
  end
  if part.headers ~= nil then
    out.headers, has = headerlist.lines(where .. '.headers', part.headers)
  end
  if part.size ~= nil then
    out.size = check.integer(where .. '.size', part.size, 0, 'a number of bytes')
  end
  local content = content_of(where, part)
  if content == 'parts' then
    out.parts = read_parts(where .. '.parts', part.parts, sources, depth + 1)
  elseif content == 'file' then
    stream(out, source.new(where, { file = part.file }), sources)
    out.type = type_of_file(out, has, part.file)
    -- COMPAT libcurl < 7.76: writes line ends in it into the body as they are
    out.filename = out.filename or check.line(where .. '.file', part.file:match('[^/\\]*$'))
  elseif content == 'body' then
    if not source.is(part.body) then
      check.fail(where .. '.body', 'a function or a stream', part.body)
    end
    stream(out, source.new(where .. '.body', part.body), sources)
  elseif type(part.data) == 'number' then
    out.data = pairlist.text(where .. '.data', part.data)
  else
    out.data = check.type(where .. '.data', part.data, 'string')
  end
  return out
end

function read_parts(where, parts, sources, depth)
  check.type(where, parts, 'table')
  if depth > MOST_DEPTH then
    misuse(('request.multipart: parts nested deeper than %d'):format(MOST_DEPTH))
  end
  local out = {}
  for i, part in ipairs(parts) do
    local place = ('%s[%d]'):format(where, i)
    out[i] = read_part(place, check.type(place, part, 'table'), sources, depth)
  end
  -- the short form: { name = 'text', … }; sorted, since a table has no order
  local names = {}
  for name in pairs(parts) do
    if type(name) == 'string' then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value, place = parts[name], where .. '.' .. name
    local part = {}
    if type(value) == 'table' then
      for field, given in pairs(value) do
        part[field] = given
      end
    else
      part.data = value
    end
    part.name = name
    out[#out + 1] = read_part(place, part, sources, depth)
  end
  if #out == 0 then
    misuse(where .. ': expected at least one part')
  end
  return out
end

--- Reads a form: a list of parts, a table of fields by name, or both.
---@param where string
---@param parts any
---@return table form       as multi:add of the C side takes it
---@return table[] sources  of its streamed parts, in order
return function(where, parts)
  local sources = {}
  return read_parts(where, parts, sources, 1), sources
end
