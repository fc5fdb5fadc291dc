-- The examples in docs/ do what they assert, each as a script of its own.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'
local servers = require 'spec.support.servers'

local PRELUDE = "local curl = require 'luvcurl'; local url = %q; (function()\n%s\nend)(); "
  .. "io.stdout:write('fine')"

local function examples(path)
  local list = {}
  for block in process.read_file(path):gmatch('```lua\n(.-)```') do
    list[#list + 1] = block
  end
  return list
end

for _, page in ipairs { 'TOGETHER.md' } do
  describe('docs/' .. page, function()
    local list = examples('docs/' .. page)

    it('has examples', function()
      assert.is_true(#list > 0)
    end)

    for i, block in ipairs(list) do
      it(('example %d'):format(i), function()
        helper.run(function()
          local result = child.run(PRELUDE:format(servers.nginx.url, block))
          assert.matches('fine$', result.out, block .. result.err)
          assert.equal(0, result.code, result.err)
        end, child.DEADLINE)
      end)
    end
  end)
end
