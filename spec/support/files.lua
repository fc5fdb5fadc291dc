-- The files that nginx, nghttpd and the FTP server hand out.

local uv = require 'luv'
local process = require 'spec.support.process'

local files = {}

local KB, MB, GB = 2 ^ 10, 2 ^ 20, 2 ^ 30

-- A deflate stream that was fully flushed repeats byte for byte, so 10 GiB of zeros cost one block
-- written 10,240 times. The end (checksum) is missing: nobody should ever get that far.
local BOMB = [[
import sys, zlib
z = zlib.compressobj(9, zlib.DEFLATED, 31)
zeros = bytes(1 << 20)
first = z.compress(zeros) + z.flush(zlib.Z_FULL_FLUSH)
block = z.compress(zeros) + z.flush(zlib.Z_FULL_FLUSH)
with open(sys.argv[1], 'wb') as out:
    out.write(first + block * 10239)
]]

local function random(size)
  local source = assert(io.open('/dev/urandom', 'rb'))
  local bytes = source:read(size)
  source:close()
  return bytes
end

local function every_byte()
  local bytes = {}
  for value = 0, 255 do
    bytes[#bytes + 1] = string.char(value)
  end
  return table.concat(bytes)
end

local function sparse(path, size)
  local fd = assert(uv.fs_open(path, 'w', 420))
  assert(uv.fs_ftruncate(fd, size))
  uv.fs_close(fd)
end

--- Writes them: empty, 1b, 1k, 16k, 1m, 10m (random, with every byte value), 1g (sparse zeros),
--- bomb.gz (10 MB that inflate to 10 GiB of zeros), text.txt, data.json.
---@param dir string must exist
function files.make(dir)
  local function put(name, bytes)
    process.write_file(dir .. '/' .. name, bytes)
  end
  put('empty', '')
  put('1b', '\0')
  for name, size in pairs { ['1k'] = KB, ['16k'] = 16 * KB, ['1m'] = MB, ['10m'] = 10 * MB } do
    put(name, every_byte() .. random(size - 256))
  end
  sparse(dir .. '/1g', GB)
  put('text.txt', ('the quick brown fox jumps over the lazy dog\n'):rep(1000))
  put('data.json', '{"name":"luvcurl","list":[1,2,3],"nested":{"yes":true}}\n')
  local script = process.write_file(dir .. '/../bomb.py', BOMB)
  local python = process.find('/usr/bin/python3', 'python3')
  local status = os.execute(("'%s' '%s' '%s/bomb.gz'"):format(python, script, dir))
  assert(status == 0 or status == true, 'cannot make bomb.gz')
end

return files
