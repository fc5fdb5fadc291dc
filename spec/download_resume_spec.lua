-- curl.download with resume: a file in several goes, and never one of two versions.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

local function runs(name, test, ms)
  it(name, function() helper.run(function() test(folder.new()) end, ms) end)
end

-- Bodies in which no part is like another.
local function body(seed, size)
  local parts = {}
  for i = 1, math.ceil(size / 8) do
    parts[i] = ('%s%07d'):format(seed, i)
  end
  return table.concat(parts):sub(1, size)
end

local OLD, NEW = body('o', 100000), body('n', 90000)

local function whole(bytes, ...)
  return { status = 200, headers = { 'ETag: "v1"', ... }, body = bytes }
end

-- The answer that a request for the rest gets, with what `over` says instead.
local function rest(request, bytes, over)
  local from = tonumber(request.headers.range:match('^bytes=(%d+)%-$'))
  over = over or {}
  local last = over.last or #bytes - 1
  return { status = 206, body = bytes:sub(from + 1, last + 1), headers = {
    over.etag or 'ETag: "v1"',
    over.range or ('Content-Range: bytes %d-%d/%d'):format(from, last, #bytes),
  } }
end

-- Answers the n-th request by answers[n]: what fault.response takes, or function(request) that
-- gives it. `cut` sends only so many bytes of a body, then closes; `slow` takes its time. Remembers
-- the requests.
local function script(answers)
  local asked = {}
  local server = fault.serve(function(conn)
    while true do
      local request = conn:request()
      if not request then
        return
      end
      asked[#asked + 1] = request
      local answer = assert(answers[#asked], 'one request too many')
      if type(answer) == 'function' then
        answer = answer(request)
      end
      local bytes = fault.response(answer)
      if answer.slow then
        conn:dribble(bytes, 20000, 150)
      elseif answer.cut then
        local head = bytes:match('^.-\r\n\r\n')
        conn:send(bytes:sub(1, #head + answer.cut))
        return conn:sleep(20)
      else
        conn:send(bytes)
      end
    end
  end)
  server.asked = asked
  return server
end

local function cut(answer, at)
  answer.cut = at
  return answer
end

local function resume(server, dir, opts)
  opts = opts or {}
  opts.resume = true
  return curl.download(server.url .. '/f', dir:at('x'), opts)
end

-- Leaves the first `at` bytes of OLD behind.
local function assert_part(server, dir, at)
  local res, err = resume(server, dir)
  assert.is_nil(res)
  assert.equal('PARTIAL_FILE', err.name)
  assert.same({ 'x.part', 'x.part.meta' }, dir:names())
  assert.is_true(dir:read('x.part') == OLD:sub(1, at))
end

-- After a part of 40000 bytes: what the next call does with these answers.
local function continued(dir, answers, opts)
  table.insert(answers, 1, cut(whole(OLD), 40000))
  local server = script(answers)
  assert_part(server, dir, 40000)
  local res, err = resume(server, dir, opts)
  return res, err, server.asked
end

local function assert_whole(dir, res, err, expected, resumed)
  assert.is_nil(err)
  assert.is_true(dir:read('x') == expected)
  assert.same({ 'x' }, dir:names())
  assert.same({ #expected, resumed, true }, { res.bytes, res.resumed, res.ok })
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
    local url = nginx.url .. '/1m?rate=150k'
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
    return rest(request, body('m', #OLD), { etag = 'ETag: "v2"' })
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
