--- A module that few scripts need, as a function that runs it when it is first called: half of
--- what `require 'luvcurl'` takes is Lua's compiling of it.
---
--- Its text, and that of what it requires, is read at once: later the working folder may be
--- another, so that a relative `package.path` leads nowhere, or no descriptor may be left.

local lazy = {}

local loaded = package.loaded
local plain_require = require
local compile = loadstring or load -- luacheck: ignore 143

-- The folder above this one's has all of luvcurl's Lua; none where modules are in no files.
local folder = debug.getinfo(1, 'S').source:match('^@(.*[/\\])base[/\\][^/\\]*$')

local texts = {} ---@type table<string, string>  of modules that nobody has required yet
local values = {} ---@type table<string, any>  of those that were required by now

local function path_of(name)
  return folder .. name:gsub('^luvcurl/', '', 1) .. '.lua'
end

local require_here

-- A module requires by the function that knows the other texts. All in the first line: the others
-- keep their numbers.
local function run(name)
  local text = 'local require = ... ' .. texts[name]
  return assert(compile(text, '@' .. path_of(name)))(require_here)
end

-- Lua's own require keeps what it gives by name, for everyone. luvit's keeps it by path: there may
-- be several copies of luvcurl, and each has to have its own.
local function is_plain()
  return loaded['luvcurl/base/lazy'] == lazy
end

function require_here(name)
  if values[name] == nil and not texts[name] then
    return plain_require(name)
  end
  if values[name] == nil then
    if is_plain() then
      package.preload[name] = run
      values[name] = plain_require(name)
      package.preload[name] = nil
    else
      values[name] = run(name)
    end
    texts[name] = nil
  end
  return values[name]
end

--- What was required by now is this copy's, and so is its C side: what is run later goes by them,
--- though package.loaded may have another copy's by then. luvit's require keeps them apart itself.
function lazy.keep()
  for name, value in pairs(is_plain() and loaded or {}) do
    if type(name) == 'string' and name:find('^luvcurl[_/]') then
      values[name], texts[name] = value, nil
    end
  end
end

-- The names of ours in a text. Not by a pattern: that would be tried at each of a hundred thousand
-- characters.
local function required_by(text)
  local at = 1
  return function()
    local _, before = text:find("('luvcurl/", at, true)
    if before then
      at = text:find("'", before, true)
      return text:sub(before - 7, at - 1)
    end
  end
end

local function read(name)
  if texts[name] or values[name] ~= nil or loaded[name] ~= nil then
    return
  end
  local file = folder and io.open(path_of(name), 'rb')
  if not file then
    return -- in a bundle, or under another searcher's care: required when it is needed
  end
  texts[name] = file:read('*a')
  file:close()
  for other in required_by(texts[name]) do
    read(other)
  end
end

--- A function that requires the module when it is first called, and calls it.
---@param name string  of a module that is a function: 'luvcurl/stream/stream'
---@return function
function lazy.call(name)
  read(name)
  local module
  return function(...)
    module = module or require_here(name)
    return module(...)
  end
end

return lazy
