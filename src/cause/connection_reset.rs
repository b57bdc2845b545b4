use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "connection-reset",
    family: Family::Application,
    title: "the upstream reset the connection without answering",
    happened: "reset the connection before answering",
    meaning: "The connection to the upstream ended with a TCP reset before response headers arrived. A process that \
        crashes, one that closes while part of an upload is still unread, a supervisor that kills a worker, and a \
        firewall or load balancer in between that has forgotten the connection all do this. Time and place tell which, \
        as with closed-early; a reset alone does not prove a crash. Raising the proxy's timeouts does not help.",
    evidence: &[
        (
            "nginx error log",
            "`recv() failed (104: Connection reset by peer) while reading response header from upstream` (54 on BSD \
                and macOS, 10054 on Windows)",
        ),
        ("nginx error log", "`connect() failed (104: Connection reset by peer)`: something accepted, then reset"),
        ("nginx access log", "502, `$upstream_header_time` is `-`, a connect time is logged"),
        ("HAProxy", "502, state `SH`, Tr is -1, total time often below 50 ms"),
        ("ALB", "502, target status `-`, response time -1; with all three times -1 the reset came at connect"),
        ("Classic ELB", "504, not 502: the instance ended the connection; backend often `-`, all times -1"),
        ("Apache", "502, `AH01102` with `(104)`; 503, `AH01075` with `(104)` for FastCGI"),
        ("lighttpd", "500, `response not received, request sent: …` and `read() … Connection reset by peer`"),
        ("Envoy", "503, flag `UR` with `remote_reset`"),
        ("Go proxies", "`read: connection reset by peer`"),
        ("IIS", "502.3, `sc-win32-status` 12030"),
        (
            "Varnish",
            "`FetchError http first read error: -1 104`; newer releases say `HTC eof` as if it had been closed",
        ),
        ("CloudFront", "`AbortedOrigin`"),
        ("Azure Front Door", "`OriginConnectionAborted`"),
        ("Akamai", "`ERR_READ_ERROR`, `ERR_FWD_ENTRY_ABORTED`"),
        ("Cloud Foundry", "502, `endpoint_failure (read tcp …: connection reset by peer)`"),
        ("LiteSpeed", "503, `connection to […] on request #N, …, running: 1, error: Connection reset by peer!`"),
        ("Skipper", "503, 20 bytes; in its application log `net.Error … read: connection reset by peer`"),
    ],
    look_alikes: &[
        ("keepalive-race", "a few ms, rare, on all servers, mostly POST"),
        ("worker-killed", "an exit, signal or out-of-memory line within 2 s, or durations at a round value"),
        ("upload rejected", "only large request bodies: the application answered or closed without reading the rest"),
        ("backlog-full", "resets at connect with `tcp_abort_on_overflow` set on the upstream's host"),
        ("blocked", "only some clients, user agents or paths, and at once: a WAF or an intrusion filter"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "dmesg -T | grep -iE 'out of memory|oom-kill|segfault|general protection'",
            why: "on the upstream's host: a line at that time makes it worker-killed",
        },
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 1 minute ago' +%s) --until @$(date -d {until} +%s) -p warning",
            why: "on the upstream's host: what did the application say, did it see the request at all?",
        },
        Check {
            on: &[],
            run: "tcpdump -ni any 'host {host} and port {port} and tcp[tcpflags] & tcp-rst != 0'",
            why: "who sends the reset? Take it on both hosts: one that only the proxy sees comes from a box in between",
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
            why: "`retry-on` with `conn-failure` or `response-timeout` repeats requests, where repeating them is safe",
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
            on: &[Proxy::SKIPPER],
            run: "kubectl -n kube-system logs -l application=skipper-ingress --prefix --tail=-1 | grep 'error while proxying'",
            why: "Skipper's application log says why each request failed; give it to gatewhy as well",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-reset",
            cause: Cause::ConnectionReset,
            strength: Strength::Conclusive,
            says: "the connection was reset as it was made",
            seen: Seen::Wording(concat!(
                r"connect\(\) (?:to \S+ )?failed \((?:104|54|10054|103|53|10053): ",
                r#"|(?:^|[^0-9]: |[^:] |["'(=])dial tcp[46]? \S+: connect: connection reset"#,
            )),
            status: 502,
        },
        Sign {
            kind: "text-io-reset",
            cause: Cause::ConnectionReset,
            strength: Strength::Strong,
            says: "the upstream reset the connection",
            seen: Seen::Wording(concat!(
                r"(?:recv|readv|send|writev|sendfile|sendmsg|SSL_read|SSL_write|WSARecv|WSASend)\(\) failed ",
                r"\((?:104|54|10054): ",
            )),
            status: 502,
        },
        Sign {
            kind: "text-stream-error",
            cause: Cause::ConnectionReset,
            strength: Strength::Strong,
            says: "the upstream reset the HTTP/2 stream",
            seen: Seen::Wording(r"stream error: stream ID \d+; [A-Z_]+; received from peer|RST_STREAM with error code"),
            status: 502,
        },
        Sign {
            kind: "text-connection-reset",
            cause: Cause::ConnectionReset,
            strength: Strength::Strong,
            says: "a connection was reset",
            seen: Seen::Wording(concat!(
                r"\b[Cc]onnection reset by (?:peer|server)\b|SocketException: Connection reset|ConnectionResetError",
                r"|\bECONNRESET\b|forcibly closed by the remote host|reset.{0,10}\(os error (?:104|54|10054)\)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-connection-aborted",
            cause: Cause::ConnectionReset,
            strength: Strength::Weak,
            says: "a connection was aborted",
            seen: Seen::Wording(r"[Ss]oftware caused connection abort|established connection was aborted"),
            status: 502,
        },
    ],
};
