-- Writes what a chat API says while it says it; Ctrl-C ends that:
-- luajit examples/chat.lua URL PROMPT

local curl = require 'luvcurl'
local json = require 'luvcurl/response/json'
local uv = require 'luv'

local interrupt = uv.new_signal()
local task = curl.stream(arg[1], {
  json = { stream = true, messages = { { role = 'user', content = arg[2] } } },
  bearer = os.getenv 'API_KEY',
  on_event = function(event)
    if event.data ~= '[DONE]' then
      io.write(json.decode(event.data).choices[1].delta.content or '')
      io.flush()
    end
  end,
}, function(err)
  interrupt:close()
  print(err and '\n' .. err or '')
end)
interrupt:start('sigint', function() task:cancel('interrupted') end)
uv.run()
