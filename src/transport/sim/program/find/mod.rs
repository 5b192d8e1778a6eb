//! `find`.
//!
//! | file         | subject                           |
//! |--------------|-----------------------------------|
//! | `expression` | what there is to say              |
//! | `parse`      | from words to an expression       |
//! | `test`       | what an expression says of a file |
//! | `print`      | the formats of `-printf`          |

mod expression;
mod parse;
mod print;
mod test;

use super::Program;
use super::access::{Facts, facts, names, quoted};
use crate::transport::sim::files::{Errno, join};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;
use expression::Plan;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("find", find)];

/// How a walk goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Onward {
    Yes,
    /// `-quit`.
    Stop,
}

/// A walk under way.
struct Walk<'w, 'a> {
    process: &'w mut Process<'a>,
    plan: &'w Plan,
    out: Vec<u8>,
    /// Paths that wait for `-exec ... {} +`, by the number of the action.
    waiting: Vec<Vec<String>>,
    status: u8,
}

fn find(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let plan = match parse::plan(process, argv)? {
        Ok(plan) => plan,
        Err(text) => return process.fail(1, format_args!("{}: {text}", argv[0])),
    };
    let waiting = vec![Vec::new(); plan.batches];
    let mut walk = Walk {
        process,
        plan: &plan,
        out: Vec::new(),
        waiting,
        status: 0,
    };
    for start in &plan.starts {
        if walk.visit(start, start, 0, None)? == Onward::Stop {
            break;
        }
    }
    walk.run_batches(true)?;
    walk.flush()?;
    Ok(walk.status)
}

impl Walk<'_, '_> {
    fn complain(&mut self, path: &str, errno: Errno) -> Result<(), Halt> {
        self.flush()?;
        let path = quoted(self.process, path);
        self.status = self
            .process
            .fail(1, format_args!("find: {path}: {errno}"))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Halt> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        self.process.write(out)
    }

    /// Visits `path`, found below `start`, on the file system of `top`.
    fn visit(
        &mut self,
        path: &str,
        start: &str,
        depth: usize,
        top: Option<&str>,
    ) -> Result<Onward, Halt> {
        let follow = self.plan.follow || depth == 0 && self.plan.follow_named;
        let found = match facts(self.process, path, follow) {
            Err(Errno::NoEntry) if follow => facts(self.process, path, false),
            other => other,
        };
        let found = match found {
            Ok(found) => found,
            Err(errno) => {
                self.complain(path, errno)?;
                return Ok(Onward::Yes);
            }
        };
        let system = match self.plan.one_system {
            true => self.process.here().files.mount_of(&found.real).path.clone(),
            false => String::new(),
        };
        let crosses = self.plan.one_system && top.is_some_and(|top| top != system);
        let counts = depth >= self.plan.least && !crosses;
        let mut down = found.is_directory() && depth < self.plan.most && !crosses;
        if counts && !self.plan.depth_first {
            match self.judge(path, start, depth, &found)? {
                (Onward::Stop, _) => return Ok(Onward::Stop),
                (_, pruned) => down &= !pruned,
            }
        }
        if down {
            match names(self.process, path) {
                Ok(names) => {
                    for name in names {
                        let below = if path.ends_with('/') {
                            format!("{path}{name}")
                        } else {
                            join_plain(path, &name)
                        };
                        if self.visit(&below, start, depth + 1, Some(top.unwrap_or(&system)))?
                            == Onward::Stop
                        {
                            return Ok(Onward::Stop);
                        }
                    }
                }
                // Somebody removed it meanwhile: the expression itself, most likely.
                Err(Errno::NoEntry) if facts(self.process, path, false).is_err() => {
                    self.complain(path, Errno::NoEntry)?;
                }
                Err(errno) => self.complain(path, errno)?,
            }
        }
        if counts && self.plan.depth_first {
            return Ok(self.judge(path, start, depth, &found)?.0);
        }
        Ok(Onward::Yes)
    }

    /// Evaluates the expression on one file: whether to go on, and whether to stay above it.
    fn judge(
        &mut self,
        path: &str,
        start: &str,
        depth: usize,
        found: &Facts,
    ) -> Result<(Onward, bool), Halt> {
        let plan = self.plan;
        let mut seen = test::Seen {
            path,
            start,
            depth,
            found,
            onward: Onward::Yes,
            pruned: false,
        };
        self.holds(&plan.expression, &mut seen)?;
        Ok((seen.onward, seen.pruned))
    }

    /// Runs what `-exec ... +` collected: all of it at the `end`, or where it became much.
    fn run_batches(&mut self, end: bool) -> Result<(), Halt> {
        for at in 0..self.waiting.len() {
            if self.waiting[at].is_empty() || !end && self.waiting[at].len() < 2000 {
                continue;
            }
            let paths = std::mem::take(&mut self.waiting[at]);
            let words = self.plan.batch(at);
            let argv: Vec<String> = words.iter().cloned().chain(paths).collect();
            self.flush()?;
            if self.run(&argv)? != 0 {
                self.status = 1;
            }
        }
        Ok(())
    }

    /// Runs another program.
    fn run(&mut self, argv: &[String]) -> Result<u8, Halt> {
        if super::which(self.process, &argv[0]).is_none() {
            let name = quoted(self.process, &argv[0]);
            self.process
                .complain(format!("find: {name}: {}\n", Errno::NoEntry))?;
            return Ok(1);
        }
        super::execute(&mut self.process.clone(), argv)
    }
}

fn join_plain(directory: &str, name: &str) -> String {
    match directory {
        "/" => join(directory, name),
        _ => format!("{directory}/{name}"),
    }
}
