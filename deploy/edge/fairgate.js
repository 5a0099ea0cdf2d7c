
// --- nginx: js_header_filter fairgate.headers; js_body_filter fairgate.body buffer_type=buffer; -----------------------
// Newer njs may keep this between requests, so each has a key of its own, in a variable of nginx.
var answers = {};
var count = 0;

function fromBuffer(buffer) {
  var pieces = [];
  // njs takes no long lists of arguments.
  for (var i = 0; i < buffer.length; i += 512) pieces.push(String.fromCharCode.apply(null, buffer.slice(i, i + 512)));
  return pieces.join('');
}

function toBuffer(text) {
  var bytes = new Uint8Array(text.length);
  for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return Buffer.from(bytes.buffer);
}

function headers(r) {
  try {
    if (!DATA || r.variables.fairgate === 'off') return;
    var out = r.headersOut;
    if (!isPage(r.status, out['Content-Type'], out['Content-Encoding'])) return;
    var place = variantOf(DATA, r.variables.fairgate_country, r.variables.fairgate_region);
    var jar = r.headersIn.Cookie || '';
    var header = function (name) { return r.headersIn[name]; };
    var policy = policyFor(DATA, place, jar, header, hostnameOf(r.headersIn.Host), Date.now() / 1000);
    var base = r.variables.scheme + '://' + (r.headersIn.Host || '') + (r.variables.request_uri || '/');
    var rewriter = new Rewriter(policy, base, 0, charsetOf(out['Content-Type']));
    // Everything that can fail comes before the first change.
    var link = out.Link && fewerLinks(rewriter, out.Link);
    var allowed = r.variables.fairgate === 'csp' ? policy.csp() : '';
    for (var i = 0; i < DROPPED.length; i++) delete out[DROPPED[i]];
    out.Vary = out.Vary ? out.Vary + ', ' + DATA.vary : DATA.vary;
    if (!out['Cache-Control']) out['Cache-Control'] = 'private, no-cache';
    if (out.Link) out.Link = link;
    if (allowed) {
      var own = out['Content-Security-Policy'];
      out['Content-Security-Policy'] = (own ? own + ', ' : '') + allowed;
    }
    count++;
    var key = count + '-' + Math.random();
    r.variables.fairgate_key = key;
    answers[key] = rewriter;
  } catch (error) {
    r.error('fairgate: the page goes out as it is: ' + error);
  }
}

function body(r, data, flags) {
  var key = r.variables.fairgate_key;
  var rewriter = key && answers[key];
  if (!rewriter) {
    r.sendBuffer(data, flags);
    return;
  }
  var made = null;
  var error = null;
  try {
    var text = rewriter.feed(fromBuffer(data));
    if (flags.last) text += rewriter.close();
    error = rewriter.failed;
    made = toBuffer(text);
  } catch (other) {
    // The rewriter itself never throws; should its surroundings, what it keeps goes first.
    error = other;
    made = Buffer.concat([toBuffer(rewriter.rest()), data]);
  }
  if (error) r.error('fairgate: the rest of the page goes out as it came: ' + error);
  if (error || flags.last) delete answers[key];
  r.sendBuffer(made, flags);
}

export default { headers, body };
