//! `tar`, with real archives.

mod extract;
mod pack;

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{facts, slurp};
use crate::transport::sim::program::options::Options;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("tar", tar)];

/// Archives are written in records of this size.
const RECORD: usize = 20 * 512;
const TROUBLE: u8 = 2;

fn tar(process: &mut Process<'_>, argv: &[String]) -> Ended {
    // The first word may be letters without a dash.
    let mut argv = argv.to_vec();
    if let Some(first) = argv.get_mut(1)
        && !first.starts_with('-')
    {
        first.insert(0, '-');
    }
    let table = "c/create x/extract/get t/list f:/file: C:/directory: v/verbose p/preserve-permissions P/absolute-names \
                 exclude: numeric-owner same-owner selinux xattrs acls";
    let options = Options::parse(process, table, &argv)?;
    let Some(mode) = options.last_of(&["c", "x", "t"]) else {
        return process.unmodelled(format_args!("tar {}", argv[1..].join(" ")));
    };
    let archive = options.value("f").unwrap_or("-");
    let mut inner = process.clone();
    for directory in options.values("C") {
        match facts(&inner, directory, true) {
            Ok(found) if found.is_directory() => inner.directory = found.real,
            Ok(_) => return no_directory(process, options.name, directory, Errno::NotDirectory),
            Err(errno) => return no_directory(process, options.name, directory, errno),
        }
    }
    if mode == "c" {
        return pack::create(process, &inner, &options, archive);
    }
    let bytes = match slurp(process, archive)? {
        Ok(bytes) => bytes,
        Err(errno) => {
            let text = format!(
                "{name}: {archive}: Cannot open: {errno}\n{name}: Error is not recoverable: exiting now",
                name = options.name
            );
            return process.fail(TROUBLE, text);
        }
    };
    extract::read(&inner, &options, &bytes, mode == "x")
}

fn no_directory(process: &Process<'_>, name: &str, directory: &str, errno: Errno) -> Ended {
    let text = format!(
        "{name}: {directory}: Cannot chdir: {errno}\n{name}: Error is not recoverable: exiting now"
    );
    process.fail(TROUBLE, text)
}

fn broken(process: &Process<'_>, name: &str) -> Ended {
    let text = format!(
        "{name}: This does not look like a tar archive\n{name}: Exiting with failure status due to previous errors"
    );
    process.fail(TROUBLE, text)
}
