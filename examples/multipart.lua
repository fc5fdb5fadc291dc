-- Sends a form with files, as a browser would:
--
--     luajit examples/multipart.lua URL FILE [FILE…]

local curl = require 'luvcurl'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[2] and arg[1], 'usage: multipart.lua URL FILE [FILE…]')

local parts = {
  { name = 'title', data = 'Some files' },
  -- bytes that are no file become one by a filename
  { name = 'note', data = '{"from":"luvcurl"}', filename = 'note.json', type = 'application/json' },
}
for i = 2, #arg do
  parts[#parts + 1] = { name = 'file', file = arg[i] } -- read while it is sent
end

-- A part may come from a function; without `size` the whole form is sent in chunks.
local lines = { 'one\n', 'two\n', 'three\n' }
parts[#parts + 1] = {
  name = 'log', filename = 'log.txt', type = 'text/plain', headers = { ['X-Lines'] = '3' },
  body = function()
    return table.remove(lines, 1)
  end,
}

local res = assert(curl.post(url, { multipart = parts }))
res:raise_for_status()
io.stdout:write(res.body)
