//! `ls`, as it is in a pipe: one name a line.

use std::sync::Arc;
use std::time::Duration;

use super::copy::join_shown;
use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{Facts, Is, facts, names, quoted};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::program::{Program, time};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("ls", ls)];

/// Older files are shown with their year.
const HALF_A_YEAR: Duration = Duration::from_secs(31_556_952 / 2);

type Entry = (String, Facts);

fn ls(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "a/all A/almost-all d/directory l 1 R/recursive t r/reverse S h/human-readable n/numeric-uid-gid \
                 F/classify p L/dereference H g o/no-group G s/size Z/context U full-time time-style: color?";
    let options = Options::parse(process, table, argv)?;
    for id in ["s", "g", "o", "G", "time-style"] {
        if options.has(id) {
            return process.unmodelled(format_args!("{} -{id}", options.name));
        }
    }
    if !matches!(
        options.value("color"),
        None | Some("auto" | "never" | "tty")
    ) {
        return process.unmodelled("ls --color");
    }
    let here = ["."];
    let words: &[&str] = if options.words.is_empty() {
        &here
    } else {
        &options.words
    };
    let long = ["l", "n", "full-time"].iter().any(|id| options.has(id));
    let view = View {
        process,
        options: &options,
        accounts: Accounts::of(process),
        long,
    };
    let mut status = 0;
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for word in words {
        let follow =
            options.has("L") || options.has("H") || !long && !options.has("d") && !options.has("F");
        let found = facts(process, word, follow).or_else(|errno| match errno {
            Errno::NoEntry if follow => facts(process, word, false),
            errno => Err(errno),
        });
        match found {
            Ok(found) if found.is_directory() && !options.has("d") => {
                directories.push(((*word).to_owned(), found))
            }
            Ok(found) => files.push(((*word).to_owned(), found)),
            Err(errno) => {
                let word = quoted(process, word);
                status = process.fail(
                    2,
                    format_args!("{}: cannot access {word}: {errno}", options.name),
                )?;
            }
        }
    }
    view.sort(&mut files);
    view.sort(&mut directories);
    let mut out = view.lines(&files, false)?;
    let titled = words.len() > 1 || options.has("R");
    let mut waiting: Vec<String> = directories
        .into_iter()
        .rev()
        .map(|(path, _)| path)
        .collect();
    while let Some(path) = waiting.pop() {
        let names = match names(process, &path) {
            Ok(names) => names,
            Err(errno) => {
                process.write(std::mem::take(&mut out))?;
                let path = quoted(process, &path);
                process.complain(format!(
                    "{}: cannot open directory {path}: {errno}\n",
                    options.name
                ))?;
                status = status.max(if words.contains(&path.to_string().as_str()) {
                    2
                } else {
                    1
                });
                continue;
            }
        };
        let mut entries: Vec<Entry> = Vec::new();
        if options.last_of(&["a", "A"]) == Some("a") {
            for dots in [".", ".."] {
                if let Ok(found) = facts(process, &join_shown(&path, dots), true) {
                    entries.push((dots.to_owned(), found));
                }
            }
        }
        for name in names {
            if name.starts_with('.') && !options.has("a") && !options.has("A") {
                continue;
            }
            if let Ok(found) = facts(process, &join_shown(&path, &name), options.has("L")) {
                entries.push((name.to_string(), found));
            }
        }
        view.sort(&mut entries);
        if titled {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{path}:\n"));
        }
        out.push_str(&view.lines(&entries, true)?);
        if options.has("R") {
            let below = entries.iter().rev();
            let below =
                below.filter(|(name, found)| found.is_directory() && name != "." && name != "..");
            waiting.extend(below.map(|(name, _)| join_shown(&path, name)));
        }
    }
    process.write(out)?;
    Ok(status)
}

struct View<'v, 'a> {
    process: &'v Process<'a>,
    options: &'v Options<'v>,
    accounts: Arc<Accounts>,
    long: bool,
}

impl View<'_, '_> {
    fn sort(&self, entries: &mut [Entry]) {
        let has = |id| self.options.has(id);
        if has("U") {
            return;
        }
        entries.sort_by(|(a, x), (b, y)| {
            let found = match self.options.last_of(&["t", "S"]) {
                Some("t") => y.modified.cmp(&x.modified),
                Some(_) => y.size.cmp(&x.size),
                None => std::cmp::Ordering::Equal,
            };
            let found = found.then_with(|| a.cmp(b));
            if has("r") { found.reverse() } else { found }
        });
    }

    fn name(&self, name: &str, found: &Facts) -> String {
        let mut text = name.to_owned();
        if self.long
            && let Is::Link(target) = &found.is
        {
            text.push_str(&format!(" -> {target}"));
            return text;
        }
        match &found.is {
            Is::Directory if self.options.has("F") || self.options.has("p") => text.push('/'),
            Is::Link(_) if self.options.has("F") => text.push('@'),
            Is::File if self.options.has("F") && found.mode & 0o111 != 0 => text.push('*'),
            _ => {}
        }
        text
    }

    fn size(&self, size: u64) -> String {
        if !self.options.has("h") {
            return size.to_string();
        }
        human(size)
    }

    fn lines(&self, entries: &[Entry], total: bool) -> Result<String, Halt> {
        let mut out = String::new();
        let labels = self.options.has("Z");
        let label = |found: &Facts| {
            let label = self.process.here().label_of(&found.real);
            label.map_or("?".to_owned(), |label| label.to_string())
        };
        if !self.long {
            for (name, found) in entries {
                if labels {
                    out.push_str(&format!("{} ", label(found)));
                }
                out.push_str(&self.name(name, found));
                out.push('\n');
            }
            return Ok(out);
        }
        let zone = time::zone(self.process)?;
        let now = self.process.now();
        let rows: Vec<[String; 6]> = entries
            .iter()
            .map(|(_, found)| {
                let (owner, group) = if self.options.has("n") {
                    (
                        self.accounts.uid(&found.owner).to_string(),
                        self.accounts.gid(&found.group).to_string(),
                    )
                } else {
                    (found.owner.to_string(), found.group.to_string())
                };
                let when = if self.options.has("full-time") {
                    time::long(found.modified, &zone)
                } else {
                    let recent = found.modified <= now && now - found.modified < HALF_A_YEAR;
                    let form = if recent { "%b %e %H:%M" } else { "%b %e  %Y" };
                    time::zoned(found.modified, &zone)
                        .strftime(form)
                        .to_string()
                };
                let dot = if self.process.here().selinux.is_on() {
                    "."
                } else {
                    ""
                };
                let mode = format!("{}{dot}", found.mode_text());
                [
                    mode,
                    found.links().to_string(),
                    owner,
                    group,
                    self.size(found.size),
                    when,
                ]
            })
            .collect();
        let width = |at: usize| rows.iter().map(|row| row[at].len()).max().unwrap_or(0);
        let (links, owners, groups, sizes) = (width(1), width(2), width(3), width(4));
        if total {
            let blocks: u64 = entries.iter().map(|(_, found)| blocks(found)).sum();
            let text = if self.options.has("h") {
                human(blocks * 1024)
            } else {
                blocks.to_string()
            };
            out.push_str(&format!("total {text}\n"));
        }
        for ((name, found), [mode, link, owner, group, size, when]) in entries.iter().zip(&rows) {
            let context = if labels {
                format!("{} ", label(found))
            } else {
                String::new()
            };
            let name = self.name(name, found);
            out.push_str(&format!(
                "{mode} {link:>links$} {owner:<owners$} {group:<groups$} {context}{size:>sizes$} {when} {name}\n"
            ));
        }
        Ok(out)
    }
}

/// Blocks of 1024 bytes.
fn blocks(found: &Facts) -> u64 {
    match found.is {
        Is::File => found.size.div_ceil(4096) * 4,
        Is::Directory => 4,
        Is::Link(_) | Is::Device => 0,
    }
}

/// `1.5K`, `12M`, rounded up as GNU's.
pub(in crate::transport::sim::program) fn human(size: u64) -> String {
    if size < 1024 {
        return size.to_string();
    }
    let (mut value, mut unit) = (size as f64, 0);
    while value >= 1024.0 {
        value /= 1024.0;
        unit += 1;
    }
    let letter = [' ', 'K', 'M', 'G', 'T', 'P'][unit];
    let tenths = (value * 10.0).ceil() / 10.0;
    if tenths < 10.0 {
        format!("{tenths:.1}{letter}")
    } else {
        format!("{}{letter}", value.ceil())
    }
}
