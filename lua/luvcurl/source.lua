--- Bodies that are sent as they come: a function, a luv stream or a file. Each kind puts a `read`
--- method on the request's sink; the C side calls it whenever its upload buffer runs low, and
--- takes the answer (`t:feed`) now or later.

local await = require('luvcurl/await')
local check = require('luvcurl/check')
local host = require('luvcurl/host')
local misuse = require('luvcurl/misuse')

local uv = host.uv

local source = {}

--- Bytes read from a file at once.
local FILE_CHUNK = 256 * 1024

-- Functions ----------------------------------------------------------------------------------

--- The next chunk of a function source, or raises.
local function next_chunk(read)
  local chunk = read()
  if chunk ~= nil and type(chunk) ~= 'string' then
    error(('the body function returned a %s: expected a string, or nil at the end'):format(
      type(chunk)), 0)
  end
  return chunk
end

--- Feeds one chunk per call of the sink's read. Runs as a coroutine of its own, so that the
--- function may yield: its `idle` flag tells our own wait from one of the function's.
local function pump(sink, t, read)
  while true do
    local chunk = next_chunk(read)
    if sink.ended then
      return
    end
    t:feed(chunk)
    if chunk == nil then
      return
    end
    sink.idle_source = true
    coroutine.yield()
  end
end

--- @param sink table
--- @param read fun(): string|nil
local function from_function(sink, read)
  sink.idle_source = true
  sink.read = function(self, t)
    if not self.idle_source then
      return -- the function has yielded: its chunk is yet to come
    end
    self.idle_source = false
    local co = self.source_co
    if not co then
      co = coroutine.create(pump)
      self.source_co = co
      await.guard(co, function(message)
        t:fail(message)
      end)
    end
    local ok, why = coroutine.resume(co, self, t, read)
    if not ok then
      t:fail(debug.traceback(co, tostring(why)))
    end
  end
end

-- Streams ------------------------------------------------------------------------------------

local function is_stream(value)
  local ok, method = pcall(function()
    return value.read_start
  end)
  return ok and type(method) == 'function'
end

local function from_stream(sink, stream)
  local reading = false
  local function stop()
    if reading then
      reading = false
      if not stream:is_closing() then
        stream:read_stop()
      end
    end
  end
  sink.read = function(_, t)
    if reading then
      return
    end
    if stream:is_closing() then
      return t:fail('the body stream was closed')
    end
    reading = true
    local ok, why = stream:read_start(function(err, chunk)
      stop() -- until the buffer runs low again
      if sink.ended then
        return
      elseif err then
        t:fail('the body stream failed: ' .. tostring(err))
      else
        t:feed(chunk)
      end
    end)
    if not ok then
      reading = false
      t:fail('the body stream cannot be read: ' .. tostring(why))
    end
  end
  sink.close_source = stop
end

-- Files --------------------------------------------------------------------------------------

local function nothing() end

--- `over`: the transfer has ended. `busy`: a file call is under way. `round`: which reading of the
--- file it is; libcurl may want it anew for a redirect or a challenge.
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
  local size = math.min(FILE_CHUNK, self.size - self.offset)
  if size == 0 then
    return t:feed(nil)
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
    t:feed(chunk)
    if self.offset == self.size then
      t:feed(nil)
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

local function from_file(sink, where, body)
  local path = check.type(where .. '.file', body.file, 'string')
  -- The size has to be known before the request starts. This look at the file's entry is the one
  -- file call that does not go through the thread pool.
  local stat, why = uv.fs_stat(path)
  if not stat then
    misuse(('%s.file: %s'):format(where, tostring(why)))
  elseif stat.type == 'directory' then
    misuse(('%s.file: %s is a directory'):format(where, path))
  end
  sink.upload_size = stat.size
  local file = setmetatable({ path = path, size = stat.size, offset = 0, round = 1 }, File)
  sink.read = function(_, t)
    file:read(t)
  end
  sink.rewind = function()
    file:rewind()
  end
  sink.close_source = function()
    file:close()
  end
end

--- Prepares `sink` for a body that is no string.
---@param sink table
---@param where string
---@param body any
function source.attach(sink, where, body)
  if type(body) == 'function' then
    from_function(sink, body)
  elseif is_stream(body) then
    from_stream(sink, body)
  elseif type(body) == 'table' and body.file ~= nil then
    check.record(where, body, { 'file' })
    from_file(sink, where, body)
  else
    check.fail(where, 'a string, a function, a luv stream or {file = path}', body)
  end
end

--- Lets go of the source; the transfer has ended.
---@param sink table
function source.release(sink)
  sink.ended = true
  if sink.close_source then
    sink.close_source()
  end
end

return source
