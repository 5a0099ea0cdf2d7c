"""The number that an earlier system gave an answer: nobody is known by it here, and who knows it finds the answer.

Only a keyed hash is stored, of the number and the site. Whoever has the records and not the key (SECRET_KEY) learns no
number from them, and can't tell that two sites met the same visitor.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from consent.answers.errors import RejectedSubmission
from consent.answers.schema import Answer
from consent.ledger.models import ConsentRecord
from consent.sites.models import Site

SALT = "fairgate.reference"
# In the very words of the index (migration 0055), by which a database knows that it may use it. The payload is
# canonical JSON, in which no text of somebody's can say the name of a member with bare quotes.
FROM_ELSEWHERE = "action IN ('import', 'receipt')"
HASH = {
    "postgresql": """substring(payload from '"reference":"([0-9a-f]{64})"')""",
    "sqlite": """substr(payload, instr(payload, '"reference":"') + 13, 64)""",
}


def hashed(site_uuid: str, reference: str, secret: str | bytes | None = None) -> str:
    """What a record says of a number; capitals and blanks around it make no other one."""
    text = f"{site_uuid} {reference.strip().lower()}"
    return salted_hmac(SALT, text, secret=secret, algorithm="sha256").hexdigest()


def of(answer: Answer, site_uuid: str) -> str:
    """The hash of an answer's number, "" without one. Raises RejectedSubmission where it was not said elsewhere."""
    if not isinstance(answer.reference, str):
        return ""
    if answer.action != "import":
        raise RejectedSubmission("invalid_field", "Only what was said elsewhere has a number there.", field="reference")
    return hashed(site_uuid, answer.reference)


def found(site: Site, reference: str) -> list[ConsentRecord]:
    """The answers that an earlier system gave this number, the newest first."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    hashes = [hashed(str(site.uuid), reference, secret) for secret in secrets]
    marks = ", ".join(["%s"] * len(hashes))
    rows = ConsentRecord.objects.filter(site_id=site.pk).extra(  # noqa: S610 - words of ours, hashes as parameters
        where=[FROM_ELSEWHERE, f"{HASH[connection.vendor]} IN ({marks})"], params=hashes
    )
    # A sum: else a database may rather walk the log in its order until 200 are found.
    return list(rows.order_by((F("index") + 0).desc())[:200])
