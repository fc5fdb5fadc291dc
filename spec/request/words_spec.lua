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

describe('a URL that was parsed', function()
  -- What luvit's url.parse gives.
  local parsed = { protocol = 'http', host = '127.0.0.1:1', hostname = '127.0.0.1', port = '1',
    path = '/a?b', pathname = '/a', search = '?b', query = 'b', href = 'http://127.0.0.1:1/a?b' }

  it('is refused with what to pass', function()
    local session = curl.session { base_url = 'http://127.0.0.1:1/' }
    for i, call in ipairs {
      function() return curl.get(parsed) end,
      function() return curl.get(parsed, {}) end,
      function() return curl.get(parsed, function() end) end,
      function() return curl.get { url = parsed } end,
      function() return curl.stream(parsed) end,
      function() return curl.download(parsed, '/tmp/file') end,
      function() return curl.Multi:new():add(parsed) end,
      function() return session.get(parsed) end,
      function() return curl.session { base_url = parsed } end,
    } do
      local ok, why = pcall(call)
      assert.is_false(ok, i)
      assert.matches('a parsed URL.*pass its text, the field href', why, nil, nil, i .. ' ' .. why)
      assert.matches('words_spec', why)
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
