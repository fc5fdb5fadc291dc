local sse = require 'luvcurl/stream/sse'

--- Every event of a stream, fed in pieces of `size` bytes.
local function events(text, size)
  local parser, all = sse.new(), {}
  for i = 1, #text, size or #text do
    for _, event in ipairs(parser:feed(text:sub(i, i + (size or #text) - 1))) do
      all[#all + 1] = event
    end
  end
  return all, parser
end

local function data(text)
  local list = {}
  for i, event in ipairs((events(text))) do
    list[i] = event.data
  end
  return list
end

describe('server-sent events', function()
  it('joins data lines and names events', function()
    local all = events('event: add\ndata: one\ndata: two\nid: 7\n\n')
    assert.same({ { event = 'add', data = 'one\ntwo', id = '7' } }, all)
  end)

  it('calls what has no name a message', function()
    assert.equal('message', events('data: x\n\n')[1].event)
    assert.equal('message', events('event:\ndata: x\n\n')[1].event)
    assert.equal('message', events('event: a\n\ndata: x\n\n')[1].event)
  end)

  it('takes off one space only', function()
    assert.same({ ' x', 'y', '' }, data('data:  x\n\ndata:y\n\ndata\n\n'))
  end)

  it('ends lines by LF, CR and CRLF', function()
    assert.same({ 'a\nb', 'c', 'd' }, data('data: a\rdata: b\r\rdata: c\r\n\r\ndata: d\n\n'))
  end)

  it('comes out the same however it is cut', function()
    local text = '\239\187\191data: a\r\ndata: b\r\n\r\nid: 3\r\rdata: c\r\n\r\n: no\nretry: 10\n'
      .. 'data: d\n\ndata: lost'
    local whole = events(text)
    assert.equal(3, #whole)
    for size = 1, 20 do
      assert.same(whole, (events(text, size)))
    end
  end)

  it('skips one byte order mark, at the start', function()
    assert.same({ 'a' }, data('\239\187\191data: a\n\n'))
    assert.same({}, data('\239\187\191\239\187\191data: a\n\n'))
    assert.same({ 'b' }, data('\239\187: x\ndata: b\n\n'))
  end)

  it('ignores comments and unknown fields', function()
    assert.same({ 'x' }, data(': hi\nfoo: bar\ndata: x\n:\n\n'))
  end)

  it('needs data for an event', function()
    assert.same({}, data('event: a\n\nid: 1\n\n\n\n'))
  end)

  it('drops an event that is not complete', function()
    assert.same({}, data('data: x\n'))
    assert.same({}, data('data: x'))
  end)

  it('keeps the last id', function()
    local all, parser = events('id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 9\n\n')
    assert.equal('1', all[1].id)
    assert.equal('1', all[2].id)
    assert.equal('', all[3].id)
    assert.equal('9', parser.last_id)
  end)

  it('ignores an id with a NUL', function()
    assert.equal('1', events('id: 1\nid: 2\0\ndata: a\n\n')[1].id)
  end)

  it('takes a retry of digits only', function()
    local all, parser = events('retry: 500\ndata: a\n\nretry: 1x\nretry: -1\ndata: b\n\n')
    assert.equal(500, all[1].retry)
    assert.is_nil(all[2].retry)
    assert.equal(500, parser.retry)
  end)

  it('is binary safe', function()
    local bytes = {}
    for byte = 0, 255 do
      if byte ~= 10 and byte ~= 13 then
        bytes[#bytes + 1] = string.char(byte)
      end
    end
    local text = table.concat(bytes)
    assert.same({ text }, data('data: ' .. text .. '\n\n'))
  end)
end)
