use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "circuit-breaker",
    family: Family::Overload,
    title: "a limit that was configured refused the request",
    happened: "was at a configured limit, so requests were refused",
    meaning: "Somebody set a limit on connections, requests or queue length, or a breaker that opens after errors, and \
        it was reached. The proxy refused at once, to protect the upstream; the request was not sent. The limit works \
        as intended: the question is why it was reached. Traffic may have grown, or the upstream is slow, so that \
        requests pile up. Find the slow requests or errors just before; raise the limit only when the upstream has \
        room.",
    evidence: &[
        ("nginx error log", "`no live upstreams` without earlier failures, when every server is at `max_conns`"),
        ("nginx access log", "502, `$upstream_addr` is the name of the group, time 0.000, no failures before"),
        ("HAProxy", "503, state `SQ`: `maxqueue` of the server or backend was reached"),
        ("ALB", "Lambda targets: `LambdaThrottling` as error reason"),
        ("Classic ELB", "503 with backend `-` and `SpilloverCount` above 0: the surge queue was full"),
        ("Apache", "503, `AH00941` (failed to acquire connection)"),
        ("Envoy", "503, flag `UO` (`overflow`)"),
        ("Java proxies", "`CircuitBreaker '…' is OPEN`, `Pending acquire queue has reached its maximum size`"),
        ("IIS", "503.2, 503.3, 503.4; in HTTPERR `QueueFull`, `ConnLimit`"),
        ("Varnish", "503, `FetchError backend NAME: busy` (`max_connections`)"),
        ("Envoy", "503, flag `DO` (`drop_overloads`)"),
        ("Traefik", "503, 19 bytes (`Service Unavailable`), `ServiceURL` is `-`"),
        ("Tengine", "503, `sysguard load limited, current:… conf:…`"),
        ("Google Cloud", "`connection_limit_reached`"),
        ("Akamai", "`ERR_FWD_RATE_LIMIT_Q_FULL`, `…_Q_FILLED_UP`, `…_HOST_HASH_FULL`"),
        ("CloudFront", "503, `LimitExceeded`, `FunctionThrottledError`"),
        ("Fastly", "503, `Backend.max_conn reached`"),
        ("Heroku", "503, `H11` (backlog too deep), `H22` (connection limit)"),
        ("Cloud Foundry", "503, `Connection Limit Reached`"),
        (
            "Skipper",
            "503, `circuit breaker open`; an empty 503: `lifo`, `fifo`, `backendRatelimit`, `admissionControl`",
        ),
    ],
    look_alikes: &[
        ("no-live-upstream", "the same words in nginx, but after failures that marked the servers"),
        ("queue-timeout", "waited first, then ran out of time"),
        ("blocked", "a limit on the client's side: rate limits, WAF"),
    ],
    checks: &[
        Check {
            on: &[Proxy::IIS],
            run: "netsh http show servicestate view=requestq",
            why: "each request queue with its processes and its limit",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list config -section:serverRuntime",
            why: "appConcurrentRequestLimit; queueLength stands in section:applicationPools, connections in section:sites",
        },
        Check {
            on: &[Proxy::ENVOY],
            run: "curl -s localhost:15000/stats | grep -E 'overflow|circuit_breakers.*(_open|remaining)'",
            why: "Envoy's admin interface (Istio: 15000, elsewhere often 9901): which limit of which cluster is reached",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'max_conns|^ *queue |limit_conn|zone |^ *server '",
            why: "max_conns of each server (without a `zone` each worker counts for itself)",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE ' max=|acquire=|smax=|ThreadsPerChild|BalancerMember' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`max=` counts connections of each child process; `acquire=` is how long a request waits for one, in milliseconds",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2-7,18,26,59-62",
            why: "queue and sessions against slim and qlimit, and average times (ms) of each server",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'maxconn|maxqueue|fullconn|timeout queue' /etc/haproxy/haproxy.cfg",
            why: "the limits that are set",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "how many targets share the load; for Lambda, which function",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws lambda get-account-settings",
            why: "for Lambda targets: concurrency limits of the account; the function's own may be lower",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SpilloverCount --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Sum --period 60 --start-time {since} --end-time \
                {until}",
            why: "requests refused because the surge queue was full",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "how many instances share the load?",
        },
        Check {
            on: &[],
            run: "ss -s",
            why: "on the upstream's host: is there room left, or is it as busy as the limit says?",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "curl -s localhost:9911/metrics | grep -iE 'lifo|fifo'",
            why: "at Skipper's support listener, with -enable-route-lifo-metrics: how many requests each queue holds",
        },
    ],
    signs: &[Sign {
        kind: "text-breaker-open",
        cause: Cause::CircuitBreaker,
        strength: Strength::Conclusive,
        says: "a breaker or pool limit refused the request",
        seen: Seen::Wording(concat!(
            r"(?i:\bcircuit[- ]?breaker(?: '[^']*')? is open\b)|CallNotPermittedException",
            r"|Pending acquire queue has reached its maximum size|PoolAcquirePendingLimitException",
        )),
        status: 503,
    }],
};
