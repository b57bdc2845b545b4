use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "tls-handshake",
    family: Family::Tls,
    title: "the TLS handshake with the upstream failed",
    happened: "failed the TLS handshake",
    meaning: "A connection was made, but proxy and upstream did not agree on TLS. The word \"alert\" in the message \
        means that the upstream refused; without it the proxy did. Usual reasons are a missing server name (nginx \
        sends no SNI unless proxy_ssl_server_name is on, and CDN hosts need it), no common protocol version or cipher \
        after an upgrade of one side, or an allow-list that closes the connection. It is not about the certificate \
        (that has its own cause), nor a plain-HTTP port (\"wrong version number\" says that).",
    evidence: &[
        (
            "nginx error log",
            "`SSL_do_handshake() failed (SSL: … sslv3 alert handshake failure …) while SSL handshaking to upstream` \
                (`ssl/tls alert …` in newer OpenSSL); also `alert protocol version`, `unsupported protocol`, `no \
                protocols available`, `no shared cipher`, `unrecognized name`",
        ),
        ("nginx error log", "`peer closed connection in SSL handshake`: the upstream hung up midway"),
        (
            "nginx error log",
            "`upstream timed out … while SSL handshaking to upstream` (504): connected, but no TLS answer",
        ),
        ("nginx access log", "502 (504 when it timed out), `$upstream_connect_time` is `-`: it includes the handshake"),
        ("HAProxy", "503, state `SC`, `SSL handshake failure` in the log or in `%[bc_err_str]`; checks: `Layer6`"),
        ("ALB", "502, target status `-`, HTTPS target group: all requests at once, or after about 10 s"),
        (
            "Apache",
            "500, `(20014)… AH01084`, `AH00898: Error during SSL Handshake with remote server`; `AH00961` without SSLProxyEngine",
        ),
        ("Cloudflare", "525"),
        ("Go proxies", "`remote error: tls: handshake failure`"),
        ("Envoy", "503, flag `UF` with another `TLS_error:…`"),
        ("Google Cloud", "`tls_protocol_error`, `tls_alert_received`"),
        ("Azure Front Door", "`SSLHandshakeError`, `SSLInvalidCipher`"),
        ("Fastly", "503, `SSL handshake error`"),
        ("Akamai", "`ERR_SSL_…`"),
        ("Cloud Foundry", "525; 502, `endpoint_failure (net/http: TLS handshake timeout)`"),
        ("IIS", "502.3, `sc-win32-status` 12157"),
        ("Skipper", "503, `net.Error … remote error: tls: …`; 504, `TLS handshake timeout` (`-tls-timeout-backend`)"),
    ],
    look_alikes: &[
        (
            "tls-certificate",
            "`verify` in the message: the proxy refused the upstream's certificate; `alert bad certificate`, `unknown \
                ca`: the upstream refused the proxy's",
        ),
        ("protocol-mismatch", "`wrong version number`, `http request`: the port does not speak TLS at all"),
        ("response-timeout", "a host too busy to finish handshakes also times out in them: are its other ports slow?"),
        ("a client's handshake", "nginx logs the same words with `while SSL handshaking, client:`: not the upstream"),
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
            run: "openssl s_client -connect {host}:{port} -noservername </dev/null",
            why: "without a server name, as nginx does by default: does it fail the same way?",
        },
        Check {
            on: &[],
            run: "openssl s_client -connect {host}:{port} -servername NAME </dev/null",
            why: "NAME is the upstream's public name: when it works only so, the proxy must send it (SNI)",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE \
                '(proxy|grpc|uwsgi)_ssl_(server_name|name|protocols|ciphers)|https://'",
            why: "is proxy_ssl_server_name on, and is proxy_ssl_name the name that the upstream expects?",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'SSLProxy(Engine|Protocol|CipherSuite|MachineCertificate)|ProxyPreserveHost|https://' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "`SSLProxyEngine on`? With `ProxyPreserveHost` the name that the client asked for goes into SNI",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE '^ *server .* ssl|sni |alpn |ssl-default-server' /etc/haproxy/haproxy.cfg",
            why: "is there `sni str(NAME)`; do versions and ciphers fit the server?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "L6RSP or L6TOUT as check status: the handshake fails for health checks too",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "protocol HTTPS and the port: does the target speak TLS there?",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "do health checks over HTTPS pass? Compare with the metric TargetTLSNegotiationErrorCount",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancers --load-balancer-names {group}",
            why: "instance protocols, and a backend policy that pins a certificate",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-policies --load-balancer-name {group}",
            why: "the TLS policies and backend authentication in use",
        },
        Check {
            on: &[],
            run: "openssl version -a",
            why: "on both sides: did an upgrade drop old versions or ciphers?",
        },
    ],
    signs: &[
        Sign {
            kind: "text-tls-alert",
            cause: Cause::TlsHandshake,
            strength: Strength::Conclusive,
            says: "the upstream refused the TLS handshake with an alert",
            seen: Seen::Wording(concat!(
                r"(?i:(?:sslv3|ssl/tls|tlsv1|tlsv13)[ _](?:alert[ _])?(?:handshake[ _]failure|protocol[ _]version",
                r"|no[ _]application[ _]protocol|insufficient[ _]security|illegal[ _]parameter|decode[ _]error",
                r"|unexpected[ _]message|internal[ _]error|inappropriate[ _]fallback|decrypt[ _]error",
                r"|decryption[ _]failed|record[ _]overflow|bad[ _]record[ _]mac|missing[ _]extension",
                r"|unsupported[ _]extension|unrecognized[ _]name|unknown[ _]psk[ _]identity))",
                r"|\bSSL alert number (?:10|20|21|22|30|40|47|50|51|70|71|80|86|109|110|112|120)\b",
            )),
            status: 502,
        },
        Sign {
            kind: "text-tls-no-agreement",
            cause: Cause::TlsHandshake,
            strength: Strength::Conclusive,
            says: "the two sides have no TLS version or cipher in common",
            seen: Seen::Wording(concat!(
                r"SSL routines:[^:]*:(?:unsupported protocol|no protocols available|no shared cipher",
                r"|no ciphers available|version too low|wrong ssl version|dh key too small|bad key share",
                r"|unsafe legacy renegotiation disabled|legacy sigalg disallowed or unsupported",
                r"|no suitable (?:signature algorithm|key share)|wrong signature type)",
                r"|(?:OPENSSL_internal:|\[SSL: ?)(?:UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|NO_SHARED_CIPHER",
                r"|NO_CIPHERS_AVAILABLE|WRONG_SSL_VERSION|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|DH_KEY_TOO_SMALL)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-handshake",
            cause: Cause::TlsHandshake,
            strength: Strength::Conclusive,
            says: "the TLS handshake failed",
            seen: Seen::Wording(concat!(
                r"\btls: handshake failure|(?:remote|local) error: tls: (?:protocol version not supported|unrecognized name",
                r"|no application protocol|insufficient security level|internal error|illegal parameter",
                r"|unexpected message|error decoding message|missing extension|unsupported extension)",
                r"|tls: (?:server selected unsupported protocol|no supported versions satisfy|no cipher suite",
                r"|server chose an unconfigured cipher|server did not select an ALPN)",
                r"|Received fatal alert: (?:handshake_failure|protocol_version|unrecognized_name|internal_error",
                r"|no_application_protocol|insufficient_security|illegal_parameter|unexpected_message|decode_error)",
                r"|SSLHandshakeException: No appropriate protocol",
            )),
            status: 502,
        },
        Sign {
            kind: "text-handshake-timeout",
            cause: Cause::TlsHandshake,
            strength: Strength::Strong,
            says: "the TLS handshake did not finish in time",
            seen: Seen::Wording(r"TLS handshake timeout|SslHandshakeTimeoutException|\bhandshake timed out\b"),
            status: 504,
        },
        Sign {
            kind: "text-handshake-closed",
            cause: Cause::TlsHandshake,
            strength: Strength::Strong,
            says: "the connection was closed during the TLS handshake",
            seen: Seen::Wording(concat!(
                r"(?:closed (?:the )?connection|[Cc]onnection (?:was )?closed) (?:in|during) ",
                r"(?:the )?(?:(?:SSL|TLS) )?handshake|Remote host terminated the handshake",
                r"|SSL_(?:do_handshake|connect)\b.{0,120}unexpected eof while reading",
                r"|disconnected before secure TLS connection was established",
            )),
            status: 502,
        },
    ],
};
