"""One person's answers as files that can be handed to them (GDPR art. 15 and 20): JSON-LD, and the proof of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from consent.answers.receipts import HOW, receipt
from consent.exports import copies, jsonld, period
from consent.jobs.models import Job
from consent.ledger import checkpoint
from consent.ledger.append import utc_text
from consent.ledger.models import LogEntry
from consent.preferences import queries
from consent.sites.models import Site

README = """\
answers.html     the answers, to be read
records.jsonld   the same for programs, as ISO/IEC TS 27560 has it (JSON-LD)
choices.json     the same of choices beyond cookies (newsletters, calls, …), if there are any
proofs/N.json    entry N of the ledger: the record as it was committed to, its salt, and its way to a signed checkpoint
proofs/N.txt     the same as a C2SP tlog-proof

How a proof is checked:
"""


def files(site: Site, indexes: Sequence[int]) -> dict[str, bytes]:
    """{name: content} of the answers at these places of a site's log. Raises Stopped while the log takes no entry, and
    RejectedSubmission where an answer was erased meanwhile."""
    checkpoint.make(site)  # one that covers them all: a proof leads to it
    rows = [row for index in indexes for row in period.rows(site.pk, index, index)]
    answers = [row for row in rows if row.type != LogEntry.Type.CHOICE]
    found = {
        "README.txt": (README + HOW.replace(". ", ".\n") + "\n").encode(),
        "records.jsonld": b"".join([jsonld.HEAD, *jsonld.nodes(answers, str(site.uuid)), jsonld.FOOT]),
    }
    choices = [queries.event_of(site, row.index) for row in rows if row.type == LogEntry.Type.CHOICE]
    if choices:
        found["choices.json"] = json.dumps(choices, indent=2, ensure_ascii=False, default=utc_text).encode()
    for row in rows:
        proof = receipt(UUID(row.record_id), site.uuid)
        found[f"proofs/{row.index}.json"] = json.dumps(proof.json(), indent=2, ensure_ascii=False).encode()
        found[f"proofs/{row.index}.txt"] = proof.tlog_proof().encode()
    return found


def exports_with(site: Site, indexes: Sequence[int]) -> int:
    """How many finished exports of this server may hold one of the answers, and go when it is erased."""
    done = Job.objects.filter(site=site, kind=copies.KIND, state=Job.Status.DONE)
    return sum("path" in job.result and copies.holds(job, indexes) for job in done) if indexes else 0
