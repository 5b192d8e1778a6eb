//! The functions that shape a procedure: `phase`, `step`, `each`, `wait_for`, `confirm`, `param`.
//!
//! Whatever takes a closure is a native function. A closure that runs in parallel gets copies of the
//! variables it captured, so branches never wait for each other; results travel by return value.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rhai::{Array, Dynamic, FnPtr, Module, NativeCallContext};
use serde::Deserialize;

use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef, Outcomes};
use super::super::report::ScriptError;
use crate::error::{Error, Kind, Result};
use crate::primitive::Host;
use crate::procedure::{Level, Question, Run, StepError, fan};
use crate::transport::interrupt;

/// Puts the flow functions into `module`.
pub fn register(module: &mut Module, run: &Arc<Run>) {
    phase(module, run);
    steps(module, run);
    each(module, run);
    waiting(module, run);
    speaking(module, run);
    parameters(module, run);
}

fn phase(module: &mut Module, run: &Arc<Run>) {
    let run = Arc::clone(run);
    super::function(
        "phase",
        &["title: string", "body: closure"],
        "/// Runs `body` as the phase `title` of the procedure and returns its value.\n\
         /// Phases stand one after the other; the title carries the manual's section number.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, body: FnPtr| -> ScriptResult {
            run.phase(title, || {
                body.call_within_context::<Dynamic>(&ctx, ())
                    .map_err(|error| ScriptError::at(&ctx, error))
            })
            .map_err(ScriptError::into_script)
        },
    );
}

/// The options of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StepOptions {
    /// One host after the other, in inventory order.
    serial: bool,
}

fn steps(module: &mut Module, run: &Arc<Run>) {
    const DOC: &str = "/// Does `work` on each of `hosts` and records it; a finished step is never done twice: `resume`\n\
        /// returns the recorded value. All hosts finish, then every failure is reported at once.\n\
        /// Options: `serial` (one host after the other).";
    let own = Arc::clone(run);
    super::function(
        "step",
        &["title: string", "hosts: group", "work: |host|"],
        DOC,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, hosts: Group, work: FnPtr| -> ScriptResult {
            step(&own, &ctx, title, &hosts, &work, false).map(Dynamic::from)
        },
    );
    let own = Arc::clone(run);
    super::function(
        "step",
        &[
            "title: string",
            "hosts: group",
            "work: |host|",
            "options: map",
        ],
        DOC,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext,
              title: &str,
              hosts: Group,
              work: FnPtr,
              options: Dynamic|
              -> ScriptResult {
            let options: StepOptions = convert::argument("step", "options", &options)
                .map_err(|error| convert::throw(error, ctx.call_position()))?;
            step(&own, &ctx, title, &hosts, &work, options.serial).map(Dynamic::from)
        },
    );
    let own = Arc::clone(run);
    super::function(
        "step",
        &["title: string", "host: host", "work: |host|"],
        DOC,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, host: HostRef, work: FnPtr| -> ScriptResult {
            let outcomes = step(&own, &ctx, title, &Group::new([host]), &work, false)?;
            Ok(outcomes
                .0
                .first()
                .map(|(_, value)| value.clone())
                .unwrap_or_default())
        },
    );
    let own = Arc::clone(run);
    super::function(
        "step",
        &["title: string", "work: closure"],
        "/// Does `work` once, for no host in particular, and records it.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, work: FnPtr| -> ScriptResult {
            own.controller_step(title, || {
                let value = work
                    .call_within_context::<Dynamic>(&ctx, ())
                    .map_err(|error| ScriptError::at(&ctx, error))?;
                convert::to_value(&value).map_err(|error| ScriptError::new(&ctx, error))
            })
            .map(convert::from_value)
            .map_err(|error| unwound(&ctx, error))
        },
    );
}

fn step(
    run: &Run,
    ctx: &NativeCallContext,
    title: &str,
    hosts: &Group,
    work: &FnPtr,
    serial: bool,
) -> ScriptResult<Outcomes> {
    let values = run
        .step(title, &hosts.targets(), serial, &|host: &Host| {
            let value = branch(ctx, work, hosts, host)?;
            convert::to_value(&value).map_err(|error| ScriptError::new(ctx, error))
        })
        .map_err(|error| unwound(ctx, error))?;
    Ok(Outcomes(Arc::new(
        values
            .into_iter()
            .map(|(host, value)| (host, convert::from_value(value)))
            .collect(),
    )))
}

fn unwound(ctx: &NativeCallContext, error: StepError<ScriptError>) -> Box<rhai::EvalAltResult> {
    match error {
        StepError::Failed(error) => convert::throw(error, ctx.call_position()),
        StepError::ControlFlow(flow) => flow.into_script(),
    }
}

/// Calls `work` for `host` with its own copy of what the closure captured.
fn branch(
    ctx: &NativeCallContext,
    work: &FnPtr,
    hosts: &Group,
    host: &Host,
) -> std::result::Result<Dynamic, ScriptError> {
    let mut own = work.clone();
    own.set_curry(
        work.iter_curry()
            .map(Dynamic::flatten_clone)
            .collect::<Vec<_>>(),
    );
    let host = hosts.named(host.name()).cloned();
    own.call_within_context(ctx, (host.map_or(Dynamic::UNIT, Dynamic::from),))
        .map_err(|error| ScriptError::at(ctx, error))
}

fn each(module: &mut Module, run: &Arc<Run>) {
    let run = Arc::clone(run);
    super::function(
        "each",
        &["hosts: group", "work: |host|"],
        "/// Does `work` on every host side by side and returns each host's answer; nothing is recorded, so\n\
         /// it is for looking. All finish, then every failure is reported at once.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, hosts: Group, work: FnPtr| -> ScriptResult<Outcomes> {
            let targets = hosts.targets();
            let results = fan::out(&targets, run.forks(), &|host| branch(&ctx, &work, &hosts, host));
            let mut values = Vec::new();
            let mut failures = Vec::new();
            for (host, result) in targets.iter().zip(results) {
                match result {
                    Ok(value) => values.push((host.name().to_owned(), value)),
                    Err(error) => match error.into_failure() {
                        Ok(error) => failures.push((host.name().to_owned(), error)),
                        Err(flow) => return Err(flow),
                    },
                }
            }
            if failures.is_empty() {
                return Ok(Outcomes(Arc::new(values)));
            }
            let error = Error::new(Kind::Hosts { action: "`each`".to_owned(), failures });
            Err(convert::throw(error, ctx.call_position()))
        },
    );
}

/// The options of `wait_for`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wait {
    timeout_secs: u64,
    every_secs: u64,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            timeout_secs: 300,
            every_secs: 2,
        }
    }
}

fn waiting(module: &mut Module, run: &Arc<Run>) {
    let run = Arc::clone(run);
    super::function(
        "wait_for",
        &["what: string", "options: map", "is_so: closure"],
        "/// Asks `is_so` until it returns true, every `every_secs` (2) for at most `timeout_secs` (300).\n\
         /// A text instead of false says what was seen, for the display and the error.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, what: &str, options: Dynamic, is_so: FnPtr| -> ScriptResult<()> {
            let thrown = |error: Error| convert::throw(error, ctx.call_position());
            let options: Wait = convert::argument("wait_for", "options", &options).map_err(thrown)?;
            let limit = Duration::from_secs(options.timeout_secs);
            let started = Instant::now();
            loop {
                let answer = is_so.call_within_context::<Dynamic>(&ctx, ())?;
                if answer.as_bool() == Ok(true) {
                    return Ok(());
                }
                let seen = answer.into_string().unwrap_or_default();
                if started.elapsed() >= limit {
                    let place = crate::procedure::context::current()
                        .host
                        .map_or_else(|| "the cluster".to_owned(), |host| host.to_string());
                    let found = if seen.is_empty() { "not so".to_owned() } else { seen };
                    return Err(thrown(Error::state(
                        place,
                        what,
                        format!("within {} s", options.timeout_secs),
                        found,
                    )));
                }
                run.display().waiting(what, started.elapsed(), limit);
                pause(Duration::from_secs(options.every_secs)).map_err(thrown)?;
            }
        },
    );
    super::function("sleep", &["secs: int"], "/// Waits `secs` seconds.").set_into_module(
        module,
        |ctx: NativeCallContext, secs: i64| -> ScriptResult<()> {
            pause(Duration::from_secs(secs.unsigned_abs()))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
}

/// Sleeps, unless the operator interrupts.
fn pause(length: Duration) -> Result<()> {
    let until = Instant::now() + length;
    while Instant::now() < until {
        if interrupt::requested() {
            return Err(Error::stopped("interrupted while waiting"));
        }
        std::thread::sleep((until - Instant::now()).min(Duration::from_millis(100)));
    }
    Ok(())
}

fn speaking(module: &mut Module, run: &Arc<Run>) {
    for (name, level, doc) in [
        (
            "note",
            Level::Note,
            "/// Says `text` to the operator and puts it on record.",
        ),
        (
            "warn",
            Level::Warning,
            "/// Warns the operator and puts it on record.",
        ),
    ] {
        let run = Arc::clone(run);
        super::function(name, &["text: string"], doc).set_into_module(
            module,
            move |ctx: NativeCallContext, text: &str| -> ScriptResult<()> {
                run.note(level, text)
                    .map_err(|error| convert::throw(error, ctx.call_position()))
            },
        );
    }
    let own = Arc::clone(run);
    super::function(
        "confirm",
        &["title: string", "details: array"],
        "/// Asks before a point of no return; `details` say what is destroyed, where, and where the copies\n\
         /// are. No, or nobody to ask without `--yes`, stops the run.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, details: Array| -> ScriptResult<()> {
            let question = Question {
                title: title.to_owned(),
                details: details.iter().map(ToString::to_string).collect(),
            };
            own.confirm(&question)
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    super::function(
        "fail",
        &["summary: string", "findings: array", "hint: string"],
        "/// Stops here: `summary` in one sentence, `findings` one line each, `hint` saying what to type next.",
    )
    .set_into_module(
        module,
        |ctx: NativeCallContext, summary: &str, findings: Array, hint: &str| -> ScriptResult<()> {
            let error = Error::new(Kind::Findings {
                summary: summary.to_owned(),
                findings: findings.iter().map(ToString::to_string).collect(),
            });
            Err(convert::throw(error.with_hint(hint), ctx.call_position()))
        },
    );
    let own = Arc::clone(run);
    super::function(
        "table",
        &["header: array", "rows: array"],
        "/// Shows a table: `header` is a list of texts, `rows` a list of lists.",
    )
    .set_into_module(
        module,
        move |header: Array, rows: Array| -> ScriptResult<()> {
            let texts = |row: &Array| row.iter().map(ToString::to_string).collect::<Vec<_>>();
            let rows: Vec<Vec<String>> = rows
                .iter()
                .filter_map(|row| row.read_lock::<Array>().map(|row| texts(&row)))
                .collect();
            own.display().table(&texts(&header), &rows);
            Ok(())
        },
    );
}

fn parameters(module: &mut Module, run: &Arc<Run>) {
    let own = Arc::clone(run);
    super::function(
        "param",
        &["name: string", "default", "doc: string"],
        "/// The parameter `name`: `default`, or what `--set name=value` says, brought to the type of the\n\
         /// default. A list is given with commas.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, name: &str, default: Dynamic, _doc: &str| -> ScriptResult {
            convert::to_value(&default)
                .and_then(|default| own.parameter(name, default))
                .map(convert::from_value)
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    let own = Arc::clone(run);
    super::function(
        "settings",
        &["values: map"],
        "/// Sets parameters for everything that follows; what the operator says with `--set` stands over it.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, values: Dynamic| -> ScriptResult<()> {
            convert::argument("settings", "values", &values)
                .map(|values| own.settle(values))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    let own = Arc::clone(run);
    super::function("run_id", &[], "/// The id of this run.")
        .set_into_module(module, move || -> ScriptResult<String> {
            Ok(own.id().to_owned())
        });
    let own = Arc::clone(run);
    super::function(
        "changes",
        &[],
        "/// How many commands that change something ran so far.",
    )
    .set_into_module(module, move || -> ScriptResult<i64> {
        Ok(i64::try_from(own.changes()).unwrap_or(i64::MAX))
    });
    let own = Arc::clone(run);
    super::function(
        "files_dir",
        &[],
        "/// The directory on the controller where this run keeps copies of the hosts' files.",
    )
    .set_into_module(module, move || -> ScriptResult<String> {
        Ok(own.files().display().to_string())
    });
    super::function("now", &[], "/// Seconds since 1970 on the controller.")
        .set_into_module(module, || -> ScriptResult<i64> {
            Ok(jiff::Timestamp::now().as_second())
        });
}
