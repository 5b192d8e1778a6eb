//! A run of a script on hosts that answer from a table: the engine, the bindings and the shipped
//! library as they are, with a transport that is [`Scripted`](super::scripted::Scripted).
#![allow(dead_code)] // every test binary uses its own part of it

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocpdg::error::{Error, Result};
use ocpdg::journal::{Event, Journal, StepId};
use ocpdg::primitive::Host;
use ocpdg::procedure::{Display, Ended, Level, Operator, Options, Question, Recorder, Run};
use ocpdg::script::{Cluster, Group, HostRef, Runtime, Script};
use ocpdg::transport::Stream;
use ocpdg::transport::clock::SystemClock;

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
) -> std::result::Result<Vec<String>, Error> {
    let state = tempfile::tempdir().expect("a directory");
    let journal = Journal::create(state.path(), "stage", |run| Event::RunStarted {
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
    })?;
    let journal = Arc::new(journal);
    let said = Arc::new(Said::default());
    let recorder = Recorder::new(Arc::clone(&journal), Arc::clone(&said) as _, 0);
    let options = Options {
        forks: 1,
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect(),
        known: parameters
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    };
    let run = Arc::new(Run::new(
        journal,
        Arc::new(recorder),
        Arc::clone(&said) as _,
        Arc::new(Nobody),
        Arc::new(SystemClock),
        options,
    ));
    let groups: BTreeSet<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    let cluster = Cluster {
        left_out: Vec::new(),
        first_master: host.name().to_owned(),
        all: Group::new([HostRef::new(host, groups, 0)]),
    };
    let script = Script {
        name: "test.rhai".to_owned(),
        text: script.to_owned(),
        directory: None,
    };
    let mut runtime = Runtime::new(Vec::new());
    runtime.attach(&run, &cluster);
    let loaded = runtime
        .load(&script)
        .map_err(|failure| failure.trace.error)?;
    let ended = runtime
        .check(&loaded)
        .and_then(|()| runtime.run(&script, &loaded));
    ended.map_err(|failure| failure.trace.error)?;
    let lines = said.0.lock().unwrap().clone();
    Ok(lines)
}
