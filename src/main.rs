//! The gatewhy program.
fn main() {}
