-- coro-http in luvit: its `request` in as many coroutines as there are requests in flight. It keeps
-- idle connections for reuse, and gives a body only as a whole. LIT_DEPS names the folder `deps`
-- that lit has installed it into.

-- luacheck: read globals args
local client = dofile((args[1]:match '^(.*/)' or './') .. 'client.lua')
local http = require(assert(os.getenv 'LIT_DEPS', 'LIT_DEPS is not set') .. '/coro-http')

local options = client.options(client.luvit_arguments(args), client.luvit_version('coro-http'), {
  ['post-json'] = true,
})
local method, headers, body = 'GET', nil, nil
if options.workload == 'post-json' then
  method, headers, body = 'POST', { { 'Content-Type', 'application/json' } }, client.JSON
end

local function work(tally, finished)
  while tally:start() do
    local ok, head, text = pcall(http.request, method, options.url, headers, body)
    local last
    if ok then
      last = tally:done(head.code, #text)
    else
      last = tally:done(nil, nil, tostring(head))
    end
    if last then
      finished()
    end
  end
end

client.measure(options, function(tally, in_flight, finished)
  for _ = 1, in_flight do
    coroutine.wrap(work)(tally, finished)
  end
end)
