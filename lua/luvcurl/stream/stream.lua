--- Responses whose body is read as it comes: curl.stream.
---
--- No more of the body waits in memory than `high_water` (1 MiB unless the request says otherwise)
--- and one receive buffer: a slow reader slows the server.

local await = require('luvcurl/host/await')
local check = require('luvcurl/base/check')
local headerlist = require('luvcurl/request/headerlist')
local Intake = require('luvcurl/stream/intake')
local lazy = require('luvcurl/base/lazy')
local misuse = require('luvcurl/base/misuse')
local perform = require('luvcurl/call/perform')
local Reader = require('luvcurl/stream/reader')
local request = require('luvcurl/request/request')
local response = require('luvcurl/response/response')
local sink = require('luvcurl/call/sink')
local target = require('luvcurl/stream/target')

local events = lazy.call('luvcurl/stream/events')
local told = lazy.call('luvcurl/stream/told')

---@class luvcurl.StreamResponse : luvcurl.Response
---@field reader luvcurl.Reader
---@field closed boolean|nil      by close()
---@field hurry false|fun()       ends the wait before a reconnection
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

--- `for chunk in res:chunks() do`: the body, as it comes. Raises the Error of a failed transfer;
--- where that must not be, read() returns it.
---@return fun(): string|nil
function methods:chunks()
  local reader = self.reader
  return function()
    return raising(reader:take())
  end
end

--- What a server may make us keep for one line or event, unless the script says otherwise.
local MEBIBYTE = 1048576

---@class luvcurl.LineOptions
---@field max_line? integer  bytes; 1 MiB by default

--- `for line in res:lines() do`: without LF or CRLF. Raises the Error of a failed transfer, and
--- FILESIZE_EXCEEDED, which ends it, where a line is longer than `max_line`.
---@param options? luvcurl.LineOptions
---@return fun(): string|nil
function methods:lines(options)
  local reader, max = self.reader, MEBIBYTE
  if options ~= nil then
    check.record('response:lines', options, { 'max_line' })
    max = check.integer('response:lines.max_line', options.max_line or max, 1,
      'a number of bytes, 1 or more')
  end
  return function()
    return raising(reader:line(max))
  end
end

--- `for event in res:events() do`: server-sent events. Raises the Error of a failed transfer.
--- An event that is not complete when the stream ends is dropped, as the standard has it; one of
--- more than `max_event` bytes (1 MiB) raises FILESIZE_EXCEEDED. An answer of 204 has none; one
--- that is not 200 and text/event-stream raises an Error.
---
--- The request's field `events = true` asks the server for events (Accept), as each reconnection
--- does.
---
--- With `reconnect`, a stream that ends or fails is asked for again: after `retry` ms (3000, or
--- what the server said last, but no less than 100), with the Last-Event-ID, as often as it takes;
--- after twice the time, up to half a minute, for each try before it that brought no event. That
--- ends without an error by `res:close()` and by an answer of 204; it raises an Error when an
--- answer is no event stream, when the transfer was cancelled otherwise, and when it passed
--- `max_body`. The fields of `res` stay those of the first answer; the request's hooks see each
--- of them.
---@param options? luvcurl.EventOptions
---@return fun(): luvcurl.Event|nil
function methods:events(options)
  return events(self, options)
end

--- What is left of the body, as one string.
---@return string|nil
---@return luvcurl.Error|nil
function methods:text()
  return self.reader:rest()
end

--- Throws away what is left of the body, without a string made of it: afterwards its connection
--- serves other requests, where close() would have closed it.
---@return integer|nil bytes      thrown away, decompressed
---@return luvcurl.Error|nil err
function methods:discard()
  return self.reader:discard()
end

--- Writes what is left of the body into a stream, no faster than that takes it, and does not end
--- it: that is the caller's. When the stream fails or is closed, the transfer ends at once.
---@param to table|integer  a uv_stream_t (tcp, pipe, tty); a stream of luvit's (ServerResponse,
---                         fs.WriteStream, …: `write` says false until 'drain'); a descriptor
---@return integer|nil bytes
---@return luvcurl.Error|string|nil err  the transfer's Error, or the stream's as a string
function methods:pipe(to)
  local gone
  self.reader:place() -- raises now, before there are listeners
  local write, leave = target.of(to, function(why)
    gone = tostring(why)
    self:close()
  end)
  local task = await.task_of(coroutine.running())
  if leave and task then
    task:defer(leave) -- it may be cancelled
  end
  local written = 0
  local chunk, err = self.reader:take()
  while chunk do
    local ok, why = write(chunk)
    if not ok then
      self:close()
      chunk, err = nil, tostring(why)
    else
      written = written + #chunk
      chunk, err = self.reader:take()
    end
  end
  if leave then
    leave()
  end
  if gone or err then
    await.place() -- raises in a task that was cancelled
    return nil, gone or err
  end
  return written
end

--- Abandons the response: ends the transfer if it is still under way. Reading on gives what had
--- come, then an error. Reconnecting `events` end.
function methods:close()
  self.closed = true
  self.reader.t:cancel()
  if self.hurry then
    self.hurry()
  end
end

local find = response.index(methods)

--- What is private of a response is where only its metatable has it: who shows a stream shows what
--- users know.
local function make(reader, t, status)
  local private = { reader = reader, hurry = false }
  return setmetatable({ transfer = t, status = status }, {
    __name = 'luvcurl.StreamResponse',
    __metatable = 'luvcurl.StreamResponse',
    __index = function(self, key)
      local value = private[key]
      if value ~= nil then
        return value
      end
      return find(self, key)
    end,
    __newindex = function(self, key, value)
      if private[key] == nil then
        rawset(self, key, value)
      else
        private[key] = value
      end
    end,
    __tostring = response.tostring,
    __close = methods.close,
  })
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
  local intake = sink.new(settings, Intake)
  local on_response = intake.on_response
  intake.response = nil -- the class's own; a hook is called from `make`
  intake.callback = callback
  intake.make = on_response and function(reader, t, status)
    local res = make(reader, t, status)
    reader.res = res -- before: the hook may run the loop until the transfer has ended
    on_response(res)
    return res
  end or make
  intake.core = core
  local reader = Reader.new(intake)
  intake.waiting = callback and reader
  reader:begin(perform.add(core, options, final, intake, body))
  function reader.reopen(headers)
    local again = {}
    for name, value in pairs(type(given) == 'table' and given or { url = given }) do
      again[name] = value
    end
    again.headers = headerlist.merge('request.headers', again.headers, headers)
    local next_reader = open(core, again, url)
    next_reader.reopen = reader.reopen -- from the user's own request, not from this one's headers
    return next_reader
  end
  return reader
end

---@param core luvcurl.CoreMulti
---@param given string|luvcurl.StreamRequest
---@param url string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.StreamResponse|luvcurl.Transfer|nil
---@return luvcurl.Error|nil
local function stream(core, given, url, callback)
  if callback then
    perform.check_callback(callback)
    return open(core, given, url, callback).t
  end
  await.place() -- raises where waiting is not possible, before anything is started
  return open(core, given, url):answer()
end

--- Starts a request and returns when the headers of its final response are in (in a coroutine, or
--- running the loop from the main chunk); with a callback, calls it then. With `on_line` or
--- `on_event`, when its body has ended.
---@param core luvcurl.CoreMulti
---@param given string|luvcurl.StreamRequest
---@param url string|nil
---@param callback luvcurl.Callback|nil
---@return luvcurl.StreamResponse|luvcurl.Transfer|luvcurl.Spawned|nil
---@return luvcurl.Error|nil
return function(core, given, url, callback)
  if type(given) == 'table' and (given.on_line ~= nil or given.on_event ~= nil) then
    return told(stream, core, given, url, callback)
  end
  return stream(core, given, url, callback)
end
