"""Pictures of a release's banners: looked at, not only hashed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections

from consent.banners import theme
from consent.catalogue.actions import add_service
from consent.jobs import registry, runner
from consent.ledger.append import append, draft_of
from consent.ledger.verify import verify
from consent.models import ConsentRecord, ImpressionTotal, Job, LogEntry, Release, Site
from consent.publishing import pictures as kept
from consent.publishing.verify import verify as verify_beside
from consent.sites.actions import change_settings, create_site
from cookiebanner.releases import pictures
from cookiebanner.releases.publish import publish
from cookiebanner.releases.renderings import FORMS
from tests.cookiebanner.releases.png import pixels
from tests.values import present
