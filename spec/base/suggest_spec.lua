local suggest = require 'luvcurl/base/suggest'

describe('suggest', function()
  it('counts insertions, deletions, replacements and swaps', function()
    assert.equal(0, suggest.distance('', ''))
    assert.equal(0, suggest.distance('abc', 'abc'))
    assert.equal(3, suggest.distance('', 'abc'))
    assert.equal(1, suggest.distance('timout', 'timeout'))
    assert.equal(1, suggest.distance('tiemout', 'timeout'))
    assert.equal(3, suggest.distance('kitten', 'sitting'))
  end)

  it('is the same both ways', function()
    assert.equal(suggest.distance('headers', 'haeder'), suggest.distance('haeder', 'headers'))
  end)

  it('finds the nearest name', function()
    local names = { 'timeout', 'connect_timeout', 'max_body', 'headers' }
    assert.equal('timeout', suggest.nearest('timout', names))
    assert.equal('connect_timeout', suggest.nearest('connectTimeout', names))
    assert.equal('max_body', suggest.nearest('maxbody', names))
    assert.equal('headers', suggest.nearest('header', names))
  end)

  it('says nothing when nothing is near', function()
    assert.is_nil(suggest.nearest('zzzzzzzz', { 'timeout', 'headers' }))
    assert.is_nil(suggest.nearest(('x'):rep(1000), { 'timeout' }))
    assert.is_nil(suggest.nearest(5, { 'timeout' }))
  end)

  it('makes a message of it', function()
    assert.equal("unknown request field 'timout'; did you mean 'timeout'?",
      suggest.unknown('request field', 'timout', { 'timeout' }))
    assert.equal("unknown option 'zzzzzz'", suggest.unknown('option', 'zzzzzz', { 'timeout' }))
    assert.equal('unknown option 7', suggest.unknown('option', 7, { 'timeout' }))
  end)
end)
