-- The oldest versions are told in docs/PLATFORMS.md, and nowhere otherwise.

local process = require 'spec.support.process'

local ROOT = debug.getinfo(1, 'S').source:match('^@(.*)/spec/.*$')

local function text_of(path)
  return process.read_file(ROOT .. '/' .. path)
end

local function oldest(what)
  local version = text_of('docs/PLATFORMS.md'):match('\n| ' .. what .. ' | ([%d.]+) |')
  return (assert(version, what))
end

-- Where each is told, and by which pattern.
local PLACES = {
  libcurl = { { 'README.md', 'libcurl ([%d.]+) or newer' },
    { 'CMakeLists.txt', 'find_package%(CURL ([%d.]+) ' },
    { 'src/README.md', '\n([%d.]+) is the oldest' } },
  luv = { { 'README.md', 'luv ([%d.]+) or newer' }, { 'src/lua/host.cpp', 'luv ([%d.]+) or newer' },
    { 'rockspec/luvcurl-scm-1.rockspec', "'luv >= ([%d.]+)'" } },
  CMake = { { 'CMakeLists.txt', 'cmake_minimum_required%(VERSION ([%d.]+)%)' },
    { 'spec/hosts/luvi_like/CMakeLists.txt', 'cmake_minimum_required%(VERSION ([%d.]+)%)' } },
  Lua = { { 'rockspec/luvcurl-scm-1.rockspec', "'lua >= ([%d.]+)," } },
}

describe('the oldest', function()
  for what, places in pairs(PLACES) do
    it(what .. ' is the same everywhere', function()
      for _, place in ipairs(places) do
        assert.same({ place[1], oldest(what) }, { place[1], text_of(place[1]):match(place[2]) })
      end
    end)
  end

  it('CMake knows the presets', function()
    -- The third version of their format came with 3.21.
    assert.matches('"version": 3,', text_of('CMakePresets.json'))
    assert.equal('3.21', oldest('CMake'))
  end)
end)
