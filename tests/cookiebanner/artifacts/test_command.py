from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from consent.models import Artifact
from tests.cookiebanner.sample_releases import release, site
from tests.values import present

pytestmark = pytest.mark.django_db


def test_it_writes_what_the_server_serves(client, tmp_path):
    shop = site()
    release(shop)
    release(shop, 2)
    call_command("artifacts", to=str(tmp_path), verbosity=0)
    ui = Artifact.objects.filter(name="ui.en.js").first()
    for path in (
        f"v1/{shop.uuid}/gate.js", f"v1/{shop.uuid}/regime/us_ca/gate.js", f"v1/{shop.uuid}/r/1/regime/us_ca/gate.js",
        f"v1/{shop.uuid}/r/2/regime/us_ca/gate.js", f"v1/{shop.uuid}/a/{present(ui).sha256[:16]}/ui.en.js",
        f"v1/{shop.uuid}/a/{present(ui).sha256}/ui.en.js",
        f"consent/{shop.uuid}/OtAutoBlock.js", "scripttemplates/otSDKStub.js",
    ):  # fmt: skip
        for suffix, encoding in (("", "identity"), (".gz", "gzip"), (".br", "br")):
            served = client.get(f"/{path}", headers={"Accept-Encoding": encoding})
            assert (tmp_path / f"{path}{suffix}").read_bytes() == served.content
    folder = tmp_path / "v1" / str(shop.uuid)
    for where in (folder, folder / "regime" / "us_ca"):
        first, second = ((where / f"gate.{n}.js").read_bytes() for n in (1, 2))
        # These samples are in one piece, as gates were.
        assert (first, second) == (b"", (where / "gate.js").read_bytes())
    assert not list(tmp_path.rglob(".*.new"))


def test_a_second_run_empties_the_gates_of_a_killed_site(tmp_path):
    shop, other = site(), site("other.example")
    release(shop)
    release(other)
    call_command("artifacts", to=str(tmp_path), verbosity=0)
    shop.killed_at = datetime.now(UTC)
    shop.save()
    call_command("artifacts", to=str(tmp_path), verbosity=0)
    gate = tmp_path / "v1" / str(shop.uuid) / "regime" / "us_ca" / "gate.js"
    assert [gate.with_name(name).read_bytes() for name in ("gate.js", "gate.1.js", "gate.2.js")] == [b""] * 3
    assert not gate.with_name("gate.js.br").exists()
    assert (tmp_path / "v1" / str(other.uuid) / "gate.js").stat().st_size > 100


def test_only_the_named_site_is_written_and_an_unknown_one_is_an_error(tmp_path):
    shop, other = site(), site("other.example")
    release(shop)
    call_command("artifacts", to=str(tmp_path), site=[str(shop.uuid)], verbosity=0)
    assert [folder.name for folder in (tmp_path / "v1").iterdir()] == [str(shop.uuid)]
    with pytest.raises(CommandError):
        call_command("artifacts", to=str(tmp_path), site=[str(other.uuid)], verbosity=0)
