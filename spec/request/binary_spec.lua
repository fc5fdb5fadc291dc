-- Bodies of any bytes and of the sizes at which buffers end, in every way that a body comes down.

local curl = require 'luvcurl'
local echo = require 'spec.support.echo'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'

local KB = 1024

-- libcurl's buffer is of 16, 32 (where something is decompressed), 64 or 128 KB, by load; a stream
-- is taken in blocks of 256 KB, and held back at 1 MiB.
local SIZES = { 0, 1, 255, 256, 1024 * KB - 1, 1024 * KB, 1024 * KB + 1 }
for _, size in ipairs { 16, 32, 64, 128, 256 } do
  for more = -1, 1 do
    SIZES[#SIZES + 1] = size * KB + more
  end
end

-- Every byte value, NULs in front, and no part like the one before.
local function pattern(size)
  local parts, alphabet = {}, {}
  for byte = 0, 255 do
    alphabet[byte + 1] = string.char(byte)
  end
  local all = table.concat(alphabet)
  for i = 1, math.ceil(size / 256) do
    local turn = i * 7 % 256
    parts[i] = i == 1 and all or all:sub(turn + 1) .. all:sub(1, turn)
  end
  return table.concat(parts):sub(1, size)
end

local bodies = {}
for i, size in ipairs(SIZES) do
  bodies[i] = pattern(size)
end

-- What an iterator gives. COMPAT: PUC Lua 5.1 cannot yield in a `for` loop's iterator.
local function collect(iterate)
  local parts, part = {}, iterate()
  while part do
    parts[#parts + 1] = part
    part = iterate()
  end
  return parts
end

-- Each way gives back what came.
local WAYS = {
  ['as one string'] = function(url) return assert(curl.get(url)).body end,
  ['in chunks'] = function(url)
    return table.concat(collect(assert(curl.stream(url)):chunks()))
  end,
  ['in lines'] = function(url)
    return collect(assert(curl.stream(url)):lines())
  end,
  ['to on_data'] = function(url)
    local parts = {}
    assert(curl.get(url, { on_data = function(chunk) parts[#parts + 1] = chunk end }))
    return table.concat(parts)
  end,
  ['into a file'] = function(url)
    local dir = folder.new()
    assert(curl.download(url, dir:at('x')))
    return dir:read('x')
  end,
  ['into a buffer as small as can be'] = function(url)
    return assert(curl.stream(url, { high_water = 1 })):text()
  end,
}

local function lines_of(bytes)
  local lines = {}
  for line in (bytes .. '\n'):gmatch('([^\n]*)\n') do
    lines[#lines + 1] = line:gsub('\r$', '')
  end
  if bytes == '' or bytes:sub(-1) == '\n' then
    lines[#lines] = nil
  end
  return lines
end

describe('every byte of every size comes', function()
  for name, way in pairs(WAYS) do
    it(name, function()
      helper.run(function()
        local server = echo.serve(function(_, n) return { body = bodies[n] } end)
        for i, bytes in ipairs(bodies) do
          local got = way(server.url)
          if type(got) == 'table' then
            assert.same(lines_of(bytes), got, SIZES[i] .. ' bytes')
          else
            assert.is_true(got == bytes, ('%d bytes: got %d'):format(SIZES[i], #got))
          end
        end
      end, 30000)
    end)
  end
end)
