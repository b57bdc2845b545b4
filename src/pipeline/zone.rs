//! Which zone the writers of zone-less stamps lived in, where nobody says.
//!
//! nginx's access log carries the zone that its error log leaves out, so a look at the beginnings of all files tells.
//! Without it, an error log that was copied to a machine in another zone would lie hours off the access log that it
//! belongs to.

use super::Options;
use crate::cause::Proxy;
use crate::envelope;
use crate::event::Reader;
use crate::format::{Fields, Skimmed};
use crate::grammar::time::{When, Zone};
use crate::input::{Block, Blocks, Input};
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use std::fs;

/// How much of each file is looked at, in bytes.
const LOOK: usize = 1 << 16;

/// How many files are looked at.
const FILES: usize = 64;

/// The zone that the files' own stamps name, where all agree and it is not `options.zone` anyway.
#[must_use]
pub fn zone_of(inputs: &[Input], options: &Options) -> Option<TimeZone> {
    let regular =
        |input: &&Input| input.path.as_ref().is_some_and(|path| fs::metadata(path).is_ok_and(|it| it.is_file()));
    let mut named = inputs.iter().filter(regular).take(FILES).flat_map(|input| zone_in(input, options));
    let (first, wall) = named.next()?;
    let utc = Timestamp::from_microsecond(wall - i64::from(first) * 1_000_000).ok()?;
    let known = options.zone.to_offset(utc).seconds() == first;
    // A zone that fits knows of daylight saving; a bare offset does not.
    let agree = !known && named.all(|(other, _)| other == first);
    agree.then(|| Offset::from_seconds(first).ok().map(TimeZone::fixed)).flatten()
}

/// The zone of a gateway's first stamp that carries one, in seconds east of UTC, and its wall time. Application servers
/// may live elsewhere, or in a container that knows no zone.
fn zone_in(input: &Input, options: &Options) -> Option<(i32, i64)> {
    let mut block = Block::default();
    if !Blocks::new(vec![input.clone()], LOOK).next(&mut block) {
        return None;
    }
    block.lines().find_map(|(_, line)| {
        let payload = envelope::open(line).payload;
        let mut gateways = options.readers.iter().filter(|reader| reader.proxy() != Proxy::HOST);
        match gateways.find_map(|reader| when_of(reader, payload, options))?? {
            When { zone: Zone::Offset(east), wall } => Some((east, wall)),
            _ => None,
        }
    })
}

/// When a line was that `reader` claims, as far as it says so itself.
fn when_of(reader: &Reader, payload: &[u8], options: &Options) -> Option<Option<When>> {
    match reader.skim(Fields::UNKNOWN, payload)? {
        Skimmed::Plain(skim) => Some(skim.when),
        Skimmed::Full => reader.read(payload, &options.statuses).map(|event| event.record.when),
    }
}
