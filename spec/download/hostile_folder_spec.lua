-- Files that others have laid where a download looks for its own.

local curl = require 'luvcurl'
local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local versions = require 'spec.support.versions'

local uv = helper.uv
local OLD = versions.OLD
local whole, cut = versions.whole, versions.cut
local script, resume = versions.script, versions.resume
local assert_part, assert_whole = versions.assert_part, versions.assert_whole

local function runs(name, test)
  it(name, function() helper.run(function() test(folder.new()) end) end)
end

local function fifo(path)
  local status = os.execute(("mkfifo '%s'"):format(path))
  assert.is_true(status == 0 or status == true)
end

describe('the notes beside a part', function()
  -- To open one waits for somebody at its other end, in a thread of libuv's.
  runs('are none where there is a pipe', function(dir)
    local left = 8 -- more than libuv has threads
    for i = 1, left do
      dir:write(i .. '.part', 'abc')
      fifo(dir:at(i .. '.part.meta'))
      local server = script { whole(OLD) }
      curl.download(server.url .. '/f', dir:at(tostring(i)), { resume = true },
        helper.expect(1, function(err, res)
          assert.is_nil(err)
          assert.equal(0, res.resumed)
          left = left - 1
        end))
    end
    helper.wait_for(function() return left == 0 end)
    assert.is_true(dir:read('1') == OLD)
  end)

  runs('are none behind a link of either kind', function(dir)
    local elsewhere = folder.new():at('other')
    for _, link in ipairs { uv.fs_symlink, uv.fs_link } do
      local server = script { cut(whole(OLD), 40000), whole(OLD) }
      assert_part(server, dir, 40000)
      assert(uv.fs_rename(dir:at('x.part.meta'), elsewhere))
      assert(link(elsewhere, dir:at('x.part.meta')))
      local notes = process.read_file(elsewhere)
      local res, err = resume(server, dir)
      assert_whole(dir, res, err, OLD, 0)
      assert.equal(notes, process.read_file(elsewhere))
      uv.fs_unlink(dir:at('x'))
      uv.fs_unlink(elsewhere)
    end
  end)
end)

describe('a part', function()
  local function refused(name, pattern, lay)
    runs('is not taken for ours where it is ' .. name, function(dir)
      dir:write('victim', 'precious')
      lay(dir:at('x.part'), dir:at('victim'))
      local server = script { whole(OLD) }
      local _, err = resume(server, dir)
      assert.equal('WRITE_ERROR', err.name)
      assert.matches(pattern, err.message)
      assert.equal('precious', dir:read('victim'))
      assert.same({ 'victim', 'x.part' }, dir:names())
      assert.equal(0, #server.asked)
    end)
  end
  refused('a link', 'x%.part is no regular file but a link', function(path, victim)
    assert(uv.fs_symlink(victim, path))
  end)
  refused('a second name of a file', 'x%.part is a file of another name, too',
    function(path, victim) assert(uv.fs_link(victim, path)) end)
  refused('a pipe', 'x%.part is no regular file but a fifo', fifo)
  refused('a folder', 'x%.part is no regular file but a directory', function(path)
    assert(uv.fs_mkdir(path, 448))
  end)
end)
