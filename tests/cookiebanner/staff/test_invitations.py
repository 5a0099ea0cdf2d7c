"""Accounts are global, an invitation belongs to a site and an address: only the mailbox takes it up."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.common import InvalidChange
from consent.jobs.models import Job
from consent.sites import actions
from consent.sites.models import Invitation, Membership
from consent.trail.models import AuditEvent
from cookiebanner.staff.accounts import account_of, add_person
from tests.cookiebanner.staff.conftest import URL, mailed_link, work
from tests.values import present

pytestmark = pytest.mark.django_db
PASSWORD = "a long and good one"
JOIN = {"name": "Nora New", "password": PASSWORD, "again": PASSWORD}
NEW = "new@example.net"


def team(site) -> str:
    return reverse("dashboard:team", kwargs={"uuid": site.uuid})


def invite(client, site, email=NEW, role="editor", **more):
    return client.post(team(site), {"email": email, "role": role}, follow=True, **more)


def roles(site) -> dict[str, str]:
    return dict(site.memberships.values_list("user__email", "role"))


def verbs(site) -> list[tuple[str, str]]:
    return list(site.audit_events.values_list("actor", "verb").order_by("id"))


# --- the way it goes --------------------------------------------------------------------------------------------------


def test_somebody_new_joins_by_the_link_in_the_mail_alone(alice, shop):
    page = invite(alice, shop, "New@Example.net ", "viewer").content.decode()
    assert (account_of(NEW), "new@example.net" in roles(shop)) == (None, False)  # nothing is made before
    path = mailed_link(NEW)
    token = path.split("/")[-2]
    assert (token in page, token in alice.get(team(shop)).content.decode()) == (False, False)
    [message] = mail.outbox
    assert (message.to, message.subject) == ([NEW], "Invitation to Tea shop on Fairgate")
    assert "alice@example.net invites you to be viewer of Tea shop" in message.body
    guest = Client()
    response = guest.get(path)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")
    assert account_of(NEW) is None  # a mail scanner that follows links accepts nothing
    response = guest.post(path, JOIN)
    assert response["Location"] == reverse("dashboard:overview", kwargs={"uuid": shop.uuid})
    assert guest.get(response["Location"]).status_code == 200
    assert (roles(shop)[NEW], present(account_of(NEW)).first_name) == ("viewer", "Nora New")
    assert Client().get(path).status_code == 404  # once
    assert Client().post(path, JOIN).status_code == 404
    assert Client().login(email=NEW, password=PASSWORD)
    assert verbs(shop)[-2:] == [("alice@example.net", "invitation.create"), (NEW, "invitation.accept")]


def test_who_has_an_account_logs_in_and_accepts(alice, login, shop, foreign):
    invite(alice, shop, "Charlie@example.net")
    path = mailed_link("charlie@example.net")
    body = Client().get(path).content.decode()
    assert ("Log in to accept" in body, 'name="password"' in body) == (True, False)
    assert Client().post(path, JOIN).status_code == 200
    assert "charlie@example.net" not in roles(shop)
    charlie = login("charlie")
    assert "Accept" in charlie.get(path).content.decode()
    assert "charlie@example.net" not in roles(shop)
    assert charlie.post(path).status_code == 302
    assert roles(shop)["charlie@example.net"] == "editor"


def test_a_wrong_name_or_password_makes_nothing(alice, shop):
    invite(alice, shop)
    path = mailed_link(NEW)
    for change, field in (
        ({"password": "short", "again": "short"}, "password"),
        ({"password": NEW, "again": NEW + "x"}, "again"),
        ({"name": ""}, "name"),
        ({"name": "Nora\nBcc: x"}, "name"),
    ):
        page = Client().post(path, JOIN | change)
        assert (page.status_code, list(page.context["form"].errors)) == (200, [field])
    assert account_of(NEW) is None
    assert Client().post(path, JOIN).status_code == 302


# --- the attack -------------------------------------------------------------------------------------------------------


def test_the_owner_of_one_site_does_not_get_at_who_another_invited(login, shop, foreign):
    """Alice invites Bob's future colleague, or one who is invited already: she sees no link and gets no account."""
    alice, charlie = login("alice"), login("charlie")
    invite(charlie, foreign, role="owner")
    theirs = mailed_link(NEW)
    response = invite(alice, shop)
    body = response.content.decode() + alice.get(team(shop)).content.decode()
    mine = mailed_link(NEW)
    tokens = [path.split("/")[-2] for path in (theirs, mine)]
    assert [token in body for token in tokens] == [False, False]
    assert "set/" not in body.replace("offset/", "")
    assert account_of(NEW) is None
    # Each link is of its site and takes up nothing of the other.
    assert Client().post(theirs, JOIN).status_code == 302
    assert (roles(foreign)[NEW], NEW in roles(shop)) == ("owner", False)
    assert "Log in to accept" in Client().get(mine).content.decode()
    new = Client()
    new.force_login(present(account_of(NEW)), backend="cookiebanner.staff.accounts.Backend")
    assert new.post(mine).status_code == 302
    assert roles(shop)[NEW] == "editor"


def test_no_row_holds_a_link(alice, shop):
    invite(alice, shop)
    token = mailed_link(NEW).split("/")[-2]
    rows = [str(list(model.objects.values_list())) for model in (Invitation, Job, AuditEvent)]
    assert [token in text for text in rows] == [False, False, False]


def test_a_link_is_for_its_address_whoever_is_logged_in(alice, login, shop):
    invite(alice, shop, "charlie@example.net", "owner")
    path = mailed_link("charlie@example.net")
    bob = login("bob")
    assert "Log out" in bob.get(path).content.decode()
    assert bob.post(path, JOIN).status_code == 200
    assert (roles(shop)["bob@example.net"], "charlie@example.net" in roles(shop)) == ("editor", False)
    invite(alice, shop)
    other = mailed_link(NEW)
    assert bob.post(other, JOIN).status_code == 200
    assert (account_of(NEW), roles(shop)["bob@example.net"]) == (None, "editor")


def test_an_address_that_was_only_typed_in_proves_nothing(alice, login, people, shop):
    """Bob adds the invited address to his account, unproved: it stays free for whoever has the mailbox."""
    bob = login("bob")
    EmailAddress.objects.create(user=people["bob"], email=NEW, verified=False, primary=False)
    bob.post("/accounts/email/", {"email": NEW, "action_primary": ""})
    people["bob"].refresh_from_db()
    assert (people["bob"].email, account_of(NEW)) == ("bob@example.net", None)
    invite(alice, shop, role="owner")
    path = mailed_link(NEW)
    assert bob.post(path).status_code == 200
    assert roles(shop)["bob@example.net"] == "editor"
    assert Client().post(path, JOIN).status_code == 302
    assert roles(shop)[NEW] == "owner"


def test_whether_an_address_has_an_account_is_not_told(alice, shop, foreign):
    pages = []
    for email in ("nobody@example.net", "charlie@example.net"):
        work()
        body = invite(alice, shop, email).content.decode()
        pages.append(body.replace(email, "X").split("<main")[1].split("csrfmiddlewaretoken")[0])
        actions.withdraw_invitation(Invitation.objects.get(email=email), "x")
    assert pages[0] == pages[1]


def test_an_address_that_somebody_gave_up_is_free_for_its_mailbox(alice, people, shop):
    """Bob moved to another address and dropped the old one: an invitation to that is not his."""
    bob = people["bob"]
    EmailAddress.objects.filter(user=bob).update(email="robert@example.net")
    get_user_model().objects.filter(pk=bob.pk).update(email="robert@example.net")
    invite(alice, shop, "bob@example.net", "viewer")
    path = mailed_link("bob@example.net")
    assert Client().post(path, JOIN).status_code == 302
    assert roles(shop) | {"robert@example.net": "editor", "bob@example.net": "viewer"} == roles(shop)
    invite(alice, shop, "robert@example.net", "owner")
    assert "robert@example.net" not in {row.email for row in Invitation.objects.all()}


def test_an_address_is_of_one_account_however_often_its_link_is_pressed(alice, shop, foreign, people):
    """Two invitations of one new address, taken up at once: the second asks for the account that the first made."""
    invite(alice, shop)
    first = mailed_link(NEW)
    second, token = actions.renew_invitation(actions.invite(foreign, NEW, "viewer", "x", people["charlie"]))
    add_person(NEW, PASSWORD)  # by the first, while the page of the second is open
    assert "Log in to accept" in Client().post(first, JOIN).content.decode()
    assert get_user_model().objects.filter(email=NEW).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        add_person(NEW, PASSWORD)


# --- roles ------------------------------------------------------------------------------------------------------------


def test_only_an_owner_invites(login, people, shop, foreign):
    for name in ("bob", "vera", "dana"):
        assert (name, login(name).post(team(shop), {"email": NEW, "role": "owner"}).status_code) == (name, 403)
        with pytest.raises(InvalidChange, match="Only an owner"):
            actions.invite(shop, NEW, "viewer", "x", people[name])
    assert login("charlie").post(team(shop), {"email": NEW, "role": "owner"}).status_code == 404
    with pytest.raises(InvalidChange, match="Only an owner"):
        actions.invite(shop, NEW, "viewer", "x", people["charlie"])
    assert Invitation.objects.count() == 0


def test_there_is_no_role_before_one_is_chosen(alice, shop):
    assert alice.get(team(shop)).context["form"]["role"].value() in (None, "")
    for role in ("", "emperor"):
        assert list(alice.post(team(shop), {"email": NEW, "role": role}).context["form"].errors) == ["role"]
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("end", ["removed", "demoted", "disabled", "deleted"])
def test_invitations_go_with_the_owner_who_sent_them(login, people, shop, end):
    actions.set_role(shop, people["bob"], "owner", "x")
    invite(login("bob"), shop, role="owner")
    path = mailed_link(NEW)
    assert Client().get(path).status_code == 200
    if end == "removed":
        actions.remove_member(shop, people["bob"], "alice@example.net")
    elif end == "demoted":
        actions.set_role(shop, people["bob"], "editor", "alice@example.net")
    elif end == "disabled":
        get_user_model().objects.filter(pk=people["bob"].pk).update(is_active=False)
    else:
        people["bob"].delete()
    assert Client().get(path).status_code == 404
    assert Client().post(path, JOIN).status_code == 404
    assert (account_of(NEW), NEW in roles(shop)) == (None, False)
    if end in ("removed", "demoted"):
        assert ("alice@example.net", "invitation.withdraw") in verbs(shop)


def test_an_operators_invitations_end_with_their_rights(login, people, shop):
    invite(login("operator"), shop)
    path = mailed_link(NEW)
    get_user_model().objects.filter(pk=people["operator"].pk).update(is_superuser=False)
    assert Client().post(path, JOIN).status_code == 404


def test_who_is_removed_has_no_open_invitation_left(alice, people, shop):
    actions.remove_member(shop, people["bob"], "x")
    invite(alice, shop, "bob@example.net", "owner")
    path = mailed_link("bob@example.net")
    actions.set_role(shop, people["bob"], "viewer", "x")  # let in again by other means, and removed again
    actions.remove_member(shop, people["bob"], "x")
    bob = Client()
    bob.force_login(people["bob"], backend="cookiebanner.staff.accounts.Backend")
    assert (bob.post(path).status_code, "bob@example.net" in roles(shop)) == (404, False)


def test_a_member_keeps_the_role_they_have(alice, people, shop):
    actions.remove_member(shop, people["bob"], "x")
    invite(alice, shop, "bob@example.net", "viewer")
    path = mailed_link("bob@example.net")
    actions.set_role(shop, people["bob"], "owner", "x")
    bob = Client()
    bob.force_login(people["bob"], backend="cookiebanner.staff.accounts.Backend")
    assert bob.post(path).status_code == 302
    assert roles(shop)["bob@example.net"] == "owner"
    response = alice.post(team(shop), {"email": "bob@example.net", "role": "viewer"})
    assert "is a member of this site already" in response.content.decode()


def test_an_operators_account_is_not_taken_over(alice, people, shop):
    invite(alice, shop, "op@example.net")
    path = mailed_link("op@example.net")
    assert Client().post(path, JOIN).status_code == 200
    user = get_user_model().objects.get(pk=people["operator"].pk)
    assert (user.password, user.is_superuser) == (people["operator"].password, True)


# --- resend, withdraw, lapse ------------------------------------------------------------------------------------------


def later(minutes: float) -> None:
    """As if the last mail was sent so long ago."""
    for row in Invitation.objects.exclude(sent_at=None):
        row.sent_at = present(row.sent_at) - timedelta(minutes=minutes)
        row.expires_at -= timedelta(minutes=minutes)
        row.save()


def test_a_second_mail_ends_the_first_ones_link(alice, shop):
    invite(alice, shop)
    first = mailed_link(NEW)
    row = Invitation.objects.get()
    at = reverse("dashboard:invitation", kwargs={"uuid": shop.uuid, "invitation": row.pk})
    assert "Wait a minute" in alice.post(at, {"resend": 1}, follow=True).content.decode()  # nobody floods a mailbox
    assert Client().get(first).status_code == 200
    later(2)
    assert "gets another mail" in alice.post(at, {"resend": 1}, follow=True).content.decode()
    assert Client().get(first).status_code == 404
    second = mailed_link(NEW)
    assert (len(mail.outbox), Client().get(second).status_code) == (2, 200)
    assert verbs(shop)[-1] == ("alice@example.net", "invitation.resend")
    alice.post(at, {"withdraw": 1})
    alice.post(at, {"withdraw": 1})
    assert (Client().get(second).status_code, Client().post(second, JOIN).status_code) == (404, 404)
    assert [verb for _, verb in verbs(shop)].count("invitation.withdraw") == 1
    assert "accepted or withdrawn" in alice.post(at, {"resend": 1}, follow=True).content.decode()
    assert "Wait a minute" in invite(alice, shop).content.decode()  # not by withdrawing and inviting either


def test_a_link_lapses_after_a_week_and_can_be_sent_again(alice, shop):
    invite(alice, shop)
    path = mailed_link(NEW)
    later(7 * 24 * 60 + 1)
    assert (Client().get(path).status_code, Client().post(path, JOIN).status_code) == (404, 404)
    assert "Lapsed" in alice.get(team(shop)).content.decode()
    invite(alice, shop, role="viewer")  # the same as sending it again, with another role
    assert Client().post(mailed_link(NEW), JOIN).status_code == 302
    assert (Invitation.objects.count(), roles(shop)[NEW]) == (1, "viewer")


def test_withdrawn_before_the_mail_means_no_mail(alice, shop):
    invite(alice, shop)
    row = Invitation.objects.get()
    alice.post(reverse("dashboard:invitation", kwargs={"uuid": shop.uuid, "invitation": row.pk}), {"withdraw": 1})
    work()
    assert mail.outbox == []


def test_a_site_has_a_hundred_open_invitations_at_most(shop):
    for number in range(actions.OPEN_INVITATIONS):
        actions.invite(shop, f"p{number}@example.net", "viewer", "x")
    with pytest.raises(InvalidChange, match="100 invitations of this site are open"):
        actions.invite(shop, NEW, "viewer", "x")
    actions.invite(shop, "p7@example.net", "editor", "x")


def test_a_mail_server_that_is_away_is_asked_again_and_shows(alice, shop, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    invite(alice, shop)
    work()
    assert "Not sent yet" in alice.get(team(shop)).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Job.objects.update(run_after=timezone.now())
    assert Client().get(mailed_link(NEW)).status_code == 200
    assert "Not sent yet" not in alice.get(team(shop)).content.decode()


# --- by hand ----------------------------------------------------------------------------------------------------------


def shown(client, shop) -> str:
    """The path of the link that an operator is shown."""
    page = reverse("dashboard:invitation", kwargs={"uuid": shop.uuid, "invitation": Invitation.objects.get().pk})
    return client.post(page, {"link": 1}).context["link"]["link"].removeprefix(URL)


def test_whoever_runs_the_server_hands_a_link_over_without_any_mail(login, shop, settings):
    settings.EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    operator = login("operator")
    body = invite(operator, shop).content.decode()
    assert ("show it, and hand it over" in body, Job.objects.count()) == (True, 0)
    first, second = shown(operator, shop), shown(operator, shop)
    assert Client().get(first).status_code == 404  # the newest link alone works
    assert Client().post(second, JOIN).status_code == 302
    assert roles(shop)[NEW] == "editor"
    assert verbs(shop).count(("op@example.net", "invitation.link")) == 2


def test_a_lapsed_link_is_made_anew_by_hand(login, shop):
    operator = login("operator")
    invite(operator, shop)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert Client().get(shown(operator, shop)).status_code == 200


def test_the_owner_of_a_site_is_shown_no_link(alice, shop):
    invite(alice, shop)
    page = reverse("dashboard:invitation", kwargs={"uuid": shop.uuid, "invitation": Invitation.objects.get().pk})
    assert alice.post(page, {"link": 1}).status_code == 403
    assert (verbs(shop)[-1], Invitation.objects.get().token_sha256) == (("alice@example.net", "invitation.create"), "")
    assert 'name="link"' not in alice.get(team(shop)).content.decode()


# --- without mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["EMAIL_HOST", "FAIRGATE_URL"])
def test_without_mail_nobody_is_invited_from_the_page_and_it_says_what_to_do(alice, shop, settings, missing):
    if missing == "EMAIL_HOST":
        settings.EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    else:
        settings.FAIRGATE_URL = ""
    body = invite(alice, shop).content.decode()
    assert (missing in body, f"manage.py invite --site {shop.uuid}" in body) == (True, True)
    assert (Invitation.objects.count(), Job.objects.count()) == (0, 0)
    out = StringIO()
    call_command("invite", "--site", str(shop.uuid), "--email", NEW, "--role", "owner", stdout=out)
    link = out.getvalue().splitlines()[-1]
    path = "/accounts/" + link.partition("/accounts/")[2]
    assert Client().post(path, JOIN).status_code == 302
    assert roles(shop)[NEW] == "owner"
    assert verbs(shop)[-2] == ("command", "invitation.create")


def test_the_command_refuses_in_words(shop):
    for more, says in (
        (["--email", "nobody", "--role", "owner"], "is not an e-mail address"),
        (["--email", NEW, "--role", "emperor"], "invalid choice"),
        (["--email", "alice@example.net", "--role", "viewer"], "a member of this site already"),
    ):
        with pytest.raises(CommandError, match=says):
            call_command("invite", "--site", str(shop.uuid), *more, stdout=StringIO())


# --- names in mails ---------------------------------------------------------------------------------------------------

BREAKS = ("Tea\nBcc: victim@example.net", "Tea\r\n\r\nClick", "Tea\x00", "Tea\u2028shop", "Tea\x85shop", "a\u202eb")


@pytest.mark.parametrize("name", BREAKS)
def test_a_name_is_one_line(alice, shop, name):
    with pytest.raises(InvalidChange, match="one line"):
        actions.create_site("new.example", "x", name=name)
    for field in ("name", "controller", "controller_contact"):
        with pytest.raises(InvalidChange, match="one line"):
            actions.change_settings(shop, "x", **{field: name})
    with pytest.raises(InvalidChange, match="one line"):
        actions.create_token(shop, name, ["audit"], "x")
    assert alice.post("/dashboard/new/", {"hosts": "new.example", "name": name}).status_code == 200
    assert Membership.objects.filter(user__email="alice@example.net").count() == 1


@pytest.mark.parametrize("name", BREAKS[:2])
def test_a_name_with_a_line_break_of_an_older_version_is_no_error(alice, shop, name):
    type(shop).objects.filter(pk=shop.pk).update(name=name)
    assert invite(alice, shop).status_code == 200
    assert Client().get(mailed_link(NEW)).status_code == 200
    [message] = mail.outbox
    head = message.message().as_string().partition("\n\n")[0]
    assert ("\nBcc" in head, message.subject.splitlines() == [message.subject]) == (False, True)


def test_adopting_a_page_makes_one_line_of_its_organisation():
    from consent.scanner.actions import adopt

    site = adopt("<meta property=og:site_name content='Tea\n  shop\x07 Ltd'>", ["tea.example"], "x").site
    assert (site.name, site.controller) == ("Tea shop Ltd", "Tea shop Ltd")


# --- what 1b79d33 left behind -----------------------------------------------------------------------------------------


def test_accounts_that_were_never_used_become_invitations(people, shop, foreign):
    from importlib import import_module

    from django.apps import apps

    pending = add_person("Pending@example.net")
    for site, role in ((shop, "editor"), (foreign, "owner")):
        actions.set_role(site, pending, role, "x")
    keeper = add_person("key@example.net")  # has no password, but logs in with a passkey
    apps.get_model("mfa", "Authenticator").objects.create(user=keeper, type="webauthn", data={})
    actions.set_role(shop, keeper, "viewer", "x")
    add_person("nowhere@example.net")  # was removed before the first login; its link must end, too
    import_module("consent.migrations.0006_pending_accounts").pending_accounts(apps, None)
    assert account_of("pending@example.net") is None
    found = Invitation.objects.filter(email="pending@example.net")
    assert sorted(found.values_list("site", "role", "token_sha256")) == sorted(
        [(shop.pk, "editor", ""), (foreign.pk, "owner", "")]
    )
    assert (roles(shop)["key@example.net"], account_of("nowhere@example.net")) == ("viewer", None)
    assert roles(shop)["alice@example.net"] == "owner"


def test_migrated_invitations_are_sent_again_by_the_sites_owner(alice, shop):
    row = Invitation.objects.create(
        site=shop, email=NEW, role="editor", expires_at=timezone.now() + timedelta(days=7)
    )  # as the migration makes it
    assert "Not sent yet" in alice.get(team(shop)).content.decode()
    alice.post(reverse("dashboard:invitation", kwargs={"uuid": shop.uuid, "invitation": row.pk}), {"resend": 1})
    path = mailed_link(NEW)
    assert path.startswith("/accounts/invitations/")
    assert mail.outbox[0].body.count(URL) == 1
