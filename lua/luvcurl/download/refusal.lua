--- What becomes of an answer that has no file: an error, with what the server says.

--- Bytes of text that are kept.
local MOST_WORDS = 64 * 1024

--- What a server says with a refusal, where it is text.
local function words(one)
  local headers, parts, size = one.res.headers, {}, 0
  local kind = (headers:get('content-type') or ''):lower()
  if headers:has('content-encoding')
    or not (kind:find('^text/') or kind:find('json', 1, true) or kind:find('xml', 1, true)) then
    return nil
  end
  while size < MOST_WORDS do
    local bytes = one.t:take(MOST_WORDS - size)
    if bytes then
      parts[#parts + 1], size = bytes, size + #bytes
    elseif one.ended then
      break
    else
      one:wait()
    end
  end
  return table.concat(parts)
end

--- The error of a download that the server has refused; waits for its words.
---@param d luvcurl.Download
---@param one luvcurl.Round
---@return luvcurl.Error
return function(d, one)
  local res = one.res
  res.body = words(one)
  local reason = res.reason
  local err = d:error('HTTP_RETURNED_ERROR', 22, ('the server answered %d%s'):format(
    res.status, reason and reason ~= '' and ' ' .. reason or ''))
  err.response = res
  return err
end
