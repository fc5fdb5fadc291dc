--- The request fields that make a body: `body`, `json`, `form`, `multipart`. At most one of them.

local check = require('luvcurl/check')
local json = require('luvcurl/json')
local misuse = require('luvcurl/misuse')
local multipart = require('luvcurl/multipart')
local pairlist = require('luvcurl/pairlist')
local source = require('luvcurl/source')

---@param request luvcurl.Request
---@return string|nil
local function only_one(request)
  local found
  for _, field in ipairs({ 'body', 'json', 'form', 'multipart' }) do
    if request[field] ~= nil then
      if found then
        misuse(('request: %s and %s exclude each other'):format(found, field))
      end
      found = field
    end
  end
  return found
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
      settings.upload_size = one.size
      source.attach(settings, { one })
    else
      check.fail('request.body', 'a string, a function, a luv stream or {file = path}', body)
    end
    -- libcurl would call any body a form
    out:header('Content-Type', nil)
  end
  return true
end
