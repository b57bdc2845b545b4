"""The second set with two or three tiers: the outer ones pass on what the innermost one says; only that knows why."""

from __future__ import annotations

import functools
import time

from case import Case
from nameserver import ADDRESS as NAMESERVER
from nameserver import NO_SUCH_NAME, Nameserver
from pki import NAME, Pki
from scenario import scenario
from second_bench import BLOG, Say, name, one_in
from second_nginx import ENDED
from second_tier_bench import SECOND_TIER, THIRD_TIER, SecondTiers
from servers import FRONT
from upstreams import answer, by_path, close_after_request, healthy, slow

second = functools.partial(scenario, set="second", private=True)

APP = ("127.0.1.11", 3000)
APP_2 = ("127.0.1.12", 3000)
TLS = ("127.0.5.51", 8443)

_PASSED_ON = Say(("upstream-error",))
#: Of Apache: it writes no more than the status that it passed on, and whole times.
_UNKNOWN = Say(("unknown",), ("upstream-error",))
_NEXT = f"proxy_read_timeout 10s; proxy_pass http://{name(SECOND_TIER)};"
_TO_NEXT = f"edge\n    timeout server 10s\n    server next {name(SECOND_TIER)}"


@second("second-tiers-haproxy-nginx-apache", SecondTiers)
def three_tiers(bench: SecondTiers) -> Case:
    """HAProxy, nginx, Apache, and an application that dies: only the innermost of three tiers is refused."""
    app = bench.upstream(APP)
    refused = Say(("connection-refused",))
    blind = Say(("unknown",), ("connection-refused", "no-live-upstream", "proxy-local"))
    inner = bench.apache("inner", THIRD_TIER, f"ProxyPass / http://{name(APP)}/", blind, refused, name(APP))
    middle_pass = f"proxy_pass http://{name(THIRD_TIER)};"
    middle = bench.nginx("middle", SECOND_TIER, middle_pass, _PASSED_ON, Say(), name(THIRD_TIER))
    outer = bench.haproxy("outer", FRONT, _TO_NEXT, _PASSED_ON, "edge/next")
    bench.send(50, rate=12)
    app.stop()
    bench.send(60, rate=12)
    return bench.case(
        "HAProxy passes everything to nginx, nginx to Apache, Apache to an application that died after 50 requests: "
        "Apache was refused and answered 503, which the others passed on.",
        [outer, middle, inner],
        refused,
        (name(APP),),
        ("unknown", "upstream-error"),
    )


@second("second-tiers-nginx-haproxy-queue", SecondTiers)
def queue(bench: SecondTiers) -> Case:
    """nginx before HAProxy, whose server has too few slots: sQ inside, 503 outside."""
    bench.upstream(APP, answer(delay=0.4))
    waited = Say(("queue-timeout",))
    backend = f"api\n    timeout queue 600ms\n    server api1 {name(APP)} maxconn 3"
    inner = bench.haproxy("inner", SECOND_TIER, backend, waited)
    outer = bench.nginx("outer", FRONT, _NEXT, _PASSED_ON, Say(), name(SECOND_TIER), layout="apm")
    bench.send(40, rate=5)
    bench.send(110, rate=18)
    return bench.case(
        "nginx passes everything to HAProxy, whose one server has maxconn 3 and answers in 0.4 s, timeout queue 600ms. "
        "At 18 requests a second many waited in vain for a slot: sQ and 503, which nginx passed on.",
        [outer, inner],
        waited,
        (),
    )


@second("second-tiers-nginx-haproxy-ready", SecondTiers)
def ready(bench: SecondTiers) -> Case:
    """nginx before HAProxy, whose health check hears 503 from both servers: <NOSRV>."""
    ill = by_path({"/ready": answer("503 Service Unavailable", b"db\n")})
    apps = [bench.upstream(address) for address in (APP, APP_2)]
    servers = "\n".join(f"    server api{n} {name(app)} check inter 400ms fall 2" for n, app in ((1, APP), (2, APP_2)))
    down = Say(("upstream-error", "no-live-upstream"))
    inner = bench.haproxy("inner", SECOND_TIER, f"api\n    option httpchk GET /ready\n{servers}", down)
    outer = bench.nginx("outer", FRONT, _NEXT, _PASSED_ON, Say(), name(SECOND_TIER), layout="analytics")
    bench.send(40, rate=12)
    for app in apps:
        app.behaviour = ill
    time.sleep(1)
    bench.send(60, rate=12)
    for app in apps:
        app.behaviour = healthy
    time.sleep(1.5)
    bench.send(20, rate=12)
    return bench.case(
        "nginx passes everything to HAProxy, both of whose servers said 503 to its check for six seconds: taken out, "
        "<NOSRV> and 503, which nginx passed on.",
        [outer, inner],
        down,
        (),
    )


@second("second-tiers-haproxy-nginx-tls", SecondTiers)
def tls(bench: SecondTiers) -> Case:
    """HAProxy before nginx, whose server's certificate has expired."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS, tls=pki.expired(NAME).server_context())
    verify = f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {pki.authority.certificate}; proxy_ssl_name {NAME};"
    expired = Say(("tls-certificate",))
    quick = Say(("tls-certificate", "unknown"), (*ENDED, "connection-refused", "tls-handshake"))
    inner = bench.nginx(
        "inner", SECOND_TIER, f"{verify} proxy_pass https://{name(TLS)};", quick, expired, name(TLS), layout="apm"
    )
    outer = bench.haproxy("outer", FRONT, _TO_NEXT, _PASSED_ON, "edge/next")
    bench.send(70, BLOG, rate=14)
    return bench.case(
        "HAProxy passes everything to nginx (proxy_ssl_verify on), whose only server has an expired certificate, from "
        "the first line to the last.",
        [outer, inner],
        expired,
        (name(TLS),),
        ("unknown", "connection-refused", "upstream-error"),
    )


@second("second-tiers-nginx-nginx-dns", SecondTiers)
def dns(bench: SecondTiers) -> Case:
    """nginx before nginx, whose upstream's name is gone."""
    bench.upstream((APP[0], 8080))
    names = bench.keep(Nameserver(APP[0]))
    gone = Say(("dns-failure",))
    inner = bench.nginx(
        "inner",
        SECOND_TIER,
        "set $app users.svc.example.net; proxy_pass http://$app:8080;",
        Say(("dns-failure", "unknown"), ("proxy-local", "no-live-upstream")),
        gone,
        layout="main_ext",
        http=f"resolver {NAMESERVER[0]}:{NAMESERVER[1]} valid=1s ipv6=off; resolver_timeout 1s;",
    )
    outer = bench.nginx("outer", FRONT, _NEXT, _PASSED_ON, Say(), name(SECOND_TIER))
    bench.send(50, rate=15)
    names.code = NO_SUCH_NAME
    time.sleep(1.3)
    bench.send(60, rate=15)
    return bench.case(
        "nginx passes everything to an inner nginx with a name in a variable (resolver valid=1s). After 50 requests "
        "the "
        "name was gone (NXDOMAIN): 502, which the outer one passed on.",
        [outer, inner],
        gone,
        (),
        ("unknown", "upstream-error"),
    )


@second("second-tiers-apache-nginx-slow", SecondTiers)
def apache_nginx(bench: SecondTiers) -> Case:
    """Apache before nginx, whose server is too slow for a third of the requests."""
    bench.upstream(APP, one_in(3, slow(4), answer(delay=0.02)))
    late = Say(("response-timeout",))
    inner_pass = f"proxy_read_timeout 1200ms; proxy_pass http://{name(APP)};"
    inner = bench.nginx("inner", SECOND_TIER, inner_pass, late, late, name(APP), layout="apm")
    site = f"ProxyPass / http://{name(SECOND_TIER)}/"
    unknown = Say(("unknown",), ("upstream-error", "response-timeout"))
    outer = bench.apache("outer", FRONT, site, unknown, Say())
    bench.send(110, rate=15)
    return bench.case(
        "Apache passes everything to nginx (proxy_read_timeout 1.2 s), whose server takes 4 s for every third request: "
        "504, which Apache passed on without a word in its error log.",
        [outer, inner],
        late,
        (name(APP),),
    )


@second("second-tiers-nginx-impatient-haproxy", SecondTiers)
def impatient(bench: SecondTiers) -> Case:
    """The outer nginx waits 0.7 s, the inner HAProxy 8 s: 504 outside, no failure inside."""
    app = bench.upstream(APP, answer(delay=0.02))
    inner = bench.haproxy(
        "inner", SECOND_TIER, f"api\n    server api1 {name(APP)}", Say(), defaults="timeout server 8s"
    )
    late = Say(("response-timeout",))
    outer_pass = f"proxy_read_timeout 700ms; proxy_pass http://{name(SECOND_TIER)};"
    outer = bench.nginx("outer", FRONT, outer_pass, late, late, name(SECOND_TIER))
    bench.send(50, rate=12)
    app.behaviour = slow(2)
    bench.send(60, rate=12)
    time.sleep(2)
    return bench.case(
        "nginx (proxy_read_timeout 0.7 s) passes everything to HAProxy (timeout server 8s). After 50 requests the "
        "application took 2 s: nginx answered 504, HAProxy saw its client leave, or an answer that nobody took.",
        [outer, inner],
        late,
        (),
    )


@second("second-tiers-haproxy-nginx-closed", SecondTiers)
def closed(bench: SecondTiers) -> Case:
    """HAProxy before nginx, one of whose servers closes without answering; another tier's retry does not help POSTs."""
    bench.upstream(APP)
    bench.upstream(APP_2, close_after_request)
    ended = Say(("closed-early",))
    group = f"upstream api {{ server {name(APP)} max_fails=0; server {name(APP_2)} max_fails=0; }}"
    inner = bench.nginx(
        "inner",
        SECOND_TIER,
        "proxy_next_upstream off; proxy_pass http://api;",
        Say(("closed-early", "unknown"), ENDED),
        ended,
        name(APP_2),
        http=group,
    )
    outer = bench.haproxy("outer", FRONT, _TO_NEXT, _PASSED_ON, "edge/next")
    bench.send(110)
    return bench.case(
        "HAProxy passes everything to nginx (proxy_next_upstream off), the second of whose two servers closes on each "
        "request without answering.",
        [outer, inner],
        ended,
        (name(APP_2),),
        ("unknown", "connection-reset", "worker-killed"),
    )
