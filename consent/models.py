"""Every model of the house, re-exported for Django and for `from consent.models import …`."""

from consent.banners.models import Banner, BannerDraft, BannerFile, BannerTest, TextReview
from consent.catalogue.models import BlockRule, Category, Cookie, Purpose, RuleOverride, Service
from consent.jobs.models import Job, Turn
from consent.jurisdictions.models import JurisdictionOverride, LawSubscription
from consent.ledger.models import (
    Anchor,
    Checkpoint,
    ConsentRecord,
    IssuedCheckpoint,
    LastSignature,
    LogEntry,
    LogHead,
    LogTile,
)
from consent.notices.models import Notice, NoticeChoice
from consent.policies.models import Document, DocumentText, DocumentVersion
from consent.preferences.models import ChoiceImport, ChoiceState, PendingChoice, SubjectKey, Topic, TopicWording
from consent.publishing.models import Artifact, Content, LintWaiver, PublishRequest, Release
from consent.requests.models import (
    PreparedAnswer,
    RequestEvent,
    RequestFile,
    RequestForm,
    SubjectRequest,
    SuppressedAddress,
)
from consent.scanner.models import Scan, ScanPlan
from consent.sites.models import (
    AccountLanguage,
    ApiToken,
    Host,
    IdempotencyKey,
    Invitation,
    Membership,
    Session,
    Site,
    SiteSighting,
    Webhook,
    WebhookDelivery,
)
from consent.stats.models import AnsweredTotal, AskedTotal, DailyTotal, GateReport, ImpressionTotal, ShownTotal
from consent.trail.models import AuditEvent, TrailHead

__all__ = [
    "AccountLanguage",
    "Anchor",
    "AnsweredTotal",
    "AskedTotal",
    "ApiToken",
    "Artifact",
    "AuditEvent",
    "Banner",
    "BannerDraft",
    "BannerFile",
    "BannerTest",
    "BlockRule",
    "Category",
    "Checkpoint",
    "ChoiceImport",
    "ChoiceState",
    "ConsentRecord",
    "Content",
    "Cookie",
    "DailyTotal",
    "Document",
    "DocumentText",
    "DocumentVersion",
    "GateReport",
    "Host",
    "IdempotencyKey",
    "ImpressionTotal",
    "Invitation",
    "IssuedCheckpoint",
    "Job",
    "JurisdictionOverride",
    "LastSignature",
    "LawSubscription",
    "LintWaiver",
    "LogEntry",
    "LogHead",
    "LogTile",
    "Membership",
    "Notice",
    "NoticeChoice",
    "PendingChoice",
    "PreparedAnswer",
    "PublishRequest",
    "Purpose",
    "Release",
    "RequestEvent",
    "RequestFile",
    "RequestForm",
    "RuleOverride",
    "Scan",
    "ScanPlan",
    "Service",
    "Session",
    "ShownTotal",
    "Site",
    "SiteSighting",
    "SubjectKey",
    "SubjectRequest",
    "SuppressedAddress",
    "TextReview",
    "Topic",
    "TopicWording",
    "TrailHead",
    "Turn",
    "Webhook",
    "WebhookDelivery",
]
