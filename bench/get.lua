-- wrk: GET with the headers given as NAME=VALUE arguments.
function init(args)
  for _, pair in ipairs(args) do
    local name, value = pair:match("^(.-)=(.*)$")
    wrk.headers[name] = value
  end
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
