-- What fuzzing found, with the input that found it. Some are seen under a sanitizer only.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

describe('an answer', function()
  -- libcurl 7.84 to 8.1.0 went on with the freed last header of the answer before.
  for what, odd in pairs {
    ['begins with a space'] = 'HTTP/1.1 200 OK\r\n folded: a\r\nContent-Length: 2\r\n\r\nok',
    ['begins with a tab'] = 'HTTP/1.1 200 OK\r\n\tfolded: a\r\nContent-Length: 2\r\n\r\nok',
    ['begins with a space, after a 1xx without any'] =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n folded: a\r\nContent-Length: 2\r\n\r\nok',
  } do
    it('whose first header line ' .. what .. ', after an ordinary one', function()
      local answers = { 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Last: one\r\n\r\nok', odd }
      local count, refused = 0, 0
      helper.run(function()
        local server = fault.serve(function(conn)
          while conn:request() do
            count = count + 1
            conn:send(answers[(count - 1) % 2 + 1])
          end
        end)
        for _ = 1, 10 do
          curl.get(server.url, helper.expect(1, function(err, res)
            refused = refused + (err and 1 or 0)
            assert(err or res.body == 'ok')
          end))
          helper.sleep(5)
        end
      end)
      assert.equal(10, count)
      -- A handle that is used again does what a new one does.
      assert.is_true(refused == 0 or refused == 5, refused .. ' refused')
    end)
  end
end)

-- What a script hands on must not begin a header of its own there. (make fuzz, FUZZ_SEED=462046)
describe('a header line with a CR inside', function()
  it('ends there', function()
    helper.run(function()
      local server = fault.serve(function(conn)
        conn:request()
        conn:send('HTTP/1.1 200 OK\r\nX-One: a\rX-Two: b\r\nX-Four: d\r\n'
          .. ' e\rX-Five: f\r\nContent-Length: 2\r\n\r\nok')
      end)
      local res = assert(curl.get(server.url))
      assert.equal('ok', res.body)
      local seen = {}
      for name, value in res.headers:iter() do
        seen[#seen + 1] = name .. '=' .. value
      end
      assert.same({ 'X-One=a', 'X-Four=d e', 'Content-Length=2' }, seen)
    end)
  end)
end)
