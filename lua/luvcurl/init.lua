--- luvcurl: libcurl on the event loop that luv runs.
---
---     local curl = require 'luvcurl'
---     local res = assert(curl.get('https://example.org/'))
---     print(res.status, res.headers['content-type'], #res.body)

local api = require('luvcurl/session/api')
local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local host = require('luvcurl/host/host')
local leaving = require('luvcurl/host/leaving')
local lazy = require('luvcurl/base/lazy')
local Multi = require('luvcurl/call/multi')

---@alias luvcurl.Callback fun(err: luvcurl.Error|nil, res: luvcurl.Response|nil)

local way = {
  core = function()
    return Multi.shared().core
  end,
}

---@class luvcurl : luvcurl.Verbs
---@field Multi luvcurl.Multi
---@field session fun(settings?: luvcurl.SessionSettings): luvcurl.Session
---@field progress_bar fun(opts?: luvcurl.ProgressBarOptions): luvcurl.ProgressBar
---@field shutdown fun(callback?: fun())  ends all that is under way, then closes what can be
---@field sleep fun(ms: number, callback?: function): any, any  waits, in the styles of the verbs
---@field spawn fun(fn: fun(task: luvcurl.Spawned), callback?: function): luvcurl.Spawned  runs it
---  in a coroutine that can be cancelled and waited for
---@field map luvcurl.MapVerb
local curl = api.build(way)

curl.Multi = Multi
curl.map = api.map(way)
curl.sleep = lazy.call('luvcurl/call/sleep')
curl.spawn = api.spawn
curl.session = lazy.call('luvcurl/session/session')
curl.progress_bar = lazy.call('luvcurl/progress/bar')
curl.shutdown = lazy.call('luvcurl/call/shutdown')

--- The versions of luvcurl, libcurl, luv and libuv, and what this libcurl can do.
---@return luvcurl.Version
function curl.version()
  local version = core.version()
  -- luv has no number of its own at run time; it is numbered after the libuv it was made for
  version.luv = host.uv._VERSION or host.uv.version_string()
  return version
end

--- Percent-encodes everything but letters, digits and -._~
---@param text string
---@return string
function curl.escape(text)
  return core.escape(check.type('escape', text, 'string'))
end

leaving.watch()
lazy.keep()

return curl
