//! What only script tests have, under `ocpdg test`: `assert`, `fault`, `run_script`.

use std::sync::{Arc, Mutex, OnceLock};

use rhai::{Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Position};
use serde_json::{Map, Value};

use super::super::convert::{self, ScriptResult};
use super::super::report::ScriptError;
use super::super::runtime::Failure;
use super::function;
use crate::error::{Error, Kind};
use crate::procedure::Describe;
use crate::transport::sim::cluster::Cluster;
use crate::transport::sim::fault::{Fault, FaultPlan, What};
use crate::transport::sim::malformed::Malformed;

/// Runs the script of that name with these parameters, on the cluster of the test.
pub type RunScript = dyn Fn(&str, Map<String, Value>) -> Result<(), Failure> + Send + Sync;

/// A value is shown on one line up to this many characters.
const ONE_LINE: usize = 80;

/// What a test works with, once there is one. Cheap to copy.
#[derive(Clone, Default)]
pub struct Bench(Arc<Inner>);

#[derive(Default)]
struct Inner {
    there: OnceLock<(Arc<Cluster>, Box<RunScript>)>,
    /// The first assertion that failed: one that the test catches fails it all the same.
    failed: Mutex<Option<Error>>,
}

impl Bench {
    /// A bench with `cluster`, on which `run` runs whole scripts.
    pub fn new(cluster: Arc<Cluster>, run: Box<RunScript>) -> Self {
        let bench = Self::default();
        bench.0.there.get_or_init(|| (cluster, run));
        bench
    }

    /// The first assertion that failed, if one did.
    pub fn failed(&self) -> Option<Error> {
        self.failure().clone()
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.0.failed.lock().expect("no panic while holding it")
    }

    fn there(&self) -> &(Arc<Cluster>, Box<RunScript>) {
        let there = self.0.there.get();
        there.expect("nothing is executed before a test is there")
    }

    /// Fails the test for `summary`, at the line of the call.
    fn fail(
        &self,
        ctx: &NativeCallContext,
        summary: String,
        findings: Vec<String>,
    ) -> Box<EvalAltResult> {
        let error = Error::new(Kind::Findings { summary, findings });
        let mut kept = error.clone();
        let line = ctx.call_position().line().unwrap_or_default();
        kept.at = ctx.call_source().map(|source| format!("{source}:{line}"));
        self.failure().get_or_insert(kept);
        convert::throw(error, ctx.call_position())
    }
}

/// Puts these functions into `module`.
pub fn register(module: &mut Module, bench: &Bench) {
    assertions(module, bench);
    failures(module, bench);
    circumstances(module, bench);
}

fn assertions(module: &mut Module, bench: &Bench) {
    const TRUE: &str = r#"/// Fails the test unless `condition` is true; `message` says what is wrong then.
        /// ```rhai
        /// let host = cluster::first_etcd;
        /// assert(host.systemctl.is_active("etcd"));
        /// assert(host.is_in("etcd"), `${host.name} is no member`);
        /// ```"#;
    let own = bench.clone();
    function("assert", &["condition: bool"], TRUE).set_into_module(
        module,
        move |ctx: NativeCallContext, condition: bool| -> ScriptResult<()> {
            match condition {
                true => Ok(()),
                false => Err(own.fail(&ctx, "assertion failed".to_owned(), Vec::new())),
            }
        },
    );
    let own = bench.clone();
    function("assert", &["condition: bool", "message: string"], TRUE).set_into_module(
        module,
        move |ctx: NativeCallContext, condition: bool, message: &str| -> ScriptResult<()> {
            match condition {
                true => Ok(()),
                false => Err(own.fail(&ctx, format!("assertion failed: {message}"), Vec::new())),
            }
        },
    );
    let own = bench.clone();
    function(
        "assert_eq",
        &["found", "wanted"],
        r#"/// Fails the test unless `found` is `wanted`, and shows both. Lists and maps are compared by what is in
        /// them; a host is its name, a group the list of its names.
        /// ```rhai
        /// assert_eq(cluster::etcd.len, 3);
        /// assert_eq(cluster::first_master.oc.healthz().ok, true);
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, found: Dynamic, wanted: Dynamic| -> ScriptResult<()> {
            let data = |value: &Dynamic| {
                convert::to_value(value).map_err(|error| convert::throw(error, ctx.call_position()))
            };
            let (found, wanted) = (data(&found)?, data(&wanted)?);
            if found == wanted {
                return Ok(());
            }
            let findings = [shown("wanted: ", &wanted), shown("found:  ", &found)].concat();
            Err(own.fail(&ctx, "assertion failed: the values differ".to_owned(), findings))
        },
    );
}

/// `value` behind `label`, on one line if it fits.
fn shown(label: &str, value: &Value) -> Vec<String> {
    let line = value.to_string();
    if line.chars().count() <= ONE_LINE {
        return vec![format!("{label}{line}")];
    }
    let lines = format!("{value:#}");
    let mut lines = lines.lines();
    let first = lines.next().map(|line| format!("{label}{line}"));
    let others = lines.map(|line| format!("{:1$}{line}", "", label.len()));
    first.into_iter().chain(others).collect()
}

fn failures(module: &mut Module, bench: &Bench) {
    const DOC: &str = r#"/// Does `work` and fails the test unless that throws, with `part` in its message, its details or its hint.
        /// Returns what `catch` would have got: `message`, and `host`, `rc`, ... where there are some.
        /// ```rhai
        /// let error = assert_fails(|| cluster::first_master.run("false"), "status 1");
        /// assert_eq(error.rc, 1);
        /// ```"#;
    let own = bench.clone();
    function("assert_fails", &["work: closure"], DOC).set_into_module(
        module,
        move |ctx: NativeCallContext, work: FnPtr| -> ScriptResult {
            thrown(&own, &ctx, &work, "")
        },
    );
    let own = bench.clone();
    function("assert_fails", &["work: closure", "part: string"], DOC).set_into_module(
        module,
        move |ctx: NativeCallContext, work: FnPtr, part: &str| -> ScriptResult {
            thrown(&own, &ctx, &work, part)
        },
    );
}

/// What `work` throws, which has `part` in it.
fn thrown(bench: &Bench, ctx: &NativeCallContext, work: &FnPtr, part: &str) -> ScriptResult {
    let before = bench.failed().is_some();
    let error = match work.call_within_context::<Dynamic>(ctx, ()) {
        Ok(value) => {
            let returned = match convert::to_value(&value) {
                Ok(value) => shown("it returned: ", &value),
                Err(_) => vec![format!("it returned a value of type {}", value.type_name())],
            };
            return Err(bench.fail(
                ctx,
                "assertion failed: nothing was thrown".to_owned(),
                returned,
            ));
        }
        Err(error) => error,
    };
    let told = ScriptError::at(ctx, error);
    // An assertion that fails inside is no failure that was wanted.
    if told.is_control_flow() || (!before && bench.failed().is_some()) {
        return Err(told.into_script());
    }
    let error = told.describe();
    let said = std::iter::once(error.to_string())
        .chain(error.details())
        .chain(error.hint.clone())
        .collect::<Vec<_>>();
    if !said.iter().any(|line| line.contains(part)) {
        let mut findings = vec![format!("wanted in it: {part}")];
        let thrown = said.iter().enumerate();
        findings.extend(thrown.map(|(number, line)| match number {
            0 => format!("thrown:       {line}"),
            _ => format!("              {line}"),
        }));
        return Err(bench.fail(
            ctx,
            "assertion failed: something else was thrown".to_owned(),
            findings,
        ));
    }
    match *convert::throw(error, Position::NONE) {
        EvalAltResult::ErrorRuntime(map, _) => Ok(map),
        other => Err(other.into()),
    }
}

fn circumstances(module: &mut Module, bench: &Bench) {
    let own = bench.clone();
    function(
        "fault",
        &["what: map|string"],
        r#"/// Lets something go wrong on the simulated hosts from here on, beside earlier faults. A map has the fields of
        /// a `[[fault]]` in docs/simulation.md: `host`, `command`, `occurrence` or `every`, `"do"` (a keyword, so in
        /// quotes), and those of its kind; a text is a whole plan. One that never struck fails the test.
        /// ```rhai
        /// fault(#{ host: "master-2", command: "yum", "do": "exit", status: 1, stderr: "No space left" });
        /// let broken = cluster::host("master-2.sim.test");
        /// assert_fails(|| broken.yum.remove("etcd"), "No space left");
        /// ```"#,
    )
    .set_into_module(module, move |ctx: NativeCallContext, what: Dynamic| -> ScriptResult<()> {
        let (cluster, _) = own.there();
        plan(&what)
            .and_then(|plan| cluster.suffer_also(&plan).map_err(|wrong| Error::invalid("fault", wrong)))
            .map_err(|error| {
                let error = error.with_hint("docs/simulation.md describes faults");
                convert::throw(error, ctx.call_position())
            })
    });
    const RUN: &str = r#"/// Runs the script `name` (a file, or a shipped one) from its first line, as a run of its own on the cluster of
        /// this test, with `parameters` as `--set` would give them. Its failure is thrown.
        /// ```rhai
        /// run_script("downgrade_3_9_to_3_7", #{ openshift_version: "3.7.23" });
        /// run_script("verify");
        /// ```"#;
    for parameters in [&["name: string"][..], &["name: string", "parameters: map"]] {
        let own = bench.clone();
        let begun = function("run_script", parameters, RUN);
        let run = move |ctx: &NativeCallContext,
                        name: &str,
                        parameters: Option<Dynamic>|
              -> ScriptResult<()> {
            let (_, run) = own.there();
            let given = match parameters {
                Some(map) => convert::argument("run_script", "parameters", &map),
                None => Ok(Map::new()),
            };
            given
                .and_then(|given| run(name, given).map_err(|failure| failure.into_error()))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        };
        match parameters.len() {
            1 => begun.set_into_module(module, move |ctx: NativeCallContext, name: &str| {
                run(&ctx, name, None)
            }),
            _ => begun.set_into_module(
                module,
                move |ctx: NativeCallContext, name: &str, map: Dynamic| run(&ctx, name, Some(map)),
            ),
        };
    }
}

/// The plan that a test gives as a map, or as the text of a whole one.
fn plan(what: &Dynamic) -> Result<FaultPlan, Error> {
    let plan = match what.read_lock::<rhai::ImmutableString>() {
        Some(text) => FaultPlan::parse(&text).map_err(|wrong| Error::invalid("fault", wrong))?,
        None => {
            let fault: Map<String, Value> = convert::argument("fault", "what", what)?;
            let fields = toml::to_string(&fault).map_err(|error| Error::invalid("fault", error))?;
            let text = format!("version = 1\n[[fault]]\n{fields}");
            // The lines of a text that nobody has written say nothing.
            let unwritten = |wrong: Malformed| Error::invalid("fault", wrong.reason);
            let mut plan = FaultPlan::parse(&text).map_err(unwritten)?;
            plan.faults.iter_mut().for_each(|fault| fault.line = 0);
            plan
        }
    };
    let ends_us = |fault: &Fault| matches!(fault.what, What::KillController { .. });
    match plan.faults.iter().any(ends_us) {
        true => Err(Error::invalid(
            "fault",
            "`kill-controller` would end the tests themselves",
        )),
        false => Ok(plan),
    }
}
