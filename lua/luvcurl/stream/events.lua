--- The server-sent events of a streamed response and, where that is wanted, of those that follow
--- it when the connection is lost (WHATWG HTML, 9.2.3).

local check = require('luvcurl/base/check')
local ending = require('luvcurl/host/ending')
local errors = require('luvcurl/response/error')
local misuse = require('luvcurl/base/misuse')
local pause = require('luvcurl/host/pause')
local sse = require('luvcurl/stream/sse')

--- ms; as long as browsers wait.
local RETRY = 3000
--- What a server may ask for at least; how long a wait is after many tries without an event.
local LEAST, PATIENT = 100, 30000
local LONGEST = 2147483647

--- Bytes that a server may make us keep for one event, unless the script says otherwise.
local MAX_EVENT = 1048576

--- What a new try cannot change: somebody ended it on purpose, or a limit of the request did.
local FINAL = { ABORTED_BY_CALLBACK = true, FILESIZE_EXCEEDED = true, SHUT_DOWN = true }

---@class luvcurl.EventOptions
---@field reconnect? boolean  send the request again when the stream ends or fails
---@field retry? integer      ms to wait before that, until the server says otherwise; 3000
---@field max_event? integer  bytes of one event; 1 MiB by default

---@class luvcurl.EventSource
---@field res luvcurl.StreamResponse
---@field parser luvcurl.EventParser
---@field tries integer  since the last event
---@field max integer    bytes of an event
local Source = {}
Source.__index = Source

--- The next event; nil at the stream's end, nil and the error when the transfer failed.
---@return luvcurl.Event|nil
---@return luvcurl.Error|nil
function Source:next()
  while self.head > #self.queue do
    if self.parser.too_large then
      return self.res.reader:refuse(
        ('an event is larger than max_event (%d bytes)'):format(self.max))
    end
    local chunk, err = self.res.reader:take()
    if not chunk then
      return nil, err
    end
    self.queue, self.head = self.parser:feed(chunk), 1
  end
  self.head, self.tries = self.head + 1, 0
  return self.queue[self.head - 1]
end

--- How long to wait before the next try.
---@return number ms
function Source:pause()
  local said = self.parser.retry
  self.retry = said and math.max(said, LEAST) or self.retry
  local longer = self.retry * 2 ^ math.min(self.tries, 20)
  self.tries = self.tries + 1
  return math.min(math.max(self.retry, math.min(longer, PATIENT)), LONGEST)
end

--- Whether a response is an event stream. 204 is how a server says that there is nothing more to
--- come; anything else is an error, which a new try would only repeat.
---@param reader luvcurl.Reader
---@return boolean
local function is_stream(reader)
  local res = reader.res
  if res.status == 204 then
    return false
  end
  local kind = res:header('content-type') or ''
  if res.status == 200 and kind:lower():find('^%s*text/event%-stream%s*$')
    or res.status == 200 and kind:lower():find('^%s*text/event%-stream%s*;') then
    return true
  end
  reader.t:cancel()
  error(errors.new({
    name = res.status == 200 and 'WEIRD_SERVER_REPLY' or 'HTTP_RETURNED_ERROR',
    code = res.status == 200 and 8 or 22,
    message = ('expected 200 and text/event-stream, the server answered %d and %s%s'):format(
      res.status, kind ~= '' and kind or 'no Content-Type',
      res.status == 200 and ' (the field events = true asks for events)' or ''),
    url = res.url, phase = 'body', response = res,
  }), 0)
end

--- Waits; `res:close()` ends that early.
local function sleep(res, ms)
  local ok, why, shut_down = pause(ms, function(hurry)
    res.hurry = hurry
  end)
  res.hurry = false
  if shut_down then
    error(errors.new({ name = ending.NAME, code = 42, message = ending.MESSAGE, url = res.url,
      phase = 'queue' }), 0)
  end
  if not ok then
    error(why, 0)
  end
end

local function raising(event, err)
  if err then
    error(err, 0)
  end
  return event
end

--- Raises what cannot be helped.
local function check_final(err)
  if err and FINAL[err.name] then
    error(err, 0)
  end
end

--- Sends the request again until it is answered. False: there is nothing more to come.
---@return boolean
function Source:reconnect()
  local res, last_id = self.res, self.parser.last_id
  while true do
    sleep(res, self:pause())
    if res.closed then
      return false
    end
    local reader = res.reader.reopen({
      accept = 'text/event-stream', ['Last-Event-ID'] = last_id ~= '' and last_id or nil,
    })
    res.reader = reader
    local answer, err = reader:answer()
    if res.closed then
      return false
    end
    check_final(err)
    if answer then
      self.parser, self.queue, self.head = sse.new(last_id, self.max), {}, 1
      return is_stream(reader)
    end
  end
end

--- The iterator of `res:events(options)`.
---@param res luvcurl.StreamResponse
---@param options luvcurl.EventOptions|nil
---@return fun(): luvcurl.Event|nil
return function(res, options)
  local self = setmetatable({
    res = res, queue = {}, head = 1, tries = 0,
  }, Source)
  options = check.record('response:events', options or {}, { 'reconnect', 'retry', 'max_event' })
  self.max = check.integer('response:events.max_event', options.max_event or MAX_EVENT, 1,
    'a number of bytes, 1 or more')
  self.parser = sse.new(nil, self.max)
  local reconnect = options.reconnect
  if reconnect ~= nil then
    check.type('response:events.reconnect', reconnect, 'boolean')
  end
  self.retry = options.retry == nil and RETRY
    or check.milliseconds('response:events.retry', options.retry)
  if reconnect and res.reader.intake.sources and not res.reader.intake.rewind then
    misuse('response:events: the request cannot be sent again: its body cannot start anew')
  end
  local checked = false
  return function()
    if not checked then
      checked = true
      self.over = res.http_version and not is_stream(res.reader)
    end
    if not reconnect then
      return not self.over and raising(self:next()) or nil
    end
    while not self.over and not res.closed do
      local event, err = self:next()
      if event then
        return event
      end
      if not res.closed then
        check_final(err)
        self.over = not self:reconnect()
      end
    end
    return nil
  end
end
