//! Linux's kernel log, as `dmesg`, syslog and the journal show it, and audit's denials: processes killed and crashed,
//! full queues and tables, hardware that fails.
//!
//! Source: `mm/oom_kill.c`, `arch/x86/mm/fault.c`, `arch/x86/kernel/traps.c`, `net/ipv4/tcp_input.c`,
//! `net/core/neighbour.c`, `net/netfilter/nf_conntrack_core.c`, `kernel/hung_task.c` and `kernel/watchdog.c` of Linux.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::number::uint;
use crate::grammar::text::{bracketed, word};
use crate::grammar::time::{When, asctime, epoch};
use crate::grammar::{Parsed, mismatch};
use nom::{
    Parser as _,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    combinator::opt,
    sequence::{delimited, preceded, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "kernel",
    proxy: Proxy::HOST,
    title: "Linux's kernel log: out-of-memory kills, crashes, full backlogs and tables, failing disks and links",
    layout: "[Www Mmm DD HH:MM:SS YYYY] MESSAGE\n[SECONDS SINCE BOOT] MESSAGE",
    time: "when it was written, as `dmesg -T`, syslog or the journal says; seconds since boot cannot be placed",
    source: "Linux source, mm/oom_kill.c, arch/x86/mm/fault.c, net/ipv4/tcp_input.c and others",
    samples: &[
        "[Sat Nov 21 02:59:00 2026] Memory cgroup out of memory: Killed process 21335 (python3) total-vm:221368kB, anon-rss:40704kB, file-rss:6684kB, shmem-rss:0kB, UID:0 pgtables:144kB oom_score_adj:0",
        "[Sat Nov 21 02:59:00 2026] php-fpm8.2[21395]: segfault at 0 ip 00005581bf532139 sp 00007ffe226861b0 error 4 in php-fpm8.2[1139,5581bf532000+1000] likely on CPU 1 (core 1, socket 0)",
        "[12187.806157] traps: node[21407] trap invalid opcode ip:55c5d141812d sp:7ffda4e1d600 error:0 in node[112d,55c5d1418000+1000]",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 12] = [
    wording(
        "kernel-oom-kill",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "the kernel killed a process because the host had run out of memory",
        // `Kill … score N or sacrifice child` before Linux 5.0.
        r"^Out of memory: Kill(?:ed)? process (?<pid>\d+) \((?<name>.+?)\)(?: total-vm:| score |,)",
    ),
    wording(
        "kernel-cgroup-oom-kill",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "the kernel killed a process because its container or service had reached its memory limit",
        r"^Memory cgroup out of memory: Kill(?:ed)? process (?<pid>\d+) \((?<name>.+?)\)(?: total-vm:| score |,)",
    ),
    wording(
        "kernel-crash",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a process crashed",
        r"^(?:traps: )?(?<name>.+?)\[(?<pid>\d+)\]:? (?:segfault at [0-9a-f]+ ip |(?:general protection|trap )[a-z0-9 ]* ?ip:)",
    ),
    wording(
        "kernel-syn-flood",
        Cause::BacklogFull,
        Strength::Strong,
        0,
        "the queue of connections that waited to be accepted was full",
        r"^(?:TCP: )?(?:\w+: )?[Pp]ossible SYN flooding on port (?<name>\S+)\. ",
    ),
    wording(
        "kernel-conntrack-full",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        0,
        "the host dropped packets because its table of connections was full",
        r"conntrack: table full(?: in netns \d+)?, dropping packet",
    ),
    wording(
        "kernel-neighbour-overflow",
        Cause::HostUnreachable,
        Strength::Strong,
        0,
        "the host's table of neighbours (ARP) was full",
        r"^(?:neighbour: )?(?:\w+: )?[Nn]eighbou?r table overflow",
    ),
    wording(
        "kernel-link-down",
        Cause::HostUnreachable,
        Strength::Strong,
        0,
        "a network link of the host was down",
        r"(?:: |NIC )Link is [Dd]own|: link status definitely down\b|^NETDEV WATCHDOG: ",
    ),
    wording(
        "kernel-hung-task",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "a process waited for a disk or a lock for minutes",
        r"^INFO: task (?<name>.+):(?<pid>\d+) blocked (?:in I/O wait )?for more than \d+ seconds",
    ),
    wording(
        "kernel-lockup",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "a processor of the host was stuck",
        r"BUG: soft lockup - CPU#\d+ stuck for \d+s! \[(?<name>.+):(?<pid>\d+)\]",
    ),
    wording(
        "kernel-disk-error",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "a disk or file system of the host failed",
        r"I/O error, dev (?<name>\w+), sector |^Buffer I/O error on dev|^EXT4-fs error |Remounting filesystem read-only",
    ),
    wording(
        "kernel-firewall",
        Cause::ConnectTimeout,
        Strength::Weak,
        0,
        "a firewall on the host turned TCP packets away",
        r"^(?i:.*\b(?:block|drop|dropped|deny|denied|reject|rejected)\b).*\bIN=\S* OUT=\S* .*\bSRC=\S+ DST=\S+ .*\bPROTO=TCP .*\bDPT=\d+\b",
    ),
    wording(
        "kernel-access-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        0,
        "SELinux forbade a process to connect",
        // With `permissive=1` it would have, and did not.
        r#"\bavc: +denied +\{ (?:name_connect|connectto|write) \} for +pid=(?<pid>\d+) comm="(?<name>[^"]*)".* tclass=(?:tcp_socket|unix_stream_socket|sock_file)(?: permissive=0)?(?:\x1D.*)?$"#,
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    (prefix(line).is_ok() || WORDINGS.tell(line)).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if let Ok((message, when)) = prefix(line) {
        return Some(WORDINGS.record(message, Record { when, ..Record::default() }));
    }
    // Without a prefix, as in syslog, the message must be one that is known.
    Some(WORDINGS.record(line, Record::default())).filter(|record| record.what == What::Host)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// What stands before a message, and the time that it tells, if any.
fn prefix(i: &[u8]) -> Parsed<'_, Option<When>> {
    match i {
        [b'[', b' ' | b'0'..=b'9', ..] => since_boot(i).map(|(rest, ())| (rest, None)),
        [b'[', ..] => dated(i).map(|(rest, when)| (rest, Some(when))),
        [b't', b'y', b'p', b'e', b'=', ..] => audited(i).map(|(rest, when)| (rest, Some(when))),
        _ => mismatch(),
    }
}

/// `[12187.806157] `, `[    0.000000] `, and with the thread or processor that wrote (`CONFIG_PRINTK_CALLER`) `[
/// 568.338593][ T4434] `
fn since_boot(i: &[u8]) -> Parsed<'_, ()> {
    let spaces = || take_while(|byte| byte == b' ');
    let decimals = take_while1(|byte: u8| byte.is_ascii_digit());
    let seconds = delimited(tag("["), (spaces(), uint, tag("."), decimals), tag("]"));
    let caller = delimited(tag("["), (spaces(), alt((tag("T"), tag("C"))), uint), tag("]"));
    let (i, _) = (seconds, opt(caller), tag(" ")).parse(i)?;
    Ok((i, ()))
}

/// `[Sat Nov 21 02:59:00 2026] ` (`dmesg -T`). Apache's error log begins so as well, but goes on with a module and a
/// level, or a level alone, in brackets: `[core:notice]`, `[error]`.
fn dated(i: &[u8]) -> Parsed<'_, When> {
    let (i, when) = delimited(tag("["), asctime, tag("] ")).parse(i)?;
    let level = |word: &[u8]| {
        let level = word.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        matches!(level, b"emerg" | b"alert" | b"crit" | b"error" | b"warn" | b"notice" | b"info" | b"debug")
            || level.starts_with(b"trace")
    };
    if bracketed(i).is_ok_and(|(_, word)| level(word)) { mismatch() } else { Ok((i, when)) }
}

/// `type=AVC msg=audit(1795231140.243:24287): `: seconds since the epoch, and a number.
fn audited(i: &[u8]) -> Parsed<'_, When> {
    let event = terminated(epoch, (tag(":"), uint));
    preceded((tag("type="), word, tag(" msg=audit(")), terminated(event, tag("): "))).parse(i)
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::{kinds, told};
    use super::*;
    use crate::format::Format;
    use crate::grammar::time::Zone;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn reads_recordings() {
        let expected = BTreeMap::from([("kernel-cgroup-oom-kill", 1), ("kernel-crash", 3)]);
        assert_eq!(kinds(Format::Kernel, include_str!("../../fixtures/format/kernel/dmesg-T.log")), expected);
        assert_eq!(kinds(Format::Kernel, include_str!("../../fixtures/format/kernel/dmesg.log")), expected);
    }

    /// Without a prefix, as syslog and the journal show them; the wordings are those of the kernel's `printk` calls.
    #[test]
    fn tells_whom_a_message_is_about() {
        let cases = [
            (
                "Out of memory: Killed process 812 (java) total-vm:9kB, anon-rss:9kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0",
                "kernel-oom-kill",
                "java",
                Some(812),
            ),
            (
                "Out of memory: Killed process 812 ((sd-pam)) total-vm:9kB, anon-rss:9kB",
                "kernel-oom-kill",
                "(sd-pam)",
                Some(812),
            ),
            (
                "Memory cgroup out of memory: Kill process 812 (php-fpm) score 1974 or sacrifice child",
                "kernel-cgroup-oom-kill",
                "php-fpm",
                Some(812),
            ),
            (
                "node[5]: segfault at 10 ip 00007f sp 00007f error 6 in libc.so.6[7f+1000]",
                "kernel-crash",
                "node",
                Some(5),
            ),
            ("traps: node[5] general protection ip:7f sp:7f error:0 in node[7f+1000]", "kernel-crash", "node", Some(5)),
            ("traps: node[5] trap divide error ip:7f sp:7f error:0", "kernel-crash", "node", Some(5)),
            (
                "TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.  Check SNMP counters.",
                "kernel-syn-flood",
                "8080",
                None,
            ),
            (
                "TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:7070. Sending cookies.",
                "kernel-syn-flood",
                "0.0.0.0:7070",
                None,
            ),
            (
                "[  568.338593][ T4434] node[4434]: segfault at 0 ip 00005637c63f3f12 sp 00007fffa3766d00 error 4 in node[5637c1c5a000+7823000]",
                "kernel-crash",
                "node",
                Some(4434),
            ),
            (
                "[  568.338593][ T4434] node[4434]: segfault at 0 ip 00005637c63f3f12 sp 00007fffa3766d00 error 4 in node[5637c1c5a000+7823000]",
                "kernel-crash",
                "node",
                Some(4434),
            ),
            ("[16508.733356] possible SYN flooding on port 4671. Sending cookies.", "kernel-syn-flood", "4671", None),
            ("nf_conntrack: nf_conntrack: table full, dropping packet", "kernel-conntrack-full", "", None),
            (
                "nf_conntrack: nf_conntrack: table full in netns 4026531840, dropping packet",
                "kernel-conntrack-full",
                "",
                None,
            ),
            ("neighbour: arp_cache: neighbor table overflow!", "kernel-neighbour-overflow", "", None),
            ("e1000e 0000:00:19.0 eth0: NIC Link is Down", "kernel-link-down", "", None),
            ("bond0: (slave eth1): link status definitely down, disabling slave", "kernel-link-down", "", None),
            ("INFO: task mysqld:812 blocked for more than 120 seconds.", "kernel-hung-task", "mysqld", Some(812)),
            ("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [node:812]", "kernel-lockup", "node", Some(812)),
            (
                "I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
                "kernel-disk-error",
                "sda",
                None,
            ),
            (
                "EXT4-fs error (device sda1): ext4_find_entry:1463: inode #2: comm node: reading directory lblock 0",
                "kernel-disk-error",
                "",
                None,
            ),
            (
                "[UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=10.0.0.1 DST=10.0.0.5 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=40000 DPT=8080 WINDOW=64240 RES=0x00 SYN URGP=0 ",
                "kernel-firewall",
                "",
                None,
            ),
            (
                "audit: type=1400 audit(1364481363.243:24287): avc:  denied  { name_connect } for  pid=812 comm=\"nginx\" dest=8080 scontext=a:b:c:s0 tcontext=a:b:c:s0 tclass=tcp_socket permissive=0",
                "kernel-access-denied",
                "nginx",
                Some(812),
            ),
        ];
        for (line, kind, name, pid) in cases {
            assert_eq!(told(Format::Kernel, line), (Some(kind), name.to_owned(), pid), "{line}");
        }
    }

    #[test]
    fn reads_audits_own_log() {
        let line = b"type=AVC msg=audit(1364481363.243:24287): avc:  denied  { name_connect } for  pid=812 comm=\"nginx\" dest=8080 scontext=a:b:c:s0 tcontext=a:b:c:s0 tclass=tcp_socket";
        let record = read(line).unwrap_or_default();
        assert_eq!((record.what, record.group), (What::Host, &b"nginx"[..]));
        assert_eq!(record.when, Some(When { wall: 1_364_481_363_243_000, zone: Zone::Utc }));
    }

    #[test]
    fn other_messages_are_notices_behind_a_prefix_alone() {
        for message in
            ["[drm] Initialized simpledrm", "[mem 0xc0000000-0xeebfffff] available for PCI devices", "eth0: Link is Up"]
        {
            assert_eq!(told(Format::Kernel, &format!("[    0.512345] {message}")).0, None);
            assert_eq!(told(Format::Kernel, &format!("[Sat Nov  1 02:59:00 2026] {message}")).0, None);
            assert!(skim(message.as_bytes()).is_none(), "{message}");
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration: /export",
            "[Wed Oct 11 14:32:52 2000] [core:notice] [pid 7] AH00094: Command line: 'httpd'",
            "[12187] 12187.5",
            "Out of memory",
            "java.lang.OutOfMemoryError: Out of memory: Killed process",
            "audit: type=1400 audit(1364481363.243:1): avc:  denied  { name_connect } for  pid=8 comm=\"nginx\" dest=80 scontext=a:b:c:s0 tcontext=a:b:c:s0 tclass=tcp_socket permissive=1",
            "IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.5 PROTO=TCP SPT=1 DPT=2 ",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Kernel, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Kernel)) {
            agrees(Format::Kernel, &line);
        }
    }
}
