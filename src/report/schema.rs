//! The JSON Schema of the JSON report, written by hand: its descriptions are the contract in words.

use super::SCHEMA;
use serde_json::{Map, Value, json};

/// The schema (draft 2020-12) of what `-f json` writes.
///
/// Every key is always there; what is not known is `null`. A later version of the same contract only adds keys, so
/// who validates with a copy of this should take a new copy with a new version.
#[must_use]
pub fn schema() -> Value {
    let mut root = object(
        "All that one run of gatewhy has to say.",
        vec![
            ("schema", json!({ "const": SCHEMA, "description": "The name of this contract." })),
            ("inputs", list("What was read, in the order of reading.", reference("input"))),
            (
                "window_seconds",
                json!({
                    "type": "integer", "minimum": 1, "description": "The length of a window in seconds.",
                }),
            ),
            ("totals", reference("totals")),
            ("proxies", list("The same for each proxy.", reference("proxy"))),
            ("incidents", list("The incidents, the gravest first.", reference("incident"))),
            ("upstreams", list("One row for each upstream, by proxy, group and upstream.", reference("upstream"))),
            ("causes", list("One row for each cause, the most frequent first.", reference("cause"))),
            (
                "windows",
                list(
                    "One row for each upstream and window in which something failed (or every window, if asked for), by time.",
                    reference("window"),
                ),
            ),
            ("unparsed", reference("unparsed")),
            (
                "notes",
                list(
                    "What a reader must know to read the numbers right: the zone that was assumed, logs that were paired.",
                    json!({ "type": "string" }),
                ),
            ),
        ],
    );
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("gatewhy report");
    root["$defs"] = definitions();
    root
}

fn definitions() -> Value {
    json!({
        "input": input(),
        "format": object("Lines of one format in one input.", vec![
            ("format", text("The format's name, as `gatewhy formats` lists it.")),
            ("lines", count("How many lines.")),
        ]),
        "totals": object(
            "Sums over all proxies. A request that passed two proxies is one request at each: see `proxies`.",
            totals(),
        ),
        "proxy": object("Sums of one proxy.", [vec![("proxy", proxy())], totals()].concat()),
        "incident": incident(),
        "incident_cause": incident_cause(),
        "proof": proof(),
        "host_line": host_line(),
        "next_check": object("Something to check next.", vec![
            ("run", text("The command to type, or the directive to look at.")),
            ("why", text("What it tells.")),
        ]),
        "path": object("A path and how often it failed.", vec![
            ("path", text("The path without its query; numbers, UUIDs, hashes and dates in it are folded: `/orders/{id}`.")),
            ("failures", count("Its failures.")),
        ]),
        "upstream": upstream(),
        "cause": cause(),
        "window": window(),
        "unparsed": object("Lines that no format claims.", vec![
            ("lines", count("How many.")),
            ("samples", list("The first of them.", reference("unparsed_sample"))),
        ]),
        "unparsed_sample": object("A line that no format claims.", vec![
            ("input", text("The input that it stands in.")),
            ("line", line_number()),
            ("text", text("Its beginning.")),
        ]),
    })
}

fn input() -> Value {
    object(
        "One input.",
        vec![
            ("input", text("The path as given or found; `-` for standard input.")),
            ("lines", count("Lines, empty ones apart.")),
            ("unparsed", count("Lines that no format claims.")),
            ("formats", list("Lines of each format.", reference("format"))),
            ("error", or_null(text("What went wrong with it."))),
        ],
    )
}

/// The sums of `totals` and of each of `proxies`.
fn totals() -> Vec<Property> {
    vec![
        ("requests", requests()),
        ("failures", count("Requests that ended in a gateway status.")),
        ("error_rate", rate("Failures by requests.")),
        ("status_502", count("Failures with this status.")),
        ("status_503", count("Failures with this status.")),
        ("status_504", count("Failures with this status.")),
        ("status_52x", count("Failures with a status from 520 to 530.")),
        ("attempts", attempts()),
        ("failed_attempts", count("Attempts that failed.")),
        ("masked_failures", count("Failed attempts whose request a retry saved: the client saw no error.")),
        ("crawler_failures", count("Failures that a search engine's crawler met.")),
    ]
}

/// The columns that windows and upstreams share, up to the percentiles.
fn measured() -> Vec<Property> {
    let mut columns = totals();
    columns.retain(|(name, _)| *name != "crawler_failures");
    columns.extend([
        ("likely_cause", or_null(slug("The cause that explains most."))),
        ("family", or_null(family())),
        ("confidence", or_null(confidence("How sure the report is of the likely cause."))),
        ("cause_share", rate("The share of the failures that the likely cause explains.")),
        ("p50_ms", or_null(count("Half of the requests took no longer, in milliseconds."))),
        ("p95_ms", or_null(count("95 % of the requests took no longer, in milliseconds."))),
        ("p99_ms", or_null(count("99 % of the requests took no longer, in milliseconds."))),
        ("crawler_failures", count("Failures that a search engine's crawler met.")),
    ]);
    columns
}

/// The columns that name an upstream.
fn named() -> Vec<Property> {
    vec![
        ("proxy", proxy()),
        ("group", text("What the proxy balances over; empty where the log does not say.")),
        ("upstream", text("The server; empty where none was tried or the log does not say.")),
    ]
}

fn window() -> Value {
    let start = vec![
        ("window_start", time("The start of the window.")),
        ("window_end", time("The end of the window, which is no longer part of it.")),
    ];
    let end = vec![("top_path", or_null(text("The path that failed most, folded."))), ("sample", sample())];
    object("One upstream in one window.", [start, named(), measured(), end].concat())
}

fn upstream() -> Value {
    let seen = vec![("first_seen", time("Its first line.")), ("last_seen", time("Its last line."))];
    object("One upstream over all windows.", [named(), seen, measured()].concat())
}

fn cause() -> Value {
    object(
        "One cause over everything.",
        vec![
            ("cause", slug("The cause.")),
            ("family", family()),
            ("failures", count("Failures that it explains.")),
            ("share", rate("Its share of all failures.")),
            ("failed_attempts", count("Failed attempts that it explains.")),
            ("upstreams", count("How many upstreams it was seen on.")),
            ("first_seen", time("Its first line.")),
            ("last_seen", time("Its last line.")),
            ("sample", sample()),
        ],
    )
}

fn incident() -> Value {
    let scopes = ["one upstream", "some upstreams", "all upstreams", "group"];
    let strings = json!({ "type": "string" });
    object(
        "Neighbouring windows in which the same upstreams fail for the same reason, told as one story.",
        vec![
            ("incident", json!({ "type": "integer", "minimum": 1, "description": "Its number, the gravest first." })),
            ("start", time("The first failure.")),
            ("end", time("The last failure.")),
            ("duration_s", count("From the first failure to the last, in seconds.")),
            ("proxy", proxy()),
            (
                "scope",
                json!({
                    "enum": scopes,
                    "description": "How much of the group it took; `group` where no server was tried.",
                }),
            ),
            ("groups", list("The groups that it took.", strings.clone())),
            ("upstreams", list("The upstreams that it took.", strings)),
            ("requests", requests()),
            ("failures", count("Requests that ended in a gateway status.")),
            ("error_rate", rate("Failures by requests.")),
            ("peak_start", time("The start of the worst window.")),
            ("peak_error_rate", rate("Failures by requests in the worst window.")),
            ("status_502", count("Failures with this status.")),
            ("status_503", count("Failures with this status.")),
            ("status_504", count("Failures with this status.")),
            ("status_52x", count("Failures with a status from 520 to 530.")),
            ("masked_failures", count("Failed attempts whose request a retry saved: the client saw no error.")),
            ("likely_cause", slug("The cause that explains most.")),
            ("family", family()),
            ("confidence", confidence("How sure the report is of the likely cause.")),
            ("cause_share", rate("The share of the incident's failures that the likely cause explains.")),
            ("second_cause", or_null(slug("The next best."))),
            ("crawler_failures", count("Failures that a search engine's crawler met.")),
            ("top_path", or_null(text("The path that failed most, folded."))),
            ("summary", text("What happened, in one or two sentences with the numbers in them.")),
            ("next_check", or_null(text("The first of `next_checks`."))),
            ("sample", sample()),
            (
                "confidence_score",
                json!({
                    "type": "number", "minimum": 0, "maximum": 1, "description": "The number behind `confidence`.",
                }),
            ),
            ("failed_attempts", count("Attempts that failed.")),
            ("causes", list("What it was made of, the likely cause first.", reference("incident_cause"))),
            ("next_checks", list("What to check next, the most decisive first.", reference("next_check"))),
            ("paths", list("The busiest failing paths.", reference("path"))),
            ("facts", list("What its failures have in common, and what stands behind them.", text("A sentence."))),
            ("context", list("What hosts and application servers wrote around it, by time.", reference("host_line"))),
            ("root_incident", or_null(count("The incident at a tier behind whose failures this one passes on."))),
            ("against", or_null(text("What speaks against the runner-up."))),
            ("clients", or_null(count("Client addresses that met failures."))),
            ("clients_exact", flag("Whether `clients` were counted; if not, it is an estimate, within about a fifth.")),
            ("quiet_s", or_null(count("Seconds from the last failure to the last line of the proxy."))),
            ("ongoing", flag("Whether `quiet_s` is too short to say that it is over.")),
        ],
    )
}

fn host_line() -> Value {
    let mut properties = vec![(
        "after_s",
        json!({ "type": "integer", "description": "Seconds from the first failure to the first of the lines." }),
    )];
    properties.extend(proof_properties());
    properties.push(("cause", slug("The cause that they speak for.")));
    object("Lines of a host's or an application server's log.", properties)
}

fn incident_cause() -> Value {
    object(
        "One cause within an incident.",
        vec![
            ("cause", slug("The cause.")),
            ("family", family()),
            ("share", rate("The share of the incident's failures that it explains.")),
            ("failures", count("Failures that it explains.")),
            ("confidence", confidence("How sure the report is of it.")),
            ("evidence", list("What speaks for it.", reference("proof"))),
            ("failed_attempts", count("Failed attempts that it explains.")),
        ],
    )
}

fn proof() -> Value {
    object("Lines that show the same thing.", proof_properties())
}

fn proof_properties() -> Vec<Property> {
    vec![
        ("kind", text("The name of this kind of evidence.")),
        ("count", count("How many lines show it.")),
        ("sample", text("The first of them.")),
        ("input", text("The input that it stands in.")),
        ("line", line_number()),
        ("says", text("What it says, in words.")),
    ]
}

/// A key and the schema of its value.
type Property = (&'static str, Value);

/// An object with exactly these keys.
fn object(description: &str, properties: Vec<Property>) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn list(description: &str, items: Value) -> Value {
    json!({ "type": "array", "items": items, "description": description })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn time(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": format!("{description} RFC 3339 in UTC.") })
}

fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

/// A fraction that is `null` where there is nothing to divide by.
fn rate(description: &str) -> Value {
    or_null(json!({
        "type": "number", "minimum": 0, "maximum": 1,
        "description": format!("{description} A fraction from 0 to 1."),
    }))
}

fn line_number() -> Value {
    json!({ "type": "integer", "minimum": 1, "description": "Its number there, from 1." })
}

fn requests() -> Value {
    or_null(count("Requests in access logs; null where there are only error logs."))
}

fn attempts() -> Value {
    or_null(count("Tries at an upstream; null where no log tells of them."))
}

fn proxy() -> Value {
    text("The gateway that wrote the lines: its kind, with `@host` where an envelope names the host.")
}

fn sample() -> Value {
    or_null(text("`input:line: text` of the first line that proves the likely cause."))
}

/// Not an enumeration: new causes are no new contract.
fn slug(description: &str) -> Value {
    json!({
        "type": "string",
        "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        "description": format!("{description} `gatewhy explain` lists all causes."),
    })
}

fn family() -> Value {
    json!({
        "enum": [
            "downtime", "network", "dns", "tls", "misconfiguration", "application", "timeout", "overload", "proxy",
            "security", "unknown",
        ],
        "description": "What kind of trouble the cause is: who usually mends it.",
    })
}

fn confidence(description: &str) -> Value {
    json!({ "enum": ["high", "medium", "low"], "description": description })
}

/// The same, or `null` where it is not known.
fn or_null(mut value: Value) -> Value {
    match value.get_mut("enum") {
        Some(Value::Array(values)) => values.push(Value::Null),
        _ => value["type"] = json!([value["type"].take(), "null"]),
    }
    value
}
