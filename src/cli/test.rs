//! `ocpdg test`: a site's script tests, each on a simulated cluster of its own.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::{Map, Value};

use super::Screen;
use super::arguments::{Manner, Way};
use super::attempt::{hosts, names, wrong};
use super::failure::OnError;
use super::progress::harmless;
use super::run::{Asked, libraries, started};
use super::world::World;
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::primitive::Observer;
use crate::procedure;
use crate::script::testing::{self, Header, Test, Trial, Verdict};
use crate::script::{self, Failure, Loaded, Runtime, Script};

/// `ocpdg test`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct TestArguments {
    /// The files with the tests, or directories of such files; without any, tests/*.rhai
    pub files: Vec<PathBuf>,
    /// Run only the tests that have this in `FILE:NAME`
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Look for modules in this directory before the shipped ones
    ///
    /// May be repeated. $OCPDG_PATH and the directory of the test's file come after it.
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
}

/// What ends `ocpdg test --help`.
const AFTER: &str = "\
Each `fn test_...()` is a test. It has a simulated cluster of its own: `ha`, unless its file begins
with `//! cluster: aio`, or the name or the file of another one; `//! fault: FILE` lets that one
suffer faults. What is asked to confirm is answered with yes. Tests run side by side.

Beside what every script can call, tests have:
  assert(CONDITION)                 is it so? a second argument says what is wrong
  assert_eq(FOUND, WANTED)          shows both where they differ
  assert_fails(|| ..., \"PART\")      does it fail, with this in its message?
  fault(#{ host: ..., ... })        what goes wrong from here on
  run_script(\"NAME\")                a whole script, on the cluster of the test
`ocpdg doc fault` and so on tell more.

Exit status: 0 all passed, 1 some failed, 2 there is nothing to run";

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

/// The cluster of a test whose file names none.
const CLUSTER: &str = "ha";

/// A file of tests.
struct File {
    script: Script,
    /// The cluster that its tests begin with: each has a copy.
    world: Arc<World>,
    tests: Vec<Test>,
}

/// One test, or a file that has none to run.
struct Case<'a> {
    /// `FILE:LINE`, or the file.
    place: String,
    name: &'a str,
    /// What to run, or the screen that says why it cannot be.
    what: std::result::Result<(&'a File, &'a Test), &'a [String]>,
}

/// Runs the tests and reports each; true if all passed.
///
/// # Errors
/// There is nothing to run.
pub fn test(request: &TestArguments) -> std::result::Result<bool, Screen> {
    let paths = found(&request.files)?;
    let mut worlds = Worlds::new();
    let files: Vec<_> = paths
        .iter()
        .map(|path| {
            (
                path.display().to_string(),
                read(path, &request.lib, &mut worlds),
            )
        })
        .collect();
    let text = request.filter.as_deref().unwrap_or_default();
    let mut cases = Vec::new();
    for (path, file) in &files {
        match file {
            Ok(file) => {
                let named = |test: &&Test| format!("{path}:{}", test.name).contains(text);
                cases.extend(file.tests.iter().filter(named).map(|test| Case {
                    place: format!("{path}:{}", test.line),
                    name: &test.name,
                    what: Ok((file, test)),
                }));
            }
            Err(screen) => cases.push(Case {
                place: path.clone(),
                name: "",
                what: Err(screen),
            }),
        }
    }
    if cases.is_empty() {
        let error = Error::invalid(format!("`--filter {text}`"), "no test has that in its name")
            .with_hint("without it, all tests run");
        return Err(error.into());
    }
    report(&cases, &request.lib)
}

/// The files of tests behind `named`, or those of the working directory.
fn found(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let usual = [PathBuf::from("tests")];
    let places = if named.is_empty() { &usual[..] } else { named };
    let mut files = Vec::new();
    for place in places {
        if place.is_file() {
            files.push(place.clone());
            continue;
        }
        if !place.is_dir() && !named.is_empty() {
            return Err(Error::invalid(
                format!("`{}`", place.display()),
                "there is no such file or directory",
            )
            .with_hint("`ocpdg test` alone runs tests/*.rhai"));
        }
        let refused = |reason: &dyn std::fmt::Display| {
            Error::invalid(format!("directory `{}`", place.display()), reason)
                .with_hint("`ocpdg test FILE` runs the tests of a file")
        };
        let entries = std::fs::read_dir(place).map_err(|error| refused(&error))?;
        let mut within = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(|error| refused(&error))?;
        within.retain(|path| path.extension().is_some_and(|name| name == "rhai"));
        within.sort();
        if within.is_empty() {
            return Err(refused(&"there is no *.rhai in it"));
        }
        files.extend(within);
    }
    Ok(files)
}

/// The clusters that were built, by their name and their faults.
type Worlds = BTreeMap<(String, Option<String>), Arc<World>>;

/// The tests of the file at `path`, or the screen that says what is wrong with it.
fn read(
    path: &Path,
    lib: &[PathBuf],
    worlds: &mut Worlds,
) -> std::result::Result<File, Vec<String>> {
    let mut read = || -> std::result::Result<File, Screen> {
        let script = Script::load(path)?;
        let (mut runtime, loaded) = compiled(&script, lib)?;
        let found = testing::tests(&script, &mut runtime, &loaded);
        let (header, tests) = found.map_err(|failure| wrong(failure, 1))?;
        let world = world(path, &header, worlds)?;
        Ok(File {
            script,
            world,
            tests,
        })
    };
    read().map_err(|screen| screen.lines())
}

/// A fresh runtime with `script` in it.
fn compiled(script: &Script, lib: &[PathBuf]) -> std::result::Result<(Runtime, Loaded), Screen> {
    let runtime = Runtime::new(libraries(lib, script));
    let loaded = runtime.load(script).map_err(|failure| wrong(failure, 1))?;
    Ok((runtime, loaded))
}

/// The cluster that the file of tests at `path` asks for in its `header`.
fn world(path: &Path, header: &Header, worlds: &mut Worlds) -> Result<Arc<World>> {
    // Files are looked for beside the tests.
    let beside = |name: &String| {
        let file = path.with_file_name(name);
        if file.is_file() {
            file.display().to_string()
        } else {
            name.clone()
        }
    };
    let cluster = header
        .cluster
        .as_ref()
        .map_or_else(|| CLUSTER.to_owned(), beside);
    let key = (cluster, header.fault.as_ref().map(beside));
    if let Some(world) = worlds.get(&key) {
        return Ok(Arc::clone(world));
    }
    let world = World::of(Some(&key.0), None)?.suffering(key.1.as_deref(), None)?;
    if let Some(cluster) = &world.simulated {
        cluster.kill_by(survived);
    }
    let world = Arc::new(world);
    worlds.insert(key, Arc::clone(&world));
    Ok(world)
}

/// What becomes of a command at which ocpdg itself is to end: the tests go on.
fn survived(host: &str, command: &str) -> crate::transport::Failure {
    crate::transport::Failure::Lost {
        host: host.to_owned(),
        command: command.to_owned(),
        reason: "`kill-controller` would end the tests: it is for `ocpdg run --fault`".to_owned(),
    }
}

/// Runs `cases` side by side and reports them in their order; true if all passed.
fn report(cases: &[Case<'_>], lib: &[PathBuf]) -> std::result::Result<bool, Screen> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let work = |sender: mpsc::Sender<(usize, Option<Vec<String>>)>| {
        while let Some((number, case)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            cases.get(number).map(|case| (number, case))
        } {
            let failed = match case.what {
                Ok((file, test)) => execute(file, test, lib).err(),
                Err(screen) => Some(screen.to_vec()),
            };
            if sender.send((number, failed)).is_err() {
                return;
            }
        }
    };
    let mut failures = 0;
    std::thread::scope(|scope| -> std::io::Result<()> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers.min(cases.len()) {
            let (work, sender) = (&work, sender.clone());
            scope.spawn(move || work(sender));
        }
        drop(sender); // the workers have theirs
        let mut out = anstream::stdout();
        let mut early = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            // Others may be done before it.
            let failed = loop {
                if let Some(failed) = early.remove(&number) {
                    break failed;
                }
                let (number, failed) = receiver.recv().expect("every case is done by a worker");
                early.insert(number, failed);
            };
            let Some(lines) = failed else {
                writeln!(out, "{GREEN}ok{GREEN:#}      {} {}", case.place, case.name)?;
                continue;
            };
            failures += 1;
            let title = format!("{} {}", case.place, case.name);
            writeln!(out, "{RED}FAILED{RED:#}  {}", title.trim_end())?;
            for line in lines {
                writeln!(out, "{}", format!("    {line}").trim_end())?;
            }
        }
        let passed = cases.len() - failures;
        writeln!(out, "\n{passed} passed, {failures} failed")
    })
    .map_err(|error| Error::controller("report the tests", error))?;
    Ok(failures == 0)
}

/// Runs `test` of `file`; the screen of what failed.
fn execute(file: &File, test: &Test, lib: &[PathBuf]) -> std::result::Result<(), Vec<String>> {
    let world = Arc::new(file.world.fork());
    let verdict = || -> std::result::Result<Verdict, Screen> {
        let (runtime, loaded) = compiled(&file.script, lib)?;
        let (_kept, trial) = trial(&world, file.script.clone(), runtime, loaded, Map::new())?;
        let (within, lib) = (Arc::clone(&world), lib.to_vec());
        let run_script = move |name: &str, parameters| another(&within, name, &lib, parameters);
        let hosts = |observer: &_, journal: &_| scripted(&world, observer, journal);
        Ok(trial.test(test, Box::new(run_script), hosts)?)
    };
    let Verdict { ended, said } = verdict().map_err(|screen| screen.lines())?;
    ended.map_err(|failure| {
        let mut failure = world.timed(failure);
        if world.clock().overspent().is_some() {
            failure.trace.error.hint = Some("a loop that never ends, perhaps".to_owned());
        }
        let at = failure.trace.error.at.clone();
        let shown = failure
            .trace
            .places
            .iter()
            .any(|place| Some(place.to_string()) == at);
        let mut lines = wrong(failure, 1).lines();
        if let Some(at) = at.filter(|_| !shown) {
            lines.push(format!("at {at}"));
        }
        if !said.is_empty() {
            lines.push("what it said last:".to_owned());
            lines.extend(said.iter().map(|line| format!("  {}", harmless(line))));
        }
        lines
    })
}

/// Runs the script `name` with `parameters` on the cluster of a test.
fn another(
    world: &World,
    name: &str,
    lib: &[PathBuf],
    parameters: Map<String, Value>,
) -> std::result::Result<(), Failure> {
    let script = Script::load(Path::new(name))?;
    let runtime = Runtime::new(libraries(lib, &script));
    let loaded = runtime.load(&script)?;
    let known = names(&loaded);
    if let Some(unknown) = parameters.keys().find(|name| !known.contains(name)) {
        return Err(procedure::unknown_parameter(unknown, &known).into());
    }
    let (_kept, trial) = trial(world, script, runtime, loaded, parameters)?;
    let verdict = trial.run(|observer, journal| scripted(world, observer, journal))?;
    verdict.ended
}

/// A run of `script` on the cluster of `world`; its journal lasts as long as the directory.
fn trial(
    world: &World,
    script: Script,
    runtime: Runtime,
    loaded: Loaded,
    parameters: Map<String, Value>,
) -> Result<(tempfile::TempDir, Trial)> {
    let place = tempfile::tempdir()
        .map_err(|error| Error::controller("make a directory for the test", error))?;
    let cluster = world.simulated.clone();
    let cluster =
        cluster.ok_or_else(|| Error::controller("test", "the hosts are not simulated"))?;
    let path = PathBuf::from(&script.name);
    let asked = Asked {
        script: &path,
        libraries: &[],
        limit: &[],
        from: None,
    };
    let first = |run: &str| started(run, world, &asked, &script, &loaded, &parameters);
    let journal = Journal::create(place.path(), &world.cluster.identity(), first)?;
    journal.relax();
    let trial = Trial {
        journal,
        script,
        runtime,
        loaded,
        parameters,
        cluster,
    };
    Ok((place, trial))
}

/// The hosts of `world` as scripts have them.
fn scripted(world: &World, observer: &Arc<dyn Observer>, journal: &Journal) -> script::Cluster {
    let manner = Manner {
        yes: true,
        without: Vec::new(),
        lib: Vec::new(),
        way: Way {
            forks: 64,
            accept_new_host_keys: false,
            ask_become_pass: false,
        },
        break_lock: false,
        on_error: OnError::Stop,
        verbose: false,
    };
    script::Cluster {
        first_master: world.cluster.first_master().name.clone(),
        all: hosts(world, &world.cluster, &manner, observer, journal),
        left_out: Vec::new(),
    }
}
