-- Has the collector work before and after each call into luvcurl: of every function of its modules,
-- of every method of its objects, Lua's and C's, and of what C calls of sinks. Whatever is taken
-- away too early is then taken away as early as can be.
--
--     require 'spec.support.step'      -- before luvcurl is

-- Kilobytes' worth of work at each step: a whole cycle takes some ten calls. A test that makes very
-- many calls would take minutes: then its steps get smaller.
local STEP, SMALL_STEP = 256, 4
local MANY = 500

local step = { count = 0 } -- how many there were

local collectgarbage = collectgarbage
local count = 0 -- of this test

function step.now()
  count, step.count = count + 1, step.count + 1
  collectgarbage('step', count > MANY and SMALL_STEP or STEP)
end

--- Tells that a test begins.
function step.begin()
  count = 0
end

-- Counted as luvcurl's own by its chunk's name, where errors of use look for the caller's line.
local AROUND = [[
local now, call = ...
local function after(...)
  now()
  return ...
end
return function(...)
  now()
  return after(call(...))
end]]

-- Errors of C functions would tell the line that calls them here; a pcall, as luvcurl's, has none.
local AROUND_C = [[
local now, call = ...
local function after(ok, ...)
  now()
  if not ok then
    error((...), 0)
  end
  return ...
end
return function(...)
  now()
  return after(pcall(call, ...))
end]]

local compile = loadstring or load -- luacheck: ignore 143
local folder -- where luvcurl's Lua is
local made = setmetatable({}, { __mode = 'k' })

local function around(call)
  if made[call] then
    return call
  end
  local text = debug.getinfo(call, 'S').what == 'C' and AROUND_C or AROUND
  local wrapped = assert(compile(text, folder .. 'around'))(step.now, call)
  made[wrapped] = true
  return wrapped
end

-- Functions from elsewhere (luv's, a JSON library's) are left alone.
local function is_luvcurls(call, from_c)
  local info = debug.getinfo(call, 'S')
  return from_c or info.source:sub(1, #folder) == folder
end

local seen = {}

local function wrap_all(values, from_c)
  if seen[values] then
    return
  end
  seen[values] = true
  for key, value in pairs(values) do
    -- a finalizer is called by the collector, which cannot be asked for more then
    if type(value) == 'function' and key ~= '__gc' and is_luvcurls(value, from_c) then
      values[key] = around(value)
    elseif type(value) == 'table' then
      wrap_all(value, from_c)
    end
  end
end

-- What C calls of a sink.
local CALLED = { 'response', 'data', 'read', 'rewind', 'progress' }

local function wrap_sink(sink)
  for _, field in ipairs(CALLED) do
    local call = rawget(sink, field)
    if type(call) == 'function' then
      sink[field] = around(call)
    end
  end
end

local function methods_of(object)
  return debug.getmetatable(object).__index
end

local function wrap_objects(core)
  local multi = methods_of(core.multi())
  local add = around(multi.add)
  multi.add = function(self, options, url, sink, ...)
    if type(sink) == 'table' then
      wrap_sink(sink)
    end
    local t = add(self, options, url, sink, ...)
    wrap_all(methods_of(t), true)
    return t
  end
  wrap_all(multi, true)
  wrap_all(methods_of(core.sha256()), true)
end

for _, module in pairs(package.loaded) do
  if type(module) == 'table' then
    seen[module] = true
  end
end

local plain_require = require

function require(name) -- luacheck: ignore 121
  local fresh = package.loaded[name] == nil
  local module = plain_require(name)
  if fresh and type(name) == 'string' and name:find('^luvcurl') then
    if type(module) == 'function' then
      folder = folder or debug.getinfo(module, 'S').source:match('^(.*[/\\])[^/\\]*[/\\]')
      module = around(module)
      package.loaded[name] = module
    elseif type(module) == 'table' then
      wrap_all(module, name == 'luvcurl_core')
    end
    if name == 'luvcurl_core' then
      wrap_objects(module)
    end
  end
  return module
end

-- The module that tells where luvcurl's Lua is.
require 'luvcurl/base/misuse'

return step
