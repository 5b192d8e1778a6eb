//! The builtins, a family a file. `exec` is in `simple`: it changes how the shell itself goes on.

mod directory;
mod flow;
mod job;
mod name;
mod read;
pub(super) mod set;
mod text;
mod variable;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::super::stream::Halt;
use super::state::Shell;
use super::{Flow, Stop};

/// A builtin: gets its words, the first of which is its own name, and returns its status.
pub(super) type Builtin = fn(&mut Shell<'_>, &[String]) -> Flow<u8>;

const FAMILIES: &[&[(&str, Builtin)]] = &[
    directory::BUILTINS,
    flow::BUILTINS,
    job::BUILTINS,
    name::BUILTINS,
    read::BUILTINS,
    set::BUILTINS,
    text::BUILTINS,
    variable::BUILTINS,
];

/// Those whose failure ends a POSIX shell, and that hide functions there.
const SPECIAL: &[&str] = &[
    ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set",
    "shift", "source", "trap", "unset",
];

/// Builtins of bash that are not modelled.
const UNMODELLED: &[&str] = &[
    "alias", "bg", "bind", "caller", "compgen", "complete", "compopt", "coproc", "dirs", "enable",
    "fc", "fg", "help", "history", "jobs", "logout", "popd", "pushd", "select", "suspend", "times",
    "ulimit", "unalias",
];

/// The builtin called `name`.
pub(super) fn find(name: &str) -> Option<Builtin> {
    static ALL: LazyLock<HashMap<&str, Builtin, FixedState>> =
        LazyLock::new(|| FAMILIES.iter().copied().flatten().copied().collect());
    ALL.get(name).copied()
}

pub(super) fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

pub(super) fn is_unmodelled(name: &str) -> bool {
    UNMODELLED.contains(&name)
}

/// Whether assignments among the words of `name` are ones: nothing is split in them.
pub(super) fn declares(name: &str) -> bool {
    matches!(
        name,
        "export" | "readonly" | "local" | "declare" | "typeset"
    )
}

impl Shell<'_> {
    /// Says `text` as the builtin `name` does.
    pub(super) fn complain(&self, name: &str, text: impl std::fmt::Display) -> Result<(), Halt> {
        let (shell, line) = (&self.name, self.line);
        self.process
            .complain(format!("{shell}: line {line}: {name}: {text}\n"))
    }

    /// The failure of a special builtin, which ends a POSIX shell.
    fn special(&mut self, status: u8) -> Flow<u8> {
        self.status = status;
        if self.options.posix {
            Err(Stop::Exit)
        } else {
            Ok(status)
        }
    }

    /// As [`Shell::complain`], and the status.
    pub(super) fn failed(&self, name: &str, status: u8, text: impl std::fmt::Display) -> Flow<u8> {
        self.complain(name, text)?;
        Ok(status)
    }
}

/// Whether `name` can be a variable's.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
