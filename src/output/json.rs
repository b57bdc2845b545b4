//! The whole report in one document, for machines. `gatewhy schema` describes it.

use super::escape::is_hidden;
use crate::report::Report;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = serde_json::to_string_pretty(report)?;
    out.write_all(escaped(&document).as_bytes())?;
    out.write_all(b"\n")
}

/// Adds `row` to `out` as one line.
pub(super) fn write_line(row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let line = serde_json::to_string(row)?;
    out.write_all(escaped(&line).as_bytes())?;
    out.write_all(b"\n")
}

/// JSON with hidden characters as `\uXXXX`: it means the same, and does no harm where someone looks at it in a
/// terminal. (JSON itself only asks for those below U+0020 to be escaped.)
fn escaped(json: &str) -> Cow<'_, str> {
    // Line feeds between tokens stay; within strings they are already escaped.
    let hides = |c: char| c != '\n' && is_hidden(c);
    if !json.contains(hides) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if hides(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::report::schema;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn document(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn value(report: &Report) -> Value {
        serde_json::from_str(&document(report)).unwrap()
    }

    fn is_valid(instance: &Value) -> bool {
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&schema()).unwrap().is_valid(instance)
    }

    #[test]
    fn says_what_the_report_says() {
        let report = sample::report();
        assert_eq!(value(&report), serde_json::to_value(&report).unwrap());
        assert!(!document(&report).contains(|c: char| c != '\n' && is_hidden(c)));
        assert_eq!(escaped("\"\u{9b}\u{E0041}\""), "\"\\u009b\\udb40\\udc41\"");
    }

    #[test]
    fn schema_accepts_reports() {
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema()).unwrap();
        for report in [sample::report(), sample::healthy(), sample::empty()] {
            if let Err(error) = validator.validate(&value(&report)) {
                panic!("{error} at {}", error.instance_path());
            }
        }
    }

    #[test]
    fn schema_refuses_what_is_wrong() {
        let sound = value(&sample::report());
        for (pointer, wrong) in [
            ("/totals/failures", json!("12")),
            ("/totals/failures", json!(-1)),
            ("/incidents/0/start", json!("20 November")),
            ("/incidents/0/confidence", json!("certain")),
            ("/incidents/0/error_rate", json!(1.5)),
            ("/windows/0/upstream", Value::Null),
            ("/schema", json!("gatewhy/2")),
        ] {
            let mut broken = sound.clone();
            *broken.pointer_mut(pointer).unwrap() = wrong;
            assert!(!is_valid(&broken), "{pointer}");
        }
        for (pointer, key) in [("", "notes"), ("/proxies/0", "proxy"), ("/incidents/0/causes/0/evidence/0", "says")] {
            let mut broken = sound.clone();
            broken.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).unwrap();
            assert!(!is_valid(&broken), "{pointer} without {key}");
        }
        let mut broken = sound.clone();
        broken["totals"]["more"] = json!(1);
        assert!(!is_valid(&broken));
    }

    /// Every object of `value` has exactly the schema's properties.
    fn compare(value: &Value, described: &Value, root: &Value, place: &str) {
        let described = match described["$ref"].as_str() {
            Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => described,
        };
        match value {
            Value::Object(fields) => {
                let known = described["properties"].as_object().unwrap();
                let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
                assert_eq!(names(fields), names(known), "{place}");
                for (name, field) in fields {
                    assert!(
                        known[name].get("description").is_some() || known[name].get("$ref").is_some(),
                        "{place}/{name}"
                    );
                    compare(field, &known[name], root, &format!("{place}/{name}"));
                }
            }
            Value::Array(items) => {
                assert!(!items.is_empty(), "the sample shows nothing of {place}");
                for item in items {
                    compare(item, &described["items"], root, place);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn schema_describes_every_field() {
        let schema = schema();
        compare(&value(&sample::report()), &schema, &schema, "");
    }

    #[test]
    fn agrees_with_csv() {
        let report = sample::report();
        let value = value(&report);
        for (table, name) in [
            (super::super::Table::Windows, "windows"),
            (super::super::Table::Incidents, "incidents"),
            (super::super::Table::Upstreams, "upstreams"),
            (super::super::Table::Causes, "causes"),
        ] {
            let mut out = Vec::new();
            super::super::csv::write(&report, table, &mut out).unwrap();
            let mut reader = csv::Reader::from_reader(&*out);
            let header = reader.headers().unwrap().clone();
            for (record, object) in reader.records().zip(value[name].as_array().unwrap()) {
                for (cell, column) in record.unwrap().iter().zip(&header) {
                    match &object[column] {
                        Value::Number(number) => assert_eq!(cell.parse::<f64>().unwrap(), number.as_f64().unwrap()),
                        Value::Null => assert_eq!(cell, ""),
                        Value::String(text) => assert_eq!(cell.is_empty(), text.is_empty(), "{column}"),
                        _ => {}
                    }
                }
            }
        }
    }
}
