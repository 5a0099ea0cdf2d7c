
// --- an edge worker (Cloudflare's interface; Deno and others have the same) -------------------------------------------
// Set the variable FAIRGATE to "csp" for the allow-list header, to "off" to leave the pages alone.

function fromBytes(bytes) {
  var pieces = [];
  for (var i = 0; i < bytes.length; i += 8192) pieces.push(String.fromCharCode.apply(null, bytes.subarray(i, i + 8192)));
  return pieces.join('');
}

function toBytes(text) {
  var bytes = new Uint8Array(text.length);
  for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function rewritten(request, answer, mode) {
  var headers = new Headers(answer.headers);
  // fetch() has undone the compression that it asked for by itself.
  if (!isPage(answer.status, headers.get('Content-Type'), '') || !answer.body) return answer;
  var place = request.cf || {};
  var country = place.country || request.headers.get('CF-IPCountry') || '';
  var region = place.regionCode || request.headers.get('CF-Region-Code') || '';
  var url = new URL(request.url);
  var policy = policyFor(
    DATA, variantOf(DATA, country, region), request.headers.get('Cookie') || '',
    function (name) { return request.headers.get(name); }, url.hostname, Date.now() / 1000
  );
  var rewriter = new Rewriter(policy, request.url, 0, charsetOf(headers.get('Content-Type')));
  DROPPED.concat('content-encoding').forEach(function (name) { headers.delete(name); });
  headers.append('Vary', DATA.vary);
  if (!headers.get('Cache-Control')) headers.set('Cache-Control', 'private, no-cache');
  var link = headers.get('Link');
  if (link) {
    link = fewerLinks(rewriter, link);
    if (link) headers.set('Link', link);
    else headers.delete('Link');
  }
  if (mode === 'csp') headers.append('Content-Security-Policy', policy.csp());
  var told = false;
  function tell(error) {
    if (error && !told) console.error('fairgate: the rest of the page goes out as it came: ' + error);
    told = told || !!error;
  }
  var broken = false;
  var stream = new TransformStream({
    transform: function (chunk, out) {
      var text = '';
      try {
        if (!broken) text = rewriter.feed(fromBytes(chunk));
      } catch (error) {
        // The rewriter itself never throws; should its surroundings, what it keeps goes first.
        tell(error);
        broken = true;
        text = rewriter.rest();
      }
      tell(rewriter.failed);
      if (text) out.enqueue(toBytes(text));
      if (broken) out.enqueue(chunk);
    },
    flush: function (out) {
      if (broken) return;
      var text = rewriter.close();
      tell(rewriter.failed);
      if (text) out.enqueue(toBytes(text));
    },
  });
  return new Response(answer.body.pipeThrough(stream), { status: answer.status, statusText: answer.statusText, headers: headers });
}

export default {
  async fetch(request, env) {
    var mode = (env && env.FAIRGATE) || 'on';
    var answer = await fetch(request);
    if (!DATA || mode === 'off') return answer;
    try {
      return rewritten(request, answer, mode);
    } catch (error) {
      console.error('fairgate: the page goes out as it is: ' + error);
      return answer;
    }
  },
};
