--- What curl.download is given, checked.

local check = require('luvcurl/base/check')
local misuse = require('luvcurl/base/misuse')
local uv = require('luvcurl/host/host').uv

local arguments = {}

--- Fields that say what a download says itself.
local OWN = {
  on_data = 'the bytes go to the file', range = 'use resume', resume_from = 'use resume',
}

local function has_header(headers, wanted)
  for name, value in pairs(headers) do
    name = type(name) == 'number' and type(value) == 'table' and value[1] or name
    if type(name) == 'string' and name:lower() == wanted then
      return true
    end
  end
  return false
end

local function check_resumable(given)
  if given.accept_encoding then
    misuse('download: resume takes no accept_encoding: a part of a compressed body is of no use')
  elseif given.method ~= nil and given.method ~= 'GET' then
    misuse('download: only a GET can be resumed')
  elseif type(given.headers) == 'table' then
    for _, name in ipairs({ 'range', 'if-range' }) do
      if has_header(given.headers, name) then
        misuse(('download: resume sets the header %s itself'):format(name))
      end
    end
  end
end

--- Tells the request from what is a download's own.
---@param url any
---@param opts table|nil
---@return table given    the request
---@return boolean resume
---@return string|nil sha256
function arguments.sort(url, opts)
  check.url('request.url', url)
  local given, resume, sha256 = {}, nil, nil
  if opts ~= nil then
    for name, value in pairs(check.type('download options', opts, 'table')) do
      given[name] = value
    end
    resume, given.resume = given.resume, nil
    sha256, given.sha256 = given.sha256, nil
  end
  for name, why in pairs(OWN) do
    if given[name] ~= nil then
      misuse(('download: no %s here: %s'):format(name, why))
    end
  end
  if given.url ~= nil then
    misuse('request.url: is given twice')
  end
  if resume ~= nil and check.type('download.resume', resume, 'boolean') then
    check_resumable(given)
  end
  if sha256 ~= nil then
    sha256 = check.type('download.sha256', sha256, 'string'):lower()
    if #sha256 ~= 64 or sha256:find('%X') then
      misuse('download.sha256: expected 64 hexadecimal digits')
    end
  end
  given.url = url
  return given, resume or false, sha256
end

--- Absolute, as the process may change its directory meanwhile.
---@param path any
---@return string
function arguments.absolute(path)
  check.type('download path', path, 'string')
  if path == '' or path:find('\0', 1, true) then
    misuse('download path: must not be empty or contain NUL')
  end
  return path:sub(1, 1) == '/' and path or uv.cwd() .. '/' .. path
end

return arguments
