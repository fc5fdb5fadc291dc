-- The classes of luvcurl's LuaCATS annotations, with the fields and functions that they tell of.

local annotations = {}

---@class AnnotatedClass
---@field parents string[]
---@field names table<string, boolean>  of fields and functions

local function lines_of(root)
  local pipe = assert(io.popen(("cat '%s'/types/*.lua $(find '%s/lua' -name '*.lua' | sort)")
    :format(root, root)))
  local text = pipe:read('*a')
  pipe:close()
  return text:gmatch('([^\n]*)\n')
end

--- Reads all annotations.
---@param root string  the project's folder
---@return table<string, AnnotatedClass>
function annotations.read(root)
  local classes, tables, class = {}, {}, nil
  for line in lines_of(root) do
    local name, parents = line:match('^ *%-%-%-@class ([%w_.]+)%s*:?%s*([%w_., ]*)')
    local field = line:match('^ *%-%-%-@field ([%w_]+)')
    local variable = line:match('^ *local ([%w_]+) =')
    local owner, call = line:match('^ *function ([%w_]+)[.:]([%w_]+)%(')
    if name then
      class = { parents = {}, names = {} }
      classes[name] = class
      for parent in parents:gmatch('luvcurl[%w_.]*') do
        class.parents[#class.parents + 1] = parent
      end
    elseif field and class then
      class.names[field] = true
    elseif variable then
      tables[variable], class = class, nil -- a table that stands right below its class
    elseif owner and tables[owner] then
      tables[owner].names[call] = true
    elseif not line:find('^ *%-%-') then
      class = nil
    end
  end
  return classes
end

--- Whether a class, or one that it is derived from, tells of a name.
---@param classes table<string, AnnotatedClass>
---@param class string
---@param name string
---@return boolean
function annotations.tells(classes, class, name)
  local found = assert(classes[class], 'no class ' .. class)
  if found.names[name] then
    return true
  end
  for _, parent in ipairs(found.parents) do
    if annotations.tells(classes, parent, name) then
      return true
    end
  end
  return false
end

return annotations
