//! `help`: what can be typed, from the documentation of the functions themselves.

use crate::error::{Error, Result};
use crate::script::Console;

/// So wide is the text, whatever the terminal.
const WIDTH: usize = 100;

/// What `help NAME` shows: a tool and a module of one name are both told.
///
/// # Errors
/// A name that nothing has, with the nearest.
pub fn help_text(name: &str, console: &mut Console) -> Result<String> {
    // As it may be typed: `cluster::masters.yum.install("x")`.
    let bare = name.split('(').next().unwrap_or(name).trim();
    let bare = match bare
        .strip_prefix("cluster::")
        .and_then(|rest| rest.split_once('.'))
    {
        Some((_, verb)) => verb,
        None => bare,
    };
    let reference = console.reference();
    let mut texts = Vec::new();
    // `etcd.restore` may mean the module's function.
    for meant in [
        bare.to_owned(),
        format!("ocp/{bare}"),
        bare.replacen('.', "::", 1),
    ] {
        if (texts.is_empty() || meant.starts_with("ocp/")) && !reference.find(&meant).is_empty() {
            texts.push(reference.lines(&meant, WIDTH)?.join("\n"));
        }
    }
    if texts.is_empty() {
        let error = Error::invalid(format!("help of `{name}`"), "there is nothing of that name");
        return Err(match reference.nearest(bare) {
            Some(near) => error.with_hint(format!("did you mean `help {near}`?")),
            None => error.with_hint("`help` lists the tools and the modules"),
        });
    }
    texts.dedup();
    Ok(texts.join("\n\n"))
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
