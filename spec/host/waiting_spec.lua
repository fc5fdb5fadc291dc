-- Waiting where it cannot go well: in a generator, whose caller is given nothing while it waits,
-- and beneath pcall in PUC Lua 5.1, which cannot yield there.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local PRELUDE = [[
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local curl = require 'luvcurl'
local url = arg[1]
local function run(ms)
  if vim then
    vim.wait(ms, function() end, 5)
  elseif not package.loaded.uv or package.loaded.luv then
    uv.run()
  end
end
]]

local function run(script)
  local result
  helper.run(function()
    result = child.run(PRELUDE .. script, { args = { servers.nginx.url .. '/small' } })
  end, child.DEADLINE)
  return result
end

describe('a generator that makes a request', function()
  it('is told of, instead of ending in silence', function()
    local result = run [[
      local pages = coroutine.wrap(function()
        for _ = 1, 3 do
          coroutine.yield(assert(curl.get(url)))
        end
      end)
      for page in pages do
        io.stdout:write(page.status, '\n')
      end
      run(1000)
    ]]
    assert.equal('', result.out)
    assert.matches('has yielded table, and nobody is there to take it', result.err, 1, true)
    assert.equal(0, result.signal)
    if helper.host ~= 'nvim' then
      assert.equal(255, result.code) -- as for every error in a callback of luv's
    end
  end)

  it('may yield nothing: who resumes it knows why', function()
    local result = run [[
      local co
      co = coroutine.create(function()
        assert(curl.get(url))
        coroutine.yield()
        io.stdout:write('resumed\n')
      end)
      assert(coroutine.resume(co))
      run(1000)
      local timer = uv.new_timer()
      timer:start(300, 0, function()
        timer:stop()
        assert(coroutine.resume(co))
      end)
      run(1000)
    ]]
    assert.same({ 0, 0, '', 'resumed\n' },
      { result.code, result.signal, result.err, result.out })
  end)
end)

describe('pcall(curl.get, url) in a coroutine', function()
  it('waits, or raises and wakes nothing afterwards', function()
    local result = run [[
      local co
      co = coroutine.create(function()
        local ok, err = pcall(curl.get, url)
        io.stdout:write(ok and 'waited' or tostring(err):match('attempt to yield'), '\n')
        io.stdout:write('got ', tostring(coroutine.yield()), '\n')
      end)
      assert(coroutine.resume(co))
      run(1000)
      local timer = uv.new_timer()
      timer:start(300, 0, function()
        timer:stop()
        assert(coroutine.resume(co, 'what was meant'))
      end)
      run(1000)
    ]]
    local first = helper.host == 'lua5.1' and 'attempt to yield' or 'waited'
    assert.same({ 0, 0, '', first .. '\ngot what was meant\n' },
      { result.code, result.signal, result.err, result.out })
  end)
end)

-- luvi's loop runs by itself, and Neovim's; that does not close its Lua state either.
if helper.host:match('^lua') and helper.host ~= 'luvi' then
  describe('a script that does not run the loop', function()
    it('is told when it ends', function()
      assert.matches('^luvcurl: 1 transfer never began: the script ended without running the loop',
        run('curl.get(url, function() end)').err)
      assert.matches('^luvcurl: 3 transfers never began', run([[
        for _ = 1, 3 do
          coroutine.wrap(function() curl.get(url) end)()
        end
      ]]).err)
    end)

    it('is told nothing where it did, or where nothing is left to be run', function()
      assert.equal('', run('curl.get(url, function() os.exit(0, true) end) run(1000)').err)
      assert.equal('', run('curl.get(url, function() end):cancel() uv.run()').err)
      assert.equal('', run('curl.get(url, function() end):unref()').err)
      assert.equal('', run('curl.Multi:new()').err)
    end)
  end)
end
