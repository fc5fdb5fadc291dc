--- Starts requests, in the style the caller asks for.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local errors = require('luvcurl/response/error')
local main = require('luvcurl/host/main')
local output = require('luvcurl/host/output')
local misuse = require('luvcurl/base/misuse')
local request = require('luvcurl/request/request')
local sink = require('luvcurl/call/sink')
local traceback = require('luvcurl/base/traceback')

local perform = {}

local new_sink, compile = sink.new, request.compile
local Callback, Printer, Waiter = sink.Callback, sink.Printer, sink.Waiter

perform.is_callable = check.is_callable

---@param callback any
function perform.check_callback(callback)
  if not check.is_callable(callback) then
    check.fail('callback', 'a function', callback)
  end
end

--- Makes a script's callback fit to be called from a luv callback: what it raises reaches the host
--- as text with its traceback, as from the C side. Neovim 0.7 does not survive another value.
---@param callback fun(...)
---@return fun(...)
function perform.as_text(callback)
  return function(a, b)
    local ok, why = xpcall(function() callback(a, b) end, traceback)
    if not ok then
      main.report(why)
    end
  end
end

--- Hands a request to the C side; what that refuses is raised at the caller's line.
---@param core luvcurl.CoreMulti
---@param options luvcurl.Options
---@param url string
---@param one table
---@param body string|nil
---@param plain boolean|nil  the sink has no field but done that the C side would look for
---@return luvcurl.Transfer
function perform.add(core, options, url, one, body, plain)
  local ok, t = pcall(core.add, core, options, url, one, body, plain)
  if not ok then
    misuse(t)
  elseif one.prepare then
    one:prepare(t)
  end
  return t
end

local add = perform.add

--- Starts a request; without a callback its body goes to stdout.
---@param core luvcurl.CoreMulti
---@param given string|luvcurl.Request
---@param url string|nil
---@param method string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.Transfer
function perform.start(core, given, url, method, callback)
  if callback ~= nil then
    perform.check_callback(callback)
  end
  local final, options, body, settings = compile(given, url, method)
  local one = new_sink(settings, callback and Callback or Printer)
  one.callback = callback
  if not callback then
    output.expect()
  end
  return add(core, options, final, one, body, not settings)
end

--- Starts a request and waits for its end.
---@param core luvcurl.CoreMulti
---@param given string|luvcurl.Request
---@param url string|nil
---@param method string|nil
---@return luvcurl.Response|nil res
---@return luvcurl.Error|nil err
function perform.wait(core, given, url, method)
  local co = await.place()
  local final, options, body, settings = compile(given, url, method)
  local one = new_sink(settings, Waiter)
  one.core = core
  local t = add(core, options, final, one, body, not settings)
  local ok, why = await.wait(one, co)
  if not ok then
    return nil, perform.given_up(t, why)
  end
  return one.res, one.err
end

--- The error of a wait that was over before what it was for. Raises in a task that was cancelled.
---@param why string|luvcurl.Error  await.wait's
---@return luvcurl.Error
function perform.interrupted(why)
  await.refuse(why)
  return errors.new({ name = 'ABORTED_BY_CALLBACK', code = 42, message = why })
end

--- Ends a transfer whose end can no longer be waited for. Raises in a task that was cancelled.
---@param t luvcurl.Transfer
---@param why string|luvcurl.Error
---@return luvcurl.Error
function perform.given_up(t, why)
  t:cancel()
  local err = perform.interrupted(why)
  err.url, err.timings = t:url(), t:timings()
  return err
end

return perform
