"""Small libraries that pages are full of do on a page with the gate what they do without it, held elements included."""

from __future__ import annotations

import pytest

from .guest import T, chromium, guest, pages, server
from .vectors import blockers
from .vectors.server import SITE

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

LIBRARIES = {
    "cookie": "js-cookie/dist/js.cookie.min.js",
    "underscore": "underscore/underscore-umd-min.js",
    "unfetch": "unfetch/dist/unfetch.umd.js",
    "htmx": "htmx.org/dist/htmx.min.js",
    "jquery": "jquery/dist/jquery.min.js",
}
HEAD = "".join(f"<script src=/{name}.js></script>" for name in LIBRARIES)
BODY = f"""<div id=box><iframe id=frame src="{T}/f.html"></iframe><img id=image src="{T}/1.gif"></div>
<script id=template type=text/template><b><%= x %></b><script src="{T}/a.js"><\\/script></script>
<div id=part hx-get=/part hx-trigger=go>old</div>"""
# Each a library's own work, and what comes of it.
WORK = {
    "js-cookie": """Cookies.set('a b', 'ü;1', {expires: 3}); const kept = Cookies.get('a b'); Cookies.remove('a b');
        return [kept, Cookies.get('a b') ?? null, Object.keys(Cookies.get()).filter((key) => !key.startsWith('fairgate'))]""",
    "underscore": """const f = document.getElementById('frame');
        return [_.isElement(f), _.functions(history).length, _.escape(f.outerHTML), _.isMatch(f, {id: 'frame'}), _.keys(f),
          _.pick(f, 'src', 'id'), _.template(document.getElementById('template').innerHTML)({x: 1})]""",
    "jquery": """const $ = jQuery.noConflict(); $('#frame').wrap('<p class=w>'); const wrapped = $('#box').html();
        $('#frame').unwrap(); $('#box').append($('#frame').detach()); $('#image').attr('src', (n, old) => `${old}?x`);
        return [wrapped, $('#box').clone(true).html(), $('#image').prop('src'), $('iframe[src*=tracker]').length,
          $('<div>').append($('#image').clone()).html(), $('#box :visible').length]""",
    "unfetch": "const got = await unfetch('/own.js'); return [got.status, await got.text(), got.headers.get('content-type')]",
    "htmx": """const done = new Promise((go) => addEventListener('htmx:after:swap', go, {once: true})); htmx.trigger('#part', 'go');
        await Promise.race([done, new Promise((go) => setTimeout(go, 600))]); return document.getElementById('part').innerHTML""",
}


def test_each_does_its_work_as_without_us(guest, server, pages) -> None:
    for name, path in LIBRARIES.items():
        server.files[SITE, f"/{name}.js"] = ("text/javascript", (blockers.MODULES / path).read_bytes())
    part = f'<p>new<iframe src="{T}/f.html"></iframe><img src="{T}/1.gif"></p>'
    server.files[SITE, "/part"] = ("text/html", part.encode())
    found = []
    for visit in (guest.bare, guest.open):
        guest.asked.clear()
        page = visit(BODY, HEAD)
        found.append({name: page.evaluate(f"(async () => {{ {code} }})()") for name, code in WORK.items()})
        assert page.evaluate("thrown") == []
        page.wait_for_timeout(200)
        page.close()  # the page without us asks for nothing that would be told of the other
    assert found[1] == found[0]
    assert found[0]["htmx"] == part
    assert [address for address in guest.asked if not address.endswith("/f.html")] == []
