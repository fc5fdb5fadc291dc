local helper = require 'spec.support.helper'
local fault = require 'spec.support.fault'
local uv = helper.uv

-- Sends bytes and returns all that came back, and how it ended: 'EOF' or an error.
local function exchange(port, bytes)
  return helper.await(function(done)
    local tcp, parts = uv.new_tcp(), {}
    local function finish(why)
      tcp:close()
      done(table.concat(parts), why)
    end
    tcp:connect('127.0.0.1', port, function(err)
      if err then
        return finish(err)
      end
      tcp:write(bytes)
      tcp:read_start(function(read_err, data)
        if data then
          parts[#parts + 1] = data
        else
          finish(read_err or 'EOF')
        end
      end)
    end)
  end)
end

local GET = 'GET /path HTTP/1.1\r\nHost: spec\r\n\r\n'

describe('fault server', function()
  it('answers with what it was given', function()
    helper.run(function()
      local answer = fault.response { headers = { 'Connection: close' }, body = 'hello' }
      local server = fault.serve(function(conn)
        local request = conn:request()
        assert.equal('/path', request.path)
        assert.equal('spec', request.headers.host)
        conn:send(answer)
      end)
      local text, why = exchange(server.port, GET)
      assert.equal('HTTP/1.1 200 Fine\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello', text)
      assert.equal('EOF', why)
      assert.equal(#answer, server:sent())
      assert.equal(1, server.connections)
    end)
  end)

  it('reads bodies with a length and in chunks', function()
    helper.run(function()
      local server = fault.serve(function(conn)
        conn:send(conn:request().body .. conn:request().body)
      end)
      local text = exchange(server.port, 'PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\none' ..
        'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n' ..
        fault.chunk('tw') .. fault.chunk('o') .. '0\r\n\r\n')
      assert.equal('onetwo', text)
    end)
  end)

  it('resets', function()
    helper.run(function()
      local server = fault.serve(function(conn)
        conn:request()
        conn:send('HTTP/1.1 200 OK\r\n')
        conn:sleep(20)
        conn:reset()
      end)
      local text, why = exchange(server.port, GET)
      assert.equal('HTTP/1.1 200 OK\r\n', text)
      assert.matches('ECONNRESET', why)
    end)
  end)

  it('sends in pieces', function()
    helper.run(function()
      local server = fault.serve(function(conn) conn:dribble('abcdefg', 2, 5) end)
      assert.equal('abcdefg', (exchange(server.port, '')))
    end)
  end)

  it('counts what a client that does not read lets it send', function()
    helper.run(function()
      local server = fault.serve(function(conn) conn:flood(('x'):rep(65536)) end,
        { send_buffer = 65536 })
      local tcp = uv.new_tcp()
      helper.defer(function() tcp:close() end)
      tcp:connect('127.0.0.1', server.port, helper.expect(1))
      helper.sleep(200)
      local stuck = server:sent()
      helper.sleep(200)
      assert.equal(stuck, server:sent())
      assert.is_true(stuck < 16 * 2 ^ 20)
    end)
  end)

  it('ends with its test, whatever its handlers wait for', function()
    helper.run(function()
      local seen = 0
      local server = fault.serve(function(conn)
        seen = seen + 1
        if seen == 1 then
          conn:hang()
        elseif seen == 2 then
          conn:sleep(60000)
        end
        conn:stall()
      end)
      for _ = 1, 3 do
        local tcp = uv.new_tcp()
        tcp:connect('127.0.0.1', server.port, helper.expect(1))
        helper.defer(function() tcp:close() end)
      end
      helper.wait_for(function() return seen == 3 end)
    end)
  end)

  it('fails the test by an error in a handler', function()
    local ok, err = pcall(helper.guard(function()
      helper.run(function()
        local server = fault.serve(function() error('handler broke') end)
        exchange(server.port, GET)
      end)
    end))
    assert.is_false(ok)
    assert.matches('handler broke', tostring(err))
  end)

  it('knows a port that refuses', function()
    helper.run(function()
      local _, port = fault.refused()
      local _, why = exchange(port, GET)
      assert.matches('ECONNREFUSED', why)
    end)
  end)
end)
