"""The lines a page needs at each blocking level (docs/blocking.md), and what each level cannot do. Pure."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from consent.sites import snippets
from consent.sites.models import Site


def levels(site: Site, base: str) -> list[dict[str, Any]]:
    """Every level: name, lines, steps, limits. `base` is our public address without a slash at its end."""
    return [*_for_any_page(site, base), *_for_own_pages(site, base)]


def _for_any_page(site: Site, base: str) -> list[dict[str, Any]]:
    host = base.partition("://")[2]
    return [
        {
            "key": "drop_in",
            "name": gettext("Drop-in"),
            "for": gettext("A page that embeds OneTrust today."),
            "lines": snippets.drop_in(base, site.uuid),
            "how": gettext(
                "Replace cdn.cookielaw.org by %(host)s in the two tags you have. Nothing else has to change; "
                "the attributes before src keep optimisers (WP Rocket, LiteSpeed, Rocket Loader …) from "
                "moving them."
            )
            % {"host": host},
            "cannot": gettext(
                "The browser's preload scanner asks for trackers that stand in the markup before any script "
                "runs: their requests leave, but their code does not run."
            ),
        },
        {
            "key": "snippet",
            "name": gettext("Snippet"),
            "for": gettext("Most pages."),
            "lines": snippets.snippet(base, site.uuid),
            "how": gettext(
                "Put these two lines first in <head>, before everything else. Not async, not defer, not from "
                "a tag manager. The attributes before src keep optimisers (WP Rocket, LiteSpeed, Rocket "
                "Loader …) away."
            ),
            "cannot": gettext(
                "Stylesheets, module preloads, compression dictionaries, preconnects and embedded plug-ins in the "
                "markup may still be asked for before an answer, and so may frames, a picture right behind a "
                "script and one in a drawing's filter (feImage); what "
                "stands in closed shadow roots, what your own style sheets load, and what your own scripts "
                "import from below a listed host or send an empty frame to (in older Safari any frame), is out of a "
                "script's reach. Firefox and Safari ask for all that stands in the markup, whatever a page says; it "
                "does not run, but in Safari the code of a frame's javascript: address. "
                "Their cookies from other sites are not ours to delete."
            ),
        },
    ]


def _for_own_pages(site: Site, base: str) -> list[dict[str, Any]]:
    host = base.partition("://")[2]
    return [
        {
            "key": "strict",
            "name": gettext("Strict snippet"),
            "for": gettext("Pages that may reload after an answer."),
            "lines": snippets.strict(base, site.uuid),
            "how": gettext(
                "Put these two lines first in <head>. Until the visitor answers, only the hosts that your "
                "release knows as necessary are allowed; after a yes the page reloads."
            ),
            "cannot": gettext(
                "A connection may be opened (preconnect) without a request, and Firefox and Safari ask for all "
                "that stands in the markup. What runs all the same: in Firefox what your own modules import, in older "
                "Safari a document in memory that a script sends a loaded frame to. Hosts your "
                "site needs must be known to the release, or they are refused too: look at the reports below for a "
                "week first."
            ),
        },
        {
            "key": "server",
            "name": gettext("Server"),
            "for": gettext("Sites whose HTML you produce."),
            "lines": f"{snippets.gate(base, site.uuid)}\n\n# Django: settings.py\n"
            'MIDDLEWARE = ["fairgate_enforce.django.Enforce", …]\n'
            f'FAIRGATE_ENFORCE = {{"source": "{base}/v1/{site.uuid}/enforce.json", "fairgate": "{host}"}}',
            "how": gettext(
                "Put the gate first in <head>; the middleware rewrites outgoing HTML by the visitor's "
                "consent. It is installed from the wheel fairgate_enforce of your Fairgate release "
                "(docs/enforce.md). There are middlewares for any WSGI and ASGI application, and rules for "
                "nginx and edge workers."
            ),
            "cannot": gettext(
                "Nothing leaves the page but what scripts of your own ask for later; those the gate holds, "
                "but for imports from below a listed host, empty frames that your own files send there (in older "
                "Safari any frame), what your own style sheets load, and in Safari the code of a frame's javascript: "
                "address: the header of allowed hosts holds these, too."
            ),
        },
    ]


def endpoint(base: str) -> str:
    """An nginx rule that answers /.well-known/fairgate/ on the site's own host (docs/first-party.md has others)."""
    scheme, _, host = base.partition("://")
    name = host.partition(":")[0]
    secure = f"    proxy_ssl_server_name on;\n    proxy_ssl_name {name};\n" if scheme == "https" else ""
    return (
        "location /.well-known/fairgate/ {\n"
        f"    proxy_pass {base};\n"
        f"{secure}"
        "    proxy_set_header Host $host;\n"
        "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
        "}\n"
        "location = /.well-known/gpc.json {\n"
        "    return 302 /.well-known/fairgate/gpc.json;\n"
        "}"
    )
