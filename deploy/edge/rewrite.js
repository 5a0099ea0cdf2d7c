/*
 * Parks what must wait in outgoing HTML: the twin of html.py and policy.py in packages/enforce, held to the same
 * vectors (tests/vectors/rewrite.json) and tables. Plain ES5, because nginx's njs runs it; strings hold one byte a character (latin-1).
 *
 * `DATA` stands before this text: what `manage.py edge` made of a release (cookiebanner/enforce/edge.py).
 */

// --- matching: packages/enforce/src/fairgate_enforce/patterns.py ------------------------------------------------------
function hasOwn(object, key) {
  return Object.prototype.hasOwnProperty.call(object, key);
}

function stripped(url) {
  return url.replace(/^[\x00- ]+|[\x00- ]+$/g, '').replace(/[\t\n\r]/g, '');
}

function unquoted(text) {
  return text.replace(/%([0-9a-f]{2})/gi, function (whole, digits) {
    return String.fromCharCode(parseInt(digits, 16));
  });
}

/* Takes `.` and `..` out of a path. */
function undotted(path) {
  var pieces = path.replace(/^\//, '').split('/');
  var kept = [];
  var plain = '';
  for (var i = 0; i < pieces.length; i++) {
    plain = pieces[i].replace(/%2e/gi, '.');
    if (plain === '..') kept.pop();
    else if (plain !== '.') kept.push(pieces[i]);
  }
  return '/' + kept.join('/') + ((plain === '.' || plain === '..') && kept.length ? '/' : '');
}

/* [scheme, host, path, query] of a request, or null when it is none. */
function splitUrl(url, pageHost) {
  url = stripped(url);
  var scheme = 'https';
  var found = /^([a-z][a-z0-9+.-]*):/i.exec(url);
  if (found) {
    scheme = found[1].toLowerCase();
    if (!/^(http|ws)s?$/.test(scheme)) return null;
    url = '//' + url.slice(found[0].length).replace(/^[\/\\]+/, '');
  }
  url = url.split('#')[0];
  var mark = url.indexOf('?');
  var query = mark < 0 ? '' : url.slice(mark + 1);
  var path = (mark < 0 ? url : url.slice(0, mark)).replace(/\\/g, '/');
  var host = pageHost;
  if (path.slice(0, 2) === '//') {
    path = path.replace(/^\/+/, '');
    var slash = path.indexOf('/');
    host = slash < 0 ? path : path.slice(0, slash);
    path = slash < 0 ? '' : path.slice(slash);
    host = unquoted(host.slice(host.lastIndexOf('@') + 1)).toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    if (!host) return null;
  }
  return [scheme, host, undotted(path), query];
}

/* The service that a URL belongs to, or -1. */
function matchUrl(table, url, pageHost) {
  var parts = splitUrl(url, pageHost);
  if (!parts) return -1;
  var segments = parts[3].split('&');
  function asks(wanted) {
    for (var i = 0; i < segments.length; i++) {
      if (segments[i] === wanted) return true;
      if (wanted.indexOf('=') < 0 && segments[i].slice(0, wanted.length + 1) === wanted + '=') return true;
    }
    return false;
  }
  function find(key) {
    var entries = hasOwn(table, key) ? table[key] : [];
    for (var i = 0; i < entries.length; i++) {
      var entry = entries[i];
      if (parts[2].slice(0, entry[0].length) === entry[0] && (!entry[1] || asks(entry[1]))) return entry[2];
    }
    return -1;
  }
  var found = -1;
  var host = parts[1];
  while (host && found < 0) {
    found = find(host);
    host = host.charAt(0) === '[' || host.indexOf('.') < 0 ? '' : host.slice(host.indexOf('.') + 1);
  }
  if (found < 0 && parts[1] === pageHost) found = find('/');
  if (found >= 0) return found;
  var rules = hasOwn(table, '') ? table[''] : [];
  var full = parts[0] + '://' + parts[1] + parts[2] + (parts[3] ? '?' + parts[3] : '');
  for (var i = 0; i < rules.length; i++) if (new RegExp(rules[i][0]).test(full)) return rules[i][1];
  return -1;
}

// --- the visitor: packages/enforce/src/fairgate_enforce/policy.py -----------------------------------------------------
function readFlags(text) {
  var flags = Object.create(null);
  var parts = text ? text.split('.') : [];
  for (var i = 0; i < parts.length; i++) flags[parts[i].slice(0, -2)] = parts[i].slice(-2) === ':1';
  return flags;
}

/*
 * The newest answer in a Cookie header, or null. `cookie`: the name of the site's own; without one a cookie of before, when
 * each site's was `fairgate`, which may be another site's.
 */
function readAnswer(cookies, cookie) {
  // A page without TLS neither sees nor replaces a Secure cookie, and writes beside it.
  return newestOf(cookies, [cookie, cookie + '_http'], true) || newestOf(cookies, ['fairgate'], cookie === 'fairgate');
}

function newestOf(cookies, names, ours) {
  var best = null;
  var pairs = (cookies || '').split(';');
  for (var i = 0; i < pairs.length; i++) {
    var found = /^\s*([^=\s]*)="?([^"]*)/.exec(pairs[i]);
    if (!found || names.indexOf(found[1]) < 0) continue;
    var answer = readState(found[2].replace(/\s+$/, ''), ours);
    if (answer && !(best && best.at >= answer.at)) best = answer;
  }
  return best;
}

/* The answer in a state cookie, or null. `v=2` holds a digit for each slot, `v=1` names what it means. */
function readState(text, ours) {
  var compact =
    /^v=2&id=[\w-]*&u=[\w-]*&t=([0-9a-z]{1,9})&g=[a-z_]*&n=([\w.-]*)&b=([0-9a-q]*)&x=([01])&o=([01])(&.*)?$/.exec(text);
  if (compact) {
    if (!parseInt(compact[1], 36)) return null;
    return {
      c: {}, s: {}, p: {}, at: parseInt(compact[1], 36), steps: compact[2], digits: compact[3],
      objected: compact[4] === '1', unasked: compact[5] === '1', ours: ours,
    };
  }
  var fields = { v: '', c: '', s: '', p: '', t: '', r: '', h: '', m: '', x: '', o: '' };
  var given = text.split('&');
  for (var k = 0; k < given.length; k++) fields[given[k].split('=')[0]] = given[k].slice(given[k].indexOf('=') + 1);
  var sound = /^([\w-]+:[01](\.[\w-]+:[01])*)?$/;
  if (fields.v !== '1' || !fields.c || !sound.test(fields.c) || !sound.test(fields.s) || !sound.test(fields.p)) return null;
  if (!/^[0-9]{1,12}$/.test(fields.t) || !+fields.t) return null;
  return {
    c: readFlags(fields.c), s: readFlags(fields.s), p: readFlags(fields.p), release: +fields.r || 0, at: +fields.t,
    content: fields.h, marks: fields.m, digits: null, objected: fields.x === '1', unasked: fields.o === '1', ours: ours,
  };
}

/* How many slots the numbering of an answer and this one have in common. */
function sharedSlots(answer, steps) {
  var most = 0;
  var step = /([0-9]+)\.([\w-]+)/g;
  for (var found = step.exec(answer.steps); found; found = step.exec(answer.steps)) {
    if (hasOwn(steps, found[1]) && steps[found[1]] === found[2]) most = Math.max(most, +found[1]);
  }
  return most;
}

/* What was said of a slot; null when it was not offered. */
function choiceAt(answer, slot, shared) {
  var digit = slot < shared ? parseInt(answer.digits.charAt(Math.floor(slot / 3)), 27) : 0;
  return [null, false, true][Math.floor(digit / Math.pow(3, slot % 3)) % 3 || 0];
}

/* The variant for a country and a subdivision without its country (ISO 3166); the strictest when nothing is known. */
function variantOf(data, country, region) {
  country = (country || '').toUpperCase();
  var full = country + '-' + (region || '').toUpperCase().replace(country + '-', '');
  if (hasOwn(data.places, full)) return data.places[full];
  return hasOwn(data.places, country) ? data.places[country] : data.places['*'];
}

/* What the browser's signals deny, as a number: packages/enforce/src/fairgate_enforce/signals.py. */
function deniedBySignals(rows, header) {
  var denied = 0;
  for (var i = 0; i < rows.length; i++) {
    var said = (header(rows[i][0]) || '').slice(0, 64).split(',');
    for (var k = 0; k < said.length; k++) if (said[k].trim() === rows[i][1]) denied |= rows[i][2];
  }
  return denied;
}

/*
 * What waits for a visitor. `header(name)`: what the request says under it; `now` in seconds. Gives {held(url),
 * heldInline(code), isGranted(key), csp(), keys}.
 */
function policyFor(data, variant, cookies, header, pageHost, now) {
  var terms = data.variants[hasOwn(data.variants, variant) ? variant : data.places['*']];
  var signalled = deniedBySignals(terms.signals, header);
  var answer = readAnswer(cookies, data.cookie || 'fairgate');
  var services = data.services;
  var necessary = Object.create(null);
  var categories = Object.create(null);
  var granted = [];
  var i, service, category;
  for (i = 0; i < data.categories.length; i++) {
    if (data.categories[i][1]) necessary[data.categories[i][0]] = true;
    else categories[data.categories[i][0]] = terms.categories.charAt(i) === '1';
  }
  function given(flags, key) {
    return hasOwn(flags, key) ? flags[key] : null;
  }
  function yes(flags) {
    for (var key in flags) if (flags[key] && !hasOwn(necessary, key)) return true;
    return false;
  }
  var compact = !!answer && answer.digits !== null;
  var shared = compact ? sharedSlots(answer, data.steps || {}) : 0;
  // Given to another numbering, from which nothing leads here: an objection may have meant everything.
  var foreign = compact && !shared;
  if (answer) {
    var granting = compact ? /[^01349acd]/.test(answer.digits) : yes(answer.c) || yes(answer.s) || yes(answer.p);
    var days = granting ? terms.consent : terms.refusal;
    var lapsed = (terms.optIn && (answer.unasked || foreign)) || (foreign && !answer.objected) || (days && (now - answer.at) / 86400 > days);
    var same = data.content ? answer.content === data.content : answer.release === data.release;
    var covered = !compact && !same && answer.marks ? answer.marks.match(/.{1,3}/g) : null;
  }
  function meant(said, start) {
    if (said === null) return start;
    return lapsed ? (said || !answer.objected) && start : said;
  }
  function bySlot(slots) {
    return foreign ? (answer.objected ? false : null) : choiceAt(answer, slots[0], shared);
  }
  function deniedElsewhere(slots) {
    for (var k = 1; k < slots.length; k++) if (choiceAt(answer, slots[k], shared) === false) return true;
    return false;
  }
  var byCategory = Object.create(null);
  for (i = 0; answer && i < data.categories.length; i++) {
    category = data.categories[i][0];
    byCategory[category] = compact ? bySlot(data.categories[i][2]) : given(answer.c, category);
  }
  for (i = 0; i < services.length; i++) {
    service = services[i];
    category = service.category;
    var start = terms.services.charAt(i) === '1';
    if (hasOwn(necessary, category)) granted.push(true);
    else if (!answer) granted.push(start);
    else {
      var said = compact ? bySlot(service.slots) : given(answer.s, service.key);
      if (!compact && said === null && !(covered && covered.indexOf(service.mark) < 0)) said = byCategory[category];
      // What came later: no category's yes is one to it, and a no to it in another category stands.
      if (said === null) granted.push(start && byCategory[category] !== false && !(compact && deniedElsewhere(service.slots)));
      else granted.push(meant(said, start));
    }
  }
  if (answer) {
    for (category in categories) {
      said = meant(byCategory[category], categories[category]);
      // Perhaps another site's answer: it may deny, and never grants.
      categories[category] = said && (answer.ours || categories[category]);
    }
    for (i = 0; i < services.length; i++) granted[i] = granted[i] && (answer.ours || !!necessary[services[i].category] || terms.services.charAt(i) === '1');
    // A yes said to this site is more specific than the signal, where a yes is asked for.
    if (terms.optIn && answer.ours) signalled = 0;
  }
  if (terms.nothing) signalled |= 2;
  else if (data.child) signalled |= 1;
  var bits = Object.create(null);
  for (i = 0; i < data.categories.length; i++) {
    category = data.categories[i][0];
    bits[category] = 2 | (i < 28 ? 4 << i : 0);
    if (signalled & bits[category] && hasOwn(categories, category)) categories[category] = false;
  }
  function masked(one) {
    return !!(signalled & (bits[one.category] | (one.sold ? 1 : 0)));
  }
  for (i = 0; i < services.length; i++) {
    if (!hasOwn(necessary, services[i].category) && masked(services[i])) granted[i] = categories[services[i].category] = false;
  }
  var any = false;
  for (category in categories) any = any || categories[category];
  for (i = 0; i < services.length; i++) if (any && services[i].container && !masked(services[i])) granted[i] = true;

  return {
    held: function (url) {
      var index = matchUrl(data.table, url, pageHost);
      if (index >= 0) return granted[index] ? '' : services[index].key;
      if (data.unknown !== 'hold' || any) return '';
      var parts = splitUrl(url, pageHost);
      if (!parts || !parts[1]) return '';
      var own = data.hosts.concat(data.friends, pageHost);
      for (var k = 0; k < own.length; k++) {
        if (own[k] && (parts[1] === own[k] || ('.' + parts[1]).slice(-own[k].length - 1) === '.' + own[k])) return '';
      }
      return 'unknown';
    },
    heldInline: function (code) {
      for (var k = 0; k < services.length; k++) {
        for (var n = 0; !granted[k] && n < services[k].inline.length; n++) {
          if (code.indexOf(services[k].inline[n]) >= 0) return services[k].key;
        }
      }
      return '';
    },
    isGranted: function (key) {
      var known = hasOwn(necessary, key) || hasOwn(categories, key);
      if (known && !necessary[key] && !categories[key]) return false;
      for (var k = 0; k < services.length; k++) {
        if (services[k].key !== key) continue;
        if (!granted[k]) return false;
        known = true;
      }
      return known;
    },
    /* An allow-list as a Content-Security-Policy: packages/enforce/src/fairgate_enforce/csp.py. */
    csp: function () {
      var named = data.hosts.slice();
      Object.keys(data.table).sort().forEach(function (host) {
        var open = host.length > 1;
        for (var k = 0; open && k < data.table[host].length; k++) open = granted[data.table[host][k][2]];
        if (open) named.push(host);
      });
      var sources = ["'self'"];
      function add(source) {
        if (sources.indexOf(source) < 0) sources.push(source);
      }
      named.forEach(function (host) {
        if (!/^[\w.-]+$/.test(host)) return;
        add(host);
        add('*.' + host);
      });
      add(data.fairgate);
      return 'default-src ' + sources.join(' ') + " 'unsafe-inline' 'unsafe-eval' data: blob:";
    },
    waiting: services.filter(function (_, k) { return !granted[k]; }).map(function (one) { return one.key; }),
  };
}

// --- tables, made by `python -m scripts.tables` of packages/enforce/src/fairgate_enforce/html.json ---
var TAG_LIMIT = 1048576;
var TEXT_LIMIT = 1048576;
var NESTING = 3;
var STANDS = '\x1a\x1b\x1c\x1d\x1e\x1f';
var OTHER_STARTS = ['\xfe\xff', '\xff\xfe', '\x00\x00\xfe\xff', '<\x00?\x00x\x00', '\x00<\x00?\x00x'];
var OTHER_CHARSETS = {
  'utf-16': true, 'utf-16le': true, 'utf-16be': true, 'utf16': true, 'unicode': true, 'unicodefeff': true,
  'unicodefffe': true, 'ucs-2': true, 'ucs-4': true, 'iso-10646-ucs-2': true, 'csunicode': true, 'utf-32': true,
  'utf-32le': true, 'utf-32be': true, 'utf32': true, 'iso-2022-jp': true, 'csiso2022jp': true, 'iso-2022-kr': true,
  'csiso2022kr': true, 'iso-2022-cn': true, 'iso-2022-cn-ext': true, 'hz-gb-2312': true, 'replacement': true,
};
var RAW_TEXT = {
  'script': true, 'style': true, 'textarea': true, 'title': true, 'xmp': true, 'noembed': true, 'noframes': true,
  'iframe': true, 'noscript': true,
};
var FOREIGN = {
  'svg': true, 'math': true,
};
var INTEGRATION = {
  'foreignobject': true, 'desc': true, 'title': true, 'annotation-xml': true, 'mi': true, 'mo': true, 'mn': true,
  'ms': true, 'mtext': true,
};
var BREAKOUT = {
  'b': true, 'big': true, 'blockquote': true, 'body': true, 'br': true, 'center': true, 'code': true, 'dd': true,
  'div': true, 'dl': true, 'dt': true, 'em': true, 'embed': true, 'h1': true, 'h2': true, 'h3': true, 'h4': true,
  'h5': true, 'h6': true, 'head': true, 'hr': true, 'i': true, 'img': true, 'li': true, 'listing': true, 'menu': true,
  'meta': true, 'nobr': true, 'ol': true, 'p': true, 'pre': true, 'ruby': true, 's': true, 'small': true, 'span': true,
  'strong': true, 'strike': true, 'sub': true, 'sup': true, 'table': true, 'tt': true, 'u': true, 'ul': true,
  'var': true,
};
var HTML_END = {
  'b': true, 'big': true, 'blockquote': true, 'body': true, 'br': true, 'center': true, 'code': true, 'dd': true,
  'div': true, 'dl': true, 'dt': true, 'em': true, 'embed': true, 'h1': true, 'h2': true, 'h3': true, 'h4': true,
  'h5': true, 'h6': true, 'head': true, 'hr': true, 'i': true, 'img': true, 'li': true, 'listing': true, 'menu': true,
  'meta': true, 'nobr': true, 'ol': true, 'p': true, 'pre': true, 'ruby': true, 's': true, 'small': true, 'span': true,
  'strong': true, 'strike': true, 'sub': true, 'sup': true, 'table': true, 'tt': true, 'u': true, 'ul': true,
  'var': true, 'article': true, 'aside': true, 'button': true, 'footer': true, 'form': true, 'header': true,
  'html': true, 'label': true, 'main': true, 'nav': true, 'section': true, 'tbody': true, 'td': true, 'tr': true,
};
var LOADS = {
  'script': ['src', 'href', 'xlink:href'], 'iframe': ['src'], 'frame': ['src'], 'img': ['src', 'srcset'],
  'image': ['href', 'xlink:href', 'src', 'srcset'], 'feimage': ['href', 'xlink:href'], 'use': ['href', 'xlink:href'],
  'source': ['src', 'srcset'], 'video': ['src', 'poster'], 'audio': ['src'], 'track': ['src'], 'embed': ['src'],
  'object': ['data'], 'input': ['src'], 'link': ['href', 'imagesrcset'], 'a': ['ping'], 'area': ['ping'],
};
var LOADS_EVERYWHERE = ['background'];
var FRAMES = {
  'iframe': true, 'frame': true, 'object': true, 'embed': true,
};
var LISTS = {
  'srcset': true, 'imagesrcset': true, 'ping': true,
};
var ENTITIES = {
  'AMP': '&', 'DiacriticalGrave': '`', 'GT': '>', 'Hat': '^', 'LT': '<', 'NewLine': '\x0a', 'QUOT': '"', 'Tab': '\x09',
  'UnderBar': '_', 'VerticalLine': '|', 'amp': '&', 'apos': '\'', 'ast': '*', 'bsol': '\\', 'colon': ':', 'comma': ',',
  'commat': '@', 'dollar': '$', 'equals': '=', 'excl': '!', 'grave': '`', 'gt': '>', 'lbrace': '{', 'lbrack': '[',
  'lcub': '{', 'lowbar': '_', 'lpar': '(', 'lsqb': '[', 'lt': '<', 'midast': '*', 'num': '#', 'percnt': '%',
  'period': '.', 'plus': '+', 'quest': '?', 'quot': '"', 'rbrace': '}', 'rbrack': ']', 'rcub': '}', 'rpar': ')',
  'rsqb': ']', 'semi': ';', 'sol': '/', 'verbar': '|', 'vert': '|',
};
var BARE = {
  'AMP': true, 'GT': true, 'LT': true, 'QUOT': true, 'amp': true, 'gt': true, 'lt': true, 'quot': true,
};
var CODE = /^(module|speculationrules|\w+\/(x-)?(java|ecma|j|live)script[^\n\r]*)?$/i;
var LINK = /sheet|pre[cflrs]|icon|mani/i;
var SCRIPT_ADDRESS = /^(data|javascript):/i;
var MARKS = /(?:optanon-category|ot-vscat)-([\w,-]*)/g;
var CSS_URL = /(url\([\t-\r ]*["']?|@import[\t-\r ]*["']|["'](?=[\t-\r ]*\w*[:\/\\])(?![^"')]*(?:url\(|@import)))([^"')]+)/gi;
var CSS_ESCAPE = /\\(?:([0-9a-f]{1,6})[\t-\r ]?|\n|([^\n]))/gi;
var MENTION = /(?:\b\w+:)?\/\/[\w.-]+\.\w[^\t-\r "'`<>)]*/g;
var IMPORTS = /\b(?:import|from)[\t-\r ]*(?:(\()[\t-\r ]*)?["'`]((?:https?:)?\/\/[^"'`]+)/g;
var FRAME_LOCATION = /(?:contentWindow|contentDocument|frames\[[^\[\]]*\])[\t-\r ]*\.[\t-\r ]*location(?:[\t-\r ]*\.[\t-\r ]*\w+)?[\t-\r ]*[=(][\t-\r ]*["'`]([^"'`]+)/g;
var CHARSET = /charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:["'][\t\n\f\r ]*)?([^\t\n\f\r "';,]+)/i;
var DROPPED = ['content-length', 'etag', 'last-modified', 'content-md5', 'accept-ranges'];
var UNTOUCHED = {
  '204': true, '206': true, '304': true,
};
// --- end of the tables ---

// --- the tokenizer: packages/enforce/src/fairgate_enforce/html.py -----------------------------------------------------
var AMPERSAND = STANDS.charAt(0);
var UTF8_MARK = '\xef\xbb\xbf';

/* A character that can stand for & because it is not in the text; '' when there is none. */
function standIn(raw) {
  for (var i = 0; i < STANDS.length; i++) if (raw.indexOf(STANDS.charAt(i)) < 0) return STANDS.charAt(i);
  return '';
}

/* References to ASCII characters are resolved, the & of all others becomes `stand`, so that `escaped` restores it. */
function unescaped(raw, stand) {
  if (raw.indexOf('&') < 0 || !stand) return raw;
  var reference = /&(?:#x([0-9a-f]+);?|#([0-9]+);?|([A-Za-z]+)(?:;|(?![A-Za-z0-9=])))?/gi;
  return raw.replace(reference, function (whole, hex, decimal, name) {
    var found = '';
    if (name) {
      if (hasOwn(ENTITIES, name) && (whole.charAt(whole.length - 1) === ';' || hasOwn(BARE, name))) found = ENTITIES[name];
    } else {
      var digits = (hex || decimal || '').replace(/^0+/, '');
      var number = digits.length < 8 ? parseInt(digits || '0', hex ? 16 : 10) : 0;
      // A carriage return in an attribute's text is none any more once a parser has read it.
      if (number > 0 && number < 128 && number !== 13) found = String.fromCharCode(number);
    }
    return found && STANDS.indexOf(found) < 0 ? found : stand + whole.slice(1);
  });
}

function escaped(text, stand) {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').split(stand || AMPERSAND).join('&');
}

/* Whether a tag closes itself; in `<svg a=b/>` the slash belongs to the value. */
function closedTag(tag) {
  if (tag.slice(-2) !== '/>') return false;
  var own = attributesOf(tag);
  return !own.length || own[own.length - 1].end < tag.length - 1;
}

/*
 * The next match of a global or sticky expression that matches no empty text. njs 0.7 begins anew, or fails, when the end
 * of a text beyond ASCII is where it shall go on.
 */
function nextMatch(pattern, text, from) {
  if (from >= text.length) return null;
  pattern.lastIndex = from;
  var match = pattern.exec(text);
  return match && match.index >= from ? match : null;
}

/* The words of a list. Not split by an expression: njs 0.7 fails at that beyond ASCII. */
function wordsOf(text) {
  return text.replace(/[\t\n\f\r ,]+/g, ' ').split(' ');
}

function attributesOf(tag) {
  var found = [];
  var text = tag.slice(0, -1);
  var pattern =
    /[\t\n\f\r \/]*(=[^\t\n\f\r \/>=]*|[^\t\n\f\r \/>=]+)(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >"'][^\t\n\f\r >]*)))?/y;
  var from = /^<\/?[^\t\n\f\r \/>]*/.exec(text)[0].length;
  for (;;) {
    var match = nextMatch(pattern, text, from);
    if (!match) return found;
    from = match.index + match[0].length;
    var raw = match[2] || match[3] || match[4] || '';
    var begin = match.index + /^[\t\n\f\r \/]*/.exec(match[0])[0].length;
    var stand = standIn(raw);
    found.push({
      name: match[1].toLowerCase(), raw: raw, stand: stand, value: unescaped(raw, stand), begin: begin,
      end: from,
    });
  }
}

function edited(text, edits) {
  var out = '';
  var position = 0;
  edits.sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; });
  for (var i = 0; i < edits.length; i++) {
    out += text.slice(position, edits[i][0]) + edits[i][2];
    position = edits[i][1];
  }
  return out + text.slice(position);
}

function marking(tag, service, more) {
  var end = /^<[^\t\n\f\r \/>]*/.exec(tag)[0].length;
  return [end, end, ' data-fg="' + escaped(service) + '"' + (more || '')];
}

/*
 * Feed it text, get text back; `close()` gives the rest. Neither throws: after an error, which `failed` then holds, all
 * that has not been given out passes as it came. `policy`: what policyFor gives; `base`: the page's address; `charset`:
 * the label of its encoding if the server says one.
 */
function Rewriter(policy, base, depth, charset) {
  this.policy = policy;
  this.base = base;
  this.depth = depth || 0;
  this.charset = (charset || '').toLowerCase();
  this.nested = this.depth > 0;
  this.failed = null;
  this.excess = false; // in a style or script too long to judge
  this.parked = 0;
  this.based = false;
  this.buffer = '';
  this.at = 0;
  this.seen = 0;
  this.out = [];
  this.state = 'beginning';
  this.part = '';
  this.raw = '';
  this.script = '';
  this.kind = '';
  this.doubled = false;
  this.inComment = false;
  this.inner = null;
  this.scriptless = false;
  this.stack = [];
  this.css = false;
}

Rewriter.prototype.feed = function (chunk) {
  this.buffer = this.buffer.slice(this.at) + chunk;
  this.seen = Math.max(0, this.seen - this.at);
  this.at = 0;
  return this.run(false);
};

Rewriter.prototype.close = function () {
  return this.run(true);
};

/* All that was received and not given out, without judging any more of it; from now on everything passes. */
Rewriter.prototype.rest = function () {
  var inner = this.inner;
  this.inner = null;
  var text = this.out.join('') + this.script + (inner ? inner.rest() : '') + this.buffer.slice(this.at);
  this.out = [];
  this.script = this.buffer = '';
  this.state = 'plain';
  this.at = this.seen = 0;
  return text;
};

Rewriter.prototype.run = function (final) {
  var at = this.at;
  var made = 0;
  var script = this.script;
  try {
    for (var going = true; going && this.at < this.buffer.length; ) {
      at = this.at;
      made = this.out.length;
      script = this.script;
      going = this[this.state](final);
    }
  } catch (error) {
    // A step that failed has done nothing.
    this.at = at;
    this.out = this.out.slice(0, made);
    this.script = script;
    this.failed = error || new Error('?');
    return this.rest();
  }
  if (final) {
    if (this.inner) {
      this.out.push(this.inner.feed(this.buffer.slice(this.at)) + this.inner.close());
      this.parked += this.inner.parked;
      this.listen(this.inner);
      this.inner = null;
    } else this.out.push(this.script + this.buffer.slice(this.at));
    this.script = '';
    this.at = this.buffer.length;
  }
  var text = this.out.join('');
  this.out = [];
  return text;
};

/* When the rewriter of a part has failed, so has the whole. */
Rewriter.prototype.listen = function (inner) {
  if (inner.failed && !this.failed) {
    this.failed = inner.failed;
    this.state = 'plain';
  }
};

/* A rewriter for a part of this page. */
Rewriter.prototype.another = function (depth) {
  var made = new Rewriter(this.policy, this.base, depth, this.charset);
  made.state = 'text';
  made.nested = true;
  return made;
};

Rewriter.prototype.beginning = function (final) {
  var head = this.buffer.slice(0, 6);
  var other = hasOwn(OTHER_CHARSETS, this.charset);
  var starts = [UTF8_MARK].concat(OTHER_STARTS);
  for (var i = 0; i < starts.length; i++) {
    if (head.length < starts[i].length && !final && starts[i].slice(0, head.length) === head) return false;
  }
  // A mark outdoes what the server says.
  if (head.slice(0, 3) === UTF8_MARK) {
    this.charset = 'utf-8';
    other = false;
  }
  for (i = 1; i < starts.length; i++) other = other || head.slice(0, starts[i].length) === starts[i];
  this.state = other ? 'plain' : 'text';
  return true;
};

Rewriter.prototype.emit = function (end, instead) {
  this.out.push(instead === undefined ? this.buffer.slice(this.at, end) : instead);
  this.at = this.seen = end;
  return true;
};

Rewriter.prototype.foreign = function () {
  return this.stack.length > 0 && hasOwn(FOREIGN, this.stack[this.stack.length - 1]);
};

Rewriter.prototype.text = function (final) {
  if (this.part) return this.tag();
  var buffer = this.buffer;
  var at = this.at;
  var start = buffer.indexOf('<', Math.max(at, this.seen));
  if (start !== at) {
    var stop = start > 0 ? start : buffer.length;
    if (!this.css) return this.emit(stop);
    if (this.excess || stop - at >= TEXT_LIMIT) {
      this.excess = start < 0;
      return this.emit(stop);
    }
    if (start < 0 && !final) {
      this.seen = stop;
      return false;
    }
    return this.emit(stop, this.freeze(buffer.slice(at, stop)));
  }
  this.excess = false;
  var head = buffer.slice(at, at + 9);
  if (/^<\/?[A-Za-z]/.test(head)) return this.tag();
  if (head.length < 3 && !final) return false;
  var second = head.charAt(1);
  if (head.slice(0, 4) === '<!--' || (head === '<!-' && !final)) {
    if (head.length < 6 && !final && head.indexOf('>') < 0) return false;
    var abrupt = /^<!--(?:>|->)/.exec(head);
    if (abrupt) return this.emit(at + abrupt[0].length);
    this.state = 'comment';
    return this.emit(at + 4);
  }
  if (second === '!' && this.foreign() && '<![CDATA['.slice(0, head.length) === head) {
    if (head.length < 9) return false;
    this.state = 'cdata';
    return this.emit(at + 9);
  }
  if (second === '!' || second === '?' || second === '/') {
    this.state = 'bogus';
    return this.emit(at + 2);
  }
  return this.emit(at + 1);
};

Rewriter.prototype.until = function (end, kept) {
  if (end >= 0) {
    this.state = 'text';
    return this.emit(end);
  }
  var stop = this.buffer.length - kept;
  return stop > this.at && this.emit(stop);
};

Rewriter.prototype.comment = function () {
  var match = nextMatch(/--!?>/g, this.buffer, this.at);
  return this.until(match ? match.index + match[0].length : -1, 3);
};

Rewriter.prototype.cdata = function (final) {
  var end = this.buffer.indexOf(']]>', Math.max(this.at, this.seen - 2));
  var stop = end < 0 ? this.buffer.length : end;
  var certain = end >= 0 || final ? stop : stop - 2;
  if (this.css && !this.excess && certain - this.at < TEXT_LIMIT) {
    if (end < 0 && !final) {
      this.seen = stop;
      return false;
    }
    this.state = 'text';
    return this.emit(stop, this.freeze(this.buffer.slice(this.at, stop)));
  }
  this.excess = this.css && end < 0;
  return this.until(end < 0 ? -1 : end + 3, 2);
};

Rewriter.prototype.bogus = function () {
  return this.until(this.buffer.indexOf('>', this.at) + 1 || -1, 0);
};

Rewriter.prototype.plain = function () {
  return this.emit(this.buffer.length);
};

Rewriter.prototype.tag = function () {
  if (!this.part) {
    this.part = 'tag';
    this.seen = this.at + 2;
  }
  var end = this.tagEnd();
  if ((end < 0 ? this.buffer.length : end) - this.at > TAG_LIMIT) {
    this.longStart = /^<\/?[^\t\n\f\r \/>]{1,100}/.exec(this.buffer.slice(this.at, this.at + 102))[0].toLowerCase();
    if (end >= 0) return this.endLong(end);
    this.state = 'long';
    return this.emit(this.buffer.length);
  }
  if (end < 0) return false;
  this.part = '';
  return this.whole(end);
};

Rewriter.prototype.long = function () {
  var end = this.tagEnd();
  return end < 0 ? this.emit(this.buffer.length) : this.endLong(end);
};

/* A tag too long to judge is over; it opens or closes its element all the same. */
Rewriter.prototype.endLong = function (end) {
  this.part = '';
  this.state = 'text';
  this.emit(end);
  if (this.longStart.charAt(1) === '/') this.leave(this.longStart.slice(2));
  else this.enter(this.longStart.slice(1), this.longStart + '>');
  return true;
};

/* What ends each part of a tag. */
var ENDS = {
  tag: /[\t\n\f\r \/>]/g,
  before: /[^\t\n\f\r \/]/g,
  name: /[\t\n\f\r \/>=]/g,
  after: /[^\t\n\f\r ]/g,
  equals: /[^\t\n\f\r ]/g,
  bare: /[\t\n\f\r >]/g,
  '"': /"/g,
  "'": /'/g,
};

/* The position after the tag's `>`, -1 when it has not come. */
Rewriter.prototype.tagEnd = function () {
  for (;;) {
    var match = nextMatch(ENDS[this.part], this.buffer, this.seen);
    if (!match) {
      this.seen = this.buffer.length;
      return -1;
    }
    var here = match.index;
    var letter = match[0];
    this.seen = here + 1;
    if (this.part === '"' || this.part === "'") this.part = 'before';
    else if (letter === '>') return here + 1;
    else if (this.part === 'before') this.part = 'name';
    else if (this.part === 'equals') this.part = letter === '"' || letter === "'" ? letter : 'bare';
    else if (letter === '=' && this.part !== 'bare') this.part = 'equals';
    else {
      this.part = this.part === 'name' && letter !== '/' ? 'after' : 'before';
      // The letter after a blank may begin the next name.
      if (this.part === 'before') this.seen = here;
    }
  }
};

Rewriter.prototype.rawText = function () {
  var buffer = this.buffer;
  var end = this.raw === 'script' ? this.scriptEnd() : this.rawEnd();
  var keep = (this.script || this.raw === 'style') && !this.excess;
  if (keep && (end < 0 ? this.seen : end) - this.at >= TEXT_LIMIT) {
    // Too long a script or style passes as it is.
    this.out.push(this.script);
    this.script = '';
    keep = false;
    this.excess = true;
  }
  if (end < 0) {
    if (keep || this.seen <= this.at) return false;
    return this.passPart(this.seen);
  }
  var name = this.raw;
  this.raw = '';
  this.state = 'text';
  this.inComment = this.doubled = this.excess = false;
  if (this.inner) {
    this.passPart(end);
    var inner = this.inner;
    this.inner = null;
    this.out.push(inner.close());
    this.parked += inner.parked;
    this.listen(inner);
    return true;
  }
  var text = buffer.slice(this.at, end);
  if (keep && name === 'style') text = this.freeze(text);
  else if (keep) {
    var tag = this.script;
    this.script = '';
    var service = this.judgeCode(text);
    text = (service ? this.parkScript(tag, attributesOf(tag), service) : tag) + text;
  }
  return this.emit(end, text);
};

/* Passes raw text up to `end`, through the rewriter of a <noscript> if we are in one. */
Rewriter.prototype.passPart = function (end) {
  var part = this.buffer.slice(this.at, end);
  if (this.inner) {
    part = this.inner.feed(part);
    this.listen(this.inner);
  }
  return this.emit(end, part);
};

Rewriter.prototype.rawEnd = function () {
  var pattern = new RegExp('</' + this.raw + '(?=[\\t\\n\\f\\r />])', 'gi');
  var match = nextMatch(pattern, this.buffer, this.seen);
  this.seen = Math.max(this.seen, this.buffer.length - this.raw.length - 2);
  return match ? match.index : -1;
};

Rewriter.prototype.scriptEnd = function () {
  var pattern = /<!(?=--)|-->|<\/?script(?=[\t\n\f\r \/>])/gi;
  for (;;) {
    var match = nextMatch(pattern, this.buffer, this.seen);
    if (!match) break;
    this.seen = match.index + match[0].length;
    var word = match[0].toLowerCase();
    if (word === '<!') this.inComment = true;
    else if (word === '-->') this.inComment = this.doubled = false;
    else if (word === '<script') this.doubled = this.doubled || this.inComment;
    else if (this.doubled) this.doubled = false;
    else return match.index;
  }
  this.seen = Math.max(this.seen, this.buffer.length - 8);
  return -1;
};

Rewriter.prototype.whole = function (end) {
  var tag = this.buffer.slice(this.at, end);
  var name = /^<\/?([^\t\n\f\r \/>]*)/.exec(tag)[1].toLowerCase();
  if (tag.charAt(1) === '/') {
    this.leave(name);
    return this.emit(end);
  }
  this.emit(end, '');
  this.script = '';
  var made = this.start(name, tag);
  if (!this.script) this.out.push(made);
  return true;
};

Rewriter.prototype.leave = function (name) {
  this.css = false;
  if (this.stack.indexOf(name) >= 0) while (this.stack.pop() !== name);
  else if (hasOwn(HTML_END, name)) while (this.foreign()) this.stack.pop();
};

Rewriter.prototype.enter = function (name, tag) {
  var closed = (hasOwn(FOREIGN, name) || this.stack.length > 0) && closedTag(tag);
  if (this.foreign() && hasOwn(BREAKOUT, name)) {
    while (this.foreign()) this.stack.pop();
    this.css = false;
  } else if (this.foreign() && hasOwn(INTEGRATION, name)) {
    if (!closed) this.stack.push(name);
    return;
  }
  if (hasOwn(FOREIGN, name)) {
    if (!closed) this.stack.push(name);
  } else if (this.foreign()) this.css = this.css || (name === 'style' && !closed);
  else if (name === 'plaintext') this.state = 'plain';
  else if (hasOwn(RAW_TEXT, name) && !(name === 'noscript' && this.scriptless)) {
    this.raw = name;
    this.state = 'rawText';
    if (name === 'noscript') {
      this.inner = this.another(this.depth);
      this.inner.scriptless = true;
    }
  }
};

Rewriter.prototype.start = function (name, tag) {
  this.enter(name, tag);
  if (name === 'meta' && !this.charset && !this.nested) this.declare(attributesOf(tag));
  if (name === 'base' && !this.stack.length && !this.based) {
    var bases = attributesOf(tag).filter(function (one) { return one.name === 'href'; });
    if (bases.length) {
      this.based = true;
      this.base = this.absolute(bases[0].value);
    }
    return tag;
  }
  var lower = tag.toLowerCase();
  var loading = LOADS_EVERYWHERE.some(function (word) { return lower.indexOf(word) >= 0; });
  if (!hasOwn(LOADS, name) && lower.indexOf('style') < 0 && !loading) return tag;
  var own = attributesOf(tag);
  var first = {};
  own.forEach(function (one) { if (!hasOwn(first, one.name)) first[one.name] = one; });
  if (hasOwn(first, 'data-ot-ignore')) return tag;
  var wanted = this.wanted(first);
  if (name === 'script') return this.startScript(tag, own, first, wanted);
  if (name === 'link' && !(hasOwn(first, 'rel') && LINK.test(first.rel.value))) return this.change(tag, own, first, {}, '');
  var keys = (hasOwn(LOADS, name) ? LOADS[name] : []).concat(LOADS_EVERYWHERE);
  var parked = {};
  var service = '';
  for (var i = 0; i < keys.length; i++) {
    if (!hasOwn(first, keys[i])) continue;
    var by = wanted || this.judge(name, first[keys[i]]);
    if (by) parked[keys[i]] = true;
    service = service || by;
  }
  return this.change(tag, own, first, parked, service);
};

/* What a <meta> says of the encoding. UTF-16 there means UTF-8: a page in UTF-16 could not say so. */
Rewriter.prototype.declare = function (own) {
  var first = {};
  own.forEach(function (one) { if (!hasOwn(first, one.name)) first[one.name] = one.value; });
  var found = hasOwn(first, 'http-equiv') && hasOwn(first, 'content') && CHARSET.exec(first.content);
  var label = hasOwn(first, 'charset') ? first.charset : found ? found[1] : '';
  this.charset = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase();
  if (hasOwn(OTHER_CHARSETS, this.charset) && !/^(utf|unicode|ucs|iso-10646|csunicode)/.test(this.charset)) {
    this.state = 'plain';
  }
};

Rewriter.prototype.startScript = function (tag, own, first, wanted) {
  var kind = hasOwn(first, 'type') ? first.type.value.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '') : '';
  if (!CODE.test(kind)) return tag;
  var source = null;
  LOADS.script.slice(this.foreign() ? 1 : 0).forEach(function (key) {
    if (!source && hasOwn(first, key)) source = first[key];
  });
  var service = wanted || (source ? this.judge('script', source) : '');
  if (service) return this.parkScript(tag, own, service, this.foreign() && source);
  if (!source && !this.foreign()) {
    this.script = tag;
    this.kind = kind.toLowerCase();
  }
  return tag;
};

/* What a mark names; one empty name when it names nothing. */
function words(found) {
  var named = (found || []).filter(function (word) { return word; });
  return named.length ? named : [''];
}

Rewriter.prototype.wanted = function (first) {
  var keys = [];
  var stand = AMPERSAND;
  var found;
  if (hasOwn(first, 'data-consent')) {
    keys = words(wordsOf(first['data-consent'].value));
    stand = first['data-consent'].stand;
  } else if (hasOwn(first, 'class')) {
    MARKS.lastIndex = 0;
    while ((found = MARKS.exec(first['class'].value))) keys = keys.concat(words(found[1].match(/\w+/g)));
  }
  for (var i = 0; i < keys.length; i++) {
    if (!this.policy.isGranted(keys[i])) return stand ? (keys[i] || 'marked').split(stand).join(AMPERSAND) : keys[i] || 'marked';
  }
  return '';
};

Rewriter.prototype.firstHeld = function (urls) {
  for (var i = 0; i < urls.length; i++) {
    var key = urls[i] && this.policy.held(urls[i]);
    if (key) return key;
  }
  return '';
};

Rewriter.prototype.judge = function (name, attribute) {
  var self = this;
  var value = attribute.value;
  if (hasOwn(LISTS, attribute.name)) {
    return this.firstHeld(wordsOf(value).map(function (url) { return url && self.absolute(url); }));
  }
  if (hasOwn(FRAMES, name) && SCRIPT_ADDRESS.test(stripped(value))) return this.mentioned(unquoted(value));
  return this.holds(value);
};

Rewriter.prototype.holds = function (url) {
  return stripped(url) ? this.policy.held(this.absolute(url)) : '';
};

Rewriter.prototype.judgeCode = function (code) {
  var service = this.policy.heldInline(code);
  if (service) return service;
  if (this.kind === 'speculationrules') return this.mentioned(code);
  // Code that sends a frame elsewhere: no script can stop that, so the code itself waits.
  var urls = [];
  code.replace(FRAME_LOCATION, function (whole, url) { urls.push(url); return ''; });
  if (this.kind === 'module') {
    code.replace(IMPORTS, function (whole, dynamic, url) {
      if (!dynamic) urls.push(url);
      return '';
    });
  }
  var self = this;
  return this.firstHeld(urls.map(function (url) { return stripped(url) && self.absolute(url); }));
};

Rewriter.prototype.mentioned = function (text) {
  return this.firstHeld(text.replace(/\\/g, '').match(MENTION) || []);
};

Rewriter.prototype.absolute = function (url) {
  url = stripped(url);
  if (/^([A-Za-z][A-Za-z0-9+.-]*:|[\/\\]{2})/.test(url)) return url;
  var origin = /^([A-Za-z][A-Za-z0-9+.-]*:[\/\\]*[^\/\\?#]*|[\/\\]{2}[^\/\\?#]*)/.exec(this.base);
  if (!origin) return url;
  var path = /^[^?#]*/.exec(this.base.slice(origin[0].length))[0];
  var letter = url.charAt(0);
  if (letter === '/' || letter === '\\') path = '';
  else if (letter !== '?' && letter !== '#' && letter) path = path.slice(0, path.lastIndexOf('/') + 1) || '/';
  return origin[0] + path + url;
};

Rewriter.prototype.freeze = function (css) {
  var self = this;
  return css.replace(CSS_URL, function (whole, before, written) {
    var url = written
      .replace(CSS_ESCAPE, function (_, hex, letter) {
        return hex ? String.fromCharCode(parseInt(hex, 16)) : letter || '';
      })
      .replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, '');
    // A string without `url()` is an address when it looks like a whole one.
    if (!(before.length > 1 || /^(\w+:|\/\/)/.test(url)) || !self.policy.held(self.absolute(url))) return whole;
    self.parked++;
    return before + 'data:fg,' + written;
  });
};

Rewriter.prototype.document = function (text) {
  var inner = this.another(this.depth + 1);
  var made = inner.feed(text) + inner.close();
  if (inner.failed) throw inner.failed;
  this.parked += inner.parked;
  return inner.parked ? made : text;
};

Rewriter.prototype.change = function (tag, own, first, parked, service) {
  var edits = [];
  var self = this;
  ['style', 'srcdoc'].forEach(function (key) {
    if (!hasOwn(first, key) || !first[key].stand || (key === 'srcdoc' && self.depth >= NESTING)) return;
    var after = key === 'style' ? self.freeze(first[key].value) : self.document(first[key].value);
    if (after !== first[key].value) edits.push([first[key].begin, first[key].end, key + '="' + escaped(after, first[key].stand) + '"']);
  });
  if (service) {
    this.parked++;
    own.forEach(function (one) { if (hasOwn(parked, one.name)) edits.push([one.begin, one.begin, 'data-fg-']); });
    edits.push(marking(tag, service));
  }
  return edited(tag, edits);
};

/* `svg`: the attribute that an SVG script loads from; browsers ask for it whatever the type is. */
Rewriter.prototype.parkScript = function (tag, own, service, svg) {
  this.parked++;
  var edits = [];
  var more = ' type="text/plain"';
  var async = false;
  own.forEach(function (one) {
    if (one.name === 'type') edits.push([one.begin, one.begin, 'data-fg-']);
    if (one.name === 'async') async = true;
  });
  if (!edits.length) more += ' data-fg-type=""';
  if (!async) more += ' data-fg-sync=""';
  if (svg) {
    more += ' data-fg-begun=""';
    own.forEach(function (one) {
      if (one === svg) edits.push([one.begin, one.begin + one.name.length, 'src']);
      else if (LOADS.script.indexOf(one.name) >= 0) edits.push([one.begin, one.begin, 'data-fg-']);
    });
  }
  edits.push(marking(tag, service, more));
  return edited(tag, edits);
};

// --- one answer: packages/enforce/src/fairgate_enforce/enforcer.py ----------------------------------------------------

/* Whether an answer is HTML that can be rewritten. */
function isPage(status, type, encoding) {
  if (!/^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(type || '')) return false;
  if (encoding && !/^identity$/i.test(encoding)) return false;
  return !hasOwn(OTHER_CHARSETS, charsetOf(type)) && !hasOwn(UNTOUCHED, status);
}

function charsetOf(type) {
  var found = CHARSET.exec(type || '');
  return found ? found[1].toLowerCase() : '';
}

function hostnameOf(host) {
  return (host || '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/* A Link header without what must wait; '' when nothing is left. */
function fewerLinks(rewriter, value) {
  var parts = value.match(/<[^>]*>(?:[^,"]|"[^"]*")*/g) || [];
  return parts.filter(function (part) { return !rewriter.holds(part.slice(1, part.indexOf('>'))); }).join(', ');
}
