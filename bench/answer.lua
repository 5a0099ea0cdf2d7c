-- wrk: POST one new answer after another. Arguments: file with the body (@ID@, @VISITOR@ and, for c15t, @SUBJECT@ are
-- filled in, @SITE@ too when a second file gives site ids, one a line), Origin.
local n = 0
function setup(thread) thread:set("seed", n) n = n + 1 end

function init(args)
  math.randomseed(os.time() * 7919 + seed * 104729)
  for _ = 1, 10 do math.random() end
  local f = assert(io.open(args[1])) local text = f:read("*a") f:close()
  parts = {}
  for before, mark in (text .. "@END@"):gmatch("(.-)@(%u+)@") do parts[#parts + 1] = before parts[#parts + 1] = mark end
  sites = {}
  pause = tonumber(args[5] or "") or 0
  if args[3] and args[3] ~= "" then for line in io.lines(args[3]) do sites[#sites + 1] = line end end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "text/plain;charset=UTF-8"
  wrk.headers["Origin"] = args[2]
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
  if args[4] and args[4] ~= "" then wrk.headers["Content-Type"] = args[4] end
end

local r = math.random
local function uuid()
  return string.format("%08x-%04x-4%03x-8%03x-%06x%06x", r(0, 0xfffffff), r(0, 0xffff), r(0, 0xfff), r(0, 0xfff),
    r(0, 0xffffff), r(0, 0xffffff))
end

local digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
local function base58()
  local out = {}
  for i = 1, 22 do local n = r(1, #digits) out[i] = digits:sub(n, n) end
  return table.concat(out)
end

function request()
  local out = {}
  for i = 1, #parts, 2 do
    out[#out + 1] = parts[i]
    local mark = parts[i + 1]
    if mark == "ID" or mark == "VISITOR" then out[#out + 1] = uuid()
    elseif mark == "SUBJECT" then out[#out + 1] = base58()
    elseif mark == "SITE" then out[#out + 1] = sites[r(1, #sites)] end
  end
  return wrk.format(nil, nil, nil, table.concat(out))
end

-- A fifth argument is how many ms each connection waits before its next answer.
function delay() return pause end

function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
