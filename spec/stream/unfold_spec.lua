-- Bodies that unfold to a thousand or a million times what was sent: they come as the consumer
-- takes them, hold the loop no longer than others, and end as others do.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local uv = helper.uv
local MB = 1024 * 1024
local SIZE = 64 * MB

local function zeros(packer)
  local pipe = assert(io.popen(('head -c %d /dev/zero | %s'):format(SIZE, packer), 'r'))
  local bytes = pipe:read('*a')
  pipe:close()
  return bytes
end

local BOMBS = {
  gzip = { coding = 'gzip', bytes = zeros('gzip -c') },
  ['brotli of a large window'] = { coding = 'br', bytes = zeros('brotli -c') },
  ['brotli of a small window'] = { coding = 'br', bytes = zeros('brotli -q 5 -w 18 -c') },
  ['brotli, packed in haste'] = { coding = 'br', bytes = zeros('brotli -q 1 -c') },
  zstd = { coding = 'zstd', bytes = zeros('zstd -qc') },
}

local function serve(bomb, size)
  return echo.serve(function()
    return { headers = { 'Content-Encoding: ' .. bomb.coding },
      body = size and bomb.bytes:sub(1, size) or bomb.bytes }
  end).url
end

local function read_all(res)
  local size = 0
  while true do
    local chunk, err = res:read()
    if not chunk then
      return size, err
    end
    size = size + #chunk
  end
end

-- Each way to take a body, which returns how many bytes came.
local WAYS = {
  on_data = function(url, high_water)
    local size = 0
    assert(curl.get(url, { high_water = high_water,
      on_data = function(chunk) size = size + #chunk end }))
    return size
  end,
  stream = function(url, high_water)
    local size, err = read_all(assert(curl.stream(url, { high_water = high_water })))
    assert.is_nil(err)
    return size
  end,
  discard = function(url, high_water)
    return assert(assert(curl.stream(url, { high_water = high_water })):discard())
  end,
  download = function(url, high_water)
    local dir = process.temp_dir('unfold')
    local res = assert(curl.download(url, dir .. '/file',
      { high_water = high_water, accept_encoding = true }))
    process.remove_tree(dir)
    return res.bytes
  end,
  get = function(url)
    return #assert(curl.get(url, { max_body = SIZE })).body
  end,
}

-- How long the process worked, at most, before a timer of a millisecond had its turn, in ms: by
-- the processor's time, since others may have the machine.
local function longest_work(run)
  local longest, last = 0, os.clock()
  local timer = uv.new_timer()
  timer:start(1, 1, function()
    local now = os.clock()
    longest, last = math.max(longest, now - last), now
  end)
  run()
  timer:close()
  return longest * 1000
end

for name, bomb in pairs(BOMBS) do
  describe('a body that unfolds far: ' .. name, function()
    for way, take in pairs(WAYS) do
      it('comes whole by ' .. way, function()
        helper.run(function()
          assert.equal(SIZE, take(serve(bomb), nil))
        end)
      end)
    end

    it('comes whole with little high_water', function()
      helper.run(function()
        for _, way in ipairs { 'on_data', 'stream', 'discard' } do
          assert.equal(SIZE, WAYS[way](serve(bomb), 20000))
        end
      end)
    end)

    it('fills no memory beyond high_water', function()
      helper.run(function()
        local url = serve(bomb)
        local before = uv.resident_set_memory()
        local res = assert(curl.stream(url))
        for _ = 1, 20 do
          helper.sleep(1)
        end
        assert.is_true(uv.resident_set_memory() - before < 40 * MB) -- brotli has its windows
        assert.equal(SIZE, (read_all(res)))
      end)
    end)

    it('is an error where it is cut short, after what has come', function()
      helper.run(function()
        local res = assert(curl.stream(serve(bomb, #bomb.bytes - 1)))
        local size, err = read_all(res)
        assert.is_true(size <= SIZE)
        assert.same({ 'PARTIAL_FILE', 'body' }, { err.name, err.phase })
      end)
    end)

    it('can be given up at any moment', function()
      helper.run(function()
        for moment = 1, 12 do
          local res = assert(curl.stream(serve(bomb)))
          for _ = 1, moment do
            assert(res:read())
          end
          res:close()
        end
      end)
    end)
  end)
end

-- A large window of brotli is another thread's work, which would count here: that it goes there
-- is shown in spec/core/decode.
describe('the loop', function()
  for _, name in ipairs { 'gzip', 'zstd', 'brotli of a small window' } do
    it('is not held by what unfolds: ' .. name, helper.timed(function()
      helper.run(function()
        local url = serve(BOMBS[name])
        local work = longest_work(function() WAYS.stream(url) end)
        assert.is_true(work < 15, ('%.1f ms'):format(work))
      end)
    end))
  end
end)

describe('a compressed body that is read slowly', function()
  it('is not done before all of it is out, and has its timeout until then', function()
    helper.run(function()
      local res = assert(curl.stream(serve(BOMBS.gzip), { timeout = 300 }))
      local first = assert(res:read())
      helper.sleep(500)
      local size, err = read_all(res)
      assert.is_true(#first + size < SIZE)
      assert.equal('OPERATION_TIMEDOUT', err.name)
    end)
  end)

  it('is paused and resumed', function()
    helper.run(function()
      local size, t, paused = 0, nil, 0
      local done
      t = curl.Multi:new():add({ url = serve(BOMBS.gzip),
        on_data = function(chunk)
          size = size + #chunk
          if paused < 5 and size > paused * MB then
            paused = paused + 1
            t:pause()
            local timer = uv.new_timer()
            timer:start(5, 0, function()
              timer:close()
              t:resume()
            end)
          end
        end,
      }, helper.expect(1, function(err) done = err or 'ok' end))
      while not done do
        helper.sleep(5)
      end
      assert.equal('ok', done)
      assert.equal(SIZE, size)
      assert.equal(5, paused)
    end)
  end)
end)
