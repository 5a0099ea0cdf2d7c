"""A handful of people's requests in the demo, in the states of a queue, written through the same code as real ones."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone

from consent.models import Site
from consent.requests import actions
from consent.requests.models import SubjectRequest

# days ago, kind, place, language, name, details, how it came; the address follows from the name.
ASKED: list[tuple[int, str, str, str, str, str, str]] = [
    (40, "erasure", "FR", "fr", "Claire Martin", "Je ne commande plus chez vous.", "form"),
    (26, "correction", "ES", "es", "Lucía Romero", "Mi calle es Calle Mayor 12, no 21.", "form"),
    (12, "access", "DE", "de", "Jonas Weber", "Was wissen Sie über meine Bestellungen?", "form"),
    (9, "portability", "NL", "nl", "Sanne de Vries", "", "letter"),
    (6, "access", "US-CO", "en", "Maya Lopez", "", "form"),
    (5, "erasure", "GB", "en", "Tom Hughes", "My account and the newsletter.", "telephone"),
    (3, "opt_out", "US-CA", "en", "Priya Shah", "", "form"),
    (2, "complaint", "IT", "it", "Marco Rossi", "Ricevo ancora la newsletter.", "form"),
    (1, "access", "SE", "sv", "Elin Berg", "", "form"),
    (0, "erasure", "PL", "pl", "Anna Nowak", "", "form"),
]
UNCONFIRMED = {"Elin Berg", "Anna Nowak"}


def ask(shop: Site) -> int:
    """Switches the form on and lets people ask, once; returns how many did (0 when they have already)."""
    if SubjectRequest.objects.filter(site=shop).exists():
        return 0
    actions.set_form(shop, "demo", enabled=True, notify="privacy@leafandkettle.example")
    rows = {row[4]: _one(shop, *row) for row in ASKED}
    clerk = get_user_model().objects.filter(is_superuser=True).first()
    if clerk:
        SubjectRequest.objects.filter(pk=rows["Lucía Romero"].pk).update(owner=clerk)
    actions.note(rows["Lucía Romero"], "The parcel of May came back from number 21.", "demo")
    actions.attach(rows["Jonas Weber"], "orders.csv", b"date,tea,price\n2026-03-02,Spring Sencha,14.00\n", actor="demo")
    actions.extend(rows["Jonas Weber"], "The orders before 2024 are in an archive on paper.", "demo")
    actions.close(rows["Tom Hughes"], "complied", "We have erased your account and your newsletter entry.", "demo")
    text = "We could not make sure that the data are yours. Write to us from the address of your orders."
    denied = actions.close(rows["Maya Lopez"], "denied", text, "demo", because="unverifiable")
    actions.withdraw(rows["Sanne de Vries"], "demo")
    appeal = actions.file_request(
        shop,
        kind="appeal",
        place="US-CO",
        language="en",
        name=denied.name,
        email=denied.email,
        details=f"Against {denied.number}: I have moved, and my address is another.",
        appeal_of=denied,
    )
    actions.confirm(appeal)
    return len(rows) + 1


def _one(
    shop: Site, days: int, kind: str, place: str, language: str, name: str, details: str, channel: str
) -> SubjectRequest:
    row = actions.file_request(
        shop,
        kind=kind,
        place=place,
        language=language,
        name=name,
        email=f"{_plain(name.split()[0]).lower()}@example.com",
        details=details,
        channel=channel,
        actor="" if channel == "form" else "demo",
        received_at=timezone.now() - timedelta(days=days),
    )
    return row if name in UNCONFIRMED or row.status != SubjectRequest.Status.UNCONFIRMED else actions.confirm(row)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
