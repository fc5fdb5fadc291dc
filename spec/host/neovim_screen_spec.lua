-- A progress bar does not draw over the screen of a Neovim that somebody looks at: shown by the
-- editor's own terminal, with a whole Neovim in it.

local helper = require 'spec.support.helper'

if not helper.nvim then
  return
end

local folder = require 'spec.support.folder'
local servers = require 'spec.support.servers'

local api, fn = vim.api, vim.fn -- luacheck: ignore

local COLUMNS, LINES = 80, 24
local TEXT = {}
for i = 1, LINES - 2 do
  TEXT[i] = ('line %d of the text'):format(i)
end

-- Reports on the last line how the download ended.
local DOWNLOAD = [[
  local curl = require 'luvcurl'
  local url, path, text = unpack(vim.split(vim.env.ARGUMENTS, '|'))
  vim.o.laststatus, vim.o.ruler, vim.o.showcmd = 2, false, false
  vim.cmd('silent edit ' .. text)
  vim.schedule(function()
    curl.download(url, path, { on_progress = curl.progress_bar() }, function(err)
      vim.api.nvim_buf_set_lines(0, 0, 1, false, { err and tostring(err) or 'downloaded' })
    end)
  end)
]]

-- Runs a Neovim in a terminal of this one's; returns a function that tells what it shows.
local function terminal(script, arguments)
  vim.o.columns, vim.o.lines = COLUMNS, LINES + 6 -- luacheck: ignore
  api.nvim_command('tabnew')
  api.nvim_command('belowright new')
  api.nvim_command('resize ' .. LINES)
  assert.equal(LINES, api.nvim_win_get_height(0))
  local buffer = api.nvim_get_current_buf()
  local job = fn.termopen({ 'nvim', '-u', 'NONE', '-i', 'NONE', '-n', '-c', 'luafile ' .. script },
    { env = { ARGUMENTS = arguments, TERM = 'xterm',
      LD_PRELOAD = os.getenv('LUVCURL_PRELOAD') or '' } })
  assert(job > 0)
  helper.defer(function()
    fn.jobstop(job)
    fn.jobwait({ job }, 10000)
    api.nvim_buf_delete(buffer, { force = true })
    api.nvim_command('silent! tabonly!')
  end)
  return function()
    return api.nvim_buf_get_lines(buffer, 0, -1, false)
  end
end

it('a progress bar is told among the messages, and what was on the screen stays', function()
  local dir = folder.new()
  local function write(name, text)
    local file = assert(io.open(dir:at(name), 'w'))
    file:write(text)
    file:close()
    return dir:at(name)
  end
  local shown = terminal(write('script.lua', DOWNLOAD), table.concat({
    servers.nginx.url .. '/1m?rate=2m', dir:at('file'), write('text', table.concat(TEXT, '\n')),
  }, '|'))
  helper.wait_for(function() return shown()[1] == 'downloaded' end, nil, function()
    return table.concat(shown(), '\n')
  end)
  helper.wait_for(function() return (shown()[LINES] or ''):find('1m', 1, true) end, nil, function()
    return table.concat(shown(), '\n')
  end)
  local lines = shown()
  for i = 2, LINES - 2 do
    assert.equal(TEXT[i], lines[i])
  end
end)
