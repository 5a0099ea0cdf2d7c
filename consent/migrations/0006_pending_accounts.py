from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.db import migrations
from django.utils import timezone


def pending_accounts(apps, schema_editor):
    """An account that was made for somebody invited, and never used, becomes an invitation for each of its sites.

    The account goes, and with it the link that sets its password, which the inviter was shown. The invitations have no
    link: an owner of the site sends each again, and it goes to the mailbox.
    """
    User = apps.get_model(settings.AUTH_USER_MODEL)
    Membership, Invitation = apps.get_model("consent", "Membership"), apps.get_model("consent", "Invitation")
    Event, Authenticator = apps.get_model("consent", "AuditEvent"), apps.get_model("mfa", "Authenticator")
    with_key = Authenticator.objects.values("user")
    unused = User.objects.filter(last_login=None, is_superuser=False).exclude(pk__in=with_key).order_by("pk")
    for user in [user for user in unused if not is_password_usable(user.password)]:
        email = user.email.strip().lower()
        for member in Membership.objects.filter(user=user) if email else ():
            Invitation.objects.create(
                site_id=member.site_id, email=email, role=member.role, expires_at=timezone.now() + timedelta(days=7)
            )
            Event.objects.create(
                site_id=member.site_id, actor="migration", verb="invitation.create",
                detail={"email": email, "role": member.role},
            )  # fmt: skip
        user.delete()


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # What points to an account must be known here, to go with it.
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("consent", "0005_invitations"),
    ]

    operations = [
        migrations.RunPython(pending_accounts, migrations.RunPython.noop),
    ]
