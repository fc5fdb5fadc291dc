-- curl.progress_bar: what it writes to a terminal and elsewhere.

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local screen = require 'spec.support.screen'
local servers = require 'spec.support.servers'

local uv = helper.uv
local nginx = servers.nginx

-- A place to write to that remembers each piece.
local function output(is_terminal, columns, rows)
  local out = { is_terminal = is_terminal, written = {} }
  function out.size() return columns or 80, rows or 24 end
  function out.write(text) out.written[#out.written + 1] = text end
  function out.text() return table.concat(out.written) end
  return out
end

local function progress(down, total, more)
  local p = { down = down, down_total = total, up = 0, up_total = 0, speed = 1000000 }
  for name, value in pairs(more or {}) do
    p[name] = value
  end
  return p
end

local function runs(name, test, ms)
  it(name, function() helper.run(test, ms) end)
end

-- A test whose limits are times.
local function timed(name, test)
  it(name, helper.timed(function() helper.run(test) end))
end

describe('on a terminal', function()
  it('one transfer is one line', function()
    local out = output(true, 70)
    local bar = curl.progress_bar { output = out }
    local line = bar:add('file')
    line(progress(250000, 1000000, { eta = 65000 }))
    local shown = screen(out.text(), 70)
    assert.same({ 1, 'file  25% [' }, { #shown, shown[1]:sub(1, 11) })
    assert.matches('%[=+> +%] +250 kB / 1.0 MB +1.0 MB/s  1:05$', shown[1])
    line:finish()
    shown = screen(out.text(), 70)
    assert.matches('^file: 250 kB in %d+.%d s, ', shown[1])
    assert.same({ 2, '' }, { #shown, shown[2] })
  end)

  runs('several are a block, above it what is complete', function()
    local out = output(true, 60)
    local bar = curl.progress_bar { output = out }
    local lines = { bar:add('a'), bar:add('b'), bar:add('c') }
    lines[1](progress(10, 100))
    helper.sleep(110)
    lines[2](progress(20, 100))
    local shown = screen(out.text(), 60)
    assert.equal(3, #shown)
    assert.matches('^a  10%%', shown[1])
    assert.matches('^b  20%%', shown[2])
    assert.matches('^c: waiting', shown[3])
    lines[2](progress(100, 100, { complete = true }))
    lines[3]:finish('RECV_ERROR: gone')
    bar:print('a message')
    shown = screen(out.text(), 60)
    assert.matches('^b: 100 B in', shown[1])
    assert.equal('c: RECV_ERROR: gone', shown[2])
    assert.equal('a message', shown[3])
    assert.matches('^a  10%%', shown[4])
    assert.equal(4, #shown)
    bar:finish()
    shown = screen(out.text(), 60)
    assert.matches('^a: 10 B in', shown[4])
    assert.same({ 5, '' }, { #shown, shown[5] })
    lines[1](progress(50, 100))
    bar:finish()
    assert.equal(5, #screen(out.text(), 60))
  end)

  timed('is drawn ten times a second at most', function()
    local out = output(true)
    local bar = curl.progress_bar { output = out }
    local a, b = bar:add('a'), bar:add('b')
    local start = uv.hrtime()
    while uv.hrtime() - start < 500e6 do
      a(progress(1, 100))
      b(progress(1, 100))
    end
    assert.is_true(#out.written >= 4 and #out.written <= 6, #out.written .. ' times')
  end)

  it('never wraps, however narrow or long', function()
    for columns = 1, 100, 3 do
      local out = output(true, columns)
      local bar = curl.progress_bar { output = out }
      local names = { ('n'):rep(200), 'ünï', '' }
      for _, name in ipairs(names) do
        bar:add(name)(progress(123456789, 987654321, { eta = 3723000 }))
      end
      bar.drawn_at = 0
      bar.lines[1](progress(5, 0))
      bar:print('')
      local shown = screen(out.text(), columns)
      assert.equal(1 + #names, #shown, columns .. ' columns')
      for _, line in ipairs(shown) do
        assert.is_true(#line < math.max(columns, 2), line)
      end
    end
  end)

  it('fits the rows there are', function()
    local out = output(true, 40, 5)
    local bar = curl.progress_bar { output = out }
    for i = 1, 20 do
      bar:add('t' .. i)(progress(1, 2))
    end
    bar:print('m')
    local shown = screen(out.text(), 40)
    assert.is_true(#shown <= 5, #shown .. ' lines')
    assert.matches('and 17 more', shown[#shown])
    bar:finish()
  end)

  it('shows nothing that a terminal would obey', function()
    local out = output(true)
    local bar = curl.progress_bar { output = out }
    bar:add('a\27[2Jb\r\n\194\155c')(progress(1, 2))
    bar:print('x\7y')
    bar:add('z'):finish('bad\27]0;title\7')
    local all = out.text():gsub('\27%[J', ''):gsub('\27%[%d+A', ''):gsub('[\r\n]', '')
    assert.is_nil(all:find('%c'))
    assert.truthy(all:find('a?[2Jb????c', 1, true) or all:find('a?[2Jb???c', 1, true), all)
  end)

  it('says sizes as people do', function()
    local text = require 'luvcurl/progress/text'
    local sizes = {}
    for _, bytes in ipairs { 0, 999, 1000, 99949, 99951, 999499, 999500, 12345678, 2 ^ 40 } do
      sizes[#sizes + 1] = text.size(bytes)
    end
    assert.same({ '0 B', '999 B', '1.0 kB', '99.9 kB', '100 kB', '999 kB', '1.0 MB', '12.3 MB',
      '1.1 TB' }, sizes)
    assert.same({ '0:00', '1:05', '1:02:03', '--:--' },
      { text.time(0), text.time(65000), text.time(3723000), text.time(1e12) })
    assert.same({ 'c.iso', 'b', 'h:80', 'h' }, { text.name_of('http://h/a/c.iso?x=/y#z'),
      text.name_of('http://h/a/b/'), text.name_of('http://h:80/'), text.name_of('http://h') })
  end)
end)

describe('elsewhere', function()
  it('there is a line for each tenth', function()
    local out = output(false)
    local line = curl.progress_bar({ output = out }):add('f')
    for down = 0, 1000 do
      line(progress(down, 1000))
    end
    line:finish()
    line:finish()
    assert.equal(11, #out.written)
    assert.equal('f: 10% 100 B of 1.0 kB, 1.0 MB/s\n', out.written[1])
    assert.equal('f: 100% 1.0 kB of 1.0 kB, 1.0 MB/s\n', out.written[10])
    assert.matches('^f: 1.0 kB in %d+%.%d s, .*/s\n$', out.written[11])
    assert.is_nil(out.text():find('[\r\27]'))
  end)

  runs('there is one a second when the size is not known', function()
    local out = output(false)
    local line = curl.progress_bar({ output = out }):add()
    for down = 1, 120 do
      line(progress(down, 0))
      helper.sleep(10)
    end
    assert.is_true(#out.written >= 1 and #out.written <= 2, #out.written .. ' lines')
    assert.matches('^%d+ B, 1.0 MB/s\n$', out.written[1])
  end)
end)

describe('as on_progress', function()
  runs('it has a line for each transfer', function()
    local dir, out = folder.new(), output(false)
    local bar = curl.progress_bar { output = out }
    local left = 3
    for _, name in ipairs { '1k', '16k', '1m' } do
      curl.download(nginx.url .. '/' .. name, dir:at(name), { on_progress = bar },
        helper.expect(1, function(err)
          assert.is_nil(err)
          left = left - 1
        end))
    end
    helper.wait_for(function() return left == 0 end)
    assert.equal(0, #bar.lines)
    local text = '\n' .. out.text()
    for name, size in pairs { ['1k'] = '1.0 kB', ['16k'] = '16.4 kB', ['1m'] = '1.0 MB' } do
      assert.truthy(text:find('\n' .. name .. ': ' .. size .. ' in ', 1, true), text)
    end
  end)

  runs('it serves other requests too, also on their way up', function()
    local out = output(true)
    local bar = curl.progress_bar { output = out }
    local server = fault.serve(function(conn)
      local request = conn:head()
      helper.sleep(250) -- until what the sockets hold is on its way, and somebody has counted it
      conn:body(request)
      conn:send(fault.response {})
    end)
    local body = ('x'):rep(16 * 2 ^ 20)
    assert(curl.put(server.url, { body = body, expect = false, on_progress = bar:add('up') }))
    assert(curl.get(nginx.url .. '/1m?rate=600k', { on_progress = bar }))
    bar:finish()
    assert.matches('up +%d+%% %[.* MB / 16.8 MB', out.text())
    assert.matches('1m +%d+%% %[.* / 1.0 MB', out.text())
    assert.matches('1m: [%d.]+ .B in', out.text())
  end)

  runs('what was sent is said at the end, and no more than that', function()
    local server = fault.serve(function(conn)
      conn:request()
      conn:send(fault.response { body = ('y'):rep(300) })
    end)
    local function chunks()
      local left = 20
      return function()
        left = left - 1
        return left >= 0 and ('x'):rep(100000) or nil
      end
    end
    for _, body in ipairs { ('x'):rep(2000000), chunks() } do
      local out, last = output(false), nil
      local line = curl.progress_bar({ output = out }):add('up')
      assert(curl.put(server.url, { body = body, on_progress = function(now)
        last = now
        line(now)
      end }))
      line:finish()
      assert.same({ 2000000, 300 }, { last.up, last.down })
      assert.matches('up: 2%.0 MB in [%d.]+ s', out.text())
    end
    local out = output(false)
    local line = curl.progress_bar({ output = out }):add('both')
    assert(curl.post(server.url, { body = ('x'):rep(200), on_progress = line }))
    line:finish()
    assert.matches('both: 300 B %(200 B sent%) in', out.text())
  end)

  it('it must be callable', function()
    for _, value in ipairs { {}, 'x', true, setmetatable({}, {}) } do
      local ok, err = pcall(curl.get, 'http://h/', { on_progress = value }, helper.never())
      assert.is_false(ok)
      assert.matches('on_progress: expected a function', err)
    end
    assert.is_false(pcall(curl.progress_bar, { colour = 'red' }))
    assert.is_false(pcall(curl.progress_bar, 1))
  end)
end)
