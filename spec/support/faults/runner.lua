-- Runs the rows of a table of faults, all of them at once, each in two styles: with a callback, and
-- as a stream that is read to its end. What a row is:
--
--     { stage = 'in the status line', fault = 'reset',
--       serve = function(conn) … end,            the fault server's handler, or
--       url = function() … end,                  where there is no such server
--       request = { idle = 500 },                on top of the URL and a timeout
--       warm = true,                             one request before on the same connection
--       outcome = 'RECV_ERROR wait' }            err.name and err.phase, or a status

local curl = require 'luvcurl'
local fault = require 'spec.support.fault'
local helper = require 'spec.support.helper'

local uv = helper.uv
local runner = {}

--- Milliseconds after which a row ends whose outcome is that it does, and all others, which need as
--- long as a busy machine takes.
local STALL, AMPLE = os.getenv('LUVCURL_ASAN') and 2500 or 1500, 30000

--- Milliseconds that a group may take: far more than its slowest row.
local DEADLINE = 60000

---@class FaultRow
---@field stage string
---@field fault string
---@field outcome string 'NAME phase', or a status
---@field serve (fun(conn: FaultConnection, server: FaultServer))|nil
---@field url (fun(): string)|nil
---@field scheme string|nil of the URL of `serve`; 'http' by default
---@field path string|nil of that URL; '/' by default
---@field request table|nil
---@field prepare (fun(server: FaultServer|nil): table)|nil makes the request's fields instead
---@field warm boolean|nil
---@field body string|nil what the body must be where a status is the outcome

-- What is wrong with an error, whatever it says: nothing.
local function flaw(err)
  if tostring(err) ~= err.name .. ': ' .. err.message or err.message == '' then
    return ' without a message'
  elseif type(err.code) ~= 'number' or type(err.timings.total) ~= 'number' then
    return ' without its numbers'
  end
  return err.url:find('^%l+://[^@]+$') and '' or ' without its URL'
end

local function outcome_of(row, err, status, body)
  if err then
    return err.name .. ' ' .. err.phase .. flaw(err)
  end
  return tostring(status) .. (row.body and row.body ~= body and ' with another body' or '')
end

local STYLES = {}

function STYLES.callback(row, session, request, finish)
  session.request(request, helper.expect(1, function(err, res)
    finish(outcome_of(row, err, res and res.status, res and res.body))
  end))
end

function STYLES.stream(row, session, request, finish)
  request.method = nil
  local res, err = session.stream(request)
  local parts = {}
  while res and not err do
    local chunk
    chunk, err = res:read()
    if not chunk then
      break
    end
    parts[#parts + 1] = chunk
  end
  finish(outcome_of(row, err, res and res.status, table.concat(parts)))
end

local function url_of(row)
  if row.url then
    return row.url()
  end
  local server
  server = fault.serve(function(conn) row.serve(conn, server) end)
  local url = server.url .. (row.path or '/')
  return row.scheme and url:gsub('^http', row.scheme) or url, server
end

local function perform(row, style, finish)
  local session = curl.session()
  helper.defer(function() session.close() end)
  local url, server = url_of(row)
  local request = { url = url,
    timeout = row.outcome:find '^OPERATION_TIMEDOUT' and STALL or AMPLE }
  for name, value in pairs(row.prepare and row.prepare(server) or row.request or {}) do
    request[name] = value
  end
  if row.warm then
    local res, err = session.get(url, { tls = request.tls })
    if not res then
      return finish('no first response: ' .. tostring(err))
    end
    server.warm = true
  end
  STYLES[style](row, session, request, finish)
end

-- How long the loop was held, at most: a timer says every 5 ms that it is not.
local function watch()
  local timer, last, longest = uv.new_timer(), uv.hrtime(), 0
  timer:start(5, 5, function()
    local now = uv.hrtime()
    longest, last = math.max(longest, now - last), now
  end)
  return function()
    timer:close()
    return longest / 1e6
  end
end

--- Runs rows and returns what each came to, by style, and how long the loop was held at most.
---@param rows FaultRow[]
---@return { callback: string, stream: string }[] outcomes
---@return number held milliseconds
function runner.run(rows)
  local outcomes, left = {}, 0
  local stop = watch()
  for i, row in ipairs(rows) do
    outcomes[i] = {}
    for style in pairs(STYLES) do
      left = left + 1
      helper.resume(coroutine.create(function()
        perform(row, style, function(outcome)
          outcomes[i][style] = outcome
          left = left - 1
        end)
      end))
    end
  end
  helper.wait_for(function() return left == 0 end, DEADLINE, function()
    for i, row in ipairs(rows) do
      for style in pairs(STYLES) do
        if not outcomes[i][style] then
          return ('%s, %s, %s'):format(row.stage, row.fault, style)
        end
      end
    end
  end)
  return outcomes, stop()
end

return runner
