"""What the benches of the second set share: other visitors, faults that come now and then, and what may be said."""

from __future__ import annotations

import itertools
import random
import threading
import uuid
from dataclasses import dataclass, field

from bench import CLIENT_TIMEOUT, Bench
from case import Other
from client import Request, drive
from servers import FRONT
from upstreams import BODY, Behaviour, Connection, answer, healthy

SEED = 2

_AGENTS = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
    "Go-http-client/1.1",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    'app "beta" \\ 7.1',
)
_AGENT_WEIGHTS = (26, 12, 20, 10, 10, 6, 6, 6, 4)

#: Where visitors say that they come from (`X-Forwarded-For`): documentation addresses of both kinds.
_ORIGINS = ("198.51.100.{n}", "2001:db8:4:{n}::1", "2001:db8:77::{n}")


@dataclass(frozen=True)
class Ask:
    """One kind of request: `{n}` becomes a number, `{uuid}` a UUID."""

    path: str
    weight: int = 1
    method: str = "GET"
    body: bytes = b""
    agent: str | None = None
    patience: float | None = None


_QUERY = b'{"query":"query Feed($n:Int!){feed(first:$n){edges{node{id title}}}}","variables":{"n":20}}'

#: What a mobile app asks its backend for.
SOCIAL = (
    Ask("/graphql", 8, "POST", _QUERY),
    Ask("/graphql", 1, "OPTIONS"),
    Ask("/v2/users/{uuid}/avatar", 4),
    Ask("/v2/users/{uuid}/avatar", 1, "PUT", BODY),
    Ask("/v2/users/{n}", 2, "PATCH", BODY),
    Ask("/v2/users/{uuid}", 1, "HEAD"),
    Ask("/v2/feed?cursor=eyJpZCI6{n}LCJ0Ijoi&limit=50&fields=id%2Ctitle%2Cauthor.name&lang=de-AT&utm_source=push", 4),
    Ask("/static/app.9f3c.js", 3),
    Ask("/orte/caf%C3%A9-m%C3%BCller", 1),
)

#: What a blog is asked for, by those who want to read and those who do not.
BLOG = (
    Ask("/", 5),
    Ask("/2026/11/hello-world/", 4),
    Ask("/wp-login.php", 2, "POST", b"log=admin&pwd=123456"),
    Ask("/xmlrpc.php", 1, "POST", b"<methodCall/>"),
    Ask("/wp-content/themes/field/style.css?ver=6.8.{n}", 3),
    Ask("/wp-admin/admin-ajax.php?action=heartbeat&_wpnonce={n}", 2),
    Ask("/feed/", 1),
    Ask("/?s=%E5%A4%A9%E6%B0%97", 1),
)


@dataclass
class Crowd:
    """The visitors of the second set; the same ones in every run."""

    host: str
    #: A `Cookie` header that all of them send from now on.
    cookie: str = ""
    _random: random.Random = field(default_factory=lambda: random.Random(SEED), init=False)

    def request(self, mix: tuple[Ask, ...]) -> Request:
        source = self._random
        ask = source.choices(mix, [each.weight for each in mix])[0]
        path = ask.path.replace("{n}", str(source.randint(1, 9999)))
        path = path.replace("{uuid}", str(uuid.UUID(int=source.getrandbits(128), version=4)))
        origin = source.choice(_ORIGINS).format(n=source.randint(2, 250))
        return Request(
            path=path,
            method=ask.method,
            host=self.host,
            agent=ask.agent or source.choices(_AGENTS, _AGENT_WEIGHTS)[0],
            source=f"203.0.113.{source.randint(2, 250)}",
            body=ask.body,
            headers=(f"X-Forwarded-For: {origin}", *([f"Cookie: {self.cookie}"] if self.cookie else [])),
            patience=ask.patience,
        )


class SecondBench(Bench):
    """A bench whose visitors ask for other things, of another host. It needs the private network."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self.crowd = Crowd("api.example.net")

    def send(self, count: int, mix: tuple[Ask, ...] = SOCIAL, *, rate: float = 20.0, workers: int = 48) -> None:
        """Sends `count` requests, `rate` a second, and adds what came back to `client`."""
        requests = (self.crowd.request(mix) for _ in range(count))
        self.client += drive(FRONT, requests, rate=rate, workers=workers, timeout=CLIENT_TIMEOUT)


def one_in(period: int, bad: Behaviour, good: Behaviour = healthy) -> Behaviour:
    """`bad` for every `period`-th connection, `good` for the others."""
    calls = itertools.count(1)
    return lambda connection: (good if next(calls) % period else bad)(connection)


def few_at_once(slots: int, seconds: float) -> Behaviour:
    """An application that serves `slots` requests at once, each in `seconds`; the others wait for their turn."""
    free = threading.Semaphore(slots)
    reply = answer(delay=seconds)

    def behave(connection: Connection) -> None:
        with free:
            reply(connection)

    return behave


@dataclass(frozen=True)
class Say:
    """What may be said of some logs: `cause`, or `maybe`, but that not with high confidence. Neither: no incident."""

    cause: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expect:
    """What may be said, from the best logs to the poorest."""

    #: With the proxy's error log.
    sure: Say = Say()
    #: From an access log with the times of connecting, of the header and of the whole.
    timed: Say = Say()
    #: From an access log that knows who was asked, and of the times only the whole.
    whole: Say = Say()
    #: From an access log with the client's status and nothing else.
    blind: Say = Say()


@dataclass(frozen=True)
class Blame:
    """Whom the main incident must name, and what must be told besides."""

    upstreams: tuple[str, ...] = ()
    group: str | None = None
    other: tuple[Other, ...] = ()
    top_path: str | None = None


def name(address: tuple[str, int]) -> str:
    """As nginx writes it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def or_unknown(say: Say) -> Say:
    """The same where one time less is known."""
    return Say((*say.cause, "unknown"), say.maybe) if say.cause else say
