//! Why did the gateway fail? The library behind the `gatewhy` program.
//!
//! Bytes become a report in one direction; each step is a module, in this order:
//!
//! | module | takes | gives | how often |
//! | --- | --- | --- | --- |
//! | [`input`] | paths, directories, standard input, compressed or not | blocks of whole lines | per block |
//! | [`envelope`] | a line | what a transport wrapped around it, and the payload | per line |
//! | [`mod@format`] | a payload | a [`format::Skim`] for every line, a [`format::Record`] for failures | per line |
//! | [`event`] | a record | the [`cause::Sign`]s seen in it | per failure |
//! | [`aggregate`] | skims and judged records | mergeable cells by upstream and window | per line |
//! | [`diagnose`] | merged cells | reconciled counts, incidents, likely causes | once |
//! | [`report`] | findings | one sorted and rounded model | once |
//! | [`output`] | the model | text, CSV, JSON, NDJSON | once |
//!
//! [`cause`] is the dictionary that the formats speak and the report quotes: one entry for each cause
//! of failure. [`config`] reads what a proxy's own configuration says of its logs. [`pipeline`] is the only module that
//! knows all of them; [`cli`] turns arguments into its options.

pub mod aggregate;
pub mod cause;
pub mod cli;
pub mod config;
pub mod diagnose;
pub mod envelope;
pub mod error;
pub mod event;
pub mod format;
pub mod grammar;
pub mod input;
pub mod output;
pub mod pipeline;
pub mod report;
pub mod show;
