//! `rpm`: questions to the database, and removal without yum.

use std::sync::Arc;

use super::super::files::Name;
use super::super::packages::{self, Change, Config, Installed, Plan};
use super::super::pattern::Pattern;
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::Program;
use super::time::utc;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("rpm", rpm)];

#[derive(Default)]
struct Asked {
    query: bool,
    erase: bool,
    all: bool,
    files: bool,
    list: bool,
    configs: bool,
    requires: bool,
    last: bool,
    owner: bool,
    verify: bool,
    nodeps: bool,
    format: Option<String>,
    names: Vec<String>,
}

fn rpm(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut asked = Asked::default();
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--qf" | "--queryformat" => asked.format = words.next().cloned(),
            "--last" => asked.last = true,
            "--nosignature" | "--nodigest" | "--quiet" | "--noplugins" => {}
            "--nodeps" => asked.nodeps = true,
            "--query" => asked.query = true,
            "--erase" => asked.erase = true,
            "--whatprovides" | "--import" | "--rebuilddb" => {
                return process.unmodelled(format_args!("rpm {word}"));
            }
            _ if word.starts_with("--qf=") || word.starts_with("--queryformat=") => {
                asked.format = word.split_once('=').map(|(_, format)| format.to_owned());
            }
            _ if word.starts_with("--") => return process.unmodelled(format_args!("rpm {word}")),
            _ if word.starts_with('-') && word.len() > 1 => {
                for letter in word[1..].chars() {
                    match letter {
                        'q' => asked.query = true,
                        'e' => asked.erase = true,
                        'a' => asked.all = true,
                        'p' => asked.files = true,
                        'l' => asked.list = true,
                        'c' => asked.configs = true,
                        'R' => asked.requires = true,
                        'f' => asked.owner = true,
                        'V' => asked.verify = true,
                        other => return process.unmodelled(format_args!("rpm -{other}")),
                    }
                }
            }
            _ => asked.names.push(word.clone()),
        }
    }
    if asked.verify {
        return verify(process, &asked);
    }
    match (asked.query, asked.erase) {
        (true, _) => query(process, &asked),
        (_, true) => erase(process, &asked),
        _ => process.unmodelled(argv.join(" ")),
    }
}

fn query(process: &Process<'_>, asked: &Asked) -> Ended {
    let mut status = 0;
    let mut found: Vec<Installed> = Vec::new();
    if asked.all {
        let wanted: Vec<Pattern> = asked.names.iter().map(|name| Pattern::new(name)).collect();
        let here = process.here();
        let all = here.packages.installed.values();
        found = all
            .filter(|one| {
                let package = &one.package;
                let words = [&package.name, package.name_version(), package.nevra()];
                wanted.is_empty()
                    || wanted
                        .iter()
                        .any(|one| words.iter().any(|word| one.matches(word)))
            })
            .cloned()
            .collect();
        if asked.last {
            found.sort_by_key(|one| std::cmp::Reverse(one.since));
        }
    } else {
        for name in &asked.names {
            match one(process, asked, name) {
                Ok(installed) => found.push(installed),
                Err(message) => {
                    status += 1;
                    if asked.files {
                        process.complain(format!("{message}\n"))?;
                    } else {
                        process.line(message)?;
                    }
                }
            }
        }
    }
    let mut text = String::new();
    for installed in &found {
        show(process, asked, installed, &mut text)?;
    }
    process.write(text)?;
    Ok(status)
}

/// The package that `name` means: an installed one, the owner of a file, or one in a file.
fn one(process: &Process<'_>, asked: &Asked, name: &str) -> Result<Installed, String> {
    let path = process.path(name);
    if asked.files {
        let state = process.cluster.state();
        let files = &state.machines[process.machine].files;
        let content = files
            .read(&path)
            .map_err(|errno| format!("error: open of {name} failed: {errno}"))?;
        let package =
            state.catalog.of_archive(&content).cloned().ok_or_else(|| {
                format!("error: {name}: not an rpm package (or package manifest)")
            })?;
        return Ok(Installed {
            package,
            since: std::time::Duration::ZERO,
            from: Name::from(""),
        });
    }
    let here = process.here();
    if asked.owner {
        if here.files.get(&path).is_err() {
            return Err(format!("error: file {path}: No such file or directory"));
        }
        let owner = here
            .packages
            .owner_of(&path)
            .map(|package| package.name.clone());
        return owner
            .and_then(|name| here.packages.installed.get(&name).cloned())
            .ok_or_else(|| format!("file {path} is not owned by any package"));
    }
    here.packages
        .installed
        .values()
        .find(|installed| installed.package.is_written(name))
        .cloned()
        .ok_or_else(|| format!("package {name} is not installed"))
}

fn show(
    process: &Process<'_>,
    asked: &Asked,
    installed: &Installed,
    text: &mut String,
) -> Result<(), Halt> {
    let package = &installed.package;
    if let Some(format) = &asked.format {
        text.push_str(&fill(process, format, installed)?);
    } else if asked.list || asked.configs {
        for file in &package.files {
            if asked.list || file.config != Config::No {
                text.push_str(&format!("{}\n", file.path));
            }
        }
    } else if asked.requires {
        for requirement in &package.requires {
            text.push_str(&format!("{requirement}\n"));
        }
    } else if asked.last {
        let when = utc(installed.since, "%a %d %b %Y %I:%M:%S %p %Z");
        text.push_str(&format!("{:<45} {when}\n", package.nevra()));
    } else {
        text.push_str(&format!("{}\n", package.nevra()));
    }
    Ok(())
}

/// A `--qf` format, filled in.
fn fill(process: &Process<'_>, format: &str, installed: &Installed) -> Result<String, Halt> {
    let package = &installed.package;
    let mut text = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().unwrap_or('\\');
                rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
            '%' if rest.starts_with('%') => {
                text.push('%');
                rest = &rest[1..];
            }
            '%' => {
                let Some((tag, after)) =
                    rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
                else {
                    return process.unmodelled(format_args!("rpm --qf {format}"));
                };
                rest = after;
                match tag.to_uppercase().as_str() {
                    "NAME" => text.push_str(&package.name),
                    "VERSION" => text.push_str(&package.evr.version),
                    "RELEASE" => text.push_str(&package.evr.release),
                    "ARCH" => text.push_str(&package.arch),
                    "SUMMARY" => text.push_str(&package.summary),
                    "INSTALLTIME" => text.push_str(&installed.since.as_secs().to_string()),
                    "EPOCH" | "EPOCHNUM" => text.push_str(&package.evr.epoch.to_string()),
                    _ => return process.unmodelled(format_args!("rpm --qf %{{{tag}}}")),
                }
            }
            other => text.push(other),
        }
    }
    Ok(text)
}

fn erase(process: &mut Process<'_>, asked: &Asked) -> Ended {
    if !process.is_root() {
        return process.fail(
            1,
            "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)",
        );
    }
    let mut names = Vec::new();
    for name in &asked.names {
        match one(process, asked, name) {
            Ok(installed) => names.push(installed.package.name.clone()),
            Err(_) => {
                return process.fail(1, format_args!("error: package {name} is not installed"));
            }
        }
    }
    let needed = packages::requirers(&process.here().packages, &names);
    if !needed.is_empty() && !asked.nodeps {
        return process.fail(
            1,
            format_args!(
                "error: Failed dependencies:\n\t{} is needed by (installed) {}",
                names.join(", "),
                needed.join(", ")
            ),
        );
    }
    let changes = names
        .iter()
        .filter_map(|name| process.here().packages.get(name).map(Arc::clone))
        .map(|old| Change {
            new: None,
            old: Some(old),
        })
        .collect();
    let said = packages::run(
        process,
        &Plan {
            changes,
            command: None,
        },
    )?;
    for line in said {
        process.complain(format!("{line}\n"))?;
    }
    Ok(0)
}

/// `rpm -V`: which files are not as the package laid them down.
fn verify(process: &Process<'_>, asked: &Asked) -> Ended {
    let mut text = String::new();
    let mut status = 0;
    for name in &asked.names {
        let installed = match one(process, asked, name) {
            Ok(installed) => installed,
            Err(message) => {
                text.push_str(&format!("{message}\n"));
                status = 1;
                continue;
            }
        };
        let here = process.here();
        for file in installed.package.files.iter().filter(|file| !file.ghost) {
            let mark = if file.config == Config::No { " " } else { "c" };
            match here.files.read(&file.path) {
                Err(_) if here.files.get(&file.path).is_err() => {
                    text.push_str(&format!("missing   {mark} {}\n", file.path));
                    status = 1;
                }
                Ok(there) if !file.is_content(&there) => {
                    text.push_str(&format!("S.5....T. {mark} {}\n", file.path));
                    status = 1;
                }
                _ => {}
            }
        }
    }
    process.write(text)?;
    Ok(status)
}
