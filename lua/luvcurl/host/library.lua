--- The libcurl that is loaded: asked once.

local core = require('luvcurl_core')

local library = {}

---@type luvcurl.Version
library.version = core.version()

---@type table<string, true>
library.features = {}
for _, feature in ipairs(library.version.features) do
  library.features[feature] = true
end

local major, minor = tostring(library.version.libcurl):match('(%d+)%.(%d+)')
library.number = (tonumber(major) or 7) * 1000 + (tonumber(minor) or 73)

--- Whether libcurl is at least this old.
---@param at_least_major integer
---@param at_least_minor integer
---@return boolean
function library.at_least(at_least_major, at_least_minor)
  return library.number >= at_least_major * 1000 + at_least_minor
end

return library
