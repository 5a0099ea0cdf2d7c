"""Every model of the house, re-exported for Django and for `from consent.models import …`."""

from consent.banners.models import Banner
from consent.catalogue.models import BlockRule, Category, Cookie, Purpose, RuleOverride, Service
from consent.jobs.models import Job
from consent.jurisdictions.models import JurisdictionOverride
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, LogEntry, LogHead, LogTile
from consent.publishing.models import Artifact, LintWaiver, Release
from consent.sites.models import ApiToken, AuditEvent, Host, Membership, Site, SiteSighting, Webhook
from consent.stats.models import DailyTotal, GateReport, ImpressionTotal

__all__ = [
    "Anchor",
    "ApiToken",
    "Artifact",
    "AuditEvent",
    "Banner",
    "BlockRule",
    "Category",
    "Checkpoint",
    "ConsentRecord",
    "Cookie",
    "DailyTotal",
    "GateReport",
    "Host",
    "ImpressionTotal",
    "Job",
    "JurisdictionOverride",
    "LintWaiver",
    "LogEntry",
    "LogHead",
    "LogTile",
    "Membership",
    "Purpose",
    "Release",
    "RuleOverride",
    "Service",
    "Site",
    "SiteSighting",
    "Webhook",
]
