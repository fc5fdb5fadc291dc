-- A server that answers FUZZ_CONNECTIONS (20000) requests with random bytes, or with a response
-- that was mutated: cut, doubled, overwritten, with numbers out of range. Every request must end in
-- one final callback. Prints FUZZ_SEED; the n-th answer depends on it and on n alone.
--
--     luajit spec/run.lua --build build/asan --host lua5.4 --asan --timeout 3600 fuzz/server.lua

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local CONNECTIONS = tonumber(os.getenv('FUZZ_CONNECTIONS') or 20000)
local SEED = tonumber(os.getenv('FUZZ_SEED') or os.time() % 1000000)
local WIDTH = 20
local DEADLINE = 3000000

local RESPONSES = {
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n'
    .. '5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nx-t: yes\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n'
    .. 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b; Path=/\r\n\r\nok',
  'HTTP/1.1 302 Found\r\nLocation: /next?a=b#c\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
    .. 'Content-Length: 0\r\n\r\n',
  'HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n\31\139\8\0\0\0\0\0\0\3\203\72\205\201\201\7\0'
    .. '\134\166\16\54\5\0\0\0',
  'HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/12\r\nContent-Length: 2\r\n\r\nhe',
  'HTTP/1.1 204 None\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=9\r\n'
    .. 'Alt-Svc: h2=":1"\r\n\r\n',
}
local TOKENS = { '\r\n', '\n', '\r\n\r\n', '\0', ':', '-1', '0', 'ffffffffffffffff',
  '99999999999999999999', 'HTTP/1.1 ', 'HTTP/3 999', 'chunked', 'gzip, br, zstd', 'identity',
  'Content-Length: ', 'Transfer-Encoding: chunked\r\n', 'Location: file:///etc/hostname\r\n',
  'Location: http://', 'Connection: close\r\n', '\255\254', ('x'):rep(5000), ' ', '\t', ';' }

-- One of its own for each answer: the same in every Lua.
local function generator(seed)
  local state = seed % 2147483647 + 1
  return function(limit)
    state = state * 16807 % 2147483647
    return state % limit + 1
  end
end

local function random_bytes(random)
  local bytes = {}
  for i = 1, random(400) do
    bytes[i] = string.char(random(256) - 1)
  end
  return table.concat(bytes)
end

local function mutated(random)
  local text = RESPONSES[random(#RESPONSES)]
  for _ = 1, random(6) - 1 do
    local first = random(#text + 1)
    local last = math.min(#text, first + random(20) - 2)
    local way = random(5)
    local new = ''
    if way == 1 then
      new = string.char(random(256) - 1)
    elseif way <= 3 then
      new = TOKENS[random(#TOKENS)]
    elseif way == 4 then
      new = text:sub(first, last):rep(random(4))
    end
    text = text:sub(1, first - 1) .. new .. text:sub(last + 1)
  end
  return text
end

local function answer(n)
  local random = generator(SEED * 7919 + n)
  local bytes = random(8) == 1 and random_bytes(random) or mutated(random)
  return bytes, random(4), random(#bytes + 1)
end

local count = 0

local function serve(conn)
  if not conn:head() then
    return
  end
  count = count + 1
  local bytes, way, cut = answer(count)
  if way == 1 then -- in two pieces
    conn:send(bytes:sub(1, cut - 1))
    conn:sleep(1)
    conn:send(bytes:sub(cut))
  else
    conn:send(bytes)
  end
  if way == 2 then
    conn:reset()
  end
end

local function drop() end

local KINDS = {
  function(url, final) return curl.get(url, { timeout = 300 }, final) end,
  function(url, final) return curl.head(url, { timeout = 300 }, final) end,
  function(url, final) return curl.post(url, { timeout = 300, body = 'text' }, final) end,
  function(url, final)
    return curl.get(url, { timeout = 300, on_data = drop, on_response = function(res)
      return res.headers:all('content-length'), res.reason
    end }, final)
  end,
  function(url, final)
    return curl.get(url, { timeout = 300, max_body = 1000, redirects = 3,
      auth = { user = 'u', password = 'p', scheme = 'any' } }, final)
  end,
}

-- All that a script may look at.
local function look_at(err, res)
  if err then
    assert.is_string(err.name)
    assert.is_string(err.phase)
    return tostring(err)
  end
  for _ = 1, 2 do
    for name, value in res.headers:iter() do
      assert.is_nil((name .. value):find('[%z\r\n]'))
    end
  end
  return res.status, res.reason, res.trailers, res.history, res.informational, pcall(res.json, res)
end

describe('a server that answers anything', function()
  it(('%d times'):format(CONNECTIONS), function()
    print(('fuzz/server.lua: FUZZ_SEED=%d'):format(SEED))
    local ended = 0
    helper.run(function()
      local url = fault.serve(serve).url .. '/'
      local begun = 0
      local function start()
        begun = begun + 1
        local finals = 0
        KINDS[begun % #KINDS + 1](url, function(err, res)
          finals, ended = finals + 1, ended + 1
          local ok, why = pcall(look_at, err, res)
          if not ok or finals > 1 then
            helper.fail(('request %d: %s'):format(begun, tostring(why or 'a second end')))
          end
        end)
      end
      while ended < CONNECTIONS do
        while begun < CONNECTIONS and begun - ended < WIDTH do
          start()
        end
        helper.sleep(1)
      end
    end, DEADLINE)
    assert.equal(CONNECTIONS, ended)
    print(('%d requests, %d answers'):format(ended, count))
  end)
end)
