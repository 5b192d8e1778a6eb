//! `mount`, `umount` and `mountpoint`.

use crate::transport::sim::files::{Errno, Mount};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::facts;
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::{Program, number};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("mount", mount),
    ("umount", umount),
    ("mountpoint", mountpoint),
];

fn mount(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "t:/types: o:/options:", argv)?;
    let unmodelled =
        |process: &Process<'_>| process.unmodelled(format_args!("mount {}", argv[1..].join(" ")));
    if options.words.is_empty() && options.given.is_empty() {
        let lines: String = process
            .here()
            .files
            .mounts()
            .iter()
            .map(|mount| {
                let access = if mount.read_only { "ro" } else { "rw" };
                format!(
                    "{} on {} type {} ({access},relatime,seclabel)\n",
                    mount.source,
                    mount.path,
                    mount.kind()
                )
            })
            .collect();
        process.write(lines)?;
        return Ok(0);
    }
    if !process.is_root() {
        return process.fail(1, "mount: only root can do that");
    }
    let words: Vec<&str> = options
        .values("o")
        .flat_map(|list| list.split(','))
        .collect();
    let by = process.actor();
    if words.contains(&"remount") {
        let [path] = options.words[..] else {
            return unmodelled(process);
        };
        let path = process.path(path);
        let read_only = match words[..] {
            ["remount", "ro"] => true,
            ["remount", "rw"] => false,
            _ => return unmodelled(process),
        };
        let mut here = process.here();
        let real = here.files.real(&path, true).unwrap_or_default();
        let Some(mount) = here.files.mount_mut(&real) else {
            drop(here);
            return process.fail(32, format_args!("mount: {path} not mounted or bad option"));
        };
        mount.read_only = read_only;
        return Ok(0);
    }
    let (Some("tmpfs"), [source, path]) = (options.value("t"), &options.words[..]) else {
        return unmodelled(process);
    };
    let mut made = Mount::new("", source, 1 << 30);
    "tmpfs".clone_into(&mut made.source);
    for word in words {
        match word.split_once('=') {
            Some(("size", size)) => match number::size(size) {
                Some(size) => made.size = size,
                None => return unmodelled(process),
            },
            Some(("mode", _)) => {}
            None if matches!(word, "rw" | "noexec" | "nosuid" | "nodev") => {}
            _ => return unmodelled(process),
        }
    }
    match facts(process, path, true) {
        Err(_) => process.fail(32, format_args!("mount: mount point {path} does not exist")),
        Ok(found) if !found.is_directory() => process.fail(
            32,
            format_args!("mount: mount point {path} is not a directory"),
        ),
        Ok(found) if !found.empty => process.unmodelled("mount over a directory that is not empty"),
        Ok(found) => {
            made.path.clone_from(&found.real);
            let done = process.here().files.mount(made, &by);
            match done {
                Ok(()) => Ok(0),
                Err(errno) => process.fail(32, format_args!("mount: {path}: {errno}")),
            }
        }
    }
}

fn umount(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "l/lazy f/force", argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "bad usage"));
    }
    if !process.is_root() {
        return process.fail(1, "umount: only root can do that");
    }
    let mut status = 0;
    for word in &options.words {
        let (path, by) = (process.path(word), process.actor());
        let done = process.here().files.unmount(&path, &by);
        match done {
            Ok(()) => {}
            Err(Errno::Invalid) => {
                status = process.fail(32, format_args!("umount: {word}: not mounted"))?
            }
            Err(_) => {
                status = process.fail(32, format_args!("umount: {word}: mountpoint not found"))?
            }
        }
    }
    Ok(status)
}

fn mountpoint(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "q/quiet", argv)?;
    let [path] = options.words[..] else {
        return Err(usage(process, options.name, "bad usage"));
    };
    let quiet = options.has("q");
    let found = match facts(process, path, true) {
        Ok(found) => found,
        Err(errno) if !quiet => return process.refused(options.name, path, errno),
        Err(_) => return Ok(1),
    };
    let is = process
        .here()
        .files
        .mounts()
        .iter()
        .any(|mount| mount.path == found.real);
    if !quiet {
        process.line(format_args!(
            "{path} is {}a mountpoint",
            if is { "" } else { "not " }
        ))?;
    }
    Ok(u8::from(!is))
}
