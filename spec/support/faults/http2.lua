-- HTTP/2: responses that stop, streams that are reset, connections that say goodbye, frames that
-- must not be.

local endings = require 'spec.support.faults.endings'
local http2 = require 'spec.support.faults.http2_server'

local frame, header, block = http2.frame, http2.header, http2.block
local DATA, HEADERS = http2.DATA, http2.HEADERS
local MB = 1024 * 1024
local A_MOMENT = 30 -- ms

local LENGTH = header('content-length', '20')
local BODY = ('0123456789'):rep(2)

local rows = {}

local function ask(extra)
  local request = { http_version = 'prior-knowledge' }
  for name, value in pairs(extra or {}) do
    request[name] = value
  end
  return request
end

local function response(stream, headers)
  return frame(HEADERS, http2.END_HEADERS, stream, block(200, headers))
end

-- A response of headers, two frames of data, and trailers.
local function parts(stream)
  return { response(stream, LENGTH), frame(DATA, 0, stream, BODY:sub(1, 10)),
    frame(DATA, 0, stream, BODY:sub(11)),
    frame(HEADERS, http2.END_HEADERS + http2.END_STREAM, stream, header('x-end', 'yes')) }
end

-- Stops after `whole` parts and `bytes` of the next.
local function place(stage, whole, bytes, phase, closed, reset, silent)
  local late = 'OPERATION_TIMEDOUT ' .. phase
  local each = { stage = stage, closed = closed, reset = reset, silent = silent or late,
    ['a byte a second'] = silent or late }
  endings.rows(each, { request = ask() }, function(conn, ending)
    local all = parts(http2.request(conn))
    local text = table.concat(all, '', 1, whole)
    local rest = table.concat(all, '', whole + 1)
    if #text + bytes > 0 then
      conn:send(text .. rest:sub(1, bytes))
    end
    endings.finish(ending, conn, rest:sub(bytes + 1))
  end, rows)
end

local LOST, LOST_BODY = 'RECV_ERROR wait', 'RECV_ERROR body'

place('before the headers', 0, 0, 'wait', LOST, LOST)
place("in a frame's head", 0, 4, 'wait', LOST, LOST)
place('in the headers', 0, 15, 'wait', LOST, LOST)
place('before the body', 1, 0, 'body', LOST_BODY, LOST_BODY)
place('in a frame of the body', 1, 14, 'body', LOST_BODY, LOST_BODY)
place('between frames of the body', 2, 0, 'body', LOST_BODY, LOST_BODY)
-- Content-Length says that this was all: libcurl does not wait for trailers then.
place('before the trailers', 3, 0, 'body', '200', '200', '200')

local cuts = { title = 'HTTP/2: a response that stops', columns = endings.NAMES, rows = rows }
rows = {}

-- `say(stream)` gives what is sent for a request, in up to two parts, so that the first has been
-- read when the second comes; the connection then stays open, and silent.
local function row(stage, name, outcome, say, extra, body)
  rows[#rows + 1] = { stage = stage, fault = name, outcome = outcome, request = ask(extra),
    body = body, serve = function(conn)
      local stream = http2.request(conn)
      if stream then
        local first, second = say(stream)
        conn:send(first)
        if second then
          conn:sleep(A_MOMENT)
          conn:send(second)
        end
      end
      conn:stall()
    end }
end

local function flooding(first, more)
  return function(conn)
    local stream = http2.request(conn)
    conn:send(first(stream))
    conn:sleep(A_MOMENT)
    conn:flood(more(stream))
    conn:stall()
  end
end

local function reset_by(code)
  return function(stream) return frame(http2.RST_STREAM, 0, stream, http2.u32(code)) end
end
local function goaway(last, code)
  return frame(http2.GOAWAY, 0, 0, http2.u32(last) .. http2.u32(code))
end

row('headers', 'RST_STREAM: CANCEL', 'HTTP2_STREAM wait', reset_by(http2.CANCEL))
row('headers', 'RST_STREAM: INTERNAL_ERROR', 'HTTP2_STREAM wait', reset_by(http2.INTERNAL_ERROR))
row('headers', 'RST_STREAM: NO_ERROR', 'HTTP2_STREAM wait', reset_by(http2.NO_ERROR))
row('headers', 'RST_STREAM: REFUSED_STREAM, each time', 'RECV_ERROR wait',
  reset_by(http2.REFUSED_STREAM))
row('headers', 'RST_STREAM: HTTP_1_1_REQUIRED, each time', 'UNSUPPORTED_PROTOCOL wait',
  reset_by(http2.HTTP_1_1_REQUIRED))
row('headers', 'GOAWAY: NO_ERROR, for this stream too', 'HTTP2 wait',
  function() return goaway(0, http2.NO_ERROR) end)
row('headers', 'GOAWAY: ENHANCE_YOUR_CALM', 'HTTP2 wait',
  function() return goaway(0, http2.ENHANCE_YOUR_CALM) end)
row('headers', 'GOAWAY: for later streams only', '200', function(stream)
  return goaway(stream, http2.NO_ERROR) .. table.concat(parts(stream))
end, nil, BODY)
for _, code in ipairs { 'CANCEL', 'INTERNAL_ERROR', 'NO_ERROR' } do
  row('body', 'RST_STREAM: ' .. code, 'HTTP2_STREAM body', function(stream)
    return table.concat(parts(stream), '', 1, 2), reset_by(http2[code])(stream)
  end)
  row('body', 'RST_STREAM: ' .. code .. ', of no known length', 'HTTP2_STREAM body',
    function(stream)
      return response(stream) .. frame(DATA, 0, stream, BODY), reset_by(http2[code])(stream)
    end)
  row('body', 'RST_STREAM: ' .. code .. ', at once', 'HTTP2_STREAM body', function(stream)
    return response(stream) .. frame(DATA, 0, stream, BODY) .. reset_by(http2[code])(stream)
  end)
  row('body', 'RST_STREAM: ' .. code .. ', instead of one', 'HTTP2_STREAM body',
    function(stream) return response(stream), reset_by(http2[code])(stream) end)
  row('body', 'RST_STREAM: ' .. code .. ', after its end', '200', function(stream)
    return response(stream) .. frame(DATA, http2.END_STREAM, stream, BODY)
      .. reset_by(http2[code])(stream)
  end, nil, BODY)
end
row('body', 'GOAWAY: NO_ERROR, for this stream too', 'HTTP2 body', function(stream)
  return table.concat(parts(stream), '', 1, 2), goaway(0, http2.NO_ERROR)
end)
row('body', 'GOAWAY: INTERNAL_ERROR', 'OPERATION_TIMEDOUT body', function(stream)
  return table.concat(parts(stream), '', 1, 2), goaway(stream, http2.INTERNAL_ERROR)
end)

row('frames', 'no HTTP/2 at all', 'GOT_NOTHING wait',
  function() return ('this is no HTTP/2'):rep(10) end)
row('frames', 'HTTP/1.1 instead', 'GOT_NOTHING wait',
  function() return 'HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok' end)
row('frames', 'one larger than agreed', 'GOT_NOTHING wait',
  function(stream) return frame(DATA, 0, stream, ('x'):rep(20000)) end)
row('frames', 'one that says it has 16 MB', 'GOT_NOTHING wait',
  function(stream) return frame(DATA, 0, stream, 'x', 16777215) end)
row('frames', 'one of an unknown kind', '200', function(stream)
  return frame(99, 0, stream, 'whatever') .. table.concat(parts(stream))
end, nil, BODY)
row('frames', 'data before headers', 'GOT_NOTHING wait',
  function(stream) return frame(DATA, http2.END_STREAM, stream, BODY) end)
row('frames', 'data of a stream that is not', 'GOT_NOTHING wait',
  function() return frame(DATA, http2.END_STREAM, 99, BODY) end)
row('frames', 'an unwanted push', 'GOT_NOTHING wait', function(stream)
  return frame(http2.PUSH_PROMISE, http2.END_HEADERS, stream, http2.u32(2) .. block(200))
end)
row('frames', 'settings that are wrong', 'GOT_NOTHING wait',
  function() return frame(http2.SETTINGS, 0, 0, 'abcde') end)
row('frames', 'a window that is full', 'HTTP2_STREAM wait', function(stream)
  return response(stream) .. frame(8, 0, stream, http2.u32(2147483647)) -- WINDOW_UPDATE
    .. frame(8, 0, stream, http2.u32(2147483647))
end)

row('headers', 'bytes that are no headers', 'GOT_NOTHING wait', function(stream)
  return frame(HEADERS, http2.END_HEADERS, stream, ('\255'):rep(50))
end)
row('headers', 'no status', 'HTTP2_STREAM wait', function(stream)
  return frame(HEADERS, http2.END_HEADERS, stream, header('a', 'b'))
end)
row('headers', 'a status that is no number', 'HTTP2_STREAM wait', function(stream)
  return frame(HEADERS, http2.END_HEADERS, stream, block('2x0'))
end)
row('headers', 'a name in capitals', 'HTTP2_STREAM wait', function(stream)
  return response(stream, header('X-Big', 'yes')) .. frame(DATA, http2.END_STREAM, stream, BODY)
end)
row('headers', 'CR and LF in one', 'HTTP2_STREAM wait', function(stream)
  return response(stream, header('x-line', 'a\r\nset-cookie: b')) .. frame(DATA, 1, stream, BODY)
end)
row('headers', '100 of 1xx', '200', function(stream)
  return frame(HEADERS, http2.END_HEADERS, stream, block(103)):rep(100)
    .. table.concat(parts(stream))
end, nil, BODY)
rows[#rows + 1] = { stage = 'headers', fault = 'endless 1xx',
  outcome = 'RECV_ERROR wait', request = ask(),
  serve = flooding(function() return '' end, function(stream)
    return frame(HEADERS, http2.END_HEADERS, stream, block(103, header('a', 'b'))):rep(1000)
  end) }
rows[#rows + 1] = { stage = 'headers', fault = 'endless',
  outcome = 'RECV_ERROR wait', request = ask(),
  serve = flooding(function(stream) return frame(HEADERS, 0, stream, block(200)) end,
    function(stream)
      return frame(http2.CONTINUATION, 0, stream, header('x-many', ('x'):rep(990)):rep(16))
    end) }
row('headers', '1 MB of them', 'RECV_ERROR wait', function(stream)
  return frame(HEADERS, 0, stream, block(200))
    .. frame(http2.CONTINUATION, 0, stream, header('x-many', ('x'):rep(990)):rep(16)):rep(64)
    .. frame(http2.CONTINUATION, http2.END_HEADERS, stream, header('a', 'b'))
end)
row('length', 'Content-Length larger than the body', 'HTTP2_STREAM body', function(stream)
  return response(stream, LENGTH), frame(DATA, http2.END_STREAM, stream, BODY:sub(1, 10))
end)
row('length', 'Content-Length smaller than the body', 'HTTP2_STREAM body', function(stream)
  return response(stream, LENGTH), frame(DATA, http2.END_STREAM, stream, BODY .. 'more')
end)
row('length', 'two that differ', 'HTTP2_STREAM wait', function(stream)
  return response(stream, LENGTH .. header('content-length', '10'))
    .. frame(DATA, http2.END_STREAM, stream, BODY)
end)
row('trailers', 'RST_STREAM instead', 'HTTP2_STREAM body', function(stream)
  return response(stream) .. frame(DATA, 0, stream, BODY), reset_by(http2.CANCEL)(stream)
end)
row('trailers', 'with a status in them', 'HTTP2_STREAM body', function(stream)
  return response(stream) .. frame(DATA, 0, stream, BODY),
    frame(HEADERS, http2.END_HEADERS + http2.END_STREAM, stream, block(500))
end)
rows[#rows + 1] = { stage = 'body', fault = 'endless empty frames',
  request = ask(), outcome = 'OPERATION_TIMEDOUT body',
  serve = flooding(response, function(stream) return frame(DATA, 0, stream):rep(1000) end) }
rows[#rows + 1] = { stage = 'body', fault = 'endless PING',
  request = ask(), outcome = 'RECV_ERROR body',
  serve = flooding(response, function() return frame(http2.PING, 0, 0, 'pingping'):rep(1000) end) }
rows[#rows + 1] = { stage = 'body', fault = 'endless SETTINGS',
  request = ask(), outcome = 'RECV_ERROR body',
  serve = flooding(response, function() return frame(http2.SETTINGS, 0, 0):rep(1000) end) }
rows[#rows + 1] = { stage = 'body', fault = 'endless, with max_body',
  outcome = 'FILESIZE_EXCEEDED body',
  request = ask { max_body = MB }, serve = function(conn)
    local stream = http2.request(conn)
    conn:send(response(stream))
    conn:flood(frame(DATA, 0, stream, ('x'):rep(16384)), 64 * MB)
    conn:stall()
  end }

return { cuts, { title = 'HTTP/2: a connection, a stream or a frame that is wrong', rows = rows } }
