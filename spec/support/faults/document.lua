-- docs/FAULTS.md, from the tables of faults.

local process = require 'spec.support.process'

local document = {}

local INTRO = [[
# What becomes of every fault

Written by `spec/call/fault_table_spec.lua` from what it sees; it fails when this page says
otherwise. Each fault is made on loopback by a server that does just that, and met twice: by a
request with a callback and by a stream that is read to its end. Both come to the same end, exactly
once, while a timer on the same loop goes on ticking.

An outcome is `err.name` and `err.phase`, or the status of a response where libcurl finds nothing
wrong. "Silent" and "a byte a second" last until the request's timeout.
]]

local function outcome(text)
  local name, phase = text:match('^(%u%S*) (%l+)$')
  return name and ('`%s` %s'):format(name, phase) or text
end

local function line(cells)
  return '| ' .. table.concat(cells, ' | ') .. ' |'
end

local function head(lines, cells)
  lines[#lines + 1] = line(cells)
  lines[#lines + 1] = '|' .. ('---|'):rep(#cells)
end

-- A column for each fault, a line for each stage.
local function matrix(group, lines)
  local cells, stages = { 'stage' }, {}
  for _, name in ipairs(group.columns) do
    cells[#cells + 1] = name
  end
  head(lines, cells)
  for _, row in ipairs(group.rows) do
    if not stages[row.stage] then
      stages[#stages + 1] = row.stage
      stages[row.stage] = {}
    end
    stages[row.stage][row.fault] = outcome(row.outcome)
  end
  for _, stage in ipairs(stages) do
    cells = { stage }
    for _, name in ipairs(group.columns) do
      cells[#cells + 1] = stages[stage][name] or ''
    end
    lines[#lines + 1] = line(cells)
  end
end

local function list(group, lines)
  head(lines, { 'stage', 'fault', 'outcome' })
  for _, row in ipairs(group.rows) do
    lines[#lines + 1] = line { row.stage, (row.fault:gsub('|', '\\|')), outcome(row.outcome) }
  end
end

--- The page.
---@param groups table[] { title, rows, columns }
---@return string
function document.render(groups)
  local lines, count = { INTRO }, 0
  for _, group in ipairs(groups) do
    lines[#lines + 1] = ('## %s\n'):format(group.title)
    local add = group.columns and matrix or list
    add(group, lines)
    lines[#lines + 1] = ''
    count = count + #group.rows
  end
  lines[#lines + 1] = ('%d faults.\n'):format(count)
  return table.concat(lines, '\n')
end

--- The page in the work tree; written anew first if WRITE_FAULTS is set.
---@param root string the project's folder
---@param text string
---@return string
function document.committed(root, text)
  local path = root .. '/docs/FAULTS.md'
  if os.getenv('WRITE_FAULTS') then
    os.execute(("mkdir -p '%s/docs'"):format(root))
    process.write_file(path, text)
  end
  return process.read_file(path)
end

return document
