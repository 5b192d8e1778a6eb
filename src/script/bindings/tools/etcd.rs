//! `host.etcd`: members, restore, rejoin.

use std::time::Duration;

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::primitive::backup::Evidence;
use crate::primitive::etcd::{self, EtcdConf, JoinOptions, Proof, RestoreOptions};

tool!(
    /// etcd on a host or a group.
    Etcd,
    "etcd"
);

/// How long a member may take to start, in seconds.
const START_SECS: u64 = 180;

fn conf(host: &Host) -> Result<EtcdConf> {
    EtcdConf::load(host, EtcdConf::PATH)
}

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    let mut verbs = Verbs::<Etcd>::begin(
        module,
        run,
        r#"/// etcd: its members, restoring its data, rejoining.
        /// ```rhai
        /// for member in cluster::first_etcd.etcd.members() { note(`${member.name}: ${member.peer_urls}`); }
        /// ```"#,
    );
    looks(&mut verbs);
    restores(&mut verbs, run);
    joins(&mut verbs, run);
}

fn looks(verbs: &mut Verbs<'_, Etcd>) {
    verbs
        .zero(
            "conf",
            "/// /etc/etcd/etcd.conf: `name`, `data_dir`, `client_urls`, `peer_urls`, `values`.",
            conf,
        )
        .zero("members", "/// The members, as this one knows them: `id`, `name`, `peer_urls`, `started`.", |host| {
            etcd::members(host, &conf(host)?)
        })
        .zero(
            "health",
            r#"/// The health of this member's own endpoint: `healthy`, `detail`.
            /// ```rhai
            /// let health = cluster::first_etcd.etcd.health();
            /// if !health.healthy { warn(health.detail); }
            /// ```"#,
            |host| -> Result<Option<etcd::EndpointHealth>> {
                let conf = conf(host)?;
                Ok(etcd::endpoint_health(host, &conf, &conf.client_urls)?.into_iter().next())
            },
        )
        .one(
            "cluster_problems",
            "names",
            "/// What is not so of: the members `names` and no others, all started, each healthy, at one revision, none\n\
             /// on localhost, no alarm. An empty list when all is well.",
            |host, names: &Vec<String>| etcd::cluster_problems(host, &conf(host)?, names),
        )
        .zero(
            "present_data",
            "/// Whose data is in the data directory, whether etcd runs or not: `cluster` (the cluster's id, where it\n\
             /// can be read), `namespaces`, `openshift` (whether it has objects); `()` if there is none.",
            |host| etcd::present_identity(host, &conf(host)?),
        )
        .one("keys_below", "prefix", "/// How many v3 keys begin with `prefix`.", |host, prefix: &String| {
            etcd::keys_below(host, &conf(host)?, prefix)
        })
        .zero(
            "v2_keys",
            "/// How many v2 keys there are below each top-level directory, without OpenShift's own old ones.",
            |host| etcd::v2_keys(host, &conf(host)?),
        );
}

fn restores(verbs: &mut Verbs<'_, Etcd>, run: &CurrentRun) {
    let run = run.clone();
    let (this_run, mine) = (run.clone(), run.clone());
    let options = move |current: Option<Proof>| RestoreOptions {
        token: run.id().to_owned(),
        current,
    };
    let own = options.clone();
    verbs
        .zero(
            "has_joined",
            "/// Whether this member came into the restored cluster by joining it in this run, and is well.",
            move |host| etcd::has_joined(host, &conf(host)?, this_run.id()),
        )
        .one(
            "trial_restore",
            "path",
            "/// Restores a copy of the backup at `path` aside, to see that it can be. Returns the proof that the\n\
             /// destructive verbs ask for: `host`, `path`, `sha256`, `revision`, `keys`, and in `identity` whose data\n\
             /// it is, as `present_data` does.",
            |host, path: &String| etcd::trial_restore(host, path, etcd::SCRATCH),
        )
        .one(
            "save_snapshot",
            "to",
            r#"/// Saves the data that etcd has now to `to`, and proves it.
            /// ```rhai
            /// let proof = cluster::first_etcd.etcd.save_snapshot("/var/lib/ocpdg/by-hand.db");
            /// note(`${proof.keys} keys at revision ${proof.revision}`);
            /// ```"#,
            |host, to: &String| etcd::current_snapshot(host, &conf(host)?, to, etcd::SCRATCH),
        )
        .two(
            "restore_snapshot",
            ["proof", "current"],
            r#"/// Puts the v3 data of `proof` in place as a cluster of one; the old data is set aside. What this
            /// run itself restored in another way is stopped, set aside and replaced. `current` is the proof of a
            /// snapshot of the old data, or `()`.
            /// ```rhai
            /// let host = cluster::first_etcd;
            /// let current = host.etcd.save_snapshot("/var/lib/ocpdg/before.db");
            /// let backups = host.backup.etcd_candidates(["/var/lib/etcd"], []);
            /// let proof = host.etcd.trial_restore(backups[-1].path);
            /// cluster::etcd.systemctl.halt("etcd");
            /// host.etcd.restore_snapshot(proof, current);
            /// host.systemctl.unmask("etcd");
            /// host.etcd.start();
            /// ```"#,
            move |host, proof: &Proof, current: &Option<Proof>| {
                etcd::restore_snapshot(host, &conf(host)?, proof, &options(current.clone()))
            },
        )
        .two(
            "restore_data",
            ["proof", "current"],
            "/// Puts the v2 and v3 files of the backup of `proof` in place; start it with `start_forced` next.",
            move |host, proof: &Proof, current: &Option<Proof>| {
                etcd::restore_data(host, &conf(host)?, proof, &own(current.clone()))
            },
        )
        .zero(
            "start",
            "/// Starts etcd on data that is in place and waits until it is healthy; without data it refuses, and\n\
             /// while it would force a new cluster.",
            |host| etcd::start(host, &conf(host)?, Duration::from_secs(START_SECS)),
        )
        .zero(
            "start_forced",
            "/// Starts etcd once with `--force-new-cluster`, takes the flag away, restarts it, and corrects the peer\n\
             /// URL that this leaves behind.",
            |host| etcd::start_forced(host, &conf(host)?, Duration::from_secs(START_SECS)),
        )
        .one(
            "check_restored",
            "proof",
            "/// Sees that etcd, which runs, holds what the backup of `proof` holds: keys of Kubernetes and OpenShift,\n\
             /// its revision, its namespaces. Returns `kubernetes` and `openshift` (numbers of keys), `revision`.",
            |host, proof: &Proof| etcd::check_restored(host, &conf(host)?, proof),
        )
        .zero(
            "settle",
            "/// Takes away the mark by which a restore that was cut off is recognised, once every member is in its place.",
            |host| etcd::settle(host, &conf(host)?),
        )
        .zero(
            "way_back",
            "/// The commands to type on this host to go back to the data that this run found; nothing is changed.",
            move |host| etcd::way_back(host, &conf(host)?, mine.id()),
        )
        .zero(
            "canary",
            "/// Writes, reads and deletes a key: etcd can look healthy and take no write. The result says in\n\
             /// `lost` how many writes were lost before one was kept; a dozen at most.",
            |host| etcd::canary(host, &conf(host)?, etcd::LOST_AT_MOST),
        );
}

fn joins(verbs: &mut Verbs<'_, Etcd>, run: &CurrentRun) {
    let run = run.clone();
    verbs.two(
        "join",
        ["first", "evidence"],
        "/// Joins this member to the cluster of the host `first`; its old data is set aside. `evidence` is what\n\
         /// `backup.evacuate` returned as `after`.",
        move |host, first: &String, evidence: &Evidence| {
            let first = run.everyone()
                .named(first)
                .ok_or_else(|| Error::invalid(format!("host `{first}`"), "is not one that this run works on"))?;
            etcd::join(
                first.host(),
                &conf(first.host())?,
                host,
                &conf(host)?,
                evidence,
                &JoinOptions::new(run.id()),
            )
        },
    );
}
