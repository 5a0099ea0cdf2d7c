from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from consent.jurisdictions import table
from consent.models import JurisdictionOverride, Site

pytestmark = pytest.mark.django_db
SHIPPED = table.FOLDER / "jurisdictions.csv"


def run(**options) -> list[str]:
    out = StringIO()
    call_command("check_jurisdictions", stdout=out, **options)
    return out.getvalue().splitlines()


def test_the_shipped_table_is_sound_and_the_future_and_the_doubtful_rows_are_told():
    from datetime import date

    said = run(today=date(2027, 6, 1))
    assert said[0] == "US-VT: VDPOSA (S.71, signed 2026-06-16) holds from 2028-01-01 on."
    assert said[1].startswith("54 rows of low confidence need a lawyer's look: EE, HU, MT, IS, LI, TW,")
    assert said[2] == f"131 rows, 15 regimes, reviewed {table.VERSION}: sound."


def test_the_page_is_written(tmp_path: Path):
    run(page=str(tmp_path / "page.md"))
    assert (tmp_path / "page.md").read_bytes() == Path("docs/jurisdictions.md").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("US-TX,Texas,US,US-TX", "US-TX,Texas,US,US-TT", "US-TX: 'US-TT' is no ISO 3166-2 subdivision."),
        ("2024-11-10,in_force", "2024-11-31,in_force", "PL: effective_date must be a date like 2026-11-21, not '2024-11-31'."),
        (",jp_notice,", ",jp_notify,", "JP: there is no regime 'jp_notify'."),
        (",395,15,", ",x,15,", "FR: tracker_max_days must be a whole number of days between 1 and 3650, not 'x'."),
    ],
)  # fmt: skip
def test_a_broken_file_fails_with_the_row_named(tmp_path: Path, old, new, words):
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "jurisdictions.csv"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CommandError) as failure:
        run(file=str(broken))
    assert str(failure.value) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,name\nAT,Austria\n", "columns missing: iso_country"),
        ("", "columns missing: id"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_table_fails_in_words(tmp_path: Path, content, words):
    path = tmp_path / "x.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError) as failure:
        run(file=str(path))
    assert words in str(failure.value)


def test_a_line_with_too_few_fields_is_numbered(tmp_path: Path):
    path = tmp_path / "x.csv"
    shipped = SHIPPED.read_text(encoding="utf-8")
    path.write_text(shipped + "ZZ,Nowhere\n", encoding="utf-8")
    with pytest.raises(CommandError) as failure:
        run(file=str(path))
    assert str(failure.value) == f"{path}: too few or too many fields in line {shipped.count(chr(10)) + 1}."


def test_a_kept_override_that_no_longer_fits_the_table_is_told():
    site = Site.objects.create(name="Ribbon", languages=["en"])
    JurisdictionOverride.objects.create(site=site, jurisdiction="JP", fields={"preset": "gone"}, reason="r")
    with pytest.raises(CommandError) as failure:
        run()
    assert str(failure.value) == "override of site Ribbon: JP: there is no regime 'gone'."


def test_a_missing_country_file_is_told(settings, tmp_path: Path):
    settings.MMDB = str(tmp_path / "none.mmdb")
    with pytest.raises(CommandError) as failure:
        run()
    assert str(failure.value) == f"{settings.MMDB}: No such file or directory"
