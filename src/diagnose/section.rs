//! HAProxy's `listen` sections, which are frontend and backend in one.
//!
//! Where nothing could be tried under a frontend's own name, no rule chose a backend, or the frontend is a section that
//! had no server left. The line does not tell; that the section has servers, other lines do: requests that they answered,
//! or health checks.

use super::keys::Keys;
use crate::aggregate::{Cells, Trouble};
use crate::cause::{Proxy, Sign};
use crate::format::{NO_BACKEND, NO_SERVER};
use std::collections::BTreeSet;

/// Gives what was taken for a missing route the sign of a missing server where the group has servers. `keys` are those
/// of the cells' series.
pub(super) fn tell_apart(keys: &Keys, cells: &mut [Cells]) {
    let servers = keys.sorted().iter().filter(|key| key.kind == Proxy::HAPROXY && !key.upstream.is_empty());
    let sections: BTreeSet<(&str, &str)> = servers.map(|key| key.group()).collect();
    let is_section = |id: u32| sections.contains(&keys.of(id).group());
    for (_, cells) in (0..).zip(cells).filter(|(id, _)| is_section(*id)) {
        let troubles = cells.iter_mut().filter_map(|(_, cell)| cell.trouble.as_deref_mut());
        troubles.for_each(|trouble| resign(trouble, &NO_BACKEND, &NO_SERVER));
    }
}

/// Takes what evidence there is of one sign for that of another.
fn resign(trouble: &mut Trouble, from: &Sign, to: &'static Sign) {
    let taken: Vec<_> = trouble.evidence.extract_if(.., |item| item.sign == from).collect();
    for mut item in taken {
        item.sign = to;
        trouble.add_evidence(item);
    }
}
