--- Progress on stderr: curl.progress_bar.
---
---     local bar = curl.progress_bar()
---     curl.download(url, path, { on_progress = bar })            -- a line for each transfer
---     curl.get(url, { on_progress = bar:add('the page') })       -- with a name of your own
---     bar:finish()
---
--- On a terminal: a line for one transfer, a block of lines for several, redrawn at most ten times
--- a second; a line that is complete stays above the block. Elsewhere plain lines: at every 10 %,
--- or once a second when the size is not known.

local check = require('luvcurl/base/check')
local terminal = require('luvcurl/progress/terminal')
local text = require('luvcurl/progress/text')
local uv = require('luvcurl/host/host').uv

local REDRAW = 100 -- ms at least between two drawings
local PLAIN = 1000 -- ms at least between two plain lines of unknown size
local STEP = 10    -- percent

--- One transfer's line; call it with what on_progress gives.
---@class luvcurl.ProgressLine
---@field name string|nil
---@field progress luvcurl.Progress|nil  the latest
local Line = {}
Line.__index = Line

---@class luvcurl.ProgressBar
---@field lines luvcurl.ProgressLine[]  those under way
local Bar = {}
Bar.__index = Bar

--- The clock of the moment: the loop's own stands still while the main chunk runs.
local function now()
  return uv.hrtime() / 1e6
end

-- The block on a terminal ----------------------------------------------------------------------

--- Wipes the block; the cursor is then where it began.
local function wiped(self)
  local up = self.drawn > 1 and ('\27[%dA'):format(self.drawn - 1) or ''
  self.drawn = 0
  return '\r' .. up .. '\27[J'
end

--- Draws the lines under way below what is `kept` for good.
local function draw(self, kept)
  local columns, rows = self.out.size()
  local shown = {}
  for i, line in ipairs(self.lines) do
    if #self.lines > rows - 1 and i >= rows - 1 then
      shown[i] = ('… and %d more'):format(#self.lines - i + 1)
      break
    end
    -- the last column stays free: some terminals wrap as soon as it is written
    shown[i] = text.line(line:label(), line.progress, columns - 1)
  end
  local erased = wiped(self)
  self.drawn, self.drawn_at = #shown, now()
  self.out.write(erased .. (kept or '') .. table.concat(shown, '\n'))
end

-- Lines ----------------------------------------------------------------------------------------

---@return string
function Line:label()
  if not self.name then
    local transfer = self.progress and self.progress.transfer
    self.name = transfer and text.name_of(transfer:url()) or nil
  end
  return self.name or ''
end

local function plain(self, line, progress)
  local percent = text.percent(progress)
  if percent then
    local step = math.floor(percent / STEP)
    if step <= (line.step or 0) then
      return
    end
    line.step = step
  elseif now() - line.plain_at < PLAIN then
    return
  end
  line.plain_at = now()
  self.out.write(text.plain(line:label(), progress) .. '\n')
end

local function index_of(list, wanted)
  for i, line in ipairs(list) do
    if line == wanted then
      return i
    end
  end
end

---@param progress luvcurl.Progress
function Line:__call(progress)
  local bar = self.bar
  self.progress = progress
  if self.finished then
    return -- what comes late does not bring it back
  elseif not bar.out.is_terminal then
    plain(bar, self, progress)
  elseif now() - bar.drawn_at >= REDRAW then
    draw(bar)
  end
  if progress.complete then
    self:finish()
  end
end

--- Ends the line; it says how it ended and stays. Does nothing the second time. A download that
--- succeeds ends its line itself; the body of another transfer may be followed by one more, after a
--- redirect, so that 100 % are not the end.
---@param err? luvcurl.Error|string  what went wrong, if something did
function Line:finish(err)
  if self.finished then
    return
  end
  self.finished = true
  local bar = self.bar
  table.remove(bar.lines, index_of(bar.lines, self))
  local took = now() - self.began
  local last = text.ended(self:label(), self.progress, took, err)
  if bar.out.is_terminal then
    draw(bar, text.cut(last, (bar.out.size()) - 1) .. '\n')
  else
    bar.out.write(last .. '\n')
  end
end

-- The bar --------------------------------------------------------------------------------------

--- A line for one transfer, to be given as on_progress.
---@param name? string  by default the last part of its URL
---@return luvcurl.ProgressLine
function Bar:add(name)
  if name ~= nil then
    name = text.safe(check.type('progress_bar:add', name, 'string'))
  end
  local line = setmetatable({ bar = self, name = name, began = now(), plain_at = now() }, Line)
  self.lines[#self.lines + 1] = line
  return line
end

--- As on_progress itself: gives each transfer a line of its own.
---@param progress luvcurl.Progress
function Bar:__call(progress)
  local line = self.by_transfer[progress.transfer]
  if not line then
    line = self:add()
    self.by_transfer[progress.transfer] = line
  end
  line(progress)
end

--- Writes a line of text above the block.
---@param message string
function Bar:print(message)
  message = text.safe(check.type('progress_bar:print', message, 'string')) .. '\n'
  if self.out.is_terminal then
    draw(self, message)
  else
    self.out.write(message)
  end
end

--- Ends all lines. What comes later of their transfers is not shown.
function Bar:finish()
  while #self.lines > 0 do
    local line = self.lines[1]
    if line.progress then
      line:finish()
    else
      line.finished = true -- never started: nothing to say
      table.remove(self.lines, 1)
    end
  end
  if self.drawn > 0 then
    self.out.write(wiped(self))
  end
end

---@class luvcurl.ProgressBarOptions
---@field output? luvcurl.Terminal  where it goes; stderr by default

--- Makes a bar, for one transfer or several.
---@param opts? luvcurl.ProgressBarOptions
---@return luvcurl.ProgressBar
local function progress_bar(opts)
  opts = opts == nil and {} or check.record('progress_bar', opts, { 'output' })
  return setmetatable({
    out = opts.output or terminal.stderr(), lines = {}, drawn = 0, drawn_at = -REDRAW,
    by_transfer = setmetatable({}, { __mode = 'k' }),
  }, Bar)
end

return progress_bar
