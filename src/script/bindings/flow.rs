//! The functions that shape a procedure: `phase`, `step`, `each`.
//!
//! Whatever takes a closure is a native function. A closure that runs in parallel gets copies of the
//! variables it captured, so branches never wait for each other; results travel by return value.

use rhai::{Dynamic, FnPtr, Module, NativeCallContext};
use serde::Deserialize;

use super::super::accepts;
use super::super::captured;
use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef, Outcomes};
use super::super::kept;
use super::super::report::ScriptError;
use super::current::CurrentRun;
use crate::error::{Error, Kind};
use crate::primitive::Host;
use crate::procedure::{Passage, Run, StepError, fan};

/// Puts the flow functions into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    phase(module, run);
    steps(module, run);
    each(module, run);
    exits(module);
}

fn phase(module: &mut Module, run: &CurrentRun) {
    let run = run.clone();
    super::function(
        "phase",
        &["title: string", "body: closure"],
        r#"/// Runs `body` as the phase `title` of the procedure and returns its value.
        /// Phases stand one after the other; the title carries the manual's section number.
        /// A site's `before_phase(title)` and `after_phase(title)` are parts of it.
        /// ```rhai
        /// let versions = phase("6.1 Overview", || cluster::all.yum.installed("atomic-openshift"));
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, body: FnPtr| -> ScriptResult {
            let before = captured(&body);
            let by_site = |hook| run.site().call(&ctx, hook, vec![title.into()]).transpose();
            let work = || -> ScriptResult {
                by_site("before_phase")?;
                let done = body.call_within_context::<Dynamic>(&ctx, ())?;
                by_site("after_phase")?;
                Ok(done)
            };
            let work = || work().map_err(|error| ScriptError::at(&ctx, error));
            // Who leaves the phase out another time gives its value, and nothing else that it did.
            let keep = |value: &Dynamic| {
                let same = |(before, after): (&Dynamic, &Dynamic)| kept::same(before, after);
                if !before.iter().zip(&captured(&body)).all(same) {
                    return Err(
                        "it assigns variables of the script, or uses some that cannot be compared"
                            .to_owned(),
                    );
                }
                kept::keep(value)
            };
            match run
                .phase(title, work, keep)
                .map_err(ScriptError::into_script)?
            {
                Passage::Done(value) => Ok(value),
                Passage::Recorded(value) => kept::restore(value, run.everyone()).map_err(|why| {
                    let error = Error::invalid(
                        format!("phase `{title}`"),
                        format!("what it returned cannot be taken from the record: {why}"),
                    );
                    convert::throw(error.with_hint("leave `--from` away"), ctx.call_position())
                }),
            }
        },
    );
}

/// The variables that `body` captured, as they are now.
fn captured(body: &FnPtr) -> Vec<Dynamic> {
    body.iter_curry().map(Dynamic::flatten_clone).collect()
}

/// The options of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StepOptions {
    /// One host after the other, in inventory order.
    serial: bool,
}

fn steps(module: &mut Module, run: &CurrentRun) {
    const DOC: &str = r#"/// Does `work` on each of `hosts` and records it; a finished step is never done twice: `resume`
        /// returns the recorded value. All hosts finish, then every failure is reported at once. On one host it
        /// returns what `work` returned, on a group the outcome of each.
        /// Options: `serial` (one host after the other).
        /// ```rhai
        /// step("stop the nodes", cluster::nodes, |host| host.systemctl.stop("atomic-openshift-node"));
        /// step("start the nodes", cluster::nodes, |host| {
        ///     host.systemctl.start("atomic-openshift-node");
        /// }, #{ serial: true });
        /// ```"#;
    let own = run.clone();
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
    let own = run.clone();
    super::function(
        "step",
        &[
            "title: string",
            "hosts: group",
            "work: |host|",
            &accepts::parameter::<StepOptions>("options"),
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
    let own = run.clone();
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
                .all()
                .first()
                .map(|(_, value)| value.clone())
                .unwrap_or_default())
        },
    );
    let own = run.clone();
    super::function(
        "step",
        &["title: string", "work: closure"],
        r#"/// Does `work` once, for no host in particular, and records it.
        /// ```rhai
        /// let began = step("note the time", || now());
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, work: FnPtr| -> ScriptResult {
            known(&own, &ctx, &work, || {
                own.controller_step(title, || {
                    let value = work
                        .call_within_context::<Dynamic>(&ctx, ())
                        .map_err(|error| ScriptError::at(&ctx, error))?;
                    convert::to_value(&value).map_err(|error| ScriptError::new(&ctx, error))
                })
            })
            .map(|value| convert::from_value(&value))
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
    let one = |host: &Host| {
        let value = branch(ctx, work, hosts, host)?;
        convert::to_value(&value).map_err(|error| ScriptError::new(ctx, error))
    };
    let values = known(run, ctx, work, || {
        run.step(title, &hosts.targets(), serial, &one)
    });
    let values = values.map_err(|error| unwound(ctx, error))?;
    let values = values.into_iter();
    Ok(values
        .map(|(host, value)| (host, convert::from_value(&value)))
        .collect::<Vec<_>>()
        .into())
}

/// Does a step, `body`, whose variables somebody may ask for where it fails.
fn known<T>(run: &Run, ctx: &NativeCallContext, work: &FnPtr, body: impl FnOnce() -> T) -> T {
    match run.asks_on_failure() {
        true => captured::while_open(ctx, work, body),
        false => body(),
    }
}

fn unwound(ctx: &NativeCallContext, error: StepError<ScriptError>) -> Box<rhai::EvalAltResult> {
    match error {
        StepError::Failed(error) => convert::throw(error, ctx.call_position()),
        StepError::Own(own) => own.into_script(),
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

fn each(module: &mut Module, run: &CurrentRun) {
    let run = run.clone();
    super::function(
        "each",
        &["hosts: group", "work: |host|"],
        r#"/// Does `work` on every host side by side and returns each host's answer; nothing is recorded, so
        /// it is for looking. All finish, then every failure is reported at once.
        /// ```rhai
        /// let free = each(cluster::all, |host| host.file.free_bytes("/var"));
        /// for answer in free { note(`${answer.host}: ${answer.value / 1048576} MiB free`); }
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, hosts: Group, work: FnPtr| -> ScriptResult<Outcomes> {
            let targets = hosts.targets();
            let results = fan::out(&targets, run.forks(), run.clock(), &|host| branch(&ctx, &work, &hosts, host));
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
                return Ok(values.into());
            }
            let error = Error::new(Kind::Hosts { action: "`each`".to_owned(), failures });
            Err(convert::throw(error, ctx.call_position()))
        },
    );
}

/// The engine's own `exit` would end the run as if it had completed.
fn exits(module: &mut Module) {
    const DOC: &str = "/// Refused: a script ends with `return`, or stops the run with `throw`.";
    let refused = |ctx: &NativeCallContext| -> ScriptResult {
        let error = Error::invalid("`exit`", "would pass for the end of the procedure")
            .with_hint("end the script with `return`, or stop the run with `throw \"why\"`");
        Err(convert::throw(error, ctx.call_position()))
    };
    super::function("exit", &[], DOC)
        .set_into_module(module, move |ctx: NativeCallContext| -> ScriptResult {
            refused(&ctx)
        });
    super::function("exit", &["value"], DOC).set_into_module(
        module,
        move |ctx: NativeCallContext, _value: Dynamic| -> ScriptResult { refused(&ctx) },
    );
}
