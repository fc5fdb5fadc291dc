--- luvit leaves: it says so, and then closes all handles, its own stdout and stderr among them.
--- What is still under way, because nobody waits for it, ends before: its callbacks can print.

local core = require('luvcurl_core')
local host = require('luvcurl/host/host')

local leaving = {}

--- Has luvit tell us, once for each copy of luvcurl.
function leaving.watch()
  local process = host.process()
  if not process or type(process.on) ~= 'function' or core.watches then
    return
  end
  core.watches = true
  process:on('exit', function()
    core.shut_down()
  end)
  process:on('uncaughtException', function()
    core.host_died()
  end)
end

return leaving
