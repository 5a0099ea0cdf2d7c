from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from consent.models import Site
from consent.sites import snippets

DEMO_SITE = UUID("f0a1c9d2-5b6e-4c0f-9a3d-7e1b2c3d4e5f")
POLICY = "data"  # the name of the privacy policy in its address
TEAS = [
    ("Silver Needle", "White tea, Fuding. Honey, melon, a little hay.", "18.50", "#cfd8c4"),
    ("Spring Sencha", "Green tea, Uji. Sea breeze, peas, sweet grass.", "14.00", "#9cb58a"),
    ("Iron Goddess", "Oolong, Anxi. Orchid, toasted rice, cream.", "16.20", "#c9a86a"),
    ("Second Flush", "Black tea, Darjeeling. Muscat, plum, oak.", "12.80", "#8c4f3b"),
    ("Old Arbor", "Ripe pu-erh, Yunnan. Cocoa, damp forest, date.", "21.00", "#4c3a33"),
    ("Evening Rooibos", "Herbal, Cederberg. Vanilla, orange peel.", "9.40", "#b4552d"),
]


@csp_exempt()  # a shop with trackers, as most shops are
def shop(request: HttpRequest) -> HttpResponse:
    """The sample shop. Its own pages are served on 127.0.0.1, Fairgate on localhost, so the two are cross-origin."""
    if not Site.objects.filter(uuid=DEMO_SITE).exists():
        raise Http404("The demo is not set up: run make demo.")
    port = request.get_port()
    context: dict[str, Any] = {
        "teas": TEAS,
        "snippet": mark_safe(snippets.snippet(f"http://localhost:{port}", DEMO_SITE)),  # noqa: S308 - our own lines
        "trackers": int(port) + 1,
        "requests": f"http://localhost:{port}/v1/{DEMO_SITE}/requests/",
        "policy": f"http://localhost:{port}/v1/{DEMO_SITE}/read/{POLICY}/",
    }
    answer = render(request, "demo/shop.html", context)
    return answer
