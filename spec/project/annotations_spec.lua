-- Every public name has an annotation. (That functions have all of theirs is for tools/laws.sh.)

local annotations = require 'spec.support.annotations'
local curl = require 'luvcurl'
local fields = require 'luvcurl/request/fields'
local helper = require 'spec.support.helper'
local servers = require 'spec.support.servers'

local ROOT = debug.getinfo(1, 'S').source:match('^@(.*)/spec/.*$')
local classes = annotations.read(ROOT)

local function check(class, names)
  local unknown = {}
  for _, name in ipairs(names) do
    if not annotations.tells(classes, class, name) then
      unknown[#unknown + 1] = name
    end
  end
  table.sort(unknown)
  assert.equal('', table.concat(unknown, ' '), class .. ' lacks annotations')
end

-- The string keys of a table.
local function keys(of)
  local names = {}
  for name in pairs(of) do
    if type(name) == 'string' and not name:find('^__') then
      names[#names + 1] = name
    end
  end
  return names
end

describe('annotations', function()
  it('tell of all that luvcurl offers', function()
    assert.is_true(#keys(curl) > 10)
    check('luvcurl', keys(curl))
  end)

  it('tell of every field of a request and every setting', function()
    check('luvcurl.Request', fields.order)
    check('luvcurl.Request', fields.others)
    check('luvcurl.MultiSettings', curl.Multi.SETTINGS)
    check('luvcurl.SessionSettings', curl.Multi.SETTINGS)
  end)

  it('tell of sessions and Multis', function()
    check('luvcurl.Session', keys(curl.session {}))
    local methods = {}
    for _, name in ipairs(keys(curl.Multi)) do
      methods[#methods + 1] = name:find('^%l') and name or nil
    end
    check('luvcurl.Multi', methods)
  end)

  it('tell of responses, streams, transfers and errors', function()
    helper.run(function()
      local url = servers.nginx.url .. '/small'
      local res = assert(curl.get(url))
      check('luvcurl.Response', keys(require('luvcurl/response/response').methods))
      check('luvcurl.Transfer', keys(debug.getmetatable(res.transfer).__index))
      check('luvcurl.Timings', keys(res.timings))
      local stream = assert(curl.stream(url))
      stream:close()
      local _, err = curl.get('http://127.0.0.1:1/')
      check('luvcurl.Error', keys(err))
    end)
  end)
end)
