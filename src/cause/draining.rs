use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "draining",
    family: Family::Downtime,
    title: "the server was being shut down or taken out of rotation",
    happened: "was being stopped or taken out of rotation",
    meaning: "Requests failed while a server was stopping, restarting or being deregistered: a deploy, a pod that \
        terminates, a reload, an autoscaling step. The process went away before the proxy had stopped sending requests \
        to it, or before it had finished those in flight. The failures are short bursts over all paths, often followed \
        by refusals until the new process listens. Bursts that look random at night are often the same thing: cron or \
        logrotate reloading a service at a fixed minute. That a restart cured something else hides the cause: capture \
        logs and state before the next one.",
    evidence: &[
        (
            "nginx error log",
            "early closes and resets on many paths within 1 to 5 s, then refusals or a missing socket; `signal 1 \
                (SIGHUP) … reconfiguring` near by",
        ),
        ("nginx access log", "502 over all paths for a few seconds, then good again; the gap is the time to boot"),
        (
            "HAProxy",
            "`Server … is going DOWN for maintenance.` (without a DNS status), `Server … enters drain state`; 503 `SC` \
                within a second of a reload",
        ),
        ("ALB", "502 or 504 on a target that was being deregistered, or after the deregistration delay ended"),
        ("Classic ELB", "503 or 504 as an instance leaves the load balancer, with ConnectionDraining off"),
        ("Apache error log", "`AH01102`, then `(111)Connection refused: AH00957` for a few seconds, then good again"),
        ("systemd", "`Stopping …`, `Stopped …`, `Started …`, `Reloaded …`"),
        ("php-fpm", "`Reloading in progress …`, `Terminating ...`, `exiting, bye-bye!`"),
        ("gunicorn", "`Handling signal: term` (hup, quit), `Worker exiting`, `Shutting down: Master`"),
        ("containers", "exit code 143 (SIGTERM)"),
        ("IIS", "in HTTPERR 503 `AppShutdown`"),
        ("LiteSpeed", "`SIGTERM received, stop server`, `Server Restart Request via Signal`"),
    ],
    look_alikes: &[
        ("worker-killed", "an unplanned death: signals 9 and 11, out of memory, a supervisor's timeout"),
        ("connection-refused", "lasts; a drain's refusals end when the new process listens"),
        ("keepalive-race", "single failures spread over the day, not bursts"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 5 minutes ago' +%s) --until @$(date -d {until} +%s) | grep -E \
                'Stopp|Started|Reload|SIGTERM|Shutting down|exiting'",
            why: "on the upstream's host: which service was stopped or reloaded at that time",
        },
        Check {
            on: &[],
            run: "kubectl get events -A --sort-by=.lastTimestamp",
            why: "Killing, Pulled, ScalingReplicaSet at that time; events are kept for about an hour",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'worker_shutdown_timeout|proxy_next_upstream|^ *server '",
            why: "is there a second server to try while one restarts?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,24,37,57",
            why: "status, and how many seconds ago it last changed",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-group-attributes --target-group-arn",
            why: "deregistration_delay: shorter than the longest request, or than the application's shutdown?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "targets in the states `draining` and `initial`",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-attributes --load-balancer-name {group}",
            why: "ConnectionDraining: off, or with a timeout shorter than the longest request?",
        },
        Check {
            on: &[],
            run: "lifecycle.preStop",
            why: "in the pod's spec: must sleep longer than the proxy needs to take the pod out",
        },
    ],
    signs: &[Sign {
        kind: "text-connection-draining",
        cause: Cause::Draining,
        strength: Strength::Strong,
        says: "the upstream was draining its connections",
        seen: Seen::Wording(r"desc = .*the connection is draining|(?:server|service|transport) is shutting down"),
        status: 502,
    }],
};
