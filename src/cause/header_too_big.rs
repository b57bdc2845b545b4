use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "header-too-big",
    family: Family::Misconfiguration,
    title: "the response headers are larger than the proxy's buffer",
    happened: "sent response headers larger than the proxy's buffer",
    meaning: "The upstream answered, but the headers of its answer did not fit into the buffer that the proxy keeps \
        for them, so the proxy threw the answer away. Usual culprits are many or large Set-Cookie headers, a JWT or \
        session in a cookie, a long Content-Security-Policy, or debug headers. It happens every time for the same path \
        or the same user, often right after login, and the application's own log shows success. Making the header \
        smaller is the cure; a larger buffer costs memory for every connection.",
    evidence: &[
        ("nginx error log", "`upstream sent too big header while reading response header from upstream`"),
        (
            "nginx access log",
            "502 on the same paths or users, a connect time but `$upstream_header_time` `-`; \
                `$upstream_bytes_received` is the size of the buffer (4096, 8192 …)",
        ),
        (
            "HAProxy",
            "502, state `PH`; `show errors` shows the response (larger than `tune.bufsize` less `tune.maxrewrite`)",
        ),
        (
            "ALB",
            "502, target status `-`, request and target times at 0 or above, response time -1, always for one path",
        ),
        ("Apache", "502, `AH10124` (a header line over `responsefieldsize`)"),
        ("lighttpd", "502, `response headers too large for …`"),
        ("Google Cloud", "502, `backend_response_headers_too_long`"),
        ("CloudFront", "502, `OriginHeaderTooBigError`"),
        ("IIS", "502.3, `sc-win32-status` 12181, 12182"),
        ("Go proxies", "`server response headers exceeded N bytes; aborted`"),
        (
            "Varnish",
            "`FetchError overflow` (`http_resp_size`); one line over `http_resp_hdr_len` is a mere `http format error`",
        ),
        ("Envoy", "502, flag `UPE` with `headers_too_large`; `response_payload_too_large`"),
        ("Azure Front Door", "`ResponseHeaderTooBig`"),
        ("Fastly", "503, `Header overflow`"),
        ("Heroku", "502, `H25` with `oversized …`"),
        ("Cloud Foundry", "502, `endpoint_failure (Too many response headers)`"),
        ("LiteSpeed", "500, `The size of dynamic response header: N is over the limit`"),
        ("Skipper", "500, `… server response headers exceeded N bytes`"),
    ],
    look_alikes: &[
        ("invalid-response", "the same pattern in HAProxy (`PH`) and on an ALB: only the response itself tells"),
        ("request headers too large", "400, 414 or 431 to the client: its cookies, not the response"),
        ("closed-early", "the upstream hung up; here it answered in full"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -rnE 'maxDynRespHeaderSize' /usr/local/lsws/conf",
            why: "how large the headers of an application's answer may be",
        },
        Check {
            on: &[],
            run: "curl -s -m 30 -o /dev/null -D - 'http://{host}:{port}{path}' | awk '{print length, $1}' | sort -rn",
            why: "the largest headers; repeat with the cookies of a user who is affected",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE \
                '(proxy|fastcgi|uwsgi|scgi|grpc)_(buffer_size|buffers|busy_buffers_size)'",
            why: "the headers must fit into one `…_buffer_size` (4k or 8k by default)",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -h 'too big header' /var/log/nginx/error.log | grep -oE 'request: \"[A-Z]+ [^ ?]+' | sort | \
                uniq -c",
            why: "which paths it hits",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'responsefieldsize=|ProxyPass|BalancerMember' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "8192 bytes for a line unless `responsefieldsize=` of the worker says otherwise",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show errors {group} response' | socat stdio /run/haproxy/admin.sock",
            why: "the response that HAProxy rejected, and at which byte",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'tune.bufsize|tune.maxrewrite|tune.http.maxhdr' /etc/haproxy/haproxy.cfg",
            why: "headers must fit into bufsize less maxrewrite (16384 less 1024 by default)",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "find the target and ask it directly: the load balancer's limit cannot be raised",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "find the instances and ask one directly: the load balancer's limit cannot be raised",
        },
        Check {
            on: &[],
            run: "Set-Cookie",
            why: "in the upstream's response: the usual culprit, before Content-Security-Policy, tokens and debug \
                headers",
        },
    ],
    signs: &[
        Sign {
            kind: "text-headers-exceeded",
            cause: Cause::HeaderTooBig,
            strength: Strength::Conclusive,
            says: "the response headers were too large",
            seen: Seen::Wording(concat!(
                r"server response headers exceeded \d+ bytes|HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW",
                r"|Response header too large",
            )),
            status: 502,
        },
        Sign {
            kind: "text-header-larger-than",
            cause: Cause::HeaderTooBig,
            strength: Strength::Strong,
            says: "an HTTP header was too large",
            seen: Seen::Wording(r"TooLongHttpHeaderException|HTTP header is larger than \d+ bytes|LineTooLong: "),
            status: 502,
        },
    ],
};
