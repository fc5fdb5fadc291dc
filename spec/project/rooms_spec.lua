-- The tool that keeps the rooms in their order: what it is to find, in a small project made for it.

-- It runs in a process of its own, whichever host asks: so once.
if os.getenv('LUVCURL_HOST') ~= 'luajit' or os.getenv('LUVCURL_ASAN')
  or os.getenv('LUVCURL_GC') then
  return
end

local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'

local uv = helper.uv
local ROOT = uv.cwd()

local FILES = {
  ['tools/rooms'] = '# low and high\n\nsrc/low\nsrc/high\n\nlua/luvcurl/base\nlua/luvcurl/top\n',
  ['src/low/low.h'] = 'class Low {\n};\n',
  ['src/high/high.h'] = '#include "low/low.h"\nclass High : public Low {\n};\n',
  ['lua/luvcurl/base/one.lua'] = 'return {}\n',
  ['lua/luvcurl/top/two.lua'] = "return require('luvcurl/base/one')\n",
}

-- A project that keeps the order, with some of its files changed.
local function project(changed)
  local made = folder.new()
  for _, dir in ipairs { 'tools', 'docs', 'src', 'src/low', 'src/high', 'lua', 'lua/luvcurl',
    'lua/luvcurl/base', 'lua/luvcurl/top' } do
    assert(uv.fs_mkdir(made:at(dir), tonumber('755', 8)))
    if dir:find '/[^/]*$' and dir ~= 'lua/luvcurl' then
      made:write(dir .. '/README.md', '# ' .. dir .. '\n')
    end
  end
  made:write('docs/rooms.svg', '<title>src/high&#45;&gt;src/low</title>\n'
    .. '<title>lua/luvcurl/top&#45;&gt;lua/luvcurl/base</title>\n')
  for name, text in pairs(FILES) do
    made:write(name, (changed or {})[name] or text)
  end
  for name, text in pairs(changed or {}) do
    made:write(name, text)
  end
  return made
end

local function check(made)
  local command = ("luajit '%s/tools/rooms.lua' check '%s' 2>&1; echo $?"):format(ROOT, made.path)
  local pipe = assert(io.popen(command))
  local said = pipe:read '*a'
  pipe:close()
  return said
end

local function assert_found(expected, changed)
  local said = check(project(changed))
  assert.truthy(said:find(expected, 1, true), said)
  assert.truthy(said:find '1\n$', said)
end

describe('the order of the rooms', function()
  it('is fine where it is kept', function()
    assert.equal('0\n', check(project()))
  end)

  it('is broken by an include that leads upwards', function()
    assert_found('src/low/low.cpp:2: src/low is below src/high (src/high/high.h)',
      { ['src/low/low.cpp'] = '\n#include "high/high.h"\n' })
  end)

  it('is broken by the mere name of a class from above', function()
    assert_found('src/low/low.h:1: src/low is below src/high',
      { ['src/low/low.h'] = 'class High;\nclass Low {\n};\n' })
    assert_found('src/low/low.h:2: src/low is below src/high',
      { ['src/low/low.h'] = 'class Low {\n  class High *high;\n};\n' })
  end)

  it('is broken by a require that leads upwards, a lazy one too', function()
    for _, by in ipairs { "require('%s')", "require '%s'", 'require "%s"', "lazy.call('%s')" } do
      local line = 'return ' .. by:format('luvcurl/top/two') .. '\n'
      assert_found('lua/luvcurl/base/one.lua:1: lua/luvcurl/base is below lua/luvcurl/top',
        { ['lua/luvcurl/base/one.lua'] = line })
    end
  end)

  it('is broken by what leads round inside a room', function()
    assert_found('lua/luvcurl/top/two.lua:1: leads round, back to lua/luvcurl/top/three.lua', {
      ['lua/luvcurl/top/two.lua'] = "return require('luvcurl/top/three')\n",
      ['lua/luvcurl/top/three.lua'] = "return require('luvcurl/top/two')\n",
    })
  end)

  it('has a place for every file', function()
    local made = project()
    assert(uv.fs_mkdir(made:at 'src/new', tonumber('755', 8)))
    made:write('src/new/new.cpp', '\n')
    local said = check(made)
    assert.truthy(said:find('src/new/new.cpp:1: is in no room', 1, true), said)
  end)

  it('is what the drawing shows', function()
    assert_found('docs/rooms.svg: does not show src/high->src/low',
      { ['docs/rooms.svg'] = '<title>lua/luvcurl/top&#45;&gt;lua/luvcurl/base</title>\n' })
    assert_found('docs/rooms.svg: shows src/high->src/low, which is no more',
      { ['src/high/high.h'] = 'class High {\n};\n' })
  end)

  it('is told by a short README of each room', function()
    assert_found('src/low/README.md: has more than 15 lines',
      { ['src/low/README.md'] = ('\n'):rep(16) })
  end)
end)
