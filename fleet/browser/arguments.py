"""
What Chromium is started with: no way out of a page that its guard does not see, none inside.

The guard stands on the requests of one page (`visit/interceptor.py`). What would leave beside
them is switched off here, for every frame, worker and page at once, and a page cannot switch it
on again. Which way out is closed by what: docs/conduct.md; tried: tests/visit/test_ways_out.py.

Playwright adds switches of its own. Each is in docs/chromium.md with the reason why it stays or
goes, and a test compares that table with the command line of a running Chromium.
"""

from __future__ import annotations

ARGUMENTS = (
    "--disable-background-networking",
    "--block-new-web-contents",  # no popup: its first request would leave before the guard stands
    "--disable-shared-workers",  # they outlive pages and are not seen by a page's guard
    # frames that ask for a process of their own would be pages of their own to Chromium
    "--disable-site-isolation-trials",
    # WebRTC sends no datagrams; the second is the word of a Chromium that is no headless shell
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)

NOT_PLAYWRIGHTS = (
    # without it Chromium takes 200 changes of address in 10 s from a page, and drops the rest
    "--disable-ipc-flooding-protection",
)
"""Switches that Playwright adds and Chromium is not to get."""

FEATURES = (
    # Playwright's own: of two such arguments Chromium takes the last
    "CDPScreenshotNewSurface",
    "SkipListAccountsWithoutGaiaCookies",
    # speculation rules: of what a page wants prefetched or prerendered, none at once
    "PrefetchSchedulerTesting:kPrefetchSchedulerTestingActiveSetSizeLimitForBase/0"
    "/kPrefetchSchedulerTestingActiveSetSizeLimitForBurst/0",
    # a page of the public network asks none of this machine or of the networks around it, by the
    # address that was connected to; all but the page's own documents (`visit/gate.py`)
    "LocalNetworkAccessChecks:LocalNetworkAccessChecksWarn/false",
    "LocalNetworkAccessForSubframeNavigations",
    "LocalNetworkAccessForFencedFrameNavigations",
    "LocalNetworkAccessForWorkers",
    "LocalNetworkAccessChecksWebRTC",
    "LocalNetworkAccessChecksWebSockets",
    "LocalNetworkAccessChecksWebTransport",
)

NO_SOCKETS = (
    # WebSockets take the proxy for "all others", at a port of this machine where nobody listens.
    # http and https go out directly, whatever the system's settings say.
    "--proxy-server=http=direct://;https=direct://;socks=127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",  # not even a WebSocket of this machine goes past it
)
"""Given unless the environment names a proxy: then `none` is so, not assumed."""

LOOPBACK_ONLY = (
    "--host-resolver-rules=MAP * ~NOTFOUND,"
    " EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1"
)
"""For practice and tests: no other host can be reached, whatever a page asks for."""


def arguments_for(*, loopback_only: bool, own_proxy: bool) -> list[str]:
    """
    The command line of a Chromium for visits.

    Args:
        own_proxy: the machine's own variables name a proxy, which is used; WebSockets take it, too.
    """
    return [
        *ARGUMENTS,
        "--enable-features=" + ",".join(FEATURES),
        *([] if own_proxy else NO_SOCKETS),
        *([LOOPBACK_ONLY] if loopback_only else []),
    ]
