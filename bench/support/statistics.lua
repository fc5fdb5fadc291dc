-- From the samples of all rounds to one row for each client at each point.

local statistics = {}

---@param list number[]
---@return number|nil
function statistics.median(list)
  local sorted = {}
  for i, value in ipairs(list) do
    sorted[i] = value
  end
  table.sort(sorted)
  local n = #sorted
  if n == 0 then
    return nil
  end
  return (sorted[math.floor((n + 1) / 2)] + sorted[math.floor(n / 2) + 1]) / 2
end

local function mapped(samples, value)
  local list = {}
  for i, sample in ipairs(samples) do
    list[i] = value(sample)
  end
  return list
end

local function rate(sample)
  return sample.requests / sample.seconds
end

--- The median over the rounds of how much faster `samples` are than `others` in the same round.
---@param samples bench.Sample[]
---@param others bench.Sample[]|nil
---@return number|nil
function statistics.ratio(samples, others)
  local list = {}
  for round, sample in ipairs(samples) do
    local other = others and others[round]
    if other then
      list[#list + 1] = rate(sample) / rate(other)
    end
  end
  return statistics.median(list)
end

---@class bench.Row
---@field workload string
---@field in_flight integer
---@field client string
---@field requests_per_second number
---@field cpu_us number        per request
---@field peak_kb number
---@field to_textbook number|nil
---@field to_best number|nil
---@field rates number[]       of each round
---@field samples bench.Sample[]  (not written)

--- The rows of one point.
---@param samples table<string, bench.Sample[]>  by client, one for each round
---@param order string[]  clients
---@param workload string
---@param in_flight integer
---@return bench.Row[]
function statistics.rows(samples, order, workload, in_flight)
  local rows = {}
  for _, client in ipairs(order) do
    local own = samples[client]
    rows[#rows + 1] = {
      workload = workload, in_flight = in_flight, client = client,
      requests_per_second = statistics.median(mapped(own, rate)),
      cpu_us = statistics.median(mapped(own, function(sample)
        return (sample.user + sample.system) * 1e6 / sample.requests
      end)),
      peak_kb = statistics.median(mapped(own, function(sample) return sample.max_rss_kb end)),
      to_textbook = statistics.ratio(own, samples.textbook),
      to_best = statistics.ratio(own, samples.best),
      rates = mapped(own, rate),
      samples = own,
    }
  end
  return rows
end

return statistics
