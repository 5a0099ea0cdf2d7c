"""Delivers opt-outs to the site's webhook."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from consent.answers import optouts
from consent.jobs.registry import handler
from consent.jobs.runner import Run

TIMEOUT = 10.0  # seconds


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **more: Any) -> None:
        return None


@handler(optouts.KIND)
def deliver(run: Run) -> dict[str, Any]:
    """POSTs `{"type": "optout", "site", "delivery", "optouts": [{"id", "action", …}]}` as JSON to the site's webhook.

    Anything but a 2xx raises, so that the runner tries again (three times in all). A delivery may come twice: the
    receiver tells by `id`. Redirects are not followed. An opt-out that was erased meanwhile is not told.
    """
    site = run.job.site
    if site is None or not site.webhook_url:
        return {"delivered": 0}
    if urlsplit(site.webhook_url).scheme not in ("http", "https"):
        raise ValueError(f"{site.webhook_url} is no web address.")
    told = optouts.events(site.pk, run.params["indexes"])
    if not told:
        return {"delivered": 0}
    body = {"type": "optout", "site": str(site.uuid), "delivery": run.job.pk, "optouts": told}
    request = Request(  # noqa: S310 - the scheme was checked
        site.webhook_url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "User-Agent": "Fairgate"},
        method="POST",
    )
    with build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
        status = answer.status
    return {"delivered": len(told), "status": status}
