-- Server-sent events: the first byte says where the stream is cut; the events must be the same as
-- of the stream in one piece.

local sse = require 'luvcurl/stream/sse'

local function events(text, size)
  local parser, all = sse.new(), {}
  for first = 1, #text, size do
    for _, event in ipairs(parser:feed(text:sub(first, first + size - 1))) do
      assert(type(event.data) == 'string' and not event.data:find('\r', 1, true))
      assert(event.event ~= '' and not event.event:find('[\r\n]'))
      assert(not event.id:find('[%z\r\n]'))
      assert(event.retry == nil or event.retry >= 0)
      all[#all + 1] = ('%s|%s|%s|%s'):format(event.event, event.data, event.id,
        tostring(event.retry))
    end
  end
  return table.concat(all, '\n')
end

return function(bytes)
  if #bytes > 1 then
    local text = bytes:sub(2)
    assert(events(text, #text) == events(text, bytes:byte(1) % 16 + 1), 'cut elsewhere, else read')
  end
end
