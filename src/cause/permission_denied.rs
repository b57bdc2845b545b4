use super::{Entry, Family};

pub(super) static ENTRY: Entry = Entry {
    slug: "permission-denied",
    family: Family::Unknown,
    title: "",
    happened: "",
    meaning: "",
    evidence: &[],
    look_alikes: &[],
    checks: &[],
    signs: &[],
};
