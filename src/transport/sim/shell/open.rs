//! Files as streams.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::cluster::Cluster;
use super::super::files::{Actor, Bytes, Device, Errno, Kind};
use super::super::process::Process;
use super::super::stream::{DeviceSink, DeviceSource, Fault, SharedSink, SharedSource, Sink, Text};

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Emptied first.
    Over,
    /// As [`Writing::Over`], but only if it is not there yet.
    New,
    /// At its end.
    Append,
    /// From its beginning, keeping what is there.
    Keep,
}

/// What bash makes of a path that stands for a connection: `/dev/tcp/HOST/PORT`. Nothing if it is no such
/// path.
fn connect(process: &Process<'_>, path: &str) -> Option<Result<(), Errno>> {
    let (host, port) = path.strip_prefix("/dev/tcp/")?.split_once('/')?;
    let port = port.parse::<u16>().ok()?;
    let state = process.cluster.state();
    let found = if matches!(host, "localhost" | "127.0.0.1") {
        Some(process.machine)
    } else {
        state.find(host)
    };
    let Some(machine) = found.map(|at| &state.machines[at]) else {
        return Some(Err(Errno::NoHost));
    };
    if !machine.up {
        return Some(Err(Errno::Unreachable));
    }
    let listens = port == 22
        || machine
            .listeners()
            .iter()
            .any(|(listening, ..)| *listening == port);
    Some(if listens { Ok(()) } else { Err(Errno::Refused) })
}

/// The file at `path`, to be read.
pub(super) fn to_read<'a>(process: &Process<'a>, path: &str) -> Result<SharedSource<'a>, Errno> {
    if let Some(connected) = connect(process, path) {
        connected?;
        return Ok(Rc::new(RefCell::new(DeviceSource(Device::Null))));
    }
    let path = process.path(path);
    let here = process.here();
    let node = here.files.follow(&path)?;
    if !process.actor().may(node, 4) {
        return Err(Errno::Denied);
    }
    match &node.kind {
        Kind::File(content) => Ok(Text::of_file(content.clone())),
        Kind::Device(device) => Ok(Rc::new(RefCell::new(DeviceSource(*device)))),
        Kind::Directory(_) | Kind::Link(_) => Err(Errno::IsDirectory),
    }
}

/// The file at `path`, to be written.
pub(super) fn to_write<'a>(
    process: &Process<'a>,
    path: &str,
    writing: Writing,
) -> Result<SharedSink<'a>, Errno> {
    if let Some(connected) = connect(process, path) {
        connected?;
        return Ok(Rc::new(RefCell::new(DeviceSink(Device::Null))));
    }
    let actor = process.actor();
    let mut here = process.here();
    let path = here.files.real(&process.path(path), true)?;
    let device: Option<Device> = match here.files.get(&path) {
        Ok(node) => {
            if let Kind::Device(device) = node.kind {
                Some(device)
            } else if node.is_directory() {
                return Err(Errno::IsDirectory);
            } else if writing == Writing::New {
                return Err(Errno::Exists);
            } else if !actor.may(node, 2) {
                return Err(Errno::Denied);
            } else {
                if writing == Writing::Over {
                    here.files.write(&path, Bytes::default(), &actor)?;
                }
                None
            }
        }
        Err(Errno::NoEntry) => {
            here.files.write(&path, Bytes::default(), &actor)?;
            None
        }
        Err(error) => return Err(error),
    };
    Ok(match device {
        Some(device) => Rc::new(RefCell::new(DeviceSink(device))),
        None => Rc::new(RefCell::new(File {
            cluster: process.cluster,
            machine: process.machine,
            actor,
            path,
            at: (writing != Writing::Append).then_some(0),
        })),
    })
}

/// An open file.
struct File<'a> {
    cluster: &'a Cluster,
    machine: usize,
    actor: Actor,
    path: String,
    /// Where the next write goes; without it, to the end.
    at: Option<usize>,
}

impl Sink for File<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.actor.now = self.cluster.now();
        let mut state = self.cluster.state();
        let files = &mut state.machines[self.machine].files;
        let next = files
            .write_at(&self.path, self.at, bytes, &self.actor)
            .map_err(Fault::Refused)?;
        self.at = self.at.map(|_| next);
        Ok(())
    }
}
