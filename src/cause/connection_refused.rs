use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "connection-refused",
    family: Family::Downtime,
    title: "nothing listens on the upstream's port",
    happened: "refused connections",
    meaning: "The upstream's host answered at once that nothing listens on that address and port. The application is \
        stopped, restarting or crashed, or it listens on another port, or only on 127.0.0.1 inside its container or \
        host. It is not overload and not a slow application: the host is up and the network works. All servers at once \
        point to a deploy or a wrong configuration, one server to that host. In HAProxy this is a 503 with the state \
        SC, in Apache and Envoy a 503 too, so a 503 from them does not mean that the application is overloaded.",
    evidence: &[
        (
            "nginx error log",
            "`connect() failed (111: Connection refused) while connecting to upstream` (61 on BSD and macOS, 10061 on \
                Windows)",
        ),
        (
            "nginx error log",
            "`connect() to unix:… failed (111: Connection refused)`: the socket file is stale, it exists but nobody \
                listens",
        ),
        (
            "nginx access log",
            "502, `$upstream_connect_time` and `$upstream_header_time` are `-`, the attempt took no more than about 5 \
                ms",
        ),
        ("HAProxy", "503, state `SC`, a server is named, Tc is -1; with the default `retries 3` after about 3 s"),
        ("HAProxy", "`Server … is DOWN, reason: Layer4 connection problem, info: \"Connection refused\"`"),
        ("ALB", "502, target status `-`, a target is named, all three processing times are -1, under 1 s elapsed"),
        ("Classic ELB", "`BackendConnectionErrors` rises; with every instance out of service 503 and backend `-`"),
        (
            "Apache",
            "503, `(111)Connection refused: AH00957: http: attempt to connect to … failed`; a balancer's member is then \
                left out for 60 s (`AH00959`), a single server is tried again for each request",
        ),
        (
            "lighttpd",
            "503, `establishing connection failed: socket: … Connection refused`, once until the server is tried again; then `all handlers for … are down`",
        ),
        ("Envoy", "503, flag `UF` with `delayed_connect_error:_111`"),
        ("gunicorn", "`Worker failed to boot.`, `Connection in use`: it never listened"),
        ("systemd", "`Failed to start …`, `Scheduled restart job`, `Start request repeated too quickly`"),
        ("Go proxies", "`dial tcp …: connect: connection refused`"),
        ("nginx stream access log", "502, `$upstream_connect_time` is `-`, the session took no more than about 5 ms"),
        ("IIS", "502.3, `sc-win32-status` 12029, in less than 20 s"),
        (
            "Varnish",
            "`FetchError backend NAME: fail errno 111 (Connection refused)`; for a while after it `fail errno 0`, not tried at all",
        ),
        ("Traefik access log", "502, 11 bytes, at once; only Traefik's own log at the level debug says why"),
        ("Google Cloud", "`failed_to_connect_to_backend` at once, `connection_refused`"),
        ("Cloudflare", "521"),
        ("CloudFront", "502, `OriginConnectError` at once (or no agreement on TLS)"),
        ("Azure Front Door", "`OriginConnectionRefused`"),
        ("Fastly", "503, `Connection refused`"),
        ("Akamai", "`ERR_CONNECT_FAIL` at once"),
        ("API Gateway", "504, `INTEGRATION_FAILURE`: weak, as it says no more"),
        ("Heroku", "503, `H21`"),
        ("Cloud Foundry", "502, `endpoint_failure (dial tcp …: connect: connection refused)`"),
        (
            "LiteSpeed",
            "503, `[ADDRESS] Connection refused, restart!`; `connection to [ADDRESS] on request #0, …, error: \
                Connection refused!`",
        ),
        ("Skipper", "502, 12 bytes, at once; its application log says why: `dial tcp …: connect: connection refused`"),
        (
            "Traffic Server",
            "502, `ERR_CONNECT_FAIL` at once: weak, as a connection that is closed before the answer has the same",
        ),
    ],
    look_alikes: &[
        ("host-unreachable", "errno 113 or 101; a firewall that rejects can send either, the refusal too"),
        ("connect-timeout", "gets no answer at all and takes as long as the connect timeout; a refusal is instant"),
        ("keepalive-race", "is as fast, but has a connect time, is rare and hits mostly POST"),
        ("no-live-upstream", "is the shadow of earlier refusals: look for the first failure before it"),
        ("draining", "refusals of a few seconds around a deploy: the process stopped before traffic was taken away"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -hE 'not start|Failed to start|failed to start|cgidSuEXEC|execve' \
                /usr/local/lsws/logs/error.log /usr/local/lsws/logs/stderr.log | tail -n 20",
            why: "why LiteSpeed could not start the application",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "touch /usr/local/lsws/admin/tmp/.lsphp_restart.txt",
            why: "restarts lsphp where LiteSpeed keeps it running (`lswsctrl restart` all else, too); save the logs \
                first",
        },
        Check {
            on: &[Proxy::IIS],
            run: "Test-NetConnection {upstream} -CommonTCPPort HTTP",
            why: "in PowerShell, from the ARR server; another port: -Port",
        },
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -sv -o /dev/null --connect-to '{group}:443:{upstream}:443' 'https://{group}{path}'",
            why: "past Cloudflare, straight to the origin: does it accept, agree on TLS, answer?",
        },
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -s https://www.cloudflare.com/ips-v4",
            why: "the origin's firewall must let these addresses in; fail2ban and rate limits count them as one \
                client each",
        },
        Check {
            on: &[Proxy::GCLB],
            run: "gcloud compute firewall-rules list --filter='sourceRanges:(130.211.0.0/22 35.191.0.0/16)'",
            why: "the load balancer and its health checks come from these ranges: they must reach the backends' port",
        },
        Check {
            on: &[Proxy::CLOUDFRONT],
            run: "aws cloudfront list-distributions --query \
                \"DistributionList.Items[?DomainName=='{group}'].Origins.Items[]\"",
            why: "the origins, their ports, protocols and timeouts (OriginReadTimeout, ConnectionTimeout, \
                ConnectionAttempts)",
        },
        Check {
            on: &[Proxy::FRONTDOOR],
            run: "az afd origin list -g RESOURCE_GROUP --profile-name PROFILE --origin-group-name ORIGIN_GROUP -o \
                table",
            why: "host names, host headers and ports of the origins, and whether certificate names are checked",
        },
        Check {
            on: &[],
            run: "ss -ltnp 'sport = :{port}'",
            why: "on the upstream's host: is anything listening, and on 127.0.0.1 only?",
        },
        Check {
            on: &[],
            run: "nc -vz -w3 {host} {port}",
            why: "from the proxy: `refused` means that it is still down, `succeeded` that it is back",
        },
        Check {
            on: &[],
            run: "ss -lxp | grep '{socket}'",
            why: "the socket file exists; no line here means that nobody listens on it",
        },
        Check {
            on: &[Proxy::LIGHTTPD],
            run: "lighttpd -p -f /etc/lighttpd/lighttpd.conf | grep -nE '\"(host|port|socket|bin-path)\"'",
            why: "the address that lighttpd connects to, with all included files",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyPass|BalancerMember|SetHandler.*proxy:|RewriteRule.*\\[.*P' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "the address and port that Apache connects to",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "each server's status and what its last health check met",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show servers state {group}' | socat stdio /run/haproxy/admin.sock",
            why: "the address and port that HAProxy really uses for each server",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "which targets are unhealthy, and the port that each is registered with",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "does the traffic port match the port that the application listens on?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances are out of service, and why",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "does the instance port of each listener match the application's port?",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'proxy_pass|fastcgi_pass|uwsgi_pass|grpc_pass|^ *server +[^{]*;'",
            why: "the address and port that nginx connects to",
        },
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 5 minutes ago' +%s) --until @$(date -d {until} +%s) | grep -E \
                'Stopp|Started|Main process exited|Scheduled restart'",
            why: "on the upstream's host: what stopped or restarted just before (in Kubernetes: `kubectl get events`)",
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
            run: "curl -s 'localhost:9911/routes?limit=10000'",
            why: "at Skipper's support listener: each route as it is now, with its endpoints; `?invalid=true` has those left out",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-refused",
            cause: Cause::ConnectionRefused,
            strength: Strength::Conclusive,
            says: "connect() was refused",
            seen: Seen::Wording(r"connect\(\) (?:to \S+ )?failed \((?:111|61|10061): "),
            status: 502,
        },
        Sign {
            kind: "text-dial-refused",
            cause: Cause::ConnectionRefused,
            strength: Strength::Conclusive,
            says: "the connection was refused",
            // Not `lookup … on 10.0.0.2:53: dial tcp 10.0.0.2:53: …`, which is the resolver's refusal.
            seen: Seen::Wording(concat!(
                r#"(?:^|[^0-9]: |[^:] |["'(=])dial (?:tcp[46]?|unix) \S+: "#,
                r"(?:connect: connection refused|connectex: No connection could be made)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-refused",
            cause: Cause::ConnectionRefused,
            strength: Strength::Conclusive,
            says: "the connection was refused",
            seen: Seen::Wording(concat!(
                r"ConnectException: (?:finishConnect\(\.\.\) failed: )?Connection refused",
                r"|connect ECONNREFUSED|ConnectionRefusedError: |refused \(os error (?:111|61|10061)\)",
                r"|\((?:111|61|OS 10061)\)(?:Connection refused|No connection could be made)",
                r"|Failed to connect to \S+ port \d+.*: Connection refused",
            )),
            status: 502,
        },
        Sign {
            kind: "text-connection-refused",
            cause: Cause::ConnectionRefused,
            strength: Strength::Strong,
            says: "a connection was refused",
            seen: Seen::Wording(r"\b[Cc]onnection refused\b|actively refused it|\bECONNREFUSED\b"),
            status: 502,
        },
    ],
};
