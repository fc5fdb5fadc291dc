-- What is shown of luvcurl's objects by those who look into them (print, vim.inspect, luvit's p):
-- what users know of them.

local curl = require 'luvcurl'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

-- All names of an object and of the tables in it, as `pairs` gives them.
local function names(value, found, seen)
  found, seen = found or {}, seen or {}
  if type(value) ~= 'table' or seen[value] then
    return found
  end
  seen[value] = true
  for name, inner in pairs(value) do
    assert.equal('string', type(name))
    found[name] = true
    names(inner, found, seen)
    assert.is_false(type(inner) == 'table' and type(getmetatable(inner)) == 'table', name)
  end
  return found
end

describe('what is shown', function()
  it('of a stream has no internals', function()
    helper.run(function()
      local res = assert(curl.stream(servers.nginx.url .. '/small'))
      assert.same({ transfer = true, status = true }, names(res))
      assert.equal('string', type(getmetatable(res)))
      assert.matches('^luvcurl%.Response: 200 http', tostring(res))
      assert.equal('hello world\n', res:text())
      res:close()
      assert.same({ transfer = true, status = true, url = true, closed = true }, names(res))
    end)
  end)

  it('of headers is headers', function()
    helper.run(function()
      local res = assert(curl.get(servers.nginx.url .. '/small'))
      local list = {}
      for name in pairs(names(res.headers)) do
        list[#list + 1] = name:lower()
      end
      table.sort(list)
      assert.equal('connection content-length content-type date server x-connection x-requests',
        table.concat(list, ' '))
    end)
  end)

  it('of a session has no password', function()
    local session = curl.session { base_url = 'http://me:sesame@localhost/v1', bearer = 'sesame' }
    assert.equal('luvcurl.Session: http://localhost/v1, 0 transfers', tostring(session))
  end)

  it('of a download has no internals', function()
    helper.run(function()
      local dir = process.temp_dir('shown')
      helper.defer(function() process.remove_tree(dir) end)
      local done
      local download = curl.download(servers.nginx.url .. '/small', dir .. '/file',
        { bearer = 'sesame' }, helper.expect(1, function(err)
          assert.is_nil(err)
          done = true
        end))
      assert.same({}, names(download))
      assert.matches('^luvcurl%.Download: http://[%d.:]+/small', tostring(download))
      helper.wait_for(function() return done end)
      assert.equal('done', download:state())
    end)
  end)
end)
