-- The picture of the README: requests a second over the number in flight, and the peers at 64.

local process = require 'spec.support.process'

local picture = {}

local CURVES = { 'textbook', 'best', 'luvcurl-callbacks', 'luvcurl-coroutines', 'luvit-coro-http' }

local SCRIPT = [[
set terminal svg size 960,420 font 'sans-serif,12' background rgb 'white'
set output '%s'
set multiplot layout 1,2 title "12-byte GET, requests per second on one core\n{/*0.8 %s}"
set yrange [0:*]
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set format y '%%.0f'
set logscale x
set xlabel 'in flight'
set key bottom left samplen 2
plot %s
unset logscale x
unset xlabel
unset key
set style fill solid 0.8
set boxwidth 0.7
set xtics rotate by 35 right
set label 1 'at 64 in flight' at graph 0.98,0.97 right
plot $bars using 0:2:xtic(1) with boxes lc rgb '#3366aa'
unset multiplot
]]

local function block(name, lines)
  return ('$%s << EOD\n%s\nEOD\n'):format(name, table.concat(lines, '\n'))
end

local function curve(rows, client)
  local lines = {}
  for _, row in ipairs(rows) do
    if row.workload == 'get12' and row.client == client then
      lines[#lines + 1] = ('%d %.0f'):format(row.in_flight, row.requests_per_second)
    end
  end
  return lines
end

local function bars(rows)
  local here, lines = {}, {}
  for _, row in ipairs(rows) do
    if row.workload == 'get12' and row.in_flight == 64 then
      here[#here + 1] = row
    end
  end
  table.sort(here, function(a, b) return a.requests_per_second > b.requests_per_second end)
  for i, row in ipairs(here) do
    lines[i] = ('"%s" %.0f'):format(row.client, row.requests_per_second)
  end
  return lines
end

--- Draws what there is of the 12-byte GET; without any of it, nothing.
---@param path string  of the SVG
---@param rows bench.Row[]
---@param facts table  of the machine
function picture.draw(path, rows, facts)
  local data, plots = {}, {}
  for i, client in ipairs(CURVES) do
    local lines = curve(rows, client)
    if #lines > 0 then
      data[#data + 1] = block('curve' .. i, lines)
      plots[#plots + 1] = ("$curve%d using 1:2 with linespoints pt 7 ps 0.6 lw 2 title '%s'")
        :format(i, client)
    end
  end
  local boxes = bars(rows)
  if #plots == 0 or #boxes == 0 then
    return
  end
  data[#data + 1] = block('bars', boxes)
  local title = ('%s, %s, %s'):format(facts.date, facts.cpu, facts.versions)
  local plain = title:gsub('["\'\n]', ''):gsub('_', '\\\\_')
  local script = table.concat(data) .. SCRIPT:format(path, plain,
    table.concat(plots, ', '))
  local gnuplot = assert(io.popen(process.find('gnuplot', 'gnuplot-nox') .. ' -', 'w'))
  gnuplot:write(script)
  gnuplot:close()
end

return picture
