use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "no-live-upstream",
    family: Family::Downtime,
    title: "the proxy had no usable server to send the request to",
    happened: "had no usable server left",
    meaning: "The proxy refused the request itself because every server of the group was marked failed, down or \
        removed, or the group was empty. This is nearly always the shadow of an earlier failure: after errors nginx \
        leaves a server out for fail_timeout (10 s by default), Apache for retry (60 s), HAProxy and load balancers \
        until health checks pass. It does not prove that the application is down: errors or timeouts of a single path \
        can take every server out for everybody. The first failures before it are the cause to work on; when there are \
        none, look at the health check and at the configuration. A single server nginx leaves out only when it is \
        marked `down` or is at max_conns, never for failures.",
    evidence: &[
        ("nginx error log", "`no live upstreams while connecting to upstream`"),
        ("nginx access log", "502, `$upstream_addr` is the name of the group, without a port, and the time is 0.000"),
        (
            "ingress-nginx, Kong",
            "`connect() to 0.0.0.1:80 failed (22: Invalid argument)`: the placeholder, as no server was picked",
        ),
        (
            "HAProxy",
            "503, state `SC`, server `<NOSRV>`; earlier `backend … has no server available!` and `Server … is DOWN, \
                reason: …`, whose reason is the root",
        ),
        ("ALB", "503, target `-`, all three processing times are -1, no fixed response in `actions_executed`"),
        ("Classic ELB", "503, backend `-`: no healthy instance, or the surge queue was full"),
        (
            "Apache",
            "503, `AH01167`, `AH01170` (all workers are in error state), `AH01171` (no workers in balancer), `AH00940`",
        ),
        (
            "lighttpd",
            "503, `all handlers for … are down`: said once for all requests until a server is tried again (`disable-time`, 1 s by default)",
        ),
        ("Envoy", "503, flag `UH` (`no_healthy_upstream`); in Kubernetes often a Service without ready pods"),
        ("Google Cloud", "`failed_to_pick_backend`"),
        ("Azure Application Gateway", "502, `ERRORINFO_UPSTREAM_NO_LIVE`"),
        ("IIS", "502.4; in HTTPERR 503 `AppOffline`: the application pool is stopped"),
        ("Caddy", "503 without a body, `no upstreams available`"),
        (
            "Varnish",
            "503, `FetchError Director NAME returned no backend`, `backend NAME: unhealthy`, or `fail errno 0` just after a failure",
        ),
        ("Traefik", "503, 20 bytes (`no available server`), `ServiceURL` is `-`"),
        ("Fastly", "503, `All backends failed or unhealthy`, `Backend is unhealthy`"),
        ("Akamai", "`ERR_NO_GOOD_FWD_IP`"),
        ("Heroku", "503, `H10` (crashed), `H14` (no web dynos), `H20` (boot timeout), `H34`, `H81`, `H82`"),
        ("Cloud Foundry", "503, `no_endpoints`; 502, `No endpoints available`"),
        (
            "LiteSpeed",
            "503, `[ADDRESS] All connections had gone bad, mark it as bad`; `Can not start this external \
                application`, `Failed to start one instance`, `cgidSuEXEC failed`",
        ),
        (
            "Skipper",
            "502, 12 bytes: `no endpoints` is as long as its page for a failed connection; `… LB route: …, no endpoints defined`",
        ),
    ],
    look_alikes: &[
        ("what failed first", "refusals, timeouts or errors of the same servers in the minute before are the cause"),
        ("circuit-breaker", "all servers at `max_conns`: nginx logs the same words, with no failures before"),
        ("proxy-local", "a 503 that a rule gave: ALB shows `fixed-response`, HAProxy the state `LR`"),
        (
            "poison request",
            "one path whose errors mark every server failed, with `http_502` and the like in `proxy_next_upstream`",
        ),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -hE 'not start|Failed to start|failed to start|cgidSuEXEC|execve' \
                /usr/local/lsws/logs/error.log /usr/local/lsws/logs/stderr.log | tail -n 20",
            why: "why LiteSpeed could not start the application",
        },
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'retryTimeout|maxConns' /usr/local/lsws/conf",
            why: "`retryTimeout` is for how long an application that failed is left alone: all requests to it are \
                answered with 503 until then",
        },
        Check {
            on: &[Proxy::named("heroku")],
            run: "heroku ps",
            why: "the state of each dyno, and since when; `heroku releases` tells what was deployed just before",
        },
        Check {
            on: &[Proxy::named("gorouter")],
            run: "cf app APP",
            why: "the state of each instance; `cf events APP` tells of crashes and restarts, `cf routes` which application a route is for",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list apppool /state:Stopped",
            why: "in %windir%\\system32\\inetsrv: pools that are stopped",
        },
        Check {
            on: &[Proxy::IIS],
            run: "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-WAS'} -MaxEvents 50",
            why: "in PowerShell: why a pool was stopped, such as five failures within five minutes",
        },
        Check {
            on: &[Proxy::IIS],
            run: "appcmd list config -section:webFarms",
            why: "the servers of ARR's farms, and how their health is tested",
        },
        Check {
            on: &[Proxy::ENVOY],
            run: "curl -s localhost:15000/clusters | grep -E 'health_flags|cx_connect_fail|rq_error'",
            why: "Envoy's admin interface (Istio: 15000, elsewhere often 9901): the hosts of each cluster, and why they are left out",
        },
        Check {
            on: &[Proxy::TRAEFIK],
            run: "curl -s localhost:8080/api/http/services | jq '.[] | {name, serverStatus}'",
            why: "with the API enabled: which servers are down",
        },
        Check {
            on: &[Proxy::GCLB],
            run: "gcloud compute backend-services get-health {group} --global",
            why: "each backend's state as the health checks see it (`--region` for a regional one)",
        },
        Check {
            on: &[Proxy::GCLB],
            run: "gcloud compute firewall-rules list --filter='sourceRanges:(130.211.0.0/22 35.191.0.0/16)'",
            why: "the load balancer and its health checks come from these ranges: they must reach the backends' port",
        },
        Check {
            on: &[Proxy::APPGW],
            run: "az network application-gateway show-backend-health -g RESOURCE_GROUP -n GATEWAY",
            why: "why each server of the pool is unhealthy: the probe's own words",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'max_fails|fail_timeout|max_conns|next_upstream|zone |^ *server '",
            why: "what marks a server as failed, and for how long",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -hE 'upstream (timed out|prematurely|sent)|connect\\(\\)|recv\\(\\)' /var/log/nginx/error.log | \
                tail -n 200",
            why: "the failures before the first `no live upstreams`: they are the root",
        },
        Check {
            on: &[Proxy::LIGHTTPD],
            run: "lighttpd -p -f /etc/lighttpd/lighttpd.conf | grep -nE '\"(host|port|socket|disable-time)\"'",
            why: "the servers, and for how many seconds one stays out of use after a failure",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'BalancerMember|retry=|failonstatus|forcerecovery|lbmethod' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "a failed member stays out for `retry` seconds, 60 by default; `status=+H` makes a spare one",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "which servers are DOWN, and what their last health check met",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'option httpchk|http-check|inter |fall |rise |observe' /etc/haproxy/haproxy.cfg",
            why: "is the health check itself right: path, Host header, expected status?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "registered targets and the reason code of each that is not healthy",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "the health check's path, port and expected codes",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances are out of service, and why",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws cloudwatch get-metric-statistics --namespace AWS/ELB --metric-name SpilloverCount --dimensions \
                Name=LoadBalancerName,Value={group} --statistics Sum --period 60 --start-time {since} --end-time \
                {until}",
            why: "anything above 0: the surge queue was full, so overload and not missing instances",
        },
        Check {
            on: &[],
            run: "kubectl get endpointslices -A",
            why: "where the upstream is a Kubernetes Service: does it have ready endpoints?",
        },
        Check {
            on: &[],
            run: "curl -sv -m 10 -o /dev/null 'http://{host}:{port}/'",
            why: "from the proxy, with the Host header and the path of the health check",
        },
        Check {
            on: &[Proxy::CADDY],
            run: "curl -s localhost:2019/reverse_proxy/upstreams",
            why: "the admin API: each upstream's requests under way, and its fails that passive checks count",
        },
        Check {
            on: &[Proxy::VARNISH],
            run: "varnishadm backend.list -p",
            why: "each backend's health, and what its last probes got",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "curl -s 'localhost:9911/routes?limit=10000'",
            why: "at Skipper's support listener: each route as it is now, with its endpoints; `?invalid=true` has those left out",
        },
    ],
    signs: &[
        Sign {
            kind: "text-no-available-server",
            cause: Cause::NoLiveUpstream,
            strength: Strength::Conclusive,
            says: "no server was available",
            seen: Seen::Wording(concat!(
                r"\b[Nn]o (?:healthy|available) (?:upstreams?|backends?|servers?|endpoints?|instances?)\b",
                r"|\b[Nn]o (?:upstreams|backends|servers|endpoints|instances) available\b",
            )),
            status: 503,
        },
        Sign {
            kind: "text-discovery-empty",
            cause: Cause::NoLiveUpstream,
            strength: Strength::Conclusive,
            says: "service discovery knew no instance",
            seen: Seen::Wording(concat!(
                r"Load balancer does not (?:contain an instance|have available server)",
                r"|Unable to find instance for |does not have any active Endpoint",
            )),
            status: 503,
        },
    ],
};
