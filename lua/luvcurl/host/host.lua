--- What the host gives: its luv, and which of the known hosts it is.

local host = {}

local loaded = package.loaded

---@type table|nil  Neovim's `vim`
host.nvim = rawget(_G, 'vim')
if type(host.nvim) ~= 'table' or not host.nvim.wait then
  host.nvim = nil
end

--- The luv whose loop the host runs. luvi 2.14 knows it as 'uv' only, and a `require 'luv'` there
--- could load a second one beside it: what is loaded already comes first.
host.uv = loaded.luv or loaded.uv or (host.nvim and (host.nvim.uv or host.nvim.loop))
  or require('luv')

--- luvit's global process table, or nil elsewhere.
---@return table|nil
function host.process()
  local process = rawget(_G, 'process')
  if type(process) == 'table' and process.argv and process.stdout then
    return process
  end
  return nil
end

return host
