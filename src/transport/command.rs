//! A command to run on a host.

use std::time::Duration;

use super::quote::quote;

/// A command, built as an argument list, or as shell text where a script's author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What to run.
    pub body: Body,
    /// Standard input; `None` is an empty one.
    pub stdin: Option<Vec<u8>>,
    /// Additional environment, in order. Values never appear in messages.
    pub env: Vec<(String, String)>,
    /// Whether it changes the host; decides what the journal keeps.
    pub effect: Effect,
    /// Whether to become root, where the connection says so; false runs it as the login user.
    pub privileged: bool,
    /// What becomes of it when the connection is lost.
    pub survival: Survival,
    /// How long it may take in all; `None` is the transport's default.
    pub timeout: Option<Duration>,
}

/// The two ways to say what to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Program and arguments; no shell interprets them.
    Argv(Vec<String>),
    /// Text for `sh -c`.
    Shell(String),
}

/// Whether a command changes the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks: it may be repeated freely.
    Reads,
    /// It changes something: it is on record before it starts.
    Changes,
}

/// What becomes of a command when the connection over which it was started is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// It may end with the connection; nobody can follow it any more.
    None,
    /// It goes on, and is followed again.
    Detached,
    /// The same; and however often its step is begun anew because it was cut off, it is started once,
    /// and its result stands.
    Once,
}

impl Command {
    /// A command that only looks, from program and arguments.
    pub fn reads<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self::new(
            Body::Argv(argv.into_iter().map(Into::into).collect()),
            Effect::Reads,
        )
    }

    /// A command that changes something, from program and arguments.
    pub fn changes<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self::new(
            Body::Argv(argv.into_iter().map(Into::into).collect()),
            Effect::Changes,
        )
    }

    /// Shell text, as a script's author or an operator typed it.
    pub fn shell(text: impl Into<String>, effect: Effect) -> Self {
        Self::new(Body::Shell(text.into()), effect)
    }

    fn new(body: Body, effect: Effect) -> Self {
        Self {
            body,
            stdin: None,
            env: Vec::new(),
            effect,
            privileged: true,
            survival: match effect {
                Effect::Reads => Survival::None,
                Effect::Changes => Survival::Detached,
            },
            timeout: None,
        }
    }

    /// The same command with `bytes` as standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The same command with `name=value` in its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The same command, given up after `limit`.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The same command, to end as `survival` says when the connection is lost.
    #[must_use]
    pub fn survival(mut self, survival: Survival) -> Self {
        self.survival = survival;
        self
    }

    /// The command as text that a POSIX shell runs, without its environment.
    ///
    /// This is also how an operator would type it, and what messages and the journal show.
    pub fn line(&self) -> String {
        match &self.body {
            Body::Argv(argv) => {
                let mut line = String::with_capacity(argv.iter().map(|word| word.len() + 3).sum());
                for word in argv {
                    if !line.is_empty() {
                        line.push(' ');
                    }
                    line.push_str(&quote(word));
                }
                line
            }
            Body::Shell(text) => text.clone(),
        }
    }

    /// The words to hand to `exec`: the argument list itself, or `sh -c TEXT`, behind `env` if
    /// there are variables to set.
    pub fn argv(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.env.is_empty() {
            words.push("env".to_owned());
            words.extend(
                self.env
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            );
        }
        match &self.body {
            Body::Argv(argv) => words.extend(argv.iter().cloned()),
            Body::Shell(text) => {
                words.extend(["sh".to_owned(), "-c".to_owned(), text.clone()]);
            }
        }
        words
    }
}
