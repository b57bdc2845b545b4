"""The second set behind nginx: two or three things at once or one after the other, and names."""

from __future__ import annotations

import struct
import time

from case import Case, Other
from nameserver import ADDRESS as NAMESERVER
from nameserver import NO_SUCH_NAME, Nameserver
from second_bench import BLOG, Ask, Blame, Expect, Say, name
from second_nginx import ACCOUNTS, BLIND, FEED, MEDIA, REFUSED, second
from second_nginx_bench import SecondNginx
from timeline import Event, play
from upstreams import Upstream, answer, close_after_request, slow


@second("second-nginx-three-faults", SecondNginx)
def three_faults(bench: SecondNginx) -> Case:
    """Three groups, three faults at once: refused, too slow, closed early."""
    apps = {address: bench.upstream(address, answer(delay=0.02)) for address in (ACCOUNTS, FEED, MEDIA)}
    bench.start(
        f"proxy_pass http://{name(ACCOUNTS)};",
        "apm",
        "keyed",
        http="proxy_read_timeout 1500ms;",
        server=f"location /v2/feed {{ proxy_pass http://{name(FEED)}; }}\n"
        f"        location /static {{ proxy_pass http://{name(MEDIA)}; }}",
    )
    bench.send(40)
    apps[ACCOUNTS].stop()
    apps[FEED].behaviour = slow(5)
    apps[MEDIA].behaviour = close_after_request
    bench.send(150)
    return bench.case(
        "Three upstreams. At the same moment the largest died (about seven of ten requests), /v2/feed became slower "
        "than "
        "proxy_read_timeout 1.5 s, and the server of /static closed without answering.",
        REFUSED,
        Blame(
            (name(ACCOUNTS),),
            other=(
                Other(["response-timeout"], [name(FEED)]),
                Other(["closed-early", "connection-reset", "worker-killed", "unknown"], [name(MEDIA)]),
            ),
        ),
    )


@second("second-nginx-one-after-the-other", SecondNginx)
def one_after_the_other(bench: SecondNginx) -> Case:
    """First one group's server is slow and recovers, a minute later another's dies."""
    media, accounts = bench.upstream(MEDIA), bench.upstream(ACCOUNTS)
    bench.start(
        f"proxy_pass http://{name(ACCOUNTS)};",
        "main_ext",
        "apm",
        http="proxy_read_timeout 700ms;",
        server=f"location /static {{ proxy_pass http://{name(MEDIA)}; }}",
    )

    def set_media(seconds: float) -> None:
        media.behaviour = answer(delay=seconds)

    diary = play(
        [
            Event(10, lambda: set_media(3), "/static became slow"),
            Event(25, lambda: set_media(0), "it was quick again"),
            Event(85, accounts.stop, "the server of all else died"),
            Event(105, accounts.start, "it was started again"),
        ],
        lambda: bench.send(460, rate=4),
    )
    return bench.case(
        "proxy_read_timeout 0.7 s. Two upstreams fail, the smaller one first, with a minute in between."
        "\n\nUTC:\n" + diary,
        REFUSED,
        Blame((name(ACCOUNTS),), other=(Other(["response-timeout"], [name(MEDIA)]),)),
    )


@second("second-nginx-limit-beside-outage", SecondNginx)
def limit_beside_outage(bench: SecondNginx) -> Case:
    """limit_req turns password guessers away (503) while the feed's server is down (502)."""
    bench.upstream(ACCOUNTS)
    feed: Upstream = bench.upstream(FEED)
    guess = Ask("/wp-login.php", 5, "POST", b"log=admin&pwd=letmein")
    read = (Ask("/feed/", 6), Ask("/2026/11/hello-world/", 9))
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "apm",
        "main_ext",
        http="limit_req_zone $server_name zone=login:1m rate=1r/s;",
        server="location /wp-login.php { limit_req zone=login burst=1 nodelay; "
        f"proxy_pass http://{name(ACCOUNTS)}; }}",
    )
    bench.send(60, (*read, guess), rate=15)
    feed.stop()
    bench.send(180, (*read, guess), rate=15)
    return bench.case(
        "limit_req on /wp-login.php (1 a second) turned guessers away all the time; after 60 requests the server of "
        "all "
        "other paths died.",
        REFUSED,
        Blame((name(FEED),)),
    )


@second("second-nginx-maintenance-beside-outage", SecondNginx)
def maintenance_beside_outage(bench: SecondNginx) -> Case:
    """`return 503` for /admin, as planned, and an unplanned outage of the rest."""
    app = bench.upstream(ACCOUNTS)
    admin = Ask("/wp-admin/admin-ajax.php?action=heartbeat&_wpnonce={n}", 4)
    bench.start(
        f"proxy_pass http://{name(ACCOUNTS)};",
        "keyed",
        "elk",
        server="location /wp-admin { return 503; }",
    )
    bench.send(60, (*BLOG, admin), rate=15)
    app.stop()
    bench.send(120, (*BLOG, admin), rate=15)
    return bench.case(
        "/wp-admin answers 503 by `return 503`, from the first line to the last. After 60 requests the server of the "
        "rest died.",
        REFUSED,
        Blame((name(ACCOUNTS),)),
    )


class _SomeNames(Nameserver):
    """Knows every name but those that begin with `gone`."""

    gone = b""

    def _answer(self, question: bytes) -> bytes:
        (length,) = struct.unpack_from("!B", question, 12)
        self.code = NO_SUCH_NAME if question[13 : 13 + length] == self.gone else 0
        return super()._answer(question)


@second("second-nginx-one-name-gone", SecondNginx)
def one_name_gone(bench: SecondNginx) -> Case:
    """Of two names one does not resolve any more; the other's requests are well."""
    bench.upstream(("127.0.1.11", 8080))
    names = bench.keep(_SomeNames("127.0.1.11"))
    bench.start(
        "set $feed feed.svc.example.net; proxy_pass http://$feed:8080;",
        "keyed",
        "main_ext",
        "main",
        http=f"resolver {NAMESERVER[0]}:{NAMESERVER[1]} valid=1s ipv6=off; resolver_timeout 1s;",
        server="location /v2/users { set $users users.svc.example.net; proxy_pass http://$users:8080; }",
    )
    bench.send(60)
    names.gone = b"users"
    time.sleep(1.3)
    bench.send(120)
    seen = Say(("dns-failure", "unknown"), ("proxy-local", "no-live-upstream", "no-route"))
    return bench.case(
        "Two names in variables, resolver valid=1s. After 60 requests users.svc.example.net was gone (NXDOMAIN), "
        "feed.svc.example.net was not.",
        Expect(Say(("dns-failure",)), seen, seen, BLIND),
    )
