-- What errors say to who comes from another client.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'

describe('an error', function()
  it('knows what other clients call things', function()
    for name, words in pairs { params = 'query', data = 'body', verify = 'tls', insecure = 'tls',
      cookiejar = 'options', interface = 'options', resolve = 'options', useragent = 'headers',
      unix_socket = 'unix_socket_path', retry = 'resend', href = 'parsed URL' } do
      local ok, why = pcall(curl.get, { url = 'http://127.0.0.1:1/', [name] = 'x' })
      assert.is_false(ok)
      assert.matches(words, why)
    end
  end)
end)

describe('a file part', function()
  it('has a type, known or not', function()
    helper.run(function()
      local server = echo.serve()
      assert(curl.post(server.url, { multipart = { { name = 'f', file = '/etc/hostname' } } }))
      assert.matches('Content%-Type: application/octet%-stream', server.asked[1].body)
    end)
  end)
end)
