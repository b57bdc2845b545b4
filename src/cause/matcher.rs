//! Finds the signs in an error message: one set of all wordings, read in a single pass.

use super::{Cause, Seen, Sign, Strength};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::{cmp::Reverse, sync::Mutex};

/// How many messages are known by heart, at most.
const MOST_KNOWN: usize = 256;

/// A longer message, in bytes, is not learnt.
const LONGEST_KNOWN: usize = 512;

/// Messages, and what was found in them.
type Known = HashMap<Box<[u8]>, Option<&'static Sign>, FixedState>;

/// All wordings of a set of signs, compiled into one automaton.
#[derive(Debug)]
pub struct Matcher {
    set: RegexSet,
    signs: Vec<&'static Sign>,
    /// How many of `signs`, from the first, are particular.
    particular: usize,
    /// What was found in messages before: an outage writes the same few again and again.
    known: Mutex<Known>,
}

impl Matcher {
    /// Compiles the wordings of `particular` signs, which win over those that the causes share.
    ///
    /// # Errors
    /// When a wording is not a regular expression; a test compiles every table, so this is a mistake in the source.
    pub fn new(particular: &'static [Sign]) -> Result<Self, regex::Error> {
        let shared = Cause::ALL.iter().flat_map(|cause| cause.entry().signs);
        let (mut wordings, mut signs) = (Vec::new(), Vec::new());
        for sign in particular.iter().chain(shared) {
            if let Seen::Wording(wording) = sign.seen {
                wordings.push(wording);
                signs.push(sign);
            }
        }
        // Where the automaton's states do not fit into its memory, it makes them again and again.
        let set =
            RegexSetBuilder::new(wordings).unicode(false).size_limit(64 << 20).dfa_size_limit(16 << 20).build()?;
        let particular = particular.iter().filter(|sign| matches!(sign.seen, Seen::Wording(_))).count();
        let known = Known::with_hasher(FixedState::with_seed(0));
        Ok(Self { set, signs, particular, known: Mutex::new(known) })
    }

    /// The best sign in `message`: the strongest, and among equals the one that stands first.
    ///
    /// A particular sign that is strong or conclusive wins over every shared one: it knows the whole sentence, of which
    /// "Connection reset by peer" is only a part.
    #[must_use]
    pub fn best(&self, message: &[u8]) -> Option<&'static Sign> {
        // No thread waits for another: looking costs less.
        let Ok(mut known) = self.known.try_lock() else { return self.search(message) };
        if let Some(sign) = known.get(message) {
            return *sign;
        }
        let sign = self.search(message);
        if message.len() <= LONGEST_KNOWN {
            if known.len() == MOST_KNOWN {
                known.clear();
            }
            known.insert(message.into(), sign);
        }
        sign
    }

    fn search(&self, message: &[u8]) -> Option<&'static Sign> {
        let rank = |index: &usize| {
            let strength = self.signs[*index].strength;
            // `max_by_key` keeps the last of equals, so the place is reversed to keep the first.
            (strength.min(Strength::Strong), *index < self.particular, strength, Reverse(*index))
        };
        self.set.matches(message).into_iter().max_by_key(rank).map(|index| self.signs[index])
    }
}
