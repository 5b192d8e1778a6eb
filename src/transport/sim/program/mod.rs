//! The programs of a simulated host, by name.
//!
//! A program is there if its file is: `/usr/bin/etcdctl` comes and goes with the package. The file's
//! first line says what it is: a script that [`super::shell`] reads, or one of the programs below. What
//! a program does not model it refuses by name ([`Halt::Unmodelled`]), whatever the shell around it
//! makes of failures: a simulation that is silent about what it does not know would lie.

mod curl;
mod docker;
mod etcd;
mod etcdctl;
mod oc;
mod openshift;
mod rpm;
mod systemctl;
mod yum;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::cluster::State;
pub mod access;
pub mod echo;
mod escape;
mod file;
mod find;
mod host;
mod journalctl;
pub mod kill;
pub mod number;
pub mod options;
pub mod printf;
pub mod regex;
mod search;
mod sed;
pub mod test;
mod text;
pub mod time;
pub mod users;
mod wrap;

use super::files::{Bytes, Errno, Files, Kind, Node, lossy};
use super::machine::Running;
use super::process::{Ended, Process};
use super::shell;
use super::stream::Halt;

pub use search::{Known, find, which};

/// A program: gets its words, the first of which is its own name, and returns its exit status.
pub type Program = fn(&mut Process<'_>, &[String]) -> Ended;

/// How the content of a program's file begins; the program's name follows.
const MARK: &str = "\u{7f}PROGRAM ";

/// The content of the file that is the program `name`.
pub fn file_of(name: &str) -> String {
    format!("{MARK}{name}\n")
}

/// A family of programs, by the name that their files say.
type Family = &'static [(&'static str, Program)];

/// What every system has in `/usr/bin`, a family a file.
const BASIC: &[Family] = &[
    file::ATTRIBUTES,
    file::COPY,
    file::DD,
    file::LINKS,
    file::LIST,
    file::MAKE,
    file::RELOCATE,
    file::REMOVE,
    file::STAT,
    file::TAR,
    find::PROGRAMS,
    host::ACCOUNTS,
    host::DATE,
    host::DISK,
    host::LABEL,
    host::MOUNT,
    host::NAMES,
    host::OPENSSL,
    host::PROCESSES,
    host::SOCKETS,
    text::CAT,
    text::CMP,
    text::COUNT,
    text::CUT,
    text::ENCODE,
    text::ENDS,
    text::EXPR,
    text::GREP,
    sed::PROGRAMS,
    text::MAKE,
    text::SORT,
    text::TR,
    wrap::AROUND,
    wrap::BECOME,
    wrap::WAIT,
    wrap::XARGS,
    curl::PROGRAMS,
    rpm::PROGRAMS,
    journalctl::PROGRAMS,
    systemctl::PROGRAMS,
    yum::PROGRAMS,
    echo::PROGRAMS,
    kill::PROGRAMS,
    printf::PROGRAMS,
    shell::PROGRAMS,
    test::PROGRAMS,
];

/// What comes with packages.
const PACKAGED: &[Family] = &[
    docker::PROGRAMS,
    etcd::PROGRAMS,
    etcdctl::PROGRAMS,
    oc::PROGRAMS,
    openshift::PROGRAMS,
];

/// What every system has and nobody models yet: they are there, so that they are refused by name
/// instead of not being found.
const UNMODELLED: &str = "awk gawk blkid bzip2 chpasswd chroot chrt comm crontab dmesg factor fdisk file findmnt \
     firewall-cmd flock fmt fold free fuser groupadd gunzip gzip hexdump hostnamectl install ip iptables iptables-save \
     join last less link localectl logger lsattr lsblk lscpu lsmod lvs modprobe more namei nl numfmt passwd paste perl \
     ping pinky pmap pr pvs python python2 rev rsync scp script semanage sestatus setfattr getfattr setfacl getfacl \
     shred shuf shutdown split ssh stty sysctl tac taskset timedatectl top tsort unexpand expand useradd userdel usermod \
     vgs vi vmstat w watch who xz zcat";

/// The programs of a fresh system, to be laid into `/usr/bin`.
pub fn basic() -> impl Iterator<Item = &'static str> {
    let modelled = BASIC.iter().copied().flatten().map(|(name, _)| *name);
    modelled.chain(UNMODELLED.split_whitespace())
}

/// The program that a file calls `name`.
fn by_name(name: &str) -> Option<Program> {
    static EXACT: LazyLock<HashMap<&str, Program, FixedState>> = LazyLock::new(|| {
        BASIC
            .iter()
            .chain(PACKAGED)
            .copied()
            .flatten()
            .copied()
            .collect()
    });
    let exact = EXACT.get(name).copied();
    // A real cluster has other versions than the shipped ones: `openshift-3.7.57` behaves as `openshift-3.7.23`.
    let near = || {
        let (program, version) = name.rsplit_once('-')?;
        let release: Vec<&str> = version.split('.').take(2).collect();
        let begin = format!("{program}-{}.", release.join("."));
        let mut all = BASIC.iter().chain(PACKAGED).copied().flatten();
        all.find(|(known, _)| known.starts_with(&begin))
            .map(|(_, program)| *program)
    };
    exact.or_else(near)
}

/// Runs the program `argv[0]`, looked for in `PATH` if it has no slash.
///
/// # Errors
/// [`Halt`], but for the program's own end, which is a status.
pub fn execute(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let Some(name) = argv.first() else {
        return Ok(0);
    };
    match find(process, name) {
        Ok(found) => start(process, &found, argv),
        Err(Errno::NoEntry) => process.fail(127, format_args!("sh: {name}: command not found")),
        Err(errno) => process.fail(126, format_args!("sh: {name}: {errno}")),
    }
}

/// A program that was found.
pub struct Found {
    /// Where.
    pub path: String,
    content: Bytes,
}

impl Found {
    /// The name of the simulated program that it is; none if it is a script.
    fn program(&self) -> Option<&str> {
        let name = self.content.strip_prefix(MARK.as_bytes())?;
        Some(str::from_utf8(name).ok()?.trim_end())
    }
}

/// Runs the program `found`, called as `argv`.
///
/// # Errors
/// As [`execute`].
pub fn start(process: &mut Process<'_>, found: &Found, argv: &[String]) -> Ended {
    let ended = if let Some(program) = found.program() {
        match by_name(program) {
            Some(run) => run(process, argv),
            None => return process.unmodelled(program),
        }
    } else {
        // As the kernel hands it over: a script knows where it lies.
        let words: Vec<String> = std::iter::once(&found.path)
            .chain(argv.get(1..).unwrap_or_default())
            .cloned()
            .collect();
        shell::script(process, &lossy(&found.content), &words)
    };
    match ended {
        Err(Halt::Exit(status)) => Ok(status),
        Err(Halt::Signal(signal)) => Ok(128 + signal),
        other => other,
    }
}

/// Whether the daemon of `process`, which said that it waits for something, has it by now.
pub fn is_ready(process: &Process<'_>) -> bool {
    let state = process.cluster.state();
    let mut groups = state.etcd.groups.values();
    groups.any(|group| group.on(process.machine).is_some() && group.has_quorum())
}

/// Does what has to be done when the daemon `running` of the host at `machine` was ended.
pub fn ended(state: &mut State, machine: usize, running: &Running) {
    if running.program == "etcd" {
        super::etcd::stopped(state, machine);
    }
}
