--- What `res:pipe(to)` writes into. A target is a function that takes a chunk and returns when more
--- may come: true, or nil and why not; and, where it has to be left again, a function for that.

local await = require('luvcurl/host/await')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local misuse = require('luvcurl/base/misuse')

local uv = host.uv

local target = {}

--- Whoever waits goes on where user code belongs.
local function wake(waiter)
  main.call(function()
    await.wake(waiter)
  end)
end

-- luv's streams and descriptors -----------------------------------------------------------------

--- Waits for what `start(done)` calls back with.
---@return any result
---@return any err
local function called_back(start)
  local waiter = {}
  local co = await.place()
  local ok, why = start(function(err, result)
    waiter.err, waiter.result = err, result
    wake(waiter)
  end)
  if ok then
    ok, why = await.wait(waiter, co)
  end
  if not ok or waiter.err then
    return nil, waiter.err or why
  end
  return waiter.result or true
end

local function luv_stream(to)
  return function(chunk)
    return called_back(function(done)
      return to:write(chunk, done)
    end)
  end
end

--- A descriptor of uv.fs_open's, from where it stands.
local function descriptor(fd)
  return function(chunk)
    while chunk ~= '' do
      local written, err = called_back(function(done)
        return uv.fs_write(fd, chunk, -1, done)
      end)
      if not written then
        return nil, err
      end
      chunk = chunk:sub(written + 1)
    end
    return true
  end
end

-- luvit's and the like ----------------------------------------------------------------------------

--- Whether writing into it would be answered by nothing any more: luvit tells of the end of a
--- connection once, which may have been before.
local function is_gone(to)
  local socket = to.socket
  return to.destroyed or (type(socket) == 'table' and socket.destroyed)
end

--- `write` says false when enough is waiting in there; 'drain' tells that it has gone. What has
--- ended by 'close' or 'error' takes nothing more: `on_end` hears of that while nobody writes.
local function writable(to, on_end)
  local waiter, failed
  local function go_on()
    local one = waiter
    waiter = nil
    if one then
      wake(one)
    elseif failed then
      main.call(function()
        on_end(failed)
      end)
    end
  end
  local listeners = {
    drain = go_on,
    close = function()
      failed = failed or 'the stream was closed'
      go_on()
    end,
    error = function(err)
      failed = err or 'the stream failed'
      go_on()
    end,
  }
  for event, listener in pairs(listeners) do
    to:on(event, listener)
  end
  local function write(chunk)
    failed = failed or (is_gone(to) and 'the stream was closed')
    if failed then
      return nil, failed
    end
    local one = {}
    local co = await.place()
    waiter = one
    local takes_more = to:write(chunk)
    if takes_more ~= false or failed then
      waiter = nil
    else
      local ok, why = await.wait(one, co)
      failed = failed or (not ok and why)
    end
    return not failed or nil, failed
  end
  return write, function()
    for event, listener in pairs(listeners) do
      to:removeListener(event, listener)
    end
  end
end

-- All of them ------------------------------------------------------------------------------------

local function method(value, name)
  local ok, found = pcall(function()
    return value[name]
  end)
  return ok and type(found) == 'function'
end

--- What writes into `to`. Raises when nothing can.
---@param to any
---@param on_end fun(why: any)  called when `to` has ended while nothing is written
---@return fun(chunk: string): true|nil, any
---@return fun()|nil leave
function target.of(to, on_end)
  if type(to) == 'number' then
    return descriptor(to)
  elseif type(to) == 'table' and method(to, 'write') and method(to, 'on')
    and method(to, 'removeListener') then
    return writable(to, on_end)
  elseif method(to, 'write') and method(to, 'is_closing') then
    return luv_stream(to)
  end
  misuse(('response:pipe: expected a stream of luv or luvit, or a descriptor of uv.fs_open, got %s')
    :format(io.type(to) and 'a file of io.open, whose writes would hold the loop' or type(to)))
end

return target
