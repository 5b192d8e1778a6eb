//! `help`: what can be typed, from the documentation of the functions themselves.

use crate::error::{Error, Result};
use crate::script::Console;

/// What `help NAME` shows.
///
/// # Errors
/// A name that nothing has, with the nearest.
pub fn help_text(name: &str, console: &mut Console) -> Result<String> {
    let vocabulary = console.vocabulary();
    // As it may be typed: `host.yum.install("x")`.
    let bare = name.split('(').next().unwrap_or(name).trim();
    let bare = bare.rsplit_once("cluster::").map_or(bare, |(_, rest)| rest);
    let mut found = vocabulary.help(bare);
    if found.is_empty()
        && let Some((owner, verb)) = bare.rsplit_once('.')
    {
        // `etcd.restore` may mean the module's function.
        found = vocabulary.help(&format!("{owner}::{verb}"));
    }
    if found.is_empty() {
        let error = Error::invalid(format!("help of `{name}`"), "there is nothing of that name");
        return Err(match vocabulary.nearest(bare) {
            Some(near) => error.with_hint(format!("did you mean `help {near}`?")),
            None => error.with_hint("`help` lists the tools and the modules"),
        });
    }
    let texts = found.iter().map(|one| {
        let ways = one.ways.join("\n");
        let doc: Vec<String> = one.doc.lines().map(|line| format!("  {line}")).collect();
        let listed = one.ways.iter().any(|way| way.contains("  "));
        match (doc.is_empty(), listed) {
            (true, _) => ways,
            (false, true) => format!("{}\n\n{ways}", one.doc),
            (false, false) => format!("{ways}\n{}", doc.join("\n")),
        }
    });
    Ok(texts.collect::<Vec<_>>().join("\n\n"))
}

/// What `help` alone shows.
pub fn overview(console: &mut Console) -> String {
    let vocabulary = console.vocabulary();
    let lines = |all: Vec<(String, String)>| -> String {
        let lines = all
            .into_iter()
            .map(|(name, about)| format!("  {name:14} {about}\n"));
        lines.collect()
    };
    let commands = super::commands::NAMES.iter().map(|(name, rest, about)| {
        let shown = format!(":{name} {rest}");
        format!("  {shown:14} {about}\n")
    });
    format!(
        "\
A line is code, or begins with a sign:
  @masters       work on these hosts; `@masters + node1`, `- node1`; in code it is `target`
  !uptime        run a shell command on them
  help NAME      a tool, a verb (`help yum.install`), a module, a function (`help etcd::restore`)

Commands:
{}
Tools, as in `target.systemctl.is_active(\"etcd\")` or `cluster::first_master.etcd.members()`:
{}
Modules, as in `etcd::first_member(backups)`:
{}
TAB completes. Ctrl-C gives a line up, or stops what it does. All of it is on record: `ocpdg log`.",
        commands.collect::<String>(),
        lines(vocabulary.tools()),
        lines(vocabulary.modules()),
    )
}
