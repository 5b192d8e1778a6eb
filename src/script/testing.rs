//! A site's own tests: each `fn test_*()` of a file, on a simulated cluster of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Map;

use super::bindings::{Bench, Cluster, RunScript};
use super::loaded::Loaded;
use super::runtime::{Failure, Runtime};
use super::session::{Company, Outcome, Session};
use super::text::Script;
use crate::error::{Error, Kind, Result};
use crate::journal::{Journal, StepId};
use crate::primitive::Observer;
use crate::procedure::{Display, Ended, Level, Operator, Question, Span};
use crate::transport::Stream;
use crate::transport::sim;

/// What the names of tests begin with.
const PREFIX: &str = "test_";
/// So many lines of what a test said are shown when it fails.
const SAID: usize = 10;

/// What a file of tests asks for in its `//!` lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `cluster: NAME`: the simulated cluster.
    pub cluster: Option<String>,
    /// `fault: FILE`: a plan of faults.
    pub fault: Option<String>,
}

/// A test of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its function.
    pub name: String,
    /// The line that it begins at.
    pub line: usize,
}

/// Whether `script` is a file of tests.
pub fn is_one(script: &Script) -> bool {
    let begins = format!("fn {PREFIX}");
    let mut lines = script.text.lines();
    lines.any(|line| line.trim_start().starts_with(&begins))
}

/// The tests of `loaded`, in the order of their lines, and what their file asks for.
///
/// # Errors
/// A file without any, a test that takes arguments, and calls that lead nowhere.
pub fn tests(
    script: &Script,
    runtime: &mut Runtime,
    loaded: &Loaded,
) -> std::result::Result<(Header, Vec<Test>), Failure> {
    runtime.equip(&Bench::default());
    if let Some(failure) = runtime.examine(script).first_error() {
        return Err(failure);
    }
    let mut header = Header::default();
    for line in loaded.doc() {
        let asked = |what: &str| line.strip_prefix(what).map(|rest| rest.trim().to_owned());
        header.cluster = asked("cluster:").or(header.cluster);
        header.fault = asked("fault:").or(header.fault);
    }
    let mut tests = Vec::new();
    for (name, parameters, line) in loaded.functions() {
        if !name.starts_with(PREFIX) {
            continue;
        }
        if parameters > 0 {
            return Err(Error::invalid(
                format!("test `{name}`"),
                "takes arguments, and nobody gives them",
            )
            .with_hint(format!(
                "a test is a `fn {PREFIX}...()`; name what it uses otherwise"
            ))
            .into());
        }
        tests.push(Test { name, line });
    }
    if tests.is_empty() {
        return Err(Error::invalid(format!("`{}`", script.name), "has no test")
            .with_hint(format!("a test is a `fn {PREFIX}...()`"))
            .into());
    }
    tests.sort_by_key(|test| test.line);
    Ok((header, tests))
}

/// One run of a script on a simulated cluster, for a test.
pub struct Trial {
    /// Where what happens is kept, as long as it runs.
    pub journal: Journal,
    /// The script.
    pub script: Script,
    /// A runtime that has run nothing yet.
    pub runtime: Runtime,
    /// The script as loaded.
    pub loaded: Loaded,
    /// The parameters of the script that are not to be their defaults.
    pub parameters: Map<String, serde_json::Value>,
    /// The cluster.
    pub cluster: Arc<sim::cluster::Cluster>,
}

/// What became of a test.
pub struct Verdict {
    /// Why it failed, if it did.
    pub ended: std::result::Result<(), Failure>,
    /// The last lines of what it said.
    pub said: Vec<String>,
}

impl Trial {
    /// Runs the whole script, on the hosts that `hosts` makes for the observer of their commands.
    ///
    /// # Errors
    /// The journal's own failures; those of the script are in the verdict.
    pub fn run(
        self,
        hosts: impl FnOnce(&Arc<dyn Observer>, &Journal) -> Cluster,
    ) -> Result<Verdict> {
        let audience = Arc::new(Audience::default());
        let company = Company {
            display: Arc::clone(&audience) as _,
            operator: Arc::clone(&audience) as _,
            clock: Arc::clone(&self.cluster.clock) as _,
        };
        let names = self.loaded.parameters.iter().map(|one| one.name.clone());
        let session = Session {
            journal: self.journal,
            runtime: self.runtime,
            known: names.collect(),
            parameters: self.parameters,
            forks: 64,
            span: Span::default(),
            // Nobody else works on simulated hosts.
            mark: None,
        };
        let (runtime, assembled) = session.assemble(company, &[], hosts)?;
        let ended = assembled.play(&runtime, &self.script, &self.loaded);
        let Outcome { ended, .. } = assembled.end(ended)?;
        let said = std::mem::take(&mut *audience.0.lock().expect("no panic while holding it"));
        Ok(Verdict { ended, said })
    }

    /// Runs `test` of the script alone; `run_script` is what the function of that name does.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn test(
        mut self,
        test: &Test,
        run_script: Box<RunScript>,
        hosts: impl FnOnce(&Arc<dyn Observer>, &Journal) -> Cluster,
    ) -> Result<Verdict> {
        let cluster = Arc::clone(&self.cluster);
        let bench = Bench::new(Arc::clone(&cluster), run_script);
        self.runtime.equip(&bench);
        self.loaded.enter(&test.name);
        let mut verdict = self.run(hosts)?;
        if verdict.ended.is_ok() {
            verdict.ended = hidden(&bench, &cluster);
        }
        Ok(verdict)
    }
}

/// What a test that reached its end hides: an assertion that failed and was caught, a fault that never struck.
fn hidden(bench: &Bench, cluster: &sim::cluster::Cluster) -> std::result::Result<(), Failure> {
    if let Some(error) = bench.failed() {
        let hint = "it was caught: in `try`, `retry`, or the answer of a host";
        return Err(error.with_hint(hint).into());
    }
    match &cluster.unharmed()[..] {
        [] => Ok(()),
        quiet => Err(Failure::from(Error::new(Kind::Findings {
            summary: "a fault of this test never struck".to_owned(),
            findings: quiet.to_vec(),
        }))),
    }
}

/// Answers yes, and keeps what is said.
#[derive(Default)]
struct Audience(Mutex<Vec<String>>);

impl Display for Audience {
    fn phase(&self, _: &str) {}
    fn step(&self, _: &StepId, _: &[&str], _: &[&str]) {}
    fn ended(&self, _: &StepId, _: &str, _: Ended<'_>, _: Duration) {}
    fn step_ended(&self) {}
    fn command(&self, _: u64, _: &str, _: &str, _: bool) {}
    fn output(&self, _: u64, _: &str, _: Stream, _: &[u8]) {}
    fn command_ended(&self, _: u64, _: &str) {}
    fn note(&self, level: Level, host: Option<&str>, text: &str) {
        let level = match level {
            Level::Note => "note",
            Level::Warning => "warning",
        };
        let host = host.map_or(String::new(), |host| format!("{host}: "));
        let mut said = self.0.lock().expect("no panic while holding it");
        if said.len() == SAID {
            said.remove(0);
        }
        said.push(format!("{level}: {host}{text}"));
    }
    fn table(&self, _: &[String], _: &[Vec<String>]) {}
    fn waiting(&self, _: Option<&str>, _: &str, _: Duration, _: Duration) {}
}

impl Operator for Audience {
    fn confirm(&self, _: &Question) -> Result<bool> {
        Ok(true)
    }
}
