//! The command line: flags in, typed requests out.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Takes an OpenShift Container Platform 3.9 cluster back to 3.7
#[derive(Debug, Parser)]
#[command(name = "ocpdg", version, max_term_width = 100, after_long_help = EXIT_STATUSES)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// The table that ends `ocpdg --help`.
const EXIT_STATUSES: &str = "\
Exit status:
  0    done
  1    a step failed; the error says what to repair and how to resume
  2    the command line, the inventory or the script is wrong; nothing was changed
  3    stopped: the answer to a confirmation was no, or there was nobody to ask
  130  interrupted with Ctrl-C; the error says how to resume

Files:
  $XDG_STATE_HOME/ocpdg (~/.local/state/ocpdg)  one directory per cluster and run: the journal, and
                                                copies of what was evacuated from the hosts";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a script on the cluster
    Run(RunArguments),
    /// Continue an interrupted or failed run where it stopped
    Resume(ResumeArguments),
    /// Show what a run did
    Log(LogArguments),
    /// Show what was understood of the inventory
    Inventory(InventoryArguments),
}

/// Which cluster.
#[derive(Debug, Clone, Args)]
pub struct InventoryFile {
    /// The openshift-ansible inventory: an INI file, or the output of `ansible-inventory --list`
    #[arg(short, long, value_name = "FILE", env = "OCPDG_INVENTORY")]
    pub inventory: Option<PathBuf>,
}

/// How to work.
#[derive(Debug, Clone, Args)]
pub struct Manner {
    /// Answer every confirmation with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Work on at most this many hosts side by side
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub forks: u16,
    /// Go on without this host; its steps stay open for `resume`
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Look for modules in this directory before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
    /// Add unknown host keys to known_hosts instead of refusing them
    #[arg(long)]
    pub accept_new_host_keys: bool,
    /// Ask for the sudo password of hosts whose inventory has none
    #[arg(short = 'K', long)]
    pub ask_become_pass: bool,
    /// Show every command
    #[arg(short, long)]
    pub verbose: bool,
}

/// `ocpdg run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// The script: a file, or the name of a shipped one
    pub script: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Set a parameter of the script
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Work only on these hosts
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub limit: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub manner: Manner,
}

/// `ocpdg resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// The run, or the beginning of its id; without it, the latest that did not complete, one that
    /// changed something before one that only looked
    pub run: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Set a parameter of the script anew, for the steps that are not finished; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub manner: Manner,
}

/// `ocpdg log`.
#[derive(Debug, Clone, Args)]
pub struct LogArguments {
    /// The run, or the beginning of its id; without it, the latest run
    pub run: Option<String>,
    /// List the runs
    #[arg(long)]
    pub list: bool,
    /// Show only this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Show only what failed
    #[arg(long)]
    pub failures: bool,
    /// Show the commands too
    #[arg(long)]
    pub commands: bool,
    /// Print what was run on HOST as a plain shell transcript
    #[arg(long, value_name = "HOST", conflicts_with_all = ["list", "host", "failures", "commands"])]
    pub transcript: Option<String>,
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
