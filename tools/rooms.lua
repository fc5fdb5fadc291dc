-- luajit tools/rooms.lua check|draw [ROOT]: whether the rooms keep to their order (tools/rooms), or
-- a drawing of them for Graphviz.
--
-- check prints each offence as FILE:LINE: and ends with 1 if there is one: an #include, a require
-- (a lazy one too) or the bare name of a class that leads into a room further up, out of the group,
-- or round; a file or a folder in no room; a room without its README.md; and docs/rooms.svg, if it
-- shows other arrows than there are.

local MOST_README = 15 -- lines

local task, root = arg[1], arg[2] or '.'
local offences = 0

local function offend(where, message, ...)
  offences = offences + 1
  local out = task == 'draw' and io.stderr or io.stdout
  out:write(where, ': ', message:format(...), '\n')
end

local function read(path)
  local file = io.open(root .. '/' .. path, 'rb')
  local text = file and file:read '*a'
  if file then
    file:close()
  end
  return text
end

-- --- the rooms ---

local rooms = {} -- in their order: { name, group, rank, uses }
local room_named = {}

local function read_rooms()
  local group = 1
  for line in (assert(read 'tools/rooms', 'there is no tools/rooms') .. '\n'):gmatch '([^\n]*)\n' do
    if line == '' then
      group = group + 1
    elseif not line:find '^#' then
      local room = { name = line, group = group, rank = #rooms + 1, uses = {} }
      rooms[#rooms + 1], room_named[line] = room, room
    end
  end
end

-- --- what the files name ---

local files = {} -- in the order of their paths, and by them: { path, room, names }

local function read_files()
  local find_all = ("cd '%s' && find src lua/luvcurl -type f | LC_ALL=C sort"):format(root)
  local list = assert(io.popen(find_all))
  for path in list:lines() do
    if path:find '%.[ch]p?p?$' or path:find '%.lua$' then
      local room = room_named[path] or room_named[path:match '^(.*)/[^/]*$']
      local file = { path = path, room = room, names = {} }
      files[#files + 1], files[path] = file, file
      if not room then
        offend(path .. ':1', 'is in no room of tools/rooms')
      end
    end
  end
  list:close()
end

local function each_line(file, visit)
  local number = 0
  for line in (read(file.path) .. '\n'):gmatch '([^\n]*)\n' do
    number = number + 1
    visit(line, number)
  end
end

-- Where each class of C++ is defined: one that is only named leads there, too.
local home_of = {}

local function learn_classes()
  for _, file in ipairs(files) do
    if file.path:find '%.h$' then
      each_line(file, function(line)
        local kind, class = line:match '^(%l+) ([%w_]+)[^;]*$'
        if kind == 'class' or kind == 'struct' then
          local known = home_of[class]
          home_of[class] = (not known or known == file) and file or 'several'
        end
      end)
    end
  end
end

-- Each calls visit(path, only_named) for what a line names.
local function named_in_cpp(line, visit)
  local header = line:match '^%s*#%s*include%s*"([^"]+)"'
  if header then
    return visit('src/' .. header)
  end
  for kind, class in line:gmatch '%f[%w](%l+) ([%w_]+) *[;*&]' do
    local home = (kind == 'class' or kind == 'struct') and home_of[class]
    if type(home) == 'table' then
      visit(home.path, true)
    end
  end
end

-- A module's name, wherever it stands: require('…'), lazy.call('…'), and what else may come.
local function named_in_lua(line, visit)
  if not line:find '^%s*%-%-' then
    for module in line:gmatch "['\"](luvcurl/[%w_/]+)['\"]" do
      visit('lua/' .. module .. '.lua')
    end
  end
end

local function learn_names()
  for _, file in ipairs(files) do
    local find = file.path:find '%.lua$' and named_in_lua or named_in_cpp
    each_line(file, function(line, number)
      find(line, function(path, only_named)
        local other = files[path]
        if other and other ~= file then
          file.names[#file.names + 1] = { file = other, line = number, only_named = only_named }
        end
      end)
    end)
  end
end

-- --- the order ---

local function check_arrow(file, name)
  local from, to = file.room, name.file.room
  if not from or not to or from == to then
    return
  end
  from.uses[to] = true
  local where = ('%s:%d'):format(file.path, name.line)
  if from.group ~= to.group then
    offend(where, '%s has nothing to do with %s (%s)', from.name, to.name, name.file.path)
  elseif to.rank > from.rank then
    offend(where, '%s is below %s (%s)', from.name, to.name, name.file.path)
  end
end

-- Inside a room, too: file by file, a class that is only named aside.
local function check_round(file, path)
  if file.seen == 'done' then
    return
  end
  file.seen = 'on the way'
  path[#path + 1] = file.path
  for _, name in ipairs(file.names) do
    if not name.only_named and name.file.seen == 'on the way' then
      local where = ('%s:%d'):format(file.path, name.line)
      offend(where, 'leads round, back to %s: %s', name.file.path, table.concat(path, ', '))
    elseif not name.only_named then
      check_round(name.file, path)
    end
  end
  path[#path] = nil
  file.seen = 'done'
end

local function check_order()
  for _, file in ipairs(files) do
    for _, name in ipairs(file.names) do
      check_arrow(file, name)
    end
    check_round(file, {})
  end
end

-- The loader is not linked with what it opens, nor required as a path.
local function names_text(room, text)
  for _, file in ipairs(files) do
    if file.room == room and read(file.path):find(text, 1, true) then
      return true
    end
  end
  return false
end

local function arrows()
  local all = {}
  for _, from in ipairs(rooms) do
    for _, to in ipairs(rooms) do
      local opens = to.name == 'src/loader' and from.name:find '^lua/'
        and names_text(from, "require('luvcurl_core')")
        or to.name == 'src/lua' and from.name == 'src/loader' and names_text(from, 'luvcurl_impl')
      if from.uses[to] or opens then
        all[#all + 1] = { from = from.name, to = to.name, opens = opens }
      end
    end
  end
  return all
end

-- --- the drawing ---

local function draw()
  local function short(name)
    return (name:gsub('^lua/luvcurl/', ''):gsub('^src/core/', ''))
  end
  print 'digraph rooms {'
  print '  graph [fontname="sans-serif", fontsize=14, nodesep=0.25, ranksep=0.45];'
  print '  node [shape=box, style="rounded,filled", fillcolor="#ffffff"];'
  print '  node [fontname="sans-serif", fontsize=12];'
  print '  edge [color="#60708080", arrowsize=0.7];'
  local titles = { ['src/core'] = 'src/core: C++ without Lua', lua = 'lua/luvcurl' }
  local of = {}
  for _, room in ipairs(rooms) do
    local cluster = room.name:find '^src/core/' and 'src/core' or room.name:match '^lua' or ''
    local node = ('    "%s" [label="%s"];\n'):format(room.name, short(room.name))
    of[cluster] = (of[cluster] or '') .. node
  end
  for _, name in ipairs { 'lua', '', 'src/core' } do
    local title = titles[name]
    if title then
      print(('  subgraph "cluster_%s" {\n    label="%s";'):format(name, title))
      print '    style="rounded,filled"; color="#e8edf2";'
    end
    io.write(of[name])
    print(title and '  }' or '')
  end
  for _, arrow in ipairs(arrows()) do
    local style = arrow.opens and ' [style=dashed]' or ''
    print(('  "%s" -> "%s"%s;'):format(arrow.from, arrow.to, style))
  end
  print '}'
end

-- Graphviz writes each arrow's ends into its <title>.
local function check_drawing()
  local svg = read 'docs/rooms.svg'
  if not svg then
    return offend('docs/rooms.svg', 'is missing: make rooms')
  end
  local drawn = {}
  for title in svg:gmatch '<title>([^<]*&gt;[^<]*)</title>' do
    drawn[title:gsub('&#45;', '-'):gsub('&gt;', '>')] = true
  end
  for _, arrow in ipairs(arrows()) do
    local title = arrow.from .. '->' .. arrow.to
    if not drawn[title] then
      offend('docs/rooms.svg', 'does not show %s: make rooms', title)
    end
    drawn[title] = nil
  end
  for title in pairs(drawn) do
    offend('docs/rooms.svg', 'shows %s, which is no more: make rooms', title)
  end
end

local function check_readmes()
  for _, room in ipairs(rooms) do
    if not room.name:find '%.lua$' then
      local text = read(room.name .. '/README.md')
      local _, lines = (text or ''):gsub('\n', '')
      if not text then
        offend(room.name .. '/README.md', 'is missing: what lives there, may be used, uses it')
      elseif lines > MOST_README then
        offend(room.name .. '/README.md', 'has more than %d lines', MOST_README)
      end
    end
  end
end

read_rooms()
read_files()
learn_classes()
learn_names()
check_order()
if task == 'draw' then
  return draw()
end
check_readmes()
check_drawing()
os.exit(offences == 0 and 0 or 1)
