--- The request fields that make a body: `body`, `json`, `form`. At most one of them.

local check = require('luvcurl/check')
local json = require('luvcurl/json')
local misuse = require('luvcurl/misuse')
local pairlist = require('luvcurl/pairlist')
local source = require('luvcurl/source')

---@param request luvcurl.Request
---@return string|nil
local function only_one(request)
  local found
  for _, field in ipairs({ 'body', 'json', 'form' }) do
    if request[field] ~= nil then
      if found then
        misuse(('request: %s and %s exclude each other'):format(found, field))
      end
      found = field
    end
  end
  return found
end

--- Sets `out.body` (a string) or puts a source on the sink; adds the headers that belong to it.
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
  else
    local body = request.body
    if type(body) == 'string' then
      out.body = body
    elseif type(body) == 'number' or type(body) == 'boolean' then
      check.fail('request.body', 'a string, a function, a luv stream or {file = path}', body)
    else
      source.attach(out:settings(), 'request.body', body)
    end
    -- libcurl would call any body a form
    out:header('Content-Type', nil)
  end
  return true
end
