-- What fuzzing found, with the input that found it. Some are seen under a sanitizer only.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

describe('an answer', function()
  -- libcurl 7.84 to 8.1.0 went on with the freed last header of the answer before.
  it('whose first header line begins with a space, after an ordinary one', function()
    local answers = {
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Last: one\r\n\r\nok',
      'HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 2\r\n\r\nok',
    }
    local count = 0
    helper.run(function()
      local server = fault.serve(function(conn)
        while conn:request() do
          count = count + 1
          conn:send(answers[(count - 1) % 2 + 1])
        end
      end)
      for _ = 1, 10 do
        curl.get(server.url, helper.expect(1, function(err, res)
          assert(err or res.body == 'ok')
        end))
        helper.sleep(5)
      end
    end)
    assert.equal(10, count)
  end)
end)
