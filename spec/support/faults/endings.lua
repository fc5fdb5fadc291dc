-- The ways in which a server stops in the middle of what it says, and rows of all of them for each
-- place where it may.


local endings = {}

--- In the order of the table's columns.
endings.NAMES = { 'closed', 'reset', 'silent', 'a byte a second' }

--- What the client has got by then it has read: this yields to the loop.
local A_MOMENT = 30

local DO = {
  closed = function(conn)
    conn:sleep(A_MOMENT)
    conn:close()
  end,
  reset = function(conn)
    conn:sleep(A_MOMENT)
    conn:reset()
  end,
  silent = function(conn) conn:hang() end,
  ['a byte a second'] = function(conn, rest) conn:dribble(rest .. ('x'):rep(60), 1, 1000) end,
}

--- Goes on with `rest` in one of the ways.
---@param name string one of endings.NAMES
---@param conn FaultConnection
---@param rest string what was to come
endings.finish = function(name, conn, rest) DO[name](conn, rest) end

--- A row for each ending that a place has an outcome for.
---@param place table { stage = …, closed = outcome, reset = …, … }
---@param row table what the rows have in common
---@param serve fun(conn: FaultConnection, ending: string, server: FaultServer)
---@param rows FaultRow[] they are appended to it
---@param names string[]|nil endings.NAMES, or more
function endings.rows(place, row, serve, rows, names)
  for _, name in ipairs(names or endings.NAMES) do
    if place[name] then
      local each = { stage = place.stage, fault = name, outcome = place[name] }
      each.serve = function(conn, server) return serve(conn, name, server) end
      for key, value in pairs(row) do
        each[key] = value
      end
      rows[#rows + 1] = each
    end
  end
end

return endings
