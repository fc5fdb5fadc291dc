local headers = require 'luvcurl/response/headers'

describe('headers', function()
  local h

  before_each(function()
    h = headers.new {
      'Content-Type', 'text/html', 'Set-Cookie', 'a=1; Expires=Mon, 1', 'Vary', 'Accept',
      'set-cookie', 'b=2', 'vary', 'Origin', 'All', 'hidden?', 'Empty', '',
    }
  end)

  it('ignores case', function()
    assert.equal('text/html', h['Content-Type'])
    assert.equal('text/html', h['CONTENT-TYPE'])
    assert.equal('text/html', h:get('content-type'))
    assert.is_nil(h['content'])
    assert.is_nil(h[1])
  end)

  it('joins the lines of a name, but not of Set-Cookie', function()
    assert.equal('Accept, Origin', h.vary)
    assert.equal('a=1; Expires=Mon, 1', h['set-cookie'])
  end)

  it('gives every value', function()
    assert.same({ 'a=1; Expires=Mon, 1', 'b=2' }, h:all('Set-Cookie'))
    assert.same({}, h:all('nope'))
  end)

  it('gives values away as copies', function()
    h:all('set-cookie')[1] = 'changed'
    assert.equal('a=1; Expires=Mon, 1', h:all('set-cookie')[1])
  end)

  it('keeps its methods from a server', function()
    assert.equal('function', type(h.all))
    assert.equal('hidden?', h.All)
    assert.equal('hidden?', h:get('all'))
  end)

  it('tells an empty value from none', function()
    assert.equal('', h.empty)
    assert.is_true(h:has('EMPTY'))
    assert.is_false(h:has('nope'))
  end)

  it('iterates in order', function()
    local seen = {}
    for name, value in h:iter() do
      seen[#seen + 1] = name .. '=' .. value
    end
    assert.equal(7, #seen)
    assert.equal('Content-Type=text/html', seen[1])
    assert.equal('set-cookie=b=2', seen[4])
    assert.equal(7, h:count())
  end)

  it('gives names and values by pairs, in every host, and nothing else', function()
    local seen = {}
    for name, value in pairs(headers.new { 'A', '1', 'b', '2', 'all', '3', 'B', '4' }) do
      assert.equal('string', type(name))
      seen[name:lower()] = (seen[name:lower()] and seen[name:lower()] .. ', ' or '') .. value
    end
    assert.same({ a = '1', b = '2, 4', all = '3' }, seen)
    for name, value in pairs(h) do
      assert.is_true(h:has(name))
      assert.equal('string', type(value))
    end
    assert.equal('function', type(h.all))
  end)

  it('reads as text', function()
    assert.equal('A: 1\nB: 2', tostring(headers.new { 'A', '1', 'B', '2' }))
  end)

  it('cannot be changed', function()
    assert.has_error(function() h.x = 1 end)
  end)

  it('may be empty', function()
    local none = headers.new {}
    assert.equal(0, none:count())
    assert.is_nil(none.server)
    assert.is_nil((none:iter()()))
  end)
end)
