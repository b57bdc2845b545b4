//! `gatewhy schema`: the JSON Schema of the JSON report.

use crate::cli::Status;

/// Prints the schema.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run() -> anyhow::Result<Status> {
    super::print_json(&crate::report::schema())
}
