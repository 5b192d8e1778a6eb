//! A transaction: scriptlets in rpm's order, files laid down and taken away, configuration kept.

use std::sync::Arc;
use std::time::Duration;

use super::database::{Element, Entry, Installed};
use super::package::{Config, File, FileKind, Package, Scriptlet};
use crate::transport::sim::files::{Actor, Errno, Kind, Node};
use crate::transport::sim::machine::Machine;
use crate::transport::sim::process::Process;
use crate::transport::sim::shell;
use crate::transport::sim::stream::Halt;

/// One package that comes, goes, or takes the place of another.
#[derive(Debug, Clone)]
pub struct Change {
    /// What comes, with its repository.
    pub new: Option<(Arc<Package>, String)>,
    /// What goes.
    pub old: Option<Arc<Package>>,
}

/// A transaction to be run.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Its packages.
    pub changes: Vec<Change>,
    /// The words after `yum`, for its history; rpm alone has none.
    pub command: Option<String>,
}

/// What one package takes, on the host's clock.
const EACH: Duration = Duration::from_secs(2);

/// Runs `plan` and records it. Returns what became of configuration files, as rpm says it.
///
/// # Errors
/// [`Halt`]; a disk that is full ends it with status 1 and words on standard error, and leaves what was
/// done so far: yum's history then says that it did not complete.
pub fn run(process: &mut Process<'_>, plan: &Plan) -> Result<Vec<String>, Halt> {
    let began = process.now();
    let mut said = Vec::new();
    let incoming: Vec<&(Arc<Package>, String)> = plan
        .changes
        .iter()
        .filter_map(|change| change.new.as_ref())
        .collect();
    if let Some(command) = &plan.command {
        let mut here = process.here();
        let elements = elements(&here, plan);
        here.packages.history.push(Arc::new(Entry {
            began,
            command: command.clone(),
            complete: false,
            elements,
        }));
    }
    for (package, _) in &incoming {
        scriptlet(process, package, Scriptlet::Pretrans, 1)?;
    }
    for change in in_order(&plan.changes) {
        if let Some((package, from)) = &change.new {
            let count = if change.old.is_some() { 2 } else { 1 };
            scriptlet(process, package, Scriptlet::Pre, count)?;
            process.spend(EACH)?;
            match install(process, package, from, change.old.as_deref()) {
                Ok(more) => said.extend(more),
                Err((path, errno)) => {
                    process.complain(format!(
                        "error: unpacking of archive failed on file {path}: cpio: open: {errno}\n"
                    ))?;
                    return Err(Halt::Exit(1));
                }
            }
            scriptlet(process, package, Scriptlet::Post, count)?;
        }
        if let Some(old) = &change.old {
            let count = u32::from(change.new.is_some());
            scriptlet(process, old, Scriptlet::Preun, count)?;
            process.spend(EACH)?;
            let new = change.new.as_ref().map(|(package, _)| &**package);
            said.extend(erase(process, old, new));
            scriptlet(process, old, Scriptlet::Postun, count)?;
        }
    }
    for (package, _) in &incoming {
        scriptlet(process, package, Scriptlet::Posttrans, 1)?;
    }
    if plan.command.is_some()
        && let Some(last) = process.here().packages.history.last_mut()
    {
        Arc::make_mut(last).complete = true;
    }
    Ok(said)
}

/// Installations after what they require, removals before it.
fn in_order(changes: &[Change]) -> Vec<&Change> {
    let (mut coming, mut going): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| change.new.is_some());
    let mut ordered: Vec<&Change> = Vec::new();
    while !coming.is_empty() {
        let ready = |change: &&Change| {
            let Some((package, _)) = &change.new else {
                return true;
            };
            !coming
                .iter()
                .filter_map(|other| other.new.as_ref())
                .any(|(other, _)| {
                    other.name != package.name
                        && package.requires.iter().any(|wanted| other.provides(wanted))
                })
        };
        let at = coming.iter().position(ready).unwrap_or(0);
        ordered.push(coming.remove(at));
    }
    while !going.is_empty() {
        let free = |change: &&Change| {
            let Some(package) = &change.old else {
                return true;
            };
            !going
                .iter()
                .filter_map(|other| other.old.as_ref())
                .any(|other| {
                    other.name != package.name
                        && other.requires.iter().any(|wanted| package.provides(wanted))
                })
        };
        let at = going.iter().position(free).unwrap_or(0);
        ordered.push(going.remove(at));
    }
    ordered
}

fn elements(machine: &Machine, plan: &Plan) -> Vec<Element> {
    let from = |package: &Package| {
        let installed = machine.packages.installed.get(&package.name);
        installed
            .map(|one| one.from.to_string())
            .unwrap_or_default()
    };
    plan.changes
        .iter()
        .map(|change| Element {
            new: change.new.clone(),
            old: change.old.as_ref().map(|old| (Arc::clone(old), from(old))),
        })
        .collect()
}

/// Runs one scriptlet; a failure is said and, but for `%pre` and `%preun`, changes nothing.
fn scriptlet(
    process: &mut Process<'_>,
    package: &Package,
    which: Scriptlet,
    count: u32,
) -> Result<(), Halt> {
    let Some(text) = package.scriptlets.get(&which) else {
        return Ok(());
    };
    let words = ["/bin/sh".to_owned(), count.to_string()];
    let mut child = process.clone();
    child.directory = "/".to_owned();
    let status = shell::run(&mut child, text, &words)?;
    if status != 0 {
        let name = format!("{which:?}").to_uppercase();
        process.complain(format!(
            "warning: %{}({}) scriptlet failed, exit status {status}\nNon-fatal {name} scriptlet failure in rpm package {}\n",
            name.to_lowercase(),
            package.nevra(),
            package.nevra(),
        ))?;
    }
    Ok(())
}

/// Lays down the files of `package` and puts it on record.
fn install(
    process: &Process<'_>,
    package: &Arc<Package>,
    from: &str,
    old: Option<&Package>,
) -> Result<Vec<String>, (String, Errno)> {
    let by = Actor::root(process.now());
    let mut here = process.here();
    let mut said = Vec::new();
    for file in package.files.iter().filter(|file| !file.ghost) {
        let before = old.and_then(|old| old.files.iter().find(|one| one.path == file.path));
        let note = lay(&mut here, file, before, &by).map_err(|errno| (file.path.clone(), errno))?;
        said.extend(note);
    }
    here.packages.installed.insert(
        package.name.clone(),
        Installed {
            package: Arc::clone(package),
            since: by.now,
            from: from.into(),
        },
    );
    Ok(said)
}

/// Lays down one file, unless it is configuration that somebody edited.
fn lay(
    machine: &mut Machine,
    file: &File,
    before: Option<&File>,
    by: &Actor,
) -> Result<Option<String>, Errno> {
    let node = Node::new(
        match &file.kind {
            FileKind::Regular(content) => Kind::File(Arc::clone(content)),
            FileKind::Link(target) => Kind::Link(target.as_str().into()),
            FileKind::Directory => {
                if machine.files.exists(&file.path) {
                    // What the package says of it holds, whoever made it.
                    return machine
                        .files
                        .alter(&file.path, true, by, |node| {
                            node.owner = file.owner.as_str().into();
                            node.group = file.owner.as_str().into();
                            node.mode = file.mode;
                        })
                        .map(|()| None);
                }
                Kind::Directory(Arc::default())
            }
        },
        file.mode,
        by.now,
    )
    .owned(&file.owner, &file.owner);
    let FileKind::Regular(content) = &file.kind else {
        return machine.files.lay(&file.path, node, by).map(|()| None);
    };
    let there = machine.files.read(&file.path).ok();
    let edited = there.as_ref().is_some_and(|there| {
        there != content && before.is_none_or(|before| !before.is_content(there))
    });
    let unchanged_upstream = before.is_some_and(|before| before.kind == file.kind);
    match (file.config, edited) {
        (Config::No, _) | (_, false) => {
            // An edited file whose package did not change it stays as it is.
            machine.files.lay(&file.path, node, by).map(|()| None)
        }
        (_, true) if unchanged_upstream => Ok(None),
        (Config::Kept, true) => {
            let beside = format!("{}.rpmnew", file.path);
            machine.files.lay(&beside, node, by)?;
            Ok(Some(format!("warning: {} created as {beside}", file.path)))
        }
        (Config::Replaced, true) => {
            let beside = format!("{}.rpmsave", file.path);
            machine.files.rename(&file.path, &beside, by)?;
            machine.files.lay(&file.path, node, by)?;
            Ok(Some(format!("warning: {} saved as {beside}", file.path)))
        }
    }
}

/// Takes away the files of `package` that neither `new` nor another package has.
fn erase(process: &Process<'_>, package: &Package, new: Option<&Package>) -> Vec<String> {
    let by = Actor::root(process.now());
    let mut here = process.here();
    let mut said = Vec::new();
    if new.is_none() {
        here.packages.installed.remove(&package.name);
    }
    for file in package.files.iter().rev() {
        let kept = new.is_some_and(|new| new.files.iter().any(|one| one.path == file.path))
            || here
                .packages
                .owner_of(&file.path)
                .is_some_and(|owner| owner.name != package.name);
        if kept || file.ghost {
            continue;
        }
        let edited = file.config != Config::No
            && here
                .files
                .read(&file.path)
                .is_ok_and(|there| !file.is_content(&there));
        // What is missing, or not empty, is nobody's fault.
        if edited {
            let beside = format!("{}.rpmsave", file.path);
            if here.files.rename(&file.path, &beside, &by).is_ok() {
                said.push(format!("warning: {} saved as {beside}", file.path));
            }
        } else {
            let _ = here.files.remove(&file.path, &by);
        }
    }
    said
}
