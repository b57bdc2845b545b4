use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "body-timeout",
    family: Family::Timeout,
    title: "the response stalled midway",
    happened: "stalled in the middle of the response",
    meaning: "Headers and perhaps part of the body had arrived, then nothing for as long as the proxy waits between \
        two reads, so the proxy gave up. The status was already sent: the log shows 200 and the client has a broken \
        answer. Typical for event streams, long polling and exports that are silent for longer than the timeout, and \
        for an application that hangs midway. The timer counts silence, not total length: a steady slow download does \
        not trip it.",
    evidence: &[
        ("nginx error log", "`upstream timed out (110: Connection timed out) while reading upstream`"),
        (
            "nginx access log",
            "200, `$upstream_header_time` is short, the total is longer by about `proxy_read_timeout`",
        ),
        ("HAProxy", "state `sD`, elapsed at least `timeout server` after the headers"),
        (
            "ALB",
            "504 with another status as `target_status_code`: the answer had begun, and the rest did not come in time",
        ),
        ("Apache", "`AH01110` with `(70007)`, after 200 was sent"),
        ("Envoy", "flag `SI` (stream idle timeout)"),
        ("CloudFront", "`SlowReaderOriginError`"),
        (
            "Varnish",
            "`FetchError Resource temporarily unavailable`, then `straight insufficient bytes` (`between_bytes_timeout`)",
        ),
        ("Caddy", "`aborting with incomplete response` with `i/o timeout` (`read_timeout`)"),
        ("Varnish", "`timeout` as FetchError (`between_bytes_timeout`)"),
        ("Fastly", "503, `between bytes timeout`"),
        ("Heroku", "503, `H15`: 55 s of silence"),
        ("LiteSpeed", "`Timeout, partial response body received, body len: N, received: N!`"),
    ],
    look_alikes: &[
        ("truncated-response", "the upstream ended the body; here nobody did until the proxy gave up"),
        ("response-timeout", "no headers ever came; the client got a 504"),
        ("slow client", "HAProxy `cD`; nginx names the client's side: `while sending to client`"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "curl -sN -m 180 -o /dev/null -w '%{time_starttransfer} %{time_total} %{size_download}\\n' \
                'http://{host}:{port}{path}'",
            why: "past the proxy: does the body pause there too?",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE '_(read|send)_timeout|proxy_buffering|X-Accel-Buffering'",
            why: "the longest silence that nginx allows; for streams send a heartbeat more often than this",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -h 'timed out.*while reading upstream' /var/log/nginx/error.log | grep -oE 'request: \"[A-Z]+ \
                [^ ?]+' | sort | uniq -c | sort -rn",
            why: "which paths stall",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyTimeout|^ *Timeout|[^n]timeout=|flushpackets=' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "the same time limit holds between two parts of the body",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'timeout (server|client|tunnel)' /etc/haproxy/haproxy.cfg",
            why: "`timeout server` is the longest silence; upgraded connections use `timeout tunnel`",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,50,51,61,62",
            why: "client and server aborts and average times for each server: one server or all?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].LoadBalancerArns[0]' \
                --output text | xargs aws elbv2 describe-load-balancer-attributes --load-balancer-arn",
            why: "idle_timeout.timeout_seconds: the longest silence that the load balancer allows",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "is the target slow for health checks as well?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "ConnectionSettings.IdleTimeout: the longest silence that the load balancer allows",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "is the instance in trouble for health checks as well?",
        },
        Check {
            on: &[],
            run: "ss -tnp state established",
            why: "on the upstream's host: connections to a database or API that hang at the same time",
        },
    ],
    signs: &[Sign {
        kind: "text-body-timeout",
        cause: Cause::BodyTimeout,
        strength: Strength::Conclusive,
        says: "the body stopped coming",
        seen: Seen::Wording(concat!(
            r"UND_ERR_BODY_TIMEOUT|BodyTimeoutError|deadline exceeded \(Client\.Timeout or context cancellation while ",
            r"reading body\)|read error during body copy: .*(?:i/o timeout|deadline exceeded)",
        )),
        status: 0,
    }],
};
