//! Lists, pipelines and compound commands.

use std::cell::RefCell;
use std::rc::Rc;

use brush_parser::ast::{
    AndOr, AndOrList, CaseClauseCommand, CaseItemPostAction, Command, CompoundCommand,
    CompoundList, DoGroupCommand, Pipeline, SeparatorOperator,
};

use super::super::stream::{Halt, Pipe, SharedSink, Text};
use super::builtin::is_special;
use super::parse::Place;
use super::state::Shell;
use super::{Flow, Stop};
use crate::transport::sim::pattern::Pattern;

/// So many commands may run before a writer is taken to have lost its reader.
const ENDLESS: u32 = 1_000_000;

impl<'a> Shell<'a> {
    /// Runs a list: commands one after the other, or in the background.
    pub(super) fn list(&mut self, list: &CompoundList) -> Flow {
        for item in &list.0 {
            match item.1 {
                SeparatorOperator::Sequence => self.and_or(&item.0)?,
                SeparatorOperator::Async => self.background(&item.0)?,
            }
        }
        Ok(())
    }

    pub(super) fn and_or(&mut self, list: &AndOrList) -> Flow {
        let last = list.additional.len();
        self.step(&list.first, last == 0)?;
        for (at, next) in list.additional.iter().enumerate() {
            let pipeline = match next {
                AndOr::And(pipeline) if self.status == 0 => pipeline,
                AndOr::Or(pipeline) if self.status != 0 => pipeline,
                _ => continue,
            };
            self.step(pipeline, at + 1 == last)?;
        }
        Ok(())
    }

    /// Runs one pipeline of a list; only the failure of the last one counts for `set -e`.
    fn step(&mut self, pipeline: &Pipeline, last: bool) -> Flow {
        if last {
            return self.pipeline(pipeline);
        }
        self.testing(|shell| shell.pipeline(pipeline))
    }

    /// Runs `run`, whose failures are looked at.
    pub(super) fn testing(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.tested += 1;
        let done = run(self);
        self.tested -= 1;
        done
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        if pipeline.timed.is_some() {
            return Ok(self.process.unmodelled("time")?);
        }
        if pipeline.bang {
            self.testing(|shell| shell.stages(&pipeline.seq))?;
            self.status = u8::from(self.status == 0);
            return Ok(());
        }
        self.stages(&pipeline.seq)
    }

    fn stages(&mut self, stages: &[Command]) -> Flow {
        let [.., last] = stages else {
            return Ok(());
        };
        if let [only] = stages {
            self.command(only)?;
            let compound = matches!(only, Command::Compound(inner, _)
                if !matches!(inner, CompoundCommand::Subshell(_) | CompoundCommand::Arithmetic(_)));
            if !compound {
                self.piped(self.status);
                return self.exit_on_error();
            }
            return Ok(());
        }
        let mut statuses = Vec::new();
        let mut input: Option<Vec<u8>> = None;
        for stage in stages {
            let pipe = Rc::new(RefCell::new(Pipe::default()));
            let inner = !std::ptr::eq(stage, last);
            let sink: Option<SharedSink<'a>> = inner.then(|| pipe.clone() as SharedSink<'a>);
            let source = input.take();
            let status = self.subshell(|child| {
                if let Some(bytes) = source {
                    child.read_from(Text::shared(bytes));
                }
                if let Some(sink) = sink {
                    child.left = Some(child.left.map_or(ENDLESS, |left| left.min(ENDLESS)));
                    child.write_to(sink);
                }
                child.command(stage)?;
                child.exit_on_error()
            })?;
            self.die_if_doomed()?;
            statuses.push(status);
            input = Some(pipe.borrow_mut().take());
        }
        let last = statuses.last().copied().unwrap_or(0);
        let failed = statuses.iter().rev().find(|status| **status != 0);
        self.status = match failed {
            Some(failed) if self.options.pipe_fails => *failed,
            _ => last,
        };
        self.assign_list("PIPESTATUS", statuses.iter().map(u8::to_string))?;
        self.exit_on_error()
    }

    /// `set -e`: a failure that nobody looks at ends the shell.
    pub(super) fn exit_on_error(&self) -> Flow {
        if self.status != 0 && self.options.exit_on_error && self.tested == 0 {
            return Err(Stop::Exit);
        }
        Ok(())
    }

    /// Ends the shell if a subshell sent a signal to `$$`.
    pub(super) fn die_if_doomed(&mut self) -> Flow {
        if self.inner {
            return Ok(());
        }
        match self.doomed.take() {
            None => Ok(()),
            Some(signal) => self.signal(signal),
        }
    }

    pub(super) fn command(&mut self, command: &Command) -> Flow {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirections) => {
                let list = redirections.iter().flat_map(|list| &list.0);
                let count = self.substitutions.len();
                let done = self
                    .redirected(list, |shell| shell.compound(compound))
                    .map(drop);
                self.forget_substitutions(count);
                done
            }
            Command::Function(definition) => {
                let name = definition.fname.value.clone();
                if self.options.posix && is_special(&name) {
                    self.error(format!("`{name}': is a special builtin"))?;
                    self.status = 2;
                    return Err(Stop::Exit);
                }
                let body = Rc::new(definition.body.clone());
                Rc::make_mut(&mut self.functions).insert(name, body);
                self.status = 0;
                Ok(())
            }
            Command::ExtendedTest(test, redirections) => {
                let list = redirections.iter().flat_map(|list| &list.0);
                self.line_of(test.loc.start.line);
                self.redirected(list, |shell| {
                    shell.tick()?;
                    shell.condition(&test.expr)
                })?;
                Ok(())
            }
        }
    }

    pub(super) fn compound(&mut self, compound: &CompoundCommand) -> Flow {
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(inner) => {
                self.status = self.subshell(|child| child.list(&inner.list))?;
                self.die_if_doomed()
            }
            CompoundCommand::IfClause(clause) => {
                if self.holds(&clause.condition)? {
                    return self.list(&clause.then);
                }
                for part in clause.elses.iter().flatten() {
                    let holds = match &part.condition {
                        Some(condition) => self.holds(condition)?,
                        None => true,
                    };
                    if holds {
                        return self.list(&part.body);
                    }
                }
                self.status = 0;
                Ok(())
            }
            CompoundCommand::WhileClause(clause) => self.until(&clause.0, &clause.1, true),
            CompoundCommand::UntilClause(clause) => self.until(&clause.0, &clause.1, false),
            CompoundCommand::ForClause(clause) => {
                let mut values = Vec::new();
                match &clause.values {
                    None => values.clone_from(&self.arguments),
                    Some(words) => {
                        for word in words {
                            self.fields(&word.value, &mut values)?;
                        }
                    }
                }
                self.status = 0;
                self.looping(|shell| {
                    for value in values {
                        shell.tick()?;
                        shell.assign(&clause.variable_name, &value)?;
                        if !shell.turn(&clause.body)? {
                            break;
                        }
                    }
                    Ok(())
                })
            }
            CompoundCommand::CaseClause(clause) => self.case(clause),
            CompoundCommand::Arithmetic(command) => {
                self.line_of(command.loc.start.line);
                self.tick()?;
                let value = self.arithmetic(&command.expr.value)?;
                self.status = u8::from(value == 0);
                Ok(())
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                if let Some(first) = &clause.initializer {
                    self.arithmetic(&first.value)?;
                }
                self.status = 0;
                self.looping(|shell| {
                    loop {
                        shell.tick()?;
                        if let Some(condition) = &clause.condition
                            && !condition.value.trim().is_empty()
                            && shell.arithmetic(&condition.value)? == 0
                        {
                            return Ok(());
                        }
                        if !shell.turn(&clause.body)? {
                            return Ok(());
                        }
                        if let Some(updater) = &clause.updater {
                            shell.arithmetic(&updater.value)?;
                        }
                    }
                })
            }
            CompoundCommand::Coprocess(_) => Ok(self.process.unmodelled("coproc")?),
        }
    }

    fn holds(&mut self, condition: &CompoundList) -> Flow<bool> {
        self.testing(|shell| shell.list(condition))?;
        Ok(self.status == 0)
    }

    fn until(&mut self, condition: &CompoundList, body: &DoGroupCommand, wanted: bool) -> Flow {
        let mut status = 0;
        self.looping(|shell| {
            loop {
                // `break` works in the condition too.
                let held = match shell.holds(condition) {
                    Ok(held) => held,
                    Err(Stop::Break(1) | Stop::Continue(1)) => return Ok(()),
                    Err(other) => return Err(outwards(other)),
                };
                if held != wanted {
                    shell.status = status;
                    return Ok(());
                }
                if !shell.turn(body)? {
                    return Ok(());
                }
                status = shell.status;
            }
        })
    }

    fn looping(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.loops += 1;
        let done = run(self);
        self.loops -= 1;
        done
    }

    /// One turn of a loop; whether there is a next one.
    fn turn(&mut self, body: &DoGroupCommand) -> Flow<bool> {
        match self.list(&body.list) {
            Ok(()) | Err(Stop::Continue(1)) => Ok(true),
            Err(Stop::Break(1)) => Ok(false),
            Err(other) => Err(outwards(other)),
        }
    }

    fn case(&mut self, clause: &CaseClauseCommand) -> Flow {
        let value = self.string(&clause.value.value, Place::Word)?;
        self.status = 0;
        let mut through = false;
        for case in &clause.cases {
            let mut chosen = through;
            for pattern in &case.patterns {
                if chosen {
                    break;
                }
                chosen = Pattern::new(&self.pattern(&pattern.value)?).matches(&value);
            }
            if !chosen {
                continue;
            }
            if let Some(list) = &case.cmd {
                self.list(list)?;
            }
            match case.post_action {
                CaseItemPostAction::ExitCase => break,
                CaseItemPostAction::UnconditionallyExecuteNextCaseItem => through = true,
                CaseItemPostAction::ContinueEvaluatingCases => through = false,
            }
        }
        Ok(())
    }

    /// What each simple command costs, so that what goes on for ever meets its end.
    pub(super) fn tick(&mut self) -> Flow {
        const SIGPIPE: u8 = 13;
        self.process.spend(std::time::Duration::from_millis(1))?;
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(Stop::Halt(Halt::Signal(SIGPIPE))),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    /// Notes that the command of line `line` of its text is at work.
    pub(super) fn line_of(&mut self, line: usize) {
        self.line = if self.options.text {
            line.saturating_sub(1)
        } else {
            line
        };
    }
}

/// The same, as the loop around sees it.
fn outwards(stop: Stop) -> Stop {
    match stop {
        Stop::Break(count) => Stop::Break(count - 1),
        Stop::Continue(count) => Stop::Continue(count - 1),
        other => other,
    }
}
