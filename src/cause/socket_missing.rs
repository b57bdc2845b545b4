use super::{Cause, Check, Entry, Family, Proxy, Seen, Sign, Strength};

pub(super) static ENTRY: Entry = Entry {
    slug: "socket-missing",
    family: Family::Downtime,
    title: "the upstream's unix socket does not exist",
    happened: "had no socket file at the configured path",
    meaning: "The proxy connects through a unix socket, and there was no file at that path. The service is stopped, or \
        its path changed: a PHP upgrade renames php8.1-fpm.sock to php8.2-fpm.sock, a package moves it from /var/run \
        to another directory. A private /tmp of the service (PrivateTmp) or a container without the shared volume \
        hides a socket that does exist. It is not a question of permissions or load: those give other errors.",
    evidence: &[
        ("nginx error log", "`connect() to unix:… failed (2: No such file or directory) while connecting to upstream`"),
        (
            "nginx access log",
            "502, `$upstream_addr` is `unix:…`, no connect time, the attempt took no more than 5 ms; this alone does \
                not tell it from a refusal, a full queue or missing permission",
        ),
        (
            "HAProxy",
            "503, state `SC`, for a server that is a socket path; its health check fails with `Layer4 connection \
                problem`",
        ),
        ("Apache", "503, `(2)No such file or directory: AH02454 … attempt to connect to Unix domain socket …`"),
        ("lighttpd", "503, `establishing connection failed: socket: unix:… No such file or directory`"),
        ("Go proxies", "`dial unix …: connect: no such file or directory`"),
        ("Varnish", "`FetchError backend NAME: fail errno 2`"),
        ("Envoy", "503, flag `UF` with `connect_error:_2`"),
        ("LiteSpeed", "503, `connection to [uds://…] on request #0, …, error: No such file or directory!`"),
    ],
    look_alikes: &[
        ("connection-refused", "errno 111: the file exists, but nobody listens on it"),
        ("permission-denied", "errno 13: the file exists, but the proxy's user may not open it"),
        ("backlog-full", "errno 11: the file exists and somebody listens, but the queue is full"),
    ],
    checks: &[
        Check {
            on: &[Proxy::LITESPEED],
            run: "grep -hE 'not start|Failed to start|failed to start|cgidSuEXEC|execve' \
                /usr/local/lsws/logs/error.log /usr/local/lsws/logs/stderr.log | tail -n 20",
            why: "why LiteSpeed could not start the application",
        },
        Check { on: &[], run: "ls -l '{socket}'", why: "is the file there by now, and whose is it?" },
        Check {
            on: &[],
            run: "ss -lxp | grep -E 'fpm|gunicorn|uwsgi|unicorn|puma|\\.sock'",
            why: "on which paths the services really listen",
        },
        Check {
            on: &[Proxy::NGINX],
            run: "nginx -T 2>/dev/null | grep -n 'unix:'",
            why: "the paths that nginx expects",
        },
        Check {
            on: &[Proxy::APACHE],
            run: "grep -rnE 'unix:[^|]+' /etc/apache2 /etc/httpd 2>/dev/null",
            why: "the path of the socket that Apache connects to",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "echo 'show stat {group} 4 -1' | socat stdio /run/haproxy/admin.sock | cut -d, -f2,18,37,57",
            why: "each server's status and what its last health check met",
        },
        Check {
            on: &[Proxy::HAPROXY],
            run: "grep -nE 'server .*(unix@|/[^ ]*sock)|chroot' /etc/haproxy/haproxy.cfg",
            why: "the paths that HAProxy expects; inside a `chroot` they are relative to it",
        },
        Check {
            on: &[],
            run: "grep -rnE '^listen *=' /etc/php*/*/fpm/pool.d /etc/php-fpm.d 2>/dev/null",
            why: "the path that php-fpm creates; compare it letter by letter",
        },
        Check {
            on: &[],
            run: "systemctl list-units --type=service --state=failed,inactive,activating --all",
            why: "is the service that owns the socket stopped, or in a crash loop?",
        },
    ],
    signs: &[
        Sign {
            kind: "text-connect-socket-missing",
            cause: Cause::SocketMissing,
            strength: Strength::Conclusive,
            says: "there is no socket at that path",
            seen: Seen::Wording(r"connect\(\) (?:to \S+ )?failed \(2: "),
            status: 502,
        },
        Sign {
            kind: "text-runtime-socket-missing",
            cause: Cause::SocketMissing,
            strength: Strength::Conclusive,
            says: "there is no socket at that path",
            seen: Seen::Wording(concat!(
                r"dial unix \S+: connect: no such file or directory|connect ENOENT /",
                r"|\(2\)No such file or directory: .*Unix domain socket",
            )),
            status: 502,
        },
    ],
};
