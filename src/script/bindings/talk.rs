//! What a script says to the operator and hears from them: `note`, `confirm`, `fail`, `table`, `param`.

use rhai::{Array, Dynamic, Module, NativeCallContext};

use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef};
use super::current::CurrentRun;
use crate::error::{Error, Kind};
use crate::procedure::{Level, Question, Run};

/// Puts these functions into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    speaking(module, run);
    parameters(module, run);
}

fn speaking(module: &mut Module, run: &CurrentRun) {
    for (name, level, doc) in [
        (
            "note",
            Level::Note,
            r#"/// Says `text` to the operator and puts it on record.
            /// ```rhai
            /// note(`the first master is ${cluster::first_master.name}`);
            /// ```"#,
        ),
        (
            "warn",
            Level::Warning,
            r#"/// Warns the operator and puts it on record.
            /// ```rhai
            /// if cluster::etcd.len % 2 == 0 { warn("an even number of etcd members"); }
            /// ```"#,
        ),
    ] {
        let run = run.clone();
        super::function(name, &["text: string"], doc).set_into_module(
            module,
            move |ctx: NativeCallContext, text: &str| -> ScriptResult<()> {
                run.note(level, text)
                    .map_err(|error| convert::throw(error, ctx.call_position()))
            },
        );
    }
    confirming(module, run);
    super::function(
        "fail",
        &["summary: string", "findings: array", "hint: string"],
        r#"/// Stops here: `summary` in one sentence, `findings` one line each, `hint` saying what to type next.
        /// ```rhai
        /// let full = cluster::all.filter(|host| host.file.free_bytes("/var") < 1048576);
        /// if !full.is_empty {
        ///     fail("no room in /var", full.names, "make room there, then `ocpdg resume`");
        /// }
        /// ```"#,
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
    let own = run.clone();
    super::function(
        "table",
        &["header: array", "rows: array"],
        r#"/// Shows a table and puts it on record: `header` is a list of texts, `rows` a list of lists.
        /// ```rhai
        /// let rows = [];
        /// for node in cluster::first_master.oc.nodes() { rows.push([node.name, node.ready]); }
        /// table(["node", "ready"], rows);
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, header: Array, rows: Array| -> ScriptResult<()> {
            let texts = |row: &Array| row.iter().map(ToString::to_string).collect::<Vec<_>>();
            rows.iter()
                .map(|row| match row.read_lock::<Array>() {
                    Some(row) => Ok(texts(&row)),
                    None => Err(Error::invalid(
                        "argument `rows` of `table`",
                        format!("wants a list of lists, and `{row}` is none"),
                    )),
                })
                .collect::<Result<Vec<_>, Error>>()
                .and_then(|rows| own.table(&texts(&header), &rows))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
}

fn confirming(module: &mut Module, run: &CurrentRun) {
    const DOC: &str = r#"/// Asks before a point of no return; `details` say what is destroyed and where the copies are.
        /// No, or nobody to ask without `--yes`, stops the run. `resume` asks again when there are `hosts` that
        /// the answer was not given for.
        /// ```rhai
        /// confirm("Remove all containers and images?", cluster::nodes, ["copies: none; they are pulled again"]);
        /// ```"#;
    let ask = |run: &Run, ctx: &NativeCallContext, title: &str, hosts: &Group, details: &Array| {
        let question = Question {
            title: title.to_owned(),
            hosts: hosts.names().map(str::to_owned).collect(),
            details: details.iter().map(ToString::to_string).collect(),
        };
        run.confirm(&question)
            .map_err(|error| convert::throw(error, ctx.call_position()))
    };
    let own = run.clone();
    super::function(
        "confirm",
        &["title: string", "hosts: group", "details: array"],
        DOC,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext,
              title: &str,
              hosts: Group,
              details: Array|
              -> ScriptResult<()> { ask(&own, &ctx, title, &hosts, &details) },
    );
    let own = run.clone();
    super::function(
        "confirm",
        &["title: string", "host: host", "details: array"],
        DOC,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext,
              title: &str,
              host: HostRef,
              details: Array|
              -> ScriptResult<()> { ask(&own, &ctx, title, &Group::new([host]), &details) },
    );
    let own = run.clone();
    super::function("confirm", &["title: string", "details: array"], DOC).set_into_module(
        module,
        move |ctx: NativeCallContext, title: &str, details: Array| -> ScriptResult<()> {
            ask(&own, &ctx, title, &Group::default(), &details)
        },
    );
}

fn parameters(module: &mut Module, run: &CurrentRun) {
    let own = run.clone();
    super::function(
        "param",
        &["name: string", "default", "doc: string"],
        r#"/// The parameter `name`: `default`, or what `--set name=value` says, brought to the type of the
        /// default. A list is given with commas. `doc` says what it is for.
        /// ```rhai
        /// let hours = param("hours", 4, "How long the maintenance window is");
        /// note(`until ${time_of(now() + hours * 3600)}`);
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, name: &str, default: Dynamic, _doc: &str| -> ScriptResult {
            convert::to_value(&default)
                .and_then(|default| own.parameter(name, default))
                .map(|value| convert::from_value(&value))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    let own = run.clone();
    super::function(
        "settings",
        &["values: map"],
        r#"/// Sets parameters for everything that follows; what the operator says with `--set` stands over it.
        /// ```rhai
        /// import "ocp/names" as names;
        /// settings(#{ openshift_version: "3.7.23" });
        /// note(names::openshift_version());
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, values: Dynamic| -> ScriptResult<()> {
            convert::argument("settings", "values", &values)
                .and_then(|values| own.settle(values))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    let own = run.clone();
    super::function(
        "run_id",
        &[],
        r#"/// The id of this run.
        /// ```rhai
        /// note(`this is run ${run_id()}`);
        /// ```"#,
    )
    .set_into_module(module, move || -> ScriptResult<String> {
        Ok(own.id().to_owned())
    });
    let own = run.clone();
    super::function(
        "changes",
        &[],
        r#"/// How many commands that change something ran so far.
        /// ```rhai
        /// let before = changes();
        /// cluster::all.file.exists("/etc/origin");
        /// if changes() == before { note("that only looked"); }
        /// ```"#,
    )
    .set_into_module(module, move || -> ScriptResult<i64> {
        Ok(i64::try_from(own.changes()).unwrap_or(i64::MAX))
    });
    let own = run.clone();
    super::function(
        "files_dir",
        &[],
        r#"/// The directory on the controller where this run keeps copies of the hosts' files.
        /// ```rhai
        /// let host = cluster::first_etcd;
        /// host.file.get("/etc/etcd/etcd.conf", files_dir() + "/" + host.name + ".etcd.conf");
        /// ```"#,
    )
    .set_into_module(module, move || -> ScriptResult<String> {
        Ok(own.files().display().to_string())
    });
    let own = run.clone();
    super::function(
        "now",
        &[],
        r#"/// Seconds since 1970 on the controller.
        /// ```rhai
        /// note(time_of(now()));
        /// ```"#,
    )
    .set_into_module(module, move || -> ScriptResult<i64> {
        Ok(i64::try_from(own.clock().now().as_secs()).unwrap_or(i64::MAX))
    });
}
