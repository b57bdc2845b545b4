use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "tls-certificate",
    family: Family::Tls,
    title: "a TLS certificate was not accepted",
    happened: "failed over a TLS certificate",
    meaning: "One side did not accept the other's certificate. \"Verify\" in the message means that the proxy rejected \
        the upstream's: expired, signed by an unknown or private CA, an incomplete chain, or made out for another \
        name. \"Alert bad certificate\", \"unknown ca\" or \"certificate required\" means the reverse: the upstream \
        wants a client certificate from the proxy and did not get one that it accepts. When all failures begin at one \
        moment without a deploy, look at the expiry date first. A renewed certificate does not help until the server \
        reloads it.",
    evidence: &[
        (
            "nginx error log",
            "`… certificate verify failed …`, `upstream SSL certificate verify error: (N:TEXT)`, `upstream SSL \
                certificate does not match \"NAME\"`; N: 10 expired, 18 and 19 self-signed, 20 unknown issuer, 62 \
                other name",
        ),
        (
            "nginx error log",
            "`… alert bad certificate` (42), `certificate expired` (45), `unknown ca` (48), `certificate required` \
                (116): the upstream rejected the proxy's client certificate",
        ),
        ("nginx access log", "502, `$upstream_connect_time` is `-`: it includes the handshake"),
        ("HAProxy", "503, state `SC`, `certificate verify failed` in `%[bc_err_str]` or `%[ssl_bc_err_str]`"),
        (
            "Apache",
            "500, `AH02039 Certificate Verification: Error (N): …`; with `LogLevel ssl:info` `AH02276`, `AH02411`, `AH02005`",
        ),
        ("Envoy", "503, flag `UF` with `TLS_error:…CERTIFICATE_VERIFY_FAILED`"),
        ("Google Cloud", "`ssl_certificate_…`, `server_cert_…`"),
        ("Cloudflare", "526"),
        (
            "Go proxies",
            "`x509: certificate signed by unknown authority`, `… is valid for X, not Y`, `… has expired or is not yet \
                valid`",
        ),
        ("Akamai", "`ERR_FWD_SSL_HANDSHAKE`: the certificate's verification failed"),
        ("IIS", "502.3, `sc-win32-status` 12175, 12044 (ARR had no client certificate), 12045, …"),
        ("Azure Front Door", "`CertificateNameCheckFailed`, `CertificateError`, `SSLInvalidRootCA`"),
        ("Fastly", "503, a reason with `certificate`"),
        (
            "Cloud Foundry",
            "526; 503, `endpoint_failure (x509: certificate is valid for …)`: another instance has the address by now",
        ),
        (
            "Skipper",
            "500, `… x509: …`; 503, `… remote error: tls: bad certificate`, where the backend did not accept Skipper's own",
        ),
    ],
    look_alikes: &[
        ("tls-handshake", "no agreement on version, cipher or server name: `alert handshake failure`"),
        (
            "a stranger's certificate",
            "the name does not match because the address is stale and now someone else's: compare `dig +short NAME` \
                with the address in the log",
        ),
        ("a wrong clock", "`not yet valid`, or expired only on one host"),
        (
            "a client's certificate",
            "nginx logs `client SSL certificate verify error` and browsers' alerts with `client:`: not the upstream",
        ),
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
            on: &[Proxy::FRONTDOOR],
            run: "az afd origin list -g RESOURCE_GROUP --profile-name PROFILE --origin-group-name ORIGIN_GROUP -o \
                table",
            why: "host names, host headers and ports of the origins, and whether certificate names are checked",
        },
        Check {
            on: &[],
            run: "openssl s_client -connect {host}:{port} -showcerts </dev/null | openssl x509 -noout -dates -subject \
                -issuer -ext subjectAltName",
            why: "from the proxy, with `-servername NAME` where names share the host: dates, issuer, names",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -nE 'ssl_(verify|trusted_certificate|name|server_name|certificate)'",
            why: "which CA nginx trusts, which name it expects, which client certificate it sends",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'SSLProxy(Verify|CACertificate|CheckPeer)' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "which authorities are trusted, and whether name and date are checked; `LogLevel ssl:info` logs which failed",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE '^ *server .* ssl|ca-file|verify|verifyhost|sni |crt ' /etc/haproxy/haproxy.cfg",
            why: "which CA HAProxy trusts, which name it expects, which client certificate it sends",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "L6RSP as check status: health checks do not accept the certificate either",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group}",
            why: "is it HTTPS at all? An ALB does not verify target certificates, so suspect the handshake instead",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "do health checks over HTTPS pass?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-load-balancer-policies --load-balancer-name {group}",
            why: "a BackendServerAuthenticationPolicy pins keys: was the instance's certificate replaced?",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "which instances fail their health check over HTTPS or SSL",
        },
        Check { on: &[], run: "timedatectl", why: "on the proxy and the upstream: is the clock right?" },
        Check {
            on: &[],
            run: "certbot certificates",
            why: "on the upstream's host: renewed, but not reloaded by the server?",
        },
        Check {
            on: &[Proxy::ENVOY],
            run: "curl -s localhost:15000/certs",
            why: "Envoy's admin interface (Istio: 15000, elsewhere often 9901): its own certificates and how long they last",
        },
    ],
    signs: &[
        Sign {
            kind: "text-certificate-verify-failed",
            cause: Cause::TlsCertificate,
            strength: Strength::Conclusive,
            says: "the certificate was not accepted",
            seen: Seen::Wording(
                r"(?i)certificate[ _]verify[ _]failed|failed to verify certificate|invalid peer certificate",
            ),
            status: 502,
        },
        Sign {
            kind: "text-certificate-reason",
            cause: Cause::TlsCertificate,
            strength: Strength::Conclusive,
            says: "the certificate has expired, is for another name or is from an unknown issuer",
            seen: Seen::Wording(concat!(
                r"\bcertificate has expired\b|\bcertificate is not yet valid\b|\bself[- ]signed certificate\b",
                r"|unable to get (?:local )?issuer certificate|unable to verify the (?:first|leaf) certificate",
                r"|certificate chain too long|:certificate revoked|certificate signature failure",
                r"|\b[Hh]ostname mismatch\b|:IP address mismatch|uns(?:uitable|upported) certificate purpose",
                r"|(?:EE|CA) certificate key too weak|CA signature digest algorithm too weak|CA md too weak",
                r"|invalid CA certificate|:certificate (?:rejected|not trusted)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-x509",
            cause: Cause::TlsCertificate,
            strength: Strength::Conclusive,
            says: "the certificate was not accepted",
            seen: Seen::Wording(concat!(
                r"x509: (?:certificate |cannot validate certificate|issuer |a root or intermediate|too many ",
                r"|failed to load system roots)",
            )),
            status: 502,
        },
        Sign {
            kind: "text-runtime-certificate",
            cause: Cause::TlsCertificate,
            strength: Strength::Conclusive,
            says: "the certificate was not accepted",
            seen: Seen::Wording(concat!(
                r"PKIX path (?:building|validation) failed|unable to find valid certification path",
                r"|No (?:subject alternative (?:DNS )?names? |name )(?:matching|present)",
                r"|Certificate(?:Expired|NotYetValid)Exception|CertPathValidatorException",
                r"|\bCERT_HAS_EXPIRED\b|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)",
                r"|ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames",
            )),
            status: 502,
        },
        Sign {
            kind: "text-client-certificate-refused",
            cause: Cause::TlsCertificate,
            strength: Strength::Strong,
            says: "the upstream did not accept the proxy's own client certificate",
            seen: Seen::Wording(concat!(
                r"(?i:\balert[ _](?:bad[ _]certificate|certificate[ _](?:required|expired|revoked|unknown)",
                r"|unknown[ _]ca|unsupported[ _]certificate|no[ _]certificate|access[ _]denied))",
                // BoringSSL's and OpenSSL's names of errors, which leave `ALERT` out for the newer ones.
                r"|(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(?:BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE",
                r"|NO_CERTIFICATE|ACCESS_DENIED)",
                r"|\bSSL alert number (?:41|42|43|44|45|46|48|49|116)\b",
                r"|remote error: tls: (?:bad certificate|certificate required|unknown certificate|expired certificate",
                r"|revoked certificate|unsupported certificate|access denied)",
                r"|Received fatal alert: (?:bad_certificate|certificate_|unknown_ca|unsupported_certificate",
                r"|access_denied)",
            )),
            status: 502,
        },
    ],
};
