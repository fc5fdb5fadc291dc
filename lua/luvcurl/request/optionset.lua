--- Sets of libcurl options: the defaults, and what a request adds to them. Sets are shared by all
--- requests that are alike: the C side then finds the libcurl handle that carries one by a glance
--- at the pointer.

local core = require('luvcurl_core')
local environment = require('luvcurl/host/environment')
local library = require('luvcurl/host/library')
local misuse = require('luvcurl/base/misuse')

local optionset = {}

--- How many redirects are followed unless a request says otherwise.
optionset.REDIRECTS = 10

local CONNECT_TIMEOUT = 30000
local HTTP, HTTPS = 1, 2 -- CURLPROTO_*, before libcurl 7.85

local function defaults()
  local list = {}
  local function push(name, value)
    list[#list + 1] = name
    list[#list + 1] = value
  end
  if core.option_kind('protocols_str') then
    push('protocols_str', 'http,https')
    push('redir_protocols_str', 'http,https')
  else
    push('protocols', HTTP + HTTPS)
    push('redir_protocols', HTTP + HTTPS)
  end
  push('followlocation', 1)
  push('maxredirs', optionset.REDIRECTS)
  push('connecttimeout_ms', CONNECT_TIMEOUT)
  push('accept_encoding', '')
  push('useragent', 'luvcurl/' .. library.version.luvcurl)
  if environment.ca_file then
    push('cainfo', environment.ca_file)
  end
  if environment.ca_path then
    push('capath', environment.ca_path)
  end
  return list
end

local DEFAULTS = defaults()

--- Options by what they add to the defaults. Strong: a set that is made anew is compared with the
--- ones that the kept handles carry, value by value. Forgotten all at once, as a Multi does it.
local MAX_SETS = 64
local sets, set_count = {}, 0

-- One for all keys: a new table for each would grow in many steps.
local parts = {}

local function append(n, text)
  parts[n + 1], parts[n + 2], parts[n + 3] = #text, ':', text
  return n + 3
end

local function append_lines(n, lines)
  parts[n + 1], parts[n + 2] = #lines, 'l'
  n = n + 2
  for i = 1, #lines do
    if type(lines[i]) ~= 'string' then
      return nil
    end
    n = append(n, lines[i])
  end
  return n
end

--- Text that tells lists apart, or nil when the list had better not be remembered: it has a blob,
--- or something wrong that the C side will tell of.
---@param proxy string
---@param list any[]
---@return string|nil
local function key_of(proxy, list)
  local n = append(append(0, proxy), environment.no_proxy)
  for i = 1, #list do
    local value = list[i]
    local kind = type(value)
    if kind == 'string' and #value <= 4096 then
      n = append(n, value)
    elseif kind == 'number' then
      parts[n + 1], parts[n + 2] = value, 'n'
      n = n + 2
    elseif kind == 'boolean' then
      n = n + 1
      parts[n] = value and 't' or 'f'
    elseif kind == 'table' then
      n = append_lines(n, value)
      if not n then
        return nil
      end
    else
      return nil
    end
  end
  return table.concat(parts, '', 1, n)
end

---@param proxy string
---@param list any[]
---@return luvcurl.Options
local function build(proxy, list)
  local whole = {}
  for i = 1, #DEFAULTS do
    whole[i] = DEFAULTS[i]
  end
  local n = #whole
  whole[n + 1], whole[n + 2] = 'proxy', proxy
  whole[n + 3], whole[n + 4] = 'noproxy', environment.no_proxy
  n = n + 4
  local of_environment = true
  for i = 1, #list, 2 do
    whole[n + i], whole[n + i + 1] = list[i], list[i + 1]
    of_environment = of_environment and list[i] ~= 'proxy'
  end
  local ok, options = pcall(core.options, whole, of_environment)
  if not ok then
    misuse(options)
  end
  return options
end

---@param proxy string
---@param list any[]
---@return luvcurl.Options
local function find(proxy, list)
  local key = key_of(proxy, list)
  local options = key and sets[key]
  if not options then
    options = build(proxy, list)
    if key then
      if set_count >= MAX_SETS then
        sets, set_count = {}, 0
      end
      sets[key] = options
      set_count = set_count + 1
    end
  end
  return options
end

--- For a list that stays as it is: returns a function that gives its options for a URL.
---@param list any[]
---@return fun(url: string): luvcurl.Options
function optionset.fixed(list)
  local by_proxy, generation = {}, environment.generation
  return function(url)
    local proxy = environment.proxy_for(url)
    if generation ~= environment.generation then
      by_proxy, generation = {}, environment.generation
    end
    local options = by_proxy[proxy]
    if not options then
      options = find(proxy, list)
      by_proxy[proxy] = options
    end
    return options
  end
end

--- The options of a request that says nothing but its URL.
optionset.plain = optionset.fixed({})

--- The defaults and what `list` adds: name1, value1, name2, value2, …, applied in order.
---@param url string
---@param list any[]
---@return luvcurl.Options
function optionset.of(url, list)
  if #list == 0 then
    return optionset.plain(url)
  end
  return find(environment.proxy_for(url), list)
end

return optionset
