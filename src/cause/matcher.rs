//! Finds the signs in an error message: one set of all wordings, read in a single pass.

use super::{Cause, Seen, Sign};
use regex::bytes::{RegexSet, RegexSetBuilder};

/// All wordings of a set of signs, compiled into one automaton.
#[derive(Debug)]
pub struct Matcher {
    set: RegexSet,
    signs: Vec<&'static Sign>,
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
        let set = RegexSetBuilder::new(wordings).unicode(false).size_limit(64 << 20).build()?;
        Ok(Self { set, signs })
    }

    /// The best sign in `message`: the strongest, and among equals the one that stands first.
    #[must_use]
    pub fn best(&self, message: &[u8]) -> Option<&'static Sign> {
        let found = self.set.matches(message).into_iter().map(|index| self.signs[index]);
        // `max_by_key` keeps the last of equals, so the order is reversed to keep the first.
        found.collect::<Vec<_>>().into_iter().rev().max_by_key(|sign| sign.strength)
    }
}
