-- luvit's own http client, which makes a connection for each request.

-- luacheck: read globals args
local client = dofile((args[1]:match '^(.*/)' or './') .. 'client.lua')
local http = require 'http'

local options = client.options(client.luvit_arguments(args), client.luvit_version('http'), {
  down = true, ['post-json'] = true,
})
local posting = options.workload == 'post-json'

local function target()
  local parsed = http.parseUrl(options.url)
  if posting then
    parsed.method = 'POST'
    parsed.headers = {
      { 'Content-Type', 'application/json' }, { 'Content-Length', tostring(#client.JSON) },
    }
  end
  return parsed
end

-- Reads the answer as luvit's manual does, and calls back with the length of its body, bytes.
local function on_body(answer, callback)
  local parts, length = {}, 0
  answer:on('data', function(chunk)
    length = length + #chunk
    if options.workload ~= 'down' then
      parts[#parts + 1] = chunk
    end
  end)
  answer:on('end', function()
    callback(options.workload == 'down' and length or #table.concat(parts))
  end)
end

local exchange

local function ended(tally, finished, ...)
  if tally:done(...) then
    finished()
  else
    exchange(tally, finished)
  end
end

function exchange(tally, finished)
  if not tally:start() then
    return
  end
  local over = false
  local function once(...)
    if not over then
      over = true
      ended(tally, finished, ...)
    end
  end
  local request = http.request(target(), function(answer)
    on_body(answer, function(length)
      once(answer.statusCode, length)
    end)
  end)
  request:on('error', function(err)
    once(nil, nil, tostring(err))
  end)
  request:done(posting and client.JSON or nil)
end

client.measure(options, function(tally, in_flight, finished)
  for _ = 1, math.min(in_flight, tally.left) do
    exchange(tally, finished)
  end
end)
