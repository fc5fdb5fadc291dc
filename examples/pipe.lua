-- Hands a body to a program as it comes, no faster than that reads:
--
--     luajit examples/pipe.lua URL PROGRAM [ARGUMENT…]

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local arg = arg or { unpack(process.argv, 2) } -- luvit's
local url, program = arg[1], arg[2]
assert(program, 'usage: pipe.lua URL PROGRAM [ARGUMENT…]')

local input = uv.new_pipe(false)
local bytes, err, status

local function finish()
  if status and (bytes or err) then
    io.stderr:write(bytes and ('%d bytes\n'):format(bytes) or tostring(err) .. '\n')
    os.exit(bytes and status or 1)
  end
end

assert(uv.spawn(program, {
  args = { (table.unpack or unpack)(arg, 3) }, -- luacheck: ignore 143
  stdio = { input, 1, 2 },
}, function(code)
  status = code
  input:close()
  finish()
end))

local res = assert(curl.stream(url))
res:raise_for_status()
bytes, err = res:pipe(input)
if not input:is_closing() then
  input:shutdown() -- the program reads an end of file
end
finish()
if not process then
  uv.run()
end
