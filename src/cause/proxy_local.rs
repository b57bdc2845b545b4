use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "proxy-local",
    family: Family::Proxy,
    title: "the proxy answered this way by its own rules",
    happened: "was not asked, because the proxy answered by its own rules",
    meaning: "A rule of the proxy gave this answer: a maintenance page, `return 503`, a fixed response, fault \
        injection. No upstream was asked, so this is not an upstream failure, and a 503 of this kind does not mean \
        overload. Find out whether it was meant, and whether it is still meant. For planned work a 503 with \
        Retry-After is the right answer; search engines tolerate it for a short time.",
    evidence: &[
        (
            "nginx access log",
            "every `$upstream_` variable is `-`, time 0.000; `return 502`, `return 503` or an error_page",
        ),
        (
            "HAProxy",
            "state `LR` (`http-request return`, a redirect, the stats page) or `LH`; `PR` with a configured deny \
                status",
        ),
        ("ALB", "503 with `fixed-response` in `actions_executed`"),
        (
            "Apache access log",
            "503 and a silent error log: `Redirect 503`, a rewrite rule; no balancer's member is named",
        ),
        (
            "Envoy",
            "`direct_response`, flags `FI` and `DI` (fault injection), `LH` (failed local health check), `maintenance_mode` (flag `UO` too)",
        ),
        ("Google Cloud", "`direct_response`, `fault_filter_abort`"),
        ("IIS", "in HTTPERR 503 `Disabled`"),
        ("Caddy", "a line of `http.log.error` by `StaticError`: the `error` directive"),
        ("Varnish", "503 with `%{Varnish:handling}x` `synth`"),
        ("CloudFront", "`FunctionGeneratedResponse`, `LambdaGeneratedResponse`"),
        ("Heroku", "503, `H80` (maintenance mode), `H83`"),
        ("Cloud Foundry", "502 or 503, `route_service_unsupported`"),
    ],
    look_alikes: &[
        ("no-live-upstream", "HAProxy `SC` with `<NOSRV>`, ALB with target `-` and no fixed response: nobody meant it"),
        ("upstream-error", "a maintenance page of the application behind the proxy: it has a header time"),
        ("blocked", "a deny rule for these clients only"),
        ("dns-failure", "in nginx also without upstream variables: look for `could not be resolved`"),
    ],
    checks: &[
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'return 50[0-9]|error_page|maintenance|if \\(-f|content_by_lua'",
            why: "the rule that gives this status, and what turns it on",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'Redirect +(seother +)?50|R=50[0-9]|ErrorDocument +50' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "rules that answer with 502, 503 or 504",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'http-request (return|deny|redirect)|errorfile|monitor fail|mode +health' \
                /etc/haproxy/haproxy.cfg",
            why: "the rule that gives this status",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 6 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,20,21",
            why: "active and backup servers: a backup `sorry server` answers when the others are gone",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-load-balancers --query 'LoadBalancers[].[LoadBalancerName,LoadBalancerArn]' \
                --output text",
            why: "then `describe-listeners` and `describe-rules`: rules of type fixed-response, their priority",
        },
        Check {
            on: &[Proxy::ALB],
            run: "matched_rule_priority",
            why: "in the log row, beside `actions_executed`: the rule that gave the answer",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "a Classic ELB has no rules: such a 503 means that no instance was healthy",
        },
        Check {
            on: &[],
            run: "Retry-After",
            why: "in the answer: planned maintenance should send it; is robots.txt served meanwhile?",
        },
    ],
    signs: &[],
};
