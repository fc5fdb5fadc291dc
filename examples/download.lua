-- Downloads into the current directory, several at a time, with a bar for each:
--
--     luajit examples/download.lua URL [URL…]
--
-- What is interrupted goes on where it was: start it again.

local curl = require 'luvcurl'
local uv = package.loaded.uv or require 'luv'

local AT_A_TIME = 4

local arg = arg or { unpack(process.argv, 2) } -- luvit's
assert(arg[1], 'usage: download.lua URL [URL…]')

local bar = curl.progress_bar()
local failures, next_url, at_work = 0, 0, math.min(AT_A_TIME, #arg)

local function name_of(url)
  local name = url:gsub('[?#].*$', ''):match('^%a+://[^/]+/.-([^/]+)$') or ''
  return name:find('^%.*$') and 'index.html' or name
end

local function fetch(url)
  local name = name_of(url)
  local line = bar:add(name)
  local res, err = curl.download(url, name, { resume = true, idle = 60000, on_progress = line })
  if not res then
    failures = failures + 1
    line:finish(err) -- one that succeeds says so itself
  end
end

local function worker()
  while next_url < #arg do
    next_url = next_url + 1
    fetch(arg[next_url])
  end
  at_work = at_work - 1
  if at_work == 0 then
    bar:finish()
    os.exit(failures == 0 and 0 or 1)
  end
end

for _ = 1, at_work do
  coroutine.wrap(worker)()
end

if not process then
  uv.run()
end
