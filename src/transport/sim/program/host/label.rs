//! `getenforce`, `selinuxenabled`, `restorecon` and `chcon`.

use super::super::file::{alter, over};
use crate::transport::sim::files::{Errno, Name};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{facts, quoted};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::selinux::{CUSTOMIZABLE, Selinux};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("getenforce", getenforce),
    ("selinuxenabled", |process, _| {
        Ok(u8::from(!process.here().selinux.is_on()))
    }),
    ("restorecon", restorecon),
    ("chcon", chcon),
];

fn getenforce(process: &mut Process<'_>, _argv: &[String]) -> Ended {
    let state = process.here().selinux;
    process.line(match state {
        Selinux::Enforcing => "Enforcing",
        Selinux::Permissive => "Permissive",
        Selinux::Disabled => "Disabled",
    })?;
    Ok(0)
}

/// The parts of a label: user, role, type, level.
fn parts(label: &str) -> [&str; 4] {
    let mut parts = label.splitn(4, ':');
    std::array::from_fn(|_| parts.next().unwrap_or(""))
}

fn restorecon(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "R r F n v i e: p", argv)?;
    for id in ["e", "p"] {
        if options.has(id) {
            return process.unmodelled(format_args!("restorecon -{id}"));
        }
    }
    if !process.here().selinux.is_on() {
        return Ok(0);
    }
    if options.words.is_empty() {
        return Err(usage(process, options.name, "no path"));
    }
    let (force, only_look, verbose) = (options.has("F"), options.has("n"), options.has("v"));
    let recursive = options.has("R") || options.has("r");
    let mut status = 0;
    for word in &options.words {
        if let Err(errno) = facts(process, word, false) {
            if !options.has("i") {
                let text = format!("{}:  lstat({word}) failed:  {errno}", options.name);
                status = process.fail(1, text)?;
            }
            continue;
        }
        let done = over(
            process,
            options.name,
            word,
            (recursive, false, false),
            &mut |path, found| {
                // For what lies in these the policy has no label.
                let left = ["/tmp", "/var/tmp", "/proc", "/sys"];
                if left.iter().any(|outer| {
                    found.real != *outer && crate::transport::sim::files::within(&found.real, outer)
                }) {
                    return Ok(true);
                }
                let (own, wanted) = {
                    let here = process.here();
                    (here.label_of(&found.real), here.policy_label(&found.real))
                };
                let (Some(own), Some(wanted)) = (own, wanted) else {
                    return Ok(true);
                };
                let (old, new) = (parts(&own), parts(&wanted));
                let same = if force {
                    own == wanted
                } else {
                    old[2] == new[2] || CUSTOMIZABLE.contains(&old[2])
                };
                if same {
                    return Ok(true);
                }
                let label: Name = if force {
                    wanted.clone()
                } else {
                    format!("{}:{}:{}:{}", old[0], old[1], new[2], old[3]).into()
                };
                if verbose {
                    process.line(format_args!(
                        "{} reset {path} context {own}->{label}",
                        options.name
                    ))?;
                }
                if !only_look {
                    let kept = (label != wanted).then_some(label);
                    if let Err(errno) = alter(process, &found.real, |node| node.context = kept) {
                        let text = format!(
                            "{} set context {path}->{wanted} failed:'{errno}'\n",
                            options.name
                        );
                        process.complain(text)?;
                        return Ok(false);
                    }
                }
                Ok(true)
            },
        )?;
        if !done {
            status = 255;
        }
    }
    Ok(status)
}

fn chcon(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "R/recursive h/no-dereference v/verbose reference: u:/user: r:/role: t:/type: l:/range:";
    let options = Options::parse(process, table, argv)?;
    let name = options.name;
    let mut files = options.words.clone();
    let partial = ["u", "r", "t", "l"].iter().any(|id| options.has(id));
    let whole = if let Some(path) = options.value("reference") {
        let found = match facts(process, path, true) {
            Ok(found) => found,
            Err(errno) => {
                let path = quoted(process, path);
                return process.fail(
                    1,
                    format_args!("{name}: failed to get security context of {path}: {errno}"),
                );
            }
        };
        let label = process.here().label_of(&found.real);
        match label {
            Some(label) => Some(label),
            None => {
                let (path, errno) = (quoted(process, path), Errno::NoData);
                return process.fail(
                    1,
                    format_args!("{name}: failed to get security context of {path}: {errno}"),
                );
            }
        }
    } else if partial {
        None
    } else if files.is_empty() {
        return Err(usage(process, name, "missing operand"));
    } else {
        Some(files.remove(0).into())
    };
    if files.is_empty() {
        return Err(usage(process, name, "missing operand"));
    }
    let mut all = true;
    for path in files {
        let how = (
            options.has("R"),
            !options.has("h") && !options.has("R"),
            false,
        );
        all &= over(process, name, path, how, &mut |path, found| {
            let (own, policy) = {
                let here = process.here();
                (here.label_of(&found.real), here.policy_label(&found.real))
            };
            let shown = quoted(process, path);
            let Some(own) = own else {
                let text = if whole.is_some() {
                    format!(
                        "{name}: failed to change context of {shown}: Operation not supported\n"
                    )
                } else {
                    format!("{name}: can't apply partial context to unlabeled file {shown}\n")
                };
                process.complain(text)?;
                return Ok(false);
            };
            let label = whole.clone().unwrap_or_else(|| {
                let [user, role, kind, level] = parts(&own);
                let of = |id: &str, old| options.value(id).unwrap_or(old).to_owned();
                format!(
                    "{}:{}:{}:{}",
                    of("u", user),
                    of("r", role),
                    of("t", kind),
                    of("l", level)
                )
                .into()
            });
            if options.has("v") {
                process.line(format_args!("changing security context of {shown}"))?;
            }
            let kept = (Some(&label) != policy.as_ref()).then_some(label);
            match alter(process, &found.real, |node| node.context = kept) {
                Ok(()) => Ok(true),
                Err(errno) => {
                    process.complain(format!(
                        "{name}: failed to change context of {shown}: {errno}\n"
                    ))?;
                    Ok(false)
                }
            }
        })?;
    }
    Ok(u8::from(!all))
}
