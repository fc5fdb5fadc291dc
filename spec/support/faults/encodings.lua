-- Compressed bodies that are cut off, broken, or far larger than they look.

local fault = require 'spec.support.fault'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local MB = 1024 * 1024

-- As the programs of Debian pack it.
local function pack(command, text)
  local dir = process.temp_dir('pack')
  local path = process.write_file(dir .. '/text', text)
  local pipe = assert(io.popen(("(%s) <'%s'"):format(command, path), 'r'))
  local bytes = pipe:read('*a')
  pipe:close()
  process.remove_tree(dir)
  assert(#bytes > 20, command)
  return bytes
end

local TEXT = ('the quick brown fox jumps over the lazy dog %d\n'):rep(20)
local PACKERS = {
  { 'gzip', process.find('gzip', 'gzip') .. ' -c' },
  { 'br', process.find('brotli', 'brotli') .. ' -c' },
  { 'zstd', process.find('zstd', 'zstd') .. ' -qc' },
}

local rows = {}

local CUT = 'PARTIAL_FILE body'
local BROKEN = 'BAD_CONTENT_ENCODING body'

local function add(coding, name, outcome, bytes, body)
  rows[#rows + 1] = { stage = coding, fault = name, outcome = outcome, body = body,
    request = { max_body = MB },
    serve = function(conn)
      conn:request()
      conn:send(fault.response { headers = { 'Content-Encoding: ' .. coding }, body = bytes })
      conn:stall()
    end }
end

local function flipped(bytes, at)
  return bytes:sub(1, at - 1) .. string.char(255 - bytes:byte(at)) .. bytes:sub(at + 1)
end

for _, packer in ipairs(PACKERS) do
  local coding, whole = packer[1], pack(packer[2], TEXT)
  add(coding, 'whole', '200', whole, TEXT)
  add(coding, 'nothing of it', '200', '', '')
  add(coding, 'cut after a byte', CUT, whole:sub(1, 1))
  add(coding, 'cut in the middle', CUT, whole:sub(1, math.floor(#whole / 2)))
  add(coding, 'without its last byte', CUT, whole:sub(1, -2))
  add(coding, 'something after its end', BROKEN, whole .. 'more')
  add(coding, 'another one after its end', coding == 'br' and BROKEN or '200', whole .. whole,
    coding ~= 'br' and TEXT .. TEXT or nil)
  add(coding, 'garbage', 'BAD_CONTENT_ENCODING body', ('\255'):rep(50))
  add(coding, 'a byte of its head changed', 'BAD_CONTENT_ENCODING body', flipped(whole, 1))
  -- 64 MB of zeros, of which at most one may come out.
  add(coding, 'a bomb, with max_body', 'FILESIZE_EXCEEDED body',
    pack(('head -c %d /dev/zero | %s'):format(64 * MB, packer[2]), ''))
end
rows[#rows + 1] = { stage = 'gzip', fault = 'a bomb of 10 GiB, with max_body',
  outcome = 'FILESIZE_EXCEEDED body', request = { max_body = MB },
  url = function() return servers.nginx.url .. '/bomb' end }
add('no-such-coding', 'any body', '200', 'x', 'x')
add(('gzip, '):rep(20) .. 'gzip', 'layers without end', 'BAD_CONTENT_ENCODING wait', 'x')
rows[#rows].stage = '21 codings'

return { title = 'Compressed bodies', rows = rows }
