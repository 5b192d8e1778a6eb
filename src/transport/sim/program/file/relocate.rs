//! `mv`.

use super::copier::{Copier, Manner};
use super::copy::{inside, sources};
use super::remove::{Remover, Say};
use crate::transport::sim::files::{Actor, Errno, Kind, Name};
use crate::transport::sim::machine::Machine;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{facts, passable, quoted};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("mv", mv)];

fn mv(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "f/force n/no-clobber T/no-target-directory t:/target-directory v/verbose";
    let options = Options::parse(process, table, argv)?;
    let (sources, target) = sources(process, &options)?;
    let into = !options.has("T")
        && (options.has("t")
            || facts(process, target, true).is_ok_and(|facts| facts.is_directory()));
    let mut status = 0;
    for source in sources {
        let to = if into {
            inside(target, source)
        } else {
            target.to_owned()
        };
        if !one(process, &options, source, &to)? {
            status = 1;
        }
    }
    Ok(status)
}

/// Moves `from` to `to`; false if it was refused.
fn one(process: &Process<'_>, options: &Options<'_>, from: &str, to: &str) -> Result<bool, Halt> {
    let no = |text: std::fmt::Arguments<'_>| -> Result<bool, Halt> {
        process.complain(format!("{}: {text}\n", options.name))?;
        Ok(false)
    };
    let (one, two) = (quoted(process, from), quoted(process, to));
    let source = match facts(process, from.trim_end_matches('/'), false) {
        Ok(source) => source,
        Err(errno) => return no(format_args!("cannot stat {one}: {errno}")),
    };
    if let Ok(there) = facts(process, to, false) {
        if there.real == source.real {
            return no(format_args!("{one} and {two} are the same file"));
        }
        if options.last_of(&["f", "n"]) == Some("n") {
            return Ok(true);
        }
        match (source.is_directory(), there.is_directory()) {
            (false, true) => {
                return no(format_args!(
                    "cannot overwrite directory {two} with non-directory"
                ));
            }
            (true, false) => {
                return no(format_args!(
                    "cannot overwrite non-directory {two} with directory {one}"
                ));
            }
            _ => {}
        }
    }
    let (path, by) = (process.path(to), process.actor());
    let done = {
        let mut here = process.here();
        let real = here.files.real(&path, false);
        real.and_then(|real| {
            passable(&here.files, &real, &by)?;
            here.files.rename(&source.real, &real, &by)?;
            keep_labels(&mut here, &source.real, &real);
            Ok(())
        })
    };
    match done {
        Ok(()) => {
            if options.has("v") {
                process.line(format_args!("{one} -> {two}"))?;
            }
            Ok(true)
        }
        Err(Errno::CrossDevice) => {
            if let Ok(there) = facts(process, to, false)
                && !there.is_directory()
            {
                let removed = process.here().files.remove(&there.real, &by);
                if let Err(errno) = removed {
                    return no(format_args!(
                        "inter-device move failed: {one} to {two}; unable to remove target: {errno}"
                    ));
                }
            }
            let manner = Manner {
                verbose: options.has("v"),
                ..Manner::archive()
            };
            let copier = Copier {
                process,
                manner,
                name: options.name,
            };
            if !copier.copy(from, to, true)? {
                return Ok(false);
            }
            let remover = Remover {
                process,
                name: options.name,
                say: Say::Nothing,
                one_system: false,
                recursive: true,
                force: true,
            };
            remover.remove(from)
        }
        Err(Errno::Invalid) => no(format_args!(
            "cannot move {one} to a subdirectory of itself, {two}"
        )),
        Err(errno) => no(format_args!("cannot move {one} to {two}: {errno}")),
    }
}

/// A file that moves takes its label along, whatever the policy has for its new place.
fn keep_labels(machine: &mut Machine, from: &str, to: &str) {
    if !machine.selinux.is_on() {
        return;
    }
    /// Pins what was by the policy of the old path, where that of the new one is another.
    fn pin(machine: &mut Machine, from: &str, to: &str) {
        let (old, new) = (machine.policy_label(from), machine.policy_label(to));
        let now = machine
            .files
            .get(to)
            .map(|node| node.changed)
            .unwrap_or_default();
        let by = Actor::root(now);
        // A label is changed where there is something: it was moved there just now.
        let _ = machine
            .files
            .alter(to, false, &by, |node| match &node.context {
                None if old != new => node.context = old,
                Some(own) if Some(own) == new.as_ref() => node.context = None,
                _ => {}
            });
        let below: Vec<Name> = match machine.files.get(to).map(|node| &node.kind) {
            Ok(Kind::Directory(entries)) => entries.keys().cloned().collect(),
            _ => return,
        };
        for name in below {
            pin(machine, &format!("{from}/{name}"), &format!("{to}/{name}"));
        }
    }
    pin(machine, from, to);
}
