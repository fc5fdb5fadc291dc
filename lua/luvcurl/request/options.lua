--- The request field `options`: any option of the libcurl that is loaded, under its own name.

local check = require('luvcurl/base/check')
local core = require('luvcurl_core')
local misuse = require('luvcurl/base/misuse')
local suggest = require('luvcurl/base/suggest')

--- What to use instead of the options that luvcurl keeps to itself.
local INSTEAD = {
  writefunction = 'on_data', writedata = 'on_data',
  headerfunction = 'on_response', headerdata = 'on_response',
  readfunction = 'body', readdata = 'body', postfields = 'body', copypostfields = 'body',
  postfieldsize = 'body', postfieldsize_large = 'body', infilesize = 'body',
  infilesize_large = 'body', url = 'url', curlu = 'url', httppost = 'form', mimepost = 'form',
  progressfunction = 'on_progress', xferinfofunction = 'on_progress',
  header = 'on_response', suppress_connect_headers = 'on_response',
  progressdata = 'on_progress', xferinfodata = 'on_progress', noprogress = 'on_progress',
}

--- Most texts end up in a line of some protocol; no name of a file needs a line end either.
local function check_lines(where, kind, value)
  if kind == 'string' and type(value) == 'string' then
    check.line(where, value)
  elseif kind == 'list' and type(value) == 'table' then
    for i, item in ipairs(value) do
      if type(item) == 'string' then
        check.line(('%s[%d]'):format(where, i), item)
        local field = item:match('^[^:;]*'):lower()
        if field == 'content-length' or field == 'transfer-encoding' then
          misuse(('%s[%d]: use the request field \'headers\' for %s'):format(where, i, field))
        end
      end
    end
  end
end

-- What would do nothing where connections are a Multi's.
local REASONS = {
  maxconnects = '; max_connections of a Multi limits them',
  upkeep_interval_ms = '; tcp_keepalive keeps connections alive',
}

local function instead_of(name)
  local field = INSTEAD[name]
  return REASONS[name] or field and "; use the request field '" .. field .. "'" or ''
end

---@param out luvcurl.Flat
---@param where string
---@param options table<string, any>
return function(out, where, options)
  check.type(where, options, 'table')
  local names, n = {}, 0
  for name in pairs(options) do
    n = n + 1
    names[n] = name
    local kind = type(name) == 'string' and core.option_kind(name)
    if not kind then
      misuse(suggest.unknown('option', name, core.option_names()))
    elseif kind == 'owned' then
      misuse(("option '%s' is luvcurl's own%s"):format(name, instead_of(name)))
    end
    check_lines(where .. '.' .. name, kind, options[name])
  end
  table.sort(names)
  for i = 1, n do
    out:push(names[i], options[names[i]])
  end
end
