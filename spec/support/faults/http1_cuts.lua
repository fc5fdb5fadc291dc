-- HTTP/1.1: a response that stops somewhere.

local endings = require 'spec.support.faults.endings'

local SIZED = 'HTTP/1.1 200 Fine\r\nContent-Length: 20\r\nX-Some: thing\r\n\r\n'
local CHUNKED = 'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n'
local BODY = ('0123456789'):rep(2)
local CHUNKS = 'a\r\n0123456789\r\na\r\n0123456789\r\n'
local UNSIZED = 'HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\n'

local LATE = { wait = 'OPERATION_TIMEDOUT wait', body = 'OPERATION_TIMEDOUT body' }

-- `slow` is what comes of a byte a second where so little is left that it all arrives in time.
local function place(stage, sent, rest, closed, reset, phase, slow)
  return { stage = stage, sent = sent, rest = rest, closed = closed, reset = reset,
    silent = LATE[phase], ['a byte a second'] = slow or LATE[phase] }
end

local function cut(stage, whole, at, ...)
  return place(stage, whole:sub(1, at), whole:sub(at + 1), ...)
end

local WAIT, IN_BODY = 'RECV_ERROR wait', 'RECV_ERROR body'
local SHORT, SHORT_HEADERS = 'PARTIAL_FILE body', 'PARTIAL_FILE wait'
local WHOLE = SIZED .. BODY

local PLACES = {
  cut('before the status line', WHOLE, 0, 'GOT_NOTHING wait', WAIT, 'wait'),
  cut('in the status line', WHOLE, 10, 'GOT_NOTHING wait', WAIT, 'wait'),
  cut('after the status line', WHOLE, 19, SHORT_HEADERS, WAIT, 'wait'),
  cut('in a header', WHOLE, 50, SHORT_HEADERS, WAIT, 'wait'),
  cut('before the empty line', WHOLE, #SIZED - 2, SHORT_HEADERS, WAIT, 'wait', LATE.body),
  place('after a 1xx', 'HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n', WHOLE, 'GOT_NOTHING wait', WAIT,
    'wait'),
  cut('before the body', WHOLE, #SIZED, SHORT, IN_BODY, 'body'),
  cut('after a byte of the body', WHOLE, #SIZED + 1, SHORT, IN_BODY, 'body'),
  cut('in the middle of the body', WHOLE, #SIZED + 10, SHORT, IN_BODY, 'body'),
  cut("before the body's last byte", WHOLE, #SIZED + 19, SHORT, IN_BODY, 'body', '200'),
  cut('before the first chunk', CHUNKED .. CHUNKS, #CHUNKED, SHORT, IN_BODY, 'body'),
  cut('in the size of a chunk', CHUNKED .. CHUNKS, #CHUNKED + 1, SHORT, IN_BODY, 'body'),
  cut('in a chunk', CHUNKED .. CHUNKS, #CHUNKED + 8, SHORT, IN_BODY, 'body'),
  cut('between chunks', CHUNKED .. CHUNKS, #CHUNKED + 15, SHORT, IN_BODY, 'body'),
  place('before the last chunk', CHUNKED .. CHUNKS, '0\r\n\r\n', SHORT, IN_BODY, 'body'),
  place('before the trailers', CHUNKED .. CHUNKS .. '0\r\n', 'X-End: yes\r\n\r\n', SHORT, IN_BODY,
    'body'),
  place('in a trailer', CHUNKED .. CHUNKS .. '0\r\nX-En', 'd: yes\r\n\r\n', SHORT, IN_BODY,
    'body'),
  place('after the trailers', CHUNKED .. CHUNKS .. '0\r\nX-End: yes\r\n', '\r\n', SHORT, IN_BODY,
    'body', '200'),
  -- Nobody can tell that end from a right one.
  place('in a body without a length', UNSIZED .. 'half', 'half', '200', IN_BODY, 'body'),
}

local rows = {}
for _, each in ipairs(PLACES) do
  endings.rows(each, {}, function(conn, ending)
    conn:request()
    if each.sent ~= '' then
      conn:send(each.sent)
    end
    endings.finish(ending, conn, each.rest)
  end, rows)
end

return { title = 'HTTP/1.1: a response that stops', columns = endings.NAMES, rows = rows }
