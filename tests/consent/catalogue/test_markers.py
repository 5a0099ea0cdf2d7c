"""Code behind a held library that calls it at once waits for it: each service says the names, or here is why it has none."""

from __future__ import annotations

import re

from consent.catalogue import known

MARK = re.compile(r"after:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# Why a service has no mark. What pages call of it is …
NONE = {
    "made by its own snippet or by the page, as a function or a list that queues calls until the library is there": """
        ab-tasty activecampaign adroll amazon-ads branch brevo chartbeat clearbit contentsquare convert crisp
        customer-io drift eloqua fullstory gainsight-px google-ads google-optimize google-tag google-tag-manager heap
        hotjar impact inspectlet intercom kameleoon klaviyo leadfeeder linkedin-insight livechat lucky-orange meta-pixel
        microsoft-ads microsoft-application-insights microsoft-clarity mixpanel mouseflow nielsen olark onesignal
        optimizely outbrain pendo pinterest-tag piwik-pro plausible posthog qualified quantcast quora-pixel raygun
        reddit-pixel rudderstack segment simple-analytics smartlook snap-pixel snowplow speedcurve taboola tawk
        tiktok-pixel vwo x-ads yandex-metrica
    """,
    "in inline code that is the tracker itself, and is held as such": "akamai-mpulse dynatrace new-relic",
    "nothing: it is a tag with its settings, a beacon, a feed or a frame": """
        6sense albacross awin bombora cj-affiliate cloudflare-web-analytics crazy-egg demandbase giphy gravatar
        index-exchange insent issuu liveramp magnite microsoft-dynamics-marketing openstreetmap openx pardot parsely
        pubmatic quantum-metric rakuten-advertising rb2b shopify-analytics slideshare spotify stackadapt teads terminus
        the-trade-desk tiktok-embeds whatsapp wordpress-stats xandr yahoo-ads zoominfo
    """,
    "nothing of its own: it delivers fonts and other people's libraries": """
        bootstrap-cdn bunny-fonts cdnjs esm-sh font-awesome google-fonts google-hosted-libraries jquery-cdn jsdelivr
        microsoft-ajax-cdn monotype-fonts typography-com unpkg
    """,
}


def test_every_service_says_by_which_names_pages_call_it_or_has_a_reason_why_not() -> None:
    marked = {s["key"] for s in known.services() if any(mark.startswith("after:") for mark in s["inline"])}
    reasoned = [key for keys in NONE.values() for key in keys.split()]
    assert sorted([*marked, *reasoned]) == sorted(service["key"] for service in known.services())


def test_a_mark_is_a_name_that_a_gate_can_look_for() -> None:
    marks = [mark for s in known.services() for mark in s["inline"] if mark.startswith("after:")]
    assert [mark for mark in marks if not MARK.fullmatch(mark)] == []
    assert len(marks) > 90
