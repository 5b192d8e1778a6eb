//! `cat` and `tee`.

use std::time::Duration;

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access;
use crate::transport::sim::program::options::Options;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("cat", cat), ("tee", tee)];

/// So much is read at once.
pub const CHUNK: usize = 64 << 10;
/// What that takes: even an endless program uses up its time.
pub const CHUNK_TIME: Duration = Duration::from_micros(50);

fn cat(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "u n/number b/number-nonblank s/squeeze-blank E/show-ends T/show-tabs v/show-nonprinting A/show-all e t";
    let options = Options::parse(process, table, argv)?;
    let files: &[&str] = if options.words.is_empty() {
        &["-"]
    } else {
        &options.words
    };
    let mut dress = Dress::new(&options);
    let mut status = 0;
    for file in files {
        let source = match *file {
            "-" => Ok(process.input.clone()),
            path => access::open(process, path),
        };
        let source = match source {
            Ok(source) => source,
            Err(errno) => {
                status = process.refused(options.name, file, errno)?;
                continue;
            }
        };
        loop {
            let taken = source.borrow_mut().take(CHUNK)?;
            if taken.is_empty() {
                break;
            }
            process.spend(CHUNK_TIME)?;
            match &mut dress {
                None => process.write(&taken)?,
                Some(dress) => process.write(dress.put(&taken))?,
            }
        }
    }
    Ok(status)
}

/// What `cat` adds to lines.
struct Dress {
    number: bool,
    number_filled: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    visible: bool,
    line: u64,
    at_start: bool,
    empty_before: bool,
}

impl Dress {
    fn new(options: &Options<'_>) -> Option<Self> {
        let has = |names: &[&str]| names.iter().any(|name| options.has(name));
        let dress = Self {
            number: has(&["n"]) && !has(&["b"]),
            number_filled: has(&["b"]),
            squeeze: has(&["s"]),
            ends: has(&["E", "A", "e"]),
            tabs: has(&["T", "A", "t"]),
            visible: has(&["v", "A", "e", "t"]),
            line: 0,
            at_start: true,
            empty_before: false,
        };
        (dress.number
            || dress.number_filled
            || dress.squeeze
            || dress.ends
            || dress.tabs
            || dress.visible)
            .then_some(dress)
    }

    fn put(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for &byte in bytes {
            let empty = byte == b'\n' && self.at_start;
            if empty && self.squeeze && self.empty_before {
                continue;
            }
            if self.at_start {
                self.empty_before = empty;
                if self.number || self.number_filled && !empty {
                    self.line += 1;
                    out.extend(format!("{:6}\t", self.line).bytes());
                }
            }
            self.at_start = byte == b'\n';
            match byte {
                b'\n' if self.ends => out.extend(b"$\n"),
                b'\n' => out.push(byte),
                b'\t' if self.tabs => out.extend(b"^I"),
                b'\t' => out.push(byte),
                _ if self.visible => {
                    let low = byte & 0x7f;
                    if byte > 0x7f {
                        out.extend(b"M-");
                    }
                    match low {
                        0..32 => out.extend([b'^', low + 64]),
                        127 => out.extend(b"^?"),
                        _ => out.push(low),
                    }
                }
                _ => out.push(byte),
            }
        }
        out
    }
}

fn tee(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "a/append i/ignore-interrupts", argv)?;
    let mut all = Vec::new();
    loop {
        let taken = process.take(CHUNK)?;
        if taken.is_empty() {
            break;
        }
        process.spend(CHUNK_TIME)?;
        process.write(&taken)?;
        all.extend_from_slice(&taken);
    }
    let mut status = 0;
    for file in &options.words {
        let mut content = Vec::new();
        if options.has("a") {
            match access::content(process, file) {
                Ok(there) => content.extend_from_slice(&there),
                Err(Errno::NoEntry | Errno::Invalid) => {}
                Err(errno) => {
                    status = process.refused(options.name, file, errno)?;
                    continue;
                }
            }
        }
        content.extend_from_slice(&all);
        if let Err(errno) = access::write(process, file, content) {
            status = process.refused(options.name, file, errno)?;
        }
    }
    Ok(status)
}
