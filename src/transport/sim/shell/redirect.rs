//! Descriptors, and the redirections that change them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use brush_parser::ast::{
    IoFileRedirectKind, IoFileRedirectTarget, IoHereDocument, IoRedirect, ProcessSubstitutionKind,
    SubshellCommand,
};

use super::super::files::{Actor, Errno, Node};
use super::super::process::Process;
use super::super::stream::{Fault, Halt, Pipe, SharedSink, SharedSource, Sink, Source, Text};
use super::Flow;
use super::open::{Writing, to_read, to_write};
use super::parse::Place;
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
    all: BTreeMap<i32, Descriptor<'a>>,
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

fn reading(source: SharedSource<'_>) -> Descriptor<'_> {
    Descriptor {
        source: Some(source),
        sink: None,
    }
}

fn writing(sink: SharedSink<'_>) -> Descriptor<'_> {
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

/// Why a redirection was not made.
enum Refused {
    /// What, and the kernel's reason.
    File(String, String),
    Stop(super::Stop),
}

impl From<super::Stop> for Refused {
    fn from(stop: super::Stop) -> Self {
        Self::Stop(stop)
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

    /// Runs `run` with `redirections` made; if one cannot be made, says why, with status 1.
    pub fn redirected<'r>(
        &mut self,
        redirections: impl IntoIterator<Item = &'r IoRedirect>,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow {
        let mut redirections = redirections.into_iter().peekable();
        if redirections.peek().is_none() {
            return run(self);
        }
        let kept = self.open.clone();
        let done = match self.redirect(redirections) {
            Ok(true) => run(self),
            Ok(false) => {
                self.status = 1;
                Ok(())
            }
            Err(stop) => Err(stop),
        };
        self.open = kept;
        self.connect();
        done
    }

    /// Makes `redirections`; whether all could be made. If not, it has said why.
    pub fn redirect<'r>(
        &mut self,
        redirections: impl IntoIterator<Item = &'r IoRedirect>,
    ) -> Flow<bool> {
        for redirection in redirections {
            match self.redirect_one(redirection) {
                Ok(()) => self.connect(),
                Err(Refused::Stop(stop)) => return Err(stop),
                Err(Refused::File(what, why)) => {
                    self.connect();
                    self.error(format!("{what}: {why}"))?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn redirect_one(&mut self, redirection: &IoRedirect) -> Result<(), Refused> {
        match redirection {
            IoRedirect::File(number, kind, target) => self.redirect_file(*number, kind, target),
            IoRedirect::HereDocument(number, document) => {
                let text = self.here_document(document)?;
                self.open
                    .all
                    .insert(number.unwrap_or(0), reading(Text::shared(text)));
                Ok(())
            }
            IoRedirect::HereString(number, word) => {
                let text = self.string(&word.value, Place::Word)? + "\n";
                self.open
                    .all
                    .insert(number.unwrap_or(0), reading(Text::shared(text)));
                Ok(())
            }
            IoRedirect::OutputAndError(word, append) => {
                let how = if *append {
                    Writing::Append
                } else {
                    Writing::Over
                };
                let name = self.file_name(&word.value)?;
                self.both_to(&name, how)
            }
        }
    }

    fn both_to(&mut self, name: &str, how: Writing) -> Result<(), Refused> {
        let sink = self.opened(name, |shell| shell.sink(name, how))?;
        self.open.all.insert(1, writing(sink.clone()));
        self.open.all.insert(2, writing(sink));
        Ok(())
    }

    fn redirect_file(
        &mut self,
        number: Option<i32>,
        kind: &IoFileRedirectKind,
        target: &IoFileRedirectTarget,
    ) -> Result<(), Refused> {
        use IoFileRedirectKind as K;
        let input = matches!(kind, K::Read | K::ReadAndWrite | K::DuplicateInput);
        let to = number.unwrap_or(i32::from(!input));
        let name = match target {
            IoFileRedirectTarget::Fd(from) => return self.duplicate(*from, to),
            IoFileRedirectTarget::ProcessSubstitution(kind, command) => {
                self.process_substitution(kind, command)?
            }
            IoFileRedirectTarget::Filename(word) => self.file_name(&word.value)?,
            IoFileRedirectTarget::Duplicate(word) => {
                let word = self.file_name(&word.value)?;
                return self.duplicate_word(number, to, input, &word);
            }
        };
        let how = match kind {
            K::Append => Writing::Append,
            K::ReadAndWrite => Writing::Keep,
            K::Write if self.options.no_clobber => Writing::New,
            _ => Writing::Over,
        };
        let descriptor = match kind {
            K::Read => reading(self.opened(&name, |shell| shell.file_source(&name))?),
            K::ReadAndWrite => {
                let sink = self.opened(&name, |shell| shell.sink(&name, how))?;
                let source = self.opened(&name, |shell| shell.file_source(&name))?;
                Descriptor {
                    source: Some(source),
                    sink: Some(sink),
                }
            }
            _ => writing(self.opened(&name, |shell| shell.sink(&name, how))?),
        };
        self.open.all.insert(to, descriptor);
        Ok(())
    }

    fn opened<T>(
        &mut self,
        name: &str,
        open: impl FnOnce(&Self) -> Result<T, Errno>,
    ) -> Result<T, Refused> {
        open(self).map_err(|errno| {
            let why = match errno {
                Errno::Exists => "cannot overwrite existing file".to_owned(),
                other => other.to_string(),
            };
            Refused::File(name.to_owned(), why)
        })
    }

    /// A descriptor that has a name of its own: `/dev/stdin`, `/dev/fd/3`.
    fn named(&self, name: &str) -> Option<Result<Descriptor<'a>, Errno>> {
        let number = match name {
            "/dev/stdin" => 0,
            "/dev/stdout" => 1,
            "/dev/stderr" => 2,
            _ => name.strip_prefix("/dev/fd/")?.parse().ok()?,
        };
        let open = self.open.all.get(&number).cloned();
        if open.is_none() && self.process.here().files.exists(name) {
            return None;
        }
        Some(open.ok_or(Errno::NoEntry))
    }

    fn file_source(&self, name: &str) -> Result<SharedSource<'a>, Errno> {
        match self.named(name) {
            Some(named) => named?.source.ok_or(Errno::Denied),
            None => to_read(&self.process, name),
        }
    }

    fn sink(&self, name: &str, how: Writing) -> Result<SharedSink<'a>, Errno> {
        match self.named(name) {
            Some(named) => named?.sink.ok_or(Errno::Denied),
            None => to_write(&self.process, name, how),
        }
    }

    /// `>&WORD` and `<&WORD`.
    fn duplicate_word(
        &mut self,
        number: Option<i32>,
        to: i32,
        input: bool,
        word: &str,
    ) -> Result<(), Refused> {
        if word == "-" {
            self.open.all.remove(&to);
            return Ok(());
        }
        let (digits, moved) = match word.strip_suffix('-') {
            Some(digits) => (digits, true),
            None => (word, false),
        };
        match digits.parse::<i32>() {
            Ok(from) => {
                self.duplicate(from, to)?;
                if moved && from != to {
                    self.open.all.remove(&from);
                }
                Ok(())
            }
            Err(_) if number.is_none() && !input && !word.is_empty() => {
                self.both_to(word, Writing::Over)
            }
            Err(_) => Err(Refused::File(
                word.to_owned(),
                "ambiguous redirect".to_owned(),
            )),
        }
    }

    fn duplicate(&mut self, from: i32, to: i32) -> Result<(), Refused> {
        match self.open.all.get(&from).cloned() {
            Some(descriptor) => {
                self.open.all.insert(to, descriptor);
                Ok(())
            }
            None => Err(Refused::File(
                from.to_string(),
                Errno::BadDescriptor.to_string(),
            )),
        }
    }

    fn file_name(&mut self, word: &str) -> Result<String, Refused> {
        let mut names = Vec::new();
        self.fields(word, &mut names)?;
        match names.pop() {
            Some(name) if names.is_empty() => Ok(name),
            _ => Err(Refused::File(
                word.to_owned(),
                "ambiguous redirect".to_owned(),
            )),
        }
    }

    fn here_document(&mut self, document: &IoHereDocument) -> Flow<String> {
        let text = &document.doc.value;
        if !document.requires_expansion {
            return Ok(text.clone());
        }
        self.string(&join_lines(text), Place::Quoted)
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

/// `text` without the backslashes before its line ends, and those line ends.
fn join_lines(text: &str) -> String {
    if !text.contains("\\\n") {
        return text.to_owned();
    }
    let (mut joined, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        if c != '\\' {
            joined.push(c);
            continue;
        }
        match rest.next() {
            Some('\n') => {}
            next => {
                joined.push(c);
                joined.extend(next);
            }
        }
    }
    joined
}
