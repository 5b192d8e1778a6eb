//! `wait_for` and `retry`: what takes its time, and what succeeds at another try.

use std::time::Duration;

use rhai::{Dynamic, FnPtr, Module, NativeCallContext};
use serde::Deserialize;

use super::super::accepts;
use super::super::convert::{self, ScriptResult};
use super::super::report::ScriptError;
use super::current::CurrentRun;
use crate::error::{Error, Kind};
use crate::procedure::{Describe, Level};

/// Puts both functions into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    waiting(module, run);
    retry(module, run);
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

fn waiting(module: &mut Module, run: &CurrentRun) {
    let (run, own) = (run.clone(), run.clone());
    super::function(
        "wait_for",
        &["what: string", &accepts::parameter::<Wait>("options"), "is_so: closure"],
        r#"/// Asks `is_so` until it returns true, every `every_secs` (2) for at most `timeout_secs` (300).
        /// A text instead of false says what was seen, for the display and the error.
        /// ```rhai
        /// wait_for("the API", #{ timeout_secs: 600 }, || {
        ///     let health = cluster::first_master.oc.healthz();
        ///     if health.ok { true } else { health.answer }
        /// });
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, what: &str, options: Dynamic, is_so: FnPtr| -> ScriptResult<()> {
            let thrown = |error: Error| convert::throw(error, ctx.call_position());
            let options: Wait = convert::argument("wait_for", "options", &options).map_err(thrown)?;
            let limit = Duration::from_secs(options.timeout_secs);
            let started = run.clock().reading();
            let mut told = false;
            loop {
                let answer = is_so.call_within_context::<Dynamic>(&ctx, ())?;
                if answer.as_bool() == Ok(true) {
                    return Ok(());
                }
                let seen = answer.into_string().unwrap_or_default();
                if run.clock().since(started) >= limit {
                    return Err(thrown(overdue(what, options.timeout_secs, &seen)));
                }
                if !told {
                    run.begins_to_wait(what, limit).map_err(thrown)?;
                    told = true;
                }
                run.waiting(what, run.clock().since(started), limit);
                run.pause(Duration::from_secs(options.every_secs)).map_err(thrown)?;
            }
        },
    );
    super::function(
        "sleep",
        &["secs: int"],
        r#"/// Waits `secs` seconds.
        /// ```rhai
        /// sleep(30);
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, secs: i64| -> ScriptResult<()> {
            own.pause(Duration::from_secs(secs.unsigned_abs()))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
}

/// The options of `retry`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Retry {
    tries: u32,
    every_secs: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries: 5,
            every_secs: 5,
        }
    }
}

fn retry(module: &mut Module, run: &CurrentRun) {
    let run = run.clone();
    super::function(
        "retry",
        &["what: string", &accepts::parameter::<Retry>("options"), "work: closure"],
        r#"/// Does `work` until it succeeds, at most `tries` (5) times, `every_secs` (5) apart, and returns its value.
        /// Every failed try is told and put on record; the last one's error is the error. A lost connection, a
        /// refusal, a mistake of the script and Ctrl-C are not tried again.
        /// ```rhai
        /// let nodes = retry("list the nodes", #{ tries: 3, every_secs: 10 }, || cluster::first_master.oc.nodes());
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, what: &str, options: Dynamic, work: FnPtr| -> ScriptResult {
            let thrown = |error: Error| convert::throw(error, ctx.call_position());
            let options: Retry = convert::argument("retry", "options", &options).map_err(thrown)?;
            let mut number = 1;
            loop {
                let failed = match work.call_within_context::<Dynamic>(&ctx, ()) {
                    Ok(value) => return Ok(value),
                    Err(error) => error,
                };
                let told = ScriptError::at(&ctx, failed);
                if number >= options.tries || told.is_control_flow() || is_final(&told.describe()) {
                    return Err(told.into_script());
                }
                let text = format!(
                    "{what}: try {number} of {} failed, again in {} s: {}",
                    options.tries,
                    options.every_secs,
                    told.describe()
                );
                run.note(Level::Warning, &text).map_err(thrown)?;
                run.pause(Duration::from_secs(options.every_secs)).map_err(thrown)?;
                number += 1;
            }
        },
    );
}

/// Whether trying again would be wrong: it is not known what became of the last try, or it was
/// refused, or the script itself is mistaken.
fn is_final(error: &Error) -> bool {
    matches!(
        *error.kind,
        Kind::Transport { .. } | Kind::Stopped { .. } | Kind::Refused { .. } | Kind::Invalid { .. }
    )
}

/// The error of a wait for `what` that saw `seen` last.
fn overdue(what: &str, limit_secs: u64, seen: &str) -> Error {
    let seen = if seen.is_empty() { "no" } else { seen };
    match crate::procedure::context::current().host {
        Some(host) => Error::state(&*host, what, format!("it within {limit_secs} s"), seen),
        None => Error::new(Kind::Findings {
            summary: format!("waited {limit_secs} s for {what} in vain"),
            findings: vec![format!("last seen: {seen}")],
        }),
    }
}
