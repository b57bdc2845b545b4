use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "invalid-response",
    family: Family::Application,
    title: "the proxy could not parse or accept the response",
    happened: "sent a response that the proxy did not accept",
    meaning: "The upstream answered, and the proxy rejected the answer: a malformed or duplicate header, \
        Content-Length together with Transfer-Encoding, bad chunks, an impossible status line, or output before the \
        headers (CGI, FastCGI). It repeats for the same path, and the application's log shows success. Proxies have \
        become stricter over the years, so an upgrade of the proxy alone can begin it. Timeouts and the number of \
        workers have no part in it.",
    evidence: &[
        (
            "nginx error log",
            "`upstream sent invalid header`, `invalid status`, `invalid chunked response`, `duplicate header line`, \
                `\"Content-Length\" and \"Transfer-Encoding\" headers at the same time`",
        ),
        ("nginx access log", "502 on the same paths; `$upstream_header_time` is `-`"),
        ("HAProxy", "502, state `PH`; `show errors` shows the bytes and the position"),
        (
            "ALB",
            "502, target status `-` or another than 502, request and target times at 0 or above, response time -1, \
                always for one path",
        ),
        ("ALB", "Lambda targets: `LambdaInvalidResponse`, `LambdaResponseTooLarge`"),
        ("Classic ELB", "502: the load balancer could not parse the instance's answer"),
        (
            "Apache",
            "502, `AH01106`, `AH10404`, `Corrupt status line returned by remote server`; 500, `AH02429`; `AH01070` for FastCGI",
        ),
        (
            "lighttpd",
            "502, `invalid HTTP status line`; to an answer that is no HTTP at all it says 502 or 500 without a word",
        ),
        ("Envoy", "502, flag `UPE` (`protocol_error`, `http1.codec_error`)"),
        ("Google Cloud", "`backend_response_corrupted`"),
        ("Go proxies", "`malformed HTTP response`, `malformed MIME header`"),
        ("IIS", "502.3, `sc-win32-status` 12152"),
        ("Varnish", "`FetchError http format error`, `Received junk`"),
        ("Cloudflare", "520"),
        ("Akamai", "`ERR_BAD_CHUNKED_ENC`, `ERR_GZIP`"),
        ("CloudFront", "502, `OriginInvalidResponseError`, `OriginContentRangeLengthError`"),
        ("Azure Front Door", "`OriginInvalidResponse`, unless it came after a timeout's wait"),
        (
            "API Gateway",
            "502 while the integration answered 200; a Lambda function failed, or gave an answer of another form",
        ),
        ("Heroku", "503, `H17`; 502, `H25` with `invalid content length`"),
        ("Cloud Foundry", "502, `endpoint_failure (… malformed HTTP response …)`"),
        ("LiteSpeed", "503, `Invalid Http response header, retry!`"),
        ("Skipper", "500, `… malformed HTTP response …`"),
    ],
    look_alikes: &[
        ("header-too-big", "the same pattern on an ALB and in HAProxy (`PH`): compare the size of the headers"),
        ("protocol-mismatch", "not HTTP at all, and for every path: bytes such as `\\x15\\x03`"),
        ("blocked", "HAProxy's `http-response deny` also gives 502 `PH`"),
        ("truncated-response", "the headers were fine; the body ended early, after a status was sent"),
    ],
    checks: &[
        Check {
            on: &[Proxy::CLOUDFLARE],
            run: "curl -sv -o /dev/null --connect-to '{group}:443:{upstream}:443' 'https://{group}{path}'",
            why: "past Cloudflare, straight to the origin: does it accept, agree on TLS, answer?",
        },
        Check {
            on: &[Proxy::CLOUDFRONT],
            run: "aws cloudfront list-distributions --query \
                \"DistributionList.Items[?DomainName=='{group}'].Origins.Items[]\"",
            why: "the origins, their ports, protocols and timeouts (OriginReadTimeout, ConnectionTimeout, \
                ConnectionAttempts)",
        },
        Check {
            on: &[],
            run: "curl -s --raw -i -m 30 'http://{host}:{port}{path}' | head -c 2000 | xxd | head -n 60",
            why: "the raw answer: duplicate headers, both lengths, stray bytes before the status line",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "grep -hoE 'upstream sent [^,]+' /var/log/nginx/error.log | sort | uniq -c | sort -rn | head",
            why: "what exactly nginx rejects, most frequent first",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -v",
            why: "newer versions reject more (duplicate headers and the like): did this begin with an upgrade?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show errors {group} response' | socat stdio /run/haproxy/admin.sock",
            why: "the last rejected response, with the position of the offending byte",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'http-response|accept-invalid-http-response|accept-unsafe-violations' \
                /etc/haproxy/haproxy.cfg",
            why: "a rule that denies responses looks the same in the log",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "target type (a Lambda must return the documented JSON) and protocol version",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "a target to ask directly; `healthy` does not exclude this, the check asks another path",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "an instance to ask directly; InService does not exclude this, the check asks another path",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "is the instance protocol HTTP where the instance speaks HTTP?",
        },
        Check {
            on: &[],
            run: "Transfer-Encoding",
            why: "in the upstream's response: never together with Content-Length, and each only once; suspect upgraded \
                middleware",
        },
    ],
    signs: &[
        Sign {
            kind: "text-malformed-response",
            cause: Cause::InvalidResponse,
            strength: Strength::Conclusive,
            says: "the response was malformed",
            seen: Seen::Wording(concat!(
                r#"malformed HTTP response \\*"[^\\"]|malformed HTTP (?:status|version)|malformed MIME header"#,
                r"|malformed chunked encoding|invalid byte in chunk length|(?:unsupported|too many) transfer encoding",
                r"|http: invalid Content-Length|bad Content-Length |message cannot contain multiple Content-Length",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-invalid-response",
            cause: Cause::InvalidResponse,
            strength: Strength::Conclusive,
            says: "the response was not valid HTTP",
            seen: Seen::Wording(concat!(
                r"failed to respond with a valid HTTP response|\bInvalid Http response\b|BadStatusLine\b",
                r"|RemoteProtocolError: illegal |invalid HTTP (?:version|status-code|header) parsed",
            )),
            status: 502,
        },
        Sign {
            kind: "text-parse-error",
            cause: Cause::InvalidResponse,
            strength: Strength::Strong,
            says: "the response could not be parsed",
            seen: Seen::Wording(
                r"HPE_(?:INVALID|UNEXPECTED|LF_EXPECTED|STRICT)|Parse Error: (?:Invalid|Missing|Content)",
            ),
            status: 502,
        },
    ],
};
