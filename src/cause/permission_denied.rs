use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "permission-denied",
    family: Family::Misconfiguration,
    title: "the operating system did not let the proxy connect",
    happened: "could not be opened with the proxy's permissions",
    meaning: "The proxy's own host forbade the connection; the upstream never saw it. For a unix socket the user that \
        the proxy runs as may not open the file or one of the directories above it (listen.owner, listen.group and \
        listen.mode of php-fpm, the mode of a home directory). For an address and port it is nearly always SELinux, \
        which keeps web servers from connecting out until httpd_can_network_connect is set. The application may be \
        fine: do not restart it for this.",
    evidence: &[
        ("nginx error log", "`connect() to unix:… failed (13: Permission denied) while connecting to upstream`"),
        ("nginx error log", "`connect() to 127.0.0.1:3000 failed (13: Permission denied)`: SELinux"),
        (
            "nginx access log",
            "502, `unix:…`, no connect time, the attempt took no more than 5 ms; this alone does not tell it from a \
                missing socket or a full queue",
        ),
        ("HAProxy", "503, state `SC`; `Layer4 connection problem, info: \"Permission denied\"`"),
        ("ALB", "Lambda targets: `LambdaAccessDenied`, `LambdaKMS…` as error reason"),
        ("Apache", "503, `(13)Permission denied: AH00957` (SELinux) or `AH02454` (socket)"),
        ("lighttpd", "503, `establishing connection failed: socket: … Permission denied`"),
        ("audit log", "`avc:  denied  { name_connect }` or `{ connectto }` with the proxy's name in `comm`"),
        ("Go proxies", "`dial unix …: connect: permission denied`"),
        ("Varnish", "`FetchError backend NAME: fail errno 13 (Permission denied)`"),
        ("Envoy", "503, flag `UF` with `connect_error:_13` or `_1`"),
        ("LiteSpeed", "503, `connection to […] …, error: Permission denied!`; `suExec access denied`"),
    ],
    look_alikes: &[
        ("socket-missing", "errno 2: the file is not there at all"),
        ("blocked", "a firewall rule of the host can also deny connects, without a line in the audit log"),
        ("403 by the proxy", "`access forbidden by rule` and the like concern the client, not the upstream"),
    ],
    checks: &[
        Check {
            on: &[],
            run: "namei -l '{socket}'",
            why: "owner and mode of the socket and of every directory above it",
        },
        Check {
            on: &[],
            run: "ausearch -m avc -ts recent",
            why: "on the proxy's host: `denied { name_connect }` or `{ connectto }` means SELinux",
        },
        Check {
            on: &[],
            run: "getsebool httpd_can_network_connect",
            why: "off: SELinux keeps the proxy from connecting",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "ps -o user,group,supgrp,args -C nginx",
            why: "the user of the workers: is it in the socket's group?",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "ps -o user,group,supgrp,args -C apache2,httpd",
            why: "the user that has to be let into the socket",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "ps -o user,group,supgrp,args -C haproxy",
            why: "the user of the process: may it open the socket, and from inside its `chroot`?",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "getsebool haproxy_connect_any",
            why: "off: SELinux lets HAProxy connect to well-known ports only",
        },
        Check {
            on: &[Proxy::ALB],
            run: "aws elbv2 describe-target-groups --names {group} --query 'TargetGroups[0].TargetGroupArn' --output \
                text | xargs aws elbv2 describe-target-health --target-group-arn",
            why: "for a Lambda target: which function; then `aws lambda get-policy` for who may invoke it",
        },
        Check {
            on: &[Proxy::ELB],
            run: "aws elb describe-instance-health --load-balancer-name {group}",
            why: "instances that their own firewall closes to the load balancer are out of service",
        },
        Check {
            on: &[],
            run: "setsebool -P httpd_can_network_connect 1",
            why: "CHANGES STATE: lets web servers connect out, for good; only once SELinux is proved to be the cause",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-denied",
            cause: Cause::PermissionDenied,
            strength: Strength::Conclusive,
            says: "the system denied the connection",
            seen: Seen::Wording(r"connect\(\) (?:to \S+ )?failed \((?:13|10013): "),
            status: 502,
        },
        Sign {
            kind: "text-connect-not-permitted",
            cause: Cause::PermissionDenied,
            strength: Strength::Strong,
            says: "the system did not permit the connection",
            seen: Seen::Wording(
                r"connect\(\) (?:to \S+ )?failed \(1: |connect: operation not permitted|connect EPERM\b",
            ),
            status: 502,
        },
        Sign {
            kind: "text-runtime-denied",
            cause: Cause::PermissionDenied,
            strength: Strength::Conclusive,
            says: "the system denied the connection",
            seen: Seen::Wording(concat!(
                r"dial (?:tcp[46]?|unix) \S+: connect: permission denied|connect EACCES\b",
                r"|(?:Connect|Socket)Exception: Permission denied|\(13\)Permission denied: .*attempt to connect to",
            )),
            status: 502,
        },
    ],
};
