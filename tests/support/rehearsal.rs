//! A shipped simulated cluster, to be worked on by hand and by the shipped scripts.
#![allow(dead_code)] // every test binary uses its own part of it

#[path = "stage.rs"]
mod stage;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ocpdg::error::Error;
use ocpdg::inventory;
use ocpdg::primitive::{Host, Observer};
use ocpdg::procedure::{Operator, Question};
use ocpdg::script::{Cluster, Group, HostRef, Script};
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::{Description, build};
use ocpdg::transport::sim::cluster;
use ocpdg::transport::{Command, Effect, Failure, Transport};

/// A cluster, with the inventory of whoever operates it.
pub struct Rehearsal {
    pub cluster: Arc<cluster::Cluster>,
    pub description: Description,
}

/// What a command said, and its status.
#[derive(Debug)]
pub struct Seen {
    pub status: i64,
    pub stdout: String,
    pub stderr: String,
}

impl Seen {
    /// Fails unless the status is `status` and each of `parts` was said, on either stream.
    #[track_caller]
    pub fn says(self, status: i64, parts: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        for part in parts {
            let said = self.stdout.contains(part) || self.stderr.contains(part);
            assert!(said, "`{part}` is not in {self:#?}");
        }
        self
    }

    /// Fails if any of `parts` was said, on either stream.
    #[track_caller]
    pub fn lacks(self, parts: &[&str]) -> Self {
        for part in parts {
            let said = self.stdout.contains(part) || self.stderr.contains(part);
            assert!(!said, "`{part}` is in {self:#?}");
        }
        self
    }
}

/// Root's shell on one host.
pub struct Shell {
    sim: Sim,
    profile: &'static str,
}

impl Shell {
    /// Runs `text` as `ssh HOST TEXT` does.
    #[track_caller]
    pub fn run(&self, text: impl AsRef<str>) -> Seen {
        let text = format!("{}{}", self.profile, text.as_ref());
        let command = Command::shell(text, Effect::Changes);
        let output = self.sim.output(&command);
        let output = output.unwrap_or_else(|failure| panic!("{}: {failure:?}", command.line()));
        Seen {
            status: output.exit.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What `text` says on standard output, without the last line's end; it has to succeed.
    #[track_caller]
    pub fn ask(&self, text: impl AsRef<str>) -> String {
        let seen = self.run(text).says(0, &[]);
        seen.stdout.trim_end().to_owned()
    }

    /// How `text` does not end within `limit`.
    #[track_caller]
    pub fn hangs(&self, text: impl AsRef<str>, limit: Duration) -> Failure {
        let command = Command::shell(text.as_ref(), Effect::Changes).timeout(limit);
        self.sim.output(&command).expect_err("it never ends")
    }
}

impl Rehearsal {
    /// The shipped cluster `name`.
    pub fn of(name: &str) -> Self {
        let description = Description::shipped(name).expect("a shipped cluster");
        let cluster = build(&description).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        Self {
            cluster,
            description,
        }
    }

    /// `ssh HOST`, by its short name: functions of the profile are not there.
    pub fn on(&self, host: &str) -> Shell {
        let name = format!("{host}.{}", self.description.domain);
        Shell {
            sim: Sim::new(&self.cluster, &name, true, None),
            profile: "",
        }
    }

    /// A login shell on the host: it has read the installer's functions.
    pub fn login(&self, host: &str) -> Shell {
        Shell {
            profile: ". /etc/profile.d/etcdctl.sh\n",
            ..self.on(host)
        }
    }

    /// The short names of the hosts with `role`.
    pub fn hosts(&self, role: &str) -> Vec<String> {
        self.description
            .with(role)
            .map(|host| host.name.clone())
            .collect()
    }

    /// The short names of all hosts.
    pub fn all(&self) -> Vec<String> {
        let hosts = self.description.hosts.iter();
        hosts.map(|host| host.name.clone()).collect()
    }

    /// Lets time go by.
    pub fn wait(&self, time: Duration) {
        self.cluster.clock.spend(time);
    }

    /// Runs the shipped downgrade with `parameters` as `--set` gives them; what it said.
    pub fn downgrade(&self, parameters: &[(&str, &str)]) -> Result<Vec<String>, Error> {
        let inventory =
            inventory::Cluster::of_text(&self.description.inventory(), Path::new("sim"))?;
        let cluster = |observer: Arc<dyn Observer>| {
            let hosts = inventory.hosts().iter().enumerate().map(|(place, host)| {
                let sim = Sim::new(&self.cluster, &host.name, host.connection.become_root, None);
                let host_itself = Host::new(&host.name, Arc::new(sim), Arc::clone(&observer));
                HostRef::new(host_itself, host.groups.iter().cloned().collect(), place)
            });
            Cluster {
                left_out: Vec::new(),
                first_master: inventory.first_master().name.clone(),
                all: Group::new(hosts),
            }
        };
        stage::play(
            &Script::load(Path::new("scripts/downgrade_3_9_to_3_7.rhai"))?,
            cluster,
            Arc::new(Willing),
            Arc::clone(&self.cluster.clock) as _,
            parameters,
        )
    }
}

/// Says yes to every question, as `--yes` does.
struct Willing;

impl Operator for Willing {
    fn confirm(&self, _: &Question) -> ocpdg::error::Result<bool> {
        Ok(true)
    }
}
