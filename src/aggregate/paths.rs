//! The busiest paths of a cell, bounded.
//!
//! A cell keeps at most [`LIMIT`] folded paths: those with the smallest hashes. That choice is the same whatever the
//! order of lines and however the input was split, so each kept path's count is exact; how many requests went to paths
//! that did not fit is known too.

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// How many paths a cell keeps.
const LIMIT: usize = 32;

/// The texts of all kept paths of a tally, each once.
#[derive(Clone, Debug, Default)]
pub struct PathNames {
    texts: Vec<(u64, Box<[u8]>)>,
    index: HashTable<u32>,
}

impl PathNames {
    fn hash(path: &[u8]) -> u64 {
        FixedState::with_seed(0).hash_one(path)
    }

    fn intern(&mut self, hash: u64, path: &[u8]) -> u32 {
        let texts = &self.texts;
        if let Some(&id) = self.index.find(hash, |&id| &*texts[id as usize].1 == path) {
            return id;
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push((hash, path.into()));
        let texts = &self.texts;
        self.index.insert_unique(hash, id, |&id| texts[id as usize].0);
        id
    }

    /// The text of a path.
    #[must_use]
    pub fn text(&self, id: u32) -> &[u8] {
        &self.texts[id as usize].1
    }

    /// Takes over all texts of `other`; gives, for each of its ids, the id here.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<u32> {
        other.texts.iter().map(|(hash, text)| self.intern(*hash, text)).collect()
    }

    /// Where `id` stands in the order that decides which paths are kept.
    fn rank(&self, id: u32) -> (u64, &[u8]) {
        let (hash, text) = &self.texts[id as usize];
        (*hash, text)
    }
}

/// How often each path failed.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    kept: Vec<(u32, u64)>,
    /// Failures on paths that did not fit.
    others: u64,
}

impl Paths {
    /// Counts a failure on `path`, folded already.
    pub fn add(&mut self, path: &[u8], names: &mut PathNames) {
        let hash = PathNames::hash(path);
        let fits = self.kept.len() < LIMIT || self.kept.last().is_some_and(|last| (hash, path) <= names.rank(last.0));
        if fits {
            let id = names.intern(hash, path);
            self.count(id, 1, names);
        } else {
            self.others += 1;
        }
    }

    /// Takes over the ids of another tally, which `renamed` has for each; their order stays, as it is the texts'.
    pub(super) fn rename(&mut self, renamed: &[u32]) {
        self.kept.iter_mut().for_each(|entry| entry.0 = renamed[entry.0 as usize]);
    }

    /// Adds all of `other`'s counts, of the same tally.
    pub fn absorb(&mut self, other: &Self, names: &PathNames) {
        self.others += other.others;
        for &(id, count) in &other.kept {
            self.count(id, count, names);
        }
    }

    /// Takes out what `told` tells of too, path by path, at most `most` in all.
    #[must_use]
    pub fn take(&mut self, told: &Self, most: u64) -> Self {
        let (mut taken, mut left) = (Self::default(), most);
        for entry in &mut self.kept {
            let theirs = told.kept.iter().find(|theirs| theirs.0 == entry.0).map_or(0, |theirs| theirs.1);
            let count = entry.1.min(theirs).min(left);
            if count > 0 {
                entry.1 -= count;
                left -= count;
                taken.kept.push((entry.0, count));
            }
        }
        self.kept.retain(|entry| entry.1 > 0);
        taken
    }

    fn count(&mut self, id: u32, count: u64, names: &PathNames) {
        if let Some(entry) = self.kept.iter_mut().find(|entry| entry.0 == id) {
            entry.1 += count;
            return;
        }
        let at = self.kept.partition_point(|entry| names.rank(entry.0) < names.rank(id));
        if at == LIMIT {
            self.others += count;
            return;
        }
        // First out, then in: so nobody ever holds memory for more.
        if self.kept.len() == LIMIT {
            self.others += self.kept.pop().map_or(0, |dropped| dropped.1);
        }
        self.kept.insert(at, (id, count));
    }

    /// The busiest of the kept paths; of equals, the first in the order of the alphabet.
    #[must_use]
    pub fn top<'a>(&self, names: &'a PathNames) -> Option<&'a [u8]> {
        let paths = self.kept.iter().map(|&(id, count)| (names.text(id), count));
        paths.min_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0))).map(|(path, _)| path)
    }

    /// The kept paths with their counts, the busiest first, and how many failures were on paths that did not fit.
    #[must_use]
    pub fn busiest<'a>(&self, names: &'a PathNames) -> (Vec<(&'a [u8], u64)>, u64) {
        let mut paths: Vec<_> = self.kept.iter().map(|&(id, count)| (names.text(id), count)).collect();
        paths.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        (paths, self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(paths: &[u8]) -> (Paths, PathNames) {
        let (mut counts, mut names) = (Paths::default(), PathNames::default());
        for path in paths {
            counts.add(&[b'/', *path], &mut names);
        }
        (counts, names)
    }

    proptest! {
        #[test]
        fn any_split_counts_the_same(paths in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..400) {
            let (whole, whole_names) = counted(&paths);
            let (head, tail) = paths.split_at(at.min(paths.len()));
            let ((mut merged, mut names), (mut other, other_names)) = (counted(tail), counted(head));
            other.rename(&names.merge(&other_names));
            merged.absorb(&other, &names);
            prop_assert_eq!(merged.top(&names), merged.busiest(&names).0.first().map(|entry| entry.0));
            prop_assert_eq!(merged.busiest(&names), whole.busiest(&whole_names));
        }
    }
}
