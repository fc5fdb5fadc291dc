-- luajit tools/annotations.lua FILE...: what lua-language-server would want to know and no
-- annotation tells. Prints each offender as FILE:LINE: and ends with 1 if there is one.
--
-- A function of a module or of a class needs words or annotations of its own, a @param for each
-- parameter and a @return where it returns something. Not the functions of a table that is
-- annotated as one of like functions (---@type table<string, fun(…)>), nor metamethods, whose
-- shapes are Lua's.

local offenders = 0

local function offend(file, line, message)
  offenders = offenders + 1
  print(('%s:%d: %s'):format(file, line, message))
end

-- Whether the function that begins at a line returns a value. Its end has the indentation of its
-- beginning; functions inside it have more, and returns of their own.
local function returns(lines, first)
  local indent = lines[first]:match('^ *')
  local inner -- indentation of a function inside
  for i = first + 1, #lines do
    local line = lines[i]
    local depth = #line:match('^ *')
    if line == indent .. 'end' then
      return false
    elseif inner then
      inner = not (depth == inner and line:find('^ *end')) and inner or nil
    elseif line:find('%f[%w]function%f[%W]') and not line:find('%f[%w]end%f[%W]') then
      inner = depth
    elseif line:find('^ *return [^%s]') or line:find(' then return [^%s]') then
      return true
    end
  end
end

-- The block of ---lines that ends before a line.
local function comment_before(lines, at)
  local first = at
  while first > 1 and lines[first - 1]:find('^ *%-%-%-') do
    first = first - 1
  end
  return table.concat(lines, '\n', first, at - 1)
end

-- Names of the local tables that are annotated as ones of like functions.
local function uniform_tables(lines)
  local found = {}
  for i, line in ipairs(lines) do
    local name = line:match('^local ([%w_]+) = ')
    if name and comment_before(lines, i):find('@type table<[^\n]*fun%(') then
      found[name] = true
    end
  end
  return found
end

local function check_function(file, lines, at, name, parameters)
  local comment = comment_before(lines, at)
  if comment == '' then
    return offend(file, at, name .. ' has no annotation')
  end
  if comment:find('@type fun%(') or comment:find('@see ') then
    return -- the whole shape is told elsewhere
  end
  for parameter in parameters:gmatch('[%w_]+') do
    if parameter ~= '_' and parameter ~= 'self'
      and not comment:find('@param ' .. parameter .. '%f[^%w_]') then
      offend(file, at, ('%s: no @param for %s'):format(name, parameter))
    end
  end
  if returns(lines, at) and not comment:find('@return ') then
    offend(file, at, name .. ': no @return')
  end
end

local function check(file)
  local lines = {}
  for line in io.lines(file) do
    lines[#lines + 1] = line
  end
  local uniform = uniform_tables(lines)
  for i, line in ipairs(lines) do
    local name, parameters = line:match('^function ([%w_.:]+)%(([^)]*)%)')
    if not name then -- one that is made for each object
      name, parameters = line:match('^ *function (self%.[%w_]+)%(([^)]*)%)')
    end
    local owner, last = (name or ''):match('^(.*)[.:]([%w_]+)$')
    if owner and not uniform[owner] and not last:find('^__') then
      check_function(file, lines, i, name, parameters)
    end
  end
end

for _, file in ipairs(arg) do
  check(file)
end
os.exit(offenders == 0 and 0 or 1)
