//! `chmod`, `chown` and `chgrp`.

use super::copy::join_shown;
use super::mode;
use crate::transport::sim::files::{Errno, Name, Node};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{Facts, facts, names, passable, quoted};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("chmod", chmod), ("chown", chown), ("chgrp", chgrp)];

/// Runs `each` on `path`, and on all below it if `recursive`; false if something was refused.
pub(in crate::transport::sim::program) fn over(
    process: &Process<'_>,
    name: &str,
    path: &str,
    (recursive, follow, quiet): (bool, bool, bool),
    each: &mut dyn FnMut(&str, &Facts) -> Result<bool, Halt>,
) -> Result<bool, Halt> {
    let found = match facts(process, path, follow) {
        Ok(found) => found,
        Err(errno) => {
            if !quiet {
                let what = match facts(process, path, false) {
                    Ok(_) => "cannot dereference",
                    Err(_) => "cannot access",
                };
                let path = quoted(process, path);
                process.complain(format!("{name}: {what} {path}: {errno}\n"))?;
            }
            return Ok(false);
        }
    };
    let mut all = each(path, &found)?;
    if recursive && found.is_directory() {
        match names(process, path) {
            Ok(names) => {
                for below in names {
                    let below = join_shown(path, &below);
                    all &= over(process, name, &below, (true, false, quiet), each)?;
                }
            }
            Err(errno) => {
                let path = quoted(process, path);
                process.complain(format!("{name}: cannot read directory {path}: {errno}\n"))?;
                all = false;
            }
        }
    }
    Ok(all)
}

/// Changes the node at a real path.
pub(in crate::transport::sim::program) fn alter(
    process: &Process<'_>,
    real: &str,
    change: impl FnOnce(&mut Node),
) -> Result<(), Errno> {
    let by = process.actor();
    let mut here = process.here();
    passable(&here.files, real, &by)?;
    here.files.alter(real, false, &by, change)
}

fn chmod(process: &mut Process<'_>, argv: &[String]) -> Ended {
    // A mode such as `-w` is no option.
    let is_mode = |word: &String| {
        word.len() > 1
            && word.starts_with('-')
            && word[1..].chars().all(|c| "rwxXst,+=-ugo".contains(c))
            && !word.starts_with("--")
    };
    let at = argv.iter().skip(1).position(is_mode).map(|at| at + 1);
    let words: Vec<String> = match at {
        Some(at) => {
            let mut words = argv.to_vec();
            let mode = words.remove(at);
            words.insert(1, "--reference-mode".to_owned());
            words.insert(2, mode);
            words
        }
        None => argv.to_vec(),
    };
    let table =
        "R/recursive v/verbose c/changes f/silent/quiet reference: reference-mode: preserve-root";
    let options = Options::parse(process, table, &words)?;
    let mut files = options.words.clone();
    let wanted = match (options.value("reference"), options.value("reference-mode")) {
        (Some(path), _) => match facts(process, path, true) {
            Ok(facts) => format!("{:05o}", facts.mode),
            Err(errno) => {
                let path = quoted(process, path);
                return process.fail(
                    1,
                    format_args!(
                        "{}: failed to get attributes of {path}: {errno}",
                        options.name
                    ),
                );
            }
        },
        (None, Some(mode)) => mode.to_owned(),
        (None, None) if files.is_empty() => {
            return Err(usage(process, options.name, "missing operand"));
        }
        (None, None) => files.remove(0).to_owned(),
    };
    if files.is_empty() {
        let text = format!("missing operand after {}", quoted(process, &wanted));
        return Err(usage(process, options.name, &text));
    }
    if mode::change(&wanted, 0, false, 0).is_none() {
        let text = format!("invalid mode: {}", quoted(process, &wanted));
        return Err(usage(process, options.name, &text));
    }
    let (umask, name, quiet) = (process.umask, options.name, options.has("f"));
    let mut all = true;
    for path in files {
        let how = (options.has("R"), true, quiet);
        all &= over(process, name, path, how, &mut |path, found| {
            if found.is_link() {
                return Ok(true);
            }
            let new = mode::change(&wanted, found.mode, found.is_directory(), umask);
            let new = new.unwrap_or(found.mode);
            let done = alter(process, &found.real, |node| node.mode = new);
            let shown = quoted(process, path);
            match done {
                Ok(()) => {
                    let text = |mode: u16| {
                        let facts = Facts {
                            mode,
                            ..found.clone()
                        };
                        format!("{mode:04o} ({})", &facts.mode_text()[1..])
                    };
                    if new != found.mode && (options.has("v") || options.has("c")) {
                        process.line(format_args!(
                            "mode of {shown} changed from {} to {}",
                            text(found.mode),
                            text(new)
                        ))?;
                    } else if options.has("v") {
                        process.line(format_args!("mode of {shown} retained as {}", text(new)))?;
                    }
                    Ok(true)
                }
                Err(errno) => {
                    if !quiet {
                        process.complain(format!(
                            "{name}: changing permissions of {shown}: {errno}\n"
                        ))?;
                    }
                    Ok(false)
                }
            }
        })?;
    }
    Ok(u8::from(!all))
}

/// The new owner and group; `None` for what stays.
type Owners = (Option<Name>, Option<Name>);

/// `user`, `user:group`, `:group`, `user:` and the old `user.group`; the message if there is no such.
fn owners(process: &Process<'_>, text: &str) -> Result<Owners, String> {
    let accounts = Accounts::of(process);
    let resolve = |user: &str, group: Option<&str>| -> Result<Owners, String> {
        let owner = match user {
            "" => None,
            user => match accounts.owner(user) {
                Some(owner) => Some(owner),
                None => return Err(format!("invalid user: {}", quoted(process, text))),
            },
        };
        let owning = match group {
            None => None,
            // `user:` means the user's own group.
            Some("") => accounts
                .user(user)
                .and_then(|user| accounts.owning_group(&user.gid.to_string())),
            Some(group) => match accounts.owning_group(group) {
                Some(group) => Some(group),
                None => return Err(format!("invalid group: {}", quoted(process, text))),
            },
        };
        Ok((owner, owning))
    };
    if let Some((user, group)) = text.split_once(':') {
        return resolve(user, Some(group));
    }
    match (resolve(text, None), text.split_once('.')) {
        (Err(_), Some((user, group))) => resolve(user, Some(group))
            .map_err(|_| format!("invalid user: {}", quoted(process, text))),
        (done, _) => done,
    }
}

fn chown(process: &mut Process<'_>, argv: &[String]) -> Ended {
    own(process, argv, &|process, text| owners(process, text))
}

fn chgrp(process: &mut Process<'_>, argv: &[String]) -> Ended {
    own(
        process,
        argv,
        &|process, text| match Accounts::of(process).owning_group(text) {
            Some(group) => Ok((None, Some(group))),
            None => Err(format!("invalid group: {}", quoted(process, text))),
        },
    )
}

fn own(
    process: &mut Process<'_>,
    argv: &[String],
    read: &dyn Fn(&Process<'_>, &str) -> Result<Owners, String>,
) -> Ended {
    let table =
        "R/recursive h/no-dereference dereference f/silent/quiet reference: H P preserve-root";
    let options = Options::parse(process, table, argv)?;
    let mut files = options.words.clone();
    let owners = if let Some(path) = options.value("reference") {
        match facts(process, path, true) {
            Ok(facts) if argv[0].ends_with("chgrp") => (None, Some(facts.group)),
            Ok(facts) => (Some(facts.owner), Some(facts.group)),
            Err(errno) => {
                let path = quoted(process, path);
                return process.fail(
                    1,
                    format_args!(
                        "{}: failed to get attributes of {path}: {errno}",
                        options.name
                    ),
                );
            }
        }
    } else {
        if files.is_empty() {
            return Err(usage(process, options.name, "missing operand"));
        }
        let spec = files.remove(0);
        if files.is_empty() {
            let text = format!("missing operand after {}", quoted(process, spec));
            return Err(usage(process, options.name, &text));
        }
        match read(process, spec) {
            Ok(owners) => owners,
            Err(text) => return process.fail(1, format_args!("{}: {text}", options.name)),
        }
    };
    if files.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let (name, quiet) = (options.name, options.has("f"));
    let follow = !options.has("h") && (!options.has("R") || options.has("H"));
    let mut all = true;
    for path in files {
        let how = (options.has("R"), follow, quiet);
        all &= over(process, name, path, how, &mut |path, found| {
            let (owner, group) = (owners.0.clone(), owners.1.clone());
            let refused =
                !process.is_root() && owner.as_ref().is_some_and(|owner| *owner != found.owner);
            let done = if refused {
                Err(Errno::NotPermitted)
            } else {
                alter(process, &found.real, |node| {
                    if let Some(owner) = owner {
                        node.owner = owner;
                    }
                    if let Some(group) = group {
                        node.group = group;
                    }
                    // The kernel takes the privilege of an executable away with its owner.
                    if node.is_file() && node.mode & 0o111 != 0 {
                        node.mode &= !0o4000;
                        if node.mode & 0o010 != 0 {
                            node.mode &= !0o2000;
                        }
                    }
                })
            };
            let shown = quoted(process, path);
            match done {
                Ok(()) => Ok(true),
                Err(errno) => {
                    if !quiet {
                        process.complain(format!(
                            "{name}: changing ownership of {shown}: {errno}\n"
                        ))?;
                    }
                    Ok(false)
                }
            }
        })?;
    }
    Ok(u8::from(!all))
}
