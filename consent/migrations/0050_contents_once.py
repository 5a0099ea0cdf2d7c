"""The bytes of artifacts move to contents, one for all that are alike; one artifact at a time is in memory."""

import gzip
import hashlib
import zlib

import brotli
import django.db.models.deletion
from django.db import migrations, models

_BROTLI_END = b"\x03"
BEST = 11  # what a publish compressed with until now


def to_brotli(body):
    compressor = brotli.Compressor(quality=BEST)
    return compressor.process(body) + compressor.flush() + _BROTLI_END


def to_gzip(body):
    """As consent.publishing.streams makes it at this version: other parts can be put behind it."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = compressor.compress(body) + compressor.flush(zlib.Z_FULL_FLUSH)
    end = zlib.crc32(body).to_bytes(4, "little") + (len(body) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + packed + b"\x03\x00" + end


def good(artifact, body):
    """Whether both compressed forms, which browsers got, were the body."""
    try:
        forms = [read(bytes(packed)) for packed, read in ((artifact.gzip, gzip.decompress),
                                                          (artifact.brotli, brotli.decompress)) if packed]  # fmt: skip
    except (OSError, EOFError, zlib.error, brotli.error):
        return False
    return all(form == body for form in forms)


def body_of(content):
    return (body_of(content.base) if content.base else b"") + brotli.decompress(bytes(content.brotli))


def move(apps, schema_editor):
    Artifact, Content = apps.get_model("consent", "Artifact"), apps.get_model("consent", "Content")
    for key in list(Artifact.objects.order_by("pk").values_list("pk", flat=True)):
        artifact = Artifact.objects.get(pk=key)
        body = bytes(artifact.body)
        digest = hashlib.sha256(body).hexdigest()
        if artifact.content != digest:  # somebody changed it: it keeps what it has, and `verify_ledger` says so
            Artifact.objects.filter(pk=key).update(content=digest)
        fine = good(artifact, body)
        if not fine:
            whose = f"Release {artifact.release.number} of {artifact.release.site.name}"
            print(f"\n  {whose}: {artifact.name} had been replaced in a compressed form; it is compressed anew.")
        if not Content.objects.filter(pk=digest).exists():
            packed = bytes(artifact.brotli) if fine and artifact.brotli else to_brotli(body)
            Content.objects.create(sha256=digest, size=len(body), brotli=packed, effort=BEST)


def move_back(apps, schema_editor):
    Artifact, Content = apps.get_model("consent", "Artifact"), apps.get_model("consent", "Content")
    for key in list(Content.objects.order_by("pk").values_list("pk", flat=True)):
        content = Content.objects.get(pk=key)
        body = body_of(content)
        packed = to_brotli(body) if content.base_id else bytes(content.brotli)
        Artifact.objects.filter(content=key).update(body=body, gzip=to_gzip(body), brotli=packed)


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0048_account_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="Content",
            fields=[
                (
                    "sha256",
                    models.CharField(
                        help_text="of the body, hexadecimal", max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("size", models.PositiveIntegerField(help_text="of the body, in bytes")),
                ("brotli", models.BinaryField(help_text="as `streams.to_brotli` makes it")),
                ("effort", models.PositiveSmallIntegerField(help_text="brotli's quality, 0 to 11")),
                (
                    "base",
                    models.ForeignKey(
                        help_text="what the body begins with; not in `brotli`",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="longer",
                        to="consent.content",
                    ),
                ),
            ],
        ),
        migrations.RenameField(model_name="artifact", old_name="sha256", new_name="content"),
        # So that the way back has something to begin with.
        *(
            migrations.AlterField(model_name="artifact", name=name, field=models.BinaryField(default=b""))
            for name in ("body", "gzip", "brotli")
        ),
        migrations.RunPython(move, move_back),
        *(migrations.RemoveField(model_name="artifact", name=name) for name in ("body", "gzip", "brotli")),
        migrations.AlterField(
            model_name="artifact",
            name="content",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="artifacts", to="consent.content"
            ),
        ),
    ]
