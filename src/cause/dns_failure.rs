use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "dns-failure",
    family: Family::Dns,
    title: "the upstream's name did not resolve",
    happened: "could not be resolved by name",
    meaning: "The proxy could not turn the upstream's name into an address. Either the name is gone (\"not found\": \
        the service was renamed or deleted, the record or the zone expired, a typo), or the resolver itself failed or \
        did not answer. The upstream may be perfectly healthy: no connection was tried. With a name that nginx looks \
        up at run time (a variable in proxy_pass), a `resolver` is needed; names written out are resolved at start \
        alone, and nginx refuses to start when one is missing.",
    evidence: &[
        (
            "nginx error log",
            "`NAME could not be resolved (3: Host not found)`: the name is gone; `(2: Server failure)` and `(110: \
                Operation timed out)`: the resolver is in trouble",
        ),
        (
            "nginx error log",
            "`no resolver defined to resolve NAME`; `host not found in upstream \"NAME\"` (at start: the old \
                configuration keeps running, or nginx is down)",
        ),
        ("nginx access log", "502, every `$upstream_` variable is `-`"),
        (
            "HAProxy",
            "`Server … is going DOWN for maintenance (DNS NX status)` (or DNS timeout, refused, No IP for server); \
                after that 503 with `<NOSRV>`",
        ),
        ("Apache", "500, `AH00898: DNS lookup failure for: NAME`"),
        ("Envoy", "503, flag `DF`"),
        ("nginx stream access log", "500 (not 502), every `$upstream_` variable is `-`"),
        ("CloudFront", "502, `OriginDnsError`"),
        ("Cloudflare", "530 (error 1016; 1033 is a tunnel that is down)"),
        ("Go proxies", "`dial tcp: lookup NAME on …:53: no such host`, `server misbehaving`"),
        ("IIS", "502.3, `sc-win32-status` 12007"),
        ("Kong", "`DNS resolution failed: dns server error: 3 name error`, `… with: name resolution failed`"),
        ("Google Cloud", "`dns_error`, `dns_timeout`"),
        ("Azure Front Door", "`DNSFailure`, `DNSTimeout`, `DNSNameNotResolved`"),
        ("Akamai", "`ERR_DNS_FAIL`, `ERR_DNS_TIMEOUT`, `ERR_NO_FWD_HOSTS`"),
        ("Traffic Server", "500, `NONE/NAME`, `ERR_UNKNOWN` or `ERR_DNS_FAIL`"),
    ],
    look_alikes: &[
        (
            "stale DNS",
            "the name resolves, but nginx keeps the address of its start: shows as connect-timeout, refusals or a \
                stranger's certificate, and a reload cures it",
        ),
        ("no-live-upstream", "in HAProxy a name that no longer resolves takes the server into maintenance"),
        ("proxy-local", "`return 502` also leaves every `$upstream_` variable empty"),
    ],
    checks: &[
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
            run: "getent hosts {host}",
            why: "from the proxy: does the system's own resolver know the name?",
        },
        Check { on: &[], run: "dig {host}", why: "NXDOMAIN: the name is gone; SERVFAIL or no answer: the resolver" },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'resolver|proxy_pass|^ *server '",
            why: "which resolver nginx asks (it ignores /etc/hosts and search domains), and which names",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyPass|BalancerMember|disablereuse=' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "names are resolved once for each connection pool: a new address is seen with `disablereuse=on` or after a reload",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show resolvers' | socat stdio /run/haproxy/admin.sock",
            why: "per nameserver: answers, NXDOMAIN, timeouts, refusals",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57,74",
            why: "servers in `MAINT (resolution)`, and their addresses",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "targets are addresses: a name in front of them is resolved by the target, not by the load balancer",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances are out of service; the load balancer itself resolves no names",
        },
        Check {
            on: &[],
            run: "cat /etc/resolv.conf",
            why: "on the proxy (inside its container): the nameservers in use, search domains and ndots",
        },
        Check {
            on: &[],
            run: "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=200",
            why: "in Kubernetes: errors and timeouts of CoreDNS",
        },
    ],
    signs: &[
        Sign {
            kind: "text-lookup-failed",
            cause: Cause::DnsFailure,
            strength: Strength::Conclusive,
            says: "the lookup of a name failed",
            seen: Seen::Wording(concat!(
                r"\blookup \S+(?: on \S+)?: (?:no such host|server misbehaving|no answer from DNS server|i/o timeout",
                r"|(?:dial|read|write) (?:udp|tcp)|getaddrinfow?: |[Tt]emporary failure|[Nn]ame or service not known",
                r"|device or resource busy|cannot unmarshal DNS|connection refused)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-name-not-resolved",
            cause: Cause::DnsFailure,
            strength: Strength::Conclusive,
            says: "a name did not resolve",
            seen: Seen::Wording(concat!(
                r"[Nn]ame or service not known|(?:[Tt]emporary|Non-recoverable) failure in name resolution",
                r"|nodename nor servname provided|[Nn]o address associated with (?:host)?name|[Nn]ame does not resolve",
                r"|Name has no usable address|[Nn]o such host is known|[Cc]ould not resolve host\b",
                r"|UnknownHostException|DnsNameResolver\w*Exception|getaddrinfo E(?:NOTFOUND|AI_\w+)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-no-such-host",
            cause: Cause::DnsFailure,
            strength: Strength::Strong,
            says: "a name did not resolve",
            seen: Seen::Wording(r"\bno such host\b|\bENOTFOUND\b|\bEAI_AGAIN\b|\bNXDOMAIN\b"),
            status: 502,
        },
    ],
};
