//! Stand-ins for the rows of `output::rows`, until they are there; then this file goes, and its two names in
//! `command/report.rs` and `command/parse.rs` become theirs.

use crate::event::Redactor;
use crate::input::Input;
use crate::output::Format;
use crate::pipeline::{Seen, Watch};
use std::sync::Arc;

macro_rules! rows {
    ($($name:ident, $every:literal;)+) => {$(
        #[derive(Clone)]
        pub(super) struct $name {
            names: Arc<[String]>,
            rows: Vec<u8>,
        }

        impl $name {
            pub(super) fn new(inputs: &[Input], _: Format, _: Option<Arc<Redactor>>) -> Self {
                Self { names: inputs.iter().map(Input::name).collect(), rows: Vec::new() }
            }

            pub(super) fn header(&self) -> Vec<u8> {
                Vec::new()
            }
        }

        impl Watch for $name {
            const EVERY_LINE: bool = $every;

            fn see(&mut self, input: usize, line: u64, seen: &Seen<'_>) {
                let format = match seen {
                    Seen::Event { reader, .. } => reader.name(),
                    Seen::Unparsed(_) => "unparsed",
                };
                let row = serde_json::json!({ "input": self.names.get(input), "line": line, "format": format });
                self.rows.extend_from_slice(format!("{row}\n").as_bytes());
            }

            fn take(&mut self) -> Vec<u8> {
                std::mem::take(&mut self.rows)
            }
        }
    )+};
}

rows! {
    Failures, false;
    Parse, true;
}
