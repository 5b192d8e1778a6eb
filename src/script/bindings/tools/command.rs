//! `host.run("...")`: any command, as an operator would type it.

use std::collections::BTreeMap;
use std::time::Duration;

use rhai::{Dynamic, Module, NativeCallContext};
use serde::{Deserialize, Serialize};

use super::super::super::accepts;
use super::super::super::convert::{self, ScriptResult};
use super::super::super::hosts::{Group, HostRef};
use super::super::current::CurrentRun;
use super::super::{function, verb};
use crate::error::Result;
use crate::primitive::Host;
use crate::procedure::Run;
use crate::transport::{Command, Effect, Survival};

/// What to run: text for the shell, or a list of words that no shell sees.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "wants a text, or a list of words")]
enum Wanted {
    Text(String),
    Words(Vec<String>),
}

/// The options of `run`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// Whether another status than 0 is an error.
    check: bool,
    /// Standard input.
    stdin: Option<String>,
    /// Additional environment.
    env: BTreeMap<String, String>,
    /// Limit in seconds.
    timeout_secs: Option<u64>,
    /// Whether it only looks.
    read_only: bool,
    /// A path whose presence means that nothing is to be done.
    creates: Option<String>,
    /// Whether to become root.
    r#become: bool,
    /// Whether it outlives the connection, and is started once while its step is open.
    detached: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            check: true,
            stdin: None,
            env: BTreeMap::new(),
            timeout_secs: None,
            read_only: false,
            creates: None,
            r#become: true,
            detached: true,
        }
    }
}

/// What a script sees of a finished command.
#[derive(Debug, Serialize)]
struct Finished {
    rc: i64,
    stdout: String,
    stderr: String,
    skipped: bool,
}

const DOC: &str = r#"/// Runs a command: text goes to the shell, a list of words does not.
    /// Returns `rc`, `stdout`, `stderr`, `skipped`.
    /// Options: `check` (true: another status than 0 is an error),
    /// `stdin`, `env`, `timeout_secs`, `read_only` (false), `creates` (a path whose presence skips it),
    /// `become` (true), `detached` (true: a command that changes something goes on when the connection is lost,
    /// and `resume` finds its result rather than start it again).
    /// ```rhai
    /// let answer = cluster::first_master.run("uname -r", #{ read_only: true, check: false });
    /// if answer.rc != 0 { warn(answer.stderr); }
    /// ```"#;

/// Puts `run` into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    let plain = &["host: host|group", "command: string|array"];
    let options = accepts::parameter::<Options>("options");
    let with_options = &["host: host|group", "command: string|array", &*options];
    function("run", plain, DOC).set_into_module(
        module,
        |ctx: NativeCallContext, host: &mut HostRef, wanted: Dynamic| -> ScriptResult {
            one(&ctx, host, &wanted, None)
        },
    );
    function("run", with_options, DOC).set_into_module(
        module,
        |ctx: NativeCallContext,
         host: &mut HostRef,
         wanted: Dynamic,
         options: Dynamic|
         -> ScriptResult { one(&ctx, host, &wanted, Some(&options)) },
    );
    let own = run.clone();
    function("run", plain, DOC).set_into_module(
        module,
        move |ctx: NativeCallContext, group: &mut Group, wanted: Dynamic| -> ScriptResult {
            many(&own, &ctx, group, &wanted, None)
        },
    );
    let own = run.clone();
    function("run", with_options, DOC).set_into_module(
        module,
        move |ctx: NativeCallContext,
              group: &mut Group,
              wanted: Dynamic,
              options: Dynamic|
              -> ScriptResult { many(&own, &ctx, group, &wanted, Some(&options)) },
    );
}

fn arguments(wanted: &Dynamic, options: Option<&Dynamic>) -> Result<(Wanted, Options)> {
    let wanted = convert::argument("run", "command", wanted)?;
    let options = options
        .map(|options| convert::argument("run", "options", options))
        .transpose()?
        .unwrap_or_default();
    Ok((wanted, options))
}

fn one(
    ctx: &NativeCallContext,
    host: &HostRef,
    wanted: &Dynamic,
    options: Option<&Dynamic>,
) -> ScriptResult {
    arguments(wanted, options)
        .and_then(|(wanted, options)| execute(host.host(), &wanted, &options))
        .map_err(|error| convert::throw(error, ctx.call_position()))
}

fn many(
    run: &Run,
    ctx: &NativeCallContext,
    group: &Group,
    wanted: &Dynamic,
    options: Option<&Dynamic>,
) -> ScriptResult {
    arguments(wanted, options)
        .and_then(|(wanted, options)| {
            verb::on_group(run, group, "`run`", &|host| {
                execute(host, &wanted, &options)
            })
        })
        .map(Dynamic::from)
        .map_err(|error| convert::throw(error, ctx.call_position()))
}

fn execute(host: &Host, wanted: &Wanted, options: &Options) -> Result<Dynamic> {
    if let Some(path) = &options.creates
        && crate::primitive::file::exists(host, path)?
    {
        return convert::result(&Finished {
            rc: 0,
            stdout: String::new(),
            stderr: String::new(),
            skipped: true,
        });
    }
    let command = command(wanted, options);
    let output = if options.check {
        host.run(&command)?
    } else {
        host.output(&command)?
    };
    convert::result(&Finished {
        rc: output.exit.code(),
        stdout: output.text(),
        stderr: output.error_text(),
        skipped: false,
    })
}

/// The command that `wanted` and `options` mean.
fn command(wanted: &Wanted, options: &Options) -> Command {
    let effect = if options.read_only {
        Effect::Reads
    } else {
        Effect::Changes
    };
    let mut command = match wanted {
        Wanted::Text(text) => Command::shell(text, effect),
        Wanted::Words(words) if options.read_only => Command::reads(words),
        Wanted::Words(words) => Command::changes(words),
    };
    command.stdin = options.stdin.clone().map(String::into_bytes);
    command.env = options.env.clone().into_iter().collect();
    command.timeout = options.timeout_secs.map(Duration::from_secs);
    command.privileged = options.r#become;
    command.survival = match effect {
        Effect::Changes if options.detached => Survival::Once,
        _ => Survival::None,
    };
    command
}

/// What `run(text)` would run, for a line that was typed: it may change something.
pub fn typed(text: &str) -> Command {
    command(&Wanted::Text(text.to_owned()), &Options::default())
}
