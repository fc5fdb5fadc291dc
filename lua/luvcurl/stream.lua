--- Responses whose body is read as it comes: curl.stream.
---
--- No more of the body waits in memory than `high_water` (1 MiB unless the request says otherwise)
--- and one receive buffer: a slow reader slows the server.

local await = require('luvcurl/await')
local misuse = require('luvcurl/misuse')
local perform = require('luvcurl/perform')
local Reader = require('luvcurl/reader')
local request = require('luvcurl/request')
local response = require('luvcurl/response')
local sink = require('luvcurl/sink')
local sse = require('luvcurl/sse')

local stream = {}

---@class luvcurl.StreamResponse : luvcurl.Response
---@field reader luvcurl.Reader
local methods = {}

--- The next bytes of the body. Without `size` whatever has come, at least one byte; with it
--- exactly that many, fewer only at the end.
---@param size? integer  bytes
---@return string|nil chunk      nil at the end
---@return luvcurl.Error|nil err  when the transfer failed: what came before it was given out first
function methods:read(size)
  if size == nil then
    return self.reader:take()
  end
  return self.reader:exactly(size)
end

--- An iteration cannot return an error, and an end without one would hide that a part is missing.
local function raising(value, err)
  if err then
    error(err, 0)
  end
  return value
end

--- `for chunk in res:chunks() do`: the body, as it comes. Raises the Error of a failed transfer.
---@return fun(): string|nil
function methods:chunks()
  local reader = self.reader
  return function()
    return raising(reader:take())
  end
end

--- `for line in res:lines() do`: without LF or CRLF. Raises the Error of a failed transfer.
---@return fun(): string|nil
function methods:lines()
  local reader = self.reader
  return function()
    return raising(reader:line())
  end
end

--- `for event in res:events() do`: server-sent events. Raises the Error of a failed transfer.
--- An event that is not complete when the stream ends is dropped, as the standard has it.
---@return fun(): luvcurl.Event|nil
function methods:events()
  local reader, parser = self.reader, sse.new()
  local queue, head = {}, 1
  return function()
    while head > #queue do
      local chunk = raising(reader:take())
      if not chunk then
        return nil
      end
      queue, head = parser:feed(chunk), 1
    end
    head = head + 1
    return queue[head - 1]
  end
end

--- What is left of the body, as one string.
---@return string|nil
---@return luvcurl.Error|nil
function methods:text()
  return self.reader:rest()
end

--- Writes what is left of the body into a luv stream, no faster than that takes it.
---@param to table  a uv_stream_t: a tcp, pipe or tty handle
---@return integer|nil bytes
---@return luvcurl.Error|string|nil err  the transfer's Error, or luv's message of the write
function methods:pipe(to)
  local written = 0
  while true do
    local chunk, err = self.reader:take()
    if not chunk then
      return not err and written or nil, err
    end
    local waiter = {}
    local co = await.place()
    local ok, why = to:write(chunk, function(write_err)
      waiter.err = write_err
      await.wake(waiter)
    end)
    if ok then
      ok, why = await.wait(waiter, co)
    end
    if not ok or waiter.err then
      self:close()
      return nil, tostring(waiter.err or why)
    end
    written = written + #chunk
  end
end

--- Abandons the response: ends the transfer if it is still under way. Reading on gives what had
--- come, then an error.
function methods:close()
  self.transfer:cancel()
end

local meta = {
  __name = 'luvcurl.StreamResponse',
  __index = response.index(methods),
  __tostring = response.tostring,
  __close = methods.close,
}

local function make(reader, t, status)
  return setmetatable({ transfer = t, status = status, reader = reader }, meta)
end

---@param core luvcurl.CoreMulti
---@param given string|luvcurl.Request
---@param url string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.Reader
local function open(core, given, url, callback)
  if type(given) == 'table' and given.on_data ~= nil then
    misuse('curl.stream: read the response it returns, or use on_data with curl.request')
  end
  local final, options, body, settings = request.compile(given, url)
  local reader = sink.new(settings, Reader)
  local on_response = reader.on_response
  reader.response = nil -- the class's own; a hook is called from `make`
  reader.callback = callback
  reader.make = on_response and function(...)
    local res = make(...)
    on_response(res)
    return res
  end or make
  reader.core = core
  reader.t = perform.add(core, options, final, reader, body)
  return reader
end

--- Starts a request and returns when the headers of its final response are in (in a coroutine, or
--- running the loop from the main chunk); with a callback, calls it then.
---@param core luvcurl.CoreMulti
---@param given string|luvcurl.Request
---@param url string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.StreamResponse|luvcurl.Transfer|nil
---@return luvcurl.Error|nil
function stream.start(core, given, url, callback)
  if callback then
    perform.check_callback(callback)
    return open(core, given, url, callback).t
  end
  await.place() -- raises where waiting is not possible, before anything is started
  local reader = open(core, given, url, nil)
  while not reader.res and not reader.ended do
    reader:park()
  end
  if reader.res then
    return reader.res
  end
  return nil, reader.err
end

return stream
