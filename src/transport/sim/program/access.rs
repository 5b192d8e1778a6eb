//! How programs reach files: facts, content, and the words in which they are refused.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::time::Duration;

use crate::transport::sim::files::{Actor, Bytes, Errno, Files, Kind, Name, Node, split};
use crate::transport::sim::process::Process;
use crate::transport::sim::stream::{DeviceSource, Halt, SharedSource, Text};

/// What `stat` says of a file, without its content.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What it is.
    pub is: Is,
    /// The owner's name.
    pub owner: Name,
    /// The group's name.
    pub group: Name,
    /// Permissions.
    pub mode: u16,
    /// Its size in bytes.
    pub size: u64,
    /// How many directories a directory holds.
    pub directories: usize,
    /// Whether it is a file, or a directory, without anything in it.
    pub empty: bool,
    /// Last change of the content.
    pub modified: Duration,
    /// Last change of anything.
    pub changed: Duration,
    /// Its path without links.
    pub real: String,
}

/// The kinds of file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Is {
    File,
    Directory,
    Link(Name),
    Device,
}

impl Facts {
    /// The facts of `node`, which is at the real path `real`.
    pub fn of(node: &Node, real: String) -> Self {
        let entries = node.entries();
        Self {
            is: match &node.kind {
                Kind::File(_) => Is::File,
                Kind::Directory(_) => Is::Directory,
                Kind::Link(target) => Is::Link(target.clone()),
                Kind::Device(_) => Is::Device,
            },
            owner: node.owner.clone(),
            group: node.group.clone(),
            mode: node.mode,
            size: node.size(),
            directories: entries
                .into_iter()
                .flatten()
                .filter(|(_, node)| node.is_directory())
                .count(),
            empty: entries.map_or(node.is_file() && node.size() == 0, |all| all.is_empty()),
            modified: node.modified,
            changed: node.changed,
            real,
        }
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.is == Is::Directory
    }

    /// Whether it is a symbolic link.
    pub fn is_link(&self) -> bool {
        matches!(self.is, Is::Link(_))
    }

    /// Its letter, as `ls -l` and `find -type` have it.
    pub fn letter(&self) -> char {
        match self.is {
            Is::File => '-',
            Is::Directory => 'd',
            Is::Link(_) => 'l',
            Is::Device => 'c',
        }
    }

    /// Type and permissions in one number, as the kernel has them.
    pub fn raw_mode(&self) -> u32 {
        let kind = match self.is {
            Is::File => 0o100_000,
            Is::Directory => 0o040_000,
            Is::Link(_) => 0o120_000,
            Is::Device => 0o020_000,
        };
        kind | u32::from(self.mode)
    }

    /// How many names it has.
    pub fn links(&self) -> usize {
        if self.is_directory() {
            2 + self.directories
        } else {
            1
        }
    }

    /// Such as `drwxr-xr-x`.
    pub fn mode_text(&self) -> String {
        let mut text = String::from(self.letter());
        for (shift, special, lower, upper) in [
            (6, 0o4000, 's', 'S'),
            (3, 0o2000, 's', 'S'),
            (0, 0o1000, 't', 'T'),
        ] {
            let bits = self.mode >> shift;
            text.push(if bits & 4 != 0 { 'r' } else { '-' });
            text.push(if bits & 2 != 0 { 'w' } else { '-' });
            text.push(match (bits & 1 != 0, self.mode & special != 0) {
                (true, true) => lower,
                (false, true) => upper,
                (true, false) => 'x',
                (false, false) => '-',
            });
        }
        text
    }
}

/// Refuses if `by` may not pass the directories above the real path `real`.
pub fn passable(files: &Files, real: &str, by: &Actor) -> Result<(), Errno> {
    if &*by.user == "root" {
        return Ok(());
    }
    let mut above = split(real).0;
    loop {
        if !by.may(files.get(above)?, 1) {
            return Err(Errno::Denied);
        }
        if above == "/" {
            return Ok(());
        }
        above = split(above).0;
    }
}

/// The file at `path`, or what a link there points to if `follow`: its path without links, and its node.
///
/// # Errors
/// As the kernel has them, also where `by` may not pass the directories above it.
fn reach<'f>(
    files: &'f Files,
    path: &str,
    follow: bool,
    by: &Actor,
) -> Result<(String, &'f Node), Errno> {
    if &*by.user == "root" {
        return files.locate(path, follow);
    }
    let real = files.real(path, follow)?;
    passable(files, &real, by)?;
    let node = files.get(&real)?;
    Ok((real, node))
}

/// The facts of the file at `path`; of what a link points to if `follow`.
///
/// # Errors
/// As the kernel has them.
pub fn facts(process: &Process<'_>, path: &str, follow: bool) -> Result<Facts, Errno> {
    if path.is_empty() {
        return Err(Errno::NoEntry);
    }
    let (path, by) = (process.path(path), process.actor());
    let here = process.here();
    let (real, node) = reach(&here.files, &path, follow, &by)?;
    Ok(Facts::of(node, real))
}

/// The names in the directory `path`, sorted.
///
/// # Errors
/// As the kernel has them.
pub fn names(process: &Process<'_>, path: &str) -> Result<Vec<Name>, Errno> {
    let (path, by) = (process.path(path), process.actor());
    let here = process.here();
    let (_, node) = reach(&here.files, &path, true, &by)?;
    let entries = node.entries().ok_or(Errno::NotDirectory)?;
    if !by.may(node, 4) {
        return Err(Errno::Denied);
    }
    Ok(entries.keys().cloned().collect())
}

/// The content of the regular file `path`, shared.
///
/// # Errors
/// As the kernel has them; `Invalid` for a device.
pub fn content(process: &Process<'_>, path: &str) -> Result<Bytes, Errno> {
    if path.is_empty() {
        return Err(Errno::NoEntry);
    }
    let (path, by) = (process.path(path), process.actor());
    let here = process.here();
    let (_, node) = reach(&here.files, &path, true, &by)?;
    if !by.may(node, 4) {
        return Err(Errno::Denied);
    }
    match &node.kind {
        Kind::File(content) => Ok(content.clone()),
        Kind::Directory(_) => Err(Errno::IsDirectory),
        Kind::Link(_) | Kind::Device(_) => Err(Errno::Invalid),
    }
}

/// Opens `path` for reading; `/dev/stdin` is what the program reads.
///
/// # Errors
/// As the kernel has them; a directory opens, and refuses to be read.
pub fn open<'a>(process: &Process<'a>, path: &str) -> Result<SharedSource<'a>, Errno> {
    if matches!(path, "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") {
        return Ok(process.input.clone());
    }
    match content(process, path) {
        Ok(bytes) => Ok(Text::of_file(bytes)),
        Err(Errno::Invalid) => {
            let path = process.path(path);
            match &process.here().files.follow(&path)?.kind {
                Kind::Device(device) => Ok(Rc::new(RefCell::new(DeviceSource(*device)))),
                _ => Err(Errno::Invalid),
            }
        }
        Err(errno) => Err(errno),
    }
}

/// All of `path`, or of standard input for `-`, shared where it is a file.
///
/// # Errors
/// The inner error as the kernel has it; the outer one is [`Halt`], which an endless device is too.
pub fn slurp(process: &Process<'_>, path: &str) -> Result<Result<Bytes, Errno>, Halt> {
    if matches!(path, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") {
        return Ok(Ok(Bytes::new(process.read_all()?)));
    }
    match content(process, path) {
        Err(Errno::Invalid) => {}
        done => return Ok(done),
    }
    let absolute = process.path(path);
    if absolute == "/dev/null" {
        return Ok(Ok(Bytes::default()));
    }
    process.unmodelled(format_args!("a program that reads all of {path}"))
}

/// The locale of the process's messages.
fn locale(process: &Process<'_>) -> Option<String> {
    let set = |name: &str| {
        let value = process.environment.get(name)?;
        (!value.is_empty()).then(|| value.to_uppercase())
    };
    set("LC_ALL")
        .or_else(|| set("LC_MESSAGES"))
        .or_else(|| set("LANG"))
}

/// Whether the process speaks as in the C locale.
pub fn in_c(process: &Process<'_>) -> bool {
    locale(process).is_none_or(|locale| matches!(locale.as_str(), "C" | "POSIX"))
}

/// A name as GNU's messages quote it in the language of the process.
pub fn quoted<'b>(process: &Process<'_>, name: &'b str) -> Quoted<'b> {
    let curly =
        locale(process).is_some_and(|locale| locale.contains("UTF-8") || locale.contains("UTF8"));
    Quoted { name, curly }
}

/// See [`quoted`].
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'b> {
    name: &'b str,
    curly: bool,
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = if self.curly {
            ('\u{2018}', '\u{2019}')
        } else {
            ('\'', '\'')
        };
        f.write_char(left)?;
        for c in self.name.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c == right || c == '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\{:03o}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char(right)
    }
}

/// Writes `content` to `path` as `open(O_CREAT | O_TRUNC)` and `write` do.
///
/// # Errors
/// As the kernel has them.
pub fn write(process: &Process<'_>, path: &str, content: impl Into<Vec<u8>>) -> Result<(), Errno> {
    if path.is_empty() {
        return Err(Errno::NoEntry);
    }
    let (path, by) = (process.path(path), process.actor());
    let mut here = process.here();
    let real = here.files.real(&path, true)?;
    passable(&here.files, &real, &by)?;
    here.files.write(&real, Bytes::new(content.into()), &by)
}
