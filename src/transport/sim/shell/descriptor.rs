//! Descriptors: what is open, and the streams that programs get of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use brush_parser::ast::{ProcessSubstitutionKind, SubshellCommand};

use super::super::files::{Actor, Errno, Node};
use super::super::process::Process;
use super::super::stream::{Fault, Halt, Pipe, SharedSink, SharedSource, Sink, Source};
use super::Flow;
use super::state::Shell;

/// An open descriptor: either side may be missing.
#[derive(Clone, Default)]
pub(super) struct Descriptor<'a> {
    pub source: Option<SharedSource<'a>>,
    pub sink: Option<SharedSink<'a>>,
}

/// All open descriptors.
#[derive(Clone, Default)]
pub(super) struct Descriptors<'a> {
    pub all: BTreeMap<i32, Descriptor<'a>>,
}

impl<'a> Descriptors<'a> {
    pub fn of(process: &Process<'a>) -> Self {
        let mut open = Self::default();
        open.all.insert(0, reading(process.input.clone()));
        open.all.insert(1, writing(process.output.clone()));
        open.all.insert(2, writing(process.errors.clone()));
        open
    }
}

pub(super) fn reading(source: SharedSource<'_>) -> Descriptor<'_> {
    Descriptor {
        source: Some(source),
        sink: None,
    }
}

pub(super) fn writing(sink: SharedSink<'_>) -> Descriptor<'_> {
    Descriptor {
        source: None,
        sink: Some(sink),
    }
}

/// What stands where a descriptor is closed.
struct Closed;

impl Source for Closed {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Halt> {
        Err(Halt::Unmodelled("`reading a closed descriptor`".to_owned()))
    }
}

impl Sink for Closed {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.is_empty() {
            return Ok(());
        }
        Err(Fault::Refused(Errno::BadDescriptor))
    }
}

impl<'a> Shell<'a> {
    /// Puts the open descriptors where programs look for them.
    pub fn connect(&mut self) {
        let all = &self.open.all;
        let sink = |number| -> SharedSink<'a> {
            let sink = all.get(&number).and_then(|one| one.sink.clone());
            sink.unwrap_or_else(|| Rc::new(RefCell::new(Closed)))
        };
        let source = all.get(&0).and_then(|one| one.source.clone());
        self.process.input = source.unwrap_or_else(|| Rc::new(RefCell::new(Closed)));
        self.process.output = sink(1);
        self.process.errors = sink(2);
    }

    /// The source that `read -u` reads.
    pub fn source(&self, number: i32) -> Option<SharedSource<'a>> {
        self.open.all.get(&number)?.source.clone()
    }

    pub fn read_from(&mut self, source: SharedSource<'a>) {
        self.open.all.insert(0, reading(source));
        self.connect();
    }

    pub fn write_to(&mut self, sink: SharedSink<'a>) {
        self.open.all.insert(1, writing(sink));
        self.connect();
    }

    /// Runs `run` in a subshell whose output goes to `output`.
    pub fn capture(
        &mut self,
        output: &mut Vec<u8>,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow<u8> {
        let pipe = Rc::new(RefCell::new(Pipe::default()));
        let sink: SharedSink<'a> = pipe.clone();
        let status = self.subshell(|child| {
            child.write_to(sink);
            run(child)
        })?;
        *output = pipe.borrow_mut().take();
        self.die_if_doomed()?;
        Ok(status)
    }

    /// The path of a file that holds what `command` printed.
    pub fn process_substitution(
        &mut self,
        kind: &ProcessSubstitutionKind,
        command: &SubshellCommand,
    ) -> Flow<String> {
        if matches!(kind, ProcessSubstitutionKind::Write) {
            return Ok(self.process.unmodelled(">(...)")?);
        }
        if self.options.posix {
            self.error("syntax error near unexpected token `('")?;
            self.status = 2;
            return Err(super::Stop::Exit);
        }
        let mut output = Vec::new();
        self.capture(&mut output, |child| child.list(&command.list))?;
        let now = self.process.now();
        let mut here = self.process.here();
        let path = (3..=63)
            .rev()
            .map(|number| format!("/dev/fd/{number}"))
            .find(|path| !here.files.exists(path))
            .unwrap_or_else(|| "/dev/fd/63".to_owned());
        here.lay(&path, Node::file(output, now), &Actor::root(now));
        drop(here);
        self.substitutions.push(path.clone());
        Ok(path)
    }

    /// Takes away what [`Shell::process_substitution`] laid down since there were `count`.
    pub fn forget_substitutions(&mut self, count: usize) {
        if self.substitutions.len() == count {
            return;
        }
        let by = Actor::root(self.process.now());
        let mut here = self.process.here();
        for path in self.substitutions.drain(count..) {
            // It may have been removed by the command itself.
            let _ = here.files.remove(&path, &by);
        }
    }
}
