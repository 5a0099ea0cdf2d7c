"""With rows of our own making, in the columns of the Open Cookie Database."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consent.catalogue import cookie_db
from consent.catalogue.actions import add_service
from consent.sites.actions import create_site

CSV = """ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Data Controller,User Privacy & GDPR Rights Portals,Wildcard match
1,Ad Net,Marketing,_ad,,"Recognises, the visitor",2 years,Ad Net Ltd,https://adnet.example,0
2,Ad Net,Marketing,_ad_,,Counts clicks,Session,Ad Net Ltd,,1
3,Other,Analytics,_x,,One,1 hour,,,0
4,Third,Analytics,_x,,Two,30 days,,,0
5,Other,Functional,,,No name,,,,0
"""
JSON = '{"Ad Net": [{"cookie": "_ad", "category": "Marketing", "description": "A", "retentionPeriod": "13 months", "wildcardMatch": "0"}]}'


def test_csv():
    assert cookie_db.read("\ufeff" + CSV) == [
        cookie_db.CookieEntry("Ad Net", "Marketing", "_ad", "Recognises, the visitor", "2 years", 730),
        cookie_db.CookieEntry("Ad Net", "Marketing", "_ad_*", "Counts clicks", "Session", 0),
        cookie_db.CookieEntry("Other", "Analytics", "_x", "One", "1 hour", 1),
        cookie_db.CookieEntry("Third", "Analytics", "_x", "Two", "30 days", 30),
    ]


def test_json():
    assert cookie_db.read(JSON) == [cookie_db.CookieEntry("Ad Net", "Marketing", "_ad", "A", "13 months", 395)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2", "{", "[1]", '{"a": 1}', "3"])
def test_another_file_is_refused(text):
    with pytest.raises(ValueError, match="no"):
        cookie_db.read(text)


@pytest.mark.django_db
def test_the_command_completes_and_never_overwrites(tmp_path, settings):
    settings.FAIRGATE_DATA = tmp_path / "data"
    site = create_site("shop.example", "x")
    service = add_service(
        site,
        "x",
        name="ad net",
        category="C0004",
        patterns=["a.example"],
        cookies=[{"name": "_ad", "purpose": "Ours"}, "_x"],
    )
    file = tmp_path / "db.csv"
    file.write_text(CSV)
    out = StringIO()
    call_command("import_cookie_db", str(file), "--site", str(site.uuid), stdout=out)
    assert out.getvalue() == "4 cookies read; 1 of shop.example completed, 0 added to its draft.\n"
    fields = ("name", "purpose", "lifetime", "lifetime_days")
    assert list(service.cookies.values_list(*fields)) == [("_ad", "Ours", "2 years", 730), ("_x", "", "", None)]
    call_command("import_cookie_db", str(file), "--site", str(site.uuid), "--add", stdout=out)
    assert list(service.cookies.values_list(*fields)) == [
        ("_ad", "Ours", "2 years", 730), ("_ad_*", "Counts clicks", "Session", 0), ("_x", "", "", None),
    ]  # fmt: skip
    # Scans read the copy that was imported last; what can't be read replaces nothing.
    assert [row.name for row in cookie_db.kept()] == ["_ad", "_ad_*", "_x", "_x"]
    file.write_text("{}[")
    with pytest.raises(CommandError, match="no JSON"):
        call_command("import_cookie_db", str(file), "--site", str(site.uuid))
    assert len(cookie_db.kept()) == 4
    settings.FAIRGATE_DATA = tmp_path / "other"
    assert cookie_db.kept() == []
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_cookie_db", str(tmp_path / "none"), "--site", str(site.uuid))
