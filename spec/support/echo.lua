-- A server that remembers what it was asked:
--
--     local server = echo.serve(function(request) return { status = 302, headers = {…} } end)
--     …
--     assert.equal('PUT', server.asked[1].method)

local fault = require 'spec.support.fault'

local echo = {}

---@class EchoServer: FaultServer
---@field asked table[] every request, in order: { method, path, headers, head, body }

--- Starts it. `answer` gives for a request what fault.response takes, or the bytes themselves;
--- without it everything is answered by 200 and "ok".
---@param answer (fun(request: table, n: integer): table|string)|nil
---@return EchoServer
function echo.serve(answer)
  local asked = {}
  local server = fault.serve(function(conn)
    while true do
      local request = conn:request()
      if not request then
        return
      end
      asked[#asked + 1] = request
      local reply = answer and answer(request, #asked) or { body = 'ok' }
      if type(reply) == 'table' then
        reply = fault.response(reply)
      end
      if request.method == 'HEAD' then
        reply = reply:match('^.-\r\n\r\n')
      end
      if not conn:send(reply) then
        return
      end
    end
  end)
  server.asked = asked
  return server
end

--- Every value of a header in a request, in order.
---@param request table
---@param name string lower case
---@return string[]
function echo.values(request, name)
  local values = {}
  for field, value in request.head:gmatch('\r\n([^:\r\n]+):[ \t]*([^\r\n]*)') do
    if field:lower() == name then
      values[#values + 1] = value
    end
  end
  return values
end

return echo
