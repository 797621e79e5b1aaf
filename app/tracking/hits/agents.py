"""User agents of scanners and image proxies."""

from __future__ import annotations

import re

# Mail security products, link checkers, preview fetchers and plain HTTP libraries.
SCANNERS = re.compile(
    r"bot\b|bot/|crawl|spider|scan|slurp|preview|fetch(?:er)?\b|validator|monitor|checker|unfurl|embed"
    r"|barracuda|proofpoint|mimecast|symantec|messagelabs|sophos|trendmicro|forcepoint|fireeye|cisco|ironport|fortinet"
    r"|zscaler|avanan|safelinks|vade|cloudmark|bitdefender|kaspersky|mcafee|trustwave|urldefense|virustotal|urlscan"
    r"|curl|wget|python|aiohttp|httpx|requests|go-http|okhttp|java/|apache-http|libwww|perl|ruby|node-fetch|axios|undici"
    r"|guzzle|headless|phantomjs|selenium|playwright|puppeteer|lighthouse|facebookexternalhit|slack|whatsapp|telegram"
    r"|skypeuri|discord|linkedin|pinterest|feedly|wordpress|archive\.org|bytespider|sogou|baiduspider",
    re.IGNORECASE,
)

# Services that fetch images for people, whether or not a person looks.
IMAGE_PROXIES = re.compile(
    r"GoogleImageProxy|YahooMailProxy|ggpht\.com|OutlookImageProxy|qqmail.*proxy|DuckDuckGo.*Email|ProtonMail",
    re.IGNORECASE,
)

# Apple's privacy proxy sends this and nothing more; a person's own Apple Mail adds its version.
APPLE_PRIVACY_PROXY = "Mozilla/5.0"


def is_scanner(agent: str) -> bool:
    """Say whether the program names itself as something that works without a person."""
    return bool(SCANNERS.search(agent))


def is_image_proxy(agent: str) -> bool:
    """Say whether the image was fetched by a service that hides when, or whether, a person looked."""
    return agent.strip() == APPLE_PRIVACY_PROXY or bool(IMAGE_PROXIES.search(agent))
