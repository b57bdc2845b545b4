use super::{Check, Entry, Family, Proxy};

pub(super) static ENTRY: Entry = Entry {
    slug: "no-route",
    family: Family::Misconfiguration,
    title: "the proxy has no route or cluster for the request",
    happened: "had no route, cluster or function for the requests",
    meaning: "The proxy had no rule for this host or path, or a rule that points to a cluster, service or function \
        that does not exist. No upstream was tried, so none is at fault. It usually begins with a change of \
        configuration: a renamed service, a missing listener rule, a Host header that no virtual host knows, a control \
        plane that has not delivered the cluster yet.",
    evidence: &[
        ("Envoy", "404 with flag `NR` (no route), 503 with flag `NC` (cluster not found)"),
        (
            "nginx access log",
            "every `$upstream_` variable is `-`; the request ended in a server block that has no upstream",
        ),
        (
            "HAProxy",
            "503, state `SC`, the frontend's own name before `/<NOSRV>`, Tw is -1: no `use_backend` matched and there \
                is no `default_backend`; TR is -1 (in a `listen` section without a server to try it is not)",
        ),
        ("ALB", "`LambdaResourceNotFound` as error reason; target `-`"),
        (
            "Apache error log",
            "`AH01144: No protocol handler was valid for the URL`: the module that speaks the upstream's protocol is \
                not loaded",
        ),
        ("Google Cloud", "`config_not_found`, `serverless_neg_routing_failed`, `request_loop_detected`"),
        ("Traefik", "404, `ServiceURL` is `-`"),
        ("Caddy", "500, `making dial info: …`: a placeholder in the upstream's address was empty or wrong"),
        ("Skipper", "404; 500, `max loopbacks reached after route …`, `could not map backend request: …`"),
    ],
    look_alikes: &[
        ("no-live-upstream", "there is a route, but no server of it is usable"),
        ("dns-failure", "the route exists, its name does not resolve"),
        ("proxy-local", "the proxy answered on purpose: a maintenance page, `return 503`"),
    ],
    checks: &[
        Check {
            on: &[Proxy::ENVOY],
            run: "curl -s 'localhost:15000/config_dump?resource=dynamic_route_configs'",
            why: "Envoy's admin interface (Istio: 15000, elsewhere often 9901): routes, and the clusters that they name",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'server_name|listen|location|_pass |default_server|return '",
            why: "which server block takes this host, and has it an upstream?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE '^(frontend|listen|backend)|use_backend|default_backend|acl ' /etc/haproxy/haproxy.cfg",
            why: "is there a rule for this host and path, and a default_backend?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat' | socat stdio /run/haproxy/admin.sock | cut -d, -f1,2,18",
            why: "do the backends that the rules name exist and have servers?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].LoadBalancerArns[0]' \
                --output text | xargs aws elbv2 describe-listeners --load-balancer-arn",
            why: "listeners and their default actions; then `describe-rules --listener-arn` for the rest",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups",
            why: "a target group without a load balancer receives nothing",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "is there a listener for this port?",
        },
        Check { on: &[], run: "kubectl get ingress,svc -A", why: "hosts, paths and the services that they point to" },
        Check {
            on: &[],
            run: "istioctl proxy-status",
            why: "in Istio: a proxy that is STALE or NOT SENT has not got its routes and clusters",
        },
        Check {
            on: &[Proxy::SKIPPER],
            run: "curl -s 'localhost:9911/routes?limit=10000'",
            why: "at Skipper's support listener: each route as it is now, with its endpoints; `?invalid=true` has those left out",
        },
    ],
    signs: &[],
};
