//! What a script can say.

use std::rc::Rc;

use regex::bytes::Regex;

/// A script: its commands in order, blocks opened and closed by commands of their own.
#[derive(Debug)]
pub(super) struct Script {
    pub commands: Vec<Command>,
    /// Whether it begins with `#n`.
    pub quiet: bool,
}

/// A command and the lines that it is for.
#[derive(Debug)]
pub(super) struct Command {
    pub from: Option<Address>,
    pub to: Option<Until>,
    pub negated: bool,
    pub what: What,
}

/// A line.
#[derive(Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    Step(usize, usize),
    /// Matching lines; without an expression, the one used last.
    Match(Option<Rc<Regex>>),
}

/// The end of a range.
#[derive(Debug)]
pub(super) enum Until {
    Address(Address),
    More(usize),
    Multiple(usize),
}

/// What to do.
#[derive(Debug)]
pub(super) enum What {
    /// `{`; where its `}` is.
    Open(usize),
    Close,
    Number,
    Append(Vec<u8>),
    Insert(Vec<u8>),
    Change(Vec<u8>),
    Delete,
    DeleteFirst,
    Print,
    PrintFirst,
    Quit(u8),
    QuitQuietly(u8),
    Next,
    NextToo,
    Hold,
    HoldToo,
    Get,
    GetToo,
    Exchange,
    Read(String),
    Substitute(Substitution),
    Translate(Vec<(char, char)>),
    /// Where to go on: always, after a substitution, or without one.
    Branch(usize),
    BranchIf(usize),
    BranchUnless(usize),
    Label,
}

/// An `s`.
#[derive(Debug)]
pub(super) struct Substitution {
    pub regex: Option<Rc<Regex>>,
    pub with: Vec<Piece>,
    pub all: bool,
    pub nth: usize,
    pub print: bool,
}

/// A piece of a replacement.
#[derive(Debug)]
pub(super) enum Piece {
    Text(Vec<u8>),
    /// What group so and so matched; 0 for all of it.
    Group(usize),
}
