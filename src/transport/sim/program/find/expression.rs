//! What `find` is told: where to look, and what to make of each file.

use std::time::Duration;

use crate::transport::sim::files::Name;
use crate::transport::sim::pattern::Pattern;

/// What to do.
pub(super) struct Plan {
    pub starts: Vec<String>,
    pub expression: Node,
    pub least: usize,
    pub most: usize,
    pub depth_first: bool,
    pub follow: bool,
    pub follow_named: bool,
    pub one_system: bool,
    /// How many `-exec ... +` there are.
    pub batches: usize,
    /// Now, for what counts from it.
    pub now: Duration,
    pub commands: Vec<Vec<String>>,
}

impl Plan {
    /// The words before `{} +` of the batch `at`.
    pub(super) fn batch(&self, at: usize) -> &[String] {
        &self.commands[at]
    }
}

/// A number to compare with: less, equal, more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    sign: char,
    value: u64,
}

impl Count {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'));
        let value = text.trim_start_matches(['+', '-']).parse().ok()?;
        Some(Self {
            sign: sign.unwrap_or('='),
            value,
        })
    }

    pub(super) fn holds(self, value: u64) -> bool {
        match self.sign {
            '+' => value > self.value,
            '-' => value < self.value,
            _ => value == self.value,
        }
    }
}

/// An expression.
pub(super) enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Comma(Box<Node>, Box<Node>),
    Not(Box<Node>),
    True,
    False,
    Type(String),
    Name(Pattern, bool),
    Path(Pattern, bool),
    LinkName(Pattern),
    User(Name),
    Group(Name),
    NoUser,
    NoGroup,
    Newer(Duration),
    /// Since the change of content (or of anything), in units of seconds.
    Age {
        changed: bool,
        unit: u64,
        count: Count,
    },
    Size {
        unit: u64,
        count: Count,
    },
    Mode {
        bits: u16,
        how: char,
    },
    Links(Count),
    Empty,
    May(u16),
    Print(char),
    PrintFormat(String),
    Ls,
    Prune,
    Quit,
    Delete,
    Exec(Vec<String>),
    Batch(usize),
}
