"""Background work on choices: imports, and what lapses."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from consent.jobs.models import Job
from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.preferences import confirming, imports
from consent.preferences.imports import Reached
from consent.preferences.models import ChoiceImport


@handler(imports.KIND, stays=~Q(state=Job.Status.DONE))  # why it failed stands nowhere else
def import_choices(run: Run) -> dict[str, Any]:
    """Reads a file of choices, from where an earlier attempt was."""
    row = ChoiceImport.objects.select_related("site").filter(pk=run.params["import"]).first()
    if row is None or row.finished_at is not None:
        return {}
    place = Reached(**run.cursor)

    def report(reached: Reached) -> None:
        cursor = {"offset": reached.offset, "line": reached.line, "refused": reached.refused}
        run.progress(reached.offset, row.size, cursor=cursor)

    imports.read_in(row, place, report)
    return imports.end(row)


@handler("choice_upkeep", every=DAY)
def upkeep(run: Run) -> dict[str, Any]:
    """Deletes what nobody confirmed, and files that are no longer needed."""
    return {"lapsed": confirming.lapse(), "files": imports.sweep()}
