-- curl.download with resume: a file in several goes, and never one of two versions.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'
local versions = require 'spec.support.versions'

local uv, nginx = helper.uv, servers.nginx
local OLD, NEW = versions.OLD, versions.NEW
local whole, rest, cut = versions.whole, versions.rest, versions.cut
local script, resume, continued = versions.script, versions.resume, versions.continued
local assert_part, assert_whole = versions.assert_part, versions.assert_whole

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

describe('a part is continued', function()
  runs('under the condition that it is of the same version', function(dir)
    local progress = {}
    local res, err, asked = continued(dir, { function(request)
      local answer = rest(request, OLD)
      answer.slow = true
      return answer
    end }, { on_progress = function(p) progress[#progress + 1] = p end })
    assert_whole(dir, res, err, OLD, 40000)
    assert.equal(206, res.status)
    assert.same({ 'bytes=40000-', '"v1"' },
      { asked[2].headers.range, asked[2].headers['if-range'] })
    assert.is_nil(asked[1].headers.range)
    for _, request in ipairs(asked) do
      assert.is_nil(request.headers['accept-encoding'])
    end
    local last = progress[#progress]
    assert.same({ 100000, 100000 }, { last.down, last.down_total })
    assert.is_true(#progress > 2)
    for _, p in ipairs(progress) do
      assert.is_true(p.down_total == 0 or p.down_total == 100000, p.down_total)
      assert.is_true(p.down_total == 0 or p.down >= 40000, p.down)
    end
  end)

  runs('in many goes, with headers in either shape', function(dir)
    local function more(at)
      return function(request)
        assert.equal('yes', request.headers['x-own'])
        return cut(rest(request, OLD), at)
      end
    end
    local server = script { cut(whole(OLD), 1), more(10), more(50000), more(nil) }
    for n, headers in ipairs { {}, { ['X-Own'] = 'yes' }, { { 'X-Own', 'yes' } } } do
      assert.is_nil((resume(server, dir, { headers = headers })), n)
      assert.is_nil(dir:names()[3])
    end
    local res, err = resume(server, dir, { headers = { ['X-Own'] = 'yes' } })
    assert_whole(dir, res, err, OLD, 50011)
  end)

  runs('by a server that gives less than was asked for', function(dir)
    local res, err, asked = continued(dir, {
      function(request) return rest(request, OLD, { last = 49999 }) end,
      function(request) return rest(request, OLD, { last = 79999 }) end,
      function(request) return rest(request, OLD) end,
    })
    assert_whole(dir, res, err, OLD, 40000)
    assert.equal('bytes=80000-', asked[4].headers.range)
  end)

  runs('by nginx, after it was cancelled', function(dir)
    local d
    local url = nginx.url .. '/1m?rate=500k'
    d = curl.download(url, dir:at('x'), { resume = true }, helper.expect(1, function(err)
      assert.equal('ABORTED_BY_CALLBACK', err.name)
    end))
    helper.wait_for(function()
      local stat = uv.fs_stat(dir:at('x.part'))
      return stat and stat.size > 50000
    end)
    d:cancel()
    helper.wait_for(function() return d:state() == 'done' end)
    assert.same({ 'x.part', 'x.part.meta' }, dir:names())
    local had = #dir:read('x.part')
    local sum = io.popen(("sha256sum '%s/1m'"):format(nginx.root)):read('*a'):match('^%x+')
    -- another rate is another URL: the bytes of one may not become those of the other
    local res = assert(curl.download(url, dir:at('x'), { resume = true, sha256 = sum }))
    assert.same({ 206, 2 ^ 20, had }, { res.status, res.bytes, res.resumed })
    assert.same({ 'x' }, dir:names())
  end, 30000)

  runs('by the date where there is no strong ETag', function(dir)
    local date, later = 'Mon, 06 Oct 2025 10:00:00 GMT', 'Mon, 06 Oct 2025 10:00:05 GMT'
    local first = { headers = { 'ETag: W/"v1"', 'Last-Modified: ' .. date, 'Date: ' .. later },
      body = OLD }
    local server = script { cut(first, 500), function(request)
      return rest(request, OLD, { etag = 'Last-Modified: ' .. date })
    end }
    assert.is_nil((resume(server, dir)))
    local res, err = resume(server, dir)
    assert_whole(dir, res, err, OLD, 500)
    assert.equal(date, server.asked[2].headers['if-range'])
  end)

  runs('when nothing was missing but the name', function(dir)
    local server = script { cut(whole(OLD), 40000), { status = 416, body = 'no',
      headers = { 'Content-Range: bytes */100000', 'ETag: "v1"' } } }
    assert_part(server, dir, 40000)
    dir:write('x.part', OLD)
    local res, err = resume(server, dir)
    assert_whole(dir, res, err, OLD, 100000)
    assert.equal(416, res.status)
  end)
end)

describe('a part is dropped', function()
  runs('when the server has another version', function(dir)
    local res, err, asked = continued(dir,
      { { headers = { 'ETag: "v2"' }, body = NEW } })
    assert_whole(dir, res, err, NEW, 0)
    assert.equal(2, #asked)
  end)

  local function again(name, answer)
    runs(name, function(dir)
      local res, err, asked = continued(dir, { answer, whole(NEW) })
      assert_whole(dir, res, err, NEW, 0)
      assert.is_nil(asked[3].headers.range)
      assert.is_nil(asked[3].headers['if-range'])
    end)
  end
  again('when the range is of another version', function(request)
    return rest(request, versions.body('m', #OLD), { etag = 'ETag: "v2"' })
  end)
  again('when the whole has another size', function(request) return rest(request, NEW) end)
  again('when the range is another one', function(request)
    return rest(request, OLD, { range = 'Content-Range: bytes 39999-99999/100000' })
  end)
  again('when the range is nonsense', function(request)
    return rest(request, OLD, { range = 'Content-Range: bytes=?' })
  end)
  again('when there are several ranges', function(request)
    return rest(request, OLD, { range = 'Content-Type: multipart/byteranges; boundary=x' })
  end)
  again('when the range is compressed', function(request)
    local answer = rest(request, OLD)
    table.insert(answer.headers, 'Content-Encoding: gzip')
    return answer
  end)
  again('when the length is not that of the range', function(request)
    local answer = rest(request, OLD)
    answer.body = answer.body:sub(1, -2)
    return answer
  end)
  again('when less comes than the range has', function(request)
    local answer = rest(request, OLD)
    answer.body, answer.chunked = answer.body:sub(1, -2), true
    return answer
  end)
  again('when more comes than the range has', function(request)
    local answer = rest(request, OLD)
    answer.body, answer.chunked = answer.body .. 'x', true
    return answer
  end)
  again('when the range ends behind the whole', function(request)
    return rest(request, OLD, { range = 'Content-Range: bytes 40000-100000/100000' })
  end)
  again('when a part comes with a status of 200', function(request)
    local answer = rest(request, OLD)
    answer.status = 200
    return answer
  end)
  again('when the server has less', { status = 416, body = 'no',
    headers = { 'Content-Range: bytes */90000' } })
  again('when the server does not say why not', { status = 416 })

  local function useless(name, change)
    runs(name, function(dir)
      local server = script { cut(whole(OLD), 40000), whole(OLD) }
      assert_part(server, dir, 40000)
      change(dir)
      local res, err = resume(server, dir)
      assert_whole(dir, res, err, OLD, 0)
      assert.is_nil(server.asked[2].headers.range)
    end)
  end
  useless('when nobody knows its version', function(dir) uv.fs_unlink(dir:at('x.part.meta')) end)
  useless('when the notes are torn', function(dir)
    dir:write('x.part.meta', dir:read('x.part.meta'):sub(1, -3))
  end)
  useless('when the notes are no notes', function(dir)
    dir:write('x.part.meta', ('\0\n\r'):rep(100))
  end)
  useless('when it is longer than the whole', function(dir)
    dir:write('x.part', OLD .. OLD)
  end)
  useless('when it is of another URL', function(dir)
    local text = dir:read('x.part.meta')
    dir:write('x.part.meta', (text:gsub('url %x%x%x%x', 'url 0000')))
  end)
end)
