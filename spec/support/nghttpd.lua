-- nghttpd: HTTP/2 without nginx's habits; it echoes uploads and sends the trailer 'x-trailer'. It
-- always sends a Content-Length too, and libcurl 7.88 stops there without waiting for trailers.

local process = require 'spec.support.process'

local nghttpd = {}

--- Starts it.
---@param dir string a fresh directory
---@param certs Certs
---@param root string directory of files to serve
---@return Child child
---@return table facts what servers.nghttpd holds
function nghttpd.start(dir, certs, root)
  local program = process.find('nghttpd', 'nghttp2-server')
  local child, ports = process.serve(1, function(port)
    return {
      name = 'nghttpd',
      command = program,
      args = { '--address=127.0.0.1', '--htdocs=' .. root, '--echo-upload',
        '--trailer=x-trailer: at-the-end', port, certs.server.key, certs.server.cert },
      cwd = dir,
      log = dir .. '/nghttpd.log',
    }
  end)
  return child, { url = 'https://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid }
end

return nghttpd
