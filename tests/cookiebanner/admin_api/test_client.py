"""A client that a generator of others made from our document, used against a running server."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator

pytestmark = pytest.mark.django_db(transaction=True)
PACKAGE = "generated_fairgate_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Any:
    """The client's package."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "schema.json"
    document.write_text(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none",
         "--output-path", str(folder / PACKAGE)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Of all operations only the visitors' POSTs, which browsers send as text, are told of.
    warned = [line for line in made.stdout.splitlines() if "WARNING" in line]
    assert [line for line in warned if "/api/admin/" in line] == []
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def test_it_reads_writes_and_understands_refusals(generated, live_server, program, shop):
    mine = program("view", "edit", "publish")
    client = generated("client").AuthenticatedClient(base_url=live_server.url, token=mine.text)
    models, uuid = generated("models"), shop.uuid
    assert generated("api.tokens.read_own_token").sync(client=client).scopes == ["edit", "publish", "view"]

    def operation(name: str) -> Any:
        return generated(f"api.{name}")

    body = models.NewService(name="Matomo", category="C0002", patterns=["matomo.example"])
    key = str(uuid4())
    for _ in range(2):  # the second is a replay
        made = operation("catalogue.add_service").sync(uuid, client=client, body=body, idempotency_key=key)
        assert (made.key, made.patterns) == ("matomo", ["matomo.example"])
    page = operation("catalogue.list_services").sync(uuid, client=client, limit=2)
    assert ([one.key for one in page.items], bool(page.next_)) == (["adverts", "counter"], True)
    read = operation("catalogue.read_service").sync_detailed(uuid, "matomo", client=client)
    change = operation("catalogue.change_service")
    wanted = models.ServiceChange(company="InnoCraft")
    refused = change.sync(uuid, "matomo", client=client, body=wanted)
    assert (type(refused).__name__, refused.code) == ("AdminProblem", "if_match_needed")
    done = change.sync(uuid, "matomo", client=client, body=wanted, if_match=read.headers["ETag"])
    assert done.company == "InnoCraft"
    draft = operation("releases.read_draft").sync(uuid, client=client)
    assert draft.changed is True
    killed = operation("sites.kill_site").sync(uuid, client=client, body=models.Reason(reason="x"))
    assert (killed.code, killed.scope) == ("missing_scope", "kill")
