--- Opens files that lie there already, and that may be anybody's.

local uv = require('luvcurl/host/host').uv

--- Flags of fs_open, where the system has them.
local O = {
  read = uv.constants.O_RDONLY, both = uv.constants.O_RDWR,
  nonblock = uv.constants.O_NONBLOCK or 0, nofollow = uv.constants.O_NOFOLLOW or 0,
}

--- The link would be written through.
local function shared(name)
  return name .. ' is a file of another name, too (a hard link)'
end

--- Opens what lay there before, a regular file with this one name. A pipe's other end may never
--- come, so its type is looked at first; and once more, as it may be another file by then.
---@param task luvcurl.Task
---@param name string
---@param flags string
---@return string|nil err
---@return integer|nil fd
---@return table|nil stat
return function(task, name, flags)
  local err, found = task:call('fs_lstat', name)
  if err then
    return err
  elseif found.type ~= 'file' then
    return name .. ' is no regular file but a ' .. found.type
  elseif found.nlink > 1 then
    return shared(name)
  end
  local fd, stat
  err, fd = task:call('fs_open', name, O[flags] + O.nonblock + O.nofollow, 0)
  if err then
    return err
  end
  err, stat = task:call('fs_fstat', fd)
  if not err and (stat.ino ~= found.ino or stat.dev ~= found.dev) then
    err = name .. ' was replaced while it was opened' -- a link, maybe, to somebody's file
  elseif not err and stat.nlink > 1 then
    err = shared(name)
  end
  if err then
    task:call('fs_close', fd)
    return err
  end
  return nil, fd, stat
end
