"""`python -m bench.regime`: what choosing the regime adds to a gate request (budget: 20 µs and no query)."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

os.environ["FAIRGATE_TRUSTED_PROXIES"] = "127.0.0.1, 10.0.0.0/8, 2001:db8::/32"
os.environ["DJANGO_SETTINGS_MODULE"] = "cookiebanner.settings"

HEADERS = {
    "host": "consent.example", "user-agent": "Mozilla/5.0", "accept-encoding": "gzip, br", "cf-ipcountry": "US",
    "cf-region-code": "TX", "x-forwarded-for": "198.51.100.1",
}  # fmt: skip


def microseconds(rounds: int = 20_000, repeat: int = 7) -> float:
    """CPU time of one decision, from headers to the value of Fairgate-Regime; the best of `repeat` runs."""
    import django

    django.setup()
    from consent.jurisdictions.locate import decide
    from cookiebanner.visitors.place import header, place_of

    today = datetime.now(UTC).date()
    best = float("inf")
    for _ in range(repeat):
        started = time.thread_time()
        for _ in range(rounds):
            header(decide(place_of(HEADERS, "127.0.0.1"), today))
        best = min(best, (time.thread_time() - started) / rounds)
    return best * 1e6


if __name__ == "__main__":
    print(f"choosing the regime: {microseconds():.1f} µs a request (budget 20), 0 queries")
