"""What the commands share: finding a site, and saying no."""

from __future__ import annotations

from django.core.management.base import CommandError

from consent.common import InvalidChange
from consent.models import Site
from consent.sites.actions import as_uuid
from consent.sites.queries import site_by_uuid

ACTOR = "command"
# What to do when a draft may not be published.
HOW = (
    "Who is responsible is said with manage.py site --change {site} --controller NAME --policy-url URL --imprint-url "
    "URL; texts and services are edited on the dashboard; a person answers for a rule with manage.py sign_off --site "
    "{site}."
)


def site_or_error(text: str) -> Site:
    """The site with this id. Raises CommandError that lists the sites there are."""
    try:
        uuid = as_uuid(text)
    except InvalidChange as error:
        raise CommandError(str(error)) from None
    if site := site_by_uuid(uuid):
        return site
    names = "\n".join(f"  {site.uuid}  {site.name}" for site in Site.objects.all()[:20])
    raise CommandError(
        f"There is no site {uuid}." + (f" There are:\n{names}" if names else " Make it: manage.py site --host HOST")
    )
