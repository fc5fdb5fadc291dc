--- Server-sent events: an incremental parser by the WHATWG HTML standard, 9.2.6. Pure: bytes in,
--- events out, cut wherever they like.

---@class luvcurl.Event
---@field event string       'message' unless the server named it
---@field data string        the data lines, joined with '\n'
---@field id string          the last event's id, '' when there was none yet
---@field retry integer|nil  ms to wait before reconnecting, if the server has said so anew

---@class luvcurl.EventParser
---@field last_id string     for Last-Event-ID
---@field retry integer|nil  ms, the last the server asked for
---@field too_large boolean|nil  an event has more than `max` bytes: there are none from here on
local Parser = {}
Parser.__index = Parser

local BOM = '\239\187\191'

--- The bytes of a line that is not complete yet are kept as parts, so that a long line costs no
--- more than its length.
---@param last_id? string  of the stream that this one goes on from
---@param max? integer     bytes of one event
---@return luvcurl.EventParser
function Parser.new(last_id, max)
  return setmetatable({
    parts = {}, last_id = last_id or '', data = {}, pending = 0, size = 0, started = false,
    max = max or math.huge,
  }, Parser)
end

local function field(self, name, value)
  if name == 'data' then
    self.data[#self.data + 1] = value
    self.size = self.size + #value + 1
  elseif name == 'event' then
    self.type = value
  elseif name == 'id' then
    if not value:find('\0', 1, true) then
      self.id = value
    end
  elseif name == 'retry' and value:find('^%d+$') then
    self.retry = tonumber(value)
    self.fresh_retry = self.retry
  end
end

--- An empty line ends an event. One without data is none, but its id counts.
local function dispatch(self, events)
  local data, kind = self.data, self.type
  self.too_large = self.size > self.max + 1
  if self.too_large then
    return
  end
  self.last_id = self.id or self.last_id
  self.data, self.type, self.size = {}, nil, 0
  if #data == 0 then
    return
  end
  events[#events + 1] = {
    event = kind ~= nil and kind ~= '' and kind or 'message',
    data = table.concat(data, '\n'),
    id = self.last_id,
    retry = self.fresh_retry,
  }
  self.fresh_retry = nil
end

local function line(self, text, events)
  if text == '' then
    return dispatch(self, events)
  end
  local colon = text:find(':', 1, true)
  if colon == 1 then
    return -- a comment
  elseif not colon then
    return field(self, text, '')
  end
  local value = text:sub(text:sub(colon + 1, colon + 1) == ' ' and colon + 2 or colon + 1)
  field(self, text:sub(1, colon - 1), value)
end

--- The first three bytes may be a byte order mark, and may come one by one.
---@return string|nil  nil while that is not settled
local function without_bom(self, chunk)
  if self.started then
    return chunk
  end
  chunk = (self.head or '') .. chunk
  if #chunk < #BOM and BOM:sub(1, #chunk) == chunk then
    self.head = chunk
    return nil
  end
  self.started, self.head = true, nil
  return chunk:sub(1, #BOM) == BOM and chunk:sub(#BOM + 1) or chunk
end

--- Takes the next bytes of the stream.
---@param chunk string
---@return luvcurl.Event[]  those that it completed
function Parser:feed(chunk)
  local events = {}
  chunk = without_bom(self, chunk)
  if not chunk or chunk == '' then
    return events
  end
  local pos = 1
  if self.after_cr and chunk:byte(1) == 10 then
    pos = 2 -- the LF of a CRLF that was cut in two
  end
  self.after_cr = false
  while true do
    local stop = chunk:find('[\r\n]', pos)
    if not stop then
      break
    end
    local text = chunk:sub(pos, stop - 1)
    local parts = self.parts
    if #parts > 0 then
      parts[#parts + 1] = text
      text = table.concat(parts)
      self.parts, self.pending = {}, 0
    end
    pos = stop + 1
    if chunk:byte(stop) == 13 then
      if pos > #chunk then
        self.after_cr = true
      elseif chunk:byte(pos) == 10 then
        pos = pos + 1
      end
    end
    line(self, text, events)
    if self.too_large then
      return events
    end
  end
  if pos <= #chunk then
    self.parts[#self.parts + 1] = chunk:sub(pos)
    self.pending = self.pending + #chunk - pos + 1
  end
  self.too_large = self.pending + self.size > self.max + 1
  return events
end

return Parser
