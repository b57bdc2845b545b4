//! The access log of AWS Application Load Balancers.
//!
//! The load balancer never says why it answered 502 or 504 itself: [`judge`] reads it off who is named and how long
//! which phase took. The timers are `-1` exactly where they would tell most; the two stamps of a line still give the
//! time from the request's arrival to the response.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What,
    elb::{Columns, Core, between, column, core, request_line, target_group, time, utc},
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{Parsed, address, mismatch, number::Micros, text::present, time::When},
};

pub(super) static ABOUT: About = About {
    name: "alb",
    proxy: Proxy::ALB,
    title: "AWS Application Load Balancer access log, of any age",
    layout: "type time elb client:port target:port request_processing_time target_processing_time \
        response_processing_time elb_status_code target_status_code received_bytes sent_bytes \"request\" \"user_agent\" \
        ssl_cipher ssl_protocol target_group_arn \"trace_id\" \"domain_name\" \"chosen_cert_arn\" matched_rule_priority \
        request_creation_time \"actions_executed\" \"redirect_url\" \"error_reason\" \"target:port_list\" \
        \"target_status_code_list\" \"classification\" \"classification_reason\" conn_trace_id \"transformed_host\" \
        \"transformed_uri\" \"request_transform_status\" ip_address",
    time: "when the load balancer generated the response, in UTC (WebSockets: when the connection was closed)",
    source: "AWS, \"Access logs for your Application Load Balancer\"",
    samples: &[
        r#"http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.10:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-""#,
        r#"https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.10:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" 10.0.0.1:80 200 "-" "-" TID_1234abcd5678ef90"#,
        r#"h2 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.11:48160 10.0.0.66:9000 -1 -1 -1 504 - 5 257 "GET https://www.example.com:443/ HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337327-72bd00b0343d75b906739c42" "-" "-" 1 2018-07-02T22:22:50.184000Z "forward" "-" "-" "10.0.0.66:9000" "-" "-" "-""#,
        r#"wss 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 [2001:db8::140]:44244 10.0.0.171:8010 0.000 0.001 0.000 101 101 218 786 "GET https://www.example.com:443/ HTTP/1.1" "-" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" 10.0.0.171:8010 101 "-" "-""#,
        r#"http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.10:2817 - 0.000 0.001 0.000 502 - 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-""#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What the fields of a failed request are signs of. Sources: AWS, "Troubleshoot your Application Load Balancers"
    /// (HTTP 502, 503 and 504), and the reason codes and actions of the access log's own page.
    SIGNS:
    TARGET_STATUS = sign("alb-target-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the target itself answered with this status");
    FIXED_RESPONSE = sign("alb-fixed-response", Cause::ProxyLocal, Strength::Conclusive, 0,
        "a listener rule answered with a fixed response");
    WAF_REJECTED = sign("alb-waf-rejected", Cause::Blocked, Strength::Conclusive, 0, "AWS WAF rejected the request");
    WAF_FAILED = sign("alb-waf-failed", Cause::GatewayInternal, Strength::Strong, 500,
        "AWS WAF could not be asked about the request");
    NO_TARGET = sign("alb-no-target", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "no target was picked: the target group had none to offer");
    NO_TARGET_NO_RULE = sign("alb-no-target-no-rule", Cause::NoLiveUpstream, Strength::Strong, 503,
        "no target was picked, and neither a target group nor a rule's action is named");
    CONNECT_REFUSED = sign("alb-connect-refused", Cause::ConnectionRefused, Strength::Strong, 502,
        "nothing could be sent to the target, and that was known within a second");
    CONNECT_FAILED = sign("alb-connect-failed", Cause::ConnectionRefused, Strength::Weak, 502,
        "nothing could be sent to the target; how long that took is not told");
    TLS_TIMEOUT = sign("alb-tls-timeout", Cause::TlsHandshake, Strength::Strong, 502,
        "nothing could be sent to the target within 10 seconds, the limit for its TLS handshake");
    TARGET_CLOSED = sign("alb-target-closed", Cause::ClosedEarly, Strength::Strong, 502,
        "the request was sent, and the target closed the connection before it answered");
    TARGET_CLOSED_AT_ONCE = sign("alb-target-closed-at-once", Cause::ClosedEarly, Strength::Weak, 502,
        "the target closed the connection within 5 ms of the request");
    TARGET_GAVE_UP = sign("alb-target-gave-up", Cause::ClosedEarly, Strength::Weak, 502,
        "the target gave no valid answer; when the connection ended is not told");
    TARGET_CLOSED_AT_LIMIT = sign("alb-target-closed-at-limit", Cause::WorkerKilled, Strength::Strong, 502,
        "the target closed the connection after a round number of seconds, as a supervisor's time limit would");
    ANSWER_UNUSABLE = sign("alb-answer-unusable", Cause::InvalidResponse, Strength::Strong, 502,
        "the target answered with another status, and its answer could not be passed on");
    ANSWER_INCOMPLETE = sign("alb-answer-incomplete", Cause::BodyTimeout, Strength::Strong, 504,
        "the target answered with another status, and the rest of its answer did not come in time");
    CONNECT_TIMEOUT = sign("alb-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "no connection to the target came about within 10 seconds, the load balancer's limit");
    RESPONSE_TIMEOUT = sign("alb-response-timeout", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the request was sent, and the target did not answer in time");
    IDLE_TIMEOUT = sign("alb-idle-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "the load balancer waited for the target longer than connecting may take");
    TIMEOUT = sign("alb-timeout", Cause::ResponseTimeout, Strength::Weak, 504,
        "the load balancer waited too long; for what is not told");
    LAMBDA_DENIED = sign("alb-lambda-denied", Cause::PermissionDenied, Strength::Conclusive, 502,
        "the Lambda function, its keys or its network may not be used");
    LAMBDA_MISSING = sign("alb-lambda-missing", Cause::NoRoute, Strength::Conclusive, 502,
        "the Lambda function could not be found");
    LAMBDA_TIMEOUT = sign("alb-lambda-timeout", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "connecting to Lambda timed out");
    LAMBDA_THROTTLED = sign("alb-lambda-throttled", Cause::CircuitBreaker, Strength::Conclusive, 502,
        "the Lambda function was throttled: too many requests at once");
    LAMBDA_NETWORK_FULL = sign("alb-lambda-network-full", Cause::ProxyExhausted, Strength::Conclusive, 502,
        "Lambda ran out of network interfaces, addresses or EC2 calls for the function");
    LAMBDA_UNSTARTABLE = sign("alb-lambda-unstartable", Cause::NoLiveUpstream, Strength::Strong, 502,
        "the Lambda function could not be started: its package, runtime, subnet or security group is not valid");
    LAMBDA_ANSWER = sign("alb-lambda-answer", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the Lambda function's response is malformed or too large");
    LAMBDA_CRASHED = sign("alb-lambda-crashed", Cause::WorkerKilled, Strength::Conclusive, 502,
        "the Lambda function failed with an unhandled error or ran out of time");
    LAMBDA_INTERNAL = sign("alb-lambda-internal", Cause::GatewayInternal, Strength::Conclusive, 502,
        "Lambda itself failed");
    LOGIN_UNREACHABLE = sign("alb-login-unreachable", Cause::ConnectTimeout, Strength::Strong, 500,
        "the load balancer could not reach the identity provider");
    LOGIN_FAILED = sign("alb-login-failed", Cause::UpstreamError, Strength::Strong, 561,
        "the identity provider answered with an error");
    LOGIN_ANSWER = sign("alb-login-answer", Cause::InvalidResponse, Strength::Strong, 561,
        "the identity provider's answer is not valid or too large");
    LOGIN_REFUSED = sign("alb-login-refused", Cause::Blocked, Strength::Strong, 401,
        "the client's login is missing or not valid");
    INTERNAL = sign("alb-internal", Cause::GatewayInternal, Strength::Conclusive, 500,
        "the load balancer met an unhandled exception");
}

/// `http`, `https`, `h2`, `grpcs`, `ws` or `wss`.
#[inline(always)]
fn is_known_type(word: &[u8]) -> bool {
    matches!(word, b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss")
}

/// A type that AWS may add one day, a short word in lower case: `h3`.
fn may_be_type(word: &[u8]) -> bool {
    word.len() <= 6
        && word[0].is_ascii_lowercase()
        && word.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `type time elb`: `http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 `. The name may have been
/// masked, but not that of a type still unknown.
#[inline(always)]
fn opening(i: &[u8]) -> Parsed<'_, When> {
    let (i, kind) = column(i)?;
    // Whoever copies lines may align them.
    let (i, when) = time(i).or_else(|_| time(i.trim_ascii_start()))?;
    let (i, name) = column(i)?;
    if is_known_type(kind) || may_be_type(kind) && name.starts_with(b"app/") { Ok((i, when)) } else { mismatch() }
}

/// Everything up to the request, which gives the rest.
#[inline(always)]
fn line(i: &[u8]) -> Parsed<'_, (When, Core<'_>)> {
    let (i, when) = opening(i)?;
    let (i, core) = core(i)?;
    Ok((i, (when, core)))
}

/// `request_creation_time`, four columns behind the target group's; whatever shifts the columns makes it unreadable.
fn creation_time(columns: &mut Columns<'_>) -> Option<When> {
    columns.nth(4).and_then(utc)
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let (rest, (when, core)) = line(i).ok()?;
    let Some(status) = core.status.filter(|status| *status < 500) else { return Some(Skimmed::Full) };
    let mut columns = Columns(rest);
    let group = columns.nth(4).map_or(&b""[..], target_group);
    let creation = if core.timed() { None } else { creation_time(&mut columns) };
    let duration = core.duration(creation.and_then(|start| between(start, when)));
    let (upstream, attempted) = (core.target, !core.target.is_empty());
    Some(Skimmed::Plain(Skim { when: Some(when), status, group, upstream, names_upstream: true, attempted, duration }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let (rest, (when, core)) = line(i).ok()?;
    let mut columns = Columns(rest);
    let mut next = || columns.next().map_or(&b""[..], present);
    let request = request_line(next());
    let (user_agent, _cipher, _protocol, arn, trace_id) = (next(), next(), next(), next(), next());
    let (_domain, _certificate, _priority, creation) = (next(), next(), next(), utc(next()));
    // Without a time in its place, what follows is not what it should be either.
    let (flags, _redirect, error_reason) =
        if creation.is_some() { (next(), next(), next()) } else { Default::default() };
    let elapsed = creation.and_then(|start| between(start, when));
    let duration = core.duration(elapsed);
    Some(Record {
        what: What::Request,
        when: Some(when),
        status: core.status,
        upstream_status: core.target_status,
        group: target_group(arn),
        upstream: core.target,
        names_upstream: true,
        method: request.method,
        host: request.host,
        path: request.path,
        bytes: core.sent,
        duration,
        header: core.target_time,
        client: address::host(core.client),
        user_agent,
        trace_id,
        error_reason,
        flags,
        elapsed,
        attempts: attempt(&core, duration).into_iter().collect(),
        escape: Escape::Hex,
        ..Record::default()
    })
}

/// The attempt at the target, if one is named. The time until the request was sent stands for the time until connected:
/// it is the nearest that the log has, and its absence means that nothing was ever sent.
fn attempt<'a>(core: &Core<'a>, response: Option<Micros>) -> Option<Attempt<'a>> {
    (!core.target.is_empty()).then(|| Attempt {
        upstream: core.target,
        status: core.target_status,
        connect: core.request_time,
        header: core.header(),
        response,
        length: None,
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| failure(record, status));
    let attempt = request.filter(|sign| !matches!(sign.cause, Cause::ProxyLocal | Cause::Blocked));
    Verdict { request, attempts: record.attempts.iter().map(|_| attempt).collect(), ..Verdict::default() }
}

/// What a failed request is a sign of. What the line says outright comes first, timers last.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status == Some(status) {
        return Some(TARGET_STATUS);
    }
    if let Some(sign) = reason(record.error_reason) {
        return Some(sign);
    }
    let last_action = record.flags.rsplit(|byte| *byte == b',').next().unwrap_or_default();
    match (last_action, status) {
        (b"fixed-response", _) => Some(FIXED_RESPONSE),
        (b"waf", _) => Some(WAF_REJECTED),
        (b"waf-failed", _) => Some(WAF_FAILED),
        (_, 502) => bad_gateway(record),
        (_, 503) => unavailable(record),
        (_, 504) => gateway_timeout(record),
        _ => None,
    }
}

/// `error_reason` of Lambda targets, logins and AWS WAF. Other targets have none. Codes that blame the client's request
/// alone (`LambdaRequestTooLarge`, answered with 413) are left out.
fn reason(code: &[u8]) -> Option<&'static Sign> {
    Some(match code {
        b"LambdaAccessDenied" | b"LambdaEC2AccessDeniedException" => LAMBDA_DENIED,
        code if code.starts_with(b"LambdaKMS") => LAMBDA_DENIED,
        b"LambdaResourceNotFound" => LAMBDA_MISSING,
        b"LambdaConnectionTimeout" => LAMBDA_TIMEOUT,
        b"LambdaThrottling" => LAMBDA_THROTTLED,
        b"LambdaEC2ThrottledException" | b"LambdaENILimitReachedException" => LAMBDA_NETWORK_FULL,
        b"LambdaSubnetIPAddressLimitReachedException" => LAMBDA_NETWORK_FULL,
        b"LambdaInvalidRuntimeException" | b"LambdaInvalidZipFileException" => LAMBDA_UNSTARTABLE,
        b"LambdaInvalidSecurityGroupIDException" | b"LambdaInvalidSubnetIDException" => LAMBDA_UNSTARTABLE,
        b"LambdaInvalidResponse" | b"LambdaResponseTooLarge" => LAMBDA_ANSWER,
        b"LambdaUnhandled" => LAMBDA_CRASHED,
        b"LambdaServiceException" | b"LambdaEC2UnexpectedException" => LAMBDA_INTERNAL,
        // AWS counts these as its own failure (`LambdaInternalError`) or calls them the load balancer's.
        b"LambdaUnhandledException" | b"AuthUnhandledException" | b"WAFUnhandledException" => INTERNAL,
        b"WeightedTargetGroupsUnhandledException" => INTERNAL,
        b"WAFConnectionError" | b"WAFConnectionTimeout" | b"WAFResponseReadTimeout" | b"WAFServiceError" => WAF_FAILED,
        b"AuthTokenEpRequestTimeout" | b"AuthUserinfoEpRequestTimeout" | b"JWKSRequestTimeout" => LOGIN_UNREACHABLE,
        b"AuthTokenEpRequestFailed" | b"AuthUserinfoEpRequestFailed" => LOGIN_FAILED,
        b"AuthInvalidTokenResponse" | b"AuthInvalidUserinfoResponse" => LOGIN_ANSWER,
        b"AuthInvalidIdToken" | b"AuthInvalidGrantError" | b"AuthUserinfoResponseSizeExceeded" => LOGIN_ANSWER,
        code if code.starts_with(b"AuthInvalid") || code.starts_with(b"AuthMissing") => LOGIN_REFUSED,
        code if code.starts_with(b"JWT") => LOGIN_REFUSED,
        _ => return None,
    })
}

/// The limit that AWS documents for connecting to a target and for its TLS handshake, as the stamps of a line show it.
const TEN_SECONDS: std::ops::RangeInclusive<Micros> = 9_500_000..=11_000_000;

/// Time limits that supervisors of applications are usually given, in seconds (gunicorn 30, uwsgi, php-fpm, Passenger).
const LIMITS: [Micros; 12] = [10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600];

/// Whether a wait ended at a usual limit, or within the second that a supervisor may take to notice.
fn at_limit(wait: Micros) -> bool {
    LIMITS.iter().any(|limit| (limit * 1_000_000 - 50_000..=limit * 1_000_000 + 1_000_000).contains(&wait))
}

/// Until the request had been sent, as far as the line says; nothing where none was sent.
fn sent_after(record: &Record<'_>) -> Option<Micros> {
    let attempt = record.attempts.first()?;
    attempt.connect.or(attempt.header)
}

/// 502: the target refused, closed or answered nonsense. Nothing in the log tells the last two apart, but nonsense
/// mostly comes quickly, so that only an end after some time speaks strongly for a close.
///
/// A close within milliseconds is what a reused connection gives that the target was just closing (`keepalive-race`),
/// and as much what an application gives that dies at once. Which it is shows in how many such lines there are, on how
/// many targets: one line says `closed-early`, weakly, under a kind of its own.
fn bad_gateway(record: &Record<'_>) -> Option<&'static Sign> {
    if record.upstream_status.is_some() {
        return Some(ANSWER_UNUSABLE);
    }
    if record.upstream.is_empty() {
        return None;
    }
    let Some(sent) = sent_after(record) else {
        return Some(match record.elapsed {
            None => CONNECT_FAILED,
            Some(elapsed) if elapsed < 1_000_000 => CONNECT_REFUSED,
            Some(elapsed) if TEN_SECONDS.contains(&elapsed) => TLS_TIMEOUT,
            Some(_) => TARGET_GAVE_UP,
        });
    };
    let wait = record.header.or_else(|| record.elapsed.map(|elapsed| elapsed.saturating_sub(sent)));
    Some(match wait {
        None => TARGET_GAVE_UP,
        Some(..=5_000) => TARGET_CLOSED_AT_ONCE,
        Some(wait) if at_limit(wait) => TARGET_CLOSED_AT_LIMIT,
        Some(_) => TARGET_CLOSED,
    })
}

/// 503: "the target groups for the load balancer have no registered targets", or all are unused.
fn unavailable(record: &Record<'_>) -> Option<&'static Sign> {
    match (record.upstream, record.group, record.flags) {
        (b"", b"", b"") => Some(NO_TARGET_NO_RULE),
        (b"", ..) => Some(NO_TARGET),
        _ => None,
    }
}

/// 504: no connection within ten seconds, or no answer before the idle timeout (60 s unless set).
fn gateway_timeout(record: &Record<'_>) -> Option<&'static Sign> {
    if record.upstream_status.is_some() {
        return Some(ANSWER_INCOMPLETE);
    }
    if record.upstream.is_empty() {
        return Some(TIMEOUT);
    }
    if sent_after(record).is_some() {
        return Some(RESPONSE_TIMEOUT);
    }
    Some(match record.elapsed {
        Some(elapsed) if TEN_SECONDS.contains(&elapsed) => CONNECT_TIMEOUT,
        Some(elapsed) if elapsed > *TEN_SECONDS.end() => IDLE_TIMEOUT,
        _ => TIMEOUT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Attempts;

    /// A line as of 2018 (25 columns). `went` is `target:port R T P elb_status target_status`; the request came in
    /// `elapsed` milliseconds (below a minute) before 22:23:59.
    fn line(went: &str, elapsed: u64, group: &str, actions: &str, reason: &str) -> String {
        let (seconds, millis) = ((59_000 - elapsed) / 1_000, (59_000 - elapsed) % 1_000);
        format!(
            "https 2018-07-02T22:23:59.000000Z app/my/50dc 192.0.2.10:2817 {went} 34 366 \"GET https://example.com:443/ HTTP/1.1\" \
             \"curl\" - - {group} \"Root=1-5\" \"-\" \"-\" 0 2018-07-02T22:23:{seconds:02}.{millis:03}000Z \"{actions}\" \"-\" \"{reason}\""
        )
    }

    const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2";

    fn every_status() -> Statuses {
        let mut statuses = Statuses::none();
        (400..600).for_each(|status| statuses.insert(status));
        statuses
    }

    /// The kind of the request's sign, and whether the attempt has it too.
    fn judged(line: &str) -> Option<(&'static str, bool)> {
        let record = read(line.as_bytes())?;
        let verdict = judge(&record, &every_status());
        let sign = verdict.request?;
        Some((sign.kind, verdict.attempts.first().is_some_and(|attempt| *attempt == Some(sign))))
    }

    const TARGET: bool = true;
    const NOBODY: bool = false;

    /// What went, elapsed milliseconds, expected sign, whether a target gets it.
    const FORWARDED: &[(&str, u64, &str, bool)] = &[
        ("10.0.0.1:80 0.001 0.002 0.000 502 502", 3, "alb-target-status", TARGET),
        ("10.0.0.1:80 0.001 0.002 0.000 503 503", 3, "alb-target-status", TARGET),
        ("- 0.001 0.002 0.000 502 502", 3, "alb-target-status", NOBODY),
        ("10.0.0.1:80 -1 -1 -1 502 -", 4, "alb-connect-refused", TARGET),
        ("10.0.0.1:80 -1 -1 -1 502 -", 999, "alb-connect-refused", TARGET),
        ("10.0.0.1:80 -1 -1 -1 502 -", 1_000, "alb-target-gave-up", TARGET),
        ("10.0.0.1:80 -1 -1 -1 502 -", 10_002, "alb-tls-timeout", TARGET),
        ("10.0.0.1:80 -1 -1 -1 502 -", 30_002, "alb-target-gave-up", TARGET),
        ("10.0.0.1:80 0.000 0.000 -1 502 -", 1, "alb-target-closed-at-once", TARGET),
        ("10.0.0.1:80 0.000 0.005 -1 502 -", 6, "alb-target-closed-at-once", TARGET),
        ("10.0.0.1:80 0.001 -1 -1 502 -", 3, "alb-target-closed-at-once", TARGET),
        ("10.0.0.1:80 0.000 0.006 -1 502 -", 7, "alb-target-closed", TARGET),
        ("10.0.0.1:80 0.000 3.214 -1 502 -", 3_215, "alb-target-closed", TARGET),
        ("10.0.0.1:80 0.000 -1 -1 502 -", 3_215, "alb-target-closed", TARGET),
        ("10.0.0.1:80 0.000 30.412 -1 502 -", 30_413, "alb-target-closed-at-limit", TARGET),
        ("10.0.0.1:80 2.000 -1 -1 502 -", 32_004, "alb-target-closed-at-limit", TARGET),
        ("10.0.0.1:80 0.000 0.010 -1 502 200", 11, "alb-answer-unusable", TARGET),
        ("10.0.0.1:80 0.000 0.010 -1 504 200", 59_000, "alb-answer-incomplete", TARGET),
        ("- -1 -1 -1 503 -", 0, "alb-no-target", NOBODY),
        ("10.0.0.1:80 -1 -1 -1 504 -", 9_500, "alb-connect-timeout", TARGET),
        ("10.0.0.1:80 -1 -1 -1 504 -", 10_002, "alb-connect-timeout", TARGET),
        ("10.0.0.1:80 -1 -1 -1 504 -", 11_001, "alb-idle-timeout", TARGET),
        ("10.0.0.1:80 -1 -1 -1 504 -", 5_001, "alb-timeout", TARGET),
        ("10.0.0.1:80 0.000 -1 -1 504 -", 10_001, "alb-response-timeout", TARGET),
        ("10.0.0.1:80 0.001 59.000 -1 504 -", 59_000, "alb-response-timeout", TARGET),
        ("- -1 -1 -1 504 -", 59_000, "alb-timeout", NOBODY),
    ];

    /// `error_reason`, the status it comes with, expected sign.
    const REASONS: &[(&str, u16, &str)] = &[
        ("LambdaAccessDenied", 502, "alb-lambda-denied"),
        ("LambdaKMSDisabledException", 502, "alb-lambda-denied"),
        ("LambdaResourceNotFound", 502, "alb-lambda-missing"),
        ("LambdaConnectionTimeout", 504, "alb-lambda-timeout"),
        ("LambdaThrottling", 502, "alb-lambda-throttled"),
        ("LambdaENILimitReachedException", 502, "alb-lambda-network-full"),
        ("LambdaSubnetIPAddressLimitReachedException", 502, "alb-lambda-network-full"),
        ("LambdaInvalidZipFileException", 502, "alb-lambda-unstartable"),
        ("LambdaInvalidSubnetIDException", 502, "alb-lambda-unstartable"),
        ("LambdaInvalidResponse", 502, "alb-lambda-answer"),
        ("LambdaResponseTooLarge", 502, "alb-lambda-answer"),
        ("LambdaUnhandled", 502, "alb-lambda-crashed"),
        ("LambdaServiceException", 502, "alb-lambda-internal"),
        ("LambdaUnhandledException", 502, "alb-internal"),
        ("WeightedTargetGroupsUnhandledException", 500, "alb-internal"),
        ("WAFConnectionTimeout", 500, "alb-waf-failed"),
        ("AuthTokenEpRequestTimeout", 500, "alb-login-unreachable"),
        ("AuthUserinfoEpRequestFailed", 561, "alb-login-failed"),
        ("AuthInvalidTokenResponse", 561, "alb-login-answer"),
        ("AuthInvalidCookie", 401, "alb-login-refused"),
        ("AuthMissingStateParam", 401, "alb-login-refused"),
        ("JWTHeaderNotPresent", 401, "alb-login-refused"),
    ];

    /// Final actions and the sign that they decide.
    const ACTIONS: &[(&str, u16, &str)] = &[
        ("fixed-response", 503, "alb-fixed-response"),
        ("waf,fixed-response", 504, "alb-fixed-response"),
        ("waf", 403, "alb-waf-rejected"),
        ("waf", 503, "alb-waf-rejected"),
        ("authenticate,waf-failed", 500, "alb-waf-failed"),
        ("waf,forward", 503, "alb-no-target"),
        ("-", 503, "alb-no-target-no-rule"),
    ];

    /// Every case, as a line and what is expected of it.
    fn cases() -> Vec<(String, &'static str, bool)> {
        let forwarded =
            FORWARDED.iter().map(|(went, elapsed, kind, on)| (line(went, *elapsed, GROUP, "forward", "-"), *kind, *on));
        let reasons = REASONS.iter().map(|(reason, status, kind)| {
            (line(&format!("- 0.000 0.001 0.000 {status} -"), 2, GROUP, "forward", reason), *kind, NOBODY)
        });
        let actions = ACTIONS.iter().map(|(actions, status, kind)| {
            (
                line(
                    &format!("- -1 -1 -1 {status} -"),
                    0,
                    if *actions == "waf,forward" { GROUP } else { "-" },
                    actions,
                    "-",
                ),
                *kind,
                NOBODY,
            )
        });
        let short = [
            ("10.0.0.1:80 -1 -1 -1 502 -", "alb-connect-failed", TARGET),
            ("10.0.0.1:80 0.001 -1 -1 502 -", "alb-target-gave-up", TARGET),
            ("10.0.0.1:80 -1 -1 -1 504 -", "alb-timeout", TARGET),
            ("- -1 -1 -1 503 -", "alb-no-target", NOBODY),
        ];
        let short = short.into_iter().map(|(went, kind, on)| {
            let long = line(went, 10_000, GROUP, "forward", "-");
            (long.split(" \"Root=").next().unwrap_or_default().to_owned(), kind, on)
        });
        forwarded.chain(reasons).chain(actions).chain(short).collect()
    }

    #[test]
    fn names_signs() {
        for (line, kind, on_target) in cases() {
            assert_eq!(judged(&line), Some((kind, on_target)), "{line}");
        }
    }

    #[test]
    fn every_sign_is_reached() {
        let reached: Vec<_> = cases().into_iter().map(|(_, kind, _)| kind).collect();
        for sign in &SIGNS {
            assert!(reached.contains(&sign.kind), "{}", sign.kind);
        }
    }

    #[test]
    fn says_nothing_without_a_hint() {
        for (went, actions, reason) in [
            ("10.0.0.1:80 0.001 0.002 0.000 200 200", "forward", "-"),
            ("10.0.0.1:80 -1 -1 -1 460 -", "forward", "-"),
            ("10.0.0.1:80 0.000 0.001 -1 503 -", "forward", "-"),
            ("- 0.000 0.001 0.000 502 -", "forward", "-"),
            ("- -1 -1 -1 413 -", "forward", "LambdaRequestTooLarge"),
            ("- -1 -1 -1 500 -", "forward", "SomethingNew"),
            ("- -1 -1 -1 - -", "-", "-"),
        ] {
            assert_eq!(judged(&line(went, 4, GROUP, actions, reason)), None, "{went}");
        }
        // What is no failure to the reader needs no cause.
        let line = line("- -1 -1 -1 503 -", 4, GROUP, "forward", "-");
        let record = read(line.as_bytes()).unwrap_or_default();
        assert_eq!(judge(&record, &Statuses::none()).request, None);
    }

    #[test]
    fn types_may_be_aligned() {
        let line = ABOUT.samples[0].replacen("http ", "http  ", 1);
        assert_eq!(read(line.as_bytes()).and_then(|record| record.status), Some(200));
        assert!(read(ABOUT.samples[0].replacen("http ", "http x", 1).as_bytes()).is_none());
    }

    #[test]
    fn reads_every_field() {
        let record = read(ABOUT.samples[1].as_bytes()).unwrap_or_default();
        let expected = Record {
            what: What::Request,
            when: utc(b"2018-07-02T22:23:00.186641Z"),
            status: Some(200),
            upstream_status: Some(200),
            group: b"my-targets",
            upstream: b"10.0.0.1:80",
            names_upstream: true,
            method: b"GET",
            host: b"www.example.com",
            path: b"/",
            bytes: Some(57),
            duration: Some(171_000),
            header: Some(48_000),
            client: b"192.0.2.10",
            user_agent: b"curl/7.46.0",
            trace_id: b"Root=1-58337281-1d84f3d73c47ec4e58577259",
            flags: b"authenticate,forward",
            elapsed: Some(11_822_641),
            attempts: Attempts::from_iter([Attempt {
                upstream: b"10.0.0.1:80",
                status: Some(200),
                connect: Some(86_000),
                header: Some(134_000),
                response: Some(171_000),
                length: None,
            }]),
            escape: Escape::Hex,
            ..Record::default()
        };
        assert_eq!(format!("{record:?}"), format!("{expected:?}"));
    }

    /// Timers of `-1` give way to the line's two stamps, in skim as in read.
    #[test]
    fn takes_the_duration_from_the_stamps() {
        for (went, expected) in [
            ("10.0.0.1:80 0.001 0.002 0.003 200 200", Some(6_000)),
            ("10.0.0.1:80 0.001 -1 -1 460 -", Some(7_123_000)),
            ("- -1 -1 -1 301 -", Some(7_123_000)),
        ] {
            let line = line(went, 7_123, GROUP, "forward", "-");
            assert_eq!(read(line.as_bytes()).and_then(|record| record.duration), expected);
            let Some(Skimmed::Plain(skim)) = skim(line.as_bytes()) else { unreachable!("{line}") };
            assert_eq!(skim.duration, expected);
        }
        let cut =
            "ws 2018-07-02T22:23:59.000000Z app/my/50dc 192.0.2.10:2817 10.0.0.1:80 0.001 -1 -1 460 - 34 366 \"GET";
        assert_eq!(read(cut.as_bytes()).map(|record| record.duration), Some(Some(1_000)));
    }

    /// A line may end anywhere after the opening quote of its request, or go on with columns still unknown.
    #[test]
    fn minds_no_length() {
        let whole = ABOUT.samples[2];
        let opening = whole.find('"').unwrap_or_default() + 1;
        for end in opening..=whole.len() {
            let record = read(&whole.as_bytes()[..end]).unwrap_or_default();
            assert_eq!((record.status, record.upstream), (Some(504), &b"10.0.0.66:9000"[..]), "{}", &whole[..end]);
            assert!(matches!(record.group, b"" | b"my-targets"));
        }
        assert!(read(&whole.as_bytes()[..opening - 1]).is_none());
        let longer = format!("{whole} TID_12 \"-\" \"-\" \"-\" 198.51.100.7 later \"still later\"");
        let kept = read(longer.as_bytes()).unwrap_or_default();
        assert_eq!(format!("{kept:?}"), format!("{:?}", read(whole.as_bytes()).unwrap_or_default()));
    }

    /// Columns that a stray quote shifts lose their meaning; they are not taken for others.
    #[test]
    fn drops_shifted_columns() {
        let line = line("- -1 -1 -1 503 -", 4, GROUP, "fixed-response", "-").replace("\"curl\"", "\"a \"b\" c\"");
        let record = read(line.as_bytes()).unwrap_or_default();
        assert_eq!((record.user_agent, record.flags, record.error_reason), (&b"a \"b"[..], &b""[..], &b""[..]));
        assert_eq!(record.elapsed, None);
    }

    #[test]
    fn knows_types_to_come() {
        let known = line("10.0.0.1:80 0.001 0.002 0.003 200 200", 9, GROUP, "forward", "-");
        assert!(skim(known.replace("https 2018", "h3 2018").as_bytes()).is_some());
        assert!(skim(known.replace("app/my/50dc", "masked").as_bytes()).is_some());
        for (from, to) in [("https 2018", "HTTP 2018"), ("https 2018", "longword 2018"), ("https 2018", " 2018")] {
            assert!(skim(known.replace(from, to).as_bytes()).is_none(), "{to}");
        }
        assert!(skim(known.replace("https 2018", "h3 2018").replace("app/my/50dc", "masked").as_bytes()).is_none());
    }
}
