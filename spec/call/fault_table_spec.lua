-- What the network may do wrong, at every stage where it can: a table of faults, and what each
-- comes to. docs/FAULTS.md is written from it, and this fails when the two differ; `make faults`
-- writes it anew.

-- It takes long, and what is tried is beneath Lua: so in LuaJIT, in Neovim, and in the Lua of the
-- leak checker.
if not ({ luajit = true, nvim = true })[os.getenv('LUVCURL_HOST')]
  and not os.getenv('LUVCURL_ASAN') then
  return
end

local library = require 'luvcurl/host/library'
local document = require 'spec.support.faults.document'
local elsewhere = require 'spec.support.faults.elsewhere'
local runner = require 'spec.support.faults.runner'

--- Milliseconds. A fault that holds the loop does so for as long as it lasts, which is longer.
local HELD = os.getenv('LUVCURL_ASAN') and 3000 or 500

--- The libcurl that docs/FAULTS.md is of: 7.88, as library.number has it.
local DOCUMENTED = 7088

local GROUPS = {}
for _, name in ipairs { 'names', 'connect', 'tls', 'http1_cuts', 'http1_speech', 'http2', 'reuse',
  'redirects', 'encodings' } do
  local group = require('spec.support.faults.' .. name)
  for _, each in ipairs(group.rows and { group } or group) do
    GROUPS[#GROUPS + 1] = each
  end
end

-- A busy machine may hold a loop, too, but hardly twice: then it is the fault.
local function run_unheld(group)
  local run = group.run or runner.run
  local outcomes, held = run(group.rows)
  if held > HELD then
    local again
    outcomes, again = run(group.rows)
    held = math.min(held, again)
  end
  assert.is_true(held <= HELD, ('the loop was held for %.0f ms'):format(held))
  return outcomes
end

-- Over HTTP/2, libcurl 7.88 drops the headers of a stream that fails before it was told of them:
-- when they come together, as for a slow client, that is "wait" instead of "body".
local function is_as_said(group, row, outcome)
  local expected = row.outcome
  if library.number ~= DOCUMENTED then
    for _, other in ipairs(elsewhere[row.stage .. ', ' .. row.fault] or {}) do
      if outcome == other then
        return true
      end
    end
  end
  if outcome == expected or not group.title:find('^HTTP/2') then
    return outcome == expected
  end
  return outcome:gsub(' wait$', ' body'):gsub('^GOT_NOTHING', 'PARTIAL_FILE') == expected
end

-- What each row was to come to and what it came to, where the two differ.
local function differences(group, outcomes)
  local rows = group.rows
  local expected, seen = {}, {}
  for i, row in ipairs(rows) do
    for _, style in ipairs { 'callback', 'stream' } do
      if not is_as_said(group, row, outcomes[i][style]) then
        local line = ('%s, %s (%s): '):format(row.stage, row.fault, style)
        expected[#expected + 1] = line .. row.outcome
        seen[#seen + 1] = line .. outcomes[i][style]
      end
    end
  end
  return expected, seen
end

describe('every fault comes to its end:', function()
  for _, group in ipairs(GROUPS) do
    it(group.title, function()
      assert.same(differences(group, run_unheld(group)))
    end)
  end
end)

describe('docs/FAULTS.md', function()
  it('says so', function()
    local root = debug.getinfo(1, 'S').source:match('^@(.*)/spec/.*$')
    local text = document.render(GROUPS)
    local committed = document.committed(root, text):gmatch('[^\n]*')
    for line in text:gmatch('[^\n]*') do
      assert.equal(line, committed())
    end
    assert.is_nil(committed())
  end)
end)
