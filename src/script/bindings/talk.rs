//! What a script says to the operator and hears from them: `note`, `confirm`, `fail`, `table`, `param`.

use std::sync::Arc;

use rhai::{Array, Dynamic, Module, NativeCallContext};

use super::super::convert::{self, ScriptResult};
use crate::error::{Error, Kind};
use crate::procedure::{Level, Question, Run};

/// Puts these functions into `module`.
pub fn register(module: &mut Module, run: &Arc<Run>) {
    speaking(module, run);
    parameters(module, run);
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
                .and_then(|values| own.settle(values))
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
    let own = Arc::clone(run);
    super::function("now", &[], "/// Seconds since 1970 on the controller.").set_into_module(
        module,
        move || -> ScriptResult<i64> {
            Ok(i64::try_from(own.clock().now().as_secs()).unwrap_or(i64::MAX))
        },
    );
}
