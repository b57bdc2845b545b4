use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "blocked",
    family: Family::Security,
    title: "a security rule or rate limit refused the request",
    happened: "was not asked, because a security rule or rate limit refused the requests",
    meaning: "A rate limit, a web application firewall, an access list or a ban refused these requests on purpose. The \
        upstream was mostly not asked and is not at fault. What matters is who was refused: an attack or a scraper \
        that should be, or a real user, a monitor, a search engine's crawler, or the CDN's own addresses behind which \
        everybody hides. nginx answers limit_req and limit_conn with 503 by default, which looks like an outage.",
    evidence: &[
        ("nginx error log", "`limiting requests, excess: …`, `limiting connections by zone`"),
        ("nginx access log", "503, every `$upstream_` variable is `-`, time 0.000, few clients"),
        ("nginx stream access log", "503: `limit_conn`"),
        (
            "HAProxy",
            "state `PR` with 403, 429 or a configured status; `PT` (tarpit) with 500; `PH` from `http-response deny`",
        ),
        ("ALB", "`waf` in `actions_executed`; 500 when the WAF itself failed"),
        (
            "Apache",
            "403, `AH00898: Connect to remote machine blocked`; 503, `ModSecurity: Access denied with code 503`",
        ),
        ("Envoy", "flags `RL`, `RLSE`, `UAEX`"),
        ("Google Cloud", "`denied_by_security_policy`, `throttled_by_…`"),
        ("Cloudflare", "503 with a SecurityAction; 521 when the origin's firewall rejects Cloudflare's addresses"),
        ("CloudFront", "`ClientGeoBlocked`, `InvalidRequestBlocked`"),
        ("Azure Front Door", "`RestrictedIP`, `ClientGeoBlocked`"),
        ("Akamai", "`ERR_ACCESS_DENIED`"),
        ("LiteSpeed", "503, `[Module:mod_security] … Access denied with code 503`"),
    ],
    look_alikes: &[
        ("circuit-breaker", "a limit on the upstream's side, for all clients alike"),
        ("proxy-local", "an answer by rule for everybody, such as a maintenance page"),
        ("connection-reset", "a WAF that resets: only certain clients, user agents or paths, at once"),
        ("connect-timeout", "fail2ban or a firewall on the upstream's host has banned the proxy's own address"),
    ],
    checks: &[
        Check {
            on: &[Proxy::NGINX],
            run: "grep -hE 'limiting (requests|connections)|access forbidden|ModSecurity' /var/log/nginx/error.log | \
                grep -oE 'client: [^,]+' | sort | uniq -c | sort -rn | head",
            why: "who is refused most: one scraper, or everybody behind one CDN or NAT address?",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'limit_(req|conn)|deny |real_ip|set_real_ip_from|modsecurity'",
            why: "rates, bursts and statuses; behind a CDN limits need the client's real address",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE '(deny|tarpit|reject)|stick-table|rate-limit|maxconnrate' /etc/haproxy/haproxy.cfg",
            why: "the rules that refuse",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show table' | socat stdio /run/haproxy/admin.sock",
            why: "the stick tables; then `show table NAME` for the clients in it and their rates",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws wafv2 list-web-acls --scope REGIONAL",
            why: "then `get-sampled-requests` for the rule that blocked",
        },
        Check {
            on: &[Proxy::ALB],
            run: "actions_executed",
            why: "in the log row: `waf` means that the WAF looked at it, `waf-failed` that the WAF failed",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group} --query \
                'LoadBalancerDescriptions[].SecurityGroups'",
            why: "a Classic ELB has no WAF; security groups drop and do not answer",
        },
        Check {
            on: &[],
            run: "fail2ban-client status",
            why: "on the upstream's host: jails; is the proxy's own address banned in one of them?",
        },
        Check { on: &[], run: "nft list ruleset", why: "on the upstream's host: bans and limits of the firewall" },
    ],
    signs: &[
        Sign {
            kind: "text-modsecurity-denied",
            cause: Cause::Blocked,
            strength: Strength::Conclusive,
            says: "ModSecurity refused the request",
            seen: Seen::Wording(r"ModSecurity: Access denied with (?:code 5\d\d|connection close)"),
            status: 503,
        },
        Sign {
            kind: "text-enhance-your-calm",
            cause: Cause::Blocked,
            strength: Strength::Strong,
            says: "the upstream limited the rate of HTTP/2 requests",
            seen: Seen::Wording(r"\bENHANCE_YOUR_CALM\b"),
            status: 502,
        },
    ],
};
