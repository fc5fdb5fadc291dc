--- A file as a request's body, read through luv's thread pool. Can start anew: for a redirect, a
--- challenge, or a kept connection that turned out to be dead.

local check = require('luvcurl/check')
local host = require('luvcurl/host')
local misuse = require('luvcurl/misuse')

local uv = host.uv

--- Bytes read at once.
local CHUNK = 256 * 1024

local function nothing() end

--- `over`: the transfer has ended. `busy`: a file call is under way. `round`: which reading of the
--- file it is.
local File = {}
File.__index = File

function File:fail(t, why)
  t:fail(('the body file %s: %s'):format(self.path, tostring(why)))
end

--- The descriptor must outlive the call that uses it.
function File:close()
  self.over = true
  if self.fd and not self.busy then
    uv.fs_close(self.fd, nothing)
    self.fd = nil
  end
end

function File:open(t)
  self.busy = true
  uv.fs_open(self.path, 'r', 0, function(err, fd)
    self.busy, self.fd = false, fd
    if self.over then
      return self:close()
    elseif err then
      return self:fail(t, err)
    end
    self:next(t)
  end)
end

function File:next(t)
  local size = math.min(CHUNK, self.size - self.offset)
  if size == 0 then
    return self.feed(nil)
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
      return self:fail(t, err)
    elseif chunk == '' then
      return self:fail(t, 'became shorter while it was sent')
    end
    self.offset = self.offset + #chunk
    self.feed(chunk)
    if self.offset == self.size then
      self.feed(nil)
    end
  end)
end

function File:read(t)
  if self.busy or self.over then
    return
  elseif self.fd then
    return self:next(t)
  end
  self:open(t)
end

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
  -- The size has to be known before the request starts. This look at the file's entry is the one
  -- file call that does not go through the thread pool.
  local stat, why = uv.fs_stat(path)
  if not stat then
    misuse(('%s.file: %s'):format(where, tostring(why)))
  elseif stat.type == 'directory' then
    misuse(('%s.file: %s is a directory'):format(where, path))
  end
  return setmetatable({ path = path, size = stat.size, offset = 0, round = 1 }, File)
end

return filesource
