use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "keepalive-race",
    family: Family::Misconfiguration,
    title: "the upstream closed an idle connection just as the proxy reused it",
    happened: "closed idle connections as the proxy reused them",
    meaning: "The proxy keeps connections to the upstream open for reuse, and the upstream closed one of them after \
        its own idle timeout just as the next request was sent on it. Such failures are rare (one request in 1,000 to \
        100,000), take a few milliseconds, and are spread over all servers; with nginx and Go proxies they hit mostly \
        POST and PATCH, because those repeat a GET by themselves. The application is healthy and has no trace of the \
        request, so healthy targets do not exclude it. The upstream must keep idle connections longer than the proxy \
        does. Without reuse (HTTP/1.0 or `Connection: close` to the upstream) it cannot happen; nginx reuses \
        connections by default from 1.29.7 on.",
    evidence: &[
        (
            "nginx error log",
            "`upstream prematurely closed connection` or `recv() failed (104: Connection reset by peer)` `while \
                reading response header from upstream`, on a connection that had served requests",
        ),
        (
            "nginx access log",
            "502, `$upstream_connect_time` 0.000, attempt no longer than 5 ms, mostly POST; for GET `502, 200` in \
                `$upstream_status`",
        ),
        (
            "HAProxy",
            "hardly ever visible: it closes the client's connection without a line; the tier in front logs a 502 that \
                HAProxy does not know of",
        ),
        (
            "ALB",
            "502, target status `-`, target time 0.000 to 0.005, response time -1, spread over targets, below 0.1 %",
        ),
        (
            "Classic ELB",
            "504, not 502, sporadic: the instance closed a connection before the load balancer's idle timeout",
        ),
        ("Apache", "502, `AH01102` with `(104)` or `(20014)` at about 0 s"),
        ("Envoy", "503, flag `UC` with `connection_termination`, duration of a few ms, sporadic"),
        (
            "Google Cloud",
            "502, `backend_connection_closed_before_data_sent_to_client` with latency near 0 (a backend must keep idle \
                connections longer than 600 s)",
        ),
        ("Go proxies", "`http: server closed idle connection`"),
        ("Azure Application Gateway", "502, `ERRORINFO_UPSTREAM_CLOSED_CONNECTION` within milliseconds, now and then"),
        ("Heroku", "503, `H13` or `H18` now and then, with Router 2.0, which keeps connections to dynos for 90 s"),
        ("Cloud Foundry", "502, `endpoint_failure (http: server closed idle connection)`"),
        (
            "LiteSpeed",
            "`connection to […] on request #N, confirmed, 0, …, error: Connection reset by peer!` with N above 0; it \
                tries again",
        ),
        ("Skipper", "500, `… http: server closed idle connection`"),
    ],
    look_alikes: &[
        (
            "worker-killed, closed-early",
            "a crash is clustered in time or on one path, with varying durations, exit lines and then refusals; a race \
                is thin, even, and grows when traffic is low",
        ),
        ("draining", "a burst at a restart, over all paths"),
        ("connections that are not reused", "a connect time above 0 for each attempt rules the race out"),
    ],
    checks: &[
        Check {
            on: &[Proxy::named("heroku")],
            run: "heroku labs:enable http-disable-keepalive-to-dyno",
            why: "if that ends them, the server's own idle timeout is below the router's 90 s",
        },
        Check {
            on: &[Proxy::GCLB],
            run: "keepalive_timeout 620s",
            why: "on the backends: the load balancer uses idle connections for 600 s, so theirs must live longer",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE '^ *keepalive|proxy_http_version|Connection|next_upstream'",
            why: "upstream keepalive_timeout (60 s by default) must be shorter than the application's idle timeout",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -v",
            why: "from 1.29.7 on, reuse of upstream connections is the default: did this begin with an upgrade?",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ttl=|keepalive=|disablereuse=|enablereuse=|proxy-initial-not-pooled|ping=' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`ttl=` of the worker must be shorter than the application's idle timeout",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'http-reuse|pool-purge-delay|pool-max-conn|retry-on|timeout (http-keep-alive|client)' \
                /etc/haproxy/haproxy.cfg",
            why: "pool-purge-delay (5 s by default) below the server's idle timeout; retry-on for safe requests",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show servers conn {group}' | socat stdio /run/haproxy/admin.sock",
            why: "how many idle connections are kept for reuse",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].LoadBalancerArns[0]' \
                --output text | xargs aws elbv2 describe-load-balancer-attributes --load-balancer-arn",
            why: "idle_timeout.timeout_seconds (60 by default): targets must keep idle connections longer than this",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "ConnectionSettings.IdleTimeout (60 by default): instances must keep idle connections longer than \
                this",
        },
        Check {
            on: &[],
            run: "keepAliveTimeout",
            why: "the application's idle timeout must exceed the proxy's; defaults: Node and uvicorn 5 s, Apache 5 s, \
                gunicorn 2 s",
        },
        Check {
            on: &[],
            run: "tcpdump -ni any 'host {host} and port {port} and tcp[tcpflags] & (tcp-fin|tcp-rst) != 0'",
            why: "a FIN or RST from the upstream within milliseconds of a request",
        },
    ],
    signs: &[
        Sign {
            kind: "text-closed-idle-connection",
            cause: Cause::KeepaliveRace,
            strength: Strength::Conclusive,
            says: "the upstream closed an idle connection",
            seen: Seen::Wording(r"http: server closed idle connection"),
            status: 502,
        },
        Sign {
            kind: "text-goaway",
            cause: Cause::KeepaliveRace,
            strength: Strength::Strong,
            says: "the upstream retired the connection as it was used",
            seen: Seen::Wording(r"server sent GOAWAY and closed the connection.*(?:NO_ERROR|ErrCode=0)\b"),
            status: 502,
        },
        Sign {
            kind: "text-no-http-response",
            cause: Cause::KeepaliveRace,
            strength: Strength::Strong,
            says: "a pooled connection gave no response",
            seen: Seen::Wording(r"NoHttpResponseException\b|\breadLoopPeekFailLocked\b"),
            status: 502,
        },
    ],
};
