use super::{About, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;

pub(super) static ABOUT: About = About {
    name: "nginx-json",
    proxy: Proxy::Nginx,
    title: "",
    layout: "",
    time: "",
    source: "",
    samples: &[],
    signs: &[],
};

pub(super) fn skim(_line: &[u8]) -> Option<Skimmed<'_>> {
    None
}

pub(super) fn read(_line: &[u8]) -> Option<Record<'_>> {
    None
}

pub(super) fn judge(_record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict::default()
}
