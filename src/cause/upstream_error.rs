use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "upstream-error",
    family: Family::Application,
    title: "the upstream itself answered with the error",
    happened: "answered, but with errors",
    meaning: "The 5xx came from the upstream and the proxy passed it on. The proxy and the network between the two are \
        fine; the reason is in the upstream's own log, or one tier deeper when the upstream is itself a proxy. In \
        nginx the status in $upstream_status is no proof, because nginx writes its own 502 and 504 there: what counts \
        is that a header time was logged. A 503 of the upstream may be a planned maintenance page.",
    evidence: &[
        ("nginx access log", "`$upstream_status` equals the final status and `$upstream_header_time` is not `-`"),
        ("HAProxy", "502, 503 or 504 with the state `--` and Tr at 0 or above"),
        ("ALB", "`target_status_code` equals `elb_status_code`, all three processing times at 0 or above"),
        ("Classic ELB", "`backend_status_code` equals `elb_status_code`"),
        (
            "Apache",
            "`AH01174 … due to status code N matching 'failonstatus'`; `%{proxy-status}n` is the status of the answer",
        ),
        ("Envoy", "flag `-` with `via_upstream`"),
        ("Google Cloud", "`response_sent_by_backend`"),
        ("CloudFront", "`OriginError`"),
        ("Cloudflare", "502 or 504 with the same origin status"),
        ("API Gateway", "the integration's status equals the status"),
        ("IIS", "`SERVER-STATUS` in the query that ARR logs is the status"),
        ("Caddy", "502, 503 or 504 with headers that Caddy passed on, and no line of `http.log.error`"),
        (
            "Varnish",
            "502 or 504, which it never answers of its own; on the backend's side (`-b`) any 5xx without a FetchError",
        ),
        (
            "Traefik",
            "503 with a `ServiceURL`; 502 or 504 with more bytes than `Bad Gateway` (11) or `Gateway Timeout` (15)",
        ),
        ("Azure Application Gateway", "`serverStatus` equals `httpStatus`, `ERRORINFO_NO_ERROR`"),
        ("Azure Front Door", "`NoError`, or `OriginError`"),
        ("Heroku", "a status without a code"),
        ("Cloud Foundry", "a status with `x_cf_routererror:\"-\"`"),
        ("Skipper", "502, 503 or 504 of another length than its own pages (12, 20 and 16 bytes)"),
    ],
    look_alikes: &[
        ("the proxy's own 502", "header time `-`, or no target status: the upstream never answered"),
        ("proxy-local", "a maintenance page or rule of this proxy: no upstream was asked"),
        ("Traefik", "writes its own 502 and 504 as the origin's status too, so equality proves nothing there"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 1 minute ago' +%s) --until @$(date -d {until} +%s) -p err",
            why: "on the upstream's host: its own errors at that time; give its logs to gatewhy as well",
        },
        Check {
            on: &[],
            run: "curl -si -m 60 'http://{host}:{port}{path}' | head -n 40",
            why: "the error page and the Server header: who wrote it, and does Retry-After announce maintenance?",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'log_format|upstream_(status|header_time|addr)|intercept_errors'",
            why: "$upstream_header_time has to be logged to tell the upstream's 502 from nginx's own",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyErrorOverride|failonstatus|BalancerMember' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`ProxyErrorOverride` puts Apache's page in the place of the upstream's; `failonstatus` takes the member out",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,41-44,57",
            why: "responses by class for each server (2xx to 5xx): one server or all?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show servers state {group}' | socat stdio /run/haproxy/admin.sock",
            why: "the addresses of the servers whose own logs to read",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "the targets whose own logs to read; Target.ResponseCodeMismatch: health checks get errors too",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name HTTPCode_Backend_5XX \
                --dimensions Name=LoadBalancerName,Value={group} --statistics Sum --period 60 --start-time {since} \
                --end-time {until}",
            why: "errors that instances made; compare with HTTPCode_ELB_5XX, which the load balancer made",
        },
    ],
    signs: &[],
};
