//! `ocpdg show`: what a script goes through, what it can be told, and where its parts come from.

use std::path::PathBuf;

use clap::Args;
use similar::{ChangeTag, TextDiff};

use super::Screen;
use super::attempt::wrong;
use super::output;
use super::progress::harmless;
use super::remarks;
use super::run::libraries;
use crate::script::{HOOKS, Loaded, Origin, Phase, Runtime, Script, ejected};

const AFTER: &str = "\
Nothing is run, and no host is asked. A step whose title is put together as the script runs is not listed.

Modules are looked for in the directories of `--lib`, in those of $OCPDG_PATH, beside the script, and last among those that
ocpdg ships. A `site.rhai` is found in the same order; none is shipped.";

/// `ocpdg show`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct ShowArguments {
    /// The script: a file, or the name of a shipped one
    pub script: PathBuf,
    /// Look for modules in this directory before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
    /// Show only how files of the site differ from the shipped ones, line by line
    #[arg(long)]
    pub diff: bool,
}

/// Shows the script.
pub fn show(request: &ShowArguments) -> std::result::Result<(), Screen> {
    let script = Script::load(&request.script)?;
    let runtime = Runtime::new(libraries(&request.lib, &script));
    let loaded = runtime.load(&script).map_err(|failure| wrong(failure, 2))?;
    let text = match request.diff {
        true => differences(&loaded),
        false => overview(&script, &runtime, &loaded),
    };
    output::print(&(text + "\n"))?;
    remarks::outdated(&loaded);
    Ok(())
}

fn overview(script: &Script, runtime: &Runtime, loaded: &Loaded) -> String {
    let mut lines = vec![script.name.clone()];
    lines.extend(
        loaded
            .doc()
            .iter()
            .map(|line| format!("  {line}").trim_end().to_owned()),
    );
    lines.push("\nPhases and their steps".to_owned());
    lines.extend(steps(&runtime.phases(loaded)));
    if !loaded.parameters.is_empty() {
        lines.push("\nParameters, for `--set NAME=VALUE` or `settings` in site.rhai".to_owned());
        for parameter in &loaded.parameters {
            let default = match &parameter.default {
                Some(value) => value.to_string(),
                None => "(found out as the script runs)".to_owned(),
            };
            lines.push(format!("  {} = {default}", parameter.name));
            lines.push(format!("      {}", parameter.doc));
        }
    }
    lines.push("\nModules, and where each comes from".to_owned());
    lines.extend(
        loaded
            .origins
            .iter()
            .map(|origin| format!("  {}", told(origin))),
    );
    lines.push(String::new());
    lines.extend(hooks(loaded));
    lines
        .iter()
        .map(|line| harmless(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The phases, with the place of each step.
fn steps(phases: &[Phase]) -> Vec<String> {
    let mut lines = Vec::new();
    let width = phases
        .iter()
        .flat_map(|phase| {
            let title = phase.title.as_deref().unwrap_or_default();
            let steps = phase
                .steps
                .iter()
                .map(|step| step.title.chars().count() + 4);
            steps.chain([title.chars().count()])
        })
        .max()
        .unwrap_or_default();
    for phase in phases {
        let title = phase.title.as_deref().unwrap_or("outside of the phases");
        lines.push(format!("  {title:width$}  {}:{}", phase.source, phase.line));
        for step in &phase.steps {
            let inner = width - 4;
            lines.push(format!(
                "      {:inner$}  {}:{}",
                step.title, step.source, step.line
            ));
        }
    }
    if lines.is_empty() {
        lines.push("  none".to_owned());
    }
    lines
}

/// A script or module and where it comes from.
fn told(origin: &Origin) -> String {
    let name = origin.module.as_deref().unwrap_or("the script");
    let from = match (origin.is_file, origin.shipped) {
        (false, _) => "shipped".to_owned(),
        (true, None) => origin.name.clone(),
        (true, Some(_)) if !origin.differs() => format!("{}, as shipped", origin.name),
        (true, Some(_)) => {
            let (more, fewer) = changed(origin);
            format!(
                "{}, differs from the shipped one: +{more} -{fewer} lines",
                origin.name
            )
        }
    };
    format!("{name}: {from}")
}

/// How many lines `origin` has that the shipped one has not, and the other way round.
fn changed(origin: &Origin) -> (usize, usize) {
    let shipped = origin.shipped.map_or("", |(_, text)| text);
    let diff = TextDiff::from_lines(shipped, ejected::without_mark(&origin.text));
    let count = |tag| {
        diff.iter_all_changes()
            .filter(|change| change.tag() == tag)
            .count()
    };
    (count(ChangeTag::Insert), count(ChangeTag::Delete))
}

/// What the site's own file defines, and what it may define.
fn hooks(loaded: &Loaded) -> Vec<String> {
    let file = loaded.origins.iter().find(|origin| loaded.is_site(origin));
    let mut lines = vec![match file {
        Some(origin) => format!("The site's own file is {}", origin.name),
        None => "There is no site.rhai; one beside the script, or in a directory of `--lib` or $OCPDG_PATH, may set \
                 parameters and define"
            .to_owned(),
    }];
    let defined = loaded.site.clone().unwrap_or_default();
    for hook in HOOKS {
        let there = match (file.is_some(), defined.contains(&hook.name)) {
            (true, true) => "  defined: ",
            (true, false) => "  not:     ",
            (false, _) => "  ",
        };
        lines.push(format!("{there}{}: {}", hook.shown(), hook.doc));
    }
    lines
}

/// How each file of the site differs from the shipped one of its name.
fn differences(loaded: &Loaded) -> String {
    let mut text = String::new();
    for origin in loaded
        .origins
        .iter()
        .filter(|origin| origin.is_file && origin.differs())
    {
        let Some((path, shipped)) = origin.shipped else {
            continue;
        };
        let diff = TextDiff::from_lines(shipped, ejected::without_mark(&origin.text));
        let header = format!("{path} (shipped)");
        let unified = diff
            .unified_diff()
            .header(&header, &origin.name)
            .to_string();
        text.push_str(&unified.lines().map(harmless).collect::<Vec<_>>().join("\n"));
        text.push('\n');
    }
    match text.is_empty() {
        true => "no file of the site differs from a shipped one".to_owned(),
        false => text.trim_end().to_owned(),
    }
}
