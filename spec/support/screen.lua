--- The screen after the bytes: what a terminal of these columns shows, line by line.
---@param bytes string
---@param columns integer
---@return string[]
local function screen(bytes, columns)
  local lines, row, column = { '' }, 1, 0
  local at = 1
  while at <= #bytes do
    local count = bytes:match('^\27%[(%d+)A', at)
    if count then
      row = math.max(1, row - tonumber(count))
      at = at + #count + 3
    elseif bytes:find('^\27%[J', at) then
      lines[row] = lines[row]:sub(1, column)
      for i = row + 1, #lines do
        lines[i] = nil
      end
      at = at + 3
    elseif bytes:find('^\r', at) then
      column, at = 0, at + 1
    elseif bytes:find('^\n', at) then
      row, column, at = row + 1, 0, at + 1
      lines[row] = lines[row] or ''
    else
      local char = bytes:match('^[^\128-\191][\128-\191]*', at)
      assert(not char:find('%c'), ('a control character reached the terminal: %q'):format(char))
      local letter = #char > 1 and '?' or char
      if column >= columns then
        row, column = row + 1, 0 -- wrapped: a block that does so cannot be drawn over
        table.insert(lines, row, '')
      end
      lines[row] = lines[row]:sub(1, column) .. letter .. lines[row]:sub(column + 2)
      column, at = column + 1, at + #char
    end
  end
  return lines
end

return screen
