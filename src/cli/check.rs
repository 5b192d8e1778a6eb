//! `ocpdg check`: every mistake in a script that can be found without running it.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::attempt::wrong;
use super::output;
use super::remarks;
use super::run::libraries;
use super::screen::Screen;
use crate::error::Result;
use crate::script::{Bench, Examined, Excerpt, Finding, Loaded, Runtime, Script, testing};

/// What ends `ocpdg check --help`.
const AFTER: &str = "\
Nothing is run, and no host is connected to. Errors are: what does not parse; functions, methods,
verbs, properties, constants and variables that do not exist; wrong numbers of arguments; options
that a function does not take; parameters that `settings` names and no script has; modules that are
not found, or import each other in a circle; variables that a closure assigns in vain, because it
runs for hosts side by side. `run`, `resume` and `rehearse` look for them too, and refuse to begin.

Warnings, which stop nobody, are: `\"${x}\"` between double quotes; a comparison of different types;
a function that hides one of those that every script has; a variable that a step assigns.

With --json, one object on standard output:
  scripts   for each script: `script`, `modules` (how many it imports), `errors`, `warnings`
  findings  for each finding: `file`, `line`, `column`, `width` (of what is meant, in letters),
            `severity` (`error`, `warning`), `kind`, `message`, `hint` and `excerpt` (texts or null)
Kinds: arguments, captured_assignment, circular_import, comparison, constant, function, in_use,
interpolation, module, name, option, property, syntax, variable, verb

Exit status:
  0  nothing was found, or warnings only
  2  there are errors

Examples:
  ocpdg check downgrade_3_9_to_3_7     a shipped script
  ocpdg check --lib lib site/*.rhai    those of a site, with its modules";

/// `ocpdg check`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct CheckArguments {
    /// The scripts: files, or names of shipped ones
    #[arg(required = true, value_name = "SCRIPT")]
    pub scripts: Vec<PathBuf>,
    /// Look for modules in this directory before the shipped ones
    ///
    /// May be repeated. $OCPDG_PATH and the script's own directory come after it.
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
    /// Print JSON, for editors and other programs
    #[arg(long)]
    pub json: bool,
}

/// A script and what was found in it.
struct Checked {
    script: String,
    examined: Examined,
}

impl Checked {
    fn count(&self, warnings: bool) -> usize {
        let findings = self.examined.findings.iter();
        findings
            .filter(|(one, _)| one.is_warning == warnings)
            .count()
    }
}

/// Prints what is wrong with the scripts; returns the exit status.
pub fn check(request: &CheckArguments) -> std::result::Result<u8, Screen> {
    let scripts = request.scripts.iter().map(|path| Script::load(path));
    let scripts = scripts.collect::<Result<Vec<_>>>()?;
    let checked: Vec<Checked> = scripts
        .into_iter()
        .map(|script| {
            let mut runtime = Runtime::new(libraries(&request.lib, &script));
            if testing::is_one(&script) {
                runtime.equip(&Bench::default());
            }
            let examined = runtime.examine(&script);
            // What does not load has its errors told.
            if let Ok(loaded) = runtime.load(&script) {
                remarks::outdated(&loaded);
            }
            Checked {
                examined,
                script: script.name,
            }
        })
        .collect();
    output::read_or_not(|out| match request.json {
        true => writeln!(out, "{:#}", data(&checked)),
        false => show(&checked, out),
    })?;
    let is_clean = checked.iter().all(|one| one.count(false) == 0);
    Ok(if is_clean { 0 } else { 2 })
}

/// The findings of all scripts, each once: scripts share modules.
fn distinct(checked: &[Checked]) -> Vec<&(Finding, Option<Excerpt>)> {
    let (mut seen, mut distinct) = (HashSet::new(), Vec::new());
    for found in checked.iter().flat_map(|one| &one.examined.findings) {
        let (place, message) = (&found.0.place, found.0.error.to_string());
        if seen.insert((&place.source, place.line, place.column, message)) {
            distinct.push(found);
        }
    }
    distinct
}

fn show(checked: &[Checked], out: &mut dyn Write) -> io::Result<()> {
    let findings = distinct(checked);
    for (finding, excerpt) in &findings {
        screen(finding, excerpt).write(out)?;
    }
    if !findings.is_empty() {
        writeln!(out)?;
    }
    for one in checked {
        let (errors, warnings) = (one.count(false), one.count(true));
        let modules = match one.examined.modules {
            0 => String::new(),
            1 => " and the module that it imports".to_owned(),
            many => format!(" and the {many} modules that it imports"),
        };
        let what = match (errors, warnings) {
            (0, 0) => "nothing wrong was found".to_owned(),
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => {
                format!(
                    "{}, {}",
                    counted(errors, "error"),
                    counted(warnings, "warning")
                )
            }
        };
        writeln!(out, "{}{modules}: {what}", one.script)?;
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn data(checked: &[Checked]) -> Value {
    let scripts = checked.iter().map(|one| {
        json!({
            "script": one.script,
            "modules": one.examined.modules,
            "errors": one.count(false),
            "warnings": one.count(true),
        })
    });
    let findings = distinct(checked).into_iter().map(|(finding, excerpt)| {
        json!({
            "file": finding.place.source,
            "line": finding.place.line,
            "column": finding.place.column,
            "width": excerpt.as_ref().map_or(1, |excerpt| excerpt.width),
            "severity": if finding.is_warning { "warning" } else { "error" },
            "kind": finding.kind,
            "message": finding.error.to_string(),
            "hint": finding.error.hint,
            "excerpt": excerpt.as_ref().map(|excerpt| &excerpt.text),
        })
    });
    json!({
        "scripts": scripts.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn screen(finding: &Finding, excerpt: &Option<Excerpt>) -> Screen {
    Screen {
        is_warning: finding.is_warning,
        places: vec![finding.place.to_string()],
        excerpt: excerpt.clone().map(Box::new),
        status: Some(2),
        ..finding.error.clone().into()
    }
}

/// Loads `script` if nothing is wrong with it; warnings are told.
///
/// # Errors
/// The last of its mistakes; those before it are told.
pub fn checked(runtime: &Runtime, script: &Script) -> std::result::Result<Loaded, Screen> {
    let findings = runtime.examine(script).findings;
    let (warnings, mut errors): (Vec<_>, Vec<_>) =
        findings.iter().partition(|(one, _)| one.is_warning);
    for (warning, excerpt) in warnings {
        screen(warning, excerpt).print();
    }
    let Some((last, excerpt)) = errors.pop() else {
        return runtime.load(script).map_err(|failure| wrong(failure, 2));
    };
    for (error, excerpt) in &errors {
        screen(error, excerpt).print();
    }
    let mut screen = screen(last, excerpt);
    if !errors.is_empty() {
        let all = errors.len() + 1;
        screen.next = Some(format!("correct these {all} errors; nothing was done"));
    }
    Err(screen)
}
