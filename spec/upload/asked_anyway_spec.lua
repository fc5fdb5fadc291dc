-- What options of libcurl's have it ask for a body: one that it was given otherwise, or none.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

-- A server that tells what it got of a body, and consents to one.
local function receiver()
  return fault.serve(function(conn)
    local request = conn:request()
    if request then
      conn:send(fault.response { body = request.method .. ' ' .. request.body })
    end
  end)
end

local function runs(name, test)
  it(name, function() helper.run(test) end)
end

describe('an option that uploads', function()
  for name, method in pairs { upload = 'PUT', put = 'PUT', post = 'POST' } do
    runs(name .. ' without a body sends an empty one', function()
      local res = assert(curl.request(receiver().url, { options = { [name] = true } }))
      assert.equal(method .. ' ', res.body)
    end)
  end

  runs('sends the string it is given, once and whole', function()
    local body = ('some bytes\0'):rep(20000)
    for _, name in ipairs { 'upload', 'put', 'post' } do
      local res = assert(curl.request(receiver().url, { body = body, options = { [name] = true } }))
      assert.equal(body, res.body:gsub('^%u+ ', '', 1))
    end
  end)

  runs('sends it again where a redirect says so', function()
    local target = receiver()
    local first = fault.serve(function(conn)
      conn:request()
      conn:send(fault.response { status = 307, headers = { 'Location: ' .. target.url .. '/' } })
    end)
    local res = assert(curl.request(first.url, { body = 'bytes', options = { upload = true } }))
    assert.equal('bytes', res.body:gsub('^%u+ ', '', 1))
  end)

  runs('writes a string to a file:// URL, or nothing', function()
    local options = { upload = true, protocols_str = 'file' }
    local path = folder.new():at('out')
    local bytes = ('data\n'):rep(50000)
    assert(curl.request('file://' .. path, { body = bytes, options = options }))
    assert.equal(bytes, process.read_file(path))
    assert(curl.request('file://' .. path, { options = options }))
    assert.equal('', process.read_file(path))
  end)

  runs('writes a string to a file of an FTP server, from where it is to be resumed too', function()
    local ftp = servers.ftp
    local url = ('%s/asked_anyway.txt'):format(ftp.url)
    local function put(body, more)
      local options = { upload = true, protocols_str = 'ftp', resume_from_large = more }
      return assert(curl.request(url, { body = body, options = options,
        auth = { user = ftp.user, password = ftp.password } }))
    end
    local path = ftp.root .. '/asked_anyway.txt'
    helper.defer(function() os.remove(path) end)
    put('0123456789')
    assert.equal('0123456789', process.read_file(path))
    put('0123456789abcdef', 10)
    assert.equal('0123456789abcdef', process.read_file(path))
    put(nil)
    assert.equal('', process.read_file(path))
  end)
end)

describe('telnet://', function()
  -- It holds the loop, and so this server, until its timeout.
  runs('has nothing to say without a body', function()
    local server = fault.silent()
    local url = server.url:gsub('^http', 'telnet')
    local _, err = curl.get(url, { options = { protocols_str = 'telnet' }, timeout = 300 })
    assert.equal('OPERATION_TIMEDOUT', err.name)
  end)
end)
