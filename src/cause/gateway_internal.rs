use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "gateway-internal",
    family: Family::Proxy,
    title: "the gateway itself failed",
    happened: "was not at fault, because the gateway itself failed",
    meaning: "The proxy or load-balancing service broke: a worker of it crashed, it hit an internal error, or the \
        provider had an incident. The upstream did not cause it and has usually no trace of the requests. Look at the \
        provider's status page or at the proxy's own crash lines before changing the application. Single cases at a \
        provider are normal, and retries cover them.",
    evidence: &[
        ("nginx error log", "`worker process N exited on signal 11` (9: out of memory or an admin)"),
        ("nginx access log", "nothing: the connections of a crashed worker are cut without a line"),
        ("HAProxy", "500, state with `I` first (`IC`, `IH`): an internal error, a bug"),
        ("ALB", "`LambdaServiceException` as error reason; 500 with a WAF error"),
        ("Google Cloud", "`internal_error`, `server_cert_validation_timed_out` and `…_unavailable`"),
        ("Akamai", "`ERR_SHUTTING_DOWN`"),
        ("CloudFront", "503, `CapacityExceeded`"),
        ("IIS", "in HTTPERR 503 `N/A`: no memory, or two reservations of one URL"),
        ("Varnish", "`Child (N) died signal=6`, `Panic at:`"),
        ("Kong, OpenResty", "500, `lua entry thread aborted: runtime error`, `failed to run …_by_lua*`"),
        ("Envoy", "503, flag `LR` (local reset); 500, flag `NFCF` (no filter configuration)"),
        ("CloudFront", "`LambdaExecutionError`, `FunctionExecutionError`: a function at the edge failed"),
        ("Cloudflare", "502 or 503 with origin status 0 and no SecurityAction; a WorkerStatus other than `ok`"),
        ("Heroku", "503, `H99`; `H24`"),
        ("Cloud Foundry", "502, `unknown_failure`"),
        ("LiteSpeed", "`[AutoRestarter] child process with pid=N received signal=11`; `Ran out of swapping space`"),
        ("Skipper", "500, `panic caused by: …`"),
    ],
    look_alikes: &[
        ("proxy-exhausted", "the proxy works, but has no ports, descriptors or memory left"),
        ("worker-killed", "the application's process died, not the proxy's"),
        ("Cloudflare 504 with origin status 0", "early-hints and Worker-cache subrequests are no failures at all"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -h AutoRestarter /usr/local/lsws/logs/error.log | tail -n 20",
            why: "crashes of LiteSpeed's own processes, and their signals",
        },
        Check {
            on: &[Proxy::IIS],
            run: "netsh http show urlacl",
            why: "reservations of URLs: two of one URL are an internal error to HTTP.sys",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -hE 'exited on signal|\\[(alert|emerg)\\]' /var/log/nginx/error.log | tail -n 50",
            why: "crashes of workers and the signal",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -V",
            why: "version and third-party modules: the first suspects in a crash",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show info' | socat stdio /run/haproxy/admin.sock | grep -E \
                'Version|Uptime|PoolFailed|Stopping'",
            why: "version, and whether it restarted lately",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "journalctl -u haproxy --since @$(date -d '{since} 5 minutes ago' +%s) --until @$(date -d {until} \
                +%s)",
            why: "crashes, reloads and alerts at that time",
        },
        Check {
            on: &[Proxy::ALB, Proxy::ELB, Proxy::NLB],
            run: "aws health describe-events --region us-east-1 --filter services=ELASTICLOADBALANCING",
            why: "incidents of the service (needs a support plan); else https://health.aws.amazon.com/health/status",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-load-balancers --query 'LoadBalancers[].[LoadBalancerName,State]'",
            why: "`active_impaired` or `failed`: the load balancer itself is in trouble",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "zones and subnets: is one of them without instances or addresses?",
        },
        Check {
            on: &[],
            run: "dmesg -T | grep -iE 'out of memory|oom-kill|segfault|general protection'",
            why: "on the proxy's host: was the proxy killed, or did it crash?",
        },
    ],
    signs: &[],
};
