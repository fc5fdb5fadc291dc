-- Every place where luvcurl calls a script, and how to get there: for specs that do something to it
-- in each of them. Needs nothing of the spec's own, so that scripts in child processes use it too.
--
--     hooks.each(function(hook, style) … end)
--     hook.start(case)
--
-- A case has
--     session  a luvcurl session         url    a server's root, as nginx_locations has it
--     style    'callback', 'coroutine' or 'chunk' (main chunk): how the transfer is waited for
--     inside   fun(t: luvcurl.Transfer|nil): called in the place, the first time it is reached
--     final    fun(err, res): what the user hears of the end, exactly once
--     folder   where downloads may write
--     refused  a URL that nothing answers

local hooks = {}

-- Calls a verb in the style of the case; `after` is called in the place where its result is had.
local function call(case, verb, request, after)
  local function finish(err, res)
    if after then
      after(res)
    end
    case.final(err, res)
  end
  if case.style == 'callback' then
    return verb(request, finish)
  elseif case.style == 'chunk' then
    local res, err = verb(request)
    return finish(err, res)
  end
  coroutine.wrap(function()
    local res, err = verb(request)
    finish(err, res)
  end)()
end

-- Calls the case's function the first time only.
local function once(case)
  local reached = false
  return function(t)
    if not reached then
      reached = true
      case.inside(t)
    end
  end
end

local function request_hook(field, path, transfer_of)
  return function(case)
    local inside = once(case)
    return call(case, case.session.request, {
      url = case.url .. path,
      [field] = function(...) inside(transfer_of(...)) end,
    })
  end
end

local function after(url_of, verb)
  return function(case)
    local inside = once(case)
    return call(case, case.session[verb or 'get'], url_of(case), function(res)
      inside(res and res.transfer)
    end)
  end
end

local function small(case) return case.url .. '/small' end
local function refused(case) return case.refused end

-- A function that gives three chunks and calls the case's before the second.
local function chunks(case)
  local inside, count = once(case), 0
  return function()
    count = count + 1
    if count == 2 then
      inside()
    end
    return count <= 3 and 'chunk ' .. count or nil
  end
end

local function upload(fields)
  return function(case)
    local request = fields(chunks(case))
    request.url = case.url .. '/sink'
    return call(case, case.session.post, request)
  end
end

-- A redirect has the body sent anew, once the server has read it: not before rewind has returned.
local function rewound(case)
  local inside, sent = once(case), false
  return call(case, case.session.post, { url = case.url .. '/read/307', body = {
    read = function()
      sent = not sent
      return sent and 'chunk' or nil
    end,
    rewind = function()
      sent = false
      inside()
    end,
  } })
end

--- Whether a coroutine may yield inside pcall (it may not in PUC Lua 5.1).
local can_yield_in_pcall = coroutine.wrap(function()
  return pcall(coroutine.yield, true)
end)() == true

-- Calls fn in a coroutine or in the main chunk.
local function wait_in(case, fn)
  if case.style == 'chunk' then
    return fn()
  end
  coroutine.wrap(fn)()
end

local function rest_of(case, res)
  local text, err = res:text()
  case.final(err, text and res)
end

local function opened(case)
  wait_in(case, function()
    local res, err = case.session.stream(case.url .. '/1m')
    if not res then
      return case.final(err)
    end
    case.inside(res.transfer)
    rest_of(case, res)
  end)
end

-- Reads a stream by one of its iterators, which raise the transfer's error; the case's function is
-- called at the n-th value.
local function iterating(path, open, n)
  return function(case)
    wait_in(case, function()
      local res, err = case.session.stream(case.url .. path)
      if not res then
        return case.final(err)
      end
      local following, count = open(res), 0
      local ok, problem = pcall(function()
        while following() ~= nil do
          count = count + 1
          if count == n then
            case.inside(res.transfer)
          elseif count == 2 * n then
            res.closed = true -- what ends a stream that would be asked for again and again
          end
        end
      end)
      case.final(not ok and problem or nil, res)
    end)
  end
end

local function stream_callback(case)
  local inside = once(case)
  return case.session.stream(case.url .. '/1m', function(err, res)
    if not res then
      return case.final(err)
    end
    inside(res.transfer)
    coroutine.wrap(function() rest_of(case, res) end)()
  end)
end

local function download(field, transfer_of)
  return function(case)
    local inside = once(case)
    local path = ('%s/%s'):format(case.folder, field or 'file')
    return call(case, function(request, callback)
      return case.session.download(case.url .. '/1m', path, request, callback)
    end, { [field or 'timeout'] = field and function(...) inside(transfer_of(...)) end or 20000 },
      not field and function() inside() end or nil)
  end
end

local function added(case)
  local inside = once(case)
  return case.session.multi:add(case.url .. '/small', function(err, res)
    inside(res and res.transfer)
    case.final(err, res)
  end)
end

local function closed(case)
  local inside = once(case)
  local other = case.new_multi()
  other:add(case.url .. '/slow', function() end)
  other:close(function()
    inside()
    case.final(nil)
  end)
end

local function of_response(res) return res.transfer end
local function of_chunk(_, res) return res.transfer end
local function of_progress(progress) return progress.transfer end

local ALL = { 'callback', 'coroutine', 'chunk' }
local WAITING = { 'coroutine', 'chunk' }
local CALLBACK = { 'callback' }
-- What raises must be called in a pcall to go on.
local ITERATING = can_yield_in_pcall and WAITING or { 'chunk' }

--- fails: an error in it ends the transfer; elsewhere it is the host's. own: it knows its transfer.
hooks.list = {
  { name = 'the end', styles = ALL, start = after(small), own = true },
  { name = 'the end of a failure', styles = ALL, start = after(refused) },
  { name = "Multi:add's callback", styles = CALLBACK, start = added, own = true },
  { name = "Multi:close's callback", styles = CALLBACK, start = closed },
  { name = 'on_response', styles = ALL, fails = true, own = true,
    start = request_hook('on_response', '/1m', of_response) },
  { name = 'on_data', styles = ALL, fails = true, own = true,
    start = request_hook('on_data', '/1m', of_chunk) },
  { name = 'on_progress', styles = ALL, fails = true, own = true,
    start = request_hook('on_progress', '/1m', of_progress) },
  { name = 'a body function', styles = ALL, fails = true, yields = true,
    start = upload(function(body) return { body = body } end) },
  { name = "a form's body function", styles = ALL, fails = true, yields = true,
    start = upload(function(body) return { multipart = { { name = 'a', body = body } } } end) },
  { name = "a body's rewind", styles = ALL, fails = true, yields = true, start = rewound },
  { name = "curl.stream's callback", styles = CALLBACK, start = stream_callback, own = true },
  { name = 'a stream that is there', styles = WAITING, start = opened, own = true },
  { name = "a stream's chunks", styles = ITERATING, own = true,
    start = iterating('/1m', function(res) return res:chunks() end, 1) },
  { name = "a stream's lines", styles = ITERATING, own = true,
    start = iterating('/text', function(res) return res:lines() end, 1) },
  { name = "a stream's events", styles = ITERATING, own = true,
    start = iterating('/events', function(res) return res:events() end, 1) },
  { name = 'events of a stream that was asked for again', styles = ITERATING,
    start = iterating('/events', function(res)
      return res:events { reconnect = true, retry = 1 }
    end, 3) },
  { name = "a download's end", styles = ALL, start = download() },
  { name = "a download's on_response", styles = ALL, fails = true, own = true,
    start = download('on_response', of_response) },
  { name = "a download's on_progress", styles = ALL, fails = true,
    start = download('on_progress', function() end) },
}

--- Calls fn(hook, style) for every place and every way to wait there.
---@param fn fun(hook: table, style: string)
function hooks.each(fn)
  for _, hook in ipairs(hooks.list) do
    for _, style in ipairs(hook.styles) do
      fn(hook, style)
    end
  end
end

--- The one with that name.
---@param name string
---@return table
function hooks.named(name)
  for _, hook in ipairs(hooks.list) do
    if hook.name == name then
      return hook
    end
  end
  error('no hook ' .. name)
end

return hooks
