//! From words to an expression.

use super::expression::{Count, Node, Plan};
use crate::transport::sim::pattern::Pattern;
use crate::transport::sim::process::Process;
use crate::transport::sim::program::access::{facts, quoted};
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// Reads the words; the inner error is what `find` says of them.
pub(super) fn plan(process: &Process<'_>, argv: &[String]) -> Result<Result<Plan, String>, Halt> {
    let mut words = argv[1..].iter().map(String::as_str).peekable();
    let (mut follow, mut follow_named) = (false, false);
    while let Some(word) = words.next_if(|word| matches!(*word, "-P" | "-L" | "-H")) {
        (follow, follow_named) = (word == "-L", word == "-H");
    }
    let mut starts = Vec::new();
    let begins = |word: &str| word.len() > 1 && word.starts_with('-') || matches!(word, "(" | "!");
    while let Some(word) = words.next_if(|word| !begins(word)) {
        starts.push(word.to_owned());
    }
    if starts.is_empty() {
        starts.push(".".to_owned());
    }
    let mut parser = Parser {
        process,
        words: words.collect(),
        at: 0,
        acts: false,
        plan: Plan {
            starts,
            expression: Node::True,
            least: 0,
            most: usize::MAX,
            depth_first: false,
            follow,
            follow_named,
            one_system: false,
            batches: 0,
            now: process.now(),
            commands: Vec::new(),
        },
    };
    let expression = if parser.words.is_empty() {
        Node::True
    } else {
        match parser.comma() {
            Ok(node) => node,
            Err(Bad::Said(text)) => return Ok(Err(text)),
            Err(Bad::Halt(halt)) => return Err(halt),
        }
    };
    if parser.at < parser.words.len() {
        let text = match parser.words[parser.at] {
            ")" => "invalid expression; you have too many ')'".to_owned(),
            word => format!("paths must precede expression: {word}"),
        };
        return Ok(Err(text));
    }
    let mut plan = parser.plan;
    plan.batches = plan.commands.len();
    plan.expression = if parser.acts {
        expression
    } else {
        Node::And(Box::new(expression), Box::new(Node::Print('\n')))
    };
    Ok(Ok(plan))
}

enum Bad {
    Said(String),
    Halt(Halt),
}

struct Parser<'p, 'a> {
    process: &'p Process<'a>,
    words: Vec<&'p str>,
    at: usize,
    /// Whether there is an action that takes the place of `-print`.
    acts: bool,
    plan: Plan,
}

type Parsed = Result<Node, Bad>;

impl<'p> Parser<'p, '_> {
    fn peek(&self) -> Option<&'p str> {
        self.words.get(self.at).copied()
    }

    fn comma(&mut self) -> Parsed {
        let mut left = self.or()?;
        while self.peek() == Some(",") {
            self.at += 1;
            left = Node::Comma(Box::new(left), Box::new(self.or()?));
        }
        Ok(left)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            left = Node::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        loop {
            match self.peek() {
                None | Some(")" | "," | "-o" | "-or") => return Ok(left),
                Some("-a" | "-and") => self.at += 1,
                Some(word) if !word.starts_with('-') && !matches!(word, "(" | "!") => {
                    return Ok(left);
                }
                Some(_) => {}
            }
            left = Node::And(Box::new(left), Box::new(self.not()?));
        }
    }

    fn not(&mut self) -> Parsed {
        match self.peek() {
            Some("!" | "-not") => {
                self.at += 1;
                Ok(Node::Not(Box::new(self.not()?)))
            }
            Some("(") => {
                self.at += 1;
                let inner = self.comma()?;
                if self.peek() != Some(")") {
                    let text = "invalid expression; I was expecting to find a ')' somewhere but did not see one.";
                    return Err(Bad::Said(text.to_owned()));
                }
                self.at += 1;
                Ok(inner)
            }
            Some(word) => {
                self.at += 1;
                self.primary(word)
            }
            None => {
                let last = self.words.last().copied().unwrap_or_default();
                Err(Bad::Said(format!("expected an expression after '{last}'")))
            }
        }
    }

    fn value(&mut self, of: &str) -> Result<&'p str, Bad> {
        match self.peek() {
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
            None => Err(Bad::Said(format!("missing argument to `{of}'"))),
        }
    }

    fn unmodelled<T>(&self, what: impl std::fmt::Display) -> Result<T, Bad> {
        self.process
            .unmodelled(format_args!("find {what}"))
            .map_err(Bad::Halt)
    }

    fn count(&mut self, of: &str) -> Result<Count, Bad> {
        let text = self.value(of)?;
        match Count::parse(text) {
            Some(count) => Ok(count),
            None => Err(Bad::Said(format!("invalid argument `{text}' to `{of}'"))),
        }
    }

    fn primary(&mut self, word: &str) -> Parsed {
        Ok(match word {
            "-true" => Node::True,
            "-false" => Node::False,
            "-type" => {
                let text = self.value(word)?;
                if text.is_empty() || !text.chars().all(|c| "fdlcbps".contains(c)) {
                    return self.unmodelled(format_args!("-type {text}"));
                }
                Node::Type(text.to_owned())
            }
            "-name" => Node::Name(Pattern::new(self.value(word)?), false),
            "-iname" => Node::Name(Pattern::new(&self.value(word)?.to_lowercase()), true),
            "-path" | "-wholename" => Node::Path(Pattern::new(self.value(word)?), false),
            "-ipath" => Node::Path(Pattern::new(&self.value(word)?.to_lowercase()), true),
            "-lname" => Node::LinkName(Pattern::new(self.value(word)?)),
            "-user" | "-uid" => self.user(word)?,
            "-group" | "-gid" => self.group(word)?,
            "-nouser" => Node::NoUser,
            "-nogroup" => Node::NoGroup,
            "-newer" | "-cnewer" => {
                let path = self.value(word)?;
                match facts(self.process, path, false) {
                    Ok(facts) => Node::Newer(facts.modified),
                    Err(errno) => {
                        return Err(Bad::Said(format!(
                            "{}: {errno}",
                            quoted(self.process, path)
                        )));
                    }
                }
            }
            "-mtime" | "-ctime" => self.age(word, 86400)?,
            "-mmin" | "-cmin" => self.age(word, 60)?,
            "-size" => self.size()?,
            "-perm" => self.mode()?,
            "-links" => Node::Links(self.count(word)?),
            "-empty" => Node::Empty,
            "-readable" => Node::May(4),
            "-writable" => Node::May(2),
            "-executable" => Node::May(1),
            "-maxdepth" => {
                self.plan.most = self.depth(word)?;
                Node::True
            }
            "-mindepth" => {
                self.plan.least = self.depth(word)?;
                Node::True
            }
            "-depth" | "-d" => {
                self.plan.depth_first = true;
                Node::True
            }
            "-xdev" | "-mount" => {
                self.plan.one_system = true;
                Node::True
            }
            "-follow" => {
                self.plan.follow = true;
                Node::True
            }
            "-prune" => Node::Prune,
            "-print" => self.act(Node::Print('\n')),
            "-print0" => self.act(Node::Print('\0')),
            "-printf" => {
                let format = self.value(word)?.to_owned();
                self.act(Node::PrintFormat(format))
            }
            "-ls" => self.act(Node::Ls),
            "-quit" => Node::Quit,
            "-delete" => {
                self.plan.depth_first = true;
                self.act(Node::Delete)
            }
            "-exec" => self.exec()?,
            _ if word.starts_with('-') => return self.unmodelled(word),
            _ => return Err(Bad::Said(format!("paths must precede expression: {word}"))),
        })
    }

    fn act(&mut self, node: Node) -> Node {
        self.acts = true;
        node
    }

    fn depth(&mut self, word: &str) -> Result<usize, Bad> {
        let text = self.value(word)?;
        text.parse().map_err(|_| {
            Bad::Said(format!(
                "Expected a positive decimal integer argument to {word}, but got `{text}'"
            ))
        })
    }

    fn user(&mut self, word: &str) -> Parsed {
        let name = self.value(word)?;
        match Accounts::of(self.process).owner(name) {
            Some(owner) => Ok(Node::User(owner)),
            None => Err(Bad::Said(format!(
                "{} is not the name of a known user",
                quoted(self.process, name)
            ))),
        }
    }

    fn group(&mut self, word: &str) -> Parsed {
        let name = self.value(word)?;
        match Accounts::of(self.process).owning_group(name) {
            Some(group) => Ok(Node::Group(group)),
            None => Err(Bad::Said(format!(
                "{} is not the name of an existing group",
                quoted(self.process, name)
            ))),
        }
    }

    fn age(&mut self, word: &str, unit: u64) -> Parsed {
        let changed = word.starts_with("-c");
        Ok(Node::Age {
            changed,
            unit,
            count: self.count(word)?,
        })
    }

    fn size(&mut self) -> Parsed {
        let text = self.value("-size")?;
        let (number, unit) = match text.chars().last() {
            Some('c') => (&text[..text.len() - 1], 1),
            Some('w') => (&text[..text.len() - 1], 2),
            Some('b') => (&text[..text.len() - 1], 512),
            Some('k') => (&text[..text.len() - 1], 1 << 10),
            Some('M') => (&text[..text.len() - 1], 1 << 20),
            Some('G') => (&text[..text.len() - 1], 1 << 30),
            _ => (text, 512),
        };
        match Count::parse(number) {
            Some(count) => Ok(Node::Size { unit, count }),
            None => Err(Bad::Said(format!("Invalid argument `{text}' to -size"))),
        }
    }

    fn mode(&mut self) -> Parsed {
        let text = self.value("-perm")?;
        let how = text
            .chars()
            .next()
            .filter(|c| matches!(c, '-' | '/'))
            .unwrap_or('=');
        match u16::from_str_radix(text.trim_start_matches(['-', '/']), 8) {
            Ok(bits) => Ok(Node::Mode { bits, how }),
            Err(_) => self.unmodelled(format_args!("-perm {text}")),
        }
    }

    fn exec(&mut self) -> Parsed {
        let start = self.at;
        loop {
            let word = self.value("-exec")?;
            let own = &self.words[start..self.at - 1];
            if word == ";" {
                if own.is_empty() {
                    return Err(Bad::Said("invalid argument `;' to `-exec'".to_owned()));
                }
                let node = Node::Exec(own.iter().map(|word| (*word).to_owned()).collect());
                return Ok(self.act(node));
            }
            if word == "+" && own.last() == Some(&"{}") && own.len() > 1 {
                let words = own[..own.len() - 1]
                    .iter()
                    .map(|word| (*word).to_owned())
                    .collect();
                self.plan.commands.push(words);
                let node = Node::Batch(self.plan.commands.len() - 1);
                return Ok(self.act(node));
            }
        }
    }
}
