use super::{Entry, Family};

pub(super) static ENTRY: Entry = Entry {
    slug: "connection-reset",
    family: Family::Unknown,
    title: "",
    happened: "",
    meaning: "",
    evidence: &[],
    look_alikes: &[],
    checks: &[],
    signs: &[],
};
