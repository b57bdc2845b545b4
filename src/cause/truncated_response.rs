use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "truncated-response",
    family: Family::Application,
    title: "the response broke off before it was complete",
    happened: "broke off in the middle of the response",
    meaning: "The upstream sent headers and part of the body, then the connection ended. The status had been sent by \
        then, so the log shows 200 or whatever it was while the client got a broken page or file. A worker that dies \
        midway, a timeout of the application, a Content-Length that is larger than the body, or a full disk behind it \
        are the usual reasons. A client that goes away early looks similar, but is logged as the client's doing.",
    evidence: &[
        (
            "nginx error log",
            "`upstream prematurely closed connection while reading upstream`; `readv() failed (104: Connection reset \
                by peer) while reading upstream`",
        ),
        (
            "nginx access log",
            "200 with fewer `$upstream_bytes_received` than Content-Length, `$request_completion` empty",
        ),
        ("HAProxy", "state `SD`; `PD` for invalid chunks or bytes in the body"),
        ("Apache", "`AH01110` with `(70008)` or `(104)`, mostly after 200 was sent; `AH10293`"),
        ("lighttpd", "`response already sent out, but backend returned error on socket: …`, mostly after 200 was sent"),
        ("Google Cloud", "`backend_connection_closed_after_partial_response_sent`"),
        ("CloudFront", "`OriginReadError`"),
        ("Java and Python clients", "`Premature end of …`, `IncompleteRead`, `prematurely closed DURING response`"),
        ("Caddy", "`aborting with incomplete response`, `unexpected EOF`"),
        ("Varnish", "`FetchError straight insufficient bytes`, `chunked …`, `eof socket fail`"),
        ("Envoy", "any status, `upstream_reset_after_response_started{…}`"),
        ("Azure Front Door", "`OriginConnectionAborted` with a good status"),
        ("Heroku", "`H18`, with `sock=backend`"),
        ("Traffic Server", "`ERR_READ_ERROR`, beside the status that had been sent"),
    ],
    look_alikes: &[
        ("a client that left", "HAProxy `CD`, nginx 499, or a complaint `while sending to client`"),
        ("body-timeout", "the body stalled and the proxy gave up: `upstream timed out … while reading upstream`, `sD`"),
        ("closed-early", "ended before any header: the client got a 502"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "curl -s -m 120 -o /dev/null -w '%{http_code} %{size_download}\\n' 'http://{host}:{port}{path}'",
            why: "curl reports error 18 when the body is shorter than promised",
        },
        Check {
            on: &[],
            run: "dmesg -T | grep -iE 'out of memory|oom-kill|segfault|No space left|I/O error'",
            why: "on the upstream's host: did the process die, or the disk fail?",
        },
        Check { on: &[], run: "df -h", why: "on both hosts: temporary files for large bodies need room" },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'max_temp_file_size|temp_path|_buffering|_buffers|gzip|limit_rate'",
            why: "where large bodies are buffered; slow clients hold the upstream for long",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show errors {group} response' | socat stdio /run/haproxy/admin.sock",
            why: "for `PD`: the bytes that HAProxy could not accept",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,15,18,50,51,57",
            why: "srv_abrt against cli_abrt: who breaks off, on one server or all?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-group-attributes --target-group-arn",
            why: "deregistration_delay: connections of removed targets are cut when it ends",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].LoadBalancerArns[0]' \
                --output text | xargs aws elbv2 describe-load-balancer-attributes --load-balancer-arn",
            why: "idle_timeout.timeout_seconds: a body that pauses for longer is cut",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "IdleTimeout and ConnectionDraining: a body that pauses or outlasts them is cut",
        },
        Check {
            on: &[],
            run: "Content-Length",
            why: "in the upstream's response: set before something compressed or changed the body?",
        },
    ],
    signs: &[Sign {
        kind: "text-incomplete-body",
        cause: Cause::TruncatedResponse,
        strength: Strength::Conclusive,
        says: "the body ended before it was complete",
        seen: Seen::Wording(concat!(
            r"Connection prematurely closed DURING response|Premature end of (?:chunk|Content-Length|file)",
            r"|\bIncompleteRead\(|peer closed connection without sending complete message body",
            r"|transfer closed with (?:\d+ bytes|outstanding read data) remaining|http: unexpected EOF reading",
            r"|end of file before message length reached|Response payload is not completed",
            r"|read error during body copy: .*(?:\bEOF\b|reset by peer|stream error|connection was aborted)",
        )),
        status: 0,
    }],
};
