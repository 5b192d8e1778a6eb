//! What an expression says of a file, and what it does with it.

use super::expression::Node;
use super::{Onward, Walk, print};
use crate::transport::sim::files::{Actor, Errno, split};
use crate::transport::sim::program::access::{Facts, Is, passable, quoted};
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// The file that is judged, and what was decided.
pub(super) struct Seen<'s> {
    pub path: &'s str,
    pub start: &'s str,
    pub depth: usize,
    pub found: &'s Facts,
    pub onward: Onward,
    pub pruned: bool,
}

impl Seen<'_> {
    pub(super) fn name(&self) -> &str {
        let name = split(self.path).1;
        if name.is_empty() { self.path } else { name }
    }
}

impl Walk<'_, '_> {
    /// Whether `node` holds for the file; actions are done on the way.
    pub(super) fn holds(&mut self, node: &Node, seen: &mut Seen<'_>) -> Result<bool, Halt> {
        let found = seen.found;
        Ok(match node {
            Node::And(left, right) => {
                self.holds(left, seen)? && seen.onward == Onward::Yes && self.holds(right, seen)?
            }
            Node::Or(left, right) => {
                self.holds(left, seen)? || seen.onward == Onward::Yes && self.holds(right, seen)?
            }
            Node::Comma(left, right) => {
                self.holds(left, seen)?;
                seen.onward == Onward::Yes && self.holds(right, seen)?
            }
            Node::Not(inner) => !self.holds(inner, seen)?,
            Node::True => true,
            Node::False => false,
            Node::Type(letters) => {
                let letter = match found.is {
                    Is::File => 'f',
                    _ => found.letter(),
                };
                letters.contains(letter)
            }
            Node::Name(pattern, false) => pattern.matches(seen.name()),
            Node::Name(pattern, true) => pattern.matches(&seen.name().to_lowercase()),
            Node::Path(pattern, false) => pattern.matches(seen.path),
            Node::Path(pattern, true) => pattern.matches(&seen.path.to_lowercase()),
            Node::LinkName(pattern) => match &found.is {
                Is::Link(target) => pattern.matches(target),
                _ => false,
            },
            Node::User(name) => found.owner == *name,
            Node::Group(name) => found.group == *name,
            Node::NoUser => Accounts::of(self.process).user(&found.owner).is_none(),
            Node::NoGroup => Accounts::of(self.process).group(&found.group).is_none(),
            Node::Newer(time) => found.modified > *time,
            Node::Age {
                changed,
                unit,
                count,
            } => {
                let time = if *changed {
                    found.changed
                } else {
                    found.modified
                };
                let seconds = self.plan.now.saturating_sub(time).as_secs();
                // Days are counted as whole ones, minutes are rounded up.
                let age = if *unit == 60 {
                    seconds.div_ceil(60)
                } else {
                    seconds / unit
                };
                count.holds(age)
            }
            Node::Size { unit, count } => count.holds(found.size.div_ceil(*unit)),
            Node::Mode { bits, how } => match how {
                '-' => found.mode & bits == *bits,
                '/' => *bits == 0 || found.mode & bits != 0,
                _ => found.mode == *bits,
            },
            Node::Links(count) => count.holds(found.links() as u64),
            Node::Empty => found.empty,
            Node::May(what) => {
                let by = self.process.actor();
                may(&by, found, *what)
            }
            Node::Print(end) => {
                self.out.extend_from_slice(seen.path.as_bytes());
                self.out.push(*end as u8);
                true
            }
            Node::PrintFormat(format) => {
                let text = print::filled(self.process, format, seen)?;
                self.out.extend_from_slice(text.as_bytes());
                true
            }
            Node::Ls => return self.process.unmodelled("find -ls"),
            Node::Prune => {
                seen.pruned = true;
                true
            }
            Node::Quit => {
                seen.onward = Onward::Stop;
                true
            }
            Node::Delete => self.delete(seen)?,
            Node::Exec(words) => {
                let argv: Vec<String> = words
                    .iter()
                    .map(|word| word.replace("{}", seen.path))
                    .collect();
                self.flush()?;
                self.run(&argv)? == 0
            }
            Node::Batch(at) => {
                self.waiting[*at].push(seen.path.to_owned());
                self.run_batches(false)?;
                true
            }
        })
    }

    fn delete(&mut self, seen: &Seen<'_>) -> Result<bool, Halt> {
        if seen.path == "." {
            return Ok(true);
        }
        let by = self.process.actor();
        let done = {
            let mut here = self.process.here();
            let real = &seen.found.real;
            passable(&here.files, real, &by).and_then(|()| here.files.remove(real, &by))
        };
        match done {
            Ok(()) | Err(Errno::NoEntry) => Ok(true),
            Err(errno) => {
                self.flush()?;
                let path = quoted(self.process, seen.path);
                self.status = self
                    .process
                    .fail(1, format_args!("find: cannot delete {path}: {errno}"))?;
                Ok(false)
            }
        }
    }
}

/// Whether `by` may do `what` with a file of these facts.
fn may(by: &Actor, found: &Facts, what: u16) -> bool {
    if &*by.user == "root" {
        return what != 1 || found.is_directory() || found.mode & 0o111 != 0;
    }
    let shift = if found.owner == by.user {
        6
    } else if found.group == by.group {
        3
    } else {
        0
    };
    found.mode >> shift & what == what
}
