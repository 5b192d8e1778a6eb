//! `dd`.

use std::time::Duration;

use super::make::LARGEST;
use crate::transport::sim::files::{Bytes, Errno};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{open, passable, quoted};
use crate::transport::sim::program::{Program, number};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("dd", dd)];

/// What `dd` is told.
#[derive(Default)]
struct Task {
    from: Option<String>,
    to: Option<String>,
    input_block: u64,
    output_block: u64,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    keep: bool,
    quiet: bool,
    silent_rate: bool,
}

fn task(process: &Process<'_>, words: &[String]) -> Result<Task, Halt> {
    let mut task = Task {
        input_block: 512,
        output_block: 512,
        ..Task::default()
    };
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let amount = number::size(value);
        match (name, amount) {
            ("if", _) => task.from = Some(value.to_owned()),
            ("of", _) => task.to = Some(value.to_owned()),
            ("bs", Some(size @ 1..)) => (task.input_block, task.output_block) = (size, size),
            ("ibs", Some(size @ 1..)) => task.input_block = size,
            ("obs", Some(size @ 1..)) => task.output_block = size,
            ("count", Some(count)) => task.count = Some(count),
            ("skip", Some(skip)) => task.skip = skip,
            ("seek", Some(seek)) => task.seek = seek,
            ("status", _) if matches!(value, "none" | "noxfer") => {
                task.quiet = value == "none";
                task.silent_rate = true;
            }
            ("conv", _) => {
                for what in value.split(',') {
                    match what {
                        "fsync" | "fdatasync" => {}
                        "notrunc" => task.keep = true,
                        _ => return process.unmodelled(format_args!("dd conv={what}")),
                    }
                }
            }
            ("iflag", _) if value == "fullblock" => {}
            ("oflag" | "iflag", _) if matches!(value, "direct" | "sync" | "dsync") => {}
            _ => return process.unmodelled(format_args!("dd {word}")),
        }
    }
    Ok(task)
}

fn dd(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let task = task(process, &argv[1..])?;
    let name = &argv[0];
    let source = match &task.from {
        None => process.input.clone(),
        Some(path) => match open(process, path) {
            Ok(source) => source,
            Err(errno) => {
                let path = quoted(process, path);
                return process.fail(1, format_args!("{name}: failed to open {path}: {errno}"));
            }
        },
    };
    let target = match &task.to {
        None => None,
        Some(path) => match target(process, path, &task) {
            Ok(target) => Some(target),
            Err(errno) => {
                let path = quoted(process, path);
                return process.fail(1, format_args!("{name}: failed to open {path}: {errno}"));
            }
        },
    };
    // Small blocks are taken together: only their sum shows.
    let block = task.input_block.clamp(4 << 10, 1 << 20);
    let mut skip = task.skip * task.input_block;
    let mut left = task.count.map(|count| count * task.input_block);
    let mut at = task.seek * task.output_block;
    let (mut copied, mut status) = (0_u64, 0);
    while left != Some(0) {
        let most = left.unwrap_or(u64::MAX).min(block) as usize;
        let wanted = if skip > 0 {
            skip.min(block) as usize
        } else {
            most
        };
        let taken = source.borrow_mut().take(wanted)?;
        let size = taken.len();
        if size == 0 {
            break;
        }
        process.spend(Duration::from_micros(size as u64 / 500))?;
        if skip > 0 {
            skip -= size as u64;
            continue;
        }
        let Some(path) = &target else {
            process.write(&taken)?;
            copied += size as u64;
            left = left.map(|left| left - size as u64);
            continue;
        };
        if at + size as u64 > LARGEST && !matches!(path, Target::Device(_)) {
            return process.unmodelled(format_args!("dd with a file of more than {LARGEST} bytes"));
        }
        let written = put(process, path, at, &taken);
        match written {
            Ok(()) => {
                copied += size as u64;
                at += size as u64;
                left = left.map(|left| left - size as u64);
            }
            Err(errno) => {
                // What still fits is written.
                copied += fill_up(process, path, at, &taken);
                let path = quoted(process, task.to.as_deref().unwrap_or_default());
                status = process.fail(1, format_args!("{name}: error writing {path}: {errno}"))?;
                break;
            }
        }
    }
    if !task.quiet {
        let records = |block: u64| format!("{}+{}", copied / block, u64::from(copied % block > 0));
        process.complain(format!(
            "{} records in\n{} records out\n",
            records(task.input_block),
            records(task.output_block)
        ))?;
    }
    if !task.silent_rate {
        let seconds = (copied as f64 / 500e6).max(0.0001);
        let rate = copied as f64 / seconds;
        process.complain(format!(
            "{copied} bytes ({}) copied, {seconds:.6} s, {}/s\n",
            decimal(copied as f64),
            decimal(rate)
        ))?;
    }
    Ok(status)
}

/// Where the output goes.
enum Target {
    File(String),
    Device(String),
}

fn target(process: &Process<'_>, path: &str, task: &Task) -> Result<Target, Errno> {
    let (path, by) = (process.path(path), process.actor());
    let mut here = process.here();
    let real = here.files.real(&path, true)?;
    passable(&here.files, &real, &by)?;
    match here.files.get(&real) {
        Ok(node) if node.is_directory() => return Err(Errno::IsDirectory),
        Ok(node) if !node.is_file() => return Ok(Target::Device(real)),
        Ok(node) if !by.may(node, 2) => return Err(Errno::Denied),
        Ok(_) if task.keep => return Ok(Target::File(real)),
        _ => {}
    }
    // What lies before the place of the first block stays.
    let before = (task.seek * task.output_block) as usize;
    let mut start = Vec::new();
    if before > 0 {
        if let Ok(there) = here.files.read(&real) {
            start.extend_from_slice(&there[..before.min(there.len())]);
        }
        start.resize(before.min(LARGEST as usize), 0);
    }
    here.files.write(&real, Bytes::new(start), &by)?;
    Ok(Target::File(real))
}

fn put(process: &Process<'_>, target: &Target, at: u64, bytes: &[u8]) -> Result<(), Errno> {
    let by = process.actor();
    let mut here = process.here();
    match target {
        Target::File(path) => here
            .files
            .write_at(path, Some(at as usize), bytes, &by)
            .map(drop),
        Target::Device(path) => here.files.write(path, Bytes::new(bytes.to_vec()), &by),
    }
}

/// Writes as much of `bytes` as the file system takes, and says how much that was.
fn fill_up(process: &Process<'_>, target: &Target, at: u64, bytes: &[u8]) -> u64 {
    const PAGE: usize = 4096;
    let mut done = 0;
    for page in bytes.chunks(PAGE) {
        if put(process, target, at + done, page).is_err() {
            break;
        }
        done += page.len() as u64;
    }
    done
}

/// `1.0 MB`, as `dd` of RHEL 7 shows amounts.
fn decimal(amount: f64) -> String {
    let (mut value, mut unit) = (amount, 0);
    while value >= 1000.0 && unit < 4 {
        value /= 1000.0;
        unit += 1;
    }
    let letter = ["B", "kB", "MB", "GB", "TB"][unit];
    if unit > 0 && value < 10.0 {
        format!("{value:.1} {letter}")
    } else {
        format!("{value:.0} {letter}")
    }
}
