//! Where programs lie: `PATH`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Errno, Files, Found, Kind, Node, Process};
use crate::transport::sim::files::{Bytes, Name};

/// The programs of a host that were found, with what their files hold.
///
/// All of it lies below `/usr`, with no link on the way, and counts only as long as nothing there
/// changes: see [`Files::programs_changed`].
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The `PATH` that was searched.
    path: String,
    changed: u64,
    /// Where in `PATH` the directory stands, and the content.
    all: HashMap<Name, (Range<u16>, Bytes), FixedState>,
}

/// The directories of `PATH`.
fn directories<'p>(process: &'p Process<'_>) -> &'p str {
    let path = process.environment.get("PATH");
    path.map_or("/usr/sbin:/usr/bin", String::as_str)
}

fn within(directory: &str, name: &str) -> String {
    [directory, "/", name].concat()
}

/// Whether a file that is found is one that can be run.
fn is_program(node: &Node) -> bool {
    node.is_file() && node.mode & 0o111 != 0
}

/// The path of the program `name`, looked for in `PATH` if it has no slash.
pub fn which(process: &Process<'_>, name: &str) -> Option<String> {
    if name.contains('/') {
        return Some(process.path(name));
    }
    Some(in_path(process, &process.here().files, name)?.0)
}

/// Where the program `name` lies in a directory of `PATH`.
fn in_path<'a>(process: &Process<'_>, files: &'a Files, name: &str) -> Option<(String, &'a Node)> {
    directories(process).split(':').find_map(|directory| {
        let path = within(directory, name);
        let node = files.follow(&path).ok()?;
        is_program(node).then_some((path, node))
    })
}

/// The program `name`, looked for in `PATH` if it has no slash.
///
/// # Errors
/// `NoEntry` if it is nowhere, `Denied` if it cannot be run.
pub fn find(process: &Process<'_>, name: &str) -> Result<Found, Errno> {
    let mut here = process.here();
    let here = &mut *here;
    let known = &mut here.programs;
    let (path, node) = if name.contains('/') {
        (name.to_owned(), here.files.follow(&process.path(name))?)
    } else if let Some(found) = known.get(process, &here.files, name) {
        return Ok(found);
    } else {
        in_path(process, &here.files, name).ok_or(Errno::NoEntry)?
    };
    let content = match &node.kind {
        Kind::File(content) => content,
        Kind::Directory(_) => return Err(Errno::IsDirectory),
        Kind::Link(_) | Kind::Device(_) => return Err(Errno::Invalid),
    };
    if !process.actor().may(node, 1) {
        return Err(Errno::Denied);
    }
    let content = Arc::clone(content);
    Ok(Found { path, content })
}

impl Known {
    /// The program `name`, as root finds it; nothing if another way of looking has to tell.
    fn get(&mut self, process: &Process<'_>, files: &Files, name: &str) -> Option<Found> {
        if !process.is_root() {
            return None;
        }
        let path = directories(process);
        if self.changed != files.programs_changed() || self.path != path {
            self.all.clear();
            path.clone_into(&mut self.path);
            self.changed = files.programs_changed();
        }
        if let Some((at, content)) = self.all.get(name) {
            let directory = &path[usize::from(at.start)..usize::from(at.end)];
            return Some(Found {
                path: within(directory, name),
                content: Arc::clone(content),
            });
        }
        let mut end = 0;
        for directory in path.split(':') {
            let start = end;
            end = start + directory.len() + 1;
            let path = within(directory, name);
            if !path.starts_with("/usr/") {
                return None;
            }
            let Some(node) = files.unlinked(&path)? else {
                continue;
            };
            if let Kind::File(content) = &node.kind
                && is_program(node)
            {
                let content = Arc::clone(content);
                let at = u16::try_from(start).ok()?..u16::try_from(end - 1).ok()?;
                self.all.insert(name.into(), (at, Arc::clone(&content)));
                return Some(Found { path, content });
            }
        }
        None
    }
}
