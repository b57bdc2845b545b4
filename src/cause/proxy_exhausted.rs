use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "proxy-exhausted",
    family: Family::Overload,
    title: "the proxy itself ran out of ports, descriptors, connections or memory",
    happened: "was out of the reach of a proxy without free ports, descriptors or memory",
    meaning: "The proxy could not open a connection because a resource of its own was used up: local ports (many short \
        connections to one address, each of which stays in TIME_WAIT), file descriptors, worker_connections or \
        maxconn, or memory. The upstream was not asked and is not the one to restart. Often a slow upstream stands \
        behind it: connections pile up in the proxy until it has none left. Reusing upstream connections (keepalive) \
        cures a shortage of ports better than tuning the kernel does.",
    evidence: &[
        (
            "nginx error log",
            "`connect() to … failed (99: Cannot assign requested address) while connecting to upstream`: local ports, \
                or a wrong `proxy_bind`",
        ),
        (
            "nginx error log",
            "`socket() failed (24: Too many open files)` (answers 500); `N worker_connections are not enough`",
        ),
        (
            "HAProxy",
            "503, state `RC` or `PC`; `Connect() failed for backend …: no free ports.`; `Proxy … reached process FD \
                limit`",
        ),
        ("ALB", "Lambda targets: `LambdaENILimitReachedException`, `LambdaSubnetIPAddressLimitReachedException`"),
        ("Apache", "`AH00161`, `AH00286`, `AH00484` (server reached MaxRequestWorkers); `AH00957` with `(99)`"),
        ("lighttpd", "`socket() failed (cur_fds:N) (max_fds:N): Too many open files`, `sockets disabled, out-of-fds`"),
        ("Envoy", "503, flag `OM` (overload manager), or `UF` with `local_connection_failure`"),
        ("Go proxies", "`socket: too many open files`, `cannot assign requested address`"),
        ("IIS", "in HTTPERR `N_Connections_Refused`: Windows had no memory left for connections"),
        ("Varnish", "`FetchError backend NAME: fail errno 99` or `24`, `No thread available`"),
        (
            "LiteSpeed",
            "503, `Failed to start one instance. pid: N Resource limit reached!`, `lscgid: execve():…: Resource \
                temporarily unavailable`, `Too many open files`",
        ),
        ("lsphp", "`fork() failed, please increase process limit` (in `stderr.log`)"),
    ],
    look_alikes: &[
        ("backlog-full", "errno 11: the upstream's queue, not the proxy's resources"),
        ("response-timeout", "slow answers come first; the proxy runs out as a consequence"),
        ("circuit-breaker", "a limit for this upstream alone, set on purpose"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'procSoftLimit|procHardLimit|memSoftLimit|memHardLimit' /usr/local/lsws/conf",
            why: "how many processes and how much memory an application may have; the user's limits (`ulimit -u`, \
                LVE) count too",
        },
        Check {
            on: &[],
            run: "ss -s",
            why: "on the proxy: connections by state; tens of thousands in `timewait` mean that ports run out",
        },
        Check {
            on: &[],
            run: "sysctl net.ipv4.ip_local_port_range fs.file-nr",
            why: "on the proxy: local ports for each upstream address; descriptors in use and their limit",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'worker_(connections|rlimit_nofile|processes)|^ \
                *keepalive|proxy_bind'",
            why: "a request to an upstream takes two connections; without `keepalive` each takes a new port",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -H 'open files' /proc/$(pgrep -o -f 'nginx: worker')/limits",
            why: "the limit that a worker really has",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'MaxRequestWorkers|ThreadsPerChild|ServerLimit|MaxClients' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "how many requests Apache serves at once; behind slow upstreams all of them wait",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show info' | socat stdio /run/haproxy/admin.sock | grep -E \
                'Maxconn|CurrConns|Maxsock|Ulimit|Pool'",
            why: "connections and descriptors against their limits",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'maxconn|ulimit-n|^ *source |http-reuse' /etc/haproxy/haproxy.cfg",
            why: "limits, source addresses (each adds local ports), reuse of server connections",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "target type lambda: network interfaces and addresses of its subnets can run out",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailableIpAddressCount]' --output text",
            why: "a load balancer needs at least 8 free addresses in each of its subnets to grow",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SurgeQueueLength --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Maximum --period 60 --start-time {since} --end-time \
                {until}",
            why: "requests that waited for an instance",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-no-ports",
            cause: Cause::ProxyExhausted,
            strength: Strength::Conclusive,
            says: "the proxy had no local port or buffer left",
            seen: Seen::Wording(concat!(
                r"connect\(\) (?:to \S+ )?failed \((?:99|49|105|55|12|10049|10048|10055): ",
                r"|dial tcp[46]? \S+: (?:connect|bind): (?:can(?:no|')t assign requested address|no buffer space)",
                r"|connect EADDRNOTAVAIL|\((?:99|OS 10048|OS 10055)\)(?:Cannot assign requested|Only one usage|An op)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-no-descriptors",
            cause: Cause::ProxyExhausted,
            strength: Strength::Conclusive,
            says: "the proxy had no file descriptor left",
            seen: Seen::Wording(concat!(
                r"(?:socket|accept4?|pipe2?|epoll_create1?|eventfd)\(\) failed \((?:24|23|10024|105|55|10055|12): ",
                r"|(?:socket|accept4?|pipe2?|open): too many open files|\bE[MN]FILE\b",
                r"|SocketException: Too many open files|[Tt]oo many open files \(os error 2[34]\)",
            )),
            // nginx's own answer when socket() fails; most others give 502.
            status: 500,
        },
        Sign {
            kind: "text-too-many-open-files",
            cause: Cause::ProxyExhausted,
            strength: Strength::Strong,
            says: "too many files were open",
            seen: Seen::Wording(r"\b[Tt]oo many open files\b|\bNo file descriptors available\b"),
            status: 500,
        },
        Sign {
            kind: "text-bind-failed",
            cause: Cause::ProxyExhausted,
            strength: Strength::Strong,
            says: "the proxy could not bind a local address",
            seen: Seen::Wording(concat!(
                r"\bbind\([^)]+\) failed \((?:98|99|48|49|10048|10049): |\bEADDRNOTAVAIL\b",
                r"|[Cc]an(?:no|')t assign requested address|Address not available",
            )),
            status: 502,
        },
        Sign {
            kind: "text-no-memory",
            cause: Cause::ProxyExhausted,
            strength: Strength::Weak,
            says: "memory or buffers ran out",
            seen: Seen::Wording(r"\b[Nn]o buffer space available\b|\b[Cc]annot allocate memory\b|\bENOBUFS\b"),
            status: 500,
        },
    ],
};
