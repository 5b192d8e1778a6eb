//! The command line: flags in, typed requests out.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::check::CheckArguments;
use super::eject::EjectArguments;
use super::eval::EvalArguments;
use super::failure::OnError;
use super::help::{
    AFTER, AFTER_CLEAN, AFTER_LOG, AFTER_REHEARSE, AFTER_RESUME, AFTER_RUN, AFTER_SNAPSHOT,
    AFTER_STATUS,
};
use super::repl::ReplArguments;
use super::show::ShowArguments;
use crate::error::{Error, Result};

/// Takes an OpenShift Container Platform 3.9 cluster back to 3.7
#[derive(Debug, Parser)]
#[command(name = "ocpdg", version, max_term_width = 100, after_long_help = AFTER)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a script on the cluster
    Run(RunArguments),
    /// Continue an interrupted or failed run where it stopped
    Resume(ResumeArguments),
    /// Show how a run stands, from another terminal
    Status(StatusArguments),
    /// Show what a run did
    Log(LogArguments),
    /// Show what was understood of the inventory
    Inventory(InventoryArguments),
    /// Show what a script would change, on simulated hosts that are like the real ones
    Rehearse(RehearseArguments),
    /// Look a script through for mistakes, without running it
    Check(CheckArguments),
    /// Show what a script goes through, its parameters, and where its modules come from
    Show(ShowArguments),
    /// Work on the cluster line by line
    Repl(ReplArguments),
    /// Evaluate a line and print its value
    Eval(EvalArguments),
    /// Show what scripts can call, and what it does
    Doc(super::doc::DocArguments),
    /// Write the shipped scripts and library out, to edit them
    Eject(EjectArguments),
    /// Run a site's script tests, each on a simulated cluster
    Test(super::test::TestArguments),
    /// Write down what is on the hosts, for runs on a simulated cluster that is like it
    Snapshot(SnapshotArguments),
    /// Remove what interrupted runs left behind on the hosts
    Clean(CleanArguments),
}

/// Which cluster.
#[derive(Debug, Clone, Args)]
pub struct InventoryFile {
    /// The openshift-ansible inventory: an INI file, or the output of `ansible-inventory --list`
    ///
    /// Where none is named, it is /etc/ansible/hosts; `resume` takes that of its run.
    #[arg(short, long, value_name = "FILE", env = "OCPDG_INVENTORY")]
    pub inventory: Option<PathBuf>,
}

/// How to work.
#[derive(Debug, Clone, Args)]
pub struct Manner {
    /// Answer every confirmation with yes
    ///
    /// Each is still shown, and is on record. Without a terminal, a run stops at the first one that is
    /// not answered so.
    #[arg(short, long)]
    pub yes: bool,
    /// Go on without this dead host; its steps stay open for `resume`
    ///
    /// May be repeated, or given hosts with commas. A master or an etcd member has to be powered off,
    /// or have its services stopped and disabled: one that runs on, and only lost its SSH, writes what
    /// 3.9 knows into the restored cluster. The downgrade asks its ports from another host, and stops if
    /// there is an answer.
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Look for modules in this directory before the shipped ones
    ///
    /// May be repeated. A file `ocp/names.rhai` there is used instead of the shipped one. $OCPDG_PATH and
    /// the script's own directory come after it.
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub way: Way,
    /// Go on although a marker on the first master says that another controller works on the cluster
    ///
    /// It is shown who runs what there and since when, and asked. For one that is dead for certain: it is
    /// not stopped by this. A run on this machine that is alive is never gone over.
    #[arg(long)]
    pub break_lock: bool,
    /// When a step fails: `stop`, or `ask` what to do
    ///
    /// The choice is to try it again where it failed, to count it as done for a reason that is put on record, to
    /// open the REPL on the host, or to abort. It needs a terminal.
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub on_error: OnError,
    /// Show every command as it starts
    #[arg(short, long)]
    pub verbose: bool,
}

/// Which phases to execute.
#[derive(Debug, Clone, Default, Args)]
pub struct Phases {
    /// Begin with this phase: its number, or how its title begins
    ///
    /// Those before it are not executed; what they returned has to be on record, for every host.
    #[arg(long, value_name = "PHASE")]
    pub from: Option<String>,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    pub to: Option<String>,
}

/// How to reach hosts.
#[derive(Debug, Clone, Args)]
pub struct Way {
    /// Work on at most this many hosts side by side
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub forks: u16,
    /// Add unknown host keys to known_hosts instead of refusing them
    ///
    /// A key that has changed is refused all the same.
    #[arg(long)]
    pub accept_new_host_keys: bool,
    /// Ask for the sudo password of hosts whose inventory has none
    #[arg(short = 'K', long)]
    pub ask_become_pass: bool,
}

/// What happens to simulated hosts.
#[derive(Debug, Clone, Args)]
pub struct Faults {
    /// Let the simulated cluster suffer the faults of this file, or of `random:SEED`
    ///
    /// A fault says on which host and at which command what goes wrong: a status, a hang, a connection that
    /// drops, a reboot, a full disk, a damaged file, a slow command, the end of ocpdg itself.
    /// docs/simulation.md describes the file.
    #[arg(long, value_name = "FILE")]
    pub fault: Option<String>,
    /// End the run after so many hours of simulated time
    ///
    /// For a script that loops for ever: waiting costs nothing there. 24 unless told here, or in the fault file.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=87_600))]
    pub sim_hours: Option<u64>,
}

impl Faults {
    /// Refuses them for real hosts, which would not suffer them.
    ///
    /// # Errors
    /// There are some.
    pub fn refuse(&self) -> Result<()> {
        let given = [
            ("--fault", self.fault.is_some()),
            ("--sim-hours", self.sim_hours.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(
                Error::invalid(format!("`{name}`"), "is for simulated hosts")
                    .with_hint("name some with `--sim`, or use `ocpdg rehearse`"),
            ),
            None => Ok(()),
        }
    }
}

/// `ocpdg run`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_RUN)]
pub struct RunArguments {
    /// The script: a file, or the name of a shipped one
    pub script: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Run on a simulated cluster instead of a real one
    ///
    /// `aio`, `ha` or `external`, each also with `-failed-at-3.8`; `large:N` with N nodes; a file that
    /// describes one; or one that `ocpdg snapshot` wrote. The simulated hosts behave, and the very commands
    /// that would go to real ones run on them. The cluster lives as long as the run.
    #[arg(long, value_name = "CLUSTER", conflicts_with = "inventory")]
    pub sim: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub faults: Faults,
    /// Set a parameter of the script; may be repeated
    ///
    /// A list is given with commas. A name that the script does not have is refused with those that it has.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Work only on these hosts, as if the inventory had no others
    ///
    /// For looking at a part of the cluster. To leave a dead host out of a change, use `--without`, so
    /// that `resume` knows what is still to be done there.
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub limit: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub phases: Phases,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub manner: Manner,
}

/// `ocpdg resume`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_RESUME)]
pub struct ResumeArguments {
    /// The run, or the beginning of its id; without it, the latest that did not complete
    ///
    /// One that changed something is taken before one that only looked. `-i` narrows it to one cluster.
    pub run: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Set a parameter of the script anew; may be repeated
    ///
    /// It holds from here on, for the steps that are not finished, and over what was set before.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Count an open step as done by hand, on all hosts or on one; may be repeated
    ///
    /// STEP is its title, as the log shows it. It is never done by this run, and what it would have
    /// returned is `()`. Who said so, and why, is on record.
    #[arg(long, value_name = "STEP[@HOST]", requires = "reason")]
    pub skip: Vec<String>,
    /// Why `--skip` is right
    #[arg(long, value_name = "TEXT", requires = "skip")]
    pub reason: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub phases: Phases,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub manner: Manner,
}

/// `ocpdg log`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_LOG)]
pub struct LogArguments {
    /// The run, or the beginning of its id; without it, the one that was at work last
    pub run: Option<String>,
    /// List the runs
    #[arg(long)]
    pub list: bool,
    /// Follow the run until it ends; without RUN, the one that is at work
    #[arg(short, long, conflicts_with_all = ["list", "transcript"])]
    pub follow: bool,
    /// Show only this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Show only what failed
    #[arg(long)]
    pub failures: bool,
    /// Show the commands too, with their status, time and the end of their output
    #[arg(long)]
    pub commands: bool,
    /// Print what changed HOST as a plain shell transcript
    #[arg(long, value_name = "HOST", conflicts_with_all = ["list", "host", "failures", "commands"])]
    pub transcript: Option<String>,
}

/// `ocpdg status`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_STATUS)]
pub struct StatusArguments {
    /// The run, or the beginning of its id; without it, the one that is at work, or was last
    pub run: Option<String>,
}

/// `ocpdg inventory`.
#[derive(Debug, Clone, Args)]
pub struct InventoryArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `ocpdg rehearse`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_REHEARSE)]
pub struct RehearseArguments {
    /// The script: a file, or the name of a shipped one
    pub script: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Rehearse on a simulated cluster, or on one that `ocpdg snapshot` wrote down
    #[arg(long, value_name = "CLUSTER", conflicts_with = "inventory")]
    pub sim: Option<String>,
    /// Set a parameter of the script; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Go on without this dead host, as `ocpdg run --without` does
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Look for modules in this directory before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub faults: Faults,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub way: Way,
}

/// `ocpdg clean`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_CLEAN)]
pub struct CleanArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Remove without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Remove those of other controllers too
    ///
    /// Make sure that none of their runs is at work: what it is about to read would be gone.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub way: Way,
}

/// `ocpdg snapshot`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_SNAPSHOT)]
pub struct SnapshotArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Look at a simulated cluster instead of a real one
    #[arg(long, value_name = "CLUSTER", conflicts_with = "inventory")]
    pub sim: Option<String>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub way: Way,
}
