--- JSON by whatever library the host has: looked for when first needed, never loaded otherwise.

local host = require('luvcurl/host/host')
local misuse = require('luvcurl/base/misuse')

local json = {}

---@type {encode: fun(value: any): string, decode: fun(text: string): any}|nil
local library

--- All of these have encode and decode; luvit's own is called 'json', like rxi's and others.
local NAMES = { 'cjson', 'json', 'dkjson', 'lunajson', 'rxi-json-lua' }

local function find()
  if library then
    return library
  end
  local nvim = host.nvim
  if nvim and nvim.json then
    library = nvim.json
    return library
  end
  for _, name in ipairs(NAMES) do
    local ok, found = pcall(require, name)
    if ok and type(found) == 'table' and found.encode and found.decode then
      library = found
      return library
    end
  end
  misuse('luvcurl: no JSON library found; install one of lua-cjson, dkjson, lunajson or rxi\'s '
    .. 'json.lua, or name one with require("luvcurl/response/json").use(library)')
end

--- Uses `library` from now on.
---@param chosen {encode: fun(value: any): string, decode: fun(text: string): any}
function json.use(chosen)
  if type(chosen) ~= 'table' or not chosen.encode or not chosen.decode then
    misuse('json.use: expected a table with encode and decode, got ' .. type(chosen))
  end
  library = chosen
end

--- Raises an error at the caller when the value cannot be encoded.
---@param where string  names the argument: 'request.json'
---@param value any
---@return string
function json.encode(where, value)
  local encode = find().encode
  local ok, text, why = pcall(encode, value)
  if not ok or type(text) ~= 'string' then
    misuse(('%s: %s'):format(where, tostring(ok and why or text)))
  end
  return text
end

--- What comes from the net may be wrong at any time: that is no misuse, so it does not raise.
---@param text string
---@return any value  null as the library has it; nil when the text is no JSON
---@return string|nil why
function json.decode(text)
  local decode = find().decode
  -- dkjson and luvit's return nil, position, message; the others raise
  local ok, value, position, why = pcall(decode, text)
  if not ok then
    return nil, tostring(value)
  end
  if value == nil and (why ~= nil or type(position) == 'string') then
    return nil, tostring(why or position)
  end
  return value
end

return json
