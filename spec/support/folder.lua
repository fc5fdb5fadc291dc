-- A fresh directory of a test, removed with it.

local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local uv = helper.uv

---@class Folder
---@field path string
local Folder = {}
Folder.__index = Folder

--- The names in it, sorted.
---@return string[]
function Folder:names()
  local names = {}
  local scan = assert(uv.fs_scandir(self.path))
  for name in function() return uv.fs_scandir_next(scan) end do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

---@param name string
---@return string path
function Folder:at(name)
  return self.path .. '/' .. name
end

---@param name string
---@return string bytes
function Folder:read(name)
  return process.read_file(self:at(name))
end

---@param name string
---@param bytes string
---@return string path
function Folder:write(name, bytes)
  return process.write_file(self:at(name), bytes)
end

local folder = {}

--- Makes one.
---@return Folder
function folder.new()
  local self = setmetatable({ path = process.temp_dir('folder') }, Folder)
  helper.defer(function() process.remove_tree(self.path) end)
  return self
end

return folder
