//! Wordings as a tree of what they are made of: texts, runs of bytes, ends.
//!
//! Messages are short, and a regex's automaton takes them one byte after the other. A tree compares whole texts, and
//! once what several wordings begin with. It is grown from the regexes themselves and answers as they do; a wording
//! that does not fit into one is left to the automaton.

use crate::grammar::find::find;
use crate::grammar::text::{behind, place_of};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::{iter, mem, vec};

/// How a message may go on.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// A wording has been seen to its end, whatever follows.
    fits: bool,
    /// The first bytes of the texts that may come next: no two begin alike.
    firsts: Vec<u8>,
    /// What may come next: these texts, then what is longer to look for.
    branches: Vec<(Step, Tree)>,
}

/// What has to come next.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Text(Vec<u8>),
    One(Kind),
    /// All bytes of a kind that follow. The text may begin among them, but has to end behind them, so that there is one
    /// place for it: `\S+\.service: `.
    Run(Many, Vec<u8>),
    /// Bytes of a kind before a text of such bytes, which may come more than once: `.*timed out`.
    Gap(Many, Vec<u8>),
    End,
}

/// Bytes of a kind, and how many there are at least.
#[derive(Clone, Debug, PartialEq)]
struct Many {
    kind: Kind,
    least: usize,
}

/// Which bytes are of a kind.
#[derive(Clone, Debug, PartialEq)]
struct Kind(Box<[bool; 256]>);

/// What a regex is made of.
#[derive(Clone, Debug)]
enum Piece {
    Start,
    Text(Vec<u8>),
    One(Kind),
    Many(Many),
    End,
}

impl Tree {
    /// Adds a wording, or says no where a tree cannot hold it: one that may stand anywhere, asks for the edges of
    /// words, or has to be searched for twice, which could take the square of a message's length.
    pub(super) fn add(&mut self, wording: &str) -> bool {
        let Some(each) = in_steps(wording) else { return false };
        for way in each {
            let mut way = way.into_iter();
            self.grow(way.next(), way);
        }
        true
    }

    /// Adds one way to say a wording: its next step, and those behind.
    fn grow(&mut self, next: Option<Step>, mut rest: vec::IntoIter<Step>) {
        let Some(step) = next else {
            *self = Self { fits: true, ..Self::default() };
            return;
        };
        if self.fits {
            return;
        }
        for (known, then) in &mut self.branches {
            if let (Step::Text(known), Step::Text(text)) = (&mut *known, &step) {
                let shared = known.iter().zip(text).take_while(|(a, b)| a == b).count();
                if shared > 0 {
                    then.put_below(known.split_off(shared));
                    let text = &text[shared..];
                    let next = if text.is_empty() { rest.next() } else { Some(Step::Text(text.to_vec())) };
                    return then.grow(next, rest);
                }
            } else if *known == step {
                return then.grow(rest.next(), rest);
            }
        }
        let mut then = Self::default();
        then.grow(rest.next(), rest);
        self.put(step, then);
    }

    /// Adds a branch that begins as no other does.
    fn put(&mut self, step: Step, then: Self) {
        let at = match &step {
            Step::Text(text) => {
                self.firsts.push(text[0]);
                self.firsts.len() - 1
            }
            Step::Gap(..) => self.branches.len(),
            _ => self.branches.partition_point(|(known, _)| !known.is_search()),
        };
        self.branches.insert(at, (step, then));
    }

    /// Has the end of a text before all branches.
    fn put_below(&mut self, text: Vec<u8>) {
        if !text.is_empty() {
            let below = mem::take(self);
            self.put(Step::Text(text), below);
        }
    }

    /// Whether a message has one of the wordings.
    pub(super) fn fits(&self, message: &[u8]) -> bool {
        let leads = |(step, then): &(Step, Self)| step.leads(message, then);
        self.fits || self.text(message).is_some_and(leads) || self.branches[self.firsts.len()..].iter().any(leads)
    }

    /// The text that begins as a message does.
    fn text(&self, message: &[u8]) -> Option<&(Step, Self)> {
        Some(&self.branches[find(*message.first()?, &self.firsts)?])
    }
}

impl Step {
    /// Whether there may be several places for it.
    const fn is_search(&self) -> bool {
        matches!(self, Self::Gap(..))
    }

    /// Whether a message goes on with this, and then as one of `then`.
    fn leads(&self, i: &[u8], then: &Tree) -> bool {
        match self {
            Self::Text(text) => goes_on(text, i, then),
            Self::One(kind) => i.split_first().is_some_and(|(first, rest)| kind.has(*first) && then.fits(rest)),
            Self::Run(many, text) => many.place(i, text).is_some_and(|at| goes_on(text, &i[at..], then)),
            Self::Gap(many, text) => many.places(i, text).any(|at| goes_on(text, &i[at..], then)),
            Self::End => i.is_empty() && then.fits(i),
        }
    }
}

/// Whether a message goes on with a text, and then as one of `then`.
fn goes_on(text: &[u8], i: &[u8], then: &Tree) -> bool {
    behind(text, i).is_some_and(|rest| then.fits(rest))
}

impl Many {
    /// Where a text has to stand whose last byte, if it has any, is the first that is not of the kind.
    fn place(&self, i: &[u8], text: &[u8]) -> Option<usize> {
        let end = i.iter().position(|byte| !self.kind.has(*byte)).unwrap_or(i.len());
        end.checked_sub(text.len().saturating_sub(1)).filter(|at| *at >= self.least)
    }

    /// Where a text stands behind bytes of the kind and nothing else.
    fn places(&self, i: &[u8], text: &[u8]) -> impl Iterator<Item = usize> {
        let (mut seen, mut from) = (0, self.least);
        iter::from_fn(move || {
            let at = from + place_of(i.get(from..)?, text)?;
            let all = self.kind.has_all(&i[seen..at]);
            (seen, from) = (at, at + 1);
            all.then_some(at)
        })
    }
}

impl Kind {
    fn of(class: &Class) -> Option<Self> {
        let class = match class {
            Class::Bytes(class) => class,
            Class::Unicode(class) => &class.to_byte_class()?,
        };
        let mut bytes = [false; 256];
        for range in class.ranges() {
            bytes[usize::from(range.start())..=usize::from(range.end())].fill(true);
        }
        Some(Self(Box::new(bytes)))
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// Whether all bytes are of the kind. There are few, and to look at them all costs less than to stop.
    fn has_all(&self, bytes: &[u8]) -> bool {
        bytes.iter().fold(true, |all, byte| all & self.has(*byte))
    }
}

/// All ways to say a wording, in steps.
fn in_steps(wording: &str) -> Option<Vec<Vec<Step>>> {
    ways(&parsed(wording)?)?.iter().map(|way| steps(way)).collect()
}

fn parsed(wording: &str) -> Option<Hir> {
    ParserBuilder::new().unicode(false).utf8(false).build().parse(wording).ok()
}

/// All that a wording may be made of, one after the other; `None` where that is no list.
fn ways(wording: &Hir) -> Option<Vec<Vec<Piece>>> {
    let piece = match wording.kind() {
        HirKind::Literal(text) => Piece::Text(text.0.to_vec()),
        HirKind::Class(class) => Piece::One(Kind::of(class)?),
        HirKind::Look(Look::Start) => Piece::Start,
        HirKind::Look(Look::End) => Piece::End,
        HirKind::Look(_) => return None,
        HirKind::Empty => return Some(vec![Vec::new()]),
        HirKind::Capture(group) => return ways(&group.sub),
        HirKind::Alternation(each) => return Some(each.iter().map(ways).collect::<Option<Vec<_>>>()?.concat()),
        HirKind::Concat(each) => {
            return each.iter().try_fold(vec![Vec::new()], |before, next| {
                let next = ways(next)?;
                Some(before.iter().flat_map(|before| next.iter().map(|next| [&before[..], next].concat())).collect())
            });
        }
        HirKind::Repetition(many) => match (many.min, many.max, many.sub.kind()) {
            (0, Some(1), _) => return Some([ways(&many.sub)?, vec![Vec::new()]].concat()),
            (least, None, HirKind::Class(class)) => {
                Piece::Many(Many { kind: Kind::of(class)?, least: usize::try_from(least).ok()? })
            }
            _ => return None,
        },
    };
    Some(vec![vec![piece]])
}

/// One way of a wording in steps; `None` where a tree has none for it.
fn steps(way: &[Piece]) -> Option<Vec<Step>> {
    let [Piece::Start, rest @ ..] = way else { return None };
    let (mut rest, mut steps) = (rest, Vec::new());
    while let [piece, after @ ..] = rest {
        rest = after;
        match piece {
            Piece::Start => return None,
            Piece::Text(text) => steps.push(Step::Text(text.clone())),
            Piece::One(kind) => steps.push(Step::One(kind.clone())),
            Piece::End => steps.push(Step::End),
            Piece::Many(many) => rest = run(many, rest, &mut steps)?,
        }
    }
    let searches = steps.iter().filter(|step| step.is_search()).count();
    (searches <= 1).then_some(steps)
}

/// The steps of many bytes and of the text that ends them, and what is left of the way.
fn run<'a>(many: &Many, rest: &'a [Piece], steps: &mut Vec<Step>) -> Option<&'a [Piece]> {
    let texts: Vec<&[u8]> =
        rest.iter().map_while(|it| if let Piece::Text(it) = it { Some(&it[..]) } else { None }).collect();
    let text = texts.concat();
    let outside = text.iter().position(|byte| !many.kind.has(*byte));
    match (rest, outside) {
        // More of them change nothing.
        ([], _) => steps.extend(vec![Step::One(many.kind.clone()); many.least]),
        ([Piece::End, ..], _) => steps.push(Step::Run(many.clone(), Vec::new())),
        ([Piece::Text(first), after @ ..], None) => {
            steps.push(Step::Gap(many.clone(), first.clone()));
            return Some(after);
        }
        (_, Some(last)) => {
            let (ending, text) = text.split_at(last + 1);
            steps.push(Step::Run(many.clone(), ending.to_vec()));
            steps.extend((!text.is_empty()).then(|| Step::Text(text.to_vec())));
        }
        _ => return None,
    }
    Some(&rest[texts.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{Proxy, Seen, Sign};
    use crate::format::Format;
    use proptest::prelude::*;
    use regex::bytes::{RegexSet, RegexSetBuilder};

    fn tree(wordings: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for wording in wordings {
            assert!(tree.add(wording), "{wording}");
        }
        tree
    }

    fn set(wordings: &[&str]) -> RegexSet {
        RegexSetBuilder::new(wordings).unicode(false).build().unwrap_or_default()
    }

    /// What tree and automaton say alike.
    fn fits(wordings: &[&str], message: &str) -> bool {
        let fits = tree(wordings).fits(message.as_bytes());
        assert_eq!(fits, set(wordings).is_match(message.as_bytes()), "{wordings:?}: {message}");
        fits
    }

    #[test]
    fn tells_wordings() {
        let wordings = [
            r"^(?<name>\S+\.(?:service|scope)): killed",
            r"^(?<name>\S+\.service): (?:kept|killing (?<pid>\d+)$|.*timed out\. (?:Killing|Aborting)\.)",
            r"^worker .*: (?<pid>\d{2,})$",
            r"^work(?:ed|ing) \d+ms",
            r"^end$",
        ];
        for message in [
            "a.service: killed",
            "a.scope: killed, or not",
            "a.service.scope: killed",
            "a.service: kept",
            "a.service: killing 7",
            "a.service: stop timed out. Start timed out. Aborting.",
            "worker 1: 2: 34",
            "worked 7ms",
            "end",
        ] {
            assert!(fits(&wordings, message), "{message}");
        }
        for message in [
            "",
            "a.socket: killed",
            ".service: killed",
            "a b.service: killed",
            "a.service.x: killed",
            "a.scope: kept",
            "a.service: killing 7 and 8",
            "a.service: stop timed out.\nStart timed out. Aborting.",
            "worker 1: 2: 3",
            "worker 1: 23: x",
            "worked ms",
            "end of it",
        ] {
            assert!(!fits(&wordings, message), "{message}");
        }
    }

    #[test]
    fn leaves_wordings_to_the_automaton() {
        for wording in ["a", "^a|b", r"^a\b", "^(?:ab)+", r"^a.*b.*c", "^a{2}", r"^\d+[0-9]", "("] {
            assert!(!Tree::default().add(wording), "{wording}");
        }
    }

    /// The wordings of each format of hosts, as far as a tree holds them.
    fn tables() -> Vec<Vec<&'static str>> {
        let hosts = Format::ALL.iter().map(|format| format.about()).filter(|about| about.proxy == Proxy::HOST);
        let signs = hosts.map(|about| about.signs.iter().copied().flatten());
        let wording = |sign: &Sign| if let Seen::Wording(wording) = sign.seen { Some(wording) } else { None };
        let held = |wording: &&str| Tree::default().add(wording);
        signs.map(|signs| signs.filter_map(wording).filter(held).collect()).collect()
    }

    /// A message that a wording is made for; `choices` stand for what it leaves open.
    fn message(way: &[Piece], choices: &[u8]) -> Vec<u8> {
        let mut choices = choices.iter().copied().cycle().map(usize::from);
        let mut some = |kind: &Kind, count| {
            let bytes: Vec<u8> = (0..=u8::MAX).filter(|byte| kind.has(*byte)).collect();
            choices.by_ref().take(count).map(|choice| bytes[choice % bytes.len()]).collect()
        };
        let each = way.iter().enumerate().map(|(at, piece)| match piece {
            Piece::Text(text) => text.clone(),
            Piece::One(kind) => some(kind, 1),
            Piece::Many(many) => some(&many.kind, many.least + at % 4),
            Piece::Start | Piece::End => Vec::new(),
        });
        each.flatten().collect()
    }

    proptest! {
        /// Messages as the wordings have them, with some bytes changed, and cut.
        #[test]
        fn tells_what_the_automaton_tells(
            wordings in prop::sample::select(tables()),
            [row, way, cut] in any::<[prop::sample::Index; 3]>(),
            choices in prop::collection::vec(any::<u8>(), 1..30),
            edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b" .:\n\"[]()/'01sx\xFF".to_vec())), 0..4),
            is_cut in prop::bool::weighted(0.2),
        ) {
            let ways = parsed(wordings[row.index(wordings.len())]).and_then(|wording| ways(&wording)).unwrap_or_default();
            let mut message = message(&ways[way.index(ways.len())], &choices);
            for (at, byte) in edits {
                let at = at.index(message.len());
                message[at] = byte;
            }
            message.truncate(if is_cut { cut.index(message.len()) } else { message.len() });
            prop_assert_eq!(tree(&wordings).fits(&message), set(&wordings).is_match(&message));
        }
    }
}
