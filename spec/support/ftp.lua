-- An FTP server: pyftpdlib, one user who may write.

local process = require 'spec.support.process'

local ftp = {}

--- Starts it.
---@param dir string a fresh directory; what it serves is in root/
---@return Child child
---@return table facts what servers.ftp holds
function ftp.start(dir)
  local python = process.find('/usr/bin/python3', 'python3')
  process.find('/usr/lib/python3/dist-packages/pyftpdlib', 'python3-pyftpdlib')
  local root = dir .. '/root'
  assert(require 'luv'.fs_mkdir(root, 448))
  process.write_file(root .. '/hello.txt', 'hello over ftp\n')
  local child, ports = process.serve(1, function(port)
    return {
      name = 'ftp',
      command = python,
      args = { '-m', 'pyftpdlib', '-i', '127.0.0.1', '-p', port, '-w', '-d', root, '-u', 'ftpuser',
        '-P', 'ftppass' },
      cwd = dir,
      log = dir .. '/ftp.log',
    }
  end)
  return child, { url = 'ftp://127.0.0.1:' .. ports[1], port = ports[1], pid = child.pid,
    root = root, user = 'ftpuser', password = 'ftppass' }
end

return ftp
