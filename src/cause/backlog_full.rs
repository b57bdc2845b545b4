use super::{Entry, Family};

pub(super) static ENTRY: Entry = Entry {
    slug: "backlog-full",
    family: Family::Unknown,
    title: "",
    happened: "",
    meaning: "",
    evidence: &[],
    look_alikes: &[],
    checks: &[],
    signs: &[],
};
