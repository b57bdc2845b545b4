"""The second set behind nginx: servers that cannot be reached, that are slow, that come and go."""

from __future__ import annotations

import functools
import signal
import time

from case import Case
from isolation import ABSENT_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST
from scenario import scenario
from second_bench import BLOG, SOCIAL, Ask, Blame, Expect, Say, few_at_once, name, one_in
from second_nginx_bench import REAL_IP, SecondNginx
from timeline import Event, play
from upstreams import BODY, FullBacklog, answer, by_path, healthy, hold, slow

second = functools.partial(scenario, set="second", private=True)

ACCOUNTS = ("127.0.1.11", 3000)
ACCOUNTS_2 = ("127.0.1.12", 3000)
ACCOUNTS_3 = ("127.0.1.13", 3000)
FEED = ("127.0.2.21", 8600)
FEED_V6 = ("::1", 8601)
MEDIA = ("127.0.3.31", 9000)

#: What else a connect that failed at once may have been.
_AT_ONCE = ("connection-refused", "host-unreachable", "socket-missing", "permission-denied", "backlog-full")
#: How else a connection that was made may have ended at once.
ENDED = ("closed-early", "connection-reset", "worker-killed", "invalid-response", "protocol-mismatch", "header-too-big")
BLIND = Say(("unknown",))
_BLIND_TIMEOUT = Say(("unknown",), ("response-timeout", "connect-timeout"))

REFUSED = Expect(
    Say(("connection-refused",)),
    Say(("connection-refused",)),
    Say(("connection-refused", "unknown"), (*_AT_ONCE, *ENDED)),
    BLIND,
)
TIMEOUT = Expect(
    Say(("response-timeout",)),
    Say(("response-timeout",)),
    Say(("response-timeout", "unknown"), ("connect-timeout",)),
    _BLIND_TIMEOUT,
)
CONNECT_TIMEOUT = Expect(
    Say(("connect-timeout",)),
    Say(("connect-timeout",)),
    Say(("connect-timeout", "unknown"), ("response-timeout",)),
    _BLIND_TIMEOUT,
)


def not_connected(cause: str) -> Expect:
    """connect() fails at once; only the error log says with what."""
    return Expect(
        Say((cause,)), Say((cause, "unknown"), _AT_ONCE), Say((cause, "unknown"), (*_AT_ONCE, *ENDED)), BLIND
    )


def ended(cause: str, *or_else: str) -> Expect:
    """The connection was made and brought no answer that nginx takes."""
    seen = Say((cause, *or_else, "unknown"), ENDED)
    return Expect(
        Say((cause, *or_else)), seen, Say(seen.cause, (*ENDED, "connection-refused", "keepalive-race")), BLIND
    )


def servers(group: str, options: str, *addresses: tuple[str, int]) -> str:
    return f"upstream {group} {{ {' '.join(f'server {name(address)} {options};' for address in addresses)} }}"


# Refused.


@second("second-nginx-ipv6-canary-dead", SecondNginx)
def ipv6_canary(bench: SecondNginx) -> Case:
    """One of three servers, the one on IPv6, dies; retries save all of it."""
    for address in (FEED, ("127.0.2.22", 8600)):
        bench.upstream(address)
    dead = bench.upstream(FEED_V6)
    bench.start(
        "proxy_pass http://feed;",
        "apm",
        "main_ext",
        "main",
        http=servers("feed", "max_fails=0", FEED, ("127.0.2.22", 8600), FEED_V6) + REAL_IP,
    )
    bench.send(60)
    dead.stop()
    bench.send(120)
    return bench.case(
        "Three servers with max_fails=0, one of them on IPv6. After 60 requests that one was stopped. About every "
        "third "
        "request went there first, was refused, and was passed on: no client saw an error. Clients' addresses, some "
        "IPv6, are taken from X-Forwarded-For.",
        REFUSED,
        Blame((name(FEED_V6),), "feed"),
    )


@second("second-nginx-one-percent", SecondNginx)
def one_percent(bench: SecondNginx) -> Case:
    """A dead server of small weight, and no retries: some 1 % of a steady 60 requests a second."""
    for address in (ACCOUNTS, ACCOUNTS_2):
        bench.upstream(address, answer(delay=0.01))
    weighted = f"upstream accounts {{ server {name(ACCOUNTS)} weight=45; server {name(ACCOUNTS_2)} weight=45; server "
    bench.start(
        "proxy_next_upstream off; proxy_pass http://accounts;",
        "keyed",
        "elk",
        http=weighted + f"{name(ACCOUNTS_3)} weight=1 max_fails=0; }}",
    )
    bench.send(700, rate=60)
    return bench.case(
        "Two servers of weight 45 and, new in the group, a third of weight 1, on which nothing listens yet; "
        "proxy_next_upstream off. 60 requests a second: about 1 % were refused.",
        REFUSED,
        Blame((name(ACCOUNTS_3),), "accounts"),
    )


@second("second-nginx-wrong-port-then-right", SecondNginx)
def wrong_port(bench: SecondNginx) -> Case:
    """Broken from the first line; a reload with the right port mends it."""
    bench.upstream(ACCOUNTS)
    right = f"proxy_pass http://{name(ACCOUNTS)};"
    wrong = right.replace(":3000", ":3001")
    nginx = bench.start(wrong, "main_ext", "analytics", "main", error_level="notice")
    bench.send(60, rate=10)
    config = bench.work_dir / "nginx.conf"
    config.write_text(config.read_text(encoding="utf-8").replace(wrong, right), encoding="utf-8")
    nginx.signal(signal.SIGHUP)
    time.sleep(1)
    bench.send(60, rate=10)
    return bench.case(
        "The log begins in the middle of it: proxy_pass to a port on which nothing listens. 60 requests were refused, "
        "then the port was corrected and nginx reloaded (error_log at notice), and 60 went well.",
        REFUSED,
        Blame((name(("127.0.1.11", 3001)),)),
    )


@second("second-nginx-crash-loop", SecondNginx)
def crash_loop(bench: SecondNginx) -> Case:
    """The only server starts, lives for a second, is gone for one and a half: a crash loop."""
    app = bench.upstream(FEED)
    bench.start(f"proxy_pass http://{name(FEED)};", "keyed", "elk", "main")
    events = []
    for start in (2.0, 4.5, 7.0, 9.5):
        events.append(Event(start, app.stop, "the server was gone"))
        events.append(Event(start + 1.5, app.start, "it was up"))
    diary = play(events, lambda: bench.send(180, rate=15))
    return bench.case(
        "From the second second on the only server was gone for 1.5 s, up for 1 s, and so on, four times.\n\nUTC:\n"
        + diary,
        REFUSED,
        Blame((name(FEED),)),
    )


@second("second-nginx-reload-in-outage", SecondNginx)
def reload_in_outage(bench: SecondNginx) -> Case:
    """Somebody reloads nginx in the middle of an outage, which changes nothing."""
    app = bench.upstream(MEDIA, answer(delay=0.03))
    nginx = bench.start(f"proxy_pass http://{name(MEDIA)};", "apm", "main", error_level="notice")
    diary = play(
        [
            Event(3, app.stop, "the server died"),
            Event(5, lambda: nginx.signal(signal.SIGHUP), "nginx was reloaded"),
            Event(7, lambda: nginx.signal(signal.SIGHUP), "nginx was reloaded again"),
            Event(9, app.start, "the server was started"),
        ],
        lambda: bench.send(165, BLOG, rate=15),
    )
    return bench.case(
        "error_log at notice. The only server died for six seconds; meanwhile nginx was reloaded twice, which did not "
        "help.\n\nUTC:\n" + diary,
        REFUSED,
        Blame((name(MEDIA),)),
    )


@second("second-nginx-three-down-and-back", SecondNginx)
def three_down(bench: SecondNginx) -> Case:
    """All three servers die and come back: refused, `no live upstreams`, refused, ... and well."""
    addresses = (ACCOUNTS, ACCOUNTS_2, ACCOUNTS_3)
    apps = [bench.upstream(address) for address in addresses]
    bench.start(
        "proxy_pass http://accounts;",
        "apm",
        "elk",
        "main",
        http=servers("accounts", "max_fails=2 fail_timeout=3s", *addresses),
    )
    diary = play(
        [
            Event(3, lambda: [app.stop() for app in apps], "all three servers were stopped"),
            Event(10, lambda: [app.start() for app in apps], "all three were started"),
        ],
        lambda: bench.send(144, rate=9),
    )
    expect = Expect(
        REFUSED.sure,
        Say(("connection-refused",), ("no-live-upstream",)),
        Say(("connection-refused", "no-live-upstream", "unknown"), _AT_ONCE),
        BLIND,
    )
    return bench.case(
        "Three servers, max_fails=2 fail_timeout=3s. All were stopped for seven seconds: each was refused twice, then "
        "nginx said `no live upstreams` without trying, and so again every three seconds. The refusals are the root."
        "\n\nUTC:\n" + diary,
        expect,
        Blame(tuple(map(name, addresses)), "accounts"),
    )


@second("second-nginx-all-marked-down", SecondNginx)
def all_marked_down(bench: SecondNginx) -> Case:
    """Every server of the group is `down` in the configuration: no server is ever tried."""
    bench.upstream(FEED)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "main_ext",
        "keyed",
        "main",
        http=servers("thumbs", "down", MEDIA, ("127.0.3.32", 9000)),
        server="location /static { proxy_pass http://thumbs; }",
    )
    bench.send(200)
    none = Say(("no-live-upstream",))
    return bench.case(
        "/static goes to a group of which an operator marked both servers `down`: nginx has nobody to ask and tries "
        "nobody. The other paths are well.",
        Expect(none, none, none, BLIND),
        Blame((), "thumbs", top_path="/static/app.9f3c.js"),
    )


@second("second-nginx-max-conns", SecondNginx)
def max_conns(bench: SecondNginx) -> Case:
    """max_conns of both servers is reached at a peak: `no live upstreams`."""
    for address in (ACCOUNTS, ACCOUNTS_2):
        bench.upstream(address, answer(delay=0.6))
    bench.start(
        "proxy_pass http://accounts;",
        "apm",
        "main_ext",
        "main",
        http=servers("accounts", "max_conns=4 max_fails=0", ACCOUNTS, ACCOUNTS_2),
    )
    bench.send(40, rate=6)
    bench.send(120, rate=30)
    bench.send(40, rate=6)
    limit = Say(("circuit-breaker", "no-live-upstream"))
    return bench.case(
        "Two servers with max_conns=4, answers in 0.6 s. At 6 requests a second all went well; at 30 a second both "
        "limits were reached, and nginx answered `no live upstreams` to about half; then 6 a second again.",
        Expect(limit, limit, limit, BLIND),
        Blame((), "accounts"),
    )


@second("second-nginx-backup-takes-socket", SecondNginx)
def backup_takes(bench: SecondNginx) -> Case:
    """The unix socket of the only main server goes; a backup over TCP answers in its stead."""
    socket = RUN_DIR / "puma.sock"
    app = bench.upstream(socket)
    bench.upstream(MEDIA)
    bench.start(
        "proxy_pass http://web;",
        "keyed",
        "main_ext",
        "main",
        http=f"upstream web {{ server unix:{socket} max_fails=0; server {name(MEDIA)} backup; }}",
    )
    bench.send(40)
    app.stop()
    socket.unlink()
    bench.send(90)
    return bench.case(
        f"`server unix:{socket} max_fails=0; server {name(MEDIA)} backup`. After 40 requests the application was "
        "stopped "
        "and took its socket with it. Each request was tried there, and then answered by the backup: 200 for all.",
        not_connected("socket-missing"),
        Blame((f"unix:{socket}",), "web"),
    )


@second("second-nginx-uwsgi-missing", SecondNginx)
def uwsgi_missing(bench: SecondNginx) -> Case:
    """uwsgi_pass to a socket that was never there."""
    socket = RUN_DIR / "uwsgi-accounts.sock"
    bench.upstream(FEED)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "analytics",
        "main",
        server=f"location /v2/users {{ uwsgi_param REQUEST_URI $request_uri; uwsgi_pass unix:{socket}; }}",
    )
    bench.send(120)
    return bench.case(
        "/v2/users goes by uwsgi_pass to a unix socket that does not exist; the other paths are well.",
        not_connected("socket-missing"),
        Blame((f"unix:{socket}",)),
    )


@second("second-nginx-grpc-refused", SecondNginx)
def grpc_refused(bench: SecondNginx) -> Case:
    """grpc_pass to a server that is not there, for a third of the requests."""
    bench.upstream(FEED)
    rpc = Ask("/accounts.v2.Accounts/Get", 10, "POST", BODY)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "keyed",
        "analytics",
        "main",
        server="location /accounts. { grpc_pass grpc://127.0.4.41:50051; }",
    )
    bench.send(120, (*SOCIAL, rpc))
    return bench.case(
        "grpc_pass to a port on which nothing listens, for a third of the requests.",
        REFUSED,
        Blame(("127.0.4.41:50051",), top_path="/accounts.v2.Accounts/Get"),
    )


# Nobody answers, or a router does.


@second("second-nginx-one-silent-host", SecondNginx)
def one_silent(bench: SecondNginx) -> Case:
    """One of three servers is behind a firewall that drops; retries save its requests, 0.7 s later."""
    for address in (ACCOUNTS, ACCOUNTS_2):
        bench.upstream(address)
    silent = (SILENT_HOST, 3000)
    bench.start(
        "proxy_connect_timeout 700ms; proxy_pass http://accounts;",
        "apm",
        "main_ext",
        "main",
        http=servers("accounts", "max_fails=0", ACCOUNTS, ACCOUNTS_2, silent),
    )
    bench.send(120, rate=15)
    return bench.case(
        "Three servers with max_fails=0, proxy_connect_timeout 0.7 s. The third's host drops every packet: about each "
        "third request waited 0.7 s for it and was then answered by another.",
        CONNECT_TIMEOUT,
        Blame((name(silent),), "accounts"),
    )


@second("second-nginx-silent-from-middle", SecondNginx)
def silent_from_middle(bench: SecondNginx) -> Case:
    """In the middle of the log the site moves to a host whose firewall drops every packet."""
    bench.upstream(FEED)
    silent = (SILENT_HOST, 8600)
    well, ill = f"proxy_pass http://{name(FEED)};", f"proxy_pass http://{name(silent)};"
    nginx = bench.start(f"proxy_connect_timeout 1500ms; {well}", "keyed", "elk", "main")
    bench.send(100, rate=12)
    config = bench.work_dir / "nginx.conf"
    config.write_text(config.read_text(encoding="utf-8").replace(well, ill), encoding="utf-8")
    nginx.signal(signal.SIGHUP)
    time.sleep(0.7)
    bench.send(60, rate=12)
    return bench.case(
        f"proxy_connect_timeout 1.5 s. After 100 requests the site was moved to {name(silent)} (reload), whose host "
        "drops every packet.",
        CONNECT_TIMEOUT,
        Blame((name(silent),)),
    )


@second("second-nginx-stuck-listener", SecondNginx)
def stuck_listener(bench: SecondNginx) -> Case:
    """One of two servers hangs with a full accept queue: SYNs are dropped, and retries save nobody's POST."""
    bench.upstream(ACCOUNTS)
    bench.keep(FullBacklog(ACCOUNTS_2).start())
    bench.start(
        "proxy_next_upstream off; proxy_connect_timeout 1200ms; proxy_pass http://accounts;",
        "apm",
        "elk",
        "main",
        http=servers("accounts", "max_fails=0", ACCOUNTS, ACCOUNTS_2),
    )
    bench.send(100, rate=12)
    sure = Say(("connect-timeout", "backlog-full"))
    return bench.case(
        "Two servers, proxy_next_upstream off, proxy_connect_timeout 1.2 s. The second listens but never accepts, and "
        "its queue is full: Linux drops the SYN. From these logs alone this is connect-timeout.",
        Expect(sure, sure, Say((*sure.cause, "unknown"), ("response-timeout",)), _BLIND_TIMEOUT),
        Blame((name(ACCOUNTS_2),)),
    )


@second("second-nginx-one-rejected-of-four", SecondNginx)
def one_rejected(bench: SecondNginx) -> Case:
    """A firewall rejects the way to one of four servers: errno 113 for a quarter."""
    good = (ACCOUNTS, ACCOUNTS_2, ACCOUNTS_3)
    for address in good:
        bench.upstream(address)
    rejected = (REJECTED_HOST, 3000)
    bench.start(
        "proxy_next_upstream off; proxy_pass http://accounts;",
        "main_ext",
        "apm",
        "main",
        http=servers("accounts", "max_fails=0", *good, rejected),
    )
    bench.send(120)
    return bench.case(
        "Four servers, proxy_next_upstream off. The way to the fourth is rejected at once with `host unreachable`.",
        not_connected("host-unreachable"),
        Blame((name(rejected),)),
    )


@second("second-nginx-ipv6-no-route", SecondNginx)
def ipv6_no_route(bench: SecondNginx) -> Case:
    """An IPv6 address, and no IPv6 route: errno 101; the next server saves it."""
    bench.upstream(FEED)
    bench.start(
        "proxy_pass http://feed;",
        "keyed",
        "main_ext",
        "main",
        http=servers("feed", "max_fails=0", FEED, ("2001:db8:9::21", 8600)),
    )
    bench.send(120)
    return bench.case(
        "A name with an IPv4 and an IPv6 address, as two servers of a group; there is no route for IPv6. Half of the "
        "requests tried IPv6 first, and were saved by the other.",
        not_connected("host-unreachable"),
        Blame(("[2001:db8:9::21]:8600",), "feed"),
    )


@second("second-nginx-host-gone-slowly", SecondNginx)
def host_gone(bench: SecondNginx) -> Case:
    """The host of one path is powered off: ARP fails after up to 3 s."""
    bench.upstream(FEED)
    absent = (ABSENT_HOST, 9000)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "apm",
        "elk",
        "main",
        server=f"location ~ /avatar$ {{ proxy_connect_timeout 4s; proxy_pass http://{name(absent)}; }}",
    )
    bench.send(110, rate=9)
    return bench.case(
        "proxy_connect_timeout 4s. Avatars are on a host that was powered off: nobody answers ARP for it, and the "
        "kernel "
        "gives up after up to 3 s (113). The rest is well.",
        Expect(
            Say(("host-unreachable",)),
            Say(("host-unreachable", "unknown"), ("connect-timeout", "connection-refused")),
            Say(("host-unreachable", "unknown"), (*_AT_ONCE, *ENDED, "connect-timeout")),
            BLIND,
        ),
        Blame((name(absent),)),
    )


# Slow.


@second("second-nginx-graphql-third-slow", SecondNginx)
def graphql_slow(bench: SecondNginx) -> Case:
    """A third of the POSTs to /graphql is slower than proxy_read_timeout; all else is well."""
    bench.upstream(ACCOUNTS, by_path({"/graphql": one_in(3, slow(6))}, answer(delay=0.02)))
    bench.start(
        f"proxy_read_timeout 2500ms; proxy_pass http://{name(ACCOUNTS)};", "keyed", "analytics", "main", http=REAL_IP
    )
    bench.send(150, rate=15)
    return bench.case(
        "proxy_read_timeout 2.5 s. Every third request to /graphql takes 6 s, every other request 0.02 s.",
        TIMEOUT,
        Blame((name(ACCOUNTS),), top_path="/graphql"),
    )


@second("second-nginx-five-percent-slow", SecondNginx)
def five_percent(bench: SecondNginx) -> Case:
    """Of 25 requests a second every twentieth is too slow, whatever it asks for."""
    bench.upstream(FEED, one_in(20, slow(5), answer(delay=0.05)))
    bench.start(f"proxy_read_timeout 1500ms; proxy_pass http://{name(FEED)};", "apm", "elk")
    bench.send(400, BLOG, rate=25)
    return bench.case(
        "proxy_read_timeout 1.5 s. Every twentieth request takes 5 s (a lock), the others 0.05 s.",
        TIMEOUT,
        Blame((name(FEED),)),
    )


@second("second-nginx-overload-some-answered", SecondNginx)
def overload(bench: SecondNginx) -> Case:
    """More requests than the application can serve: some are answered late, the others not in time."""
    bench.upstream(FEED, few_at_once(4, 0.35))
    bench.start(f"proxy_read_timeout 2s; proxy_pass http://{name(FEED)};", "keyed", "main_ext", "main")
    bench.send(40, rate=6)
    bench.send(160, rate=20, workers=90)
    return bench.case(
        "An application that serves four requests at once, each in 0.35 s. At 6 a second all was well; at 20 a second "
        "requests queued in it, were answered ever later, and then not within proxy_read_timeout 2s.",
        TIMEOUT,
        Blame((name(FEED),)),
    )


@second("second-nginx-aborts-beside-timeouts", SecondNginx)
def aborts(bench: SecondNginx) -> Case:
    """The application hangs: half of the visitors leave after 0.4 s (499), the others wait for the 504."""
    app = bench.upstream(ACCOUNTS, answer(delay=0.02))
    hasty = tuple(Ask(ask.path, ask.weight, ask.method, ask.body, patience=0.4) for ask in BLOG)
    bench.start(f"proxy_read_timeout 1500ms; proxy_pass http://{name(ACCOUNTS)};", "main_ext", "apm", "main")
    bench.send(50, BLOG + hasty, rate=15)
    app.behaviour = slow(8)
    bench.send(90, BLOG + hasty, rate=15)
    app.behaviour = healthy
    bench.send(30, BLOG + hasty, rate=15)
    return bench.case(
        "proxy_read_timeout 1.5 s. The application hung for six seconds. Half of the clients reset the connection "
        "after "
        "0.4 s, which is a 499 and no failure of the gateway; the others got 504.",
        TIMEOUT,
        Blame((name(ACCOUNTS),)),
    )


@second("second-nginx-upload-not-read", SecondNginx)
def upload_not_read(bench: SecondNginx) -> Case:
    """The application does not read large uploads: `timed out while sending request to upstream`."""
    bench.upstream(MEDIA, by_path({"/v2/media": hold(8)}))
    upload = Ask("/v2/media/{uuid}", 1, "PUT", b"\x89PNG" + b"x" * 12_000_000)
    bench.start(f"proxy_send_timeout 700ms; proxy_pass http://{name(MEDIA)};", "keyed", "analytics", "main")
    bench.send(40)
    bench.send(8, (upload,), rate=2)
    bench.send(20)
    return bench.case(
        "proxy_send_timeout 0.7 s. Eight uploads of 12 MB, which the application accepted and did not read. "
        "error_log at "
        "warn tells of bodies buffered to files, too.",
        TIMEOUT,
        Blame((name(MEDIA),)),
    )


@second("second-nginx-hang-then-dead", SecondNginx)
def hang_then_dead(bench: SecondNginx) -> Case:
    """The application hangs for eight seconds, then dies, and is restarted: two phases of one outage."""
    app = bench.upstream(FEED, answer(delay=0.02))
    bench.start(f"proxy_read_timeout 1s; proxy_pass http://{name(FEED)};", "apm", "elk", "main")

    def hang() -> None:
        app.behaviour = slow(20)

    def back() -> None:
        app.behaviour = healthy
        app.start()

    diary = play(
        [
            Event(3, hang, "the application hung"),
            Event(11, app.stop, "it was killed"),
            Event(13, back, "it was started again"),
        ],
        lambda: bench.send(180, rate=12),
    )
    return bench.case(
        "proxy_read_timeout 1s. The application hung for eight seconds, was then killed, and was back two seconds "
        "later: "
        "four times as many timeouts as refusals.\n\nUTC:\n" + diary,
        TIMEOUT,
        Blame((name(FEED),)),
    )


@second("second-nginx-quiet-then-burst", SecondNginx)
def quiet_then_burst(bench: SecondNginx) -> Case:
    """Two and a half quiet minutes; the log ends in an outage."""
    app = bench.upstream(ACCOUNTS, answer(delay=0.04))
    bench.start(f"proxy_pass http://{name(ACCOUNTS)};", "main_ext", "analytics")
    bench.send(240, rate=1.6)
    app.stop()
    bench.send(60, rate=5)
    return bench.case(
        "Eight requests in five seconds for two and a half minutes, all well. Then the only server died; five a "
        "second came for "
        "twelve more seconds, and there the log ends.",
        REFUSED,
        Blame((name(ACCOUNTS),)),
    )
