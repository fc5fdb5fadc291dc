--- What continuing a partial file takes: which version of the resource the part is of (the notes
--- beside it), how to ask for the rest, and what the server's answer means.

local core = require('luvcurl_core')

local resumption = {}

--- Which version a part is of.
---@class luvcurl.PartVersion
---@field url string             sha256 of the URL without credentials: it may hold secrets itself
---@field etag string|nil        strong
---@field modified string|nil    Last-Modified, if it can tell versions apart
---@field total integer|nil      bytes of the whole

local HEAD, TAIL = 'luvcurl part 1', 'end'
local KEYS = { 'url', 'etag', 'modified', 'total' }

--- The version that the notes tell of; nil when they are torn or none of ours.
---@param text string|nil
---@return luvcurl.PartVersion|nil
function resumption.decode(text)
  local version, lines = {}, {}
  for line in (text or ''):gmatch('([^\n]*)\n') do
    lines[#lines + 1] = line
  end
  if lines[1] ~= HEAD or lines[#lines] ~= TAIL then
    return nil
  end
  for i = 2, #lines - 1 do
    local key, value = lines[i]:match('^(%l+) (.+)$')
    if not key or value:find('%c') then
      return nil
    end
    version[key] = value
  end
  version.total = tonumber(version.total)
  return version.url and (version.etag or version.modified) and version or nil
end

---@param version luvcurl.PartVersion
---@return string
function resumption.encode(version)
  local lines = { HEAD }
  for _, key in ipairs(KEYS) do
    if version[key] then
      local form = key == 'total' and '%s %d' or '%s %s'
      lines[#lines + 1] = form:format(key, version[key])
    end
  end
  lines[#lines + 1] = TAIL .. '\n'
  return table.concat(lines, '\n')
end

---@param url string
---@return string
function resumption.fingerprint(url)
  local digest = core.sha256()
  digest:update((url:gsub('^(%a[%w+.-]*://)[^/?#]*@', '%1'):gsub('#.*$', '')))
  return digest:hex()
end

local function strong_etag(headers)
  local etag = headers:get('etag')
  if etag and etag:find('^"[^%c"]*"$') then
    return etag -- a weak one (W/"…") says no more than that the meaning is the same
  end
end

--- By RFC 9110 8.8.2.2: what changed in the second it was sent in may have changed once more.
local function strong_date(headers)
  local modified, date = headers:get('last-modified'), headers:get('date')
  if modified and date and modified ~= date and not modified:find('%c') then
    return modified
  end
end

--- The version of a whole response, or nil when it cannot be continued for want of a validator.
---@param fingerprint string
---@param headers luvcurl.Headers
---@return luvcurl.PartVersion|nil
function resumption.version(fingerprint, headers)
  local version = {
    url = fingerprint, etag = strong_etag(headers), modified = strong_date(headers),
    total = tonumber((headers:get('content-length') or ''):match('^%d+$')),
  }
  if headers:has('content-encoding') and not headers:has('content-length') then
    return nil -- compressed as it goes: the bytes need not be the same next time
  end
  return (version.etag or version.modified) and version or nil
end

--- What goes with the Range into the request.
---@param version luvcurl.PartVersion
---@return string
function resumption.condition(version)
  return version.etag or version.modified
end

--- Servers are to ignore the range of another version; those that do not are found out here.
local function same_version(version, headers, total)
  local etag, modified = headers:get('etag'), headers:get('last-modified')
  if total and version.total and total ~= version.total then
    return false
  elseif etag and version.etag then
    return etag == version.etag
  end
  return not (modified and version.modified) or modified == version.modified
end

---@param headers luvcurl.Headers
---@return integer|nil first
---@return integer|nil last
---@return integer|nil total
local function content_range(headers)
  local text = headers:get('content-range') or ''
  local first, last, total = text:match('^bytes (%d+)%-(%d+)/([%d*]+)$')
  if not first then
    return nil, nil, tonumber(text:match('^bytes %*/(%d+)$'))
  end
  return tonumber(first), tonumber(last), tonumber(total)
end

--- Whether the bytes are those of the file itself.
local function is_plain(headers)
  local encoding = headers:get('content-encoding')
  return encoding == nil or encoding == '' or encoding:lower() == 'identity'
end

--- Whether an answer of 206 has what was asked for, by all that it says before its first byte.
local function continues(headers, from, first, last, total)
  if first ~= from or last < first or (total and last >= total) or not is_plain(headers) then
    return false
  end
  local length = tonumber(headers:get('content-length'))
  return not length or length == last - first + 1
end

local function judge_rest(res, from, version)
  local first, last, total = content_range(res.headers)
  if same_version(version, res.headers, total) then
    if res.status == 206 and continues(res.headers, from, first, last, total) then
      return 'append', total, last
    elseif res.status == 416 and total == from then
      return 'complete'
    end
  end
  return 'restart'
end

--- What an answer means, when the bytes from `from` on were asked for (0: everything).
---   append     the rest is coming
---   whole      everything is coming
---   complete   there is no more
---   restart    another version, or nonsense: ask for everything
---   unchanged  304: the caller's own condition was not met
---   refused    nothing to put into a file
---@param res luvcurl.Response
---@param from integer
---@param version luvcurl.PartVersion|nil
---@return string verdict
---@return integer|nil total  bytes of the whole, for append
---@return integer|nil last   the last byte that is coming, for append
function resumption.judge(res, from, version)
  local status = res.status
  if not res.http_version then
    return 'whole' -- no HTTP: the codes mean something else
  elseif version and from > 0 and (status == 206 or status == 416) then
    return judge_rest(res, from, version)
  elseif status == 304 then
    return 'unchanged'
  elseif status >= 300 then
    return 'refused'
  elseif from > 0 and res.headers:has('content-range') then
    return 'restart' -- a part under a status that is not a part's
  end
  return 'whole'
end

return resumption
