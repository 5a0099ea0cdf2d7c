"""Code behind a held library that calls it at once waits for it: each service says the names, or here is why it has none."""

from __future__ import annotations

import re

from consent.catalogue import known

MARK = re.compile(r"after:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# Why a service has no mark. What pages call of it is …
NONE = {
    "made by its own snippet or by the page, as a function or a list that queues calls until the library is there": """
        ab-tasty activecampaign adform adroll amazon-ads appdynamics attentive baidu-tongji batch bloomreach branch
        brevo cal-com chartbeat clearbit cleverpush clevertap clicky cnzz connatix contentsquare convert crisp
        customer-io cxense drift drip econda eloqua emarsys embedly etracker eulerian fullstory gainsight-px gemius
        genesys getresponse google-ads google-optimize google-tag google-tag-manager growthbook heap help-scout
        histats hotjar impact inspectlet instana intercom iterable kameleoon klaviyo leadfeeder leadinfo
        linkedin-insight livechat liveperson lucky-orange mailerlite marker-io media-net meta-pixel mgid microsoft-ads
        microsoft-application-insights microsoft-clarity mixpanel moengage monetate mouseflow mparticle nextdoor-pixel
        nielsen nosto olark omnisend onesignal openpanel openreplay optimizely optinmonster outbrain pendo permutive
        piano-composer pingdom pinterest-tag pipedrive piwik-pro plausible posthog privy pushengage pushwoosh
        qualified quantcast quora-pixel raygun readspeaker reddit-pixel refersion rudderstack salesloft segment
        shareaholic sharpspring simple-analytics siteimprove smartlook smartsupp snap-pixel snowplow speedcurve
        spotify-pixel survicate taboola tawk tiktok-pixel top-mail-ru tradedoubler trusted-shops usabilla uservoice
        vercel-analytics viglink vwo webtrekk wiredminds wisepops woopra wunderkind x-ads yandex-metrica zoho-salesiq
    """,
    "in inline code that is the tracker itself, and is held as such": "akamai-mpulse dynatrace new-relic",
    "nothing: it is a tag with its settings, a beacon, a feed or a frame": """
        6sense acast acuity ahrefs-analytics albacross amazon-cognito apple-pay arcgis arkose-labs awin bandcamp
        bidswitch bluekai bluesky bombora browsealoud bunny-stream buzzsprout campaign-monitor capterra cj-affiliate
        cleverreach clickcease cloudflare-stream cloudflare-web-analytics constant-contact crazy-egg databuddy
        datadome deezer demandbase dotdigital elfsight feefo flickr forter freewheel giphy giscus glassbox
        google-forms gravatar gumgum human-security improve-digital index-exchange insent issuu jivochat juicer kit
        leadpages lightwidget liveramp loom loox lotame magnite mediamath megaphone microsoft-dynamics-marketing
        microsoft-forms mux nexxen openstreetmap opentable openweb openx pardot parsely partnerize podigee pubmatic
        quantum-metric rakuten-advertising rb2b reddit-embeds rtb-house shareasale sharethrough shopify-analytics
        skimlinks slideshare sovrn spotify stackadapt tapad teads telegram terminus the-trade-desk threads
        tiktok-embeds transunion-agkn triplelift tumblr unbounce vk-pixel whatsapp wordpress-stats xandr yahoo-ads
        yieldlab yieldmo zoominfo
    """,
    "nothing of its own: it delivers fonts and other people's libraries": """
        bootstrap-cdn bunny-fonts cdnjs esm-sh font-awesome fontshare google-fonts google-hosted-libraries jquery-cdn
        jsdelivr jspm microsoft-ajax-cdn monotype-fonts tailwind-cdn typography-com unpkg
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
