--- What a download does between opening its file and giving its result: asks for what is missing,
--- writes what comes, checks it and brings it to its name. Runs in a Task.

local ending = require('luvcurl/host/ending')
local refusal = require('luvcurl/download/refusal')
local resumption = require('luvcurl/download/resumption')
local round = require('luvcurl/download/round')

--- Strings that are written at once; only one where a hash is computed, which holds the loop up.
local MOST_PIECES = 8

---@class luvcurl.Saving
---@field download luvcurl.Download
---@field task luvcurl.Task
---@field part luvcurl.PartFile
---@field version luvcurl.PartVersion|nil  which the bytes in the part are of
---@field had integer                      bytes of it that an earlier call wrote
---@field base integer                     bytes before those of the request under way
local Saving = {}
Saving.__index = Saving

--- The error of a file that cannot be written.
---@param why string
---@return luvcurl.Error
function Saving:file_error(why)
  local d = self.download
  return d:error('WRITE_ERROR', 23, ('cannot write %s: %s'):format(d.path, why))
end

---@return luvcurl.Error|nil err  when somebody has cancelled the download
function Saving:cancelled()
  local d = self.download
  local why = d.cancelled
  if why == ending.NAME then
    return d:error(ending.NAME, 42, ending.MESSAGE)
  elseif why == true then
    return d:error('ABORTED_BY_CALLBACK', 42, 'cancelled')
  elseif why then
    return d:error(why.name, why.code, why.message)
  end
end

--- The request for what lies behind `from`, with progress counted from the file's start.
---@param from integer
---@return luvcurl.Request
function Saving:request(from)
  local d, given = self.download, {}
  for name, value in pairs(d.given) do
    given[name] = value
  end
  local hook = given.on_progress
  if hook then
    given.on_progress = function(progress)
      progress.transfer = d.shown
      progress.down = progress.down + self.base
      if progress.down_total > 0 then
        progress.down_total = progress.down_total + self.base
      end
      self.speed = progress.speed
      hook(progress)
    end
  end
  if from > 0 then
    given.range = { from }
    given.headers = self.conditional(given.headers, self.version)
  end
  return given
end

--- The headers with the condition, in either of their shapes.
---@param headers table|nil
---@param version luvcurl.PartVersion
---@return table
function Saving.conditional(headers, version)
  local all = {}
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  local condition = resumption.condition(version)
  if all[1] ~= nil then
    all[#all + 1] = { 'If-Range', condition }
  else
    all['If-Range'] = condition
  end
  return all
end

--- Finds out what an earlier call has left that can be continued; clears what cannot.
function Saving:recall()
  local part, d = self.part, self.download
  if part.size > 0 then
    local version = resumption.decode(part:recall())
    if version and version.url == d.fingerprint
      and part.size <= (version.total or part.size) then
      self.version, self.had = version, part.size
    end
  end
end

--- Makes the part ready for the bytes that are coming.
---@param one luvcurl.Round
---@return string|nil why  it cannot be
function Saving:prepare(one)
  if one.verdict == 'append' then
    self.base = one.from
    return nil
  end
  self.base, self.had, self.version = 0, 0, nil
  local part = self.part
  local why = part:clear()
  if not why and part.resumable and one.res.http_version then
    local version = resumption.version(self.download.fingerprint, one.res.headers)
    why = part:note(version and resumption.encode(version))
    self.version = version
  end
  return why
end

--- Moves bytes from the request to the file until one of them ends.
---@param one luvcurl.Round
---@return luvcurl.Error|nil err
function Saving:copy(one)
  local t, part = one.t, self.part
  local most = part.digest and 1 or MOST_PIECES
  while true do
    local pieces = {}
    repeat
      local bytes = t:take()
      pieces[#pieces + 1] = bytes
    until not bytes or #pieces == most
    if pieces[1] then
      local why = part:append(pieces)
      if why then
        return one.err or self:file_error(why)
      end
    elseif one.ended then
      return one.err
    else
      one:wait()
    end
  end
end

--- Makes one request and writes what it brings.
---@param from integer
---@return luvcurl.Error|nil err
---@return luvcurl.Round|nil one
function Saving:round(from)
  local d = self.download
  local ok, one = pcall(round.start, d.core, self:request(from), self.task, from, self.version)
  if not ok then
    -- the Multi was closed meanwhile; where in here that was found out is of no interest
    return d:error('FAILED_INIT', 2, (tostring(one):gsub('^[^:]*%.lua:%d+: ', '')))
  end
  d:adopt(one.t)
  while not one.verdict and not one.ended do
    one:wait()
  end
  local verdict, err = one.verdict, nil
  if verdict == 'append' or verdict == 'whole' then
    local why = self:prepare(one)
    err = why and self:file_error(why) or self:copy(one)
  elseif verdict == 'refused' then
    err = refusal(d, one)
  elseif not verdict then
    err = one.err
  end
  if err then
    one.t:cancel()
  end
  while not one.ended do
    one:wait()
  end
  return self:cancelled() and one.err or err, one
end

--- Makes requests until everything is there: usually one.
---@return luvcurl.Error|nil err
---@return luvcurl.Round|nil last
function Saving:fetch()
  local part, restarted = self.part, false
  local from = self.version and part.size or 0
  while true do
    local err, one = self:round(from)
    if err then
      return err
    end
    local torn = one.verdict == 'append' and part.size ~= one.last + 1
    if torn or one.verdict == 'restart' then
      if restarted then
        self.version = nil
        return self.download:error('PARTIAL_FILE', 18,
          'the server gives another part than the one asked for')
      end
      restarted, from = true, 0
    elseif one.total and part.size < one.total then
      from = part.size -- a server may give less than was asked for
    else
      return nil, one
    end
  end
end

--- Compares the checksum and puts the file into its place.
---@return luvcurl.Error|nil err
---@return string|nil sha256
function Saving:finish()
  local d, part = self.download, self.part
  local found = part.digest and part.digest:hex()
  if found ~= d.sha256 then
    self.version = nil -- of no use: not to be continued
    return d:error('CHECKSUM_MISMATCH', nil, ('the sha256 of %s is %s, expected %s'):format(
      d.path, found, d.sha256))
  end
  d.over = true -- too late to be cancelled
  local why = part:commit()
  return why and self:file_error(why) or nil, found
end

--- Tells that all bytes are there: the last of the regular calls may have been before.
---@return luvcurl.Error|nil err  of the hook
function Saving:last_progress()
  local d, size = self.download, self.part.size
  local hook = d.given.on_progress
  if not hook then
    return nil
  end
  local ok, why = self.task:outside(function()
    hook({ down = size, down_total = size, up = 0, up_total = 0, speed = self.speed or 0,
      transfer = d.shown, complete = true })
  end)
  return not ok and d:error('ABORTED_BY_CALLBACK', 42, tostring(why)) or nil
end

---@param opening_error string|nil
---@return luvcurl.Error|nil err
---@return luvcurl.DownloadResponse|nil res
function Saving:run(opening_error)
  local d, part = self.download, self.part
  if opening_error then
    return self:file_error(opening_error)
  end
  self:recall()
  if d.sha256 then
    local why = not self.version and part:clear() or part:hash(function()
      return d.cancelled
    end)
    if why then
      return self:file_error(why)
    end
  end
  local err = self:cancelled()
  local one, found
  if not err then
    err, one = self:fetch()
  end
  if err then
    return err
  end
  local res = one.res
  res.path, res.bytes, res.resumed = d.path, part.size, self.had
  if one.verdict == 'unchanged' then
    res.bytes, res.resumed = 0, 0
    return nil, res
  elseif one.verdict == 'complete' then
    res.ok = true
  end
  err = self:last_progress() or self:cancelled()
  if not err then
    err, found = self:finish()
  end
  res.sha256 = found
  return err, not err and res or nil
end

--- Does all of it.
---@param download luvcurl.Download
---@param task luvcurl.Task
---@param part luvcurl.PartFile
---@param opening_error string|nil
---@return luvcurl.Error|nil err
---@return luvcurl.DownloadResponse|nil res
---@return boolean keep  whether the part is worth continuing
local function save(download, task, part, opening_error)
  local self = setmetatable({
    download = download, task = task, part = part, had = 0, base = 0,
  }, Saving)
  local err, res = self:run(opening_error)
  return err, res, err ~= nil and part.resumable and part.size > 0 and self.version ~= nil
end

return save
