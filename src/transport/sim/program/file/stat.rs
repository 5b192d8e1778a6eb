//! `stat`.

use jiff::tz::TimeZone;

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{Facts, Is, facts, quoted};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::program::{Program, time};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("stat", stat)];

/// The number of the file system that the real path `real` lies on.
pub(in crate::transport::sim::program) fn device_number(process: &Process<'_>, real: &str) -> u64 {
    let here = process.here();
    let mount = here.files.mount_of(real);
    let at = here
        .files
        .mounts()
        .iter()
        .position(|other| other.path == mount.path);
    0xfd00 + at.unwrap_or(0) as u64
}

fn stat(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "L/dereference c:/format: printf: f/file-system t/terse",
        argv,
    )?;
    if options.has("t") || options.has("f") && options.last_of(&["c", "printf"]).is_none() {
        return process.unmodelled(format_args!("{} {}", options.name, argv[1..].join(" ")));
    }
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let (zone, accounts) = (time::zone(process)?, Accounts::of(process));
    let mut status = 0;
    for word in &options.words {
        let found = match facts(process, word, options.has("L") || options.has("f")) {
            Ok(found) => found,
            Err(errno) => {
                let what = if options.has("f") {
                    "cannot read file system information for"
                } else {
                    "cannot stat"
                };
                let word = quoted(process, word);
                status =
                    process.fail(1, format_args!("{}: {what} {word}: {errno}", options.name))?;
                continue;
            }
        };
        let view = View {
            process,
            name: options.name,
            word,
            found: &found,
            zone: &zone,
            accounts: &accounts,
        };
        let (text, complete) = match options.last_of(&["c", "printf"]) {
            None => (view.long(), true),
            Some(id) => {
                let format = options.value(id).unwrap_or_default();
                let format = if id == "printf" {
                    unescaped(format)
                } else {
                    format!("{format}\n")
                };
                if options.has("f") {
                    (view.file_system(&format)?, true)
                } else {
                    view.file(&format)?
                }
            }
        };
        process.write(text)?;
        if !complete {
            status = 1;
        }
    }
    Ok(status)
}

/// `\n`, `\t` and their like resolved.
pub(in crate::transport::sim::program) fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            None => out.push('\\'),
            Some('a') => out.push('\x07'),
            Some('b') => out.push('\x08'),
            Some('f') => out.push('\x0c'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('v') => out.push('\x0b'),
            Some(first @ '0'..='7') => {
                let mut value = first as u32 - '0' as u32;
                for _ in 0..2 {
                    match letters.peek().and_then(|next| next.to_digit(8)) {
                        Some(digit) => value = value * 8 + digit,
                        None => break,
                    }
                    letters.next();
                }
                out.push(char::from((value & 0xff) as u8));
            }
            Some('\\') => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out
}

/// One file, to be shown.
struct View<'v, 'a> {
    process: &'v Process<'a>,
    name: &'v str,
    word: &'v str,
    found: &'v Facts,
    zone: &'v TimeZone,
    accounts: &'v Accounts,
}

impl View<'_, '_> {
    fn kind(&self) -> &'static str {
        match self.found.is {
            Is::File if self.found.size == 0 => "regular empty file",
            Is::File => "regular file",
            Is::Directory => "directory",
            Is::Link(_) => "symbolic link",
            Is::Device => "character special file",
        }
    }

    fn shown_name(&self) -> String {
        match &self.found.is {
            Is::Link(target) => {
                format!(
                    "{} -> {}",
                    quoted(self.process, self.word),
                    quoted(self.process, target)
                )
            }
            _ => quoted(self.process, self.word).to_string(),
        }
    }

    /// What `stat` prints by itself, without the number of the inode, which is not modelled.
    fn long(&self) -> String {
        let found = self.found;
        let device = device_number(self.process, &found.real);
        let label = self.process.here().label_of(&found.real);
        let label = label
            .map(|label| format!("Context: {label}\n"))
            .unwrap_or_default();
        format!(
            "  File: {}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: {device:x}h/{device}d\tLinks: {}\n\
             Access: ({:04o}/{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\n{label}Modify: {}\nChange: {}\n Birth: -\n",
            self.shown_name(),
            found.size,
            blocks(found),
            self.kind(),
            found.links(),
            found.mode,
            found.mode_text(),
            self.accounts.uid(&found.owner),
            found.owner,
            self.accounts.gid(&found.group),
            found.group,
            time::long(found.modified, self.zone),
            time::long(found.changed, self.zone),
        )
    }

    /// The format filled in, and whether all of it could be.
    fn file(&self, format: &str) -> Result<(String, bool), Halt> {
        let found = self.found;
        let mut complete = true;
        let text = filled(format, |letter| {
            Ok(match letter {
                'a' => format!("{:o}", found.mode),
                'A' => found.mode_text(),
                'b' => blocks(found).to_string(),
                'B' => "512".to_owned(),
                'C' => match self.process.here().label_of(&found.real) {
                    Some(label) => label.to_string(),
                    None => {
                        complete = false;
                        "?".to_owned()
                    }
                },
                'd' => device_number(self.process, &found.real).to_string(),
                'D' => format!("{:x}", device_number(self.process, &found.real)),
                'f' => format!("{:x}", found.raw_mode()),
                'F' => self.kind().to_owned(),
                'g' => self.accounts.gid(&found.group).to_string(),
                'G' => named(&found.group),
                'h' => found.links().to_string(),
                'm' => self.process.here().files.mount_of(&found.real).path.clone(),
                'n' => self.word.to_owned(),
                'N' => self.shown_name(),
                'o' => "4096".to_owned(),
                's' => found.size.to_string(),
                'u' => self.accounts.uid(&found.owner).to_string(),
                'U' => named(&found.owner),
                'w' => "-".to_owned(),
                'W' => "0".to_owned(),
                'y' => time::long(found.modified, self.zone),
                'Y' => found.modified.as_secs().to_string(),
                'z' => time::long(found.changed, self.zone),
                'Z' => found.changed.as_secs().to_string(),
                other => return self.process.unmodelled(format_args!("stat %{other}")),
            })
        })?;
        if !complete {
            let word = quoted(self.process, self.word);
            self.process.complain(format!(
                "{}: failed to get security context of {word}: {}\n",
                self.name,
                Errno::NoData
            ))?;
        }
        Ok((text, complete))
    }

    fn file_system(&self, format: &str) -> Result<String, Halt> {
        let (size, free, source) = {
            let here = self.process.here();
            let mount = here.files.mount_of(&self.found.real);
            (mount.size, mount.free(), mount.source.clone())
        };
        filled(format, |letter| {
            Ok(match letter {
                'a' | 'f' => (free / 4096).to_string(),
                'b' => (size / 4096).to_string(),
                'n' => self.word.to_owned(),
                's' | 'S' => "4096".to_owned(),
                'T' if source == "tmpfs" => "tmpfs".to_owned(),
                'T' => "xfs".to_owned(),
                other => return self.process.unmodelled(format_args!("stat -f %{other}")),
            })
        })
    }
}

/// Blocks of 512 bytes.
fn blocks(found: &Facts) -> u64 {
    match found.is {
        Is::File => found.size.div_ceil(4096) * 8,
        Is::Directory => 8,
        Is::Link(_) | Is::Device => 0,
    }
}

/// The name of an owner, whose number stands for one that is gone.
fn named(owner: &str) -> String {
    if owner.bytes().all(|byte| byte.is_ascii_digit()) {
        "UNKNOWN".to_owned()
    } else {
        owner.to_owned()
    }
}

/// `format` with each `%x` replaced, padded as its flags and width say.
fn filled(
    format: &str,
    mut value: impl FnMut(char) -> Result<String, Halt>,
) -> Result<String, Halt> {
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let (mut flags, mut width) = (String::new(), String::new());
        while let Some(flag) = letters.next_if(|c| "-0#".contains(*c)) {
            flags.push(flag);
        }
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let text = match letters.next() {
            None => "%".to_owned(),
            Some('%') => "%".to_owned(),
            Some(letter) => {
                let text = value(letter)?;
                match (flags.contains('#'), letter) {
                    (true, 'a') => format!("0{text}"),
                    (true, 'f' | 'D') => format!("0x{text}"),
                    _ => text,
                }
            }
        };
        let width = width.parse().unwrap_or(0);
        if flags.contains('-') {
            out.push_str(&format!("{text:<width$}"));
        } else if flags.contains('0') {
            out.push_str(&format!("{text:0>width$}"));
        } else {
            out.push_str(&format!("{text:>width$}"));
        }
    }
    Ok(out)
}
