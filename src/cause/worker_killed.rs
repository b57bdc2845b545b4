use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "worker-killed",
    family: Family::Application,
    title: "the process that handled the request died or was killed",
    happened: "lost the worker that was handling the request",
    meaning: "The worker behind the request ended before it answered: its supervisor's timeout (gunicorn 30 s, php-fpm \
        request_terminate_timeout, uWSGI harakiri), the kernel for lack of memory, or a crash. Failures at one round \
        duration below the proxy's timeout mean a supervisor. gunicorn's \"Perhaps out of memory?\" is printed for any \
        SIGKILL, its own timeout's included; only a kernel line proves that memory ran out. Raising the proxy's \
        timeout changes nothing, since the application gives up first. A restart makes it go away and the cause with \
        it: save the logs first.",
    evidence: &[
        (
            "nginx error log",
            "`upstream prematurely closed connection` or `recv() failed (104…)` `while reading response header`, with \
                an exit, signal or out-of-memory line of the upstream within 2 s",
        ),
        ("nginx access log", "502 at a round duration below 60 s, such as 30.0"),
        ("HAProxy", "502, state `SH`, total time at a round value, or in bursts"),
        (
            "ALB",
            "502, target status `-`, target time clustered at a round value or varying in bursts, response time -1; \
                for Lambda `LambdaUnhandled`",
        ),
        ("Classic ELB", "504, not 502, sooner than the idle timeout; backend often `-`, all times -1"),
        (
            "Apache",
            "503, `AH01067` or `AH01075` with `(104)`, with a line of php-fpm within 2 s; 502, `AH01102` with \
                `(20014)` or `(104)`",
        ),
        ("lighttpd", "`child signalled: N`, `child exited: N …`, `CGI pid N died with signal N`"),
        ("php-fpm", "`child N exited on signal 11 (SIGSEGV)`, `execution timed out (N sec), terminating`"),
        ("gunicorn, uWSGI, puma", "`WORKER TIMEOUT (pid:N)`, `HARAKIRI ON WORKER`, `Terminating timed out worker`"),
        ("kernel", "`Out of memory: Killed process N (NAME)`, `Memory cgroup out of memory`, `NAME[N]: segfault at`"),
        ("systemd", "`Main process exited, code=killed, status=9/KILL`, `Failed with result 'oom-kill'`"),
        ("Kubernetes, Docker", "`OOMKilled`, exit code 137 (SIGKILL) or 139 (SIGSEGV)"),
        ("Apache", "`AH00051`, `AH00052 child pid N exit signal Segmentation fault (11)`, with mod_php for one"),
        ("IIS", "502.5; in HTTPERR `Connection_Abandoned_By_ReqQueue` (`…_By_AppPool`)"),
        (
            "LiteSpeed",
            "503, `connection to […] on request #N, confirmed, 1, associated process: N, running: 0, error: \
                Connection reset by peer!`",
        ),
        (
            "lsphp",
            "`Child process with pid: N was killed by signal: N`, `Killing runaway process PID: N` (in `stderr.log`)",
        ),
    ],
    look_alikes: &[
        (
            "response-timeout",
            "the proxy gave up first, at its own timeout, with 504; here the application did, with 502",
        ),
        ("keepalive-race", "a few ms, rare, on all servers, no exit lines"),
        ("draining", "planned: signal 15, a deploy or reload at that time"),
        ("closed-early", "one path, short, and no exit lines: closed on purpose"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -hE 'killed by signal|runaway process' /usr/local/lsws/logs/stderr.log | tail -n 20",
            why: "which signal: 11 is a crash in PHP or an extension, 9 lack of memory or a limit, 15 the end of a \
                request that ran too long",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'memSoftLimit|memHardLimit|procSoftLimit|procHardLimit' /usr/local/lsws/conf",
            why: "what an application may use: a process that asks for more memory gets none and ends",
        },
        Check {
            on: &[Proxy::IIS],
            run: "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-WAS'} -MaxEvents 50",
            why: "in PowerShell: worker processes that ended or did not answer, and pools that were taken offline",
        },
        Check {
            on: &[Proxy::IIS],
            run: "Get-WinEvent -FilterHashtable @{LogName='Application'; Level=1,2} -MaxEvents 50",
            why: "in PowerShell: what crashed, with its exception",
        },
        Check {
            on: &[],
            run: "dmesg -T | grep -iE 'killed process|oom-kill|segfault|general protection|invalid opcode'",
            why: "on the upstream's host: proof of an out-of-memory kill or a crash, with the library at fault",
        },
        Check {
            on: &[],
            run: "journalctl --since @$(date -d '{since} 1 minute ago' +%s) --until @$(date -d {until} +%s) | grep -iE \
                'WORKER TIMEOUT|SIGKILL|SIGSEGV|HARAKIRI|terminating|status=[0-9]+/|oom'",
            why: "on the upstream's host: which supervisor ended which process",
        },
        Check {
            on: &[],
            run: "grep -rnE 'request_terminate_timeout|harakiri|worker_timeout|timeout *=' /etc/php* /etc/uwsgi \
                /etc/gunicorn* 2>/dev/null",
            why: "is there a supervisor's timeout at the duration of the failures?",
        },
        Check {
            on: &[],
            run: "kubectl get pods -A -o wide | awk '$5+0 > 0'",
            why: "restarts; then `kubectl describe pod` for OOMKilled, exit code and memory limit",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE '(proxy|fastcgi|uwsgi|grpc)_read_timeout'",
            why: "failures below this value were ended by the application, not by nginx",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,15,18,22,23,57",
            why: "response errors and failed checks for each server: one server or all?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "which target; `healthy` does not exclude crashes of single workers",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instance; InService does not exclude crashes of single workers",
        },
        Check {
            on: &[],
            run: "coredumpctl list",
            why: "on the upstream's host: crashes with a stack; then the extension or plugin that was updated last",
        },
    ],
    signs: &[],
};
