//! Simple commands: assignments, functions, builtins, programs.

use brush_parser::ast::{
    Assignment, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem as Item, IoRedirect,
    SimpleCommand, Word,
};

use super::super::files::Errno;
use super::super::program;
use super::super::stream::Halt;
use super::builtin::{self, Builtin};
use super::parse::Place;
use super::quote::quoted;
use super::state::Shell;
use super::variables::{Value, Variable};
use super::{Flow, Stop};

impl Shell<'_> {
    pub(super) fn simple(&mut self, command: &SimpleCommand) -> Flow {
        self.substituted = None;
        let count = self.substitutions.len();
        let done = self.parts(command);
        self.forget_substitutions(count);
        done
    }

    fn parts(&mut self, command: &SimpleCommand) -> Flow {
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        if let Some(place) = command
            .word_or_name
            .as_ref()
            .and_then(|word| word.loc.as_ref())
        {
            self.line_of(place.start.line);
        } else if let Some(Item::AssignmentWord(assignment, _)) = prefix.clone().next() {
            self.line_of(assignment.loc.start.line);
        }
        self.tick()?;
        let assignments: Vec<(&Assignment, &Word)> = prefix
            .clone()
            .filter_map(|item| match item {
                Item::AssignmentWord(assignment, word) => Some((assignment, word)),
                _ => None,
            })
            .collect();
        let redirections: Vec<&IoRedirect> = prefix
            .chain(suffix.clone())
            .filter_map(|item| match item {
                Item::IoRedirect(redirection) => Some(redirection),
                _ => None,
            })
            .collect();
        let mut argv = Vec::new();
        if let Some(word) = &command.word_or_name {
            self.fields(&word.value, &mut argv)?;
        }
        let declares = argv.first().is_some_and(|name| builtin::declares(name));
        let mut lists = Vec::new();
        for item in suffix {
            match item {
                Item::Word(word) => self.fields(&word.value, &mut argv)?,
                Item::AssignmentWord(assignment, word) if declares => {
                    let AssignmentName::VariableName(name) = &assignment.name else {
                        return Ok(self
                            .process
                            .unmodelled(format!("{} {}", argv[0], word.value))?);
                    };
                    argv.push(match &assignment.value {
                        AssignmentValue::Scalar(_) => {
                            format!("{name}={}", self.scalar(assignment, word)?)
                        }
                        AssignmentValue::Array(_) => {
                            lists.push(assignment);
                            name.clone()
                        }
                    });
                }
                Item::AssignmentWord(_, word) => self.fields(&word.value, &mut argv)?,
                Item::ProcessSubstitution(kind, inner) => {
                    let path = self.process_substitution(kind, inner)?;
                    argv.push(path);
                }
                Item::IoRedirect(_) => {}
            }
        }
        if argv.is_empty() {
            return self.only_assignments(&assignments, redirections);
        }
        self.trace(&assignments, &argv)?;
        if argv[0] == "exec" {
            return self.exec(&argv, &assignments, redirections);
        }
        let run = |shell: &mut Self| shell.call(&argv, &assignments, true);
        let special = self.options.posix && builtin::is_special(&argv[0]);
        if !self.redirected(redirections, run)? && special {
            return Err(Stop::Exit);
        }
        for assignment in lists {
            self.assignment(assignment, None)?;
        }
        Ok(())
    }

    fn only_assignments(
        &mut self,
        assignments: &[(&Assignment, &Word)],
        redirections: Vec<&IoRedirect>,
    ) -> Flow {
        self.trace(assignments, &[])?;
        self.status = 0;
        self.redirected(redirections, |_| Ok(()))?;
        if self.status == 0 {
            for (assignment, word) in assignments {
                self.assignment(assignment, Some(word))?;
            }
            self.status = self.substituted.unwrap_or(0);
        }
        Ok(())
    }

    /// The value that `assignment` gives, appended to what is there if it says so.
    fn scalar(&mut self, assignment: &Assignment, word: &Word) -> Flow<String> {
        // The word has its spaces still.
        let (_, text) = word.value.split_once('=').unwrap_or_default();
        let value = self.string(text, Place::Assignment)?;
        match &assignment.name {
            AssignmentName::VariableName(name) if assignment.append => {
                Ok(format!("{}{value}", self.get(name).unwrap_or_default()))
            }
            _ => Ok(value),
        }
    }

    /// Makes one assignment.
    pub(super) fn assignment(&mut self, assignment: &Assignment, word: Option<&Word>) -> Flow {
        match (&assignment.name, &assignment.value) {
            (AssignmentName::VariableName(name), AssignmentValue::Scalar(_)) => {
                let value = match word {
                    Some(word) => self.scalar(assignment, word)?,
                    None => String::new(),
                };
                self.assign(name, &value)
            }
            (AssignmentName::ArrayElementName(name, index), AssignmentValue::Scalar(_)) => {
                let index = self.arithmetic(index)?;
                let text = word.and_then(|word| word.value.split_once("]="));
                let Some((_, text)) = text.filter(|_| !assignment.append) else {
                    return Ok(self.process.unmodelled(format!("{name}[...]+="))?);
                };
                let value = self.string(text, Place::Assignment)?;
                self.assign_element(name, index, &value)
            }
            (AssignmentName::VariableName(name), AssignmentValue::Array(elements)) => {
                let mut values = Vec::new();
                if assignment.append {
                    values = match self
                        .variable(name)
                        .as_deref()
                        .map(|variable| &variable.value)
                    {
                        Some(Value::List(list)) => list.values().cloned().collect(),
                        Some(Value::Text(text)) => vec![text.clone()],
                        _ => Vec::new(),
                    };
                }
                for (key, value) in elements {
                    if key.is_some() {
                        return Ok(self.process.unmodelled(format!("{name}=([KEY]=...)"))?);
                    }
                    self.fields(&value.value, &mut values)?;
                }
                self.assign_list(name, values)
            }
            (AssignmentName::ArrayElementName(name, _), AssignmentValue::Array(_)) => {
                self.error(format!("{name}: cannot assign list to array member"))?;
                Err(self.abandon())
            }
        }
    }

    /// Runs `argv`: a function, if those count, a builtin, or a program.
    pub(super) fn call(
        &mut self,
        argv: &[String],
        assignments: &[(&Assignment, &Word)],
        functions: bool,
    ) -> Flow {
        let name = argv[0].as_str();
        let builtin = builtin::find(name);
        let special = builtin.is_some() && builtin::is_special(name) && self.options.posix;
        if functions && !special && self.functions.contains_key(name) {
            let kept = self.assign_for_now(assignments)?;
            let done = self.function(argv);
            self.take_back(kept);
            return done;
        }
        let Some(builtin) = builtin else {
            if builtin::is_unmodelled(name) {
                return Ok(self.process.unmodelled(name)?);
            }
            let kept = self.assign_for_now(assignments)?;
            let done = self.program(argv);
            self.take_back(kept);
            self.status = done?;
            return self.die_if_doomed();
        };
        let kept = self.assign_for_now(assignments)?;
        let done = self.builtin(builtin, argv);
        if !special {
            self.take_back(kept);
        }
        done
    }

    fn builtin(&mut self, builtin: Builtin, argv: &[String]) -> Flow {
        match builtin(self, argv) {
            Ok(status) => {
                self.status = status;
                Ok(())
            }
            // A write that was refused: it said so.
            Err(Stop::Halt(Halt::Exit(status))) => {
                self.status = status;
                Ok(())
            }
            Err(stop) => Err(stop),
        }
    }

    /// Makes the assignments before a command, and returns what they hid.
    fn assign_for_now(
        &mut self,
        assignments: &[(&Assignment, &Word)],
    ) -> Flow<Vec<(String, Option<Variable>)>> {
        let mut kept = Vec::new();
        for (assignment, word) in assignments {
            if let AssignmentName::VariableName(name) = &assignment.name {
                kept.push((name.clone(), self.keep(name)));
                self.assignment(assignment, Some(word))?;
                self.export(name);
            } else {
                return Ok(self
                    .process
                    .unmodelled(format!("{} before a command", word.value))?);
            }
        }
        Ok(kept)
    }

    fn take_back(&mut self, kept: Vec<(String, Option<Variable>)>) {
        for (name, variable) in kept.into_iter().rev() {
            self.restore(&name, variable);
        }
    }

    fn function(&mut self, argv: &[String]) -> Flow {
        let Some(body) = self.functions.get(&argv[0]).cloned() else {
            return Ok(());
        };
        let outer = std::mem::replace(&mut self.arguments, argv[1..].to_vec());
        let loops = std::mem::take(&mut self.loops);
        self.calls += 1;
        self.enter_function();
        let done = self.deeper(|shell| {
            let list = body.1.iter().flat_map(|list| &list.0);
            shell
                .redirected(list, |shell| shell.compound(&body.0))
                .map(drop)
        });
        self.leave_function();
        self.calls -= 1;
        self.loops = loops;
        self.arguments = outer;
        match done {
            Err(Stop::Return) => Ok(()),
            other => other,
        }
    }

    /// Runs the program `argv` in a process of its own.
    pub(super) fn program(&mut self, argv: &[String]) -> Flow<u8> {
        let found = program::find(&self.process, &argv[0]);
        let found = match found {
            Ok(found) => found,
            Err(errno) => return Ok(self.not_found(&argv[0], errno)?),
        };
        let mut child = self.process.clone();
        child.pid = child.here().pid();
        child.environment.insert("_", found.path.clone());
        if let Some(last) = &mut self.last_program {
            *last = argv.to_vec();
        }
        self.deeper(|_| Ok(program::start(&mut child, &found, argv)?))
    }

    fn not_found(&self, name: &str, errno: Errno) -> Result<u8, Halt> {
        match errno {
            Errno::NoEntry if !name.contains('/') => {
                self.error(format!("{name}: command not found"))?;
                Ok(127)
            }
            Errno::NoEntry | Errno::NotDirectory => {
                self.error(format!("{name}: {errno}"))?;
                Ok(127)
            }
            errno => {
                self.error(format!("{name}: {errno}"))?;
                Ok(126)
            }
        }
    }

    /// `exec`: with words, the program takes the place of the shell; without, redirections stay.
    fn exec(
        &mut self,
        argv: &[String],
        assignments: &[(&Assignment, &Word)],
        redirections: Vec<&IoRedirect>,
    ) -> Flow {
        if !self.redirect(redirections)? {
            self.status = 1;
            return if self.options.posix {
                Err(Stop::Exit)
            } else {
                Ok(())
            };
        }
        let words = match argv.get(1).map(String::as_str) {
            Some("--") => &argv[2..],
            Some(option) if option.starts_with('-') => {
                return Ok(self.process.unmodelled(format!("exec {option}"))?);
            }
            _ => &argv[1..],
        };
        for (assignment, word) in assignments {
            self.assignment(assignment, Some(word))?;
            if let AssignmentName::VariableName(name) = &assignment.name {
                self.export(name);
            }
        }
        self.status = 0;
        if words.is_empty() {
            return Ok(());
        }
        self.status = match program::find(&self.process, &words[0]) {
            Ok(_) => self.program(words)?,
            Err(errno) => {
                let missing = errno == Errno::NoEntry;
                if missing && !words[0].contains('/') {
                    self.complain("exec", format!("{}: not found", words[0]))?;
                } else {
                    self.error(format!("{}: {errno}", words[0]))?;
                }
                if missing { 127 } else { 126 }
            }
        };
        self.traps.clear();
        Err(Stop::Exit)
    }

    /// What `set -x` shows.
    fn trace(&mut self, assignments: &[(&Assignment, &Word)], argv: &[String]) -> Flow {
        if !self.options.trace {
            return Ok(());
        }
        let prompt = self.get("PS4").unwrap_or_default();
        let prompt = self.string(&prompt, Place::Quoted)?;
        for (_, word) in assignments {
            self.process.complain(format!("{prompt}{}\n", word.value))?;
        }
        if !argv.is_empty() {
            let words: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
            self.process
                .complain(format!("{prompt}{}\n", words.join(" ")))?;
        }
        Ok(())
    }
}
