-- The kinds of requests of a soak. Each function starts one and has `done(err)` called when it has
-- ended: an err is what should not have been.

local luvcurl = require 'luvcurl'
local uv = require 'luv'

---@param servers table see spec/support/servers.lua
---@param faults table<string, string> URLs of the fault servers
---@return (fun(done: fun(err: any), n: integer))[]
return function(servers, faults)
  local nginx = servers.nginx
  local all = luvcurl.session() -- so that its connections end with it
  local curl = setmetatable({ Multi = luvcurl.Multi, session = luvcurl.session }, {
    __index = function(_, verb)
      return function(...)
        return all[verb](all, ...)
      end
    end,
  })
  local tls = { ca_file = servers.certs.ca }
  local kinds = {}

  local function body_of(done, wanted)
    return function(err, res)
      done(err or res.body ~= wanted and 'wrong body: ' .. res.body or nil)
    end
  end

  local function fails_with(done, ...)
    local names = { ... }
    return function(err)
      for _, name in ipairs(names) do
        if err and err.name == name then
          return done()
        end
      end
      done(('wanted %s, got %s'):format(table.concat(names, ' or '), tostring(err)))
    end
  end

  local function either(done)
    return function() done() end
  end

  local function later(ms, action)
    local timer = uv.new_timer()
    timer:start(ms, 0, function()
      timer:close()
      action()
    end)
  end

  function kinds.get(done)
    curl.get(nginx.url .. '/small', body_of(done, 'hello world\n'))
  end

  function kinds.get_with_query(done, n)
    curl.get(nginx.url .. '/small', { query = { n = n % 3000 }, headers = { x_n = n % 100 } },
      body_of(done, 'hello world\n'))
  end

  function kinds.get_16k(done)
    curl.get(nginx.url .. '/16k', function(err, res)
      done(err or #res.body ~= 16384 and 'wrong size' or nil)
    end)
  end

  function kinds.post(done, n)
    curl.post(nginx.url .. '/sink', { body = ('x'):rep(n % 5000) },
      body_of(done, ('swallowed %d\n'):format(n % 5000)))
  end

  function kinds.post_json(done, n)
    curl.post(nginx.url .. '/sink', { json = { n = n } }, done)
  end

  function kinds.multipart(done)
    curl.post(nginx.url .. '/sink', { multipart = { a = 'one', b = 'two' } }, done)
  end

  function kinds.upload(done, n)
    local left = n % 5
    curl.post(nginx.url .. '/sink', { body = function()
      left = left - 1
      return left >= 0 and ('u'):rep(3000) or nil
    end }, done)
  end

  function kinds.gzip(done)
    curl.get(nginx.url .. '/text', function(err, res)
      done(err or #res.body ~= 44000 and 'wrong size' or nil)
    end)
  end

  function kinds.redirects(done)
    curl.get(nginx.url .. '/redirect/3', body_of(done, 'arrived\n'))
  end

  function kinds.https(done)
    curl.get(nginx.tls_url .. '/small', { tls = tls }, body_of(done, 'hello world\n'))
  end

  function kinds.https_1(done)
    curl.get(nginx.tls_http1_url .. '/small', { tls = tls }, body_of(done, 'hello world\n'))
  end

  function kinds.no_reuse(done)
    curl.get(nginx.url .. '/small', { options = { forbid_reuse = true } },
      body_of(done, 'hello world\n'))
  end

  function kinds.part_of_a_stream(done, n)
    coroutine.wrap(function()
      local res, err = curl.stream(nginx.url .. '/1m', { high_water = 20000 })
      if not res then
        return done(err)
      end
      for _ = 1, n % 4 do
        res:read(1000)
      end
      res:close()
      done()
    end)()
  end

  function kinds.cancelled_at_once(done)
    curl.get(nginx.url .. '/small', fails_with(done, 'ABORTED_BY_CALLBACK')):cancel()
  end

  function kinds.cancelled(done, n)
    local t = curl.get(nginx.url .. '/1m', either(done))
    later(n % 7, function() t:cancel() end)
  end

  function kinds.timed_out(done, n)
    curl.get(faults.silent, { timeout = 1 + n % 10 }, fails_with(done, 'OPERATION_TIMEDOUT'))
  end

  function kinds.refused(done)
    curl.get(faults.refused, fails_with(done, 'COULDNT_CONNECT'))
  end

  function kinds.reset(done)
    curl.get(faults.reset, fails_with(done, 'RECV_ERROR', 'GOT_NOTHING', 'SEND_ERROR'))
  end

  function kinds.truncated(done)
    curl.get(faults.truncated, fails_with(done, 'PARTIAL_FILE'))
  end

  function kinds.garbage(done)
    curl.get(faults.garbage, fails_with(done, 'UNSUPPORTED_PROTOCOL', 'WEIRD_SERVER_REPLY',
      'RECV_ERROR', 'HTTP2'))
  end

  function kinds.too_large(done)
    curl.get(nginx.url .. '/16k', { max_body = 1000 }, fails_with(done, 'FILESIZE_EXCEEDED'))
  end

  function kinds.error_in_callback(done)
    curl.get(nginx.url .. '/small', { on_data = function() error('a fault of the script') end },
      fails_with(done, 'ABORTED_BY_CALLBACK'))
  end

  function kinds.session(done)
    coroutine.wrap(function()
      local session = curl.session { base_url = nginx.url .. '/', options = { cookiefile = '' } }
      local _, err = session:get('cookies/set')
      local res, err_too = session:get('cookies')
      done(err or err_too or res.status ~= 200 and 'no cookies' or nil)
    end)()
  end

  function kinds.multi_of_its_own(done)
    curl.Multi:new():add(nginx.url .. '/small', body_of(done, 'hello world\n'))
  end

  function kinds.multi_closed(done)
    local m = curl.Multi:new { max_concurrent = 1 }
    m:add(nginx.url .. '/slow', either(function() end))
    m:add(nginx.url .. '/small', fails_with(done, 'ABORTED_BY_CALLBACK'))
    later(1, function() m:close() end)
  end

  function kinds.coroutine_that_dies(done)
    coroutine.wrap(function()
      curl.get(nginx.url .. '/small', { on_response = function() error('dies while it waits') end })
      done()
    end)()
  end

  -- Nobody resumes it, or has it any more, when its answer comes.
  function kinds.coroutine_nobody_has(done)
    local co = coroutine.create(function()
      curl.stream(nginx.url .. '/small', function() done() end)
      coroutine.yield()
    end)
    assert(coroutine.resume(co))
  end

  return kinds
end
