use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "connect-timeout",
    family: Family::Network,
    title: "connection attempts got no answer",
    happened: "did not answer connection attempts in time",
    meaning: "The proxy asked for a connection and heard nothing until its connect timeout. Usually a firewall, \
        security group or network ACL drops the packets, the host is stopped, or the address is no longer the right \
        one (nginx resolves names at start and keeps the old address). A host that is alive but whose listen queue is \
        full looks the same, mixed with successes. It is not a slow application: no request was sent. So a 504 does \
        not always mean slow code, and a longer read timeout does not help; on an ALB a plateau at 10 s is its connect \
        timeout.",
    evidence: &[
        ("nginx error log", "`upstream timed out (110: Connection timed out) while connecting to upstream` (504)"),
        ("nginx error log", "`connect() failed (110: Connection timed out)`: the kernel gave up first (502)"),
        (
            "nginx access log",
            "504, `$upstream_connect_time` is `-`, the attempt took `proxy_connect_timeout` (60 s by default)",
        ),
        ("HAProxy", "503, state `sC`, Tc is -1, elapsed about `timeout connect` times (retries + 1)"),
        ("HAProxy", "`Server … is DOWN, reason: Layer4 timeout`"),
        ("ALB", "504, target status `-`, all three processing times are -1, elapsed about 10.0 s"),
        ("Classic ELB", "`BackendConnectionErrors` rises; the rows often name no backend"),
        ("Apache", "503, `AH00957` with `(110)` or `(70007)`"),
        (
            "lighttpd",
            "503, `establishing connection failed: socket: … Connection timed out` (`connect-timeout`; none by default)",
        ),
        ("Envoy", "503, flag `UF` with `connection_timeout`"),
        ("Cloudflare", "522"),
        ("Go proxies", "`dial tcp …: i/o timeout`, `connect: connection timed out`"),
        (
            "kernel",
            "on the upstream's host: `nf_conntrack: table full, dropping packet`, a firewall's LOG line with `DPT=` \
                the port",
        ),
        ("nginx stream access log", "502 (never 504), `$upstream_connect_time` is `-`, after a second or more"),
        ("IIS", "502.3, `sc-win32-status` 12029, after 20 s and more"),
        ("Caddy", "502 after `dial_timeout`, 3 s by default, and `dial tcp …: i/o timeout`"),
        ("Varnish", "`FetchError backend NAME: fail errno 110`; 503 after `connect_timeout`, 3.5 s by default"),
        ("Traefik access log", "504, 15 bytes, after 30 s (`dialTimeout`)"),
        ("Google Cloud", "`failed_to_connect_to_backend` after seconds, `connection_timeout`"),
        ("CloudFront", "504, `OriginConnectError`, or after 10 s or more"),
        ("Azure Application Gateway", "504, `ERRORINFO_UPSTREAM_TIMED_OUT`, `serverConnectTime` is `-`"),
        ("Fastly", "503, `Connection timed out`"),
        ("Akamai", "`ERR_CONNECT_TIMEOUT`; `ERR_CONNECT_FAIL` after a second or more"),
        ("Heroku", "503, `H19`: 5 s"),
        ("Cloud Foundry", "502, `endpoint_failure (dial tcp …: i/o timeout)`"),
        ("LiteSpeed", "503, `ExtConn timed out while connecting` (after 2 s)"),
        (
            "Skipper",
            "502 (not 504), 12 bytes, after a minute (`-timeout-backend`); in its application log `dial tcp …: i/o timeout`",
        ),
        ("Traffic Server", "502, `ERR_CONNECT_FAIL` after seconds (`connect_attempts_timeout`, 30 s by default)"),
    ],
    look_alikes: &[
        (
            "response-timeout",
            "the connection was made: a connect time is logged, or the action is `reading response header`; a plain \
                access log cannot tell the two",
        ),
        ("backlog-full", "successes in between, with connect times of 1, 3 or 7 s (repeated SYNs); a drop has none"),
        ("host-unreachable", "an ICMP answer or a failed ARP came back: errno 113 or 101 after 0 to 3 s"),
        (
            "tls-handshake",
            "connected, but no answer in the handshake: in nginx the same status, time and missing connect time, \
                `while SSL handshaking to upstream`",
        ),
        ("dns-failure", "stale DNS: all failures go to one address that `dig` no longer returns; a reload cures it"),
    ],
    checks: &[
        Check {
            on: &[Proxy::IIS],
            run: "Test-NetConnection {upstream} -CommonTCPPort HTTP",
            why: "in PowerShell, from the ARR server; another port: -Port",
        },
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -s https://www.cloudflare.com/ips-v4",
            why: "the origin's firewall must let these addresses in; fail2ban and rate limits count them as one \
                client each",
        },
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -sv -o /dev/null --connect-to '{group}:443:{upstream}:443' 'https://{group}{path}'",
            why: "past Cloudflare, straight to the origin: does it accept, agree on TLS, answer?",
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
            on: &[],
            run: "nc -vz -w3 {host} {port}",
            why: "from the proxy: does it still hang, and do other ports of the host answer?",
        },
        Check {
            on: &[],
            run: "tcpdump -ni any host {host} and port {port}",
            why: "SYN without SYN-ACK: dropped on the way or at the host",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'connect_timeout|proxy_pass|resolver|^ *server '",
            why: "the connect timeout, and names that are resolved only at start (compare with `dig +short NAME`)",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyPass|BalancerMember|connectiontimeout=|ProxyTimeout' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`connectiontimeout=` of the worker; without it `ProxyTimeout` or `Timeout`, a minute and more",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57,60",
            why: "status, last health check and average connect time of each server",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'timeout connect|retries|option redispatch' /etc/haproxy/haproxy.cfg",
            why: "elapsed should be timeout connect times (retries + 1)",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "Target.Timeout, or a target that is draining or gone",
        },
        Check {
            on: &[Proxy::ALB, Proxy::ELB],
            run: "aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values={host} \
                --query 'NetworkInterfaces[].[Groups,SubnetId,Attachment.InstanceId,Status]'",
            why: "security groups (and the subnet's ACL): is the port open? No result: the address is gone",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances are out of service, and why",
        },
        Check {
            on: &[],
            run: "nstat -az TcpExtListenOverflows TcpExtListenDrops",
            why: "on the upstream's host: growing numbers mean a full listen queue, not a firewall",
        },
        Check {
            on: &[],
            run: "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max",
            why: "on both hosts: a full table drops new connections",
        },
        Check {
            on: &[Proxy::ENVOY],
            run: "curl -s localhost:15000/clusters | grep -E 'health_flags|cx_connect_fail|rq_error'",
            why: "Envoy's admin interface (Istio: 15000, elsewhere often 9901): one host or all?",
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
            kind: "text-connect-timed-out",
            cause: Cause::ConnectTimeout,
            strength: Strength::Conclusive,
            says: "connect() got no answer until the kernel gave up",
            seen: Seen::Wording(r"connect\(\) (?:to \S+ )?failed \((?:110|60|10060): "),
            // Not 504: to nginx this is an error, not the end of its own timer.
            status: 502,
        },
        Sign {
            kind: "text-dial-timeout",
            cause: Cause::ConnectTimeout,
            strength: Strength::Conclusive,
            says: "the connection attempt timed out",
            // Not `lookup … on 10.0.0.2:53: dial tcp 10.0.0.2:53: …`, which is the resolver's silence.
            seen: Seen::Wording(concat!(
                r#"(?:^|[^0-9]: |[^:] |["'(=])dial tcp[46]? \S+: "#,
                r"(?:i/o timeout|connect: (?:connection|operation) timed out|connectex: A connection attempt failed)",
            )),
            status: 504,
        },
        Sign {
            kind: "text-runtime-connect-timeout",
            cause: Cause::ConnectTimeout,
            strength: Strength::Conclusive,
            says: "the connection attempt timed out",
            seen: Seen::Wording(concat!(
                r"SocketTimeoutException: [Cc]onnect timed out|ConnectTimeoutException\b|HTTP connect timed out",
                r"|ConnectException: (?:Connection|Operation) timed out|connect ETIMEDOUT",
                r"|UND_ERR_CONNECT_TIMEOUT|ConnectTimeoutError|timed out \(os error (?:110|60|10060)\)",
                r"|\((?:110|60|OS 10060)\)(?:Connection timed out|Operation timed out|A connection attempt failed)",
                r"|Failed to connect to \S+ port \d+.*: (?:Connection timed|Operation timed|Timeout)",
            )),
            status: 504,
        },
        Sign {
            kind: "text-waiting-for-connection",
            cause: Cause::ConnectTimeout,
            strength: Strength::Strong,
            says: "the request was given up while it waited for a connection",
            seen: Seen::Wording(r"request canceled while waiting for connection"),
            status: 504,
        },
        Sign {
            kind: "text-timed-out",
            cause: Cause::ConnectTimeout,
            strength: Strength::Weak,
            says: "a connection timed out",
            seen: Seen::Wording(r"\b(?:[Cc]onnection|[Oo]peration) timed out\b|\bETIMEDOUT\b"),
            status: 504,
        },
    ],
};
