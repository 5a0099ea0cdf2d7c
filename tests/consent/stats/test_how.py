from __future__ import annotations

import pytest

from consent.stats.how import DEVICES, LAYERS, OTHER, TIMES, device_class, layer_of, waited

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15"


@pytest.mark.parametrize(
    ("agent", "mobile", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
            "?0",
            "desktop",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "", "desktop"),
        (MAC, "", "desktop"),  # an iPad says the same
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1", "", "phone"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36", "?1", "phone"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0", "", "phone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "?1", "phone"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "?0", "tablet"),
        ("Mozilla/5.0 (Android 16; Tablet; rv:153.0) Gecko/153.0 Firefox/153.0", "", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1", "", "tablet"),
        ("Mozilla/5.0 (Linux; Android 11; KFTRWI) Silk/120.1 like Chrome/120.0 Safari/537.36", "", "tablet"),
        ("", "", "desktop"),
        ("curl/8.0", "", "desktop"),
        ("x" * 65_000 + "iPhone", "", "desktop"),  # only the beginning is read
        ("", "?1" + "x" * 65_000, "desktop"),
    ],
)
def test_device_classes(agent, mobile, device):
    assert device_class(agent, mobile) == device
    assert device in DEVICES


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [
        (0, "<1s"), (999, "<1s"), (1000, "<3s"), (2999, "<3s"), (3000, "<10s"), (9999, "<10s"), (10_000, "<30s"),
        (29_999, "<30s"), (30_000, "<60s"), (59_999, "<60s"), (60_000, "<300s"), (299_999, "<300s"), (300_000, "more"),
        (86_400_000, "more"), (None, "unknown"), ("5", "unknown"), (True, "unknown"), (False, "unknown"),
    ],
)  # fmt: skip
def test_times_fall_into_buckets(milliseconds, bucket):
    assert waited(milliseconds) == bucket
    assert bucket in TIMES


def test_a_layer_is_one_of_few_words():
    assert [layer_of(given) for given in (*LAYERS, "links", "x" * 40, "Banner", 2, None)] == [*LAYERS, *[OTHER] * 5]
