-- Enough of HTTP/2 to say anything in it: frames by hand, over plain TCP.

local http2 = {}

http2.DATA, http2.HEADERS, http2.RST_STREAM, http2.SETTINGS = 0, 1, 3, 4
http2.PUSH_PROMISE, http2.PING, http2.GOAWAY, http2.CONTINUATION = 5, 6, 7, 9

http2.END_STREAM, http2.END_HEADERS = 1, 4

--- Error codes (RFC 9113, 7).
http2.NO_ERROR, http2.PROTOCOL_ERROR, http2.INTERNAL_ERROR, http2.REFUSED_STREAM = 0, 1, 2, 7
http2.CANCEL, http2.ENHANCE_YOUR_CALM, http2.HTTP_1_1_REQUIRED = 8, 11, 13

local function u16(n)
  return string.char(math.floor(n / 256) % 256, n % 256)
end

---@param n integer
---@return string
function http2.u32(n)
  return u16(math.floor(n / 65536)) .. u16(n % 65536)
end

---@param kind integer
---@param flags integer
---@param stream integer
---@param payload string|nil
---@param size integer|nil what the frame says of its size, where that is a lie
---@return string
function http2.frame(kind, flags, stream, payload, size)
  payload = payload or ''
  size = size or #payload
  return string.char(math.floor(size / 65536)) .. u16(size % 65536) .. string.char(kind, flags)
    .. http2.u32(stream) .. payload
end

local function text(value)
  if #value < 127 then
    return string.char(#value) .. value
  end
  local rest, bytes = #value - 127, { string.char(127) }
  while rest >= 128 do
    bytes[#bytes + 1] = string.char(rest % 128 + 128)
    rest = math.floor(rest / 128)
  end
  bytes[#bytes + 1] = string.char(rest)
  return table.concat(bytes) .. value
end

--- One header, neither compressed nor remembered (RFC 7541, 6.2.2).
---@param name string
---@param value string
---@return string
function http2.header(name, value)
  return '\0' .. text(name) .. text(value)
end

--- A whole block of headers.
---@param status string|integer
---@param headers string|nil more of http2.header()
---@return string
function http2.block(status, headers)
  return http2.header(':status', tostring(status)) .. (headers or '')
end

local function u32_at(bytes, at)
  local a, b, c, d = bytes:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

--- Reads a frame; nil when the client is gone.
---@param conn FaultConnection
---@return { kind: integer, flags: integer, stream: integer, payload: string }|nil
function http2.read(conn)
  local head = conn:read_bytes(9)
  if #head < 9 then
    return nil
  end
  local size = math.floor(u32_at(head, 1) / 256)
  return { kind = head:byte(4), flags = head:byte(5), stream = u32_at(head, 6) % 2147483648,
    payload = conn:read_bytes(size) }
end

--- Greets the client and reads until it has asked for something.
---@param conn FaultConnection
---@return integer|nil stream nil when the client is gone
function http2.request(conn)
  if not conn.greeted then
    conn.greeted = true
    conn:read_bytes(24) -- PRI * HTTP/2.0 …
    conn:send(http2.frame(http2.SETTINGS, 0, 0))
  end
  while true do
    local frame = http2.read(conn)
    if not frame then
      return nil
    elseif frame.kind == http2.SETTINGS and frame.flags == 0 then
      conn:send(http2.frame(http2.SETTINGS, 1, 0))
    elseif frame.kind == http2.HEADERS then
      return frame.stream
    end
  end
end

return http2
