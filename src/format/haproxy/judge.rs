//! Why a request failed: what its termination state, its timers and the backend's error say.

use super::signs::*;
use crate::cause::{Cause, Matcher, Sign};
use crate::format::{Attempt, AttemptSigns, Record, Statuses, Verdict};
use crate::grammar::number::Micros;
use std::sync::OnceLock;

/// Why the request of `record` failed, and its attempts: see `SIGNS`.
pub(in crate::format) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let counts = record.status.map(|status| statuses.contains(status));
    let how = explain(record, counts == Some(true));
    let client_gave_up = gave_up(record.termination_state);
    let request = match counts {
        _ if client_gave_up => None,
        Some(true) => how,
        Some(false) => None,
        // No status, as in TCP: the state alone tells.
        None => how.filter(|sign| sign.status != 0 && !is_ours(sign)),
    };
    // Only the last attempt, if one was made, has an end.
    let mut attempts = record.attempts.iter().map(|_| Some(retried(record, how))).collect::<AttemptSigns>();
    if let Some(last) = attempts.last_mut().filter(|_| ended(record).is_some()) {
        *last = how.filter(|sign| !is_ours(sign));
    }
    Verdict { request, attempts, client_gave_up }
}

/// Why the session of `record`, which is of TCP, ended: as of a request, and a rule that refused it is one that cut it
/// off. Where HTTP is spoken, who is refused so is told.
pub(in crate::format) fn judge_session(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let denied = matches!(record.termination_state, [b'P', b'R', ..]).then_some(&DENIED);
    let verdict = judge(record, statuses);
    Verdict { request: verdict.request.or(denied), ..verdict }
}

/// Whether the client ended the request: `C*` is an abort, `cD` a client that no longer took what was sent to it. The
/// status is then what HAProxy would have answered, or an answer that nobody read to its end. Other timeouts of the
/// client (`cH`) are answered.
fn gave_up(state: &[u8]) -> bool {
    matches!(state, [b'C', ..] | [b'c', b'D', ..])
}

/// The last attempt, if HAProxy made one in the end: the tries before it have no times.
fn ended<'r, 'a>(record: &'r Record<'a>) -> Option<&'r Attempt<'a>> {
    // A layout of the user's own may have no place for any time: then the state tells whether it went to a server.
    let untimed = record.duration.is_none() && !matches!(record.termination_state, [_, b'R' | b'Q' | b'T', ..]);
    record.attempts.last().filter(|last| last.response.is_some() || untimed && !last.upstream.is_empty())
}

/// Whether a sign speaks of HAProxy's own doing or the client's, and no attempt failed.
fn is_ours(sign: &'static Sign) -> bool {
    [&LOCAL, &DENIED, &TARPIT, &CLIENT_TIMEOUT].contains(&sign)
}

/// What the termination state, the timers and the backend's error say. `counts`: the status is a failure.
fn explain(record: &Record<'_>, counts: bool) -> Option<&'static Sign> {
    let [who, phase, rest @ ..] = record.termination_state else { return None };
    if counts && record.upstream_status.is_some() {
        return Some(&UPSTREAM_ERROR);
    }
    match (who, phase) {
        (b'S' | b's', b'C' | b'H') => match backend_error(record.flags) {
            Some(Sign { cause: Cause::ConnectionReset, .. }) if *phase == b'C' => Some(&CONNECT_RESET),
            error => error.or_else(|| server_side(*who, *phase, rest, record)),
        },
        (b'S' | b's', _) => server_side(*who, *phase, rest, record),
        (b'P', b'H') => (counts || record.status == Some(502)).then_some(&INVALID_RESPONSE),
        (b'P', b'D') => Some(&BROKEN_BODY),
        (b'P', b'C') => Some(&PROCESS_LIMIT),
        (b'P', b'T') => Some(&TARPIT),
        (b'P', _) => Some(&DENIED),
        (b'R', b'C') => Some(&NO_RESOURCES),
        (b'R', _) => Some(&NO_MEMORY),
        (b'I', _) => Some(&INTERNAL),
        (b'D', _) => Some(&MARKED_DOWN),
        (b'K', _) => Some(&KILLED),
        (b'U', _) => Some(&PREEMPTED),
        (b'L', _) => Some(&LOCAL),
        (b'c', b'H') if counts => Some(&CLIENT_TIMEOUT),
        _ => None,
    }
}

/// States that begin with `S` (the server closed or refused) and `s` (a timer on the server's side ran out).
fn server_side(who: u8, phase: u8, cookies: &[u8], record: &Record<'_>) -> Option<&'static Sign> {
    Some(match (who, phase) {
        (b'S', b'C') => refused(cookies, record),
        (b's', b'C') => &CONNECT_TIMEOUT,
        (b'S', b'Q') => &QUEUE_FULL,
        (b's', b'Q') => &QUEUE_TIMEOUT,
        (b'S', b'H') if ended(record).and_then(waited).is_some_and(is_round) => &CLOSED_ON_THE_MARK,
        (b'S', b'H') => &CLOSED_EARLY,
        (b's', b'H') => &RESPONSE_TIMEOUT,
        // An upgraded connection or a tunnel ends as either side likes; an idle one, by a timer.
        (_, b'D') if record.status == Some(101) || record.method == b"CONNECT" => return None,
        (b'S', b'D') if record.status.is_none() => &TUNNEL_CUT,
        (b's', b'D') if record.status.is_none() => return None,
        (b'S', b'D') => &TRUNCATED,
        (b's', b'D') => &BODY_TIMEOUT,
        _ => return None,
    })
}

/// `SC`: no server to try, a server that the cookie named though it was down, or one that did not take the connection.
fn refused(cookies: &[u8], record: &Record<'_>) -> &'static Sign {
    if record.flags.ends_with(b"<NOSRV>") {
        return &NO_BACKEND;
    }
    if cookies.first() == Some(&b'D') {
        return &PINNED;
    }
    match ended(record).map(|last| (last, record.attempts.len())) {
        None => &NO_SERVER,
        Some((last, tries)) if refused_too_late(last, tries, record) => &UNREACHABLE,
        Some(_) => &REFUSED,
    }
}

/// Whether connecting took longer than refusals do. HAProxy waits a second at most before it tries the same server
/// again (`backend.c`, `back_handle_st_cer`); where the tries went to several servers, an earlier one may have taken
/// the time.
fn refused_too_late(last: &Attempt<'_>, tries: usize, record: &Record<'_>) -> bool {
    let same = record.attempts.iter().all(|attempt| attempt.upstream == last.upstream);
    let expected = u64::try_from(tries).unwrap_or(u64::MAX).saturating_add(1);
    same && last.response.is_some_and(|took| took >= expected.saturating_mul(1_000_000))
}

/// How long a server kept HAProxy waiting once it was connected.
fn waited(last: &Attempt<'_>) -> Option<Micros> {
    last.response?.checked_sub(last.connect?)
}

/// Whether a wait ended where supervisors set their timers: at whole multiples of 5 s up to a minute and of 30 s
/// beyond, within 2 % and a second.
fn is_round(wait: Micros) -> bool {
    const SECOND: Micros = 1_000_000;
    let step = if wait <= 61 * SECOND { 5 * SECOND } else { 30 * SECOND };
    let nearest = wait.saturating_add(step / 2) / step * step;
    nearest > 0 && wait.abs_diff(nearest) <= SECOND.min(nearest / 50)
}

/// Why an attempt that another one followed had failed. HAProxy does not say: by default it retries what could not be
/// connected, and a retry of the same server comes a second after a refusal.
fn retried(record: &Record<'_>, how: Option<&'static Sign>) -> &'static Sign {
    let retries = u64::try_from(record.attempts.len()).unwrap_or(u64::MAX).saturating_sub(1).max(1);
    match how {
        Some(sign) if record.termination_state.get(1) == Some(&b'C') => sign,
        _ if record.connect.is_some_and(|took| took / retries > 1_500_000) => &RETRIED_LATE,
        _ => &RETRIED,
    }
}

/// What `bc_err=…` and its like say, where a custom format logs them.
fn backend_error(flags: &[u8]) -> Option<&'static Sign> {
    static MATCHER: OnceLock<Option<Matcher>> = OnceLock::new();
    if flags.is_empty() {
        return None;
    }
    MATCHER.get_or_init(|| Matcher::new(BACKEND_ERRORS).ok()).as_ref()?.best(flags)
}

#[cfg(test)]
mod tests {
    use super::super::testing::kinds;
    use super::*;
    use crate::format::Format;
    use crate::format::haproxy::line::micros;

    use crate::format::haproxy::testing::Case;

    /// An HTTP line with this route, these timers, this status and this end.
    fn line(middle: &str) -> String {
        format!(r#"192.0.2.1:33317 [06/Feb/2009:12:14:14.655] web {middle} 0/0 "GET / HTTP/1.1""#)
    }

    /// Configuration manual, section 8.5, "Stream state at disconnection", and what HAProxy 2.6 was seen to log.
    #[test]
    fn states_are_signs() {
        let cases: &[Case<'_>] = &[
            ("api/a 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0", None, &[None]),
            (
                "api/a 10/0/30/69/109 503 2750 - - ---- 1/1/1/1/0",
                Some("haproxy-upstream-status"),
                &[Some("haproxy-upstream-status")],
            ),
            ("api/a 10/0/30/69/109 500 2750 - - ---- 1/1/1/1/0", None, &[None]),
            ("api/a 0/0/2001/1/2002 200 9 - - ---- 1/1/1/1/+1", None, &[Some("haproxy-retried-late"), None]),
            ("api/a 0/0/0/1/2 200 9 - - ---- 1/1/1/1/+1", None, &[Some("haproxy-retried"), None]),
            (
                "api/a 0/0/-1/-1/0 503 217 - - SC-- 1/1/0/0/0",
                Some("haproxy-connect-refused"),
                &[Some("haproxy-connect-refused")],
            ),
            (
                "api/a 0/0/-1/-1/6100 503 217 - - SC-- 1/1/0/0/0",
                Some("haproxy-connect-failed-late"),
                &[Some("haproxy-connect-failed-late")],
            ),
            // The first server may have taken the time.
            (
                "api/a 0/0/-1/-1/6100 503 217 - - SC-- 1/1/0/0/+1",
                Some("haproxy-connect-refused"),
                &[Some("haproxy-connect-refused"); 2],
            ),
            (
                "api/a 0/0/-1/-1/1001 503 217 - - SCDN 1/1/0/0/1",
                Some("haproxy-cookie-to-down-server"),
                &[Some("haproxy-cookie-to-down-server"); 2],
            ),
            (
                "api/a 0/0/-1/-1/4006 503 217 - - sC-- 3/2/0/0/1",
                Some("haproxy-connect-timeout"),
                &[Some("haproxy-connect-timeout"); 2],
            ),
            ("api/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0", Some("haproxy-no-server"), &[]),
            ("web/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0", Some("haproxy-no-server"), &[]),
            ("web/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0", Some("haproxy-no-backend"), &[]),
            ("api/a 0/-1/-1/-1/0 503 217 - - SQVN 3/3/2/1/0", Some("haproxy-queue-full"), &[]),
            ("api/<NOSRV> 0/2000/-1/-1/2000 503 217 - - sQ-- 8/8/1/0/0", Some("haproxy-queue-timeout"), &[]),
            (
                "api/a 0/0/0/-1/0 502 209 - - SH-- 1/1/0/0/0",
                Some("haproxy-closed-early"),
                &[Some("haproxy-closed-early")],
            ),
            (
                "api/a 7/5/1/-1/30213 502 209 - - SH-- 1/1/0/0/0",
                Some("haproxy-closed-at-round-time"),
                &[Some("haproxy-closed-at-round-time")],
            ),
            (
                "api/a 7/5/1/-1/28013 502 209 - - SH-- 1/1/0/0/0",
                Some("haproxy-closed-early"),
                &[Some("haproxy-closed-early")],
            ),
            (
                "api/a 0/0/1/-1/3002 504 198 - - sH-- 7/6/1/1/0",
                Some("haproxy-response-timeout"),
                &[Some("haproxy-response-timeout")],
            ),
            (
                "api/a 0/0/0/-1/0 502 209 - - PH-- 1/1/0/0/0",
                Some("haproxy-invalid-response"),
                &[Some("haproxy-invalid-response")],
            ),
            (
                "api/a 0/0/0/0/0 502 209 - - PH-- 1/1/0/0/0",
                Some("haproxy-invalid-response"),
                &[Some("haproxy-invalid-response")],
            ),
            ("api/a 0/0/0/0/201 200 57 - - SD-- 1/1/0/0/0", None, &[Some("haproxy-truncated")]),
            ("api/a 0/0/0/0/201 101 57 - - SD-- 1/1/0/0/0", None, &[None]),
            ("api/a 0/0/0/5/3006 200 57 - - sD-- 6/5/0/0/0", None, &[Some("haproxy-body-timeout")]),
            ("api/a 0/0/0/5/3006 200 57 - - PD-- 6/5/0/0/0", None, &[Some("haproxy-broken-body")]),
            ("api/a 0/0/0/5/3006 200 57 - - CD-- 6/5/0/0/0", None, &[None]),
            ("api/a 0/0/0/5/3006 200 57 - - cD-- 6/5/0/0/0", None, &[None]),
            ("api/a 0/0/0/-1/100 -1 0 - - CD-- 2006/58/0/0/0", None, &[None]),
            ("api/a 0/9/-1/-1/100 -1 0 - - CC-- 6/5/0/0/0", None, &[None]),
            ("api/<NOSRV> 0/9/-1/-1/9 -1 0 - - CQ-- 6/5/0/0/0", None, &[]),
            ("api/a 0/0/0/-1/100 400 0 - - CH-- 6/5/0/0/0", None, &[None]),
            ("api/a 0/0/0/-1/10000 504 0 - - cH-- 6/5/0/0/0", Some("haproxy-client-timeout"), &[None]),
            ("api/a 0/0/0/-1/10000 408 0 - - cH-- 6/5/0/0/0", None, &[None]),
            ("web/<NOSRV> 0/-1/-1/-1/0 503 217 - - PR-- 1/1/0/0/0", Some("haproxy-denied"), &[]),
            ("web/<NOSRV> 0/-1/-1/-1/0 403 217 - - PR-- 1/1/0/0/0", None, &[]),
            ("web/<NOSRV> -1/-1/-1/-1/0 0 0 - - PR-- 1/1/0/0/0", None, &[]),
            ("web/<NOSRV> -1/1/-1/-1/0 503 208 - - PT-- 1/1/0/0/0", Some("haproxy-tarpit"), &[]),
            ("web/<NOSRV> 0/-1/-1/-1/0 503 66 - - LR-- 1/1/0/0/0", Some("haproxy-answered-itself"), &[]),
            // Some versions log the backend's `retries` where nothing was tried.
            ("web/<NOSRV> 0/-1/-1/-1/0 200 66 - - LR-- 1/1/0/0/3", None, &[]),
            ("stats/<STATS> 0/0/0/0/0 200 173681 - - LR-- 1/1/0/0/0", None, &[]),
            ("api/<CACHE> 0/0/0/0/0 200 173681 - - ---- 1/1/0/0/0", None, &[]),
            ("api/a 0/0/-1/-1/1 503 212 - - PC-- 1/1/0/0/0", Some("haproxy-socket-limit"), &[]),
            ("api/a 0/0/-1/-1/1 503 212 - - RC-- 1/1/0/0/0", Some("haproxy-out-of-resources"), &[]),
            ("api/a 0/0/-1/-1/1 500 212 - - IC-- 1/1/0/0/0", None, &[]),
            (
                "api/a 0/0/1/-1/400 502 212 - - DH-- 1/1/0/0/0",
                Some("haproxy-killed-with-server"),
                &[Some("haproxy-killed-with-server")],
            ),
            ("api/a 0/0/1/4/400 200 212 - - KD-- 1/1/0/0/0", None, &[Some("haproxy-killed-by-admin")]),
            ("api/a 0/0/1/4/400 200 212 - - UD-- 1/1/0/0/0", None, &[Some("haproxy-backup-stepped-down")]),
        ];
        for (middle, request, attempts) in cases {
            assert_eq!(kinds(Format::HaproxyHttp, &line(middle)), (*request, attempts.to_vec()), "{middle}");
        }
    }

    #[test]
    fn a_backend_error_tells_more() {
        let case = |middle: &str, tail: &str| kinds(Format::HaproxyHttp, &format!("{} {tail}", line(middle))).0;
        let (closed, refused) =
            ("api/a 0/0/53/-1/69 502 9 - - SH-- 7/6/1/1/0", "api/a 0/0/-1/-1/69 503 9 - - SC-- 7/6/1/1/0");
        assert_eq!(case(closed, "fc_err=- bc_err=ERESET tevts={,,e1}"), Some("haproxy-bc-err-reset"));
        assert_eq!(case(closed, r#"bc_err=0 bc_err_str="Success" ssl_bc_err=-"#), Some("haproxy-closed-early"));
        assert_eq!(case(refused, "bc_err=- bc_err_str=\"\""), Some("haproxy-connect-refused"));
        let certificate = r#"bc_err=34 bc_err_str="SSL handshake failure" ssl_bc_err=167772294 ssl_bc_err_str="error:0A000086:SSL routines::certificate verify failed""#;
        assert_eq!(case(refused, certificate), Some("haproxy-bc-err-certificate"));
        assert_eq!(case(refused, r#"x=1 bc_err_str="SSL handshake failure""#), Some("haproxy-bc-err-tls"));
        assert_eq!(case(refused, "bc_err=ERESET"), Some("haproxy-connect-reset"));
        // Numbers are those of `connection-t.h`, as far as all versions have the same.
        assert_eq!(case(refused, "bc_err=34"), Some("haproxy-bc-err-tls"));
        assert_eq!(case(refused, "bc_err=33 x=1"), Some("haproxy-bc-err-certificate"));
        assert_eq!(case(refused, "bc_err=9"), Some("haproxy-bc-err-exhausted"));
        assert_eq!(case(refused, "bc_err=46"), Some("haproxy-connect-refused"));
        assert_eq!(case(refused, "ssl_bc_err=340"), Some("haproxy-connect-refused"));
        // What a client sent is no evidence.
        assert_eq!(case(refused, r#"ua="a bc_err=ERESET" bc_err=0"#), Some("haproxy-connect-refused"));
        // An answer is an answer, whatever happened to the connection later.
        assert_eq!(case("api/a 0/0/1/5/9 503 9 - - SD-- 7/6/1/1/0", "bc_err=ERESET"), Some("haproxy-upstream-status"));
    }

    #[test]
    fn round_times_are_those_of_supervisors() {
        for (milliseconds, round) in [
            (0, false),
            (40, false),
            (5_050, true),
            (5_200, false),
            (30_590, true),
            (30_700, false),
            (60_900, true),
            (120_300, true),
            (100_000, false),
            (11_003, false),
        ] {
            assert_eq!(is_round(micros(milliseconds)), round, "{milliseconds}");
        }
    }
}
