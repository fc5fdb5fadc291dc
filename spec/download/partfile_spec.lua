-- Short writes: a file that takes only a part of what it is given at once, as a full disk does
-- first. The file and its writes are real; only how much a write is given is made less.

local folder = require 'spec.support.folder'
local helper = require 'spec.support.helper'
local partfile = require 'luvcurl/download/partfile'
local task = require 'luvcurl/host/task'

--- Writes `pieces` into a new file, by writes of at most `most` bytes; returns what it has then.
local function written(pieces, most)
  local dir, over = folder.new(), nil
  task.run(function(work)
    local call = work.call
    function work:call(name, ...)
      if name ~= 'fs_write' then
        return call(self, name, ...)
      end
      local fd, given, at = ...
      return call(self, name, fd, table.concat(given):sub(1, most), at)
    end
    local part, err = partfile.open(work, dir:at('x'), false)
    err = err or part:append(pieces) or part:commit()
    return err, part.size
  end, function(...) over = { ... } end)
  helper.wait_for(function() return over end)
  assert.is_nil(over[1])
  assert.is_nil(over[2])
  local bytes = dir:read('x')
  assert.equal(#bytes, over[3])
  return bytes
end

describe('a file that takes a part only', function()
  it('gets the rest by further writes', function()
    helper.run(function()
      local pieces = { ('a'):rep(120), ('b'):rep(7), '', ('c'):rep(120), 'd' }
      local whole = table.concat(pieces)
      for _, most in ipairs { 1, 50, 119, 120, 121, 127, 128, 247, 248, 1000 } do
        assert.equal(whole, written(pieces, most))
      end
    end, 20000)
  end)
end)
