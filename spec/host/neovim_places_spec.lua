-- Where users of Neovim call from: mappings, autocommands, the command line, timers. And its end.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local Editor = require 'spec.support.editor'
local child = require 'spec.support.child'
local servers = require 'spec.support.servers'

local small = servers.nginx.url .. '/small'

-- Notes what a call gave, and that vim.api may be used after it.
local PRELUDE = [[
  url = ...
  curl = require 'luvcurl'
  seen = {}
  function note(res, err)
    vim.api.nvim_command('let g:luvcurl_spec = 1')
    seen[#seen + 1] = res and res.body or tostring(err)
  end
]]

local function editor_with(source)
  local editor = Editor.open()
  editor:lua(PRELUDE .. (source or ''), small)
  return editor
end

local function sees(editor, count)
  editor:wait_for(('return #seen >= %d'):format(count))
  assert.same({ ('hello world\n'):rep(count), '' },
    { editor:lua [[ return table.concat(seen) ]], editor.err })
end

describe('a call that waits works in', function()
  it('a mapping', function()
    local editor = editor_with [[
      vim.api.nvim_set_keymap('n', 'X', '<Cmd>lua note(curl.get(url))<CR>', {})
      vim.api.nvim_set_keymap('i', '<F2>', '<Cmd>lua note(curl.get(url))<CR>', {})
    ]]
    editor:type('X')
    sees(editor, 1)
    editor:type('i<F2>')
    sees(editor, 2)
  end)

  it('an autocommand', function()
    local editor = editor_with [[ vim.cmd('autocmd User Spec lua note(curl.get(url))') ]]
    editor:type(':doautocmd User Spec<CR>')
    sees(editor, 1)
  end)

  it('an expression, where text may not be changed', function()
    local editor = editor_with [[
      function expression()
        seen[#seen + 1] = curl.get(url).body
        return 'x'
      end
      vim.cmd('inoremap <expr> <F3> v:lua.expression()')
    ]]
    editor:type('i<F3>')
    sees(editor, 1)
  end)

  it('a scheduled function', function()
    local editor = editor_with [[ vim.schedule(function() note(curl.get(url)) end) ]]
    sees(editor, 1)
  end)
end)

it('callbacks come while a command line is being typed', function()
  local editor = editor_with()
  editor:type(':echo ')
  editor:begin [[ curl.get(url, function(err, res) note(res, err) end) ]]
  sees(editor, 1)
  editor:type('<Esc>')
end)

it('a timer of luv may start what calls back where vim.api may be used, but cannot wait', function()
  local editor = editor_with [[
    local timer = vim.loop.new_timer()
    timer:start(1, 0, function()
      timer:close()
      local ok, why = pcall(curl.get, url)
      refused = not ok and why
      curl.get(url, function(err, res) note(res, err) end)
      coroutine.wrap(function() note(curl.get(url)) end)()
    end)
  ]]
  sees(editor, 2)
  assert.matches('inside a luv callback pass a callback', editor:lua [[ return refused ]])
end)

it('vim.wait around a call with a callback lets it end', function()
  local editor = editor_with()
  editor:lua [[
    curl.get(url, function(err, res) note(res, err) end)
    waited = vim.wait(20000, function() return #seen == 1 end, 5)
  ]]
  assert.is_true(editor:lua [[ return waited ]])
end)

it('a fast and an ordinary Multi that end together are each told once', function()
  local editor = editor_with [[
    local fast, ordinary = curl.Multi:new { fast = true }, curl.Multi:new()
    told = { fast = 0, ordinary = 0 }
    for _ = 1, 20 do
      fast:add(url, function(err)
        told.fast = told.fast + (err == nil and vim.in_fast_event() and 1 or 100)
      end)
      ordinary:add(url, function(err)
        told.ordinary = told.ordinary + (err == nil and not vim.in_fast_event() and 1 or 100)
      end)
    end
  ]]
  editor:wait_for [[ return told.fast >= 20 and told.ordinary >= 20 ]]
  assert.same({ fast = 20, ordinary = 20 }, editor:lua [[ return told ]])
end)

it('Neovim may leave while there is something to tell', function()
  for _, how in ipairs { 'qa!', 'cquit 0' } do
    local result
    helper.run(function()
      result = child.run([[
        local curl = require 'luvcurl'
        for i = 1, 50 do
          curl.get(arg[1], function() end)
          coroutine.wrap(function() curl.get(arg[1]) end)()
        end
        local multi, left = curl.Multi:new { fast = true }, false
        multi:add(arg[1], function()
          vim.schedule(function()
            if not left then
              left = true
              vim.cmd(arg[2])
            end
          end)
        end)
        vim.wait(20000, function() return false end, 5)
      ]], { args = { small, how } })
    end, child.DEADLINE)
    assert.same({ 0, 0, '' }, { result.code, result.signal, result.err })
  end
end)
