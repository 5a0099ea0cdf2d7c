"""Writes on sites, hosts, members, tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from consent.common import InvalidChange, check
from consent.jobs import outgoing, signatures
from consent.sites import moved_from
from consent.sites.hosts import site_host
from consent.sites.models import AccountLanguage, ApiToken, Host, Invitation, Membership, Site, SiteSighting, Webhook
from consent.sites.queries import invitation_of, locked, role_of
from consent.sites.roles import May, can
from consent.storing import Stored, store
from consent.trail.actions import audit

LANGUAGES = ("en", "de", "fr", "es", "ar")
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
# What tokens open: the log's tiles, and what members may do; older ones may carry read and write, which open nothing.
SCOPES = ("audit", *(str(what) for what in May))

# Key, always active?, Google consent signals it governs (docs/reference/signals.md, Google Consent Mode).
CATEGORIES: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("C0001", True, ("security_storage",)),
    ("C0002", False, ("analytics_storage",)),
    ("C0003", False, ("functionality_storage", "personalization_storage")),
    ("C0004", False, ("ad_storage", "ad_user_data", "ad_personalization")),
    ("C0005", False, ()),
)
SETTINGS = (
    "name", "level", "unknown_third_parties", "reload_after_accept", "record_path", "child_directed",
    "ads_advanced_consent_mode", "tiles", "languages", "controller", "controller_contact", "policy_url", "imprint_url",
    "webhook_url", "group", "membership", "first_party_endpoint", "moved_from", "publish_needs_approval",
)  # fmt: skip


# --- Sites ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_site(
    hosts: str | Sequence[str],
    actor: str,
    *,
    uuid: UUID | str | None = None,
    name: str = "",
    owners: Iterable[Any] = (),
    languages: Sequence[str] = LANGUAGES,
    share_host: bool = False,
    cover_apex: bool = False,
    **settings: Any,
) -> Site:
    """Makes a site with its hosts, the five usual categories, a banner draft and a membership for each owner.

    `uuid` is the id pages carry (OneTrust's `data-domain-script`). A host that another site has is refused unless
    `share_host`. With `cover_apex` a host `www.example.com` brings `example.com` along, when nobody has it. `settings`
    are those of `change_settings`. Raises InvalidChange.
    """
    names = _clean_hosts([hosts] if isinstance(hosts, str) else hosts)
    if cover_apex:
        names = [*names, *_free_apexes(names)]
    if not names:
        raise InvalidChange(gettext("A site needs at least one host, such as example.com."))
    site_id = as_uuid(uuid) if uuid else uuid4()
    if Site.objects.filter(uuid=site_id).exists():
        raise InvalidChange(gettext("There is already a site %(site_id)s.") % {"site_id": site_id})
    if not share_host:
        _refuse_taken(names)
    site = Site(uuid=site_id, name=name or names[0])
    _apply(site, {**settings, "languages": list(languages)})
    check(site)
    try:
        with transaction.atomic():
            site.save(force_insert=True)
    except IntegrityError:  # somebody else was faster
        raise InvalidChange(gettext("There is already a site %(site_id)s.") % {"site_id": site_id}) from None
    for host in names:
        site.hosts.create(name=host)
    for position, (key, necessary, signals) in enumerate(CATEGORIES):
        site.categories.create(key=key, position=position, necessary=necessary, consent_mode=list(signals))
    apps.get_model("consent", "Banner").objects.create(site=site)  # banners are a layer above
    for user in owners:
        site.memberships.create(user=user, role=Membership.Role.OWNER)
    audit(site, actor, "site.create", uuid=str(site_id), name=site.name, hosts=names)
    return site


def as_uuid(text: UUID | str) -> UUID:
    """A site id as people paste it. Raises InvalidChange."""
    try:
        return text if isinstance(text, UUID) else UUID(text.strip())
    except ValueError:
        raise InvalidChange(
            gettext("%(text)r is not a site id; it looks like de507273-db36-4f1c-9575-6e6ea429f7c6.") % {"text": text}
        ) from None


def _clean_hosts(hosts: Sequence[str]) -> list[str]:
    try:
        return list(dict.fromkeys(site_host(host) for host in hosts))
    except ValueError as error:
        raise InvalidChange(str(error)) from None


def _free_apexes(names: Sequence[str]) -> list[str]:
    """`example.com` for `www.example.com`: visitors come to both. Not one that strangers share, or that another site
    has."""
    found = []
    for name in names:
        apex = name.removeprefix("www.")
        if apex == name or apex in names or Host.objects.filter(name=apex).exists():
            continue
        try:
            found.append(site_host(apex))
        except ValueError:
            continue
    return found


def _refuse_taken(names: Iterable[str]) -> None:
    # Which site it is stays untold: it may be another tenant's.
    if taken := Host.objects.filter(name__in=names).order_by("name").values_list("name", flat=True).first():
        raise InvalidChange(
            gettext(
                "Another site of this server already has the host %(taken)s. Whoever runs the server can let "
                "two share it, with manage.py site --site-id, or take it from the other one."
            )
            % {"taken": taken}
        )


def _check_languages(languages: Sequence[str]) -> None:
    if not languages:
        raise InvalidChange(gettext("A site needs at least one language."))
    for code in languages:
        if not isinstance(code, str) or not LANGUAGE.fullmatch(code):  # it is part of an artifact's name
            raise InvalidChange(gettext("%(code)r is not a language code like de or pt-BR.") % {"code": code})
    if len(set(languages)) < len(languages):
        raise InvalidChange(gettext("A language is named twice."))


def _apply(site: Site, settings: dict[str, Any]) -> dict[str, list[Any]]:
    """Sets the fields and returns {field: [before, after]} of those that change."""
    if unknown := set(settings) - set(SETTINGS):
        raise InvalidChange(f"A site has no setting {', '.join(sorted(unknown))}.")
    if "languages" in settings:
        _check_languages(settings["languages"])
    if "moved_from" in settings:
        try:
            settings = {**settings, "moved_from": moved_from.clean(settings["moved_from"])}
        except ValueError as error:
            raise InvalidChange(str(error)) from None
    changed = {}
    for field, value in settings.items():
        before = getattr(site, field)
        if before != value:
            changed[field] = [before, value]
            setattr(site, field, value)
    return changed


@transaction.atomic
def change_settings(site: Site, actor: str, **settings: Any) -> Site:
    """Changes settings of a site (`SETTINGS`); nothing reaches visitors before the next publish. Raises
    InvalidChange."""
    site = locked(site)
    if changed := _apply(site, settings):
        if "webhook_url" in changed:
            _new_webhook(site)
        check(site)
        site.save()
        audit(site, actor, "site.settings", changed=changed)
    return site


# --- Webhook --------------------------------------------------------------------------------------------------------
OLDER_SECRET = timedelta(days=1)  # how long the secret before still signs


def _new_webhook(site: Site) -> None:
    """Another address is another receiver: it gets a secret of its own and a clean record. Raises InvalidChange."""
    if site.webhook_url:
        try:
            outgoing.check(site.webhook_url)
        except outgoing.ForbiddenAddress as error:
            raise InvalidChange(str(error)) from error
    before = Webhook.objects.filter(site=site).first()
    Webhook.objects.filter(site=site).delete()
    if site.webhook_url:
        wanted = ("events", "batch", "next_answer", "next_change")
        kept = {name: getattr(before, name) for name in wanted} if before else {}
        Webhook.objects.create(site=site, secret=signatures.new_secret(), **kept)


def webhook_of(site: Site) -> Webhook:
    """The webhook of a site that has an address for one; made when it is not there yet."""
    return Webhook.objects.get_or_create(site=site, defaults={"secret": signatures.new_secret()})[0]


@transaction.atomic
def reveal_webhook_secret(site: Site, actor: str) -> str:
    """The secret that signs deliveries, once; afterwards there is only another one. Raises InvalidChange."""
    hook = webhook_of(_listening(site))
    if not Webhook.objects.filter(pk=hook.pk, revealed_at=None).update(revealed_at=timezone.now()):
        raise InvalidChange(
            gettext("The secret has been shown already. Make a new one if it is lost; the old one signs for a day too.")
        )
    audit(site, actor, "webhook.secret_shown")
    return hook.secret


@transaction.atomic
def rotate_webhook_secret(site: Site, actor: str) -> str:
    """A new secret, returned once. For a day deliveries carry two signatures, so that the receiver can change over.
    Raises InvalidChange."""
    hook = webhook_of(_listening(site))
    now = timezone.now()
    hook.older_secret, hook.older_until = hook.secret, now + OLDER_SECRET
    hook.secret, hook.revealed_at = signatures.new_secret(), now
    hook.save(update_fields=["older_secret", "older_until", "secret", "revealed_at"])
    audit(site, actor, "webhook.secret_changed")
    return hook.secret


def _listening(site: Site) -> Site:
    site = locked(site)
    if not site.webhook_url:
        raise InvalidChange(gettext("This site has no webhook; enter its address first."))
    return site


def webhook_secrets(hook: Webhook) -> list[str]:
    """The secrets that sign now, the newest first."""
    older = hook.older_secret and hook.older_until and timezone.now() < hook.older_until
    return [hook.secret, hook.older_secret] if older else [hook.secret]


@transaction.atomic
def set_hosts(site: Site, hosts: Sequence[str], actor: str, *, share_host: bool = False) -> list[str]:
    """Replaces the hosts of a site; returns them cleaned.

    A host that is new to the site and that another site has is refused unless `share_host`. Raises InvalidChange.
    """
    site = locked(site)
    names = _clean_hosts(hosts)
    if not names:
        raise InvalidChange(gettext("A site needs at least one host, such as example.com."))
    before = sorted(site.hosts.values_list("name", flat=True))
    if not share_host:
        _refuse_taken(set(names) - set(before))
    if before != sorted(names):
        site.hosts.exclude(name__in=names).delete()
        for name in names:
            site.hosts.get_or_create(name=name)
        audit(site, actor, "site.hosts", before=before, after=sorted(names))
    return names


@transaction.atomic
def kill_site(site: Site, actor: str, reason: str) -> Site:
    """Makes the gate inert within a minute: nothing is held, nothing shown. Raises InvalidChange without a reason."""
    if not reason.strip():
        raise InvalidChange(gettext("Say why: the reason is kept in the audit trail."))
    site = locked(site)
    if site.killed_at is not None:
        raise InvalidChange(
            gettext("%(name)s has been switched off since %(since)s UTC.")
            % {"name": site.name, "since": f"{site.killed_at:%Y-%m-%d %H:%M}"}
        )
    site.killed_at, site.kill_reason = timezone.now(), reason.strip()
    check(site)
    site.save(update_fields=["killed_at", "kill_reason"])
    audit(site, actor, "site.kill", reason=site.kill_reason)
    return site


@transaction.atomic
def revive_site(site: Site, actor: str) -> Site:
    """Takes `kill_site` back. Raises InvalidChange when the site is not switched off."""
    site = locked(site)
    if site.killed_at is None:
        raise InvalidChange(gettext("%(name)s is not switched off.") % {"name": site.name})
    audit(site, actor, "site.revive", killed_at=site.killed_at.isoformat(), reason=site.kill_reason)
    site.killed_at, site.kill_reason = None, ""
    site.save(update_fields=["killed_at", "kill_reason"])
    return site


# --- Members --------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_role(site: Site, user: Any, role: str, actor: str) -> Membership:
    """Gives a person a role on a site, or another one. Raises InvalidChange for the last owner.

    Who is no owner any more loses the invitations they sent. Others become members by `accept_invitation` only.
    """
    site = locked(site)
    if role not in Membership.Role.values:
        raise InvalidChange(f"There is no role {role!r}; there are {', '.join(Membership.Role.values)}.")
    if role != Membership.Role.OWNER:
        _keep_an_owner(site, user)
        _withdraw(site.invitations.filter(inviter=user), actor, "the inviter is no owner any more")
    member, _ = Membership.objects.update_or_create(site=site, user=user, defaults={"role": role})
    audit(site, actor, "member.role", user=user.email, role=role)
    return member


@transaction.atomic
def remove_member(site: Site, user: Any, actor: str) -> None:
    """Takes a person off a site, with the open invitations they sent and got. Raises InvalidChange for the last
    owner."""
    site = locked(site)
    _keep_an_owner(site, user)
    if site.memberships.filter(user=user).delete()[0]:
        audit(site, actor, "member.remove", user=user.email)
        theirs = models.Q(inviter=user) | models.Q(email=user.email.lower())
        _withdraw(site.invitations.filter(theirs), actor, "the person was removed")


def _keep_an_owner(site: Site, leaving: Any) -> None:
    owners = site.memberships.filter(role=Membership.Role.OWNER)
    if owners.filter(user=leaving).exists() and owners.count() == 1:
        raise InvalidChange(gettext("A site keeps at least one owner."))


# --- Invitations ----------------------------------------------------------------------------------------------------
OPEN_INVITATIONS = 100  # of one site at a time
MAIL_PAUSE = timedelta(minutes=1)  # between two mails of one invitation


@transaction.atomic
def invite(site: Site, email: str, role: str, actor: str, inviter: Any = None) -> Invitation:
    """Offers a role on a site to an address. It is the mailbox that accepts: see `renew_invitation`.

    `inviter` is the owner who invites, None for a command on the server. Whether the address has an account makes no
    difference and is not told. An address that is invited already gets the new role. Raises InvalidChange.
    """
    site = locked(site)
    _may_invite(site, inviter)
    email = _address(email)
    if role not in Membership.Role.values:
        raise InvalidChange(f"There is no role {role!r}; there are {', '.join(Membership.Role.values)}.")
    if site.memberships.filter(user__email__iexact=email).exists():
        raise InvalidChange(
            gettext("%(email)s is a member of this site already; change the role there.") % {"email": email}
        )
    invitation = site.invitations.filter(email=email, accepted_at=None, withdrawn_at=None).first()
    _pause(site, email)
    if invitation is None and _full(site):
        raise InvalidChange(
            gettext("%(count)s invitations of this site are open. Withdraw some first.") % {"count": OPEN_INVITATIONS}
        )
    invitation = invitation or Invitation(site=site, email=email)
    invitation.role, invitation.inviter = role, inviter
    _without_link(invitation)
    check(invitation)
    invitation.save()
    audit(site, actor, "invitation.create", email=email, role=role)
    return invitation


@transaction.atomic
def resend_invitation(invitation: Invitation, actor: str, inviter: Any = None) -> Invitation:
    """Readies an open or lapsed invitation for another mail; the old link ends at once. `inviter` answers for it from
    now on. Raises InvalidChange."""
    site = locked(invitation.site)
    _may_invite(site, inviter)
    invitation = _open(site, invitation)
    _pause(site, invitation.email)
    invitation.inviter = inviter
    _without_link(invitation)
    invitation.save()
    audit(site, actor, "invitation.resend", email=invitation.email, role=invitation.role)
    return invitation


@transaction.atomic
def renew_invitation(invitation: Invitation, shown_to: str = "") -> tuple[Invitation, str]:
    """A new token for the link that is about to be mailed, or printed on the server's terminal; older ones end.
    `shown_to`: who is shown it on a page, which the trail keeps.

    The token is returned once and kept nowhere, so that nobody but the mailbox has it. Raises InvalidChange when the
    invitation is over.
    """
    invitation = _open(locked(invitation.site), invitation)
    token = secrets.token_urlsafe(32)
    invitation.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
    invitation.expires_at = timezone.now() + Invitation.LIFE
    invitation.save(update_fields=["token_sha256", "expires_at"])
    if shown_to:
        audit(invitation.site, shown_to, "invitation.link", email=invitation.email, role=invitation.role)
    return invitation, token


def invitation_sent(invitation: Invitation) -> None:
    """Keeps that the mail is out."""
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())


@transaction.atomic
def withdraw_invitation(invitation: Invitation, actor: str) -> None:
    """Ends an invitation and its link; a second call changes nothing."""
    site = locked(invitation.site)
    _withdraw(site.invitations.filter(pk=invitation.pk), actor)


@transaction.atomic
def accept_invitation(token: str, user: Any, addresses: Iterable[str]) -> Membership:
    """Makes the person a member in the role that was offered; a member keeps the role they have.

    `addresses` are those that are proved to be the person's: the invited one must be among them. Raises InvalidChange.
    """
    invitation = invitation_of(token)
    if invitation is None:
        raise InvalidChange(gettext("This invitation was used, withdrawn, or has lapsed. Ask for a new one."))
    site = locked(invitation.site)
    invitation = _open(site, invitation)
    if invitation_of(token) is None:  # meanwhile
        raise InvalidChange(gettext("This invitation was withdrawn, or has lapsed. Ask for a new one."))
    if invitation.email not in {address.lower() for address in addresses}:
        raise InvalidChange(
            gettext("This invitation is for %(email)s. Log in with that address.") % {"email": invitation.email}
        )
    member, made = Membership.objects.get_or_create(site=site, user=user, defaults={"role": invitation.role})
    invitation.accepted_at, invitation.token_sha256 = timezone.now(), ""
    invitation.save(update_fields=["accepted_at", "token_sha256"])
    audit(site, user.email, "invitation.accept", email=invitation.email, role=member.role)
    return member


def _address(text: str) -> str:
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidChange(gettext("%(text)r is not an e-mail address.") % {"text": text[:100]}) from None
    return email


def _may_invite(site: Site, inviter: Any) -> None:
    if inviter is not None and not can(role_of(inviter, site), May.MANAGE):
        raise InvalidChange(gettext("Only an owner of the site may invite people."))


def _open(site: Site, invitation: Invitation) -> Invitation:
    """The invitation's row as it is under the site's lock."""
    found = site.invitations.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).first()
    if found is None:
        raise InvalidChange(gettext("This invitation was accepted or withdrawn."))
    return found


def _full(site: Site) -> bool:
    return site.invitations.filter(accepted_at=None, withdrawn_at=None).count() >= OPEN_INVITATIONS


def _pause(site: Site, email: str) -> None:
    if site.invitations.filter(email=email, sent_at__gt=timezone.now() - MAIL_PAUSE).exists():
        raise InvalidChange(
            gettext("A mail to %(email)s went out just now. Wait a minute before the next one.") % {"email": email}
        )


def _without_link(invitation: Invitation) -> None:
    invitation.token_sha256 = ""
    invitation.expires_at = timezone.now() + Invitation.LIFE


def _withdraw(invitations: models.QuerySet[Invitation], actor: str, why: str = "") -> None:
    for invitation in invitations.filter(accepted_at=None, withdrawn_at=None):
        invitation.withdrawn_at, invitation.token_sha256 = timezone.now(), ""
        invitation.save(update_fields=["withdrawn_at", "token_sha256"])
        audit(invitation.site, actor, "invitation.withdraw", email=invitation.email, **({"why": why} if why else {}))


# --- Accounts -------------------------------------------------------------------------------------------------------


def choose_language(user: Any, code: str) -> None:
    """The language in which a person wants the dashboard and mails; "" = that of the browser."""
    if code:
        AccountLanguage.objects.update_or_create(user=user, defaults={"language": code})
    else:
        AccountLanguage.objects.filter(user=user).delete()


# --- Tokens ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_token(
    site: Site,
    name: str,
    scopes: Sequence[str],
    actor: str,
    expires_at: datetime | None = None,
    made_by: Any = None,
) -> tuple[ApiToken, str]:
    """Makes an API token; the text `fg_<prefix>_<secret>` is returned once and kept nowhere.

    `made_by` is the member whose rights bound it; None for a command on the server. Raises InvalidChange.
    """
    if not scopes or set(scopes) - set(SCOPES):
        raise InvalidChange(f"A token needs scopes out of {', '.join(SCOPES)}.")
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    token = ApiToken(
        site=site,
        name=name.strip(),
        prefix=prefix,
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        made_by=made_by,
    )
    check(token)
    token.save()
    audit(site, actor, "token.create", name=token.name, prefix=prefix, scopes=token.scopes)
    return token, f"fg_{prefix}_{secret}"


def token_used(token: ApiToken) -> None:
    """Keeps when a token was last used, to the minute, so that a program that asks often writes seldom."""
    now = timezone.now()
    before = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
    ApiToken.objects.filter(before, pk=token.pk).update(last_used_at=now)


@transaction.atomic
def revoke_token(token: ApiToken, actor: str) -> None:
    """Ends a token at once; a second call changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit(token.site, actor, "token.revoke", name=token.name, prefix=token.prefix)


# --- Sightings ------------------------------------------------------------------------------------------------------
SIGHTINGS_PER_SITE = 500


Seen = tuple[tuple[int, str], tuple[str, int | None]]


def saw(seen: Mapping[tuple[int, str], tuple[str, int | None]], at: datetime) -> Stored[Seen]:
    """Keeps where gates ran: (site id, host) → (level, release). Sorted by key.

    Of many subdomains those seen last are kept. Returns what could not be stored; raises nothing.
    """

    def write(rows: Sequence[Seen]) -> None:
        new: dict[int, list[SiteSighting]] = {}
        with transaction.atomic():
            for (site_id, host), (level, release) in rows:
                known = SiteSighting.objects.filter(site_id=site_id, host=host)
                if not known.update(level=level, release=release, last_seen=at):
                    sighting = SiteSighting(site_id=site_id, host=host, level=level, release=release, last_seen=at)
                    new.setdefault(site_id, []).append(sighting)
            for site_id, made in new.items():
                mine = SiteSighting.objects.filter(site_id=site_id)
                free = SIGHTINGS_PER_SITE - mine.count()
                wanted = min(len(made), max(free, SIGHTINGS_PER_SITE // 20, 1))  # a flood exchanges few at once
                if wanted > free:
                    oldest = mine.order_by("last_seen", "pk").values_list("pk", flat=True)[: wanted - free]
                    mine.filter(pk__in=list(oldest)).delete()
                SiteSighting.objects.bulk_create(made[:wanted], ignore_conflicts=True)

    return store(sorted(seen.items()), write)
