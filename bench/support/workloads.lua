-- What is measured: each workload is one request, at one or more numbers in flight.

local GIGABYTE = 2 ^ 30

---@class bench.Workload
---@field name string
---@field title string
---@field workload string     what clients call it (README.md)
---@field scheme 'http'|'https'|'h2'
---@field path string
---@field size integer        bytes of one body
---@field in_flight integer[]
---@field requests integer|nil  a fixed number of them

---@type bench.Workload[]
local workloads = {
  { name = 'get12', title = 'GET of 12 bytes', workload = 'get', scheme = 'http', path = '/12',
    size = 12, in_flight = { 1, 16, 64, 256, 1000, 4000, 9000 } },
  { name = 'get16k', title = 'GET of 16 KB', workload = 'get', scheme = 'http', path = '/16k',
    size = 16384, in_flight = { 64 } },
  { name = 'tls', title = 'GET of 12 bytes, TLS', workload = 'get', scheme = 'https',
    path = '/12', size = 12, in_flight = { 64 } },
  { name = 'h2', title = 'GET of 12 bytes, HTTP/2 over TLS', workload = 'get', scheme = 'h2',
    path = '/12', size = 12, in_flight = { 64, 100 } },
  { name = 'post-json', title = 'POST of 1 KB of JSON', workload = 'post-json', scheme = 'http',
    path = '/sink', size = 12, in_flight = { 64 } },
  { name = 'down', title = '1 GiB down, discarded', workload = 'down', scheme = 'http',
    path = '/1g', size = GIGABYTE, in_flight = { 1 }, requests = 3 },
  { name = 'down-chunks', title = '1 GiB down, in chunks', workload = 'down-chunks',
    scheme = 'http', path = '/1g', size = GIGABYTE, in_flight = { 1 }, requests = 3 },
  { name = 'down-file', title = '1 GiB down, to a file', workload = 'down-file', scheme = 'http',
    path = '/1g', size = GIGABYTE, in_flight = { 1 }, requests = 3 },
  { name = 'up-file', title = '1 GiB up, from a file', workload = 'up-file', scheme = 'http',
    path = '/sink', size = GIGABYTE, in_flight = { 1 }, requests = 3 },
}

--- Enough for a run of about a second.
---@param workload bench.Workload
---@param in_flight integer
---@return integer
function workloads.requests(workload, in_flight)
  return workload.requests or in_flight == 1 and 3000 or math.max(20000, 3 * in_flight)
end

return workloads
