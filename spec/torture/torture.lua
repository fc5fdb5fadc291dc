-- Each scenario, with each allocation of luvcurl, of libcurl and of Lua failing in its turn: alone,
-- and with what follows it. No *_spec.lua, since it takes minutes and a host of its own:
--
--     luajit spec/run.lua --build build/asan --host lua5.4 --timeout 3600 spec/torture/torture.lua
--
-- TORTURE_STEP=n tries every n-th allocation only.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local scenarios = require 'spec.torture.scenarios'

local HOST = assert(os.getenv('LUVCURL_BUILD')) .. '/luvcurl_torture'
local STEP = tonumber(os.getenv('TORTURE_STEP') or 1)
local DEADLINE = 900000

-- Allocations that fail in a row, and how far one such row begins from the one before.
local ROWS = { { count = 1, step = 1 }, { count = 25, step = 7 } }

local ENVIRONMENT = {
  -- the last one as in tools/test.sh
  ASAN_OPTIONS = 'detect_leaks=1:abort_on_error=1:intercept_tls_get_addr=0',
  UBSAN_OPTIONS = 'print_stacktrace=1:halt_on_error=1',
  LSAN_OPTIONS = 'suppressions=spec/torture/lsan.supp:print_suppressions=0',
}

local total = { runs = 0, failed = 0 }

local function torture(scenario, owner, row)
  local result
  helper.run(function()
    result = child.run_file(scenario, { host = HOST, ms = DEADLINE, env = ENVIRONMENT,
      args = { owner, '1', tostring(row.step * STEP), tostring(row.count) } })
  end, DEADLINE)
  local runs, failed = result.out:match('^(%d+) runs, (%d+) allocations failed\n$')
  assert.same({ 0, 0, false, '' }, { result.code, result.signal, result.late, result.err })
  assert.is_true(tonumber(runs) > 0)
  total.runs, total.failed = total.runs + runs, total.failed + failed
end

describe('without memory', function()
  for _, owner in ipairs { 'own', 'curl', 'lua' } do
    for scenario, details in pairs(scenarios) do
      for _, row in ipairs(ROWS) do
        -- luvcurl's C side is made by some 4000 of Lua's allocations: two of three are left out.
        local sparse = { count = row.count,
          step = row.step * (owner == 'lua' and details.loads and 3 or 1) }
        it(('%s: allocations of %s, %d in a row'):format(scenario, owner, row.count), function()
          torture(scenario, owner, sparse)
        end)
      end
    end
  end

  teardown(function()
    print(('%d runs, %d allocations failed'):format(total.runs, total.failed))
  end)
end)
