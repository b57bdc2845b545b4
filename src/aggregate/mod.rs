//! Events become mergeable cells: one for each upstream and window.
//!
//! A [`Tally`] is what one thread has counted. Merging tallies is associative and commutative, and the result does not
//! depend on how the input was cut or on who read which part: everything in a cell is a sum, a minimum or a maximum,
//! and what is capped is capped by a rule that looks at values alone. All that comes later is a function of one merged
//! tally.

mod cell;
mod count;
mod histogram;
mod paths;
mod sketch;
mod tally;
mod timeline;

pub use cell::{Cell, Evidence, Place, STATUS_COLUMNS, Sample, Source, Trouble, status_column};
pub use count::Origin;
pub use histogram::Histogram;
pub use paths::{PathNames, Paths};
pub use sketch::Sketch;
pub use tally::{Counts, InputTally, Noted, Series, SeriesKey, Tally};
pub use timeline::{Cells, unite};
