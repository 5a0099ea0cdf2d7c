"""What a visitor's request says about itself besides its place, in closed words."""

from __future__ import annotations

from collections.abc import Mapping

from consent.stats.how import device_class
from fairgate_enforce.signals import sent

GPC = "gpc"


def gpc(headers: Mapping[str, str]) -> bool:
    """Whether the request carries Global Privacy Control, which totals count. `headers` by lower-case name."""
    return GPC in sent(headers)


def device(headers: Mapping[str, str]) -> str:
    """phone, tablet or desktop."""
    return device_class(headers.get("user-agent", ""), headers.get("sec-ch-ua-mobile", ""))
