--- A download's target that is a device or a pipe: nothing can lie beside it or be renamed over it,
--- so the bytes are written into it as they come. The methods are those of a PartFile.

local core = require('luvcurl_core')
local host = require('luvcurl/host/host')
local main = require('luvcurl/host/main')
local timers = require('luvcurl/host/timers')

local uv = host.uv

--- ms until a pipe that is full, or that nobody reads from yet, is looked at again.
local PATIENCE = 10

---@class luvcurl.Device
---@field task luvcurl.Task
---@field fd integer|nil
---@field size integer        bytes written
---@field resumable boolean   false
---@field stopped fun(): boolean
local Device = { resumable = false }
Device.__index = Device

--- Opens `path` if it is one. A pipe is opened so that neither that nor a write waits for its
--- reader, in a thread of libuv's.
---@param task luvcurl.Task
---@param path string
---@param stopped fun(): boolean  whether nobody wants it any more
---@return luvcurl.Device|nil device
---@return string|nil err
local function open(task, path, stopped)
  local err, stat = task:call('fs_stat', path)
  if err or (stat.type ~= 'char' and stat.type ~= 'fifo') then
    return nil
  end
  local self = setmetatable({ task = task, size = 0, stopped = stopped }, Device)
  local flags = uv.constants.O_WRONLY
  if stat.type == 'fifo' then
    flags = flags + (uv.constants.O_NONBLOCK or 0)
  end
  repeat
    err, self.fd = task:call('fs_open', path, flags, 0)
  until not (err and err:find('^ENXIO')) or not self:rest()
  return self, err
end

--- Waits a moment.
---@return boolean  false when there is no use in it
function Device:rest()
  if self.stopped() then
    return false
  end
  local timer = timers.take()
  timer:start(PATIENCE, 0, function()
    timers.give(timer)
    main.call(function()
      self.task:step()
    end)
  end)
  self.task:wait()
  return not self.stopped()
end

--- Has sha256 computed.
---@return nil
function Device:hash()
  self.digest = core.sha256()
end

---@param pieces string[]
---@return string|nil err
function Device:append(pieces)
  local left = table.concat(pieces)
  if self.digest then
    self.digest:update(left)
  end
  while left ~= '' do
    local err, written = self.task:call('fs_write', self.fd, left, -1)
    if err and not (err:find('^EAGAIN') and self:rest()) then
      return err
    end
    self.size = self.size + (written or 0)
    left = written and left:sub(written + 1) or left
  end
end

--- Starts anew, which what was written into it cannot.
---@return string|nil err
function Device:clear()
  if self.size > 0 then
    return 'what was written cannot be taken back'
  end
end

--- There are no notes.
---@return nil
function Device.recall()
  return nil
end

---@return string|nil err
function Device:commit()
  local fd = self.fd
  self.fd = nil
  return fd and (self.task:call('fs_close', fd)) or nil
end

--- Lets go of it.
function Device:discard()
  self:commit()
end

return { open = open }
