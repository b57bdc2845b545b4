use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "closed-early",
    family: Family::Application,
    title: "the upstream closed the connection without answering",
    happened: "closed the connection before answering",
    meaning: "The upstream accepted the connection and the request, then closed without sending response headers. \
        Either it closes on purpose (an upload or URL that it rejects, a security module, a limit) or the process \
        behind it ended. Time and place tell which: always for one path or only for large uploads is deliberate; at a \
        round number of seconds is the application's own timeout (worker-killed); bursts over all paths are a restart; \
        rare, instant and everywhere is a keepalive-race. A longer proxy timeout cannot help: the proxy was not the \
        one that gave up.",
    evidence: &[
        (
            "nginx error log",
            "`upstream prematurely closed connection while reading response header from upstream`; `… prematurely \
                closed FastCGI stdout`",
        ),
        (
            "nginx error log",
            "`writev() failed (32: Broken pipe) while sending request to upstream`: an upload that the upstream did \
                not want",
        ),
        (
            "nginx access log",
            "502, `$upstream_header_time` is `-`, a connect time is logged, the attempt is shorter than the timeout",
        ),
        ("HAProxy", "502, state `SH`, Tr is -1"),
        ("ALB", "502, target status `-`, request and target times at 0 or above, response time -1"),
        ("Classic ELB", "504, not 502: the instance closed before it answered; backend often `-`, all times -1"),
        ("Apache", "502, `AH01102` with `(20014)` or `(70014)`; 503, `AH01075` with `(70014)` for FastCGI"),
        (
            "lighttpd",
            "500, `unexpected end-of-file (perhaps the fastcgi process died)`, `response not received, request sent: …`; mod_proxy answers 500 without a word",
        ),
        ("Envoy", "503, flag `UC` with `connection_termination`"),
        ("Go proxies", "`EOF`, `unexpected EOF`"),
        ("IIS", "502.2: a CGI or FastCGI process ended"),
        (
            "Varnish",
            "503, `FetchError HTC eof (-1)`, `http first read error: EOF`, `backend write error`; 7.x says the same of a reset",
        ),
        ("Traefik access log", "502, 11 bytes, not at once; only Traefik's own log at the level debug says why"),
        ("Google Cloud", "`backend_connection_closed_before_data_sent_to_client` after some work"),
        ("CloudFront", "502, `OriginReadError`, `OriginWriteError`"),
        ("Azure Application Gateway", "502, `ERRORINFO_UPSTREAM_CLOSED_CONNECTION`"),
        ("Fastly", "503, `backend read error`, `backend write error`"),
        ("Akamai", "`ERR_ZERO_SIZE_OBJECT`, `ERR_WRITE_ERROR`"),
        ("Heroku", "503, `H13`"),
        ("Cloud Foundry", "502, `endpoint_failure (EOF)`; before 2020 a 502 of 67 bytes"),
        ("LiteSpeed", "500, `Premature end of response header`; 503, `connection to […] …, error: Broken pipe!`"),
        ("Skipper", "500, `unexpected error from Go stdlib net/http package during roundtrip: EOF`"),
    ],
    look_alikes: &[
        ("keepalive-race", "at most some 5 ms, below 0.5 %, all servers, mostly POST, no trace in the upstream's log"),
        ("worker-killed", "durations at a round value, or an exit, signal or out-of-memory line within 2 s"),
        ("connection-reset", "the same, ended by RST: unread upload, a crash, a box in between"),
        ("response-timeout", "the proxy gave up (504), not the upstream"),
        ("protocol-mismatch", "always and at once, on every path, since a configuration change"),
    ],
    checks: &[
        Check {
            on: &[Proxy::GCLB],
            run: "gcloud compute backend-services describe {group} --global \
                --format='value(timeoutSec,protocol,healthChecks)'",
            why: "the timeout that failures should sit at, 30 s unless set; HTTP or HTTPS towards the backends",
        },
        Check {
            on: &[Proxy::APPGW],
            run: "az network application-gateway show-backend-health -g RESOURCE_GROUP -n GATEWAY",
            why: "why each server of the pool is unhealthy: the probe's own words",
        },
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 1 minute ago' +%s) --until @$(date -d {until} +%s) -p warning",
            why: "on the upstream's host: what did the application say, did it see the request at all?",
        },
        Check {
            on: &[],
            run: "dmesg -T | grep -iE 'out of memory|oom-kill|segfault|general protection'",
            why: "on the upstream's host: a line at that time makes it worker-killed",
        },
        Check {
            on: &[],
            run: "curl -sv -m 60 -o /dev/null 'http://{host}:{port}{path}'",
            why: "does it also close without the proxy? `Empty reply from server` says yes",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'client_max_body_size|request_buffering|^ *keepalive|_http_version'",
            why: "uploads larger than the upstream takes; reuse of upstream connections",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,14,15,16,18,57",
            why: "econ, eresp and wretr for each server: one server or all?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'retry-on|retries|option redispatch|http-reuse' /etc/haproxy/haproxy.cfg",
            why: "`retry-on empty-response` repeats such requests, where repeating them is safe",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "one target or all? `healthy` does not exclude this",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "one instance or all? InService does not exclude this",
        },
        Check {
            on: &[],
            run: "post_max_size",
            why: "this and other limits of the application (uploads, URLs, time) can end a request without an answer",
        },
        Check {
            on: &[Proxy::TRAEFIK],
            run: "traefik --log.level=DEBUG",
            why: "Traefik's own log then says why each request failed: `502 Bad Gateway error=…`",
        },
    ],
    signs: &[
        Sign {
            kind: "text-send-broken-pipe",
            cause: Cause::ClosedEarly,
            strength: Strength::Strong,
            says: "the upstream had closed while the request was being sent",
            seen: Seen::Wording(concat!(
                r"(?:send|writev|sendfile|sendmsg|SSL_write|WSASend)\(\) failed \((?:32|10053): ",
                r"|write tcp \S+: write: broken pipe",
            )),
            status: 502,
        },
        Sign {
            kind: "text-eof",
            cause: Cause::ClosedEarly,
            strength: Strength::Strong,
            says: "the connection ended before the response began",
            seen: Seen::Wording(concat!(
                r#"(?:^|: |"error":"|\berr(?:or)?=|caused by: )"?EOF"?(?:$|[",\s])|\bunexpected EOF\b"#,
                r"|SSL routines:[^:]*:unexpected eof while reading|UNEXPECTED_EOF_WHILE_READING",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-closed-early",
            cause: Cause::ClosedEarly,
            strength: Strength::Strong,
            says: "the upstream closed the connection without answering",
            seen: Seen::Wording(concat!(
                r"Connection prematurely closed BEFORE response|Unexpected end of file from server",
                r"|Empty reply from server|Remote end closed connection without response|\bsocket hang up\b",
                r"|Server disconnected without sending a response|ServerDisconnectedError|\bother side closed\b",
                r"|connection closed before message completed|HTTP/1\.x transport connection broken",
                r"|The server returned an invalid or unrecognized response|The response ended prematurely",
            )),
            status: 502,
        },
        Sign {
            kind: "text-broken-pipe",
            cause: Cause::ClosedEarly,
            strength: Strength::Weak,
            says: "a connection was closed while something was being sent",
            seen: Seen::Wording(r"\b[Bb]roken pipe\b|\bEPIPE\b"),
            status: 502,
        },
    ],
};
