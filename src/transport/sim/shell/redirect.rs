//! Redirections.

use brush_parser::ast::{IoFileRedirectKind, IoFileRedirectTarget, IoHereDocument, IoRedirect};

use super::super::files::Errno;
use super::super::stream::{SharedSink, SharedSource, Text};
use super::Flow;
use super::descriptor::{Descriptor, reading, writing};
use super::open::{Writing, to_read, to_write};
use super::parse::Place;
use super::state::Shell;

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
    /// Runs `run` with `redirections` made; if one cannot be made, says why, with status 1. Whether
    /// all were made.
    pub fn redirected<'r>(
        &mut self,
        redirections: impl IntoIterator<Item = &'r IoRedirect>,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow<bool> {
        let mut redirections = redirections.into_iter().peekable();
        if redirections.peek().is_none() {
            return run(self).map(|()| true);
        }
        let kept = self.open.clone();
        let done = match self.redirect(redirections) {
            Ok(true) => run(self).map(|()| true),
            Ok(false) => {
                self.status = 1;
                Ok(false)
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
