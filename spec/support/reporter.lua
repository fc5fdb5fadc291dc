-- Prints what busted finds, and writes it line by line to the file the runner reads, so that a host
-- that crashes still tells in which test:
--     start <name> | pass <ms> <name> | fail <name> | done

local reporter = {}

local function full_name(busted, element)
  local names = {}
  while element and element.descriptor ~= 'file' do
    names[#names + 1] = element.name or nil
    element = busted.context.parent(element)
  end
  local last = #names
  for i = 1, math.floor(last / 2) do
    names[i], names[last + 1 - i] = names[last + 1 - i], names[i]
  end
  return (table.concat(names, ' '):gsub('%s+', ' '))
end

local function show(message, trace)
  io.stdout:write('    ', (tostring(message):gsub('\n', '\n    ')), '\n')
  if trace and trace.traceback and os.getenv('LUVCURL_VERBOSE') then
    io.stdout:write('    ', (trace.traceback:gsub('\n', '\n    ')), '\n')
  end
  io.stdout:flush()
end

--- Subscribes to a busted core.
---@param busted table
---@param path string result file
---@return { passed: integer, failed: integer, finish: fun() }
function reporter.attach(busted, path)
  local result = { passed = 0, failed = 0 }
  local out = assert(io.open(path, 'w'))
  local failing -- of the test that runs: it failed already, by an error that came before its end

  local function note(...)
    out:write(table.concat({ ... }, '\t'), '\n')
    out:flush()
  end

  local function failed(name)
    result.failed = result.failed + 1
    note('fail', name)
    io.stdout:write('FAIL ', name, '\n')
  end

  busted.subscribe({ 'test', 'start' }, function(element)
    failing = false
    note('start', full_name(busted, element))
    return nil, true
  end)

  busted.subscribe({ 'test', 'end' }, function(element, _, status)
    local name = full_name(busted, element)
    if status == 'success' then
      result.passed = result.passed + 1
      note('pass', ('%.1f'):format((element.duration or 0) * 1000), name)
    elseif not failing then
      -- 'pending' too: a spec that is not run proves nothing.
      failed(name .. (status == 'pending' and ' (pending)' or ''))
    end
    return nil, true
  end)

  local function problem(element, _, message, trace)
    failing = element.descriptor == 'it'
    local name = full_name(busted, element)
    failed(failing and name or ('%s: %s'):format(element.descriptor or 'error',
      element.descriptor == 'file' and element.name or name))
    show(message, trace)
    return nil, true
  end
  busted.subscribe({ 'failure' }, problem)
  busted.subscribe({ 'error' }, problem)

  function result.finish()
    note('done')
    out:close()
  end
  return result
end

return reporter
