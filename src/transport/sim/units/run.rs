//! Starting, stopping, and starting again by itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::command::{environment, expand};
use super::enable;
use super::file::{Load, Unit};
use super::state::Active;
use crate::transport::clock::Clock;
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

/// What it takes to stop a service.
const STOPPING: Duration = Duration::from_millis(200);
/// What it takes to start one.
const STARTING: Duration = Duration::from_millis(300);
/// How long a service may take to be ready, unless its file says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(90);

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
enum Begun {
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

/// Starts `name` on the other hosts where it is about to be started again; those that wait then.
fn begin_waiting<'a>(
    process: &Process<'a>,
    name: &str,
) -> Result<Vec<(Process<'a>, Arc<Unit>, u32)>, Halt> {
    let machines: Vec<usize> = {
        let state = process.cluster.state();
        let all = state.machines.iter().enumerate();
        all.filter(|(at, machine)| *at != process.machine && machine.up)
            .filter(|(_, machine)| machine.units.state(name).again.is_some())
            .map(|(at, _)| at)
            .collect()
    };
    let mut waiting = Vec::new();
    for machine in machines {
        let there = Process {
            machine,
            user: "root".into(),
            deadline: None,
            ..process.clone()
        };
        let unit = unit(&there, name);
        if let Some(state) = there.here().units.states.get_mut(name) {
            state.restarts += 1;
            state.again = None;
        }
        if let Begun::Waits(pid) = begin(&there, &unit)? {
            waiting.push((there, unit, pid));
        }
    }
    Ok(waiting)
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
fn begin(process: &Process<'_>, unit: &Unit) -> Result<Begun, Halt> {
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

/// The job of a service that runs and does not become ready: it is ended when its time is over.
fn overdue(process: &Process<'_>, unit: &Unit, pid: u32) -> Result<Job, Halt> {
    process.spend(READY_WITHIN)?;
    timed_out(process, unit, pid)
}

/// Ends what did not become ready in its time.
fn timed_out(process: &Process<'_>, unit: &Unit, pid: u32) -> Result<Job, Halt> {
    end(process, pid);
    let job = failed(
        process,
        unit,
        pid,
        "timeout",
        "start operation timed out. Terminating.",
        true,
    )?;
    Ok(match job {
        Job::Failed(status, _) => Job::Failed(
            status,
            format!(
                "Job for {name} failed because a timeout was exceeded. See \"systemctl status {name}\" and \"journalctl -xe\" for details.",
                name = unit.name
            ),
        ),
        Job::Done => Job::Done,
    })
}

/// Puts a failure on record, and sets the time of the next try if the unit asks for one.
fn failed(
    process: &Process<'_>,
    unit: &Unit,
    pid: u32,
    result: &'static str,
    text: &str,
    may_restart: bool,
) -> Result<Job, Halt> {
    let name = &unit.name;
    let mut here = process.here();
    let now = process.now();
    let restart = unit.get("Service", "Restart").unwrap_or("no");
    let again = may_restart
        && match restart {
            "always" | "on-failure" => true,
            "on-abnormal" => result == "timeout",
            _ => false,
        };
    here.units
        .say(now, name, "systemd", 1, &format!("{name}: {text}"));
    here.units.say(
        now,
        name,
        "systemd",
        1,
        &format!("Failed to start {}.", description(unit)),
    );
    here.units.say(
        now,
        name,
        "systemd",
        1,
        &format!("Unit {name} entered failed state."),
    );
    let wait = seconds(unit.get("Service", "RestartSec").unwrap_or("100ms"));
    let state = here.units.states.entry(name.clone()).or_default();
    state.active = if again {
        Active::AutoRestart
    } else {
        Active::Failed
    };
    state.again = again.then(|| now + wait);
    state.main_pid = 0;
    state.result = result;
    state.deactivated = Some(now);
    here.processes.remove(&pid);
    drop(here);
    if again {
        process.cluster.state().restarting.insert(process.machine);
    }
    Ok(Job::Failed(
        1,
        format!(
            "Job for {name} failed because the control process exited with error code. See \"systemctl status {name}\" and \"journalctl -xe\" for details."
        ),
    ))
}

/// Stops `name`, and what is bound to it.
///
/// # Errors
/// [`Halt`]
pub fn stop(process: &Process<'_>, name: &str) -> Result<Job, Halt> {
    stop_with(process, name, true, &mut Vec::new())
}

/// Stops `name`; `stopping` are those that are being stopped already, which may be bound to each other.
fn stop_with(
    process: &Process<'_>,
    name: &str,
    manual: bool,
    stopping: &mut Vec<String>,
) -> Result<Job, Halt> {
    stopping.push(name.to_owned());
    let unit = unit(process, name);
    let state = process.here().units.state(name);
    if unit.load == Load::NotFound && state.active == Active::Inactive {
        return Ok(Job::Failed(
            5,
            format!("Failed to stop {name}: Unit {name} not loaded."),
        ));
    }
    if manual && unit.is("Unit", "RefuseManualStop") {
        return Ok(Job::Failed(
            1,
            format!(
                "Failed to stop {name}: Operation refused, unit {name} may be requested by dependency only."
            ),
        ));
    }
    for other in bound_to(process, name) {
        if !stopping.contains(&other) {
            stop_with(process, &other, false, stopping)?;
        }
    }
    if state.active == Active::Inactive {
        return Ok(Job::Done);
    }
    process.spend(STOPPING)?;
    end(process, state.main_pid);
    let mut here = process.here();
    let now = process.now();
    let entry = here.units.states.entry(name.to_owned()).or_default();
    // The master processes end with a status that is no success when they are told to end.
    let badly = name.starts_with("atomic-openshift-master") && state.active == Active::Active;
    entry.active = if badly {
        Active::Failed
    } else {
        Active::Inactive
    };
    entry.result = if badly { "exit-code" } else { "" };
    entry.main_pid = 0;
    entry.again = None;
    entry.deactivated = Some(now);
    let text = format!("Stopped {}.", description(&unit));
    here.units.say(now, name, "systemd", 1, &text);
    Ok(Job::Done)
}

/// Units that run and go down with `name`: what requires it or is part of it.
fn bound_to(process: &Process<'_>, name: &str) -> Vec<String> {
    let running: Vec<String> = {
        let here = process.here();
        let up = here
            .units
            .states
            .iter()
            .filter(|(_, state)| state.active != Active::Inactive);
        up.map(|(name, _)| name.clone()).collect()
    };
    running
        .into_iter()
        .filter(|other| other != name)
        .filter(|other| {
            let unit = unit(process, other);
            ["Requires", "BindsTo", "PartOf"]
                .iter()
                .any(|key| unit.names("Unit", key).iter().any(|one| one == name))
        })
        .collect()
}

/// Ends the process `pid` of the host, and what it served.
fn end(process: &Process<'_>, pid: u32) {
    let mut state = process.cluster.state();
    let machine = process.machine;
    if let Some(running) = state.machines[machine].processes.remove(&pid) {
        program::ended(&mut state, machine, &running);
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

fn description(unit: &Unit) -> &str {
    unit.get("Unit", "Description").unwrap_or(&unit.name)
}

/// A time span of systemd, of the forms that units use.
fn seconds(text: &str) -> Duration {
    let text = text.trim();
    let number = |text: &str| text.trim().parse::<f64>().unwrap_or(0.1);
    if let Some(text) = text.strip_suffix("ms") {
        Duration::from_secs_f64(number(text) / 1000.0)
    } else if let Some(text) = text.strip_suffix("min") {
        Duration::from_secs_f64(number(text) * 60.0)
    } else {
        Duration::from_secs_f64(number(text.trim_end_matches('s')))
    }
}

/// Starts what is due to be started again by itself, on every host, in the order of time.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn settle(process: &Process<'_>) -> Result<(), Halt> {
    /// So often a service may fail between two looks: more would tell nothing new.
    const TRIES: u32 = 3;
    for _ in 0..TRIES {
        let now = process.now();
        let due: Vec<(usize, String)> = {
            let mut state = process.cluster.state();
            let state = &mut *state;
            let mut due: Vec<(Duration, usize, String)> = Vec::new();
            state.restarting.retain(|at| {
                let machine = &state.machines[*at];
                let units = machine.units.states.iter();
                let mut waiting = units
                    .filter_map(|(name, unit)| Some((unit.again?, *at, name)))
                    .peekable();
                let waits = waiting.peek().is_some();
                if machine.up {
                    due.extend(
                        waiting
                            .filter(|(again, ..)| *again <= now)
                            .map(|(again, at, name)| (again, at, name.clone())),
                    );
                }
                waits
            });
            due.sort();
            due.into_iter().map(|(_, at, name)| (at, name)).collect()
        };
        if due.is_empty() {
            return Ok(());
        }
        for (machine, name) in due {
            let there = Process {
                machine,
                user: "root".into(),
                deadline: None,
                ..process.clone()
            };
            {
                let mut here = there.here();
                let state = here.units.states.entry(name.clone()).or_default();
                state.restarts += 1;
                state.again = None;
            }
            // It takes the service's time, not that of whoever looks at it.
            let reading = process.cluster.clock.reading();
            start(&there, &name, false)?;
            process.cluster.clock.set(reading);
        }
    }
    Ok(())
}
