-- Sends a file, or stdin as it comes, by PUT:
--
--     luajit examples/upload.lua URL FILE
--     producer | luajit examples/upload.lua URL

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url = assert(arg[1], 'usage: upload.lua URL [FILE]')

local body
if arg[2] then
  body = { file = arg[2] } -- its size is known: sent with Content-Length
elseif process then
  body = process.stdin -- luvit's, or any stream of its kind
else
  body = uv.new_pipe(false) -- any luv stream: sent in chunks
  body:open(0)
end

local res = assert(curl.put(url, {
  body = body,
  on_progress = function(progress)
    io.stderr:write(('%.0f bytes, %.0f kB/s\n'):format(progress.up, progress.speed / 1000))
  end,
}))
print(res.status, res.reason or '')
os.exit(res.ok and 0 or 1)
