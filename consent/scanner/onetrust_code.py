"""What inline code asks of OneTrust: categories by id, methods, interfaces (docs/reference/onetrust.md). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

SPEAKS = re.compile(r"one_?trust|optanon", re.IGNORECASE)
# Ids that nothing else is called, anywhere in code that speaks of OneTrust.
IDS = re.compile(r"(?<![A-Za-z0-9_])(C\d{4}|S{0,2}PD_BG|BG\d{1,4})(?![A-Za-z0-9_])")
# Older tenants' ids are short: they count where code says that they are ids. `groups.indexOf(',2,')`
BETWEEN_COMMAS = re.compile(r"""(["'`]),([A-Za-z0-9_]{1,12}),\1""")
# UpdateConsent("Category", "2:1,3:0")
SWITCHED = re.compile(r"""UpdateConsent\(\s*(["'`])Category\1\s*,\s*(["'`])([\w:, ]{3,400})\2""")
# InsertScript(url, "head", null, null, 2)
INSERTED = re.compile(r"\bInsert(?:Script|Html)\(([^;{}]{1,600}?)\)\s*(?:;|$)", re.MULTILINE)
LAST_ID = re.compile(r"""(?:^|,)\s*["'`]?([A-Za-z0-9_]{1,12})["'`]?\s*(?:,\s*(?:true|false)\s*)?$""")
METHOD = re.compile(r"\b(?:OneTrust|Optanon)\s*\??\.\s*([A-Za-z]\w{2,60})")
INTERFACES = re.compile(r"(?<!\w)(__tcfapi|__gpp|__uspapi|usprivacy|eupubconsent-v2|OTGPPConsent)(?!\w)")
NO_IDS = {"true", "false", "null", "undefined", "head", "body"}
# Those of banner/src/onetrust/api.js, and what a page may set itself.
METHODS = frozenset({
    "AllowAll", "BlockGoogleAnalytics", "Close", "FetchAndDownloadPC", "GetDomainData", "Init", "InitializeBanner",
    "InsertHtml", "InsertScript", "IsAlertBoxClosed", "IsAlertBoxClosedAndValid", "IsVendorServiceEnabled",
    "LoadBanner", "OnConsentChanged", "ReconsentGroups", "RejectAll", "SendReceipt", "SetAlertBoxClosed",
    "ToggleInfoDisplay", "TriggerGoogleAnalyticsEvent", "UpdateConsent", "UpdateGCM", "changeLanguage", "getCSS",
    "getDSDefaultIdentifier", "getDataSubjectId", "getGeolocationData", "getHTML", "initializeCookiePolicyHtml",
    "mobileOnlineURL", "otCookieData", "setConsentProfile", "setDataSubjectId", "setGeoLocation", "showVendorsList",
    "testLog", "updateConsentFromCookies", "useGeoLocationService",
})  # fmt: skip
PRESET = frozenset({"geolocationResponse", "dataSubjectParams"})


def ids(code: str) -> set[str]:
    """The categories that a piece of code names by id."""
    if not SPEAKS.search(code):
        return set()
    found = set(IDS.findall(code)) | {id for _, id in BETWEEN_COMMAS.findall(code)}
    for *_, switched in SWITCHED.findall(code):
        found |= {part.partition(":")[0].strip() for part in switched.split(",") if ":" in part}
    for arguments in INSERTED.findall(code):
        if arguments.count(",") >= 4 and (last := LAST_ID.search(arguments)):
            found.add(last[1])
    return found - NO_IDS - {""}


def missing(codes: Iterable[str]) -> list[str]:
    """What code asks for and we do not have, sorted."""
    found: set[str] = set()
    for code in codes:
        found |= {f"OneTrust.{name}" for name in METHOD.findall(code) if name not in METHODS | PRESET}
        found |= set(INTERFACES.findall(code))
    return sorted(found)
