-- What one request costs in system calls, instructions and calls of getenv: counts, which unlike
-- times are nearly the same in every run. Each is the difference of two runs that differ in their
-- number of requests alone, so that start and end of the program cancel out.

local clients = require 'bench.support.clients'
local process = require 'spec.support.process'
local workloads = require 'bench.support.workloads'

local counts = {}

local IN_FLIGHT = 64

local function sh(command, log)
  local pipe = assert(io.popen(command))
  local output = pipe:read '*a'
  pipe:close()
  if not output:find 'status 0\n$' then
    error(('%s\n%s%s'):format(command, output, process.read_file(log)), 0)
  end
  return output
end

--- Runs a command with a tool before it.
---@param tool string[]
---@param words string[]
---@param at bench.Server
---@return string output
local function under(tool, words, at)
  local line = { (table.unpack or unpack)(tool) }
  for _, word in ipairs(words) do
    line[#line + 1] = word
  end
  return sh(clients.command(line, at.dir .. '/stderr'), at.dir .. '/stderr')
end

-- A program that a tool slows fifty times would hit luvcurl's budget all the time, at places that
-- depend on the machine's speed.
local function words_of(client, requests, at)
  local words = clients.words(client, workloads[1], IN_FLIGHT, requests, at)
  if client.name:find '^luvcurl' then
    words[#words + 1], words[#words + 2] = '--turn-budget', '60000'
  end
  return words
end

-- strace's table: "% time  seconds  usecs/call  calls  [errors]  syscall".
local function parse_strace(text)
  local result = {}
  for line in text:gmatch '[^\n]+' do
    local calls, name = line:match '^%s*[%d.]+%s+[%d.]+%s+%d+%s+(%d+)%s.-([%w_]+)$'
    if calls and name ~= 'total' then
      result[name] = tonumber(calls)
    end
  end
  return result
end

local function difference(few, many, requests)
  local result = {}
  for name, count in pairs(many) do
    result[name] = (count - (few[name] or 0)) / requests
  end
  return result
end

--- System calls per request, by name.
---@param client bench.Client
---@param at bench.Server
---@return table<string, number>
function counts.system_calls(client, at)
  local few, many = 2000, 8000
  local function run(requests)
    local file = at.dir .. '/strace'
    under({ 'strace', '-f', '-c', '-o', file }, words_of(client, requests, at), at)
    return parse_strace(process.read_file(file))
  end
  return difference(run(few), run(many), many - few)
end

-- callgrind's file: "fn=(1) name" and "cfn=(1)" name functions, the name given once; after a cfn
-- comes "calls=count …". The summary has the instructions.
local function parse_callgrind(path)
  local names, callee, getenv, instructions = {}, nil, 0, nil
  for line in io.lines(path) do
    local called, id, name = line:match '^(c?)fn=(%b())%s*(.*)$'
    if id then
      names[id] = name ~= '' and name or names[id]
      callee = called == 'c' and names[id] or nil
    elseif callee and callee:find 'getenv' and callee ~= 'curl_getenv' then
      getenv = getenv + tonumber(line:match '^calls=(%d+)' or 0)
      callee = nil
    else
      instructions = tonumber(line:match '^totals: (%d+)') or instructions
    end
  end
  return { instructions = assert(instructions, 'callgrind counted nothing'), getenv = getenv }
end

---@param words string[]
---@param at bench.Server
---@return { instructions: integer, getenv: integer }
local function callgrind(words, at)
  local file = at.dir .. '/callgrind'
  -- Without randomized addresses, since LuaJIT hashes some.
  under({ 'setarch', '-R', 'valgrind', '--quiet', '--tool=callgrind',
    '--callgrind-out-file=' .. file }, words, at)
  return parse_callgrind(file)
end

--- Instructions and calls of getenv per request.
---@param client bench.Client
---@param at bench.Server
---@return { instructions: number, getenv: number }
function counts.instructions(client, at)
  local few, many = 3000, 6000
  local function run(requests)
    return callgrind(words_of(client, requests, at), at)
  end
  return difference(run(few), run(many), many - few)
end

local LIBCURL = [[assert(package.loadlib('libcurl.so.4', '*')) require 'luv' ]]

--- Instructions of require 'luvcurl' beyond those of loading libcurl and luv.
---@param at bench.Server
---@return integer
function counts.require_instructions(at)
  local function run(code)
    return callgrind({ 'luajit', '-e', code }, at).instructions
  end
  return run(LIBCURL .. "require 'luvcurl'") - run(LIBCURL)
end

--- Milliseconds of require 'luvcurl' where libcurl and luv are loaded: the least of some runs.
---@param at bench.Server
---@return number
function counts.require_ms(at)
  local code = LIBCURL .. [[
    local uv = require 'luv'
    local began = uv.hrtime()
    require 'luvcurl'
    print((uv.hrtime() - began) / 1e6) ]]
  local least = math.huge
  for _ = 1, 10 do
    least = math.min(least, tonumber(under({}, { 'luajit', '-e', code }, at):match '[%d.]+'))
  end
  return least
end

--- The size of the two shared objects without what only debuggers want.
---@param build string
---@param at bench.Server
---@return integer bytes
function counts.stripped_size(build, at)
  local size = 0
  for _, name in ipairs { 'luvcurl_core.so', 'luvcurl_impl.so' } do
    local file = at.dir .. '/stripped'
    local words = clients.quoted { file, build .. '/' .. name }
    sh(('strip -o %s; echo "status $?"'):format(words), file)
    size = size + #process.read_file(file)
  end
  return size
end

return counts
