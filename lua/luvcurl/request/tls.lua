--- The request field `tls`.

local check = require('luvcurl/base/check')

local KNOWN = {
  'ca_file', 'ca_path', 'cert', 'key', 'key_password', 'verify', 'pinned_key', 'min_version',
}

--- The fields that are handed on as they are: field, option, field, option, …
local TEXTS = {
  'ca_file', 'cainfo', 'ca_path', 'capath', 'cert', 'sslcert', 'key', 'sslkey',
  'key_password', 'keypasswd', 'pinned_key', 'pinnedpublickey',
}

--- CURL_SSLVERSION_TLSv1_*
local VERSIONS = { ['1.0'] = 4, ['1.1'] = 5, ['1.2'] = 6, ['1.3'] = 7 }

---@param out luvcurl.Flat
---@param where string
---@param tls luvcurl.Tls
return function(out, where, tls)
  check.record(where, tls, KNOWN)

  -- libcurl's built-in file and folder of certificates would count beside the ones named here
  if tls.ca_file ~= nil and tls.ca_path == nil then
    out:push('capath', false)
  elseif tls.ca_path ~= nil and tls.ca_file == nil then
    out:push('cainfo', false)
  end
  for i = 1, #TEXTS, 2 do
    local field = TEXTS[i]
    if tls[field] ~= nil then
      out:push(TEXTS[i + 1], check.line(where .. '.' .. field, tls[field]))
    end
  end
  if tls.verify ~= nil then
    local verify = check.type(where .. '.verify', tls.verify, 'boolean')
    out:push('ssl_verifypeer', verify and 1 or 0)
    out:push('ssl_verifyhost', verify and 2 or 0)
  end
  if tls.min_version ~= nil then
    out:push('sslversion', check.word(where .. '.min_version', tls.min_version, VERSIONS))
  end
end
