--- The request fields that stand for libcurl options or for settings of the transfer, one
--- function each: checks the value and adds what it means to `out`.

---@class luvcurl.Request
---@field url? string             relative to base_url if there is one
---@field base_url? string
---@field method? string          GET, or POST when there is a body
---@field query? table            appended to the URL, percent-encoded: { name = value },
---  { name = { value, … } }, in the order of the names, or { { name, value }, … }
---@field headers? table          the same shapes; a value of false leaves out libcurl's own header
---@field body? string|function|table  bytes, fun(): string|nil, a stream of luv or luvit,
---  {file = path}, or luvcurl.BodyFunction. Goes out without Content-Type unless `headers` has one.
---  The bytes, files and functions with `rewind` are sent anew where that has to be: for a redirect
---  of 307 or 308, a digest challenge, a kept connection that turned out to be dead
---@field json? any               encoded by the host's JSON library; sets Content-Type and Accept
---@field form? table             urlencoded; the shapes of query
---@field multipart? luvcurl.Part[]|table  a form with files: a list of parts, or fields by name
---@field auth? string|luvcurl.Auth  'user:password', or more
---@field bearer? string          a token
---@field redirects? boolean|integer  how many to follow; true is 10 (default), false none
---@field timeout? number|false   ms for the whole transfer; none by default
---@field connect_timeout? number|false  ms, name look-up and TLS included; 30000 by default
---@field low_speed? luvcurl.LowSpeed|false  ends a transfer that is slower than that for so long
---@field first_byte? number|false  ms from the start to the response's headers
---@field idle? number|false      ms without a byte of the body
---@field resend? boolean         whether it is sent anew, once, when a kept connection is lost
---  before an answer; by default where it is idempotent (GET HEAD PUT DELETE OPTIONS TRACE, or a
---  header Idempotency-Key), or nothing of it was sent
---@field proxy? string|false|luvcurl.Proxy  by default as the environment says
---@field tls? luvcurl.Tls
---@field http_version? string    '1.0', '1.1', '2', '2tls', 'prior-knowledge', '3', '3only'
---@field accept_encoding? boolean|string  true (default): all that luvcurl can undo
---@field max_body? integer|false  bytes, decompressed; more ends the transfer with an error.
---  Without it a body that is collected may be 64 MiB, or 100 times what was sent
---@field high_water? integer     bytes of a streamed body that may wait; 1 MiB by default
---@field range? string|integer[] '0-99', or {first, last}; asks for the body uncompressed
---@field resume_from? integer    bytes to leave out at the start; the same
---@field expect? boolean         whether to send Expect: 100-continue; by default it is not
---@field on_response? fun(res: luvcurl.Response)  the final response's headers are in
---@field on_data? fun(chunk: string, res: luvcurl.Response)  then res.body stays nil
---@field on_progress? fun(progress: luvcurl.Progress)  at most ten times a second
---@field events? boolean         asks for server-sent events (Accept), for `res:events()`
---@field infos? string[]         what `res:info(name)` is to know after the end, too: 'certinfo'
---  (the server's certificates; over a connection of its own), 'cookielist', any CURLINFO by its
---  name in lower case
---@field options? table<string, any>  any option of libcurl, by its name in lower case

---@class luvcurl.BodyFunction
---@field read fun(): string|nil  the next chunk; nil at the end; may yield
---@field rewind? fun()   the next chunk is to be the first one again; what a `read` that has
---  yielded still gives is dropped
---@field size? integer   bytes, where known: sent as Content-Length

---@class luvcurl.LowSpeed
---@field limit integer  bytes per second
---@field time number    ms

---@class luvcurl.Auth
---@field user string
---@field password? string
---@field scheme? 'basic'|'digest'|'ntlm'|'negotiate'|'any'  'basic' by default

---@class luvcurl.Proxy
---@field url string
---@field user? string
---@field password? string
---@field scheme? 'basic'|'digest'|'ntlm'|'negotiate'|'any'
---@field bypass? string|string[]  hosts that are asked directly

---@class luvcurl.Tls
---@field ca_file? string       PEM; then the system's own certificates do not count
---@field ca_path? string       a folder; the same
---@field cert? string          the client's certificate, a file
---@field key? string           its key, a file
---@field key_password? string
---@field verify? boolean       true by default: the certificate and the host's name
---@field pinned_key? string    'sha256//…' or a file
---@field min_version? '1.0'|'1.1'|'1.2'|'1.3'

---@class luvcurl.Progress
---@field down number        bytes; so are the next three
---@field down_total number  0 when not known
---@field up number
---@field up_total number
---@field speed number       bytes per second, both ways
---@field eta number|nil     ms, when it can be known
---@field transfer luvcurl.Transfer  a luvcurl.Download for downloads
---@field complete true|nil  the last call for a download that has everything

local auth = require('luvcurl/request/auth')
local check = require('luvcurl/base/check')
local infos = require('luvcurl/response/infos')
local library = require('luvcurl/host/library')
local misuse = require('luvcurl/base/misuse')

---@type table<string, fun(out: luvcurl.Flat, where: string, value: any, field: string)>
local fields = {}

--- CURL_HTTP_VERSION_*
local HTTP_VERSIONS = {
  ['1.0'] = 1, ['1.1'] = 2, ['2'] = 3, ['2tls'] = 4, ['prior-knowledge'] = 5, ['3'] = 30,
  ['3only'] = 31,
  [1.1] = 2, [2] = 3, [3] = 30,
}

local SENSIBLE_REDIRECTS = 10

function fields.redirects(out, where, value)
  if value == true then
    value = SENSIBLE_REDIRECTS
  elseif value == false then
    value = 0
  end
  out.redirects = check.integer(where, value, 0, 'true, false or a number of redirects', 2147483647)
  out:push('followlocation', out.redirects > 0 and 1 or 0)
  if out.redirects > 0 then
    out:push('maxredirs', out.redirects) -- libcurl counts the answer to a challenge among them
  end
end

function fields.timeout(out, where, value)
  local ms = check.milliseconds(where, value)
  out:push('timeout_ms', ms)
  if ms > 0 then
    out:settings().timeout = ms -- for the time it waits in the queue, unknown to libcurl
  end
end

function fields.connect_timeout(out, where, value)
  -- libcurl takes 0 as its own default, five minutes; none at all is the longest there is
  local ms = check.milliseconds(where, value)
  out:push('connecttimeout_ms', ms > 0 and ms or 2147483647)
end

function fields.low_speed(out, where, value)
  if value == false then
    return
  end
  check.record(where, value, { 'limit', 'time' })
  local limit = check.integer(where .. '.limit', value.limit, 1, 'a number of bytes per second',
    2147483647)
  local ms = check.milliseconds(where .. '.time', value.time)
  out:push('low_speed_limit', limit)
  out:push('low_speed_time', math.ceil(ms / 1000)) -- libcurl counts seconds here
end

function fields.http_version(out, where, value)
  local number = check.word(where, value, HTTP_VERSIONS)
  if number >= 30 and not library.features.HTTP3 then
    misuse(('%s: the loaded libcurl has no HTTP/3'):format(where))
  elseif number >= 3 and number < 30 and not library.features.HTTP2 then
    misuse(('%s: the loaded libcurl has no HTTP/2'):format(where))
  end
  out:push('http_version', number)
end

function fields.accept_encoding(out, where, value)
  if value == true then
    value = '' -- all that can be undone
  elseif value ~= false then
    check.line(where, value)
  end
  out:push('accept_encoding', value)
end

--- A part of a compressed body cannot be decompressed: ask for the plain one.
local function plain(out)
  if out.request.accept_encoding == nil then
    out:push('accept_encoding', false)
  end
end

function fields.range(out, where, value)
  if type(value) == 'table' then
    local first = check.integer(where .. '[1]', value[1], 0, 'the number of the first byte')
    local last = value[2]
    if last ~= nil then
      last = check.integer(where .. '[2]', last, first, 'the number of the last byte')
    end
    value = last and ('%d-%d'):format(first, last) or ('%d-'):format(first)
  else
    check.line(where, value)
    if not value:find('%d') or value:find('[^%d%-, ]') then
      misuse(where .. ": expected a range like '0-99', '100-', '-50' or {first, last}")
    end
  end
  out:push('range', value)
  plain(out)
end

function fields.resume_from(out, where, value)
  out:push('resume_from_large', check.integer(where, value, 0, 'a number of bytes'))
  plain(out)
end

fields.auth = auth.field
fields.bearer = auth.bearer
fields.proxy = require('luvcurl/request/proxy')
fields.tls = require('luvcurl/request/tls')
fields.options = require('luvcurl/request/options')

-- Settings of the transfer: plain fields of the sink, read by the C side.

local function bytes(least)
  return function(out, where, value, field)
    if value ~= false then
      out:settings()[field] = check.integer(where, value, least, 'a number of bytes')
    end
  end
end

local function milliseconds(out, where, value, field)
  local ms = check.milliseconds(where, value)
  if ms > 0 then
    out:settings()[field] = ms
  end
end

local function hook(out, where, value, field)
  if not check.is_callable(value) then
    check.fail(where, 'a function', value)
  end
  out:settings()[field] = value
end

fields.max_body = bytes(1)
fields.high_water = bytes(1)
fields.first_byte = milliseconds
fields.idle = milliseconds
function fields.resend(out, where, value)
  if type(value) ~= 'boolean' then
    check.fail(where, 'true or false', value)
  end
  out:settings().resend = value and 1 or 0
end

function fields.events(out, where, value)
  if check.type(where, value, 'boolean') then
    out.events = true
  end
end

function fields.infos(out, where, value)
  local names = infos.names(where, value)
  for _, name in ipairs(names) do
    if name == 'certinfo' then
      -- libcurl has them from the handshake only: neither of a kept connection nor a kept session
      out:push('certinfo', 1)
      out:push('fresh_connect', 1)
      out:push('ssl_sessionid_cache', 0)
    elseif name == 'cookielist' then
      out:push('cookiefile', '') -- there are none where libcurl does not look after them
    end
  end
  if names[1] then
    out:settings().infos = names
  end
end

fields.on_response = hook
fields.on_data = hook
fields.on_progress = hook

--- The order they are applied in, so that like requests come out alike.
local ORDER = {
  'redirects', 'timeout', 'connect_timeout', 'low_speed', 'auth', 'bearer', 'proxy', 'tls',
  'http_version', 'accept_encoding', 'range', 'resume_from', 'max_body', 'high_water',
  'first_byte', 'idle', 'resend', 'infos', 'events',
  'on_response', 'on_data', 'on_progress',
}

--- Those that request.lua and body.lua look after.
local OTHERS = {
  'options', 'url', 'base_url', 'method', 'query', 'headers', 'body', 'json', 'form', 'multipart',
  'expect',
}

return {
  apply = fields,
  order = ORDER,
  others = OTHERS,
}
