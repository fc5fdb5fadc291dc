-- A gigabyte each way through Lua, in little memory. Only in LuaJIT: the bytes take the same way in
-- every host, and the interpreted ones would take a minute. Nor with sanitizers or a pressed
-- collector, where memory says nothing.

if os.getenv('LUVCURL_HOST') ~= 'luajit' or os.getenv('LUVCURL_ASAN')
  or os.getenv('LUVCURL_GC') then
  return
end

local child = require 'spec.support.child'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local uv = helper.uv

local GROWTH = 8 -- MiB

-- `measured(fn)` prints fn's results and by how many MiB the process grew meanwhile, at most. Warm
-- means that the same has been done on a small scale before.
local PRELUDE = [[
local curl, uv = require 'luvcurl', require 'luv'
local base, path = arg[1], arg[2]
local function resident()
  local file = assert(io.open('/proc/self/statm'))
  local pages = file:read('*a'):match('^%d+ (%d+)')
  file:close()
  return tonumber(pages) * 4096
end
local function measured(fn)
  collectgarbage() collectgarbage()
  local before, most = resident(), 0
  local timer = uv.new_timer()
  timer:start(0, 20, function() most = math.max(most, resident()) end)
  local results = { fn() }
  timer:close()
  results[#results + 1] = ('%.1f'):format((most - before) / 2^20)
  print(table.concat(results, ' '))
end
local function sleep(ms)
  local co, timer = coroutine.running(), uv.new_timer()
  timer:start(ms, 0, function()
    timer:close()
    assert(coroutine.resume(co))
  end)
  coroutine.yield()
end
local function main(fn)
  local co = coroutine.create(fn)
  assert(coroutine.resume(co))
  uv.run()
  assert(coroutine.status(co) == 'dead')
end
]]

-- Runs a script after the prelude; gives back the numbers that it printed. The process may grow by
-- `most` MiB, and its sanitizer.
local function run(most, source, ...)
  local result = child.run(PRELUDE .. source, { args = { servers.nginx.url, ... }, ms = 60000 })
  assert.same({ 0, 0, '' }, { result.code, result.signal, result.err })
  local numbers = {}
  for number in result.out:gmatch('%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  local growth = table.remove(numbers)
  assert.is_true(growth < most, growth .. ' MiB more')
  return numbers
end

if helper.host == 'luajit' then
  describe('a gigabyte', function()
    it('comes through chunks to a consumer slower than the server', function()
      helper.run(function()
        local numbers = run(GROWTH, [[
          local function get(name)
            local res, size, count = assert(curl.stream(base .. name)), 0, 0
            for chunk in res:chunks() do
              size, count = size + #chunk, count + 1
              if count % 2 == 0 then sleep(1) end
            end
            return size, math.floor(size / count)
          end
          main(function()
            get '/10m'
            measured(function() return get '/1g' end)
          end)
        ]])
        assert.equal(2 ^ 30, numbers[1])
        -- bytes for a whole chunk were waiting whenever it came back: it was the slower one
        assert.is_true(numbers[2] > 100 * 1024, numbers[2] .. ' bytes a chunk')
      end, 60000)
    end)

    it('goes up from a function', function()
      helper.run(function()
        local numbers = run(GROWTH, [[
          local function put(count)
            local block, left = ('x'):rep(256 * 1024), count
            local res = assert(curl.put(base .. '/dav/gigabyte-function', { body = function()
              left = left - 1
              return left >= 0 and block or nil
            end }))
            assert(res.ok, res.status)
          end
          main(function()
            put(100)
            measured(function() return put(4096) end)
          end)
        ]])
        assert.same({}, numbers)
        local path = servers.nginx.dav_dir .. '/gigabyte-function'
        assert.equal(2 ^ 30, uv.fs_stat(path).size)
        uv.fs_unlink(path)
      end, 60000)
    end)

    it('goes up from a file', function()
      helper.run(function()
        local path = folder.new():at('sparse')
        local fd = assert(uv.fs_open(path, 'w', 420))
        assert(uv.fs_ftruncate(fd, 2 ^ 30))
        uv.fs_close(fd)
        local numbers = run(GROWTH, [[
          local function put(file)
            local res = assert(curl.put(base .. '/dav/gigabyte-file', { body = { file = file } }))
            assert(res.ok, res.status)
          end
          main(function()
            put(arg[3])
            measured(function() return put(path) end)
          end)
        ]], path, servers.nginx.root .. '/10m')
        assert.same({}, numbers)
        local stored = servers.nginx.dav_dir .. '/gigabyte-file'
        assert.equal(2 ^ 30, uv.fs_stat(stored).size)
        uv.fs_unlink(stored)
      end, 60000)
    end)
  end)

  describe('10 MB that become 10 GiB', function()
    local BOMB = [[
      local function get(on_data)
        local res, err = curl.get(base .. '/bomb', { max_body = %d * 2 ^ 20, on_data = on_data })
        assert(not res and err.name == 'FILESIZE_EXCEEDED', err)
      end
      main(function()
        assert(curl.get(base .. '/text'))
        measured(function() get(%s) end)
      end)
    ]]
    for how, hook in pairs { collected = 'nil', streamed = 'function() end' } do
      it('cost no more than max_body: ' .. how, function()
        helper.run(function()
          for _, max_body in ipairs { 1, 16 } do
            run(max_body + GROWTH, BOMB:format(max_body, hook))
          end
        end, 60000)
      end)
    end
  end)
end
