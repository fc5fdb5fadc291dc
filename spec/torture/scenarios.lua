-- Small scripts, each run once for every allocation that it makes. `run` starts requests by
-- begin(number, function(final) … end): `calls` is how many, and `final` the callback of each.

local scenarios = {}

--- The module is loaded while memory is short; `loads` keeps it from being there already.
scenarios.load = { calls = 1, loads = true, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, function(final) curl.get(servers.nginx.url .. '/small', final) end)
end }

scenarios.get = { calls = 2, run = function(begin, servers)
  local curl = require 'luvcurl'
  local url = servers.nginx.url
  begin(1, function(final) curl.get(url .. '/small', final) end)
  begin(2, function(final)
    curl.get(url .. '/json', { query = { a = { '1', 'x y' } }, headers = { x_long = ('y'):rep(99) },
      timeout = 5000, first_byte = 4000, idle = 4000 }, function(err, res)
      final(err, res)
      if res then
        tostring(res.headers['content-type'])
        res:json()
        res:info('total_time_t')
      end
    end)
  end)
end }

scenarios.hooks = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, function(final)
    curl.get(servers.nginx.url .. '/text', {
      on_response = function(res) return res.status, res.headers['content-type'] end,
      on_data = function() end,
      on_progress = function(progress) return progress.down end,
    }, final)
  end)
end }

-- In a coroutine: what ends its body early is as good as a final callback. (A stream that nobody
-- reads on then ends by its timeout, if the collector is not earlier.)
local function task(final, body)
  coroutine.wrap(function()
    final(select(2, pcall(body)))
  end)()
end

scenarios.stream = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, task, function()
    local res = assert(curl.stream(servers.nginx.url .. '/text',
      { high_water = 1000, timeout = 3000 }))
    local size = 0
    for chunk in res:chunks() do
      size = size + #chunk
      res.transfer:pause()
      res.transfer:resume()
    end
  end)
end }

scenarios.coroutine = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, task, function()
    assert(curl.get(servers.nginx.url .. '/small'))
    assert(curl.head(servers.nginx.url .. '/small'))
  end)
end }

scenarios.post_json = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, function(final)
    curl.post(servers.nginx.url .. '/sink', { json = { a = { 1, 2, 'three' } },
      auth = 'user:password' }, final)
  end)
end }

scenarios.multipart = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  local left = 3
  begin(1, function(final)
    curl.post(servers.nginx.url .. '/sink', { multipart = {
      { name = 'text', data = 'some text of a part that is longer than short' },
      { name = 'file', data = ('x'):rep(1000), filename = 'x.bin', type = 'text/x-many-x',
        headers = { x_part = 'yes, and quite long too' } },
      { name = 'stream', body = function()
        left = left - 1
        return left > 0 and ('z'):rep(300) or nil
      end, filename = 'z.bin' },
    } }, final)
  end)
end }

scenarios.upload = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  local left = 5
  begin(1, function(final)
    curl.put(servers.nginx.url .. '/dav/torture', { body = function()
      left = left - 1
      return left > 0 and ('u'):rep(40000) or nil
    end }, final)
  end)
end }

scenarios.cancel = { calls = 3, run = function(begin, servers)
  local curl = require 'luvcurl'
  local url = servers.nginx.url .. '/slow'
  local first = begin(1, function(final) return curl.get(url, { timeout = 500 }, final) end)
  begin(2, function(final)
    local t
    t = curl.get(url, { timeout = 500, on_data = function() t:cancel() end }, final)
  end)
  begin(3, function(final)
    curl.get(url, { on_response = function() first:cancel() end, timeout = 50 }, final)
  end)
end }

scenarios.redirect = { calls = 2, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, function(final)
    curl.get(servers.nginx.url .. '/to/302/other', { auth = 'user:password',
      headers = { authorization_too = 'a secret of some length', cookie = 'a=b' } },
      function(err, res)
        final(err, res)
        return res and res.history
      end)
  end)
  begin(2, function(final)
    curl.post(servers.nginx.url .. '/to/303/echo', { body = 'text' }, final)
  end)
end }

scenarios.close = { calls = 3, run = function(begin, servers)
  local curl = require 'luvcurl'
  local m = curl.Multi:new { max_concurrent = 2 }
  for i = 1, 3 do
    begin(i, function(final)
      m:add({ url = servers.nginx.url .. '/slow', timeout = 500 }, final)
    end)
  end
  local uv = require 'luv'
  local timer = uv.new_timer()
  timer:start(20, 0, function()
    timer:close()
    -- Closing may be refused for want of memory, and is then asked for again.
    if not pcall(m.close, m) then
      m:close()
    end
  end)
end }

-- Before any response is there: what an error says is looked up then.
scenarios.close_early = { calls = 3, run = function(begin, servers)
  local curl = require 'luvcurl'
  local m = curl.Multi:new { max_concurrent = 2 }
  for i = 1, 3 do
    begin(i, function(final) m:add(servers.nginx.url .. '/small', final) end)
  end
  local uv = require 'luv'
  local check = uv.new_check()
  check:start(function()
    check:close()
    if not pcall(m.close, m) then
      m:close()
    end
  end)
end }

scenarios.limits = { calls = 4, run = function(begin, servers)
  local curl = require 'luvcurl'
  local m = curl.Multi:new { max_host_connections = 1 }
  for i = 1, 4 do
    local server = i % 2 == 0 and servers.nginx.url or servers.nginx.other_url
    begin(i, function(final) m:add(server .. '/small', final) end)
  end
end }

scenarios.failures = { calls = 4, run = function(begin, servers)
  local curl = require 'luvcurl'
  local url = servers.nginx.url
  begin(1, function(final) curl.get('http://127.0.0.1:1/', final) end)
  begin(2, function(final) curl.get(url .. '/text', { max_body = 100 }, final) end)
  begin(3, function(final) curl.get(url .. '/slow', { first_byte = 5000, timeout = 30 }, final) end)
  begin(4, function(final)
    curl.get(url .. '/text', { on_data = function() error('a fault of the script') end }, final)
  end)
end }

scenarios.session = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  begin(1, task, function()
    local session = curl.session { base_url = servers.nginx.url .. '/',
      options = { cookiefile = '' }, headers = { x_all = 'in every request of this session' } }
    assert(session:get('cookies/set'))
    assert(session:get('cookies'))
  end)
end }

scenarios.http2 = { calls = 3, run = function(begin, servers)
  local curl = require 'luvcurl'
  local tls = { ca_file = servers.certs.ca }
  local url = servers.nginx.tls_url .. '/text'
  -- COMPAT libcurl 7.88: without memory for a header a stream may stall, until it times out.
  for i = 1, 3 do
    begin(i, function(final) curl.get(url, { tls = tls, timeout = 3000 }, final) end)
  end
end }

scenarios.resolve = { calls = 1, run = function(begin, servers)
  local curl = require 'luvcurl'
  local url = ('http://localhost:%s/small'):format(servers.nginx.url:match('%d+$'))
  begin(1, function(final) curl.get(url, final) end)
end }

return scenarios
