--- A body into a file: curl.download.
---
---     local res, err = curl.download('https://example.org/large.iso', 'large.iso', {
---       resume = true, sha256 = '9f86d0…', on_progress = curl.progress_bar(),
---     })
---
--- Every file call goes through luv's thread pool; no more of the body waits in memory than
--- `high_water` and what is being written: a slow disk slows the server. The bytes go into a
--- temporary file beside the target, which is synced and renamed when complete: whoever looks
--- at `path` sees the old file or the whole new one, with the permissions of the old one. A link
--- is followed; a device or a pipe is written into. A process that ends in the middle, or a Lua
--- state that closes, removes the temporary file; one that is killed leaves it.
---
--- With `resume` the temporary file is `path.part` and stays when the download fails; the next call
--- asks for the rest, on the condition (If-Range) that the server still has the version that
--- `path.part.meta` remembers, and fetches everything otherwise. A response without a strong ETag
--- or Last-Modified cannot be continued. Two processes must not continue the same file at once.
---
--- Bodies are asked for uncompressed unless `accept_encoding` says otherwise (not with resume).

local arguments = require('luvcurl/download/arguments')
local await = require('luvcurl/host/await')
local device = require('luvcurl/download/device')
local ending = require('luvcurl/host/ending')
local errors = require('luvcurl/response/error')
local infos = require('luvcurl/response/infos')
local failure = require('luvcurl/response/failure')
local partfile = require('luvcurl/download/partfile')
local perform = require('luvcurl/call/perform')
local request = require('luvcurl/request/request')
local resumption = require('luvcurl/download/resumption')
local save = require('luvcurl/download/save')
local task = require('luvcurl/host/task')
local uv = require('luvcurl/host/host').uv

---@class luvcurl.DownloadOptions : luvcurl.Request
---@field resume? boolean  continue a partial file, and leave one
---@field sha256? string   64 hexadecimal digits, of the whole file
---  on_progress counts what a resumed file had already, in `down` and in `down_total`

---@class luvcurl.DownloadResponse : luvcurl.Response
---@field path string      as it was given
---@field bytes integer    of the whole file; 0 for status 304, which leaves the file as it was
---@field resumed integer  how many of them were there already; 0 when none
---@field sha256 string|nil  when it was asked for
---  body is nil; `ok` is true also where a 416 told that nothing was missing

---@alias luvcurl.DownloadCallback fun(err: luvcurl.Error|nil, res: luvcurl.DownloadResponse|nil)

--- Returns the luvcurl.Download with a callback; without one the luvcurl.DownloadResponse, or nil
--- and the Error.
---@alias luvcurl.DownloadVerb
---| fun(url: string, path: string, opts?: table, callback?: luvcurl.DownloadCallback): any, any

--- A download under way. What a luvcurl.Transfer can; there may be several requests behind it.
---@class luvcurl.Download
---@field t luvcurl.Transfer|nil  the request that is under way, or the last one
local Download = { __name = 'luvcurl.Download' }
Download.__index = Download

local PUBLIC = {
  cancel = true, pause = true, resume = true, ref = true, unref = true, state = true, info = true,
  url = true, timings = true,
}

--- Ends it: the temporary file is removed (kept with resume), then the callback gets
--- ABORTED_BY_CALLBACK.
---@param why? luvcurl.Error  what it gets instead
---@return boolean  whether it was still under way
function Download:cancel(why)
  if self.over or self.cancelled then
    return false
  end
  self.cancelled = why or true
  if self.t then
    failure.cancel(self.t, why)
  end
  return true
end

--- Everything ends: its request, if there is one, does so by itself.
function Download:shut_down()
  self.cancelled = self.cancelled or ending.NAME
end

--- No more bytes are asked for until resume().
function Download:pause()
  self.paused = true
  if self.t then
    self.t:pause()
  end
end

--- Goes on after pause().
function Download:resume()
  self.paused = false
  if self.t then
    self.t:resume()
  end
end

--- Lets the loop end before it is done. (The temporary file is then removed.)
function Download:unref()
  self.unreferenced = true
  if self.t then
    self.t:unref()
  end
end

--- Takes unref() back.
function Download:ref()
  self.unreferenced = false
  if self.t then
    self.t:ref()
  end
end

---@return 'queued'|'running'|'paused'|'done'
function Download:state()
  if self.over then
    return 'done'
  elseif self.paused then
    return 'paused'
  end
  local state = self.t and self.t:state() or 'queued'
  return state == 'done' and 'running' or state -- the file is not complete yet
end

--- One of libcurl's facts about the last request; nil while there is none.
---@param name string
---@return any
function Download:info(name)
  return self.t and infos.get(self.t, name)
end

---@return string  without credentials
function Download:url()
  return self.t and self.t:url() or self.shown_url
end

---@return luvcurl.Timings|nil
function Download:timings()
  return self.t and self.t:timings()
end

--- What users get: the methods above, and nothing else to be seen.
---@return luvcurl.Download
function Download:handle()
  local handle = setmetatable({}, {
    __name = 'luvcurl.Download',
    __metatable = 'luvcurl.Download',
    __index = function(_, name)
      local method = type(name) == 'string' and PUBLIC[name] and Download[name]
      return method and function(_, ...)
        return method(self, ...)
      end or nil
    end,
    __tostring = function()
      return ('luvcurl.Download: %s, %s'):format(self:url(), self:state())
    end,
  })
  self.shown = handle
  return handle
end

--- Makes an Error that says where the download was.
---@param name string
---@param code integer|nil
---@param message string
---@return luvcurl.Error
function Download:error(name, code, message)
  return errors.new({
    name = name, code = code, message = message, url = self:url(), timings = self:timings(),
    phase = self.t and 'body' or 'queue',
  })
end

--- Tells whether it makes no sense to go on: it was cancelled, its request has failed, or its
--- `timeout` passed before there was one.
---@return fun(): boolean
function Download:stopper()
  local began, timeout = uv.hrtime(), tonumber(self.given.timeout)
  return function()
    if self.cancelled or (self.t and self.t:failure() ~= nil) then
      return true
    end
    return not self.t and timeout ~= nil and uv.hrtime() - began > timeout * 1e6
  end
end

--- Takes a request over as the one under way.
---@param t luvcurl.Transfer
function Download:adopt(t)
  self.t = t
  if self.paused then
    t:pause()
  end
  if self.unreferenced then
    t:unref()
  end
end

---@param way luvcurl.Api
---@return luvcurl.Download
local function new(way, url, path, opts)
  local given, resume, sha256 = arguments.sort(url, opts)
  local self = setmetatable({
    path = path, place = arguments.absolute(path), resumable = resume, sha256 = sha256,
  }, Download)
  local session_encoding = given.accept_encoding == nil
  given = way.prepare and way.prepare(given) or given
  if given.accept_encoding == nil or (resume and session_encoding) then
    given.accept_encoding = false
  end
  self.given, self.core = given, way.core()
  local final = request.compile(given) -- what is not valid raises now
  self.shown_url = final:gsub('^(%a[%w+.-]*://)[^/?#]*@', '%1')
  self.fingerprint = resumption.fingerprint(final)
  self:handle()
  return self
end

--- Runs it; `on_end(err, res)` is called from the loop.
local function start(self, on_end)
  ending.add(self, Download.shut_down)
  task.run(function(job)
    local part, why = device.open(job, self.place, self:stopper())
    if not part then
      part, why = partfile.open(job, self.place, self.resumable)
    end
    local err, res, keep = save(self, job, part, why)
    part:discard(keep)
    return err, res
  end, function(crash, err, res)
    self.over = true
    ending.remove(self)
    if crash then
      err = self:error('ABORTED_BY_CALLBACK', 42, crash)
    end
    on_end(err, res)
  end)
  return self
end

--- (url, path [, opts] [, callback]) over a Multi, in the styles of the verbs. Errors of its own:
--- WRITE_ERROR (the file; with the system's text), HTTP_RETURNED_ERROR (a status of 300 or more),
--- CHECKSUM_MISMATCH.
---@param way luvcurl.Api
---@param url string
---@param path string
---@param opts luvcurl.DownloadOptions|luvcurl.DownloadCallback|nil
---@param callback luvcurl.DownloadCallback|nil
---@return luvcurl.Download|luvcurl.DownloadResponse|nil
---@return luvcurl.Error|nil err
return function(way, url, path, opts, callback)
  if callback == nil and perform.is_callable(opts) then
    opts, callback = nil, opts
  end
  if callback ~= nil then
    perform.check_callback(callback)
    return start(new(way, url, path, opts), perform.as_text(callback)).shown
  end
  local co = await.place()
  local self = new(way, url, path, opts)
  local waiter = { core = self.core }
  start(self, function(err, res)
    waiter.err, waiter.res = err, res
    await.wake(waiter)
  end)
  local ok, why = await.wait(waiter, co)
  if not ok then
    return nil, perform.given_up(self, why)
  end
  return waiter.res, waiter.err
end
