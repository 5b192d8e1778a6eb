//! Options: `set` and `shopt`.

use super::super::Flow;
use super::super::quote::quoted;
use super::super::state::{Options, Shell};
use super::super::variables::Value;
use super::Builtin;

pub(super) const BUILTINS: &[(&str, Builtin)] = &[("set", set), ("shopt", shopt)];

/// The options that have a letter, and their names.
const LETTERS: &[(char, &str)] = &[
    ('a', "allexport"),
    ('e', "errexit"),
    ('f', "noglob"),
    ('u', "nounset"),
    ('x', "xtrace"),
    ('C', "noclobber"),
];

fn switch<'o>(options: &'o mut Options, name: &str) -> Option<&'o mut bool> {
    Some(match name {
        "allexport" => &mut options.export_all,
        "noclobber" => &mut options.no_clobber,
        "errexit" => &mut options.exit_on_error,
        "noglob" => &mut options.no_globs,
        "pipefail" => &mut options.pipe_fails,
        "posix" => &mut options.posix,
        "nounset" => &mut options.unset_is_error,
        "xtrace" => &mut options.trace,
        _ => return None,
    })
}

/// Switches the option `name`; whether there is such a one.
pub(in super::super) fn named(options: &mut Options, name: &str, on: bool) -> bool {
    switch(options, name).map(|option| *option = on).is_some()
}

/// Switches the options of `word`, such as `-eu`; whether all are known.
pub(in super::super) fn letters(options: &mut Options, word: &str) -> bool {
    let on = word.starts_with('-');
    word.starts_with(['-', '+'])
        && word.chars().skip(1).all(|letter| {
            let name = LETTERS.iter().find(|(known, _)| *known == letter);
            name.is_some_and(|(_, name)| named(options, name, on))
        })
}

/// Whether the option `name` is on; `None` if there is no such one.
pub(in super::super) fn is_set(options: &Options, name: &str) -> Option<bool> {
    switch(&mut options.clone(), name).map(|option| *option)
}

impl Shell<'_> {
    /// `$-`.
    pub(in super::super) fn flags(&self) -> String {
        let mut flags: String = LETTERS
            .iter()
            .filter(|(_, name)| is_set(&self.options, name) == Some(true))
            .map(|(letter, _)| *letter)
            .collect();
        flags.push_str("hB");
        if self.options.text {
            flags.push('c');
        }
        flags
    }
}

fn set(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut words = &argv[1..];
    if words.is_empty() {
        return show(shell);
    }
    while let Some(word) = words.first() {
        match word.as_str() {
            "--" => {
                shell.arguments = words[1..].to_vec();
                return Ok(0);
            }
            "-o" | "+o" if words.len() == 1 => {
                return Ok(shell.process.unmodelled(format!("set {word}"))?);
            }
            "-o" | "+o" => {
                let name = words[1].clone();
                if !named(&mut shell.options, &name, word == "-o") {
                    return Ok(shell.process.unmodelled(format!("set {word} {name}"))?);
                }
                words = &words[1..];
            }
            // `-eo pipefail`, too.
            _ if word.len() > 1 && word.starts_with(['-', '+']) => {
                let mut word = word.clone();
                if word.ends_with('o') && words.len() > 1 {
                    word.pop();
                    let on = word.starts_with('-');
                    let name = words[1].clone();
                    if !named(&mut shell.options, &name, on) {
                        return Ok(shell.process.unmodelled(format!("set -o {name}"))?);
                    }
                    words = &words[1..];
                }
                if !letters(&mut shell.options, &word) {
                    return wrong(shell, &word);
                }
            }
            _ => {
                shell.arguments = words.to_vec();
                return Ok(0);
            }
        }
        words = &words[1..];
    }
    Ok(0)
}

fn wrong(shell: &mut Shell<'_>, word: &str) -> Flow<u8> {
    if word
        .chars()
        .skip(1)
        .all(|letter| "abefhkmnptuvxBCEHPT".contains(letter))
    {
        return Ok(shell.process.unmodelled(format!("set {word}"))?);
    }
    shell.complain("set", format!("{word}: invalid option"))?;
    shell.special(2)
}

/// All variables, as they would be assigned.
fn show(shell: &mut Shell<'_>) -> Flow<u8> {
    for name in shell.names() {
        let line = match shell
            .variable(&name)
            .as_deref()
            .map(|variable| &variable.value)
        {
            Some(Value::Text(text)) if text.is_empty() => format!("{name}="),
            Some(Value::Text(text)) => format!("{name}={}", quoted(text)),
            Some(Value::List(list)) => {
                let items: Vec<String> = list
                    .iter()
                    .map(|(at, text)| format!("[{at}]=\"{text}\""))
                    .collect();
                format!("{name}=({})", items.join(" "))
            }
            Some(Value::None) | None => continue,
        };
        shell.process.line(line)?;
    }
    Ok(0)
}

fn shopt(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (mode, names) = match argv.get(1).map(String::as_str) {
        Some(mode @ ("-s" | "-u" | "-q")) if argv.len() > 2 => (mode, &argv[2..]),
        other => {
            return Ok(shell
                .process
                .unmodelled(format!("shopt {}", other.unwrap_or_default()))?);
        }
    };
    let mut status = 0;
    for name in names {
        let option = match name.as_str() {
            "nullglob" => &mut shell.options.null_globs,
            "dotglob" => &mut shell.options.dot_globs,
            other => return Ok(shell.process.unmodelled(format!("shopt {mode} {other}"))?),
        };
        match mode {
            "-q" => status |= u8::from(!*option),
            _ => *option = mode == "-s",
        }
    }
    Ok(status)
}
