-- What the network may do wrong, at every stage where it can: a table of faults, and what each
-- comes to. docs/FAULTS.md is written from it, and this fails when the two differ:
--
--     LUVCURL_WRITE_FAULTS=1 luajit spec/run.lua spec/fault_table_spec.lua     writes it anew

local document = require 'spec.support.faults.document'
local runner = require 'spec.support.faults.runner'

--- Milliseconds. A fault that holds the loop does so for as long as it lasts, which is longer.
local HELD = 500

local GROUPS = {
  require 'spec.support.faults.connect',
  require 'spec.support.faults.http1_cuts',
  require 'spec.support.faults.http1_speech',
  require 'spec.support.faults.redirects',
  require 'spec.support.faults.encodings',
}

-- A busy machine may hold a loop, too, but hardly twice: then it is the fault.
local function run_unheld(group)
  local outcomes, held = runner.run(group.rows)
  if held > HELD then
    local again
    outcomes, again = runner.run(group.rows)
    held = math.min(held, again)
  end
  assert.is_true(held <= HELD, ('the loop was held for %.0f ms'):format(held))
  return outcomes
end

describe('every fault comes to its end:', function()
  for _, group in ipairs(GROUPS) do
    it(group.title, function()
      local expected, seen = {}, {}
      for i, outcome in ipairs(run_unheld(group)) do
        local row = group.rows[i]
        local line = ('%s, %s: '):format(row.stage, row.fault)
        for _, style in ipairs { 'callback', 'stream' } do
          expected[#expected + 1] = line .. row.outcome
          seen[#seen + 1] = line .. outcome[style]
        end
      end
      for i = #expected, 1, -1 do -- what is left is what differs
        if expected[i] == seen[i] then
          table.remove(expected, i)
          table.remove(seen, i)
        end
      end
      assert.same(expected, seen)
    end)
  end
end)

describe('docs/FAULTS.md', function()
  it('says so', function()
    assert.is_true(document.agrees(GROUPS))
  end)
end)
