use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "queue-timeout",
    family: Family::Overload,
    title: "no connection slot became free while the request waited in the proxy",
    happened: "had no free connection slot in time",
    meaning: "The proxy limits how many connections it opens to the upstream. All were in use, the request waited in \
        the proxy's own queue and ran out of time there; it was never sent. Either the upstream has become slow, so \
        that each request holds its slot longer, or the limit is too low for the traffic. Compare response times \
        before and during the incident: raising the limit on a slow upstream moves the queue into the upstream.",
    evidence: &[
        ("HAProxy", "503, state `sQ`, Tw about `timeout queue` (or `timeout connect` when that is not set)"),
        ("HAProxy", "`srv_queue` and `backend_queue` above 0, session counts at `maxconn`"),
        ("nginx access log", "no queue in open-source nginx: at `max_conns` it refuses at once (circuit-breaker)"),
        ("Classic ELB", "`SurgeQueueLength` rises; when it is full, 503 with backend `-`"),
        (
            "Apache",
            "503, `(70007)… AH00941 … failed to acquire connection`: the wait that `acquire=` allows (circuit-breaker); \
                503, `mod_fcgid: can't apply process slot`",
        ),
        ("IIS", "in HTTPERR 503 `AppPoolTimer`; `Timer_ReqQueue`, `Timer_AppPool`: closed without a status"),
        ("Akamai", "`ERR_FWD_RATE_LIMIT_Q_TIMEOUT`"),
        ("Java proxies", "`Timeout waiting for connection from pool`, `Pool#acquire(Duration) has been pending …`"),
        ("Skipper", "an empty 502 after the time limit of `lifo` or `fifo`"),
    ],
    look_alikes: &[
        ("circuit-breaker", "refused at once because a limit was reached, without waiting"),
        ("response-timeout", "the request was sent; the wait is in Tr, not in Tw"),
        ("a client that left", "`CQ`: the client left while queued, an early sign of the same overload"),
    ],
    checks: &[
        Check {
            on: &[Proxy::IIS],
            run: "netsh http show servicestate view=requestq",
            why: "each request queue with its processes and its limit",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list requests /elapsed:5000",
            why: "in %windir%\\system32\\inetsrv: the requests that are being worked on for five seconds or more",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2-7,18,59-62",
            why: "qcur and qmax, scur against slim, and average queue and response times (ms) of each server",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'maxconn|maxqueue|timeout (queue|connect)|fullconn' /etc/haproxy/haproxy.cfg",
            why: "the limit of each server and how long a request may wait",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'max_conns|^ *queue |limit_conn|^ *server '",
            why: "limits on connections to the upstream",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "how many targets share the load, and are all of them healthy?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-group-attributes --target-group-arn",
            why: "load_balancing.algorithm.type and slow_start: does one target get more than its share?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SurgeQueueLength --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Maximum --period 60 --start-time {since} --end-time \
                {until}",
            why: "how many requests waited for an instance",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "how many instances share the load?",
        },
        Check {
            on: &[],
            run: "ss -s",
            why: "on the upstream's host: is it saturated (CPU, workers, database), or is only the limit low?",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "curl -s localhost:9911/metrics | grep -iE 'lifo|fifo'",
            why: "at Skipper's support listener, with -enable-route-lifo-metrics: how many requests each queue holds",
        },
    ],
    signs: &[Sign {
        kind: "text-pool-timeout",
        cause: Cause::QueueTimeout,
        strength: Strength::Conclusive,
        says: "no connection of the pool became free in time",
        seen: Seen::Wording(concat!(
            r"Timeout waiting for connection from pool|Connection(?:Pool|Request)TimeoutException",
            r"|Pool#acquire\(Duration\) has been pending for more than|PoolAcquireTimeoutException",
        )),
        status: 503,
    }],
};
