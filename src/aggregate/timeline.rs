//! The cells of one series.

use super::{Cell, PathNames};

/// Cells with the start of their window, in seconds since the epoch: in order, each window once.
pub type Cells = Vec<(i64, Cell)>;

/// How many cells a new one may be put before: all of them are moved then.
const NEAR: usize = 256;

/// The cells of one series while they are counted. Lines come nearly in order, so a new window is nearly always the
/// last, and there is no need of a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    /// Where is counted now.
    recent: Cells,
    /// Where was counted before, if time ever went back far: one log may follow another of the same time.
    older: Cells,
    /// How many of the older cells there were when they were last put in order.
    united: usize,
}

impl Timeline {
    /// The cell at a place.
    #[inline(always)]
    pub(super) fn cell(&mut self, place: u32) -> &mut Cell {
        &mut self.recent[place as usize].1
    }

    /// The place of the cell of a window, which is made if it was not there. Holds until the next is asked for.
    pub(super) fn place(&mut self, window: i64, names: &PathNames) -> u32 {
        let is_last = self.recent.last().is_none_or(|last| last.0 < window);
        let at = if is_last { self.recent.len() } else { self.make_room(window, names) };
        if self.recent.get(at).is_none_or(|found| found.0 != window) {
            self.recent.insert(at, (window, Cell::default()));
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The place of a window that is not after all others. Those that are far after it are put aside first.
    fn make_room(&mut self, window: i64, names: &PathNames) -> usize {
        let at = self.recent.partition_point(|cell| cell.0 < window);
        if at + NEAR >= self.recent.len() || self.recent[at].0 == window {
            return at;
        }
        self.put_aside(names);
        0
    }

    /// Puts all recent cells aside. Those of one window come together when there are twice as many as there were: they
    /// never take much more memory than they have to, and each is moved but a few times.
    #[cold]
    fn put_aside(&mut self, names: &PathNames) {
        self.older.append(&mut self.recent);
        if self.older.len() > 2 * self.united {
            unite(&mut self.older, names);
            self.united = self.older.len();
        }
    }

    /// Adds all cells of another tally's series; `renamed` has their paths' ids here.
    pub(super) fn merge(&mut self, other: Self, renamed: &[u32], names: &PathNames) {
        let cells = other.older.into_iter().chain(other.recent);
        self.recent.extend(cells.map(|(window, mut cell)| {
            cell.rename_paths(renamed);
            (window, cell)
        }));
        unite(&mut self.recent, names);
    }

    /// All cells.
    pub(super) fn into_cells(mut self, names: &PathNames) -> Cells {
        if self.older.is_empty() {
            return self.recent;
        }
        self.older.append(&mut self.recent);
        unite(&mut self.older, names);
        self.older
    }
}

/// Puts cells in order, and makes one of those of the same window.
pub fn unite(cells: &mut Cells, names: &PathNames) {
    // Mostly they are two lists in order, one after the other.
    cells.sort_by_key(|cell| cell.0);
    cells.dedup_by(|more, all| {
        let same = more.0 == all.0;
        if same {
            all.1.absorb(&more.1, names);
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts a request in each of these windows, and gives what there is of all.
    fn counted(windows: impl IntoIterator<Item = i64>) -> (Timeline, PathNames) {
        let (mut timeline, names) = (Timeline::default(), PathNames::default());
        for window in windows {
            let place = timeline.place(window, &names);
            timeline.cell(place).requests += 1;
        }
        (timeline, names)
    }

    fn shown(cells: &Cells) -> Vec<(i64, u64)> {
        cells.iter().map(|(window, cell)| (*window, cell.requests)).collect()
    }

    #[test]
    fn cells_are_in_order_whenever_they_were_counted() {
        let (timeline, names) = counted([3, 4, 3, 1, 2, 4, 1]);
        assert_eq!(shown(&timeline.into_cells(&names)), [(1, 2), (2, 1), (3, 2), (4, 2)]);
    }

    #[test]
    fn time_may_go_back_far() {
        let (timeline, names) = counted((0..5_000).chain(0..5_000).chain((0..5_000).rev()));
        let (other, _) = counted([7, 6_000]);
        let all = timeline.clone().into_cells(&names);
        assert!(shown(&all).into_iter().eq((0..5_000).map(|window| (window, 3))));
        let mut merged = timeline;
        merged.merge(other, &[], &names);
        let merged = shown(&merged.into_cells(&names));
        assert_eq!((merged.len(), merged[7], merged[5_000]), (5_001, (7, 4), (6_000, 1)));
    }
}
