"""From a page with OneTrust to a site, as a marketer does it."""

from __future__ import annotations

import base64
import html
import lzma
import random
import re
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from consent.requests.actions import set_form
from consent.requests.models import RequestForm
from consent.scanner.actions import adopt
from consent.sites.actions import create_site
from consent.sites.models import Site
from tests.consent.scanner.test_adopt import FOUND, PAGE, UUID, services
from tests.consent.scanner.test_tenant import FILES
from tests.values import present

pytestmark = pytest.mark.django_db
GIVEN = {"hosts": "moved.example\n", "source": PAGE}


def said(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_first_it_says_what_it_would_do_and_then_does_it(alice, shop):
    response = alice.post("/dashboard/move/", GIVEN)
    assert response.status_code == 200
    assert "Nothing is done yet." in said(response)
    assert not Site.objects.filter(uuid=UUID).exists()
    rows = {row.name: row.category for row, _name, _words in response.context["rows"]}
    assert rows["HubSpot"] == "C0004"
    assert (rows["stranger.example"], "not known to us" in said(response)) == ("", True)
    # What the page shows is what the second step sends.
    again = dict(re.findall(r'name="(hosts)" value="([^"]*)"', response.content.decode()))
    source = html.unescape(
        present(re.search(r'<textarea name="source" hidden>(.*?)</textarea>', response.content.decode(), re.S))[1]
    )
    response = alice.post("/dashboard/move/", {"hosts": html.unescape(again["hosts"]), "source": source, "make": "1"})
    site = Site.objects.get(uuid=UUID)
    assert services(site) == FOUND
    assert [(m.user.email, m.role) for m in site.memberships.all()] == [("alice@example.net", "owner")]
    assert "Shop AG is made" in said(response)
    assert alice.get(present(re.search(r'href="([^"]+/services/)"', response.content.decode()))[1]).status_code == 200


def test_a_file_does_as_well(alice, shop):
    file = SimpleUploadedFile("page.html", PAGE.encode("utf-16"), "text/html")
    response = alice.post("/dashboard/move/", {"hosts": "moved.example", "page": file})
    assert str(response.context["found"].site_id) == UUID


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hosts": "moved.example"}, "There is no page in it."),
        ({"hosts": "moved.example", "source": "PDF"}, "There is no page in it."),
        ({"hosts": "", "source": PAGE}, "This field is required."),
        ({"hosts": "no host", "source": PAGE}, "no host"),
        ({"hosts": "moved.example", "source": "<p>" + "x" * 2_000_000}, "That is more than 2 MB"),
    ],
)
def test_what_cannot_be_is_said(alice, shop, given, words):
    response = alice.post("/dashboard/move/", given)
    assert words in said(response)
    assert response.context["found"] is None


@pytest.mark.parametrize("more", [{}, {"make": "1"}])
def test_another_s_site_is_neither_changed_nor_told_of(alice, shop, people, more):
    other = create_site(["secret.example"], "charlie", uuid=UUID, name="Secret", owners=[people["charlie"]])
    response = alice.post("/dashboard/move/", {**GIVEN, **more})
    assert "you may not change it" in said(response)
    assert "secret.example" not in said(response)
    assert (other.services.count(), list(other.hosts.values_list("name", flat=True))) == (0, ["secret.example"])


def test_who_may_not_add_sites_may_not_move_one(login, shop):
    assert login("bob").get("/dashboard/move/").status_code == 403


KLARO = {"manager": "klaro", "names": "matomo = C0002\nyoutube=C0005", "days": "120"}


def hidden(response) -> dict[str, str]:
    """What the page would send with its next step."""
    text = response.content.decode()
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
    fields += re.findall(r'<textarea name="(source)" hidden>(.*?)</textarea>', text, re.S)
    return {name: html.unescape(value) for name, value in fields}


def test_files_and_where_from_go_along_to_the_second_step(alice, shop):
    files = [SimpleUploadedFile(name, body) for name, body in FILES]
    response = alice.post("/dashboard/move/", {**GIVEN, **KLARO, "documents": files})
    assert "Categories: C0001, C0002, C0009, C0010." in said(response)
    assert {row.name: name for row, name, _ in response.context["rows"]}["t.px.example"] == "Werbung"
    assert not Site.objects.filter(uuid=UUID).exists()
    response = alice.post("/dashboard/move/", {**hidden(response), "make": "1"})
    site = Site.objects.get(uuid=UUID)
    assert site.moved_from == {
        "manager": "klaro", "names": [["matomo", "C0002"], ["youtube", "C0005"]], "days": 120, "key": "klaro",
    }  # fmt: skip
    assert site.banner.texts["de"]["accept"] == "Alles zulassen"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"manager": "usercentrics"}, "Say which of Usercentrics's services is in which category"),
        ({"manager": "klaro", "names": "matomo"}, "Each line is a name, =, and the id of a category."),
        ({"manager": "klaro", "names": "a=C0002", "key": "a b"}, "klaro's storageName is letters, digits"),
        ({"manager": "other"}, "Select a valid choice."),
        ({"carried": "bm90aGluZw=="}, "The files did not come along; choose them again."),
        ({"carried": "?"}, "The files did not come along"),
        ({"documents": SimpleUploadedFile("de.json", b"{")}, "de.json can't be read: it is no JSON"),
        ({"url": "http://127.0.0.1/", "source": ""}, "which is no public address"),
        ({"url": "https://u:p@a.example/", "source": ""}, "A web address with a user or a password"),
    ],
)
def test_what_is_wrong_with_files_and_addresses_is_said(alice, shop, given, words):
    assert words in said(alice.post("/dashboard/move/", {**GIVEN, **given}))


def test_files_that_are_too_large_to_carry_are_said_to_be(alice, shop):
    noise = random.Random(1).randbytes(600_000).hex().encode()
    file = SimpleUploadedFile("de.json", b'{"DomainData": {"Groups": [], "x": "' + noise + b'"}}')
    assert "manage.py adopt --file" in said(alice.post("/dashboard/move/", {**GIVEN, "documents": file}))


def test_a_bomb_in_the_hidden_field_is_not_unpacked(alice, shop):
    bomb = base64.b64encode(lzma.compress(b"[]\n" + b"0" * 300_000_000, preset=1)).decode()
    tracemalloc.start()
    assert "The files did not come along" in said(alice.post("/dashboard/move/", {**GIVEN, "carried": bomb}))
    assert tracemalloc.get_traced_memory()[1] < 150_000_000
    tracemalloc.stop()


class Pages(ThreadingHTTPServer):
    """Answers of a small web of one machine: {path: (status, location, body)}."""

    def __init__(self, answers: dict[str, tuple[int, str, bytes]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                status, location, body = answers[self.path]
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None: ...

        asked: list[str] = []
        self.asked = asked
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def web(settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.1/32"]
    served = Pages({
        "/": (302, "/page", b""), "/page": (200, "", PAGE.encode()), "/away": (302, "http://169.254.169.254/meta", b""),
        "/round": (302, "/round", b""), "/gone": (404, "", b""), "/large": (200, "", b"<p>" + b"x" * 2_000_001),
        "/local": (302, "file:///etc/passwd", b""),
    })  # fmt: skip
    yield served
    served.shutdown()
    served.server_close()


def test_a_page_is_read_by_its_address(alice, shop, web):
    given = {"hosts": "moved.example", "url": f"http://127.0.0.1:{web.server_port}/"}
    response = alice.post("/dashboard/move/", given)
    assert str(response.context["found"].site_id) == UUID
    assert web.asked == ["/", "/page"]
    # It was read once: the next step has it.
    alice.post("/dashboard/move/", {**hidden(response), "make": "1"})
    assert (Site.objects.filter(uuid=UUID).count(), web.asked) == (1, ["/", "/page"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/away", "169.254.169.254 is at 169.254.169.254, which is no public address."),
        ("/round", "more than 5 redirects in a row"),
        ("/gone", "The page answered 404."),
        ("/large", "That is more than 2 MB"),
        ("/local", "is no web address; give one that begins with https://."),
    ],
)
def test_pages_that_cannot_be_read_say_why(alice, shop, web, path, words):
    response = alice.post(
        "/dashboard/move/", {"hosts": "moved.example", "url": f"http://127.0.0.1:{web.server_port}{path}"}
    )
    assert words in said(response)
    assert response.context["found"] is None


def test_a_rehearsal_makes_nothing_and_lets_only_the_gate_run(alice, shop):
    response = alice.post("/dashboard/move/rehearsal/", {**GIVEN, "place": "DE"})
    assert (response.status_code, Site.objects.filter(uuid=UUID).count()) == (200, 0)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["script-src"].startswith("'nonce-")
    assert (policy["connect-src"], policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")
    frame = present(
        re.search(r'<iframe class="stage"[^>]* sandbox="([^"]*)"\s+srcdoc="([^"]*)"', response.content.decode())
    )
    document = html.unescape(frame[2])
    assert frame[1] == "allow-scripts"
    assert "cdn.cookielaw.org" not in document
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    own = re.findall(rf'<script nonce="{re.escape(nonce)}"', document)
    assert len(own) == 5
    assert "Waits" in said(response)
    assert '<base href="https://moved.example/">' in document
    before = alice.post(
        "/dashboard/move/rehearsal/", {**GIVEN, "part": "before", "url": "https://www.moved.example/a/b"}
    )
    assert "&lt;base href=&quot;https://www.moved.example/a/b&quot;&gt;" in before.content.decode()
    other = alice.post("/dashboard/move/rehearsal/", {**GIVEN, "part": "before", "url": "https://other.example/a"})
    assert "&lt;base href=&quot;https://moved.example/&quot;&gt;" in other.content.decode()
    assert 'sandbox=""' in before.content.decode()


def test_where_from_is_changed_on_the_settings_page(alice, shop):
    url = f"/dashboard/{shop.uuid}/settings/"
    page = alice.get(url).content.decode()
    assert "Answers from before" in page
    given = {
        "name": shop.name, "hosts": "shop.example", "languages": ["en"], "first_language": "en", "level": shop.level,
        "unknown_third_parties": "allow", "tiles": "token",
    }  # fmt: skip
    assert alice.post(url, {**given, **KLARO}).status_code == 302
    shop.refresh_from_db()
    assert (shop.moved_from["manager"], shop.moved_from["days"]) == ("klaro", 120)
    shown = html.unescape(alice.get(url).content.decode())
    assert ("matomo = C0002\nyoutube = C0005" in shown, 'value="120"' in shown) == (True, True)
    assert "Each line is a name" in said(alice.post(url, {**given, "manager": "klaro", "names": "matomo"}))
    assert alice.post(url, given).status_code == 302
    shop.refresh_from_db()
    assert shop.moved_from == {}


def test_who_may_not_add_sites_may_not_rehearse(login, shop):
    assert login("bob").post("/dashboard/move/rehearsal/", GIVEN).status_code == 403


def test_a_rehearsal_of_another_s_site_is_refused(alice, shop, people):
    create_site(["secret.example"], "charlie", uuid=UUID, name="Secret", owners=[people["charlie"]])
    response = alice.post("/dashboard/move/rehearsal/", GIVEN)
    assert "you may not change it" in said(response)
    assert "srcdoc" not in response.content.decode()


ALONE = PAGE.replace(f'<script src="https://cdn.cookielaw.org/consent/{UUID}/OtAutoBlock.js"></script>\n', "")
OLD = ALONE.replace("/scripttemplates/otSDKStub.js", f"/consent/{UUID}.js")


LANGUAGES = ALONE.replace("/scripttemplates/otSDKStub.js", f"/langswitch/{UUID}-test.js")
PREFIX = PAGE.replace("https://cdn.cookielaw.org/", "https://www.moved.example/assets/onetrust/")
FORM = f"https://privacyportal-cdn.onetrust.com/dsarwebform/{UUID}/{UUID}.html"
FORMS = PAGE.replace("</body>", f'<a href="{FORM}">Ask</a><a href="{FORM}?x=1">Ask</a></body>')
NO_TAGS = re.sub(r"<script src=.https://cdn.cookielaw.org.*?</script>\n", "", PAGE)
PAGES = {
    "both tags": PAGE, "the stub alone": ALONE, "an old tag": OLD, "a language's tag": LANGUAGES,
    "on an own host": PREFIX, "with request forms": FORMS, "no tags": NO_TAGS,
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_every_address_of_the_advice_is_answered(client, name):
    adoption = adopt(PAGES[name], ["moved.example"], "alice", server="https://cmp.example", files=FILES[:1])
    text = "\n".join(adoption.advice)
    addresses = set(re.findall(r"https://cmp\.example([^\s\"<>,]+)", text))
    assert f"/v1/{UUID}/gate.js" in addresses
    assert {path: client.get(urlsplit(path).path).status_code for path in addresses} == dict.fromkeys(addresses, 200)
    assert ("add this before them" in text) == (name in ("the stub alone", "an old tag", "a language's tag"))
    assert ("/dsarwebform/" in text) == (name == "with request forms")


def test_the_request_forms_that_the_page_links_to_lead_to_the_site_s_own(alice, client, shop):
    alice.post("/dashboard/move/", GIVEN | {"source": FORMS})
    assert not RequestForm.objects.exists()  # a rehearsal
    alice.post("/dashboard/move/", GIVEN | {"source": FORMS, "make": "1"})
    alice.post("/dashboard/move/", GIVEN | {"source": FORMS, "make": "1"})
    form = RequestForm.objects.get(site__uuid=UUID)
    assert (form.old_forms, form.enabled) == ([f"{UUID}/{UUID}"], False)
    set_form(form.site, "alice@example.net", enabled=True)
    answer = client.get(urlsplit(FORM).path)
    assert (answer.status_code, answer["Location"]) == (302, f"/v1/{UUID}/requests/")
    assert client.get(answer["Location"]).status_code == 200
