"""What a gate's report may be about: a host name, or one of a closed set of words. Nothing else is kept.

`RULES` has one rule a kind: the subject as a gate sent it → as it is kept, "" when it does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from consent.sites.origins import host_name

# Everything that the files of src/block of the banner call `disarmed` with.
PARTS = frozenset(
    """
    src srcset data poster href imageSrcset ping background srcdoc type rel
    setAttribute setAttributeNS setAttributeNode setAttributeNodeNS getAttribute hasAttribute removeAttribute
    appendChild insertBefore replaceChild append prepend replaceChildren moveBefore before after replaceWith
    insertAdjacentElement insertNode surroundContents attachShadow importNode adoptNode splitText
    innerHTML setHTML setHTMLUnsafe outerHTML insertAdjacentHTML createContextualFragment write writeln textContent text
    insertRule replace replaceSync fetch fetchLater addModule open sendBeacon submit register
    Worker SharedWorker worker-src createObjectURL revokeObjectURL createPolicy
    EventSource WebSocket Audio FontFace contentWindow contentDocument
    cookie set localStorage sessionStorage getItem setItem removeItem clear key length storageArea
    KeyframeEffect MutationObserver Node PaymentRequest RTCPeerConnection WebKitMutationObserver WebSocketStream
    WebTransport add addAll addRule animate appendData appendRule attributes baseVal click closest complete
    createProcessingInstruction cssText decode deleteData execCommand get getAttributeNS getAttributeNames
    getAttributeNode getAttributeNodeNS getHTML hasAttributeNS innerText insertAdjacentText insertData isEqualNode
    matches nodeValue observe outerText ownerElement parseHTMLUnsafe querySelector querySelectorAll relList remove
    removeAttributeNS removeAttributeNode replaceData sandbox serializeToString setKeyframes setNamedItem
    setNamedItemNS setProperty style takeRecords toggle toggleAttribute value webkitMatchesSelector
    setIdentityProvider removeProperty getPropertyPriority item
    webkitRTCPeerConnection toString currentSrc content body getPropertyValue animVal registerProperty create
    caption tHead tFoot navigate setConfiguration
    signalUnknownCredential signalAllAcceptedCredentials signalCurrentUserDetails
    evaluate createExpression getComputedStyle close dispatchEvent
    addEventListener late drop_in snippet strict server
    """.split()  # noqa: SIM905 - to be read
)
# How a gate comes to run after the page has begun: by an attribute of its tag, or because a script, such as a tag
# manager's, put the tag into the page.
LATE = frozenset({"async", "defer", "inserted"})
# What two buttons may differ in, of all that CSS knows.
PROPERTIES = frozenset(
    """
    background-color background-image border-top-width border-top-color border-top-style border-top-left-radius
    box-shadow clip-path color display filter font-family font-size font-style font-weight height letter-spacing
    line-height margin-top min-height opacity order outline-color padding-left padding-top pointer-events position
    text-align text-decoration-line text-transform transform visibility width
    """.split()  # noqa: SIM905 - to be read
)
MOST_PROPERTIES = 5
# Ids that a page names, libraries, file names of ours: short, and no place for an address or a word about a person.
_ID = re.compile(r"[\w.-]{1,40}", re.A)


def _one_of(words: frozenset[str]) -> Callable[[str], str]:
    return lambda subject: subject if subject in words else ""


def _id(subject: str) -> str:
    return subject if _ID.fullmatch(subject) else "other"


def _design(subject: str) -> str:
    """`ot-pc-refuse-all-handler fg-b: color,width` → `preferences: color, width`; classes of the page's are dropped."""
    where, _, differing = subject.partition(": ")
    known = sorted(PROPERTIES.intersection(differing.split(",")))[:MOST_PROPERTIES]
    layer = "preferences" if "ot-pc-refuse-all-handler" in where.split() else "banner"
    return f"{layer}: {', '.join(known) or 'other'}" if differing else ""


RULES: dict[str, Callable[[str], str]] = {
    "unknown": host_name,
    "disarmed": _one_of(PARTS),
    "late": _one_of(LATE),
    "before": host_name,
    "design": _design,
    "unknown_id": _id,
    "broken": _id,
    "missing": _id,
    "unkept": _one_of(frozenset({"answer"})),
}


def subject_of(kind: str, given: str) -> str:
    """The subject as it is kept, "" when there is no report of this kind about it."""
    rule = RULES.get(kind)
    return rule(given) if rule else ""
