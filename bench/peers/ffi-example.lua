-- libcurl through LuaJIT's ffi on luv, in the shape of the example that comes with luvit: a fresh
-- easy handle for each request, and a poll handle for each socket, made and closed in the socket
-- callback. Mended just so far that every transfer ends well and is known: one write callback for
-- all (there are only some hundreds), sizes counted, all messages read after sockets and timer
-- alike, the handle freed that has ended, both directions polled, and the timer kept.

local here = arg[0]:match '^(.*/)' or './'
local client = dofile(here .. 'client.lua')
local ffi = require 'ffi'
local uv = require 'luv'

ffi.cdef [[
  typedef struct { int msg; void *easy; union { void *whatever; int result; } data; } CURLMsg;
  typedef int (*socket_callback)(void *easy, int fd, int what, void *data, void *socket_data);
  typedef int (*timer_callback)(void *multi, long ms, void *data);
  typedef size_t (*write_callback)(const char *bytes, size_t size, size_t count, void *data);
  const char *curl_version(void);
  int curl_global_init(long flags);
  void *curl_easy_init(void);
  int curl_easy_setopt(void *easy, int option, ...);
  int curl_easy_getinfo(void *easy, int info, ...);
  void curl_easy_cleanup(void *easy);
  const char *curl_easy_strerror(int code);
  void *curl_slist_append(void *list, const char *text);
  void *curl_multi_init(void);
  int curl_multi_setopt(void *multi, int option, ...);
  int curl_multi_add_handle(void *multi, void *easy);
  int curl_multi_remove_handle(void *multi, void *easy);
  int curl_multi_socket_action(void *multi, int fd, int mask, int *running);
  CURLMsg *curl_multi_info_read(void *multi, int *left);
]]

local OPTION = {
  URL = 10002, WRITEFUNCTION = 20011, WRITEDATA = 10001, NOSIGNAL = 99, CAINFO = 10065,
  COPYPOSTFIELDS = 10165, HTTPHEADER = 10023, HTTP_VERSION = 84, PIPEWAIT = 237,
}
local MULTI_OPTION = { SOCKETFUNCTION = 20001, TIMERFUNCTION = 20004, MAXCONNECTS = 6 }
local RESPONSE_CODE = 0x200002
local HTTP_1_1, HTTP_2TLS = 2, 4
local TIMEOUT_SOCKET, REMOVE = -1, 4
local EVENTS = { [1] = 'r', [2] = 'w', [3] = 'rw' }
local READY = { r = 1, w = 2, rw = 3 }
local ERROR = 4

local curl = ffi.load 'libcurl.so.4'
local version = ('%s, luv %s'):format(ffi.string(curl.curl_version()), uv.version_string())
local options = client.options(arg, version, {
  down = true, ['post-json'] = true, http2 = true, tls = true,
})
curl.curl_global_init(3)
local multi = curl.curl_multi_init()

---@class FfiRequest
---@field easy ffi.cdata*
---@field parts string[]
---@field length integer

local requests = {} ---@type table<integer, FfiRequest> by the address of the easy handle
local tally
local running, left = ffi.new 'int[1]', ffi.new 'int[1]'

local function address(pointer)
  return tonumber(ffi.cast('intptr_t', pointer))
end

local function number(value)
  return ffi.cast('long', value)
end

local write = ffi.cast('write_callback', function(bytes, size, count, data)
  local length = tonumber(size * count)
  local request = requests[address(data)]
  request.length = request.length + length
  if options.workload ~= 'down' then
    request.parts[#request.parts + 1] = ffi.string(bytes, length)
  end
  return length
end)

local json_header = curl.curl_slist_append(nil, 'Content-Type: application/json')

local function configure(easy)
  local set = curl.curl_easy_setopt
  set(easy, OPTION.URL, options.url)
  set(easy, OPTION.WRITEFUNCTION, write)
  set(easy, OPTION.WRITEDATA, easy)
  set(easy, OPTION.NOSIGNAL, number(1))
  set(easy, OPTION.HTTP_VERSION, number(options.http2 and HTTP_2TLS or HTTP_1_1))
  set(easy, OPTION.PIPEWAIT, number(options.http2 and 1 or 0))
  if options.cacert then
    set(easy, OPTION.CAINFO, options.cacert)
  end
  if options.workload == 'post-json' then
    set(easy, OPTION.COPYPOSTFIELDS, client.JSON)
    set(easy, OPTION.HTTPHEADER, json_header)
  end
end

local function start()
  if not tally:start() then
    return
  end
  local easy = curl.curl_easy_init()
  requests[address(easy)] = { easy = easy, parts = {}, length = 0 }
  configure(easy)
  curl.curl_multi_add_handle(multi, easy)
end

local function finish(easy, result)
  local key, status = address(easy), ffi.new 'long[1]'
  local request = requests[key]
  requests[key] = nil
  curl.curl_easy_getinfo(easy, RESPONSE_CODE, status)
  curl.curl_multi_remove_handle(multi, easy)
  curl.curl_easy_cleanup(easy)
  if result == 0 then
    local body = table.concat(request.parts)
    tally:done(tonumber(status[0]), options.workload == 'down' and request.length or #body)
  else
    tally:done(nil, nil, ffi.string(curl.curl_easy_strerror(result)))
  end
  start()
end

-- Ends in the callbacks below, so neither it nor what calls it may be compiled.
local function act(fd, mask)
  curl.curl_multi_socket_action(multi, fd, mask, running)
  while true do
    local message = curl.curl_multi_info_read(multi, left)
    if message == nil then
      return
    end
    finish(message.easy, message.data.result)
  end
end

local timer = uv.new_timer()
local function on_timeout()
  act(TIMEOUT_SOCKET, 0)
end

local polls = {}
local on_socket = ffi.cast('socket_callback', function(_, fd, what)
  local poll = polls[fd]
  if what == REMOVE then
    if poll then
      poll:stop()
      poll:close()
      polls[fd] = nil
    end
    return 0
  end
  if not poll then
    poll = uv.new_poll(fd)
    polls[fd] = poll
  end
  poll:start(EVENTS[what], function(err, events)
    act(fd, err and ERROR or READY[events])
  end)
  return 0
end)

local on_timer = ffi.cast('timer_callback', function(_, ms)
  if ms < 0 then
    timer:stop()
  else
    timer:start(tonumber(ms), 0, on_timeout)
  end
  return 0
end)

for _, calls_back in ipairs { start, finish, act, on_timeout, configure } do
  jit.off(calls_back, true)
end
curl.curl_multi_setopt(multi, MULTI_OPTION.SOCKETFUNCTION, on_socket)
curl.curl_multi_setopt(multi, MULTI_OPTION.TIMERFUNCTION, on_timer)
curl.curl_multi_setopt(multi, MULTI_OPTION.MAXCONNECTS, number(options.in_flight))

client.measure(options, function(next_tally, in_flight, finished)
  tally = next_tally
  for _ = 1, in_flight do
    start()
  end
  while tally.running > 0 do
    uv.run 'once'
  end
  finished()
end)
