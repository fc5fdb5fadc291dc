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

--- libcurl's own limit, above which it would ask by Expect and wait a second for servers that do
--- not know it.
local EXPECTS = 1024 * 1024

--- Takes the lines of a header of the user's away; returns its value. Raises when there are two.
---@param out luvcurl.Flat
---@param name string  in lower case
---@return string|nil
local function taken(out, name)
  if not (out.has and out.has[name]) then
    return nil
  end
  local found
  for i = #out.lines, 1, -1 do
    local field, value = out.lines[i]:match('^([^:;]*)[:;] *(.-) *$')
    if field:lower() == name then
      value = value:lower()
      if found and found ~= value then
        misuse(('request.headers: two different values of %s'):format(name))
      end
      found = value
      table.remove(out.lines, i)
    end
  end
  return found
end

--- The size that the user says by a Content-Length. It must be the body's: what is too much would
--- be read by the server as another request, and libcurl sends its own line for what it knows.
---@param out luvcurl.Flat
---@param size integer|nil  of the body, where it is known
---@return integer|nil
local function said_size(out, size)
  local value = taken(out, 'content-length')
  if not value then
    return nil
  end
  local said = value:find('^%d+$') and #value <= 15 and tonumber(value)
  if not said or (size and said ~= size) then
    misuse(('request.headers.Content-Length: %s is not the size of the body%s'):format(
      check.shown(value, true), size and (', %.0f bytes'):format(size) or ''))
  end
  return said
end

--- A body goes out in chunks or with its length, nothing else: what else a Transfer-Encoding says
--- would not be true.
---@param out luvcurl.Flat
---@param has_body boolean
---@param said integer|nil  the Content-Length
---@param known boolean     whether the size is known
local function check_transfer_encoding(out, has_body, said, known)
  local value = taken(out, 'transfer-encoding')
  if not value then
    return
  end
  if value == '' and (known or not has_body) then
    return -- none, as it is anyway
  elseif value ~= 'chunked' or not has_body then
    misuse(('request.headers.Transfer-Encoding: %s is not how the body is sent'):format(
      check.shown(value)))
  elseif said then
    misuse('request.headers: Content-Length and Transfer-Encoding exclude each other')
  end
  out.lines[#out.lines + 1] = 'Transfer-Encoding: chunked'
end

--- Both headers of a body whose size is known or, nil, is not.
---@param out luvcurl.Flat
---@param size integer|nil
---@return integer|nil said
local function check_framing(out, size)
  local said = said_size(out, size)
  check_transfer_encoding(out, true, said, (said or size) ~= nil)
  return said
end

--- Those of a request without a body.
---@param out luvcurl.Flat
local function check_no_body(out)
  if out.has and (out.has['content-length'] or out.has['transfer-encoding']) then
    said_size(out, 0)
    check_transfer_encoding(out, false, nil, true)
  end
end

--- What goes for all of them.
---@param out luvcurl.Flat
---@param request luvcurl.Request
local function finish(out, request)
  local bytes = type(out.body) == 'string' and #out.body
  if bytes then
    check_framing(out, bytes)
  end
  if request.expect == nil and not (bytes and bytes <= EXPECTS) then
    out:header('Expect', nil)
  end
end

--- Sets `out.body` (a string or a form) and puts its sources on the sink; adds the headers that
--- belong to it.
---@param out luvcurl.Flat
---@param request luvcurl.Request
---@return boolean  whether there is a body
return function(out, request)
  local field = only_one(request)
  if out.events then
    out:header('Accept', 'text/event-stream')
  end
  if not field then
    check_no_body(out)
    return false
  end
  if field == 'json' then
    out.body = json.encode('request.json', request.json)
    out:header('Content-Type', 'application/json')
    if not out.events then
      out:header('Accept', 'application/json')
    end
  elseif field == 'form' then
    out.body = pairlist.form('request.form', request.form)
    out:header('Content-Type', 'application/x-www-form-urlencoded')
  elseif field == 'multipart' then
    if taken(out, 'content-length') then
      misuse('request.headers.Content-Length: multipart says it itself, when its boundary is made')
    end
    check_transfer_encoding(out, true, nil, false)
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
      one.expected = check_framing(out, one.expected) or one.expected
      settings.upload_size = one.expected
      source.attach(settings, { one })
    else
      check.fail('request.body',
        'a string, a function, a stream of luv or luvit, {file = path} or {read = function}', body)
    end
    -- libcurl would call any body a form
    out:header('Content-Type', nil)
  end
  finish(out, request)
  return true
end
