//! `sed`.
//!
//! | file           | subject                                     |
//! |----------------|---------------------------------------------|
//! | `script`       | what a script can say                       |
//! | `parse`        | from text to a script                       |
//! | `substitution` | what stands between the delimiters of `s`   |
//! | `lines`        | lines, one after the other                  |
//! | `run`          | what a script does with them                |

mod lines;
mod parse;
mod run;
mod script;
mod substitution;

use super::Program;
use super::access::{facts, slurp, write};
use super::options::Options;
use super::regex::Syntax;
use crate::transport::sim::files::{Bytes, Errno};
use crate::transport::sim::process::{Ended, Process};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("sed", sed)];

fn sed(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "n/quiet/silent e:/expression: f:/file: i?/in-place? E/regexp-extended r s/separate u/unbuffered";
    let options = Options::parse(process, table, argv)?;
    let name = options.name;
    let mut words = options.words.clone();
    let mut text = String::new();
    for (id, value) in &options.given {
        match *id {
            "e" => text.push_str(value),
            "f" => match slurp(process, value)? {
                Ok(file) => text.push_str(String::from_utf8_lossy(&file).trim_end_matches('\n')),
                Err(errno) => {
                    return process.fail(
                        1,
                        format_args!("{name}: couldn't open file {value}: {errno}"),
                    );
                }
            },
            _ => continue,
        }
        text.push('\n');
    }
    if !options.has("e") && !options.has("f") {
        if words.is_empty() {
            return process.unmodelled(format_args!("{name} without a script"));
        }
        words.remove(0).clone_into(&mut text);
    }
    let extended = options.has("E") || options.has("r");
    let syntax = if extended {
        Syntax::Extended
    } else {
        Syntax::Basic
    };
    let script = match parse::known(&text, syntax) {
        Ok(script) => script,
        Err(what) => return process.unmodelled(format_args!("{name} {}: {what}", text.trim_end())),
    };
    let quiet = options.has("n") || script.quiet;
    let in_place = options.has("i");
    let separate = in_place || options.has("s");
    let mut status = 0;
    let mut inputs: Vec<(&str, Bytes)> = Vec::new();
    if words.is_empty() {
        words.push("-");
    }
    for word in words {
        match slurp(process, word)? {
            Ok(bytes) => inputs.push((word, bytes)),
            Err(Errno::IsDirectory) if in_place => {
                status = process.fail(
                    4,
                    format_args!("{name}: couldn't edit {word}: not a regular file"),
                )?;
            }
            Err(Errno::IsDirectory) => {
                status = process.fail(
                    2,
                    format_args!("{name}: read error on {word}: {}", Errno::IsDirectory),
                )?;
            }
            Err(errno) => {
                status = process.fail(2, format_args!("{name}: can't read {word}: {errno}"))?
            }
        }
    }
    let mut machine = run::Machine::new(process, &script, quiet, separate);
    if !separate {
        let all: Vec<&[u8]> = inputs.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        machine.feed(&all)?;
        process.write(&machine.out)?;
        return Ok(machine.status.unwrap_or(status));
    }
    for (word, bytes) in &inputs {
        machine.feed(&[bytes.as_slice()])?;
        let out = std::mem::take(&mut machine.out);
        if !in_place {
            process.write(&out)?;
        } else if let Err(errno) =
            replace(process, word, options.value("i").unwrap_or(""), bytes, out)
        {
            return process.fail(4, format_args!("{name}: couldn't edit {word}: {errno}"));
        }
        if let Some(status) = machine.status {
            return Ok(status);
        }
    }
    Ok(status)
}

/// Puts `new` in the place of the file `path`, whose content was `old`, kept under another name if
/// there is a `suffix`. A link is replaced by a file.
fn replace(
    process: &Process<'_>,
    path: &str,
    suffix: &str,
    old: &[u8],
    new: Vec<u8>,
) -> Result<(), Errno> {
    if !suffix.is_empty() {
        let kept = match suffix.contains('*') {
            true => {
                let (directory, base) = path
                    .rsplit_once('/')
                    .map_or(("", path), |(directory, base)| (directory, base));
                let named = suffix.replace('*', base);
                if named.contains('/') || directory.is_empty() {
                    named
                } else {
                    format!("{directory}/{named}")
                }
            }
            false => format!("{path}{suffix}"),
        };
        write(process, &kept, old)?;
    }
    let found = facts(process, path, true)?;
    if facts(process, path, false)?.is_link() {
        let (absolute, by) = (process.path(path), process.actor());
        process.here().files.remove(&absolute, &by)?;
        write(process, path, new)?;
        let mut here = process.here();
        return here.files.alter(&absolute, false, &by, |node| {
            node.mode = found.mode;
            node.owner = found.owner.clone();
            node.group = found.group.clone();
        });
    }
    write(process, path, new)
}
