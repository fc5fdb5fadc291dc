-- resume_from with a body: what is before is not sent.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

-- A body in each of its forms; a function gives it in pieces that the offset cuts.
local function bodies(text)
  local at = 0
  return {
    string = text,
    file = { file = process.write_file(folder.new():at('part'), text) },
    source = {
      size = #text,
      read = function()
        at = at + 3
        local piece = text:sub(at - 2, at)
        return piece ~= '' and piece or nil
      end,
      rewind = function() at = 0 end,
    },
  }
end

for _, form in ipairs { 'string', 'file', 'source' } do
  it('sends the rest by HTTP, and says which: ' .. form, function()
    helper.run(function()
      local server = echo.serve()
      for _, method in ipairs { 'PUT', 'POST' } do
        assert(curl.request { url = server.url, method = method, resume_from = 4,
          body = bodies('0123456789')[form] })
        local asked = server.asked[#server.asked]
        assert.equal(method, asked.method)
        assert.equal('456789', asked.body)
        if method == 'PUT' then
          assert.equal('bytes 4-9/10', asked.headers['content-range'])
        end
      end
    end)
  end)

  it('appends the rest by FTP: ' .. form, function()
    helper.run(function()
      local ftp = servers.ftp
      local path = ftp.root .. '/resume.txt'
      process.write_file(path, '0123')
      helper.defer(function() os.remove(path) end)
      assert(curl.request { url = ftp.url .. '/resume.txt', resume_from = 4,
        body = bodies('0123456789')[form], auth = { user = ftp.user, password = ftp.password },
        options = { protocols_str = 'ftp', upload = true } })
      assert.equal('0123456789', process.read_file(path))
    end)
  end)
end
