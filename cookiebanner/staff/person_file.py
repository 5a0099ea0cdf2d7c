"""One person's answers as a ZIP for them: to read, as JSON-LD, and with the proof of each."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils import timezone, translation

from consent.exports import person as files
from consent.sites.models import Site
from cookiebanner.staff import record_words


def zipped(site: Site, indexes: Sequence[int]) -> tuple[str, bytes]:
    """Its name and its bytes. Raises Stopped while the log takes no entry, and RejectedSubmission where an answer was
    erased meanwhile."""
    now = timezone.now()
    made = files.files(site, indexes)
    with translation.override("en"):  # the language of whoever handles the request is not the person's
        context = {"site": site, "answers": record_words.of_rows(site, indexes), "made_at": now}
        made["answers.html"] = render_to_string("audit/person_file.html", context).encode()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(made.items()):
            archive.writestr(name, content)
    return f"answers-{now:%Y-%m-%d}.zip", body.getvalue()
