-- What is not to happen because the host's script computes for longer than a timeout: a transfer
-- fails though what it waits for has come meanwhile.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local TIMEOUT, LONGER = 200, 500 -- ms

-- Sends the parts of a response; the loop is held as soon as the kernel has the last one.
local function held_after(...)
  local parts = { ... }
  return fault.serve(function(conn)
    conn:request()
    for i, part in ipairs(parts) do
      conn:send(part)
      if i < #parts then
        conn:sleep(TIMEOUT / 4)
      end
    end
    helper.compute(LONGER)
    conn:stall()
  end)
end

local HEAD = 'HTTP/1.1 200 Fine\r\nContent-Length: 8\r\n\r\n'

local function gets(body, request)
  helper.run(function()
    local res, err = curl.get(request)
    assert.is_nil(err)
    assert.equal(body, res.body)
  end)
end

describe('while the script holds the loop', function()
  it('a byte of the body that comes in time is in time for idle', function()
    gets('halfhalf', { url = held_after(HEAD .. 'half', 'half').url, idle = TIMEOUT })
  end)

  it('the first one too', function()
    gets('halfhalf', { url = held_after(HEAD, 'halfhalf').url, idle = TIMEOUT })
  end)

  it('a response that comes in time is in time for first_byte', function()
    gets('halfhalf', { url = held_after(HEAD .. 'halfhalf').url, first_byte = TIMEOUT })
  end)

  it('a connection that is made in time is in time for connect_timeout', function()
    helper.run(function()
      curl.get({ url = servers.nginx.url .. '/small', connect_timeout = TIMEOUT },
        helper.expect(1, function(err) assert.is_nil(err) end))
      helper.sleep(1)
      helper.compute(LONGER)
    end)
  end)

  it('what is silent is too late all the same', function()
    local url = fault.serve(function(conn)
      conn:request()
      conn:send(HEAD .. 'half')
      helper.compute(LONGER)
      conn:stall()
    end).url
    helper.run(function()
      local _, err = curl.get { url = url, idle = TIMEOUT }
      assert.equal('idle: no byte of the body for 200 ms', err.message)
      assert.is_true(err.timings.total < LONGER + 2 * TIMEOUT, err.timings.total)
    end)
  end)
end)
