//! `id`, `whoami`, `groups`, `logname` and `getent`.

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::users::{Accounts, Group};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("id", id),
    ("whoami", |process, _| {
        process.line(process.user.clone()).map(|()| 0)
    }),
    ("logname", |process, _| {
        process.line(process.user.clone()).map(|()| 0)
    }),
    ("groups", groups),
    ("getent", getent),
];

fn id(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "u/user g/group G/groups n/name r/real Z/context z/zero",
        argv,
    )?;
    let accounts = Accounts::of(process);
    let own = process.user.to_string();
    let name = options.words.first().copied().unwrap_or(&own);
    let Some(user) = accounts.user(name) else {
        return process.fail(1, format_args!("{}: {name}: no such user", options.name));
    };
    let groups = accounts.groups_of(user);
    let named = options.has("n");
    let show = |group: &&Group| {
        if named {
            group.name.clone()
        } else {
            group.gid.to_string()
        }
    };
    let which = options.last_of(&["u", "g", "G", "Z"]);
    match which {
        Some("u") if named => process.line(&user.name)?,
        Some("u") => process.line(user.uid)?,
        Some("g") => process.line(groups.first().map_or(user.gid.to_string(), show))?,
        Some("G") => process.line(groups.iter().map(show).collect::<Vec<_>>().join(" "))?,
        Some(_) => {
            if !process.here().selinux.is_on() {
                return process.fail(
                    1,
                    format_args!(
                        "{}: --context (-Z) works only on an SELinux-enabled kernel",
                        options.name
                    ),
                );
            }
            process.line("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023")?;
        }
        None if named => {
            return process.fail(
                1,
                format_args!(
                    "{}: cannot print only names or real IDs in default format",
                    options.name
                ),
            );
        }
        None => {
            let all: Vec<String> = groups
                .iter()
                .map(|group| format!("{}({})", group.gid, group.name))
                .collect();
            let first = all.first().cloned().unwrap_or_else(|| user.gid.to_string());
            let context = if process.here().selinux.is_on() && options.words.is_empty() {
                " context=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
            } else {
                ""
            };
            process.line(format_args!(
                "uid={}({}) gid={first} groups={}{context}",
                user.uid,
                user.name,
                all.join(",")
            ))?;
        }
    }
    Ok(0)
}

fn groups(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let accounts = Accounts::of(process);
    let own = process.user.to_string();
    let mut status = 0;
    let named: Vec<&str> = if options.words.is_empty() {
        vec![&own]
    } else {
        options.words.clone()
    };
    for name in named {
        let Some(user) = accounts.user(name) else {
            status = process.fail(1, format_args!("{}: {name}: no such user", options.name))?;
            continue;
        };
        let all: Vec<&str> = accounts
            .groups_of(user)
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        let lead = if options.words.is_empty() {
            String::new()
        } else {
            format!("{name} : ")
        };
        process.line(format_args!("{lead}{}", all.join(" ")))?;
    }
    Ok(status)
}

fn getent(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let Some((database, keys)) = options.words.split_first() else {
        return Err(usage(process, options.name, "wrong number of arguments"));
    };
    let accounts = Accounts::of(process);
    let all: Vec<String> = match *database {
        "passwd" => accounts
            .users
            .iter()
            .map(|user| user.line.clone())
            .collect(),
        "group" => accounts
            .groups
            .iter()
            .map(|group| group.line.clone())
            .collect(),
        "hosts" | "ahosts" | "ahostsv4" if !keys.is_empty() => Vec::new(),
        other => return process.unmodelled(format_args!("getent {other}")),
    };
    if keys.is_empty() {
        process.write(
            all.iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>(),
        )?;
        return Ok(0);
    }
    let mut status = 0;
    for key in keys {
        let found = match *database {
            "passwd" => accounts.user(key).map(|user| format!("{}\n", user.line)),
            "group" => accounts.group(key).map(|group| format!("{}\n", group.line)),
            database => host(process, key).map(|(address, name)| match database {
                "hosts" => format!("{address:<15} {name}\n"),
                _ => ["STREAM", "DGRAM", "RAW"]
                    .iter()
                    .map(|kind| {
                        let name = if *kind == "STREAM" { name.as_str() } else { "" };
                        format!("{address:<15} {kind:<6} {name}\n")
                    })
                    .collect(),
            }),
        };
        match found {
            Some(line) => process.write(line)?,
            None => status = 2,
        }
    }
    Ok(status)
}

/// The address and name behind `key`: from `/etc/hosts` of the host, or as the cluster's names have it.
fn host(process: &Process<'_>, key: &str) -> Option<(String, String)> {
    let text = process.here().files.text("/etc/hosts").unwrap_or_default();
    for line in text.lines() {
        let mut words = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let Some(address) = words.next() else {
            continue;
        };
        let names: Vec<&str> = words.collect();
        if address == key || names.contains(&key) {
            return Some((address.to_owned(), names.join(" ")));
        }
    }
    let state = process.cluster.state();
    let found = state
        .names
        .iter()
        .find(|(name, addresses)| *name == key || addresses.iter().any(|own| own == key));
    let (name, addresses) = found?;
    Some((addresses.first()?.clone(), name.clone()))
}
