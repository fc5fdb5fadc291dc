--- The words of a progress line.

local text = {}

local UNITS = { 'B', 'kB', 'MB', 'GB', 'TB', 'PB' }
local BAR_LEAST, BAR_MOST = 10, 40
local NAME_MOST = 32

--- Without what a terminal would obey: names come from servers.
---@param value string
---@return string
function text.safe(value)
  return (value:gsub('%c', '?'):gsub('\194[\128-\159]', '?'))
end

--- Columns, if every character takes one.
local function width(value)
  local _, continued = value:gsub('[\128-\191]', '')
  return #value - continued
end

--- At most so many columns of it, never a part of a character.
---@param value string
---@param columns integer
---@return string
function text.cut(value, columns)
  if width(value) <= columns then
    return value
  end
  local stop, count = 0, 0
  for at in value:gmatch('()[^\128-\191]') do
    if count == columns then
      break
    end
    count, stop = count + 1, at
  end
  while value:find('^[\128-\191]', stop + 1) do
    stop = stop + 1
  end
  return columns > 0 and value:sub(1, stop) or ''
end

local function padded(value, columns)
  return value .. (' '):rep(columns - width(value))
end

--- 12345678 → '12.3 MB'
---@param bytes number
---@return string
function text.size(bytes)
  local unit = 1
  while bytes >= 999.5 and unit < #UNITS do
    bytes, unit = bytes / 1000, unit + 1
  end
  local form = (unit == 1 or bytes >= 99.95) and '%.0f %s' or '%.1f %s'
  return form:format(bytes, UNITS[unit])
end

--- 3723000 → '1:02:03'
---@param ms number
---@return string
function text.time(ms)
  local s = math.floor(ms / 1000 + 0.5)
  if s >= 360000 then
    return '--:--'
  elseif s >= 3600 then
    return ('%d:%02d:%02d'):format(math.floor(s / 3600), math.floor(s / 60) % 60, s % 60)
  end
  return ('%d:%02d'):format(math.floor(s / 60), s % 60)
end

--- What counts: the way that has more to carry. The answer to an upload has a body, too.
---@return number done
---@return number total
---@return boolean is_up
local function counts(progress)
  local up = math.max(progress.up, progress.up_total)
  if up > 0 and up > math.max(progress.down, progress.down_total) then
    return progress.up, progress.up_total, true
  end
  return progress.down, progress.down_total, false
end

--- Whole percent; nil when the size is not known.
---@param progress luvcurl.Progress
---@return integer|nil
function text.percent(progress)
  local done, total = counts(progress)
  if total <= 0 then
    return nil
  end
  return math.floor(math.min(done / total, 1) * 100)
end

--- The last part of a URL's path, or its host.
---@param url string
---@return string
function text.name_of(url)
  local path = url:gsub('[?#].*$', '')
  local name = path:match('^%a[%w+.-]*://[^/]*/.-([^/]+)/*$') or path:match('^%a[%w+.-]*://([^/]*)')
  return text.safe(name or path)
end

local function named(label)
  return label == '' and '' or label .. ': '
end

--- A line of the block: name, bar, sizes, speed and the time left, in so many columns.
---@param label string
---@param progress luvcurl.Progress|nil
---@param columns integer
---@return string
function text.line(label, progress, columns)
  if not progress then
    return text.cut(named(label) .. 'waiting', columns)
  end
  local done, total = counts(progress)
  local percent = text.percent(progress)
  local tail = (' %9s%s  %9s/s'):format(text.size(done),
    total > 0 and ' / ' .. text.size(total) or '', text.size(progress.speed))
  if progress.eta then
    tail = tail .. '  ' .. text.time(progress.eta)
  end
  local name = text.cut(label, math.min(NAME_MOST, math.floor(columns / 3)))
  local room = math.min(columns - width(name) - #tail - 9, BAR_MOST)
  if not percent or room < BAR_LEAST then
    return text.cut(('%s %s%s'):format(name, percent and ('%3d%%'):format(percent) or '', tail),
      columns)
  end
  local filled = math.floor(room * percent / 100)
  local head = filled < room and '>' or ''
  return text.cut(('%s %3d%% [%s]%s'):format(name, percent,
    padded(('='):rep(filled) .. head, room), tail), columns)
end

--- A line where nobody looks.
---@param label string
---@param progress luvcurl.Progress
---@return string
function text.plain(label, progress)
  local done, total = counts(progress)
  local percent = text.percent(progress)
  return ('%s%s%s%s, %s/s'):format(named(label), percent and ('%d%% '):format(percent) or '',
    text.size(done), total > 0 and ' of ' .. text.size(total) or '', text.size(progress.speed))
end

--- How it ended.
---@param label string
---@param progress luvcurl.Progress|nil
---@param ms number
---@param err luvcurl.Error|string|nil
---@return string
function text.ended(label, progress, ms, err)
  if err then
    return named(label) .. text.safe(tostring(err))
  end
  local done, is_up, _ = 0, true, nil
  if progress then
    done, _, is_up = counts(progress)
  end
  local sent = not is_up and progress.up > 0 and (' (%s sent)'):format(text.size(progress.up)) or ''
  return ('%s%s%s in %.1f s, %s/s'):format(named(label), text.size(done), sent, ms / 1000,
    text.size(ms > 0 and done * 1000 / ms or 0))
end

return text
