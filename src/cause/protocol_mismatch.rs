use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "protocol-mismatch",
    family: Family::Misconfiguration,
    title: "proxy and upstream speak different protocols on this port",
    happened: "spoke another protocol than the proxy expected",
    meaning: "The two sides connected and then did not understand each other: TLS to a plain-HTTP port or plain HTTP \
        to a TLS port, FastCGI or uwsgi to an HTTP port, HTTP/2 to a server that speaks HTTP/1 only, or simply the \
        wrong port (SSH, a database). It fails for every request from the moment of a configuration change on. It is \
        not a certificate or cipher problem, and no timeout or buffer setting mends it.",
    evidence: &[
        (
            "nginx error log",
            "`SSL_do_handshake() failed (SSL: … wrong version number …) while SSL handshaking to upstream`; also \
                `unknown protocol`, `packet length too long`, `http request`: TLS to a port without TLS",
        ),
        (
            "nginx error log",
            "`upstream sent no valid HTTP/1.0 header`: not HTTP (bytes `\\x15\\x03` are a TLS alert); clients may get \
                200 with garbage",
        ),
        (
            "nginx error log",
            "`upstream sent unsupported FastCGI protocol version: 72`: 72 is `H`, an HTTP server answers fastcgi_pass; \
                `upstream sent too large http2 frame: 4740180`: grpc_pass to HTTP/1",
        ),
        ("nginx access log", "502 for every request; with TLS to a plain port `$upstream_connect_time` is `-`"),
        (
            "HAProxy",
            "503 `SC` with a TLS error, or 502 `PH`; checks: `Layer6 invalid response`, `Layer7 invalid response`",
        ),
        ("ALB", "502 for all requests, under 1 s, with an HTTPS target group on a plain port or the other way round"),
        ("Classic ELB", "502: the load balancer could not parse the instance's answer"),
        ("Apache", "`AH01068` (bogus FastCGI version)"),
        ("Envoy", "503, flag `UF` with `TLS_error:…WRONG_VERSION_NUMBER`; 502, flag `UPE`, for every request"),
        (
            "Go proxies",
            "`tls: first record does not look like a TLS handshake`, `malformed HTTP response \"\\x15\\x03…\"`, \
                `server gave HTTP response to HTTPS client`",
        ),
        ("Akamai", "`ERR_FWD_PCONN_SEC_UPGRADE`, `…_DOWNGRADE`"),
        ("Google Cloud", "`failed_to_negotiate_alpn`"),
        ("Cloud Foundry", "525, `endpoint_failure (tls: first record does not look like a TLS handshake)`"),
        ("LiteSpeed", "503, `LSAPI Packet header is invalid`, `Unknown Packet Type …, LSAPI protocol is broken`"),
        (
            "Skipper",
            "500, `… first record does not look like a TLS handshake`, `… malformed HTTP response \"\\x15\\x03…`",
        ),
    ],
    look_alikes: &[
        ("tls-handshake", "both sides speak TLS but do not agree: the message has `alert` or a version or cipher"),
        ("invalid-response", "it is HTTP, but malformed, and often on some paths only"),
        (
            "closed-early",
            "some servers just close on bytes that they do not understand: always, at once, on every path",
        ),
    ],
    checks: &[
        Check {
            on: &[],
            run: "curl -sv -m 10 -o /dev/null 'http://{host}:{port}/'",
            why: "does it answer plain HTTP?",
        },
        Check {
            on: &[],
            run: "curl -skv -m 10 -o /dev/null 'https://{host}:{port}/'",
            why: "does it answer TLS? Exactly one of the two should work",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE '(proxy|fastcgi|uwsgi|scgi|grpc)_pass|^ *server '",
            why: "http:// or https://, and the right kind of `_pass` for that port",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'ProxyPass|BalancerMember|SetHandler.*proxy:|SSLProxyEngine' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "does the scheme (http, https, fcgi, ajp) fit what listens on that port?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE '^ *(server|default-server) |^ *mode |proto ' /etc/haproxy/haproxy.cfg",
            why: "`ssl`, `proto h2` or `send-proxy` missing or too many on the server line",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show errors {group} response' | socat stdio /run/haproxy/admin.sock",
            why: "the bytes that the server really sent",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query \
                'TargetGroups[].[Protocol,Port,ProtocolVersion,HealthCheckProtocol,HealthCheckPort]'",
            why: "protocol and version must be what the target speaks on that port",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "does the health check speak the same protocol, on the same port?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group} --query \
                'LoadBalancerDescriptions[].[ListenerDescriptions,HealthCheck.Target]'",
            why: "InstanceProtocol and InstancePort must be what the instance speaks",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-policies --load-balancer-name {group}",
            why: "a ProxyProtocol policy sends a line in front that a plain server rejects",
        },
        Check {
            on: &[],
            run: "kubectl get svc -A -o wide",
            why: "in Kubernetes: port names, appProtocol and targetPort",
        },
    ],
    signs: &[
        Sign {
            kind: "text-not-tls",
            cause: Cause::ProtocolMismatch,
            strength: Strength::Conclusive,
            says: "TLS was spoken to something that does not speak TLS",
            seen: Seen::Wording(concat!(
                r"(?i:\bwrong[ _]version[ _]number\b)",
                r"|SSL routines:[^:]*:(?:unknown protocol|http request|https proxy request|packet length too long)",
                r"|(?:OPENSSL_internal:|\[SSL: ?)(?:UNKNOWN_PROTOCOL|HTTPS?_(?:PROXY_)?REQUEST|PACKET_LENGTH_TOO_LONG)",
                r"|internal:WRONG_VERSION_NUMBER",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-not-tls",
            cause: Cause::ProtocolMismatch,
            strength: Strength::Conclusive,
            says: "TLS was spoken to something that does not speak TLS",
            seen: Seen::Wording(concat!(
                r"first record does not look like a TLS handshake|server gave HTTP response to HTTPS client",
                r"|[Uu]nsupported or unrecognized SSL message|Unrecognized SSL message, plaintext connection",
                r"|NotSslRecordException|not an SSL/TLS record|unexpected TLS packet was received",
                r"|received corrupt message of type InvalidContentType",
            )),
            status: 502,
        },
        Sign {
            kind: "text-not-http1",
            cause: Cause::ProtocolMismatch,
            strength: Strength::Conclusive,
            says: "the answer to a plain HTTP/1 request was TLS or HTTP/2",
            seen: Seen::Wording(r#"malformed HTTP response \\*"\\+x(?:15\\+x03|00\\+x00)"#),
            status: 502,
        },
        Sign {
            kind: "text-not-http2",
            cause: Cause::ProtocolMismatch,
            strength: Strength::Conclusive,
            says: "HTTP/2 was spoken to something that does not speak HTTP/2",
            seen: Seen::Wording(concat!(
                r"frame header looked like an HTTP/1|error reading server preface: http2: frame too large",
                r"|First received frame was not SETTINGS",
            )),
            status: 502,
        },
        Sign {
            kind: "text-http09",
            cause: Cause::ProtocolMismatch,
            strength: Strength::Strong,
            says: "the answer did not begin like HTTP",
            seen: Seen::Wording(r"Received HTTP/0\.9 when not allowed|Parse Error: Expected HTTP/"),
            status: 502,
        },
    ],
};
