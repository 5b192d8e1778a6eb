//! Starting, stopping, and starting again by itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::again::{begin_waiting, failed, overdue, timed_out};
use super::command::{environment, expand};
use super::enable;
use super::file::{Load, Unit};
use super::state::Active;
use crate::transport::sim::files::Device;
use crate::transport::sim::machine::Running;
use crate::transport::sim::process::Process;
use crate::transport::sim::program;
use crate::transport::sim::stream::{DeviceSource, Halt, Pipe};

/// How a job ended, in `systemctl`'s words if it did not succeed.
pub enum Job {
    /// It is done, or there was nothing to do.
    Done,
    /// It failed, and this is said, with this status.
    Failed(u8, String),
}

/// What it takes to start one.
const STARTING: Duration = Duration::from_millis(300);
/// Starts `name` and what it requires; `manual` if somebody asked for it by name.
///
/// # Errors
/// [`Halt`] other than the daemon's own.
pub fn start(process: &Process<'_>, name: &str, manual: bool) -> Result<Job, Halt> {
    let unit = unit(process, name);
    match unit.load {
        Load::NotFound => {
            return Ok(Job::Failed(
                5,
                format!("Failed to start {name}: Unit not found."),
            ));
        }
        Load::Masked => {
            return Ok(Job::Failed(
                1,
                format!("Failed to start {name}: Unit is masked."),
            ));
        }
        Load::Loaded => {}
    }
    if manual && unit.is("Unit", "RefuseManualStart") {
        return Ok(Job::Failed(
            1,
            format!(
                "Failed to start {name}: Operation refused, unit {name} may be requested by dependency only."
            ),
        ));
    }
    if process.here().units.state(name).active.is_up() {
        return Ok(Job::Done);
    }
    if name.ends_with(".service") && !unit.has_command() {
        let now = process.now();
        let text = format!("{name} lacks both ExecStart= and ExecStop= setting. Refusing.");
        process.here().units.say(now, name, "systemd", 1, &text);
        return Ok(Job::Failed(
            1,
            format!(
                "Failed to start {name}: Unit is not loaded properly: Invalid argument.\nSee system logs and 'systemctl status {name}' for details."
            ),
        ));
    }
    let required = [
        unit.names("Unit", "Requires"),
        unit.names("Unit", "BindsTo"),
    ]
    .concat();
    for other in &required {
        let known = self::unit(process, other).load == Load::Loaded;
        if known && let Job::Failed(..) = start(process, other, false)? {
            return Ok(Job::Failed(
                1,
                format!("A dependency job for {name} failed. See 'journalctl -xe' for details."),
            ));
        }
    }
    let mut wanted = unit.names("Unit", "Wants");
    wanted.extend(enable::wanted_by(&process.here().files, name));
    // Nobody waits for what is only wanted, but for those that are ordered before.
    let ordered_after = unit.names("Unit", "After");
    let (before, after): (Vec<String>, Vec<String>) = wanted
        .into_iter()
        .partition(|other| ordered_after.contains(other));
    for other in &before {
        start(process, other, false)?;
    }
    let job = launch(process, &unit)?;
    for other in &after {
        start(process, other, false)?;
    }
    Ok(job)
}

/// Starts `name` on the hosts of all `processes` at once, and waits for them together.
///
/// # Errors
/// [`Halt`] other than a daemon's own.
pub fn start_together(processes: &[Process<'_>], name: &str) -> Result<Job, Halt> {
    let mut waiting = Vec::new();
    for process in processes {
        match begin(process, &unit(process, name))? {
            Begun::Ready => {}
            Begun::Waits(pid) => waiting.push((process, pid)),
            Begun::Ended(job @ Job::Failed(..)) => return Ok(job),
            Begun::Ended(Job::Done) => {}
        }
    }
    // The last one to come is ready if all are.
    let Some((last, _)) = waiting.last() else {
        return Ok(Job::Done);
    };
    if program::is_ready(last) {
        for (process, pid) in &waiting {
            serve(process, &unit(process, name), *pid);
        }
        return Ok(Job::Done);
    }
    for (process, pid) in &waiting {
        overdue(process, &unit(process, name), *pid)?;
    }
    Ok(Job::Failed(
        1,
        format!("Job for {name} failed because a timeout was exceeded."),
    ))
}

/// The unit `name` as systemd knows it.
pub(super) fn unit(process: &Process<'_>, name: &str) -> Arc<Unit> {
    let mut here = process.here();
    let here = &mut *here;
    Arc::clone(here.units.get(&here.files, name))
}

/// How the start of a unit's own process went.
pub(super) enum Begun {
    /// It serves.
    Ready,
    /// It runs as this process, and waits for something.
    Waits(u32),
    /// There is nothing to wait for.
    Ended(Job),
}

/// Starts the unit itself, and waits until it is ready.
fn launch(process: &Process<'_>, unit: &Unit) -> Result<Job, Halt> {
    match begin(process, unit)? {
        Begun::Ready => Ok(Job::Done),
        Begun::Waits(pid) => {
            // It meets those that wait for it on other hosts, started again and again.
            let others = begin_waiting(process, &unit.name)?;
            if program::is_ready(process) {
                serve(process, unit, pid);
                for (other, unit, pid) in &others {
                    serve(other, unit, *pid);
                }
                return Ok(Job::Done);
            }
            let job = overdue(process, unit, pid);
            for (other, unit, pid) in &others {
                timed_out(other, unit, *pid)?;
            }
            job
        }
        Begun::Ended(job) => Ok(job),
    }
}

/// The unit's main process serves from now on.
fn serve(process: &Process<'_>, unit: &Unit, pid: u32) {
    let mut here = process.here();
    let now = process.now();
    let state = here.units.states.entry(unit.name.clone()).or_default();
    state.active = Active::Active;
    state.activated = Some(now);
    state.main_pid = pid;
    state.result = "";
    state.again = None;
    let text = format!("Started {}.", description(unit));
    here.units.say(now, &unit.name, "systemd", 1, &text);
}

/// Starts the unit's own process.
pub(super) fn begin(process: &Process<'_>, unit: &Unit) -> Result<Begun, Halt> {
    let name = &unit.name;
    if !conditions_hold(process, unit) {
        let mut here = process.here();
        let (now, description) = (process.now(), description(unit));
        here.units.say(
            now,
            name,
            "systemd",
            1,
            &format!("Condition check resulted in {description} being skipped."),
        );
        return Ok(Begun::Ended(Job::Done));
    }
    if !name.ends_with(".service") {
        return process.unmodelled(format_args!("systemctl start {name}"));
    }
    process.spend(STARTING)?;
    let (environment, pid) = {
        let mut here = process.here();
        let pid = here.pid();
        (environment(&here.files, unit), pid)
    };
    let environment = match environment {
        Ok(environment) => environment,
        Err(path) => {
            let text =
                format!("Failed to load environment files: No such file or directory: {path}");
            return failed(process, unit, pid, "resources", &text, false).map(Begun::Ended);
        }
    };
    let mut last = None;
    for command in unit.all("Service", "ExecStart") {
        let argv = expand(command, &environment);
        let output = Rc::new(RefCell::new(Pipe::default()));
        let user = unit.get("Service", "User").unwrap_or("root");
        let mut child = Process {
            pid,
            user: user.into(),
            directory: unit
                .get("Service", "WorkingDirectory")
                .unwrap_or("/")
                .to_owned(),
            environment: environment.clone().into_iter().collect(),
            umask: 0o022,
            input: Rc::new(RefCell::new(DeviceSource(Device::Null))),
            output: output.clone(),
            errors: output.clone(),
            deadline: None,
            ..process.clone()
        };
        let ended = program::execute(&mut child, &argv);
        let said = String::from_utf8_lossy(&output.borrow_mut().take()).into_owned();
        {
            let by = unit.get("Service", "SyslogIdentifier").map_or_else(
                || {
                    argv.first()
                        .map_or("", |path| path.rsplit('/').next().unwrap_or(path))
                        .to_owned()
                },
                str::to_owned,
            );
            let now = process.now();
            process.here().units.say(now, name, &by, pid, &said);
        }
        match ended {
            Err(Halt::Serving(serving)) => {
                let mut here = process.here();
                let now = process.now();
                here.processes.insert(
                    pid,
                    Running {
                        argv: serving.argv,
                        environment: child.environment.clone(),
                        user: user.to_owned(),
                        unit: Some(name.clone()),
                        program: serving.program,
                        listens: serving.listens,
                        started: now,
                        ends: None,
                    },
                );
                drop(here);
                if !serving.ready && unit.kind() == "notify" {
                    return Ok(Begun::Waits(pid));
                }
                serve(process, unit, pid);
                return Ok(Begun::Ready);
            }
            Ok(status) => last = Some(status),
            Err(halt) => return Err(halt),
        }
        if last != Some(0) {
            break;
        }
    }
    match last {
        None | Some(0) if unit.kind() == "oneshot" => {
            let mut here = process.here();
            let now = process.now();
            let state = here.units.states.entry(name.clone()).or_default();
            let stays = unit.is("Service", "RemainAfterExit");
            state.active = if stays {
                Active::Exited
            } else {
                Active::Inactive
            };
            state.activated = Some(now);
            state.main_pid = 0;
            state.result = "";
            Ok(Begun::Ended(Job::Done))
        }
        Some(0) => {
            let text = "main process exited, code=exited, status=0/SUCCESS";
            failed(process, unit, pid, "protocol", text, true).map(Begun::Ended)
        }
        status => {
            let status = status.unwrap_or(1);
            let text = format!("main process exited, code=exited, status={status}/FAILURE");
            failed(process, unit, pid, "exit-code", &text, true).map(Begun::Ended)
        }
    }
}

fn conditions_hold(process: &Process<'_>, unit: &Unit) -> bool {
    let here = process.here();
    unit.all("Unit", "ConditionPathExists")
        .iter()
        .all(|path| match path.strip_prefix('!') {
            Some(path) => !here.files.exists(path),
            None => here.files.exists(path),
        })
}

pub(super) fn description(unit: &Unit) -> &str {
    unit.get("Unit", "Description").unwrap_or(&unit.name)
}
