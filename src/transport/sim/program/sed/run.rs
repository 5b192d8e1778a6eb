//! What a script does with lines.

use regex::bytes::{Match, Regex};

use super::lines::Lines;
use super::script::{Address, Piece, Script, Substitution, Until, What};
use crate::transport::sim::process::Process;
use crate::transport::sim::program::access::content;
use crate::transport::sim::stream::Halt;

/// A range that has begun, and where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    Out,
    /// Up to the line that the second address says.
    In,
    /// Up to this line.
    To(usize),
}

/// A script at work.
pub(super) struct Machine<'m, 'a> {
    process: &'m Process<'a>,
    script: &'m Script,
    quiet: bool,
    separate: bool,
    /// What was printed.
    pub out: Vec<u8>,
    /// The status, if the script quit.
    pub status: Option<u8>,
    /// Whether the last line printed has no end yet.
    unended: bool,
    ranges: Vec<Range>,
    hold: Vec<u8>,
    number: usize,
}

/// How a cycle ends.
enum Cycle {
    Next,
    /// Without reading a line.
    Again,
    Quit,
}

impl<'m, 'a> Machine<'m, 'a> {
    pub(super) fn new(
        process: &'m Process<'a>,
        script: &'m Script,
        quiet: bool,
        separate: bool,
    ) -> Self {
        Self {
            process,
            script,
            quiet,
            separate,
            out: Vec::new(),
            status: None,
            unended: false,
            ranges: vec![Range::Out; script.commands.len()],
            hold: Vec::new(),
            number: 0,
        }
    }

    /// Runs the script on the lines of `files`.
    pub(super) fn feed(&mut self, files: &[&[u8]]) -> Result<(), Halt> {
        let mut lines = Lines::new(files);
        if self.separate {
            self.number = 0;
            self.unended = false;
        }
        let mut last_regex: Option<&Regex> = None;
        let mut space: Vec<u8> = Vec::new();
        let mut again = false;
        loop {
            if !again {
                let Some(line) = lines.take() else {
                    return Ok(());
                };
                self.number += 1;
                space = line.to_vec();
            }
            let mut after: Vec<u8> = Vec::new();
            let end = self.cycle(&mut space, &mut lines, &mut after, &mut last_regex)?;
            self.append(&after);
            match end {
                Cycle::Next => again = false,
                Cycle::Again => again = true,
                Cycle::Quit => return Ok(()),
            }
        }
    }

    fn print(&mut self, line: &[u8], ended: bool) {
        if self.unended {
            self.out.push(b'\n');
        }
        self.out.extend_from_slice(line);
        self.unended = !ended;
        if ended {
            self.out.push(b'\n');
        }
    }

    fn append(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.unended) {
            self.out.push(b'\n');
        }
        self.out.extend_from_slice(text);
    }

    /// Whether the address holds for the line.
    fn at(
        &self,
        address: &'m Address,
        space: &[u8],
        lines: &Lines<'_>,
        last: &mut Option<&'m Regex>,
    ) -> bool {
        match address {
            Address::Line(number) => self.number == *number,
            Address::Last => lines.is_last(),
            Address::Step(first, 0) => self.number == *first,
            Address::Step(first, step) => {
                self.number >= *first && (self.number - first).is_multiple_of(*step)
            }
            Address::Match(regex) => {
                *last = regex.as_deref().or(*last);
                last.is_some_and(|regex| regex.is_match(space))
            }
        }
    }

    /// Whether the command `at` is for the line.
    fn selected(
        &mut self,
        at: usize,
        space: &[u8],
        lines: &Lines<'_>,
        last: &mut Option<&'m Regex>,
    ) -> bool {
        let command = &self.script.commands[at];
        let Some(from) = &command.from else {
            return true;
        };
        let Some(to) = &command.to else {
            return self.at(from, space, lines, last);
        };
        let ends = |machine: &Self, range: Range, last: &mut Option<&'m Regex>| match (range, to) {
            (Range::To(number), _) => machine.number >= number,
            (_, Until::Address(Address::Line(number))) => machine.number >= *number,
            (_, Until::Address(address)) => machine.at(address, space, lines, last),
            _ => true,
        };
        match self.ranges[at] {
            Range::Out => {
                // With `0,/x/` the range may end on the very first line.
                let early = matches!(from, Address::Line(0)) && self.number == 1;
                if !early && !self.at(from, space, lines, last) {
                    return false;
                }
                let range = match to {
                    Until::More(count) => Range::To(self.number + count),
                    Until::Multiple(0) => Range::To(self.number),
                    Until::Multiple(step) => Range::To(self.number.next_multiple_of(*step)),
                    Until::Address(_) => Range::In,
                };
                let at_once = match (range, to) {
                    (Range::To(number), _) => self.number >= number,
                    (_, Until::Address(Address::Line(number))) => self.number >= *number,
                    (_, Until::Address(Address::Last)) => lines.is_last(),
                    _ => early && ends(self, range, last),
                };
                self.ranges[at] = if at_once { Range::Out } else { range };
                true
            }
            range => {
                if let (_, Until::Address(Address::Line(number))) = (range, to)
                    && self.number > *number
                {
                    self.ranges[at] = Range::Out;
                    return false;
                }
                if ends(self, range, last) {
                    self.ranges[at] = Range::Out;
                }
                true
            }
        }
    }

    fn cycle(
        &mut self,
        space: &mut Vec<u8>,
        lines: &mut Lines<'_>,
        after: &mut Vec<u8>,
        last: &mut Option<&'m Regex>,
    ) -> Result<Cycle, Halt> {
        let script = self.script;
        let ended = |lines: &Lines<'_>| lines.ended || !lines.is_last();
        let (mut at, mut substituted) = (0, false);
        while let Some(command) = script.commands.get(at) {
            let selected = self.selected(at, space, lines, last) != command.negated;
            at += 1;
            if !selected {
                if let What::Open(close) = command.what {
                    at = close;
                }
                continue;
            }
            match &command.what {
                What::Open(_) | What::Close | What::Label => {}
                What::Number => {
                    let text = self.number.to_string();
                    self.print(text.as_bytes(), true);
                }
                What::Append(text) => after.extend_from_slice(text),
                What::Insert(text) => self.append(text),
                What::Change(text) => {
                    // Of a range, once: at its end.
                    if command.to.is_none() || command.negated || self.ranges[at - 1] == Range::Out
                    {
                        self.append(text);
                    }
                    return Ok(Cycle::Next);
                }
                What::Delete => return Ok(Cycle::Next),
                What::DeleteFirst => match space.iter().position(|byte| *byte == b'\n') {
                    Some(end) => {
                        space.drain(..=end);
                        return Ok(Cycle::Again);
                    }
                    None => return Ok(Cycle::Next),
                },
                What::Print => self.print(space, ended(lines)),
                What::PrintFirst => {
                    let first = space
                        .split(|byte| *byte == b'\n')
                        .next()
                        .unwrap_or_default()
                        .to_vec();
                    self.print(&first, true);
                }
                What::Quit(status) => {
                    if !self.quiet {
                        self.print(space, ended(lines));
                    }
                    self.status = Some(*status);
                    return Ok(Cycle::Quit);
                }
                What::QuitQuietly(status) => {
                    self.status = Some(*status);
                    return Ok(Cycle::Quit);
                }
                What::Next => {
                    if lines.is_last() {
                        // GNU's prints the line before it ends.
                        break;
                    }
                    if !self.quiet {
                        self.print(space, ended(lines));
                    }
                    self.append(&std::mem::take(after));
                    if let Some(line) = lines.take() {
                        self.number += 1;
                        *space = line.to_vec();
                    }
                }
                What::NextToo => {
                    let Some(line) = lines.take() else {
                        break;
                    };
                    self.append(&std::mem::take(after));
                    self.number += 1;
                    space.push(b'\n');
                    space.extend_from_slice(line);
                }
                What::Hold => self.hold.clone_from(space),
                What::HoldToo => {
                    self.hold.push(b'\n');
                    self.hold.extend_from_slice(space);
                }
                What::Get => space.clone_from(&self.hold),
                What::GetToo => {
                    space.push(b'\n');
                    space.extend_from_slice(&self.hold);
                }
                What::Exchange => std::mem::swap(space, &mut self.hold),
                What::Read(path) => {
                    if let Ok(text) = content(self.process, path) {
                        after.extend_from_slice(&text);
                    }
                }
                What::Substitute(how) => {
                    *last = how.regex.as_deref().or(*last);
                    if let Some(regex) = *last
                        && let Some(new) = substitute(regex, how, space)
                    {
                        *space = new;
                        substituted = true;
                        if how.print {
                            self.print(space, ended(lines));
                        }
                    }
                }
                What::Translate(pairs) => {
                    let text = String::from_utf8_lossy(space);
                    let each = |c: char| {
                        pairs
                            .iter()
                            .find(|(from, _)| *from == c)
                            .map_or(c, |(_, to)| *to)
                    };
                    *space = text.chars().map(each).collect::<String>().into_bytes();
                }
                What::Branch(to) => at = *to,
                What::BranchIf(to) => {
                    if std::mem::take(&mut substituted) {
                        at = *to;
                    }
                }
                What::BranchUnless(to) => {
                    if !std::mem::take(&mut substituted) {
                        at = *to;
                    }
                }
            }
        }
        if !self.quiet {
            self.print(space, ended(lines));
        }
        Ok(Cycle::Next)
    }
}

/// `space` with what matches replaced; nothing if nothing does.
fn substitute<'s>(regex: &Regex, how: &Substitution, space: &'s [u8]) -> Option<Vec<u8>> {
    let (skipped, most) = (
        how.nth.saturating_sub(1),
        if how.all { usize::MAX } else { 1 },
    );
    let (mut out, mut copied) = (Vec::new(), None);
    let mut put = |whole: Match<'s>, group: &dyn Fn(usize) -> &'s [u8]| {
        out.extend_from_slice(&space[copied.unwrap_or(0)..whole.start()]);
        for piece in &how.with {
            out.extend_from_slice(match piece {
                Piece::Text(text) => text,
                Piece::Group(0) => whole.as_bytes(),
                Piece::Group(number) => group(*number),
            });
        }
        copied = Some(whole.end());
    };
    // Groups cost more to find than where the whole begins and ends.
    let grouped = |piece: &Piece| matches!(piece, Piece::Group(number) if *number > 0);
    if how.with.iter().any(grouped) {
        for found in regex.captures_iter(space).skip(skipped).take(most) {
            let group = |number| found.get(number).map_or(&b""[..], |group| group.as_bytes());
            put(found.get(0)?, &group);
        }
    } else {
        for whole in regex.find_iter(space).skip(skipped).take(most) {
            put(whole, &|_| b"");
        }
    }
    out.extend_from_slice(&space[copied?..]);
    Some(out)
}
