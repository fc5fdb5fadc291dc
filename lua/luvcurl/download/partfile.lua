--- A file on its way: written under a temporary name beside its target, renamed when complete. All
--- methods run in a Task and return libuv's error text when something failed, nil otherwise.

local core = require('luvcurl_core')
local open_found = require('luvcurl/download/found')
local uv = require('luvcurl/host/host').uv

--- Bytes read at once, see filesource.lua. Hashing that many keeps the loop for less than a
--- millisecond.
local CHUNK = 120 * 1024
local MAX_NOTES = 16 * 1024
local MAX_NAME = 255 -- what file systems take, bytes
local ATTEMPTS = 16
local ALL_READ_WRITE = 438 -- 0666, for the umask to narrow
local PERMISSIONS, OWNER_WRITES = 512, 128

--- The permissions of a temporary file: never wider than those of the file it will replace, but
--- so that it can be opened again.
local function temporary(mode)
  if not mode then
    return ALL_READ_WRITE
  end
  return mode % (2 * OWNER_WRITES) < OWNER_WRITES and mode + OWNER_WRITES or mode
end

--- What a file system says that cannot do it: no reason to fail.
local UNSUPPORTED = { EINVAL = true, ENOTSUP = true, ENOSYS = true }

---@class luvcurl.PartFile
---@field task luvcurl.Task
---@field target string     absolute, links resolved
---@field name string       the temporary one
---@field notes string      the file beside it that tells which version the part is of
---@field resumable boolean its name is predictable, so that it can be found again
---@field size integer      bytes
---@field mode integer|nil  permissions of the file that will be replaced
---@field fd integer|nil
---@field leftover table|nil removes it when the process ends first; not where it may be continued
---@field digest table|nil  sha256 of all bytes, if wanted
---@field made boolean      there is a temporary file
---@field claimed boolean   its name is in `busy`
local PartFile = {}
PartFile.__index = PartFile

local partfile = {}

--- Parts with a predictable name that this process is writing: a second writer would mix with the
--- first.
local busy = {}

local function code_of(err)
  return err and err:match('^%u[%u%d]+')
end

--- Follows links, so that a link stays one, and refuses what no file may replace.
local function locate(self, path)
  local err, real = self.task:call('fs_realpath', path)
  if code_of(err) == 'ENOENT' then
    local folder, base = path:match('^(.*/)([^/]*)$')
    err, real = self.task:call('fs_realpath', folder)
    self.target = not err and real:gsub('/$', '') .. '/' .. base
    return err
  elseif err then
    return err
  end
  local stat
  err, stat = self.task:call('fs_stat', real)
  if err then
    return err
  elseif stat.type == 'directory' then
    return 'EISDIR: illegal operation on a directory'
  elseif stat.type ~= 'file' then
    return 'it is no regular file but a ' .. stat.type -- renaming over /dev/null would remove it
  end
  self.target, self.mode = real, stat.mode % PERMISSIONS
end

--- A name beside the target, no longer than names may be.
local function beside(target, suffix)
  local folder, base = target:match('^(.*/)([^/]*)$')
  return folder .. base:sub(1, MAX_NAME - #suffix) .. suffix
end

local serial = 0

local function open_unique(self)
  local err
  for _ = 1, ATTEMPTS do
    serial = serial + 1
    self.name = beside(self.target, ('.%d-%d-%d.part'):format(uv.os_getpid(),
      uv.hrtime() % 1000000000, serial))
    self.leftover = core.leftover(self.name) -- before: the process may end while it is opened
    err, self.fd = self.task:call('fs_open', self.name, 'wx', temporary(self.mode))
    if err then
      self.leftover:keep() -- it is none of ours
    end
    if code_of(err) ~= 'EEXIST' then
      break
    end
  end
  return err
end

local function open_predictable(self)
  self.name = beside(self.target, '.part')
  self.notes = beside(self.target, '.part.meta')
  if busy[self.name] then
    return 'EBUSY: another download of this process continues the same file'
  end
  busy[self.name], self.claimed = true, true
  local task = self.task
  local err, fd, stat = open_found(task, self.name, 'both')
  if code_of(err) == 'ENOENT' then
    err, self.fd = task:call('fs_open', self.name, 'wx+', temporary(self.mode))
    return err
  end
  self.fd, self.size = fd, stat and stat.size or 0
  return err
end

--- Opens the temporary file beside `path`; what a resumable one has already counts in `size`.
---@param task luvcurl.Task
---@param path string absolute
---@param resumable boolean
---@return luvcurl.PartFile part  to be ended by commit() or discard(), also after an error
---@return string|nil err
function partfile.open(task, path, resumable)
  local self = setmetatable({ task = task, resumable = resumable, size = 0 }, PartFile)
  local err = locate(self, path) or (resumable and open_predictable or open_unique)(self)
  self.made = self.fd ~= nil
  return self, err
end

--- Has sha256 computed, also of what is there already.
---@param stopped fun(): boolean  asked between reads
---@return string|nil err
function PartFile:hash(stopped)
  self.digest = core.sha256()
  local at = 0
  while at < self.size and not stopped() do
    local err, bytes = self.task:call('fs_read', self.fd, math.min(CHUNK, self.size - at), at)
    if err then
      return err
    elseif bytes == '' then
      return 'it became shorter while it was read'
    end
    self.digest:update(bytes)
    at = at + #bytes
  end
end

--- What is left of `pieces` when the first `size` bytes are gone.
local function without(pieces, size)
  local rest = {}
  for _, bytes in ipairs(pieces) do
    rest[#rest + 1] = size < #bytes and bytes:sub(size + 1) or nil
    size = math.max(size - #bytes, 0)
  end
  return rest
end

--- Writes strings one after the other: several at once, since a call of the thread pool costs about
--- as much as writing one of 120 KB.
---@param pieces string[]
---@return string|nil err
function PartFile:append(pieces)
  if self.digest then
    for _, bytes in ipairs(pieces) do
      self.digest:update(bytes)
    end
  end
  while pieces[1] do
    local err, written = self.task:call('fs_write', self.fd, pieces, self.size)
    if err then
      return err
    elseif written == 0 then
      return 'nothing could be written'
    end
    self.size = self.size + written
    pieces = without(pieces, written) -- a disk that becomes full takes a part first
  end
end

--- Starts anew: what was there belongs to another version.
---@return string|nil err
function PartFile:clear()
  if self.digest then
    self.digest = core.sha256()
  end
  if self.size == 0 then
    return nil
  end
  self.size = 0
  return (self.task:call('fs_ftruncate', self.fd, 0))
end

--- Reads the notes; nil when there are none that can be read.
---@return string|nil text
function PartFile:recall()
  local err, fd = open_found(self.task, self.notes, 'read')
  if err then
    return nil
  end
  local text
  err, text = self.task:call('fs_read', fd, MAX_NOTES, 0)
  self.task:call('fs_close', fd)
  return not err and text or nil
end

--- Writes the notes, or removes them.
---@param text string|nil
---@return string|nil err
function PartFile:note(text)
  local task = self.task
  if not text then
    task:call('fs_unlink', self.notes)
    return nil
  end
  task:call('fs_unlink', self.notes) -- not through a link
  local err, fd = task:call('fs_open', self.notes, 'wx', ALL_READ_WRITE)
  if err then
    return err
  end
  local written
  err, written = task:call('fs_write', fd, text, 0)
  local close_err = task:call('fs_close', fd)
  return err or close_err or (written < #text and 'ENOSPC: no space left on device') or nil
end

local function close(self)
  local fd = self.fd
  self.fd = nil
  if not fd then
    return nil
  end
  return (self.task:call('fs_close', fd))
end

local function release(self)
  if self.leftover then
    self.leftover:keep()
  end
  if self.claimed then
    busy[self.name], self.claimed = nil, nil
  end
end

--- A rename is on the disk when its directory is; not every file system can say so.
local function sync_folder(self)
  local err, fd = self.task:call('fs_open', self.target:match('^(.*/)'), 'r', 0)
  if not err then
    self.task:call('fs_fsync', fd)
    self.task:call('fs_close', fd)
  end
end

--- Brings the bytes to the disk, then the file to its name.
---@return string|nil err
function PartFile:commit()
  if self.mode then
    self.task:call('fs_fchmod', self.fd, self.mode) -- a file system may have no permissions
  end
  local err = self.task:call('fs_fsync', self.fd)
  if err and not UNSUPPORTED[code_of(err)] then
    return err
  end
  err = close(self) or (self.task:call('fs_rename', self.name, self.target))
  if err then
    return err
  end
  self.made = false
  sync_folder(self)
  if self.resumable then
    self:note(nil)
  end
  release(self)
end

--- Lets go of the file, and removes it unless it is to be continued.
---@param keep boolean
function PartFile:discard(keep)
  close(self)
  if self.made and not keep then
    self.task:call('fs_unlink', self.name)
    if self.resumable then
      self:note(nil)
    end
  end
  release(self)
end

return partfile
