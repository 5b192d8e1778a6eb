//! `df` and `du`.

use crate::transport::sim::files::Mount;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{Facts, Is, facts, names, quoted};
use crate::transport::sim::program::file::human;
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, number};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("df", df), ("du", du)];

/// The columns of `df`.
const COLUMNS: &[&str] = &[
    "source", "fstype", "size", "used", "avail", "pcent", "target", "file",
];

fn df(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "P/portability B:/block-size: k h/human-readable m T/print-type a/all l/local output?";
    let options = Options::parse(process, table, argv)?;
    let portable = options.has("P");
    let unit = match options.last_of(&["B", "k", "m", "h"]) {
        Some("B") => match number::size(options.value("B").unwrap_or_default()) {
            Some(unit) if unit > 0 => unit,
            _ => {
                return process.unmodelled(format_args!(
                    "df -B {}",
                    options.value("B").unwrap_or_default()
                ));
            }
        },
        Some("m") => 1 << 20,
        _ => 1024,
    };
    let readable = options.last_of(&["B", "k", "m", "h"]) == Some("h");
    let columns: Vec<&str> = match options.value("output") {
        None | Some("") => {
            let mut columns = vec!["source", "size", "used", "avail", "pcent", "target"];
            if options.has("T") {
                columns.insert(1, "fstype");
            }
            columns
        }
        Some(list) => list.split(',').collect(),
    };
    if options.value("output") == Some("") || columns.iter().any(|column| !COLUMNS.contains(column))
    {
        return process.unmodelled(format_args!(
            "df --output={}",
            options.value("output").unwrap_or_default()
        ));
    }
    let mut status = 0;
    let mut mounts: Vec<(Mount, &str)> = Vec::new();
    if options.words.is_empty() {
        let here = process.here();
        let shown = here
            .files
            .mounts()
            .iter()
            .filter(|mount| mount.size > 0 || options.has("a"));
        mounts.extend(shown.map(|mount| (mount.clone(), "-")));
    }
    for word in &options.words {
        match facts(process, word, true) {
            Ok(found) => mounts.push((process.here().files.mount_of(&found.real).clone(), word)),
            Err(errno) => {
                let word = quoted(process, word);
                status = process.fail(1, format_args!("{}: {word}: {errno}", options.name))?;
            }
        }
    }
    if mounts.is_empty() {
        return Ok(status);
    }
    let amount = |bytes: u64| {
        if readable {
            human(bytes)
        } else {
            bytes.div_ceil(unit).to_string()
        }
    };
    let blocks = match unit {
        1024 if portable => "1024-blocks".to_owned(),
        1024 => "1K-blocks".to_owned(),
        unit if unit % (1 << 20) == 0 => format!("{}M-blocks", unit >> 20),
        unit => format!("{unit}{}-blocks", if portable { "" } else { "B" }),
    };
    let title = |column: &&str| match *column {
        "source" => "Filesystem".to_owned(),
        "fstype" => "Type".to_owned(),
        "size" if readable => "Size".to_owned(),
        "size" => blocks.clone(),
        "used" => "Used".to_owned(),
        "avail" if readable || options.has("output") => "Avail".to_owned(),
        "avail" => "Available".to_owned(),
        "pcent" if portable => "Capacity".to_owned(),
        "pcent" => "Use%".to_owned(),
        "file" => "File".to_owned(),
        _ => "Mounted on".to_owned(),
    };
    let mut rows: Vec<Vec<String>> = vec![columns.iter().map(title).collect()];
    for (mount, file) in &mounts {
        let (used, free) = (mount.used(), mount.free());
        let cell = |column: &&str| match *column {
            "source" => mount.source.clone(),
            "fstype" => mount.kind().to_owned(),
            "size" => amount(mount.size),
            "used" => amount(used),
            "avail" => amount(free),
            "pcent" if used + free == 0 => "-".to_owned(),
            "pcent" => format!("{}%", (used * 100).div_ceil(used + free)),
            "file" => (*file).to_owned(),
            _ => mount.path.clone(),
        };
        rows.push(columns.iter().map(cell).collect());
    }
    process.write(aligned(&columns, &rows))?;
    Ok(status)
}

fn aligned(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let least = match columns[at] {
                "source" => 14,
                "size" | "used" | "avail" => 5,
                "fstype" | "pcent" => 4,
                _ => 0,
            };
            let width = rows
                .iter()
                .map(|row| row[at].len())
                .max()
                .unwrap_or(0)
                .max(least);
            if at > 0 {
                out.push(' ');
            }
            if matches!(columns[at], "size" | "used" | "avail" | "pcent") {
                out.push_str(&format!("{cell:>width$}"));
            } else if at + 1 == row.len() {
                out.push_str(cell);
            } else {
                out.push_str(&format!("{cell:<width$}"));
            }
        }
        out.push('\n');
    }
    out
}

fn du(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "s/summarize b/bytes k m h/human-readable a/all c/total x/one-file-system d:/max-depth: \
                 apparent-size B:/block-size:";
    let options = Options::parse(process, table, argv)?;
    let unit = match options.last_of(&["b", "k", "m", "B"]) {
        Some("b") => 1,
        Some("m") => 1 << 20,
        Some("B") => match number::size(options.value("B").unwrap_or_default()) {
            Some(unit) if unit > 0 => unit,
            _ => return process.unmodelled("du -B"),
        },
        _ => 1024,
    };
    let depth = match (
        options.has("s"),
        options.value("d").map(str::parse::<usize>),
    ) {
        (true, _) => 0,
        (false, None) => usize::MAX,
        (false, Some(Ok(depth))) => depth,
        (false, Some(Err(_))) => return process.unmodelled("du -d without a number"),
    };
    let mut usage = Usage {
        process,
        apparent: options.has("b") || options.has("apparent-size"),
        all: options.has("a"),
        one_system: options.has("x"),
        depth,
        rows: Vec::new(),
        status: 0,
    };
    let words = if options.words.is_empty() {
        vec!["."]
    } else {
        options.words.clone()
    };
    let mut total = 0;
    for word in words {
        match facts(process, word, false) {
            Ok(found) => total += usage.visit(word, &found, 0, &found.real)?,
            Err(errno) => {
                let word = quoted(process, word);
                usage.status = process.fail(
                    1,
                    format_args!("{}: cannot access {word}: {errno}", options.name),
                )?;
            }
        }
    }
    if options.has("c") {
        usage.rows.push((total, "total".to_owned()));
    }
    let (rows, status) = (usage.rows, usage.status);
    let mut out = String::new();
    for (bytes, path) in rows {
        let amount = if options.has("h") {
            human(bytes)
        } else {
            bytes.div_ceil(unit).to_string()
        };
        out.push_str(&format!("{amount}\t{path}\n"));
    }
    process.write(out)?;
    Ok(status)
}

struct Usage<'u, 'a> {
    process: &'u Process<'a>,
    apparent: bool,
    all: bool,
    one_system: bool,
    depth: usize,
    rows: Vec<(u64, String)>,
    status: u8,
}

impl Usage<'_, '_> {
    fn visit(&mut self, path: &str, found: &Facts, depth: usize, top: &str) -> Result<u64, Halt> {
        if self.one_system {
            let here = self.process.here();
            if here.files.mount_of(&found.real).path != here.files.mount_of(top).path {
                return Ok(0);
            }
        }
        let mut bytes = match (&found.is, self.apparent) {
            (_, true) => found.size,
            (Is::File, false) => found.size.div_ceil(4096) * 4096,
            (Is::Directory, false) => 4096,
            (Is::Link(_) | Is::Device, false) => 0,
        };
        if found.is_directory() {
            for name in names(self.process, path).unwrap_or_default() {
                let below = format!("{}/{name}", path.trim_end_matches('/'));
                if let Ok(found) = facts(self.process, &below, false) {
                    bytes += self.visit(&below, &found, depth + 1, top)?;
                }
            }
        }
        if depth <= self.depth && (found.is_directory() || self.all || depth == 0) {
            self.rows.push((bytes, path.to_owned()));
        }
        Ok(bytes)
    }
}
