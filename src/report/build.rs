//! Stub.
use super::Report;
/// Stub.
#[derive(Debug)]
pub struct Context {}
/// Stub.
pub fn build(_: Context) -> Option<Report> { None }
