use super::{Entry, Family};

pub(super) static ENTRY: Entry = Entry {
    slug: "host-unreachable",
    family: Family::Unknown,
    title: "",
    happened: "",
    meaning: "",
    evidence: &[],
    look_alikes: &[],
    checks: &[],
    signs: &[],
};
