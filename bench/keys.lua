-- How long a key takes in Neovim from when it is pressed until the screen shows it, while requests
-- are always in flight. The aim is a median of 10 ms at most. The bench starts it, in a Neovim that
-- plays the user at the screen of another one (`make bench ONLY=keys`):
--
--     URL=… KEYS=200 nvim --headless -u NONE -i NONE -n -c 'luafile bench/keys.lua'
--
-- It prints a line for each case: what was measured; the median, the 90th percentile and the worst
-- in ms; requests per second meanwhile. The other Neovim finds luvcurl by LUA_PATH and LUA_CPATH.

local uv, mpack = vim.loop, vim.mpack

local URL, KEYS = os.getenv 'URL' .. '/12', tonumber(os.getenv 'KEYS') or 200
local IN_FLIGHT = 100
local DEADLINE = 60000 -- ms that a key may take at most

-- Keeps requests in flight; counts them in `n`, keeps the first error in `problem`.
local LOAD = [[
  local url, count, style = ...
  local session = require 'luvcurl'.session { fast = style == 'fast' or nil }
  n = 0
  local function note(err)
    n = n + 1
    problem = problem or err and tostring(err)
  end
  local function again(err)
    note(err)
    session.get(url, again)
  end
  for _ = 1, count do
    if style == 'coroutines' then
      coroutine.wrap(function()
        while true do
          local _, err = session.get(url)
          note(err)
        end
      end)()
    else
      session.get(url, again)
    end
  end
]]

-- The other Neovim, over msgpack-RPC -----------------------------------------------------------

local Editor = {}
Editor.__index = Editor

--- Starts one with a user interface.
function Editor.open()
  local self = setmetatable({ input = uv.new_pipe(false), output = uv.new_pipe(false),
    answers = {}, shown = 0 }, Editor)
  self.session = mpack.Session { unpack = mpack.Unpacker() }
  self.process = assert(uv.spawn('nvim', { args = { '--embed', '-u', 'NONE', '-i', 'NONE', '-n' },
    stdio = { self.input, self.output, 2 } }, function() end))
  self.output:read_start(function(_, bytes)
    if bytes then
      self:take(bytes)
    end
  end)
  self:request('nvim_ui_attach', 80, 24, { ext_linegrid = true, rgb = true })
  return self
end

--- What has come: answers, and how many flushes of the screen there were by then.
function Editor:take(bytes)
  local at = 1
  while at <= #bytes do
    local kind, id, method, arguments
    kind, id, method, arguments, at = self.session:receive(bytes, at)
    if kind == 'response' then
      self.answers[id] = { err = method, value = arguments }
    elseif kind == 'notification' and method == 'redraw' then
      self:redraw(arguments)
    end
  end
end

--- Notes when the screen showed a key: a cell of the text with an x in it, and then the flush.
function Editor:redraw(events)
  for _, event in ipairs(events) do
    if event[1] == 'grid_line' then
      for i = 2, #event do
        for _, cell in ipairs(event[i][4]) do
          self.is_drawn = self.is_drawn or cell[1] == 'x'
        end
      end
    elseif event[1] == 'flush' and self.is_drawn then
      self.is_drawn, self.shown_at = false, uv.hrtime()
    end
  end
end

local function await(what)
  assert(vim.wait(DEADLINE, what, 1), 'the other Neovim does not answer')
end

function Editor:send(method, ...)
  local answer = {}
  local bytes = self.session:request(answer)
  self.input:write(bytes .. mpack.encode(method) .. mpack.encode { ... })
  return answer
end

function Editor:request(method, ...)
  local tag = self:send(method, ...)
  await(function() return self.answers[tag] ~= nil end)
  local answer = self.answers[tag]
  assert(answer.err == nil or answer.err == vim.NIL, vim.inspect(answer.err))
  return answer.value
end

function Editor:close()
  self.process:kill 'sigkill'
end

-- The measure ----------------------------------------------------------------------------------

local function key(editor)
  editor.shown_at = nil
  local at = uv.hrtime()
  editor:send('nvim_input', 'x')
  -- by events alone: the redraw of the key is one
  assert(vim.wait(DEADLINE, function() return editor.shown_at ~= nil end, 1))
  return (editor.shown_at - at) / 1e6
end

local function pause(ms)
  vim.wait(ms, function() return false end, ms)
end

local function measure(name, style)
  local editor = Editor.open()
  if style then
    editor:request('nvim_exec_lua', LOAD, { URL, IN_FLIGHT, style })
  end
  editor:send('nvim_input', 'i')
  pause(500)
  local function requests()
    return style and editor:request('nvim_exec_lua', 'return n', {}) or 0
  end
  local times, before, began = {}, requests(), uv.hrtime()
  for i = 1, KEYS do
    times[i] = key(editor)
    if i % 60 == 0 then -- the line stays on the screen
      editor:request('nvim_input', '<Esc>cc')
    end
    pause(5 + i % 7) -- at no fixed time of what goes on there
  end
  local per_second = (requests() - before) / ((uv.hrtime() - began) / 1e9)
  if style then
    local problem = editor:request('nvim_exec_lua', 'return problem', {})
    assert(problem == nil or problem == vim.NIL, problem)
  end
  editor:close()
  table.sort(times)
  io.stdout:write(('%s: %.2f %.2f %.2f %.0f\n'):format(name, times[math.ceil(KEYS / 2)],
    times[math.ceil(KEYS * 0.9)], times[KEYS], per_second))
end

local ok, problem = pcall(function()
  measure 'no requests'
  measure('100 requests, callbacks', 'callbacks')
  measure('100 requests, coroutines', 'coroutines')
  measure('100 requests, fast = true', 'fast')
end)
if not ok then
  io.stderr:write(tostring(problem), '\n')
end
vim.cmd(ok and 'qa!' or 'cquit 1')
