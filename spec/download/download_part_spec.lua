-- What a download with resume leaves behind for the next one.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local versions = require 'spec.support.versions'

local uv = helper.uv
local OLD, NEW = versions.OLD, versions.NEW
local whole, rest, cut = versions.whole, versions.rest, versions.cut
local script, resume, continued = versions.script, versions.resume, versions.continued
local assert_part, assert_whole = versions.assert_part, versions.assert_whole

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

describe('what remains', function()
  runs('is nothing that could not be continued', function(dir)
    local date = 'Mon, 06 Oct 2025 10:00:00 GMT'
    for _, headers in ipairs {
      {}, { 'ETag: W/"v1"' }, { 'Last-Modified: ' .. date },
      { 'Last-Modified: ' .. date, 'Date: ' .. date },
    } do
      local server = script { cut({ headers = headers, body = OLD }, 500) }
      local res, err = resume(server, dir)
      assert.same({ false, 'PARTIAL_FILE' }, { res or false, err.name })
      assert.same({}, dir:names())
    end
    local server = script { whole(OLD, 'X: y'), { status = 404 } }
    server.url = server.url .. '/none'
    assert(resume(server, dir))
    uv.fs_unlink(dir:at('x'))
    assert.equal('HTTP_RETURNED_ERROR', (select(2, resume(server, dir))).name)
    assert.same({}, dir:names())
  end)

  runs('survives a server that is away or busy', function(dir)
    local server = script { cut(whole(OLD), 40000), { status = 503 },
      function(request) return rest(request, OLD) end }
    assert_part(server, dir, 40000)
    local _, err = resume(server, dir)
    assert.same({ 'HTTP_RETURNED_ERROR', 503 }, { err.name, err.response.status })
    assert.equal(40000, #dir:read('x.part'))
    local d = curl.download(server.url .. '/f', dir:at('x'), { resume = true },
      helper.expect(1))
    d:cancel()
    helper.wait_for(function() return d:state() == 'done' end)
    assert.equal(40000, #dir:read('x.part'))
    local res
    res, err = resume(server, dir)
    assert_whole(dir, res, err, OLD, 40000)
  end)

  runs('tells no secrets', function(dir)
    local server = script { cut(whole(OLD), 40000) }
    local url = server.url:gsub('//', '//user:hunter2@') .. '/f?token=hunter3'
    assert.is_nil((curl.download(url, dir:at('x'), { resume = true })))
    assert.is_nil(dir:read('x.part.meta'):find('hunter', 1, true))
    assert.truthy(dir:read('x.part.meta'):find('etag "v1"', 1, true))
  end)

  runs('is checked as a whole', function(dir)
    local res, err = continued(dir, { function(request) return rest(request, OLD) end },
      { sha256 = ('0'):rep(64) })
    assert.is_nil(res)
    assert.equal('CHECKSUM_MISMATCH', err.name)
    assert.same({}, dir:names())
    local file = dir:write('sum', OLD)
    local sum = io.popen(("sha256sum '%s'"):format(file)):read('*a'):match('^%x+')
    uv.fs_unlink(file)
    res, err = continued(dir, { function(request) return rest(request, OLD) end },
      { sha256 = sum })
    assert_whole(dir, res, err, OLD, 40000)
    assert.equal(sum, res.sha256)
    uv.fs_unlink(dir:at('x'))
    res, err = continued(dir, { whole(NEW) }, { sha256 = sum }) -- the old part must not count
    assert.is_nil(res)
    assert.is_nil(err.message:find(sum .. ', expected', 1, true))
    assert.same({}, dir:names())
  end)
end)

describe('the part', function()
  runs('has one writer', function(dir)
    local server = script { whole(OLD) }
    local errors = {}
    curl.download(server.url .. '/f', dir:at('x'), { resume = true }, helper.expect(1, function(err)
      errors[#errors + 1] = err
    end))
    local _, mine = resume(server, dir)
    errors[#errors + 1] = mine
    -- which of them comes first is the thread pool's to say
    helper.wait_for(function() return #errors == 1 end)
    assert.equal('WRITE_ERROR', errors[1].name)
    assert.matches('EBUSY', errors[1].message)
    helper.wait_for(function() return dir:names()[1] == 'x' and not dir:names()[2] end)
    assert.is_true(dir:read('x') == OLD)
    server = script { whole(NEW) }
    assert(resume(server, dir)) -- the name is free again
  end)

  runs('is no link to somebody\'s file', function(dir)
    dir:write('precious', 'precious')
    assert(uv.fs_symlink('precious', dir:at('x.part')))
    local server = script { whole(OLD), whole(OLD) }
    local res, err = resume(server, dir)
    assert.is_nil(res)
    assert.matches('no regular file', err.message)
    assert.equal('precious', dir:read('precious'))
    uv.fs_unlink(dir:at('x.part'))
    assert(uv.fs_symlink('precious', dir:at('x.part.meta')))
    assert(resume(server, dir))
    assert.equal('precious', dir:read('precious'))
  end)
end)
