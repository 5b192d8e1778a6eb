//! `rm` and `rmdir`.

use super::copy::join_shown;
use crate::transport::sim::files::{Errno, split, within};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{Facts, facts, names, passable, quoted};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("rm", rm), ("rmdir", rmdir), ("unlink", unlink)];

/// What to say of what is removed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Say {
    Nothing,
    Each,
}

/// Removes for one program.
pub(super) struct Remover<'p, 'a> {
    pub process: &'p Process<'a>,
    pub name: &'p str,
    pub say: Say,
    pub one_system: bool,
    pub recursive: bool,
    pub force: bool,
}

fn rm(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "r/recursive R f/force v/verbose d/dir one-file-system preserve-root no-preserve-root";
    let options = Options::parse(process, table, argv)?;
    if options.words.is_empty() {
        if options.has("f") {
            return Ok(0);
        }
        return Err(usage(process, options.name, "missing operand"));
    }
    let name = options.name;
    let remover = Remover {
        process,
        name,
        say: if options.has("v") {
            Say::Each
        } else {
            Say::Nothing
        },
        one_system: options.has("one-file-system"),
        recursive: options.has("r") || options.has("R"),
        force: options.has("f"),
    };
    let mut status = 0;
    for word in &options.words {
        let shown = quoted(process, word);
        let last = word.trim_end_matches('/').rsplit('/').next();
        if matches!(last, Some("." | "..")) && remover.recursive {
            let text = format!(
                "refusing to remove {} or {} directory: skipping {shown}",
                quoted(process, "."),
                quoted(process, "..")
            );
            status = process.fail(1, format_args!("{name}: {text}"))?;
            continue;
        }
        let real = facts(process, word, word.ends_with('/')).map(|facts| facts.real);
        if remover.recursive && real.as_deref() == Ok("/") && !options.has("no-preserve-root") {
            let same = if *word == "/" {
                String::new()
            } else {
                format!(" (same as {})", quoted(process, "/"))
            };
            process.complain(format!(
                "{name}: it is dangerous to operate recursively on {shown}{same}\n"
            ))?;
            status = process.fail(
                1,
                format_args!("{name}: use --no-preserve-root to override this failsafe"),
            )?;
            continue;
        }
        let bare = word.trim_end_matches('/');
        if word.ends_with('/') && facts(process, bare, false).is_ok_and(|facts| facts.is_link()) {
            status = process.fail(
                1,
                format_args!("{name}: cannot remove {shown}: {}", Errno::NotDirectory),
            )?;
            continue;
        }
        let empty =
            options.has("d") && facts(process, word, false).is_ok_and(|facts| facts.is_directory());
        let done = if empty && !remover.recursive {
            let done = remove_one(process, word);
            remover.report(word, done)?
        } else {
            remover.remove(word)?
        };
        if !done {
            status = 1;
        }
    }
    Ok(status)
}

/// Removes one file or empty directory.
fn remove_one(process: &Process<'_>, path: &str) -> Result<(), Errno> {
    let (path, by) = (process.path(path), process.actor());
    let mut here = process.here();
    let real = here.files.real(&path, false)?;
    passable(&here.files, &real, &by)?;
    if &*by.user != "root" {
        // In a sticky directory only the owner removes.
        let (above, node) = (here.files.get(split(&real).0)?, here.files.get(&real)?);
        if above.mode & 0o1000 != 0 && node.owner != by.user && above.owner != by.user {
            return Err(Errno::NotPermitted);
        }
    }
    here.files.remove(&real, &by)
}

impl Remover<'_, '_> {
    /// Removes `path`; false if something was refused.
    pub(super) fn remove(&self, path: &str) -> Result<bool, Halt> {
        match facts(self.process, path, false) {
            Ok(facts) => self.tree(path, &facts, &facts.real),
            Err(Errno::NoEntry | Errno::NotDirectory) if self.force => Ok(true),
            Err(errno) => self.report(path, Err(errno)),
        }
    }

    fn tree(&self, path: &str, found: &Facts, top: &str) -> Result<bool, Halt> {
        let process = self.process;
        if !found.is_directory() {
            let done = remove_one(process, path);
            return self.report(path, done);
        }
        if !self.recursive {
            return self.report(path, Err(Errno::IsDirectory));
        }
        {
            let by = process.actor();
            let mut here = process.here();
            if self.one_system
                && here.files.mount_of(&found.real).path != here.files.mount_of(top).path
            {
                drop(here);
                let path = quoted(process, path);
                process.complain(format!(
                    "{}: skipping {path}, since it's on a different device\n",
                    self.name
                ))?;
                return Ok(false);
            }
            let plain = !here
                .files
                .mounts()
                .iter()
                .any(|mount| within(&mount.path, &found.real));
            if plain && process.is_root() && self.say == Say::Nothing {
                let done = here.files.remove_all(&found.real, &by);
                drop(here);
                return self.report(path, done);
            }
        }
        let names = match names(process, path) {
            Ok(names) => names,
            Err(errno) => return self.report(path, Err(errno)),
        };
        let mut all = true;
        for name in names {
            let below = join_shown(path, &name);
            if let Ok(found) = facts(process, &below, false) {
                all &= self.tree(&below, &found, top)?;
            }
        }
        if !all {
            return Ok(false);
        }
        let done = remove_one(process, path);
        self.report(path, done)
    }

    fn report(&self, path: &str, done: Result<(), Errno>) -> Result<bool, Halt> {
        let (process, shown) = (self.process, quoted(self.process, path));
        match done {
            Ok(()) => {
                if self.say == Say::Each {
                    process.line(format_args!("removed {shown}"))?;
                }
                Ok(true)
            }
            Err(errno) => {
                process.complain(format!("{}: cannot remove {shown}: {errno}\n", self.name))?;
                Ok(false)
            }
        }
    }
}

fn rmdir(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "p/parents ignore-fail-on-non-empty v/verbose",
        argv,
    )?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let mut status = 0;
    for word in &options.words {
        let mut path = word.trim_end_matches('/');
        loop {
            let shown = quoted(process, path);
            if options.has("v") {
                process.line(format_args!(
                    "{}: removing directory, {shown}",
                    options.name
                ))?;
            }
            let done = match facts(process, path, false) {
                Ok(facts) if !facts.is_directory() => Err(Errno::NotDirectory),
                Ok(_) => remove_one(process, path),
                Err(errno) => Err(errno),
            };
            match done {
                Ok(()) => {}
                Err(Errno::NotEmpty) if options.has("ignore-fail-on-non-empty") => break,
                Err(errno) => {
                    let what = if path.len() < word.trim_end_matches('/').len() {
                        "directory "
                    } else {
                        ""
                    };
                    let text = format!("{}: failed to remove {what}{shown}: {errno}", options.name);
                    status = process.fail(1, text)?;
                    break;
                }
            }
            match path.rsplit_once('/') {
                Some((above, _)) if options.has("p") && !above.is_empty() => path = above,
                _ => break,
            }
        }
    }
    Ok(status)
}

fn unlink(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let [path] = options.words[..] else {
        return Err(usage(process, options.name, "missing operand"));
    };
    let done = match facts(process, path, false) {
        Ok(facts) if facts.is_directory() => Err(Errno::IsDirectory),
        Ok(_) => remove_one(process, path),
        Err(errno) => Err(errno),
    };
    match done {
        Ok(()) => Ok(0),
        Err(errno) => {
            let path = quoted(process, path);
            process.fail(
                1,
                format_args!("{}: cannot unlink {path}: {errno}", options.name),
            )
        }
    }
}
