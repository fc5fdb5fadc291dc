-- Hands a body to a program as it comes, no faster than that reads:
--
--     luajit examples/pipe.lua URL PROGRAM [ARGUMENT…]

local curl = require 'luvcurl'
local uv = require 'luv'

local url, program = arg and arg[1], arg and arg[2]
assert(program, 'usage: pipe.lua URL PROGRAM [ARGUMENT…]')

local input, status = uv.new_pipe(false), nil
assert(uv.spawn(program, {
  args = { (table.unpack or unpack)(arg, 3) }, -- luacheck: ignore 143
  stdio = { input, 1, 2 },
}, function(code)
  status = code
end))

local res = assert(curl.stream(url))
res:raise_for_status()
local bytes, err = res:pipe(input)
input:shutdown() -- the program reads an end of file
uv.run()
input:close()
io.stderr:write(bytes and ('%d bytes\n'):format(bytes) or tostring(err) .. '\n')
os.exit(bytes and status or 1)
