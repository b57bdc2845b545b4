use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "backlog-full",
    family: Family::Overload,
    title: "the upstream's accept queue is full",
    happened: "had no room left in its accept queue",
    meaning: "The upstream listens, but does not accept connections as fast as they come, and the kernel's queue of \
        waiting connections is full. On a unix socket the proxy learns this at once (errno 11); over TCP new \
        connections get no answer and look like a connect timeout, mixed with successes. The service is up, and the \
        path and the permissions are right. The root is nearly always slow requests that hold all workers: a longer \
        queue only adds waiting, and more workers need memory.",
    evidence: &[
        (
            "nginx error log",
            "`connect() to unix:… failed (11: Resource temporarily unavailable) while connecting to upstream`",
        ),
        (
            "nginx access log",
            "502, `unix:…`, no connect time, no more than 5 ms, at peaks; over TCP connect times of 1, 3 or 7 s \
                (repeated SYNs)",
        ),
        ("HAProxy", "503 `sC` or `SC` at peaks, while other requests to the same server succeed"),
        ("ALB", "504 at about 10 s on some requests, while others to the same target succeed"),
        ("Classic ELB", "503 with backend `-`: the surge queue was full (`SpilloverCount`)"),
        (
            "Apache",
            "503, `(11)Resource temporarily unavailable: AH02454`; 500, the same with `FastCGI: failed to connect to`",
        ),
        (
            "lighttpd",
            "500, `read() … Invalid argument` and `write failed: … Transport endpoint is not connected` on a unix socket, six times for each request",
        ),
        ("php-fpm", "`server reached pm.max_children setting (N), consider raising it` (logged once)"),
        ("uWSGI", "`listen queue of socket … full`"),
        ("kernel", "`Possible SYN flooding on port N`"),
        ("Caddy", "`dial unix …: connect: resource temporarily unavailable`"),
        ("Envoy", "503, flag `UF` with `connect_error:_11`"),
        (
            "LiteSpeed",
            "503, `No request delivery notification has been received from LSAPI application, possible dead lock`",
        ),
        ("lsphp", "`Reached max children process limit: N, …, please increase LSAPI_CHILDREN` (in `stderr.log`)"),
    ],
    look_alikes: &[
        ("connect-timeout", "a firewall drops everything from one moment on, without successes in between"),
        ("socket-missing, permission-denied", "the same 502 in the access log; the errno in the error log tells"),
        ("response-timeout", "accepted by the kernel, then waited for a worker: the next stage of the same overload"),
        ("worker_connections, queue-timeout", "the proxy's own limits, not the upstream's"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -h 'Reached max children' /usr/local/lsws/logs/stderr.log | tail -n 20",
            why: "were all lsphp busy? More of them (`LSAPI_CHILDREN`; in a control panel PHP suEXEC Max Conn) need \
                memory, and slow requests hold those too",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'maxConns|LSAPI_CHILDREN|httpdWorkers' /usr/local/lsws/conf",
            why: "`maxConns` for each of `httpdWorkers` must not be more than lsphp's processes: what is left over waits \
                for one",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -h EXTAPP /tmp/lshttpd/.rtreport*",
            why: "INUSE_CONN against CMAXCONN, and WAITQUE_DEPTH, of each application, now",
        },
        Check {
            on: &[],
            run: "ss -lxn | grep '{socket}'",
            why: "Recv-Q (waiting) near Send-Q (the limit) means that the queue is full now",
        },
        Check {
            on: &[],
            run: "ss -ltn 'sport = :{port}'",
            why: "on the upstream's host: Recv-Q (waiting) near Send-Q (the limit) means that the queue is full now",
        },
        Check {
            on: &[],
            run: "nstat -az TcpExtListenOverflows TcpExtListenDrops",
            why: "on the upstream's host: does the number grow? (TCP only)",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -rnE 'pm\\.max_children|listen\\.backlog|^pm *=' /etc/php*/*/fpm/pool.d /etc/php-fpm.d \
                2>/dev/null",
            why: "workers and queue of php-fpm; children times memory of each must fit into the host",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2-7,18,59-62",
            why: "sessions and average connect time (ms) of each server; `maxconn` keeps the queue in HAProxy",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "Target.Timeout: health checks do not get through either",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SpilloverCount --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Sum --period 60 --start-time {since} --end-time \
                {until}",
            why: "requests refused because the surge queue was full",
        },
        Check {
            on: &[],
            run: "sysctl net.core.somaxconn net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_abort_on_overflow",
            why: "on the upstream's host: the kernel's limit caps what the application asks for",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-again",
            cause: Cause::BacklogFull,
            strength: Strength::Conclusive,
            says: "the socket's queue was full",
            seen: Seen::Wording(r"connect\(\) to unix:\S+ failed \(11: "),
            status: 502,
        },
        Sign {
            kind: "text-runtime-again",
            cause: Cause::BacklogFull,
            strength: Strength::Conclusive,
            says: "the socket's queue was full",
            seen: Seen::Wording(concat!(
                r"dial unix \S+: connect: resource temporarily unavailable|connect EAGAIN /",
                r"|\(11\)Resource temporarily unavailable: .*Unix domain socket",
            )),
            status: 502,
        },
    ],
};
