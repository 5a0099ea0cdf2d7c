"""What a visitor's request says about itself besides its place, in closed words."""

from __future__ import annotations

from collections.abc import Mapping

from consent.stats.how import device_class


def gpc(headers: Mapping[str, str]) -> bool:
    """Whether the request carries Global Privacy Control. `headers` by lower-case name."""
    signal = headers.get("sec-gpc")
    return signal is not None and "1" in signal[:64].replace(" ", "").split(",")


def device(headers: Mapping[str, str]) -> str:
    """phone, tablet or desktop."""
    return device_class(headers.get("user-agent", ""), headers.get("sec-ch-ua-mobile", ""))
