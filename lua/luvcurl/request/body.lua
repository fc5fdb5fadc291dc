--- The request fields that make a body: `body`, `json`, `form`, `multipart`. At most one of them.

local check = require('luvcurl/base/check')
local json = require('luvcurl/response/json')
local lazy = require('luvcurl/base/lazy')
local misuse = require('luvcurl/base/misuse')
local pairlist = require('luvcurl/request/pairlist')
local source = require('luvcurl/upload/source')

local multipart = lazy.call('luvcurl/request/multipart')

local FIELDS = { 'body', 'json', 'form', 'multipart' }

---@param request luvcurl.Request
---@return string|nil
local function only_one(request)
  local found
  for i = 1, #FIELDS do
    local field = FIELDS[i]
    if request[field] ~= nil then
      if found then
        misuse(('request: %s and %s exclude each other'):format(found, field))
      end
      found = field
    end
  end
  return found
end

--- The size of a source, where the user says it by a Content-Length. libcurl has to know, or it
--- would send the body in chunks beside that header: two different ends of one request.
---@param out luvcurl.Flat
---@return integer|nil
local function size_of(out)
  if not (out.has and out.has['content-length']) then
    return nil
  end
  for i, line in ipairs(out.lines) do
    local value = line:lower():match('^content%-length: *(.-) *$')
    if value then
      if not value:find('^%d+$') or #value > 15 then
        misuse(('request.headers.Content-Length: %s is not the size of the body'):format(value))
      end
      table.remove(out.lines, i) -- libcurl sends its own
      return tonumber(value)
    end
  end
  return nil
end

--- Sets `out.body` (a string or a form) and puts its sources on the sink; adds the headers that
--- belong to it.
---@param out luvcurl.Flat
---@param request luvcurl.Request
---@return boolean  whether there is a body
return function(out, request)
  local field = only_one(request)
  if not field then
    return false
  end
  if field == 'json' then
    out.body = json.encode('request.json', request.json)
    out:header('Content-Type', 'application/json')
    out:header('Accept', 'application/json')
  elseif field == 'form' then
    out.body = pairlist.form('request.form', request.form)
    out:header('Content-Type', 'application/x-www-form-urlencoded')
  elseif field == 'multipart' then
    local form, sources = multipart('request.multipart', request.multipart)
    out.body = form
    if #sources > 0 then
      source.attach(out:settings(), sources)
    end
  else
    local body = request.body
    if type(body) == 'string' then
      out.body = body
    elseif source.is(body) then
      local one, settings = source.new('request.body', body), out:settings()
      one.expected = size_of(out) or one.expected
      settings.upload_size = one.expected
      source.attach(settings, { one })
    else
      check.fail('request.body',
        'a string, a function, a luv stream, {file = path} or {read = function}', body)
    end
    -- libcurl would call any body a form
    out:header('Content-Type', nil)
  end
  return true
end
