-- luvcurl in luvit, beside its rivals there, in coroutines or, after --callbacks, with callbacks.

-- luacheck: read globals args
local client = dofile((args[1]:match '^(.*/)' or './') .. 'client.lua')
local curl = require 'luvcurl'

local arguments = client.luvit_arguments(args)
local callbacks = arguments[1] == '--callbacks'
if callbacks then
  table.remove(arguments, 1)
end
local options = client.options(arguments, client.luvit_version('luvcurl'), {
  down = not callbacks, ['post-json'] = true, http2 = true, tls = true,
})

-- A plain GET is its URL, as most are.
local request = options.url
if options.cacert or options.http2 or options.workload == 'post-json' then
  request = {
    url = options.url,
    http_version = options.http2 and '2tls' or nil,
    tls = options.cacert and { ca_file = options.cacert } or nil,
  }
end
if options.workload == 'post-json' then
  request.method = 'POST'
  request.headers = { ['content-type'] = 'application/json' }
  request.body = client.JSON
end

local function exchange_whole()
  local res, err = curl.request(request)
  if not res then
    return nil, nil, tostring(err)
  end
  return res.status, #res.body
end

local function exchange_chunks()
  local res, err = curl.stream(request)
  if not res then
    return nil, nil, tostring(err)
  end
  local length = 0
  for chunk in res:chunks() do
    length = length + #chunk
  end
  return res.status, length
end

local exchange = options.workload == 'down' and exchange_chunks or exchange_whole

local function work(tally, finished)
  while tally:start() do
    if tally:done(exchange()) then
      finished()
    end
  end
end

local function run_coroutines(tally, in_flight, finished)
  for _ = 1, in_flight do
    coroutine.wrap(work)(tally, finished)
  end
end

local function run_callbacks(tally, in_flight, finished)
  local on_done
  local function start()
    if tally:start() then
      curl.request(request, on_done)
    end
  end
  function on_done(err, res)
    local last
    if res then
      last = tally:done(res.status, #res.body)
    else
      last = tally:done(nil, nil, tostring(err))
    end
    if last then
      finished()
    else
      start()
    end
  end
  for _ = 1, in_flight do
    start()
  end
end

client.measure(options, callbacks and run_callbacks or run_coroutines)
