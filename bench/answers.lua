-- wrk's side: sends the same request, a numbered one, or one for each line of a file in turn, and
-- holds every answer against what it must be. Arguments are name=value:
--   status=200        the only right status
--   body=FILE         the only right body; without it the body's length is not judged
--   paths=FILE        one path a line, taken in turn
--   holds=TEXT        what the right body has in it
--   bodies=FILE       one request body a line, taken in turn
--   template=FILE     a request body, in which @ stands for the request's number
--   first=N           that number to begin with
local wanted = { status = "200" }
local paths, bodies, template, number, turn = nil, nil, nil, 0, 0
right, wrong = 0, 0
example = ""

local function whole(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function lines(name)
  local found = {}
  for line in whole(name):gmatch("[^\n]+") do found[#found + 1] = line end
  return found
end

function init(args)
  for _, arg in ipairs(args) do
    local name, value = arg:match("^(%w+)=(.*)$")
    if name then wanted[name] = value end
  end
  wanted.status = tonumber(wanted.status)
  if wanted.body then wanted.body = whole(wanted.body) end
  if wanted.template then template = whole(wanted.template) end
  number = tonumber(wanted.first or "0")
  if wanted.paths then paths = lines(wanted.paths) end
  if wanted.bodies then bodies = lines(wanted.bodies) end
  if wanted.method then wrk.method = wanted.method end
  if template or paths or bodies then
    request = function()
      local path, body
      turn = turn + 1
      if paths then path = paths[(turn - 1) % #paths + 1] end
      if bodies then body = bodies[(turn - 1) % #bodies + 1] end
      if template then
        number = number + 1
        body = template:gsub("@", tostring(number))
      end
      return wrk.format(wrk.method, path, nil, body)
    end
  end
end

function response(status, headers, body)
  if status == wanted.status and (not wanted.body or body == wanted.body)
    and (not wanted.holds or body:find(wanted.holds, 1, true)) then
    right = right + 1
  else
    wrong = wrong + 1
    if example == "" then example = status .. " " .. body:sub(1, 200):gsub("[%c\"\\]", " ") end
  end
end

local threads = {}
function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency, requests)
  local good, bad, shown = 0, 0, ""
  for _, thread in ipairs(threads) do
    good = good + thread:get("right")
    bad = bad + thread:get("wrong")
    shown = thread:get("example")
  end
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"max":%d,"right":%d,"wrong":%d,"broken":%d,"example":"%s"}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    good, bad, e.connect + e.read + e.write + e.timeout, shown))
end
