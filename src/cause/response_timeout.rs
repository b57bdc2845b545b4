use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "response-timeout",
    family: Family::Timeout,
    title: "the upstream took longer to answer than the proxy waits",
    happened: "did not answer in time",
    meaning: "The connection was made and the request sent, and no response headers came before the proxy's timer ran \
        out. Slow queries, locks, an external call without a timeout, or all workers busy are the usual reasons; the \
        kernel accepts connections even when no worker is free. Raising proxy_read_timeout hides the slow work and \
        ties up more workers: look first at which timer fired, at what value, and at the order of all timers (each \
        outer one should be longer than the one inside it). Clients that give up earlier are logged as 499 or 460 and \
        belong to the same trouble. In Apache a read timeout is a 502.",
    evidence: &[
        (
            "nginx error log",
            "`upstream timed out (110: Connection timed out) while reading response header from upstream` (or `sending \
                request to upstream`)",
        ),
        (
            "nginx access log",
            "504, a connect time is logged, `$upstream_header_time` is `-`, the attempt took `proxy_read_timeout` (60 \
                s by default)",
        ),
        ("HAProxy", "504, state `sH`, Tr is -1, elapsed about `timeout server` after the connect"),
        (
            "ALB",
            "504, target status `-`, elapsed about the idle timeout (60 s by default); -1 means that a phase never \
                ended, not 0 ms",
        ),
        (
            "Classic ELB",
            "504, `backend_processing_time` is -1, often without a backend: no answer within the idle timeout (60 s by \
                default)",
        ),
        (
            "Apache",
            "502, `AH01102` with `(70007)`; 504 for FastCGI (`AH01075`), 500 where mod_fcgid (`read data timeout`) or \
                mod_fastcgi (`idle timeout`) runs it; 503 for AJP (`AH00878`, `AH01030`)",
        ),
        ("lighttpd", "504, `read timeout on socket: …` (`read-timeout`; none by default)"),
        ("Envoy", "504, flag `UT`"),
        ("Google Cloud", "502, `backend_timeout`"),
        ("Cloudflare", "524; 522 after a TCP handshake or 90 s"),
        ("Go proxies", "`net/http: timeout awaiting response headers`, `context deadline exceeded`"),
        (
            "php-fpm",
            "`executing too slow (N sec), logging`; `server reached pm.max_children setting`, when all children are \
                slow",
        ),
        ("kernel", "`task NAME:N blocked for more than 120 seconds`: a disk or a lock"),
        ("IIS", "502.3, `sc-win32-status` 12002 (2147954402): ARR's time limit; 502.1: CGI's"),
        ("Caddy", "504, `net/http: timeout awaiting response headers` (`response_header_timeout`; none by default)"),
        ("Varnish", "503, `FetchError first byte timeout` (`first_byte_timeout`, 60 s by default)"),
        ("Envoy", "504, flags `SI`, `UMSDR`, `DT`"),
        ("Traefik access log", "504, 15 bytes, after another time than `dialTimeout` (30 s)"),
        ("CloudFront", "504, `OriginCommError`, `OriginReadError`"),
        ("Azure Application Gateway", "504, `ERRORINFO_UPSTREAM_TIMED_OUT`"),
        ("Azure Front Door", "`OriginTimeout`; status 0, 503 or 504"),
        ("Fastly", "503, `first byte timeout` (15 s unless set)"),
        ("Akamai", "504, `ERR_READ_TIMEOUT`, `ERR_FIRST_BYTE_TIMEOUT`"),
        ("Heroku", "503, `H12`: 30 s"),
        (
            "Cloud Foundry",
            "502, `endpoint_failure (context deadline exceeded)`; 504, `expired_route_service_signature`",
        ),
        ("API Gateway", "504 (HTTP APIs: 503), `INTEGRATION_TIMEOUT`, or an integration latency of 29 s or 30 s"),
        (
            "LiteSpeed",
            "503, `ExtConn timed out while processing` (`initTimeout`); `connection to […] …, confirmed, 1, …, \
                error: Connection timed out!`",
        ),
        ("Skipper", "504, 16 bytes: `-response-header-timeout-backend` (a minute), or the filter `backendTimeout`"),
        ("Traffic Server", "504, `ERR_READ_TIMEOUT`"),
    ],
    look_alikes: &[
        (
            "connect-timeout",
            "no connection was made: `while connecting to upstream`, no connect time; on an ALB about 10 s",
        ),
        ("worker-killed", "502 at a round duration below the proxy's timeout: the application gave up first"),
        ("body-timeout", "headers had come; the status was sent already"),
        ("queue-timeout", "the wait was in the proxy's own queue (HAProxy Tw, state `sQ`)"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'initTimeout|maxConns|connTimeout' /usr/local/lsws/conf",
            why: "`initTimeout` is for how long LiteSpeed waits for an application's first answer",
        },
        Check {
            on: &[Proxy::named("heroku")],
            run: "heroku logs --tail",
            why: "the application's own lines with the same request_id tell what it was busy with; the limit of 30 s is fixed",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list config -section:webFarms",
            why: "ARR's time limit for each farm, 30 seconds if none is set (without a farm: -section:proxy)",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list requests /elapsed:5000",
            why: "in %windir%\\system32\\inetsrv: the requests that are being worked on for five seconds or more",
        },
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -sv -o /dev/null --connect-to '{group}:443:{upstream}:443' 'https://{group}{path}'",
            why: "past Cloudflare, straight to the origin: does it accept, agree on TLS, answer?",
        },
        Check {
            on: &[Proxy::GCLB],
            run: "gcloud compute backend-services describe {group} --global \
                --format='value(timeoutSec,protocol,healthChecks)'",
            why: "the timeout that failures should sit at, 30 s unless set; HTTP or HTTPS towards the backends",
        },
        Check {
            on: &[Proxy::APPGW],
            run: "az network application-gateway http-settings list -g RESOURCE_GROUP --gateway-name GATEWAY -o table",
            why: "requestTimeout, 20 s unless set: failures should sit at it",
        },
        Check {
            on: &[Proxy::CLOUDFRONT],
            run: "aws cloudfront list-distributions --query \
                \"DistributionList.Items[?DomainName=='{group}'].Origins.Items[]\"",
            why: "the origins, their ports, protocols and timeouts (OriginReadTimeout, ConnectionTimeout, \
                ConnectionAttempts)",
        },
        Check {
            on: &[],
            run: "curl -s -m 120 -o /dev/null -w '%{http_code} %{time_connect} %{time_starttransfer} %{time_total}\\n' \
                'http://{host}:{port}{path}'",
            why: "past the proxy: slow every time, or only under load?",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE \
                '_(read|send|connect)_timeout|next_upstream|upstream_(connect|header)_time'",
            why: "which timer fired; retries multiply the load; log connect and header times",
        },
        Check {
            on: &[Proxy::LIGHTTPD],
            run: "lighttpd -p -f /etc/lighttpd/lighttpd.conf | grep -nE '\"(read|write)-timeout\"'",
            why: "in seconds, for each server; without it lighttpd waits for ever",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyTimeout|^ *Timeout|[^n]timeout=|ProxyPass|BalancerMember' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`timeout=` of the worker, else `ProxyTimeout`, else `Timeout`; at its end mod_proxy_http answers 502",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2-7,18,59-62",
            why: "queue, sessions and average times (ms) of each server: one slow server or all?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'timeout (server|client|queue|connect)|retries|retry-on' /etc/haproxy/haproxy.cfg",
            why: "failures should sit at `timeout server`; `timeout client` should not be shorter",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].LoadBalancerArns[0]' \
                --output text | xargs aws elbv2 describe-load-balancer-attributes --load-balancer-arn",
            why: "idle_timeout.timeout_seconds: failures at this value are slow answers, at 10 s failed connects",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "Target.Timeout: health checks are slow too, so all workers may be busy",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "ConnectionSettings.IdleTimeout: failures should sit at this value",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SurgeQueueLength --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Maximum --period 60 --start-time {since} --end-time \
                {until}",
            why: "requests that waited for a free instance: overload rather than one slow path",
        },
        Check {
            on: &[],
            run: "ss -lnt",
            why: "on the upstream's host: Recv-Q above 0 on its port means that all workers are busy",
        },
        Check {
            on: &[],
            run: "request_slowlog_timeout",
            why: "php-fpm's slow log names the code; for queries slow_query_log (MySQL), log_min_duration_statement \
                (PostgreSQL)",
        },
        Check {
            on: &[Proxy::TRAEFIK],
            run: "traefik --log.level=DEBUG",
            why: "Traefik's own log then says why each request failed: `502 Bad Gateway error=…`",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "kubectl -n kube-system logs -l application=skipper-ingress --prefix --tail=-1 | grep 'error while proxying'",
            why: "Skipper's application log says why each request failed; give it to gatewhy as well",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "kubectl -n kube-system get deployments,daemonsets -l application=skipper-ingress -o yaml | grep -- '-timeout-'",
            why: "-timeout-backend, -tls-timeout-backend, -response-header-timeout-backend; per route the filter backendTimeout",
        },
    ],
    signs: &[
        Sign {
            kind: "text-awaiting-headers",
            cause: Cause::ResponseTimeout,
            strength: Strength::Conclusive,
            says: "no response headers came in time",
            seen: Seen::Wording(concat!(
                r"timeout awaiting response headers|UND_ERR_HEADERS_TIMEOUT|HeadersTimeoutError",
                r"|SocketTimeoutException: Read timed out|\bRead timed out\. \(read timeout|ReadTimeoutException\b",
                r"|HttpTimeoutException: request timed out",
            )),
            status: 504,
        },
        Sign {
            kind: "text-deadline-exceeded",
            cause: Cause::ResponseTimeout,
            strength: Strength::Strong,
            says: "the deadline of the request passed",
            seen: Seen::Wording(concat!(
                r"context deadline exceeded|exceeded while awaiting headers|code = DeadlineExceeded",
                r"|\bDEADLINE_EXCEEDED\b|read tcp \S+: i/o timeout|SocketTimeoutException: (?:timeout|\d+ MILLI)",
                r"|Did not observe any item or terminal signal within|\bESOCKETTIMEDOUT\b",
            )),
            status: 504,
        },
    ],
};
