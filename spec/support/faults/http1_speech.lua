-- HTTP/1.1: a response that says what it must not, too much of it, or twice.

local fault = require 'spec.support.fault'

local OK = 'HTTP/1.1 200 Fine\r\n'
local CHUNKED = OK .. 'Transfer-Encoding: chunked\r\n\r\n'
local BODY = '0123456789'
local KB, MB = 1024, 1024 * 1024

local rows = {}

local function row(stage, name, outcome, serve, request, body)
  if type(serve) == 'string' then
    local bytes = serve
    serve = function(conn)
      conn:request()
      conn:send(bytes)
      conn:stall()
    end
  end
  rows[#rows + 1] = { stage = stage, fault = name, outcome = outcome, serve = serve,
    request = request, body = body }
end

local function flooding(first, block, total)
  return function(conn)
    conn:request()
    conn:send(first)
    conn:flood(block, total)
    conn:stall()
  end
end

row('status line', 'no HTTP at all', 'UNSUPPORTED_PROTOCOL wait', 'this is no HTTP\r\n\r\n')
row('status line', 'binary garbage', 'UNSUPPORTED_PROTOCOL wait', ('\0\255\1\r\n'):rep(100))
row('status line', 'a status that is no number', 'UNSUPPORTED_PROTOCOL wait',
  'HTTP/1.1 2x0 Fine\r\n\r\n')
row('status line', 'a status of four digits', 'UNSUPPORTED_PROTOCOL wait',
  'HTTP/1.1 2000 Fine\r\n\r\n')
row('status line', 'a status below 100', 'UNSUPPORTED_PROTOCOL wait',
  'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n')
row('status line', 'HTTP/3.7', 'UNSUPPORTED_PROTOCOL wait', 'HTTP/3.7 200 Fine\r\n\r\n')
row('status line', 'one that never ends', 'TOO_LARGE wait',
  flooding('HTTP/1.1 200 ', ('x'):rep(64 * KB)))
row('status line', 'an empty line first', 'UNSUPPORTED_PROTOCOL wait',
  '\r\n' .. OK .. 'Content-Length: 10\r\n\r\n' .. BODY)

row('headers', 'a NUL in one', 'WEIRD_SERVER_REPLY wait',
  OK .. 'X-Nul: a\0b\r\nContent-Length: 10\r\n\r\n' .. BODY)
row('headers', 'a CR in one', '200', OK .. 'X-Cr: a\rb\r\nContent-Length: 10\r\n\r\n' .. BODY)
row('headers', 'one without a colon', 'WEIRD_SERVER_REPLY wait',
  OK .. 'nothing\r\nContent-Length: 10\r\n\r\n' .. BODY)
row('headers', '200 kB of them', '200',
  OK .. ('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(200) .. 'Content-Length: 10\r\n\r\n' .. BODY)
row('headers', '20,000 short ones', '200',
  OK .. ('a:b\r\n'):rep(20000) .. 'Content-Length: 10\r\n\r\n' .. BODY, nil, BODY)
row('headers', '40,000 short ones', 'RECV_ERROR wait',
  OK .. ('a:b\r\n'):rep(40000) .. 'Content-Length: 10\r\n\r\n' .. BODY)
row('headers', '1 MB of them', 'RECV_ERROR wait',
  OK .. ('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(1000) .. 'Content-Length: 10\r\n\r\n' .. BODY)
row('headers', 'one of 1 MB', 'TOO_LARGE wait',
  OK .. 'X-Long: ' .. ('x'):rep(MB) .. '\r\nContent-Length: 10\r\n\r\n' .. BODY)
row('headers', 'endless', 'RECV_ERROR wait',
  flooding(OK, ('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(64)))
row('headers', 'one that is endless', 'TOO_LARGE wait',
  flooding(OK .. 'X-Long: ', ('x'):rep(64 * KB)))
row('headers', '100 of 1xx', '200',
  ('HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n'):rep(100) .. OK
    .. 'Content-Length: 10\r\n\r\n' .. BODY,
  nil, BODY)
row('headers', 'endless 1xx', 'RECV_ERROR wait',
  flooding('', ('HTTP/1.1 103 Early\r\nX-A: b\r\n\r\n'):rep(1000)))
row('headers', 'endless 100 Continue', 'RECV_ERROR wait',
  flooding('', ('HTTP/1.1 100 Continue\r\n\r\n'):rep(1000)))
row('headers', '101 that nobody asked for', 'WEIRD_SERVER_REPLY wait',
  'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')

row('length', 'Content-Length larger than the body', 'PARTIAL_FILE body', function(conn)
  conn:request()
  conn:send(OK .. 'Content-Length: 11\r\n\r\n' .. BODY)
end)
row('length', 'Content-Length smaller than the body', '200',
  OK .. 'Content-Length: 5\r\n\r\n' .. BODY, nil, '01234')
row('length', 'Content-Length of less than nothing', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: -5\r\n\r\n' .. BODY)
row('length', 'Content-Length that is no number', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: ten\r\n\r\n' .. BODY)
row('length', 'Content-Length with a sign', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: +10\r\n\r\n' .. BODY)
row('length', 'Content-Length that is a list', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: 10, 10\r\n\r\n' .. BODY)
row('length', 'Content-Length of 2^64', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: 18446744073709551616\r\n\r\n' .. BODY)
row('length', 'Content-Length of 2^62', 'OPERATION_TIMEDOUT body',
  OK .. 'Content-Length: 4611686018427387904\r\n\r\n' .. BODY)
row('length', 'two that differ', 'WEIRD_SERVER_REPLY wait',
  OK .. 'Content-Length: 10\r\nContent-Length: 5\r\n\r\n' .. BODY)
row('length', 'two that agree', '200',
  OK .. 'Content-Length: 10\r\nContent-Length: 10\r\n\r\n' .. BODY, nil, BODY)
row('length', 'Content-Length and chunks', '200',
  OK .. 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n' .. fault.chunk(BODY)
    .. '0\r\n\r\n',
  nil, BODY)
row('length', 'an unknown Transfer-Encoding', 'BAD_CONTENT_ENCODING body',
  OK .. 'Transfer-Encoding: rot13\r\nContent-Length: 10\r\n\r\n' .. BODY)
row('length', 'a body where 204 has none', '204', 'HTTP/1.1 204 None\r\n\r\n' .. BODY)

row('chunks', 'a size that is no number', 'RECV_ERROR body', CHUNKED .. 'zz\r\n' .. BODY)
row('chunks', 'a size below nothing', 'RECV_ERROR body', CHUNKED .. '-5\r\n' .. BODY)
row('chunks', 'an empty size', 'RECV_ERROR body', CHUNKED .. '\r\n' .. BODY)
row('chunks', 'a size of 2^64', 'RECV_ERROR body', CHUNKED .. '10000000000000000\r\n' .. BODY)
row('chunks', 'a size of 100 digits', 'RECV_ERROR body',
  CHUNKED .. ('0'):rep(100) .. 'a\r\n' .. BODY)
row('chunks', 'a size that never ends', 'RECV_ERROR body', flooding(CHUNKED, ('0'):rep(64 * KB)))
row('chunks', 'an extension that never ends', 'OPERATION_TIMEDOUT body',
  flooding(CHUNKED .. 'a;', ('x'):rep(64 * KB)))
row('chunks', 'no line end after one', 'RECV_ERROR body', CHUNKED .. 'a\r\n' .. BODY .. '0\r\n\r\n')
row('chunks', 'a body of a size instead', 'OPERATION_TIMEDOUT body', CHUNKED .. BODY)
row('trailers', '1 MB of them', '200',
  CHUNKED .. fault.chunk(BODY) .. '0\r\n' .. ('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(1000)
  .. '\r\n')
row('trailers', 'endless', 'RECV_ERROR body',
  flooding(CHUNKED .. fault.chunk(BODY) .. '0\r\n',
    ('X-Many: ' .. ('x'):rep(990) .. '\r\n'):rep(64)))
row('trailers', 'one that is endless', 'RECV_ERROR body',
  flooding(CHUNKED .. fault.chunk(BODY) .. '0\r\nX-Long: ', ('x'):rep(64 * KB)))
row('body', 'endless, with max_body', 'FILESIZE_EXCEEDED body',
  flooding(OK .. '\r\n', ('x'):rep(64 * KB)), { max_body = MB })
row('body', 'silent, with idle', 'OPERATION_TIMEDOUT body',
  OK .. 'Content-Length: 11\r\n\r\n' .. BODY, { idle = 500, timeout = 30000 })
row('body', 'a byte a second, with low_speed', 'OPERATION_TIMEDOUT body', function(conn)
  conn:request()
  conn:send(OK .. 'Content-Length: 100\r\n\r\n')
  conn:dribble(('x'):rep(100), 1, 1000)
end, { low_speed = { limit = 100, time = 2000 }, timeout = 30000 })
row('body', 'a byte a second, with idle of four', '200', function(conn)
  conn:request()
  conn:send(OK .. 'Content-Length: 6\r\n\r\n')
  conn:dribble('abcdef', 1, 1000)
end, { idle = 4000, timeout = 30000 }, 'abcdef')
row('headers', 'silent, with first_byte', 'OPERATION_TIMEDOUT wait', OK,
  { first_byte = 500, timeout = 30000 })

return { title = 'HTTP/1.1: a response that is wrong', rows = rows }
