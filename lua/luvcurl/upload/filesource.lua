--- A file as a request's body, read through luv's thread pool. Can start anew: for a redirect, a
--- challenge, or a kept connection that turned out to be dead.

local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local host = require('luvcurl/host/host')

local uv = host.uv

--- Bytes read at once: LuaJIT has strings of 128 KB and more mapped by the system, page by page and
--- each time anew.
local CHUNK = 120 * 1024

--- libcurl's numbers, as its own file functions would give them.
local READ_ERROR, FILE_COULDNT_READ_FILE = 26, 37

local function nothing() end

--- `over`: the transfer has ended. `busy`: a file call is under way. `round`: which reading of the
--- file it is. `size` is known once it is prepared.
local File = {}
File.__index = File

--- Ends the transfer.
---@param t luvcurl.Transfer
---@param why any
---@param code integer|nil
function File:fail(t, why, code)
  t:fail(('the body file %s: %s'):format(self.path, tostring(why)), code)
end

--- Finds out the size, which the request has to announce; calls `ready` then. The file is opened
--- only when its turn comes: a thousand queued requests must not hold a thousand descriptors.
---@param t luvcurl.Transfer
---@param ready fun()
function File:prepare(t, ready)
  uv.fs_stat(self.path, function(err, stat)
    if err then
      return self:fail(t, err, FILE_COULDNT_READ_FILE)
    elseif stat.type ~= 'file' then
      -- opening a named pipe might take for ever, and a device has no size
      return self:fail(t, 'it is no regular file but a ' .. stat.type, FILE_COULDNT_READ_FILE)
    elseif self.expected and self.expected ~= stat.size then
      return self:fail(t, ('it has %.0f bytes, the request says %.0f'):format(
        stat.size, self.expected))
    end
    self.size = stat.size
    ready()
  end)
end

--- The descriptor must outlive the call that uses it.
function File:close()
  self.over = true
  if self.fd and not self.busy then
    uv.fs_close(self.fd, nothing)
    self.fd = nil
  end
end

--- Opens the file and reads its first bytes.
---@param t luvcurl.Transfer
function File:open(t)
  self.busy = true
  uv.fs_open(self.path, 'r', 0, function(err, fd)
    self.busy, self.fd = false, fd
    if self.over then
      return self:close()
    elseif err and err:find('^E[MN]FILE') and core.spare() then
      return self:open(t) -- connections that were kept for later have made room
    elseif err then
      return self:fail(t, err, FILE_COULDNT_READ_FILE)
    end
    self:next(t)
  end)
end

--- Reads the next bytes and feeds them.
---@param t luvcurl.Transfer
function File:next(t)
  local size = math.min(CHUNK, self.size - self.offset)
  if size == 0 then
    self.feed(nil)
    return
  end
  local round = self.round
  self.busy = true
  uv.fs_read(self.fd, size, self.offset, function(err, chunk)
    self.busy = false
    if self.over then
      return self:close()
    elseif round ~= self.round then
      return self:next(t)
    elseif err then
      return self:fail(t, err, READ_ERROR)
    elseif chunk == '' then
      return self:fail(t, 'became shorter while it was sent', READ_ERROR)
    end
    self.offset = self.offset + #chunk
    self.feed(chunk)
    if self.offset == self.size then
      self.feed(nil)
    end
  end)
end

---@see luvcurl.Sink.read
function File:read(t)
  if self.busy or self.over then
    return
  elseif self.fd then
    return self:next(t)
  end
  self:open(t)
end

---@see luvcurl.Sink.rewind
function File:rewind()
  self.offset = 0
  self.round = self.round + 1
end

local filesource = {}

---@param where string
---@param path any
---@return table
function filesource.new(where, path)
  check.type(where .. '.file', path, 'string')
  if path:find('\0', 1, true) then
    check.fail(where .. '.file', 'a path without NUL', path)
  end
  return setmetatable({ path = path, offset = 0, round = 1 }, File)
end

return filesource
