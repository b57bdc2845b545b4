use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "unknown",
    family: Family::Unknown,
    title: "not clear from these logs",
    happened: "failed for a reason that these logs do not show",
    meaning: "The lines show that requests failed, but not why. An access log alone often cannot tell: the reason \
        stands in the error log, in timers that were not logged, or in the log of the next tier. Give those to gatewhy \
        together, and log the fields named below for the next time. A value of -1 or `-` is not 0 ms: that phase never \
        finished.",
    evidence: &[
        ("nginx access log", "a status without `$upstream_…` fields (the combined format)"),
        ("nginx error log", "no line at the level that is logged; `info` is needed for clients that left"),
        ("CloudFront", "`Error` in no time: an error out of the cache, and no line of what failed before"),
        ("HAProxy", "a format without termination state and timers (`option tcplog`, or none)"),
        ("ALB", "502 or 504 for which the load balancer gives no reason and the timers fit several causes"),
        ("Classic ELB", "502 or 504 for which the timers fit several causes"),
        (
            "NLB",
            "TLS connections without a status; the alert is that of the client's handshake, and nothing is said of \
                targets",
        ),
        (
            "Apache access log",
            "a status alone; without `%{BALANCER_WORKER_NAME}e` and `%D` not even who was asked, and for how long",
        ),
        (
            "LiteSpeed error log",
            "`oops! 503 Service Unavailable` alone: OpenLiteSpeed says why a connection failed at the level DEBUG",
        ),
    ],
    look_alikes: &[
        (
            "any cause",
            "a 502 at about 0 s: refused, reset or a keep-alive race; at a round value: a timeout of the application; \
                a 504: a timeout of the proxy, connect or read",
        ),
        ("upstream-error", "the upstream may have made the 5xx: look for a status and a header time of its own"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'logLevel|debugLevel' /usr/local/lsws/conf",
            why: "OpenLiteSpeed names the error of each connection to an application with `logLevel DEBUG` and a \
                `debugLevel` alone",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "tail -n 50 /usr/local/lsws/logs/stderr.log",
            why: "what lsphp said: all processes busy, killed, or not started",
        },
        Check {
            on: &[Proxy::LIGHTTPD],
            run: "lighttpd -p -f /etc/lighttpd/lighttpd.conf | grep -nE '(proxy|fastcgi|scgi|cgi)[.](server|assign)'",
            why: "a 503 that the error log does not explain is the application's own, and a 500 often a connection that it closed in good order",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -hE '\\[(error|crit|alert|emerg)\\]' /var/log/nginx/error.log | tail -n 200",
            why: "the reason stands here: give this file to gatewhy together with the access log",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "log_format why '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                \"$http_referer\" \"$http_user_agent\" $request_time \"$upstream_addr\" \"$upstream_status\" \
                \"$upstream_connect_time\" \"$upstream_header_time\" \"$upstream_response_time\"';",
            why: "a format whose fields tell most causes apart (to be set with `access_log … why`)",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'option (http|https|tcp)log|log-format|error-log-format|^ *log ' /etc/haproxy/haproxy.cfg",
            why: "`option httplog` gives state and timers; add `%[bc_err_str]` and `%[ssl_bc_err_str]`",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,14,15,16,18,37,57",
            why: "connection and response errors, status and last health check of each server",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "the state of each target, with a reason code; `healthy` does not exclude the application",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "the targets' port and protocol; the rest stands in the targets' own logs",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "the state of each instance; InService does not exclude the application",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "IdleTimeout, to compare with the durations of the failures",
        },
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 5 minutes ago' +%s) --until @$(date -d {until} +%s) -p \
                warning",
            why: "on the upstream's host: restarts, crashes, errors at that time",
        },
        Check {
            on: &[],
            run: "curl -sv -m 60 -o /dev/null 'http://{host}:{port}{path}'",
            why: "from the proxy, past the proxy: does the upstream answer?",
        },
        Check {
            on: &[Proxy::CADDY],
            run: "journalctl -u caddy --since @$(date -d '{since} 1 minute ago' +%s) | grep -F http.log.error",
            why: "why each request failed: Caddy's errors go to the default logger, not to the site's access log",
        },
        Check {
            on: &[Proxy::VARNISH],
            run: "varnishlog -g request -q FetchError",
            why: "why fetches fail, while they do: the access log has 503 for every reason",
        },
        Check {
            on: &[Proxy::TRAEFIK],
            run: "traefik --log.level=DEBUG",
            why: "Traefik's own log then says why each request failed: `502 Bad Gateway error=…`",
        },
    ],
    signs: &[],
};
