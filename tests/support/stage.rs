//! A run of a script inside of a test: the engine, the bindings and the shipped library as they are, on
//! hosts that the test brings.
#![allow(dead_code)] // every test binary uses its own part of it

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocpdg::error::{Error, Result};
use ocpdg::journal::{Event, Journal, StepId};
use ocpdg::primitive::{Host, Observer};
use ocpdg::procedure::{Display, Ended, Level, Operator, Options, Question, Recorder, Run};
use ocpdg::script::{Cluster, Group, HostRef, Runtime, Script};
use ocpdg::transport::Stream;
use ocpdg::transport::clock::{Clock, SystemClock};

/// Keeps what a script says.
#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl Display for Said {
    fn phase(&self, _: &str) {}
    fn step(&self, _: &StepId, _: &[&str], _: &[&str]) {}
    fn ended(&self, _: &StepId, _: &str, _: Ended<'_>, _: Duration) {}
    fn command(&self, _: u64, _: &str, _: &str, _: bool) {}
    fn output(&self, _: u64, _: &str, _: Stream, _: &[u8]) {}
    fn command_ended(&self, _: u64, _: &str) {}
    fn note(&self, _: Level, _: Option<&str>, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn table(&self, _: &[String], _: &[Vec<String>]) {}
    fn waiting(&self, _: Option<&str>, _: &str, _: Duration, _: Duration) {}
    fn step_ended(&self) {}
}

struct Nobody;

impl Operator for Nobody {
    fn confirm(&self, _: &Question) -> Result<bool> {
        Err(Error::stopped("there is nobody to ask"))
    }
}

/// Runs the text `script` on `host`, the only one, a member of `groups`; `parameters` as `--set`
/// gives them. Returns what it said.
pub fn run(
    script: &str,
    host: Host,
    groups: &[&str],
    parameters: &[(&str, &str)],
) -> Result<Vec<String>> {
    play(
        &named(script),
        |_| alone(host, groups),
        Arc::new(Nobody),
        Arc::new(SystemClock),
        parameters,
    )
}

/// Runs `script` as [`run`] does, whatever mistakes a look through it would find.
pub fn run_unchecked(script: &str, host: Host, groups: &[&str]) -> Result<Vec<String>> {
    play_unchecked(
        &named(script),
        |_| alone(host, groups),
        Arc::new(Nobody),
        Arc::new(SystemClock),
        &[],
    )
}

/// The mistakes that a look through `script` finds.
pub fn mistakes(script: &Script) -> Vec<Error> {
    let found = Runtime::new(Vec::new()).examine(script).findings;
    let errors = found.into_iter().filter(|(one, _)| !one.is_warning);
    errors.map(|(one, _)| one.error).collect()
}

/// The script with the text `text`.
pub fn named(text: &str) -> Script {
    Script {
        name: "test.rhai".to_owned(),
        text: text.to_owned(),
        directory: None,
    }
}

/// The cluster of `host` alone, a member of `groups`.
fn alone(host: Host, groups: &[&str]) -> Cluster {
    let groups: BTreeSet<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    Cluster {
        left_out: Vec::new(),
        first_master: host.name().to_owned(),
        all: Group::new([HostRef::new(host, groups, 0)]),
    }
}

/// Runs `script` on the cluster that `cluster` makes for the observer of its commands; `operator` is
/// asked, `clock` tells the time, `parameters` are as `--set` gives them. Returns what it said.
pub fn play(
    script: &Script,
    cluster: impl FnOnce(Arc<dyn Observer>) -> Cluster,
    operator: Arc<dyn Operator>,
    clock: Arc<dyn Clock>,
    parameters: &[(&str, &str)],
) -> Result<Vec<String>> {
    match mistakes(script).into_iter().next() {
        Some(mistake) => Err(mistake),
        None => play_unchecked(script, cluster, operator, clock, parameters),
    }
}

fn play_unchecked(
    script: &Script,
    cluster: impl FnOnce(Arc<dyn Observer>) -> Cluster,
    operator: Arc<dyn Operator>,
    clock: Arc<dyn Clock>,
    parameters: &[(&str, &str)],
) -> Result<Vec<String>> {
    let state = tempfile::tempdir().expect("a directory");
    let journal = Journal::create(state.path(), "stage", |run| Event::RunStarted {
        format: ocpdg::journal::FORMAT,
        run: run.to_owned(),
        version: String::new(),
        cluster: String::new(),
        hosts: Vec::new(),
        operator: String::new(),
        inventory: String::new(),
        script: String::new(),
        sources: Default::default(),
        parameters: Default::default(),
        libraries: Vec::new(),
        limit: Vec::new(),
        from: None,
    })?;
    let journal = Arc::new(journal);
    let said = Arc::new(Said::default());
    let recorder = Recorder::new(Arc::clone(&journal), Arc::clone(&said) as _, 0);
    let recorder = Arc::new(recorder);
    let mut runtime = Runtime::new(Vec::new());
    let loaded = runtime
        .load(script)
        .map_err(|failure| failure.trace.error)?;
    let declared = loaded.parameters.iter().map(|one| one.name.as_str());
    let given = parameters.iter().map(|(name, _)| *name);
    let options = Options {
        forks: 10,
        known: declared.chain(given).map(str::to_owned).collect(),
        span: ocpdg::procedure::Span::default(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect(),
    };
    let run = Arc::new(Run::new(
        journal,
        Arc::clone(&recorder),
        Arc::clone(&said) as _,
        operator,
        clock,
        options,
    ));
    runtime.attach(&run, &cluster(recorder));
    let ended = runtime.run(script, &loaded);
    ended.map_err(|failure| failure.trace.error)?;
    let lines = said.0.lock().unwrap().clone();
    Ok(lines)
}
