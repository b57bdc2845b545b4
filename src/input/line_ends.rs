//! Where the lines of a block end: looked up once, to number the lines and to tell them apart.

use crate::grammar::find::mask_of;
use memchr::memchr_iter;

/// How many bytes one look takes in.
const LOOK: usize = 64;

/// The places of the line feeds in some bytes, and their end where no line feed is there.
#[derive(Debug, Default)]
pub(super) struct LineEnds {
    /// The places, and memory for more of them behind.
    places: Vec<usize>,
    /// How many there are.
    count: usize,
    /// Whether the last is that of no line feed.
    is_open: bool,
}

impl LineEnds {
    /// Finds those of `bytes`, and forgets all others.
    pub(super) fn find(&mut self, bytes: &[u8]) {
        let (looks, rest) = bytes.as_chunks::<LOOK>();
        self.count = 0;
        self.make_room(looks.len());
        for (look, chunk) in looks.iter().enumerate() {
            self.add(look * LOOK, mask_of(chunk, b'\n'), looks.len() - look);
        }
        self.is_open = !bytes.is_empty() && !bytes.ends_with(b"\n");
        let start = bytes.len() - rest.len();
        let last = memchr_iter(b'\n', rest).map(|at| start + at).chain(self.is_open.then_some(bytes.len()));
        // Up to one for each byte, and the end.
        self.make_room(LOOK);
        for place in last {
            self.places[self.count] = place;
            self.count += 1;
        }
    }

    /// Adds the line feeds of one look, which begins at `start`; `left` looks are left with it. Most have one or none:
    /// which of both, nothing could foresee, so that both are the same to the processor.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "for every 64 bytes of all logs")]
    fn add(&mut self, start: usize, feeds: u64, left: usize) {
        self.places[self.count] = start + feeds.trailing_zeros() as usize;
        self.count += usize::from(feeds != 0);
        let others = feeds & feeds.wrapping_sub(1);
        if others != 0 {
            self.add_others(start, others, left);
        }
    }

    fn add_others(&mut self, start: usize, mut feeds: u64, left: usize) {
        self.make_room(left + LOOK);
        while feeds != 0 {
            self.places[self.count] = start + feeds.trailing_zeros() as usize;
            self.count += 1;
            feeds &= feeds - 1;
        }
    }

    /// Makes room for so many more places.
    fn make_room(&mut self, more: usize) {
        let size = self.count + more;
        if self.places.len() < size {
            self.places.resize(size, 0);
        }
    }

    /// How many line feeds there are.
    pub(super) fn feeds(&self) -> u64 {
        (self.count - usize::from(self.is_open)) as u64
    }

    /// All places, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.places[..self.count].iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bytes: &[u8], ends: &mut LineEnds) -> (Vec<usize>, u64) {
        ends.find(bytes);
        (ends.all().collect(), ends.feeds())
    }

    #[test]
    fn the_last_line_may_be_open() {
        let mut ends = LineEnds::default();
        assert_eq!(of(b"a\n\nbc\n", &mut ends), (vec![1, 2, 5], 3));
        assert_eq!(of(b"a\nb", &mut ends), (vec![1, 3], 1));
        assert_eq!(of(b"\n", &mut ends), (vec![0], 1));
        assert_eq!(of(b"", &mut ends), (vec![], 0));
    }

    proptest! {
        #[test]
        fn finds_what_memchr_finds(
            all in prop::collection::vec(
                prop::collection::vec(prop_oneof![4 => Just(b'x'), 1 => Just(b'\n')], 0..600), 1..4,
            ),
            long in 0_usize..300,
        ) {
            let mut ends = LineEnds::default();
            for bytes in all {
                let bytes = [vec![b'x'; long], bytes].concat();
                let mut expected: Vec<usize> = memchr_iter(b'\n', &bytes).collect();
                let feeds = expected.len() as u64;
                if bytes.last().is_some_and(|last| *last != b'\n') {
                    expected.push(bytes.len());
                }
                prop_assert_eq!(of(&bytes, &mut ends), (expected, feeds));
            }
        }
    }
}
