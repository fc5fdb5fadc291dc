-- A file that changes on its server, and downloads of it in several goes.

local assert = require 'luassert'
local curl = require 'luvcurl'
local fault = require 'spec.support.fault'

local versions = {}

--- A body in which no part is like another.
---@param seed string one byte
---@param size integer
---@return string
function versions.body(seed, size)
  local parts = {}
  for i = 1, math.ceil(size / 8) do
    parts[i] = ('%s%07d'):format(seed, i)
  end
  return table.concat(parts):sub(1, size)
end

versions.OLD, versions.NEW = versions.body('o', 100000), versions.body('n', 90000)

local OLD = versions.OLD

--- All of a version.
---@param bytes string
---@param ... string further headers
---@return table answer what fault.response takes
function versions.whole(bytes, ...)
  return { status = 200, headers = { 'ETag: "v1"', ... }, body = bytes }
end

--- The answer that a request for the rest gets, with what `over` says instead.
---@param request table
---@param bytes string
---@param over { last: integer|nil, etag: string|nil, range: string|nil }|nil
---@return table answer
function versions.rest(request, bytes, over)
  local from = tonumber(request.headers.range:match('^bytes=(%d+)%-$'))
  over = over or {}
  local last = over.last or #bytes - 1
  return { status = 206, body = bytes:sub(from + 1, last + 1), headers = {
    over.etag or 'ETag: "v1"',
    over.range or ('Content-Range: bytes %d-%d/%d'):format(from, last, #bytes),
  } }
end

--- Answers the n-th request by answers[n]: what fault.response takes, or function(request) that
--- gives it. `cut` sends only so many bytes of a body, then closes; `slow` takes its time.
---@param answers table[]
---@return FaultServer server its `asked` are the requests
function versions.script(answers)
  local asked = {}
  local server = fault.serve(function(conn)
    while true do
      local request = conn:request()
      if not request then
        return
      end
      asked[#asked + 1] = request
      local answer = assert(answers[#asked], 'one request too many')
      if type(answer) == 'function' then
        answer = answer(request)
      end
      local bytes = fault.response(answer)
      if answer.slow then
        conn:dribble(bytes, 20000, 150)
      elseif answer.cut then
        local head = bytes:match('^.-\r\n\r\n')
        conn:send(bytes:sub(1, #head + answer.cut))
        return conn:sleep(20)
      else
        conn:send(bytes)
      end
    end
  end)
  server.asked = asked
  return server
end

--- Has an answer end early.
---@param answer table
---@param at integer bytes
---@return table answer
function versions.cut(answer, at)
  answer.cut = at
  return answer
end

--- Downloads what the server has into `x`, or goes on with it.
---@param server FaultServer
---@param dir Folder
---@param opts table|nil
---@return table|nil res
---@return table|nil err
function versions.resume(server, dir, opts)
  opts = opts or {}
  opts.resume = true
  return curl.download(server.url .. '/f', dir:at('x'), opts)
end

--- Leaves the first `at` bytes of OLD behind.
---@param server FaultServer
---@param dir Folder
---@param at integer
function versions.assert_part(server, dir, at)
  local res, err = versions.resume(server, dir)
  assert.is_nil(res)
  assert.equal('PARTIAL_FILE', err.name)
  assert.same({ 'x.part', 'x.part.meta' }, dir:names())
  assert.is_true(dir:read('x.part') == OLD:sub(1, at))
end

--- After a part of 40000 bytes: what the next call does with these answers.
---@param dir Folder
---@param answers table[]
---@param opts table|nil
---@return table|nil res
---@return table|nil err
---@return table[] asked
function versions.continued(dir, answers, opts)
  table.insert(answers, 1, versions.cut(versions.whole(OLD), 40000))
  local server = versions.script(answers)
  versions.assert_part(server, dir, 40000)
  local res, err = versions.resume(server, dir, opts)
  return res, err, server.asked
end

--- The target has every byte, of which `resumed` were there before.
---@param dir Folder
---@param res table|nil
---@param err table|nil
---@param expected string
---@param resumed integer
function versions.assert_whole(dir, res, err, expected, resumed)
  assert.is_nil(err)
  assert.is_true(dir:read('x') == expected)
  assert.same({ 'x' }, dir:names())
  assert.same({ #expected, resumed, true }, { res.bytes, res.resumed, res.ok })
end

return versions
