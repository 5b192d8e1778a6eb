//! `ocpdg snapshot`: what is on the hosts, in a file.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::Screen;
use super::arguments::{SnapshotArguments, Way};
use super::progress::harmless;
use super::world::World;
use crate::error::{Error, Result};
use crate::inventory::Host as Listed;
use crate::primitive::{Observer, Started, snapshot};
use crate::procedure::fan;
use crate::transport::sim::build::facts::{HostFacts, Snapshot, VERSION};
use crate::transport::{Command, Effect, Failure, Output};

/// Writes the file.
pub fn write(request: &SnapshotArguments) -> std::result::Result<(), Screen> {
    let world = World::of(
        request.sim.as_deref(),
        request.inventory.inventory.as_deref(),
    )?;
    let snapshot = take(&world, &request.way)?;
    let text = snapshot
        .text()
        .map_err(|reason| Error::controller("write the snapshot as TOML", reason))?;
    save(&request.output, &text).map_err(|error| {
        Error::controller(format!("write `{}`", request.output.display()), error)
    })?;
    for note in &snapshot.notes {
        eprintln!("note: {}", harmless(note));
    }
    let files: usize = snapshot.hosts.iter().map(|host| host.files.len()).sum();
    let hosts = match snapshot.hosts.len() {
        1 => "1 host".to_owned(),
        many => format!("{many} hosts"),
    };
    println!("{}: {hosts}, {files} files", request.output.display());
    Ok(())
}

/// Looks at every host that the procedure touches.
///
/// # Errors
/// The first host that cannot be looked at; the others are warned of.
pub fn take(world: &World, request: &Way) -> Result<Snapshot> {
    let listed: Vec<&Listed> = world
        .cluster
        .hosts()
        .iter()
        .filter(|host| host.is_touched())
        .collect();
    let hosts = world.hosts(request, &listed, &(Arc::new(Looks) as _));
    let clock = world.clock();
    let looked = fan::out(&hosts, request.forks.into(), &*clock, &|host| {
        snapshot::facts(host)
    });
    let mut found = Snapshot {
        snapshot: VERSION,
        taken: i64::try_from(clock.now().as_secs()).unwrap_or(0),
        notes: Vec::new(),
        hosts: Vec::new(),
    };
    let mut failed: Option<Error> = None;
    for (listed, looked) in listed.into_iter().zip(looked) {
        match (looked, &failed) {
            (Ok((facts, notes)), _) => {
                found.notes.extend(notes);
                found.hosts.push(named(facts, listed));
            }
            (Err(error), None) => failed = Some(error),
            (Err(error), Some(_)) => eprintln!("warning: {}", harmless(&error.to_string())),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// The facts with what the inventory says.
fn named(mut facts: HostFacts, listed: &Listed) -> HostFacts {
    let roles = listed.roles.iter();
    facts.groups = roles
        .filter_map(|role| role.groups().first())
        .map(|group| (*group).to_owned())
        .collect();
    // The one that the inventory names is the main one.
    let address = &listed.connection.address;
    if let Some(at) = facts.addresses.iter().position(|one| one == address) {
        facts.addresses.swap(0, at);
    }
    facts
}

/// Puts the file there at once, for its owner alone.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Lets commands that look pass, and no others.
struct Looks;

impl Observer for Looks {
    fn starting(&self, host: &str, command: &Command, _detached: bool) -> Result<Started> {
        match command.effect {
            Effect::Reads => Ok(Started::default()),
            Effect::Changes => Err(Error::refused(
                host,
                format!("`{}`", command.line()),
                "a snapshot only looks",
            )),
        }
    }

    fn ended(
        &self,
        _command: &Started,
        _host: &str,
        _outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        Ok(())
    }
}
