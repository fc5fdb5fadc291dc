--- What becomes of a transfer that was added without a callback: its body goes to stdout, whole
--- and at its end, so that bodies never mix; a failure goes to stderr, and the process ends with
--- a status that is not 0.
---
--- The status is set without ending anything early: other transfers, and whatever else the
--- script does, run to their own end first.
---   luvit            process.exitCode
---   luajit and lua   the interpreter is left by os.exit when it closes the Lua state
---   Neovim           only without a user interface (--headless): `:cquit` when it leaves

local host = require('luvcurl/host/host')
require('luvcurl_core') -- its objects must be younger than the proxy: see at_close

local output = {}

local STATUS = 1
local failed = false

--- Calls `action` when what it returns is collected, at the latest when the Lua state closes. What
--- is younger has been finalized by then, so that transfers are gone when the process leaves.
local function at_close(action)
  if not newproxy then
    return setmetatable({}, { __gc = action })
  end
  local proxy = newproxy(true)
  getmetatable(proxy).__gc = action
  return proxy
end

--- lua.c and luajit.c keep the interpreter's own name at a negative index. An application that
--- merely embeds Lua must not be ended.
local function is_interpreter()
  local arg = rawget(_G, 'arg')
  return type(arg) == 'table' and arg[0] ~= nil and arg[-1] ~= nil
end

if not host.nvim then
  output.proxy = at_close(function()
    if failed then
      os.exit(STATUS)
    end
  end)
end

local function fail_later()
  local process = host.process()
  if process then
    if process.exitCode == nil or process.exitCode == 0 then
      process.exitCode = STATUS
    end
  elseif host.nvim or is_interpreter() then
    failed = true
  end
end

local unheard = setmetatable({}, { __mode = 'k' }) ---@type table<{ text: string }, true>

-- The simplest way to stderr there is: finalizers can do no more.
local function tell(failure)
  if failure.text then
    io.stderr:write('luvcurl: ', failure.text, '\n')
    failure.text = nil
    fail_later()
  end
end

--- Neovim leaves: its status is 0 unless somebody quits it with another.
function output.nvim_leaves()
  for failure in pairs(unheard) do
    tell(failure)
  end
  if failed and #host.nvim.api.nvim_list_uis() == 0 then
    host.nvim.cmd('cquit ' .. STATUS)
  end
end

-- Before there is a failure: one comes in luv's context, where no command is allowed, and Neovim
-- may leave before it runs what is scheduled there.
local prepared = not host.nvim

local function prepare()
  host.nvim.cmd("autocmd VimLeavePre * lua require('luvcurl/host/output').nvim_leaves()")
end

--- A transfer without a callback was added.
function output.expect()
  if prepared then
    return
  end
  prepared = true
  if host.nvim.in_fast_event() then
    host.nvim.schedule(prepare)
  else
    prepare()
  end
end

--- A failure that nobody may ever ask for: told on stderr when what holds the returned function is
--- collected, unless that was called before.
---@param text string
---@return fun()
function output.unless_heard(text)
  local failure = { text = text }
  failure.proxy = at_close(function() tell(failure) end)
  if host.nvim then -- it leaves without closing its Lua state
    unheard[failure] = true
    output.expect()
  end
  return function()
    failure.text = nil
  end
end

---@param text string
function output.body(text)
  local process = host.process()
  if process then
    -- luvit made the descriptor non-blocking: Lua's own write could lose a part
    process.stdout:write(text)
    return
  end
  io.stdout:write(text)
  io.stdout:flush()
end

---@param err luvcurl.Error
function output.failure(err)
  local line = ('luvcurl: %s (%s)\n'):format(tostring(err), err.url)
  local process = host.process()
  if process then
    process.stderr:write(line)
  else
    io.stderr:write(line)
  end
  fail_later()
end

return output
