//! `yum` 3.4.3, with its manners: unknown names are passed over, patterns go over name and version, a
//! held lock is waited for, and a question without an answer is a no.

mod change;
mod history;
mod list;
mod report;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use super::super::files::Files;
use super::super::packages::{Available, Catalog, Repository, read_conf, repositories};
use super::super::pattern;
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("yum", yum),
    ("yumdownloader", tools::yumdownloader),
    ("yum-config-manager", tools::yum_config_manager),
    ("subscription-manager", tools::subscription_manager),
];

const LOCK: &str = "/var/run/yum.pid";

/// A command line.
#[derive(Debug, Default)]
struct Request {
    yes: bool,
    no: bool,
    quiet: bool,
    duplicates: bool,
    download_only: bool,
    download_dir: Option<String>,
    no_excludes: bool,
    exit_on_lock: bool,
    strict_names: bool,
    exclude: Vec<String>,
    /// `--setopt=exclude=`, which stands for that of yum.conf.
    conf_exclude: Option<Vec<String>>,
    /// `--enablerepo` (true) and `--disablerepo`, in order.
    repos: Vec<(bool, String)>,
    command: String,
    words: Vec<String>,
    /// All words, for the history.
    line: String,
}

impl Request {
    fn read(process: &Process<'_>, argv: &[String]) -> Result<Self, Halt> {
        let mut request = Self {
            line: argv[1..].join(" "),
            ..Self::default()
        };
        let mut words = argv[1..].iter();
        let mut all: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            // `swap -- remove A -- install B` needs its dashes.
            if !word.starts_with('-') || word == "--" {
                all.push(word.clone());
                continue;
            }
            let (key, mut value) = match word.split_once('=') {
                Some((key, value)) => (key, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            if value.is_none()
                && matches!(
                    key,
                    "--disablerepo"
                        | "--enablerepo"
                        | "--setopt"
                        | "--disableexcludes"
                        | "--downloaddir"
                        | "-x"
                        | "--exclude"
                        | "-d"
                        | "-e"
                        | "-c"
                        | "--destdir"
                )
            {
                value = words.next().cloned();
            }
            let value = value.unwrap_or_default();
            match key {
                "-y" | "--assumeyes" => request.yes = true,
                "--assumeno" => request.no = true,
                "-q" | "--quiet" => request.quiet = true,
                "--showduplicates" => request.duplicates = true,
                "--downloadonly" => request.download_only = true,
                "--downloaddir" | "--destdir" => request.download_dir = Some(value),
                "--disableexcludes" => request.no_excludes = true,
                "-x" | "--exclude" => request.exclude.push(value),
                "--disablerepo" | "--enablerepo" => {
                    for id in value.split(',') {
                        request.repos.push((key == "--enablerepo", id.to_owned()));
                    }
                }
                "--setopt" => match value.as_str() {
                    "exit_on_lock=1" | "exit_on_lock=True" => request.exit_on_lock = true,
                    "skip_missing_names_on_install=False" | "skip_missing_names_on_install=0" => {
                        request.strict_names = true;
                    }
                    "clean_requirements_on_remove=0" | "clean_requirements_on_remove=False" => {}
                    other => match other.strip_prefix("exclude=") {
                        Some(patterns) => {
                            let patterns = patterns.split([',', ' ']).filter(|one| !one.is_empty());
                            request.conf_exclude = Some(patterns.map(str::to_owned).collect());
                        }
                        None => return process.unmodelled(format_args!("yum --setopt={other}")),
                    },
                },
                "-d" | "-e" | "--nogpgcheck" | "-C" | "-v" | "--noplugins" => {}
                other => return process.unmodelled(format_args!("yum {other}")),
            }
        }
        if !all.is_empty() {
            request.command = all.remove(0);
        }
        request.words = all;
        Ok(request)
    }

    /// The host's repositories as this command has them switched.
    fn repositories(&self, files: &Files) -> Vec<Repository> {
        let mut all = repositories(files);
        for (enable, id) in &self.repos {
            for repository in &mut all {
                if pattern::matches(id, &repository.id) {
                    repository.enabled = *enable;
                }
            }
        }
        all
    }
}

fn yum(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let request = Request::read(process, argv)?;
    process.spend(Duration::from_millis(300))?;
    match request.command.as_str() {
        "install" | "localinstall" | "remove" | "erase" | "swap" | "downgrade" | "update"
        | "upgrade" => {
            if !process.is_root() {
                return process.fail(1, "You need to be root to perform this command.");
            }
            if let Some(status) = lock(process, &request)? {
                return Ok(status);
            }
            let ended = change::run(process, &request);
            let by = process.actor();
            // It may have been removed by hand meanwhile.
            let _ = process.here().files.remove(LOCK, &by);
            ended
        }
        "list" => list::list(process, &request),
        "repolist" => list::repolist(process, &request),
        "clean" => clean(process, &request),
        "makecache" => {
            available(process, &request)?;
            process.line("Metadata Cache Created")?;
            Ok(0)
        }
        "history" => history::run(process, &request),
        "" => process.fail(1, "You need to give some command"),
        other => process.unmodelled(format_args!("yum {other}")),
    }
}

/// Takes yum's lock; the status to end with if another one keeps it.
fn lock(process: &Process<'_>, request: &Request) -> Result<Option<u8>, Halt> {
    let mut told = false;
    loop {
        let holder = {
            let mut here = process.here();
            let now = process.now();
            here.reap(now);
            let text = here.files.text(LOCK).unwrap_or_default();
            let pid = text.trim().parse::<u32>().ok();
            pid.filter(|pid| here.processes.contains_key(pid))
        };
        let Some(pid) = holder else {
            break;
        };
        if !told || request.exit_on_lock {
            process.line(format_args!(
                "Existing lock {LOCK}: another copy is running as pid {pid}."
            ))?;
        }
        if request.exit_on_lock {
            return process
                .fail(200, "Another app is currently holding the yum lock; exiting as configured by exit_on_lock")
                .map(Some);
        }
        if !told {
            process.line(format_args!(
                "Another app is currently holding the yum lock; waiting for it to exit...\n  The other application is: yum\n    State  : Running, pid: {pid}"
            ))?;
            told = true;
        }
        process.spend(Duration::from_secs(2))?;
    }
    let (by, content) = (
        process.actor(),
        Arc::new(process.pid.to_string().into_bytes()),
    );
    match process.here().files.write(LOCK, content, &by) {
        Ok(()) => Ok(None),
        Err(errno) => {
            let message = format!("[Errno] Can't create lock file {LOCK}: {errno}");
            process.fail(1, message).map(Some)
        }
    }
}

/// What the enabled repositories have, excludes taken out.
///
/// # Errors
/// Ends the program with yum's words when nobody answers at an enabled repository's address.
fn available(process: &Process<'_>, request: &Request) -> Result<Available, Halt> {
    let (available, unknown) = {
        let state = process.cluster.state();
        let files = &state.machines[process.machine].files;
        let repositories = request.repositories(files);
        let unknown = request
            .repos
            .iter()
            .find(|(_, id)| {
                !pattern::is_pattern(id) && repositories.iter().all(|one| one.id != *id)
            })
            .map(|(_, id)| id.clone());
        let catalog: &Catalog = &state.catalog;
        let mut available = Available::of(&repositories, catalog);
        if !request.no_excludes {
            let own = request.conf_exclude.clone();
            available.exclude(&own.unwrap_or_else(|| read_conf(files).exclude));
        }
        available.exclude(&request.exclude);
        (available, unknown)
    };
    if let Some(id) = unknown {
        process.complain(format!(
            "\n\nError getting repository data for {id}, repository not found\n"
        ))?;
        return Err(Halt::Exit(1));
    }
    if let Some(repository) = available.silent.first() {
        process.complain(format!(
            "{}/repodata/repomd.xml: [Errno 14] curl#37 - \"Couldn't open file\"\nTrying other mirror.\n\n\
             Cannot retrieve repository metadata (repomd.xml) for repository: {}. Please verify its path and try again\n",
            repository.url, repository.id
        ))?;
        return Err(Halt::Exit(1));
    }
    Ok(available)
}

fn clean(process: &Process<'_>, request: &Request) -> Ended {
    let enabled: Vec<String> = {
        let here = process.here();
        let all = request.repositories(&here.files);
        all.into_iter()
            .filter(|one| one.enabled)
            .map(|one| one.id)
            .collect()
    };
    process.line(format_args!("Cleaning repos: {}", enabled.join(" ")))?;
    Ok(0)
}
