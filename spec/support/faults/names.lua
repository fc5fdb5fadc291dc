-- A name server that says nothing for 3 s, in a process of its own.

local slow_lookup = require 'spec.support.slow_lookup'

local rows = {
  { stage = 'name', fault = 'silent, cancelled after 50 ms',
    outcome = 'ABORTED_BY_CALLBACK resolve',
    cancel = '50', timeout = '' },
  { stage = 'name', fault = 'silent, with a timeout of 200 ms',
    outcome = 'OPERATION_TIMEDOUT resolve', cancel = '', timeout = '200' },
  { stage = 'name', fault = 'silent, then an error', outcome = 'COULDNT_RESOLVE_HOST resolve',
    cancel = '', timeout = '' },
}

return {
  title = 'A name server that is slow',
  rows = rows,
  run = function()
    local outcomes, held = {}, 0
    for i, row in ipairs(rows) do
      local _, err, _, longest = slow_lookup.run(row.cancel, row.timeout)
      local outcome = err.name .. ' ' .. err.phase
      outcomes[i] = { callback = outcome, stream = outcome }
      held = math.max(held, longest)
    end
    slow_lookup.clean()
    return outcomes, held
  end,
}
