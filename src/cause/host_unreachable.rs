use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "host-unreachable",
    family: Family::Network,
    title: "there is no network path to the upstream's host",
    happened: "could not be reached on the network",
    meaning: "The network answered that the upstream cannot be reached. \"No route to host\" means that the host did \
        not answer ARP in its own network (it is off), or that a firewall rejects on purpose: firewalld's default \
        reject gives exactly this. \"Network is unreachable\" means that the proxy has no route, very often because \
        the upstream's name has an IPv6 address and the proxy has no IPv6. It says nothing about the application: no \
        connection was made.",
    evidence: &[
        (
            "nginx error log",
            "`connect() failed (113: No route to host) while connecting to upstream` (65 on BSD, 10065 on Windows; \
                musl writes `Host is unreachable`)",
        ),
        ("nginx error log", "`connect() to [2001:…]:443 failed (101: Network is unreachable)`: IPv6 without a route"),
        (
            "nginx access log",
            "502, `$upstream_connect_time` is `-`, the attempt took 1 to 3.1 s (ARP gives up after 3 s)",
        ),
        (
            "HAProxy",
            "503, state `SC`; `Server … is DOWN, reason: Layer4 connection problem, info: \"No route to host\"`",
        ),
        ("ALB", "502, target status `-`, all three processing times are -1, under 1 s elapsed"),
        ("Apache", "503, `AH00957` with `(113)` or `(101)`"),
        ("lighttpd", "503, `establishing connection failed: socket: … No route to host`"),
        ("Envoy", "503, flag `UF` with `delayed_connect_error:_113` or `_101`"),
        ("Cloudflare", "523"),
        ("kernel", "on the proxy's host: `Link is Down`, `neighbor table overflow`"),
        ("Varnish", "`FetchError backend NAME: fail errno 113 (No route to host)`, `101`"),
        ("Go proxies", "`connect: network is down`; `http2: client connection lost`: a ping was not answered"),
        ("Google Cloud", "`destination_ip_unroutable`"),
        ("Fastly", "503, `Network unreachable`"),
        ("Cloud Foundry", "502, `endpoint_failure (dial tcp …: connect: no route to host)`"),
        ("LiteSpeed", "503, `[ADDRESS] Connection error: No route to host, adjust maximum connections to N!`"),
    ],
    look_alikes: &[
        ("connection-refused", "the host answered: nothing listens there; errno 111"),
        ("connect-timeout", "nothing answered at all: a firewall that drops, or a dead host behind a router"),
        ("IPv6 only", "every failing address is in `[…]`: only the IPv6 path is broken"),
    ],
    checks: &[
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -sv -o /dev/null --connect-to '{group}:443:{upstream}:443' 'https://{group}{path}'",
            why: "past Cloudflare, straight to the origin: does it accept, agree on TLS, answer?",
        },
        Check {
            on: &[],
            run: "ip route get {host}",
            why: "from the proxy: is there a route, and through which interface?",
        },
        Check { on: &[], run: "ip neigh show {host}", why: "FAILED or INCOMPLETE: the host does not answer ARP" },
        Check {
            on: &[],
            run: "firewall-cmd --list-all",
            why: "on the upstream's host: firewalld rejects ports that are not listed, with this very error",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'resolver|ipv6|proxy_pass|^ *server '",
            why: "IPv6 addresses in use; `resolver … ipv6=off` leaves them out",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "each server's status and what its last health check met",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show servers state {group}' | socat stdio /run/haproxy/admin.sock",
            why: "the addresses in use: are they the right ones?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "targets that are gone or in an unused zone",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances are out of service, and why",
        },
        Check {
            on: &[Proxy::ALB, Proxy::ELB],
            run: "aws ec2 describe-route-tables",
            why: "routes of the load balancer's and the targets' subnets (peering, VPN, transit gateway)",
        },
        Check {
            on: &[],
            run: "ip -6 route show default",
            why: "on the proxy: nothing here means no way out over IPv6",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-unreachable",
            cause: Cause::HostUnreachable,
            strength: Strength::Conclusive,
            says: "connect() found no path to the host",
            seen: Seen::Wording(r"connect\(\) (?:to \S+ )?failed \((?:113|101|112|65|51|64|10065|10051|10064): "),
            status: 502,
        },
        Sign {
            kind: "text-runtime-unreachable",
            cause: Cause::HostUnreachable,
            strength: Strength::Conclusive,
            says: "there was no path to the host",
            seen: Seen::Wording(concat!(
                r#"(?:^|[^0-9]: |[^:] |["'(=])dial tcp[46]? \S+: (?:connect: (?:no route to host|"#,
                r"(?:network|host) is (?:down|unreachable))|connectex: A socket operation was attempted)",
                r"|NoRouteToHostException|(?:Connect|Socket)Exception: (?:Network is unreachable|No route to host)",
                r"|connect E(?:HOST|NET)UNREACH|unreachable \(os error 101\)|No route to host \(os error 113\)",
                r"|\((?:113|101|OS 10065|OS 10051)\)(?:No route to host|Network is unreachable|A socket operation)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-unreachable",
            cause: Cause::HostUnreachable,
            strength: Strength::Strong,
            says: "a host or network could not be reached",
            seen: Seen::Wording(concat!(
                r"\b[Nn]o route to host\b|\b[Nn]etwork (?:is )?unreachable\b|\b(?:[Hh]ost|[Nn]etwork) is (?:unreachable|down)\b",
                r"|to an unreachable (?:host|network)\b|\bE(?:HOST|NET)UNREACH\b",
            )),
            status: 502,
        },
        Sign {
            kind: "text-ping-unanswered",
            cause: Cause::HostUnreachable,
            strength: Strength::Weak,
            says: "an HTTP/2 connection was given up because the upstream did not answer a ping on it",
            // Go's `ReadIdleTimeout` and `PingTimeout`: golang.org/x/net/http2, closeForLostPing.
            seen: Seen::Wording(r"http2: client connection lost"),
            status: 502,
        },
    ],
};
