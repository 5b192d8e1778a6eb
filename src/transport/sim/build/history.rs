//! What a cluster lived through: installed at 3.7, upgraded by way of 3.8, backups on the way.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::data::{When, objects, plain};
use super::format::{Description, HostDescription, Past};
use super::seed;
use super::twin::Model;
use crate::transport::sim::cluster::Cluster;
use crate::transport::sim::etcd;
use crate::transport::sim::machine::Machine;
use crate::transport::sim::openshift;
use crate::transport::sim::process::Process;
use crate::transport::sim::shell;
use crate::transport::sim::stream::Pipe;
use crate::transport::sim::units;

/// 2018-04-05, 08:00 UTC: the morning of the upgrade.
const MORNING: Duration = Duration::from_secs(1_522_915_200);
/// The installation is so much older.
const AGE: Duration = Duration::from_secs(120 * 86_400);

struct Life<'a> {
    cluster: &'a Cluster,
    description: &'a Description,
    /// For each host, the place of the one whose life it shares.
    models: &'a [usize],
}

/// Builds the cluster and lets it live; `models` says for each host whose life it shares.
pub fn live(description: &Description, models: &[usize]) -> Result<Cluster, String> {
    let installed = MORNING - AGE;
    let mut machines: Vec<Machine> = Vec::with_capacity(models.len());
    for (place, model) in models.iter().enumerate() {
        let machine = if *model == place {
            seed::machine(description, place, installed)
        } else {
            Machine {
                name: description.full_name(&description.hosts[place]),
                address: seed::address(place),
                ..machines[*model].clone()
            }
        };
        machines.push(machine);
    }
    let cluster = Cluster::new(machines, installed);
    {
        let mut state = cluster.state();
        let masters: Vec<String> = description
            .with("masters")
            .filter_map(|host| state.names.get(&description.full_name(host)).cloned())
            .flatten()
            .collect();
        state.names.insert(seed::api(description), masters);
    }
    let life = Life {
        cluster: &cluster,
        description,
        models,
    };
    life.install()?;
    cluster.clock.set(AGE);
    match description.state {
        Past::Installed => {}
        Past::Upgraded => life.upgrade()?,
        Past::FailedAt38 => life.fail_half_way()?,
    }
    // The night after.
    cluster.clock.spend(Duration::from_secs(3 * 3600));
    life.settle()?;
    Ok(cluster)
}

impl<'a> Life<'a> {
    fn process(&self, machine: usize) -> Process<'a> {
        Process::of_system(self.cluster, machine)
    }

    /// Runs `text` on the host at `machine`; what it said if it fails.
    fn run(&self, machine: usize, text: &str) -> Result<(), String> {
        let mut process = self.process(machine);
        let output = Rc::new(RefCell::new(Pipe::default()));
        process.output = output.clone();
        process.errors = output.clone();
        let ended = shell::run(&mut process, text, &["sh".to_owned()]);
        let said = String::from_utf8_lossy(&output.borrow_mut().take()).into_owned();
        let host = &self.description.hosts[machine].name;
        match ended {
            Ok(0) => Ok(()),
            Ok(status) => Err(format!(
                "{host}: `{text}` ended with status {status}: {said}
{}",
                self.journals()
            )),
            Err(halt) => Err(format!("{host}: `{text}`: {halt:?}: {said}")),
        }
    }

    /// Runs `text` on every host that `is` picks, as if at once; twins follow in [`Life::settle`].
    fn each(
        &self,
        is: impl Fn(&HostDescription) -> bool,
        text: impl Fn(&HostDescription) -> String,
    ) -> Result<(), String> {
        use crate::transport::clock::Clock as _;
        let begin = self.cluster.clock.reading();
        let mut last = begin;
        for (machine, host) in self.description.hosts.iter().enumerate() {
            if is(host) && self.models[machine] == machine {
                self.cluster.clock.set(begin);
                self.run(machine, &text(host))?;
                last = last.max(self.cluster.clock.reading());
            }
        }
        self.cluster.clock.set(last);
        Ok(())
    }

    /// The end of every host's journal: why something did not start.
    fn journals(&self) -> String {
        let state = self.cluster.state();
        let lines = state.machines.iter().flat_map(|machine| {
            let journal = &machine.units.journal;
            journal[journal.len().saturating_sub(8)..].iter()
        });
        lines
            .map(|line| format!("{}: {}\n", line.by, line.text))
            .collect()
    }

    fn install(&self) -> Result<(), String> {
        self.each(
            |_| true,
            |host| {
                let mut names = vec!["redhat-release-server".to_owned()];
                if host.is("etcd") {
                    names.push("etcd-3.2.22".to_owned());
                }
                if host.is("masters") {
                    names.extend(
                        ["master", "clients"].map(|part| format!("atomic-openshift-{part}-3.7.23")),
                    );
                }
                if host.is("nodes") {
                    names.extend(
                        ["docker", "docker-client", "docker-common"]
                            .map(|part| format!("{part}-1.12.6")),
                    );
                    names.push("openvswitch".to_owned());
                    for name in [
                        "atomic-openshift",
                        "atomic-openshift-node",
                        "atomic-openshift-sdn-ovs",
                        "tuned-profiles-atomic-openshift-node",
                        "atomic-openshift-excluder",
                        "atomic-openshift-docker-excluder",
                    ] {
                        names.push(format!("{name}-3.7.23"));
                    }
                }
                format!("yum -y install {}", names.join(" "))
            },
        )?;
        {
            let mut state = self.cluster.state();
            let now = self.cluster.now();
            let hosts = state.machines.iter_mut().zip(&self.description.hosts);
            let living = hosts.enumerate().filter(|(at, _)| self.models[*at] == *at);
            for (_, (machine, host)) in living {
                seed::installed(self.description, host, machine, now);
            }
        }
        self.each(|_| true, |_| "systemctl daemon-reload".to_owned())?;
        self.start_etcd()?;
        self.each(
            |host| host.is("etcd"),
            |_| "systemctl enable etcd".to_owned(),
        )?;
        self.old_backups()?;
        self.write(When::Before, "3.7.23")?;
        self.each(|host| host.is("masters"), |_| {
            "systemctl enable --now atomic-openshift-master-api atomic-openshift-master-controllers".to_owned()
        })?;
        self.each(|host| host.is("nodes"), |_| {
            "systemctl enable --now docker openvswitch && systemctl enable --now atomic-openshift-node".to_owned()
        })?;
        self.settle()
    }

    /// Lets the twins have what their models lived through, and everything come to rest.
    fn settle(&self) -> Result<(), String> {
        self.follow();
        openshift::settle(&self.process(0)).map_err(|halt| format!("{halt:?}"))
    }

    /// Brings the twins to where their models are.
    fn follow(&self) {
        let mut state = self.cluster.state();
        let machines = &mut state.machines;
        let is_model = |at: &usize| self.models[*at] == *at;
        for model in (0..machines.len()).filter(is_model) {
            let of = Model::of(&machines[model]);
            let twins = (model + 1..machines.len()).filter(|at| self.models[*at] == model);
            let twins: Vec<(usize, Machine)> =
                twins.map(|at| (at, of.twin(&machines[at]))).collect();
            for (at, twin) in twins {
                machines[at] = twin;
            }
        }
    }

    /// Starts all members at once, as an installer does: alone none of them would ever be ready.
    fn start_etcd(&self) -> Result<(), String> {
        let members: Vec<Process<'_>> = self
            .description
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| host.is("etcd"))
            .map(|(machine, _)| self.process(machine))
            .collect();
        match units::start_together(&members, "etcd.service") {
            Ok(units::Job::Done) => Ok(()),
            Ok(units::Job::Failed(_, text)) => Err(format!("{text}\n{}", self.journals())),
            Err(halt) => Err(format!("{halt:?}")),
        }
    }

    /// Backups that upgrades of the year before left behind.
    fn old_backups(&self) -> Result<(), String> {
        for (stamp, time) in [
            ("20170612093011", "2017-06-12 09:30:11"),
            ("20171120140522", "2017-11-20 14:05:22"),
        ] {
            self.backup(|_| format!("pre-upgrade-{stamp}"))?;
            self.each(|host| host.is("etcd"), |_| {
                format!("find /var/lib/etcd/openshift-backup-pre-upgrade-{stamp} -exec touch -d '{time}' {{}} +")
            })?;
        }
        Ok(())
    }

    /// A backup as the playbooks make it, called by `name` of the host: the log by `etcdctl backup`, then
    /// the database, hot. What is written meanwhile is in the database and not in the log.
    fn backup(&self, name: impl Fn(&HostDescription) -> String) -> Result<(), String> {
        let is = |host: &HostDescription| host.is("etcd");
        let directory = |host: &_| format!("/var/lib/etcd/openshift-backup-{}", name(host));
        self.each(is, |host| {
            let to = directory(host);
            format!("ETCDCTL_API=2 etcdctl backup --data-dir=/var/lib/etcd/ --backup-dir={to}")
        })?;
        self.renew_lease()?;
        self.each(is, |host| {
            let to = directory(host);
            format!(
                "cp -a /var/lib/etcd/member/snap/db {to}/member/snap/db && chmod 0700 {to} && \
                 chcon -R -t svirt_sandbox_file_t {to}"
            )
        })
    }

    /// As [`Life::backup`], named by the time; the control machine's clock ticks between two hosts.
    fn backup_now(&self, tag: &str) -> Result<(), String> {
        self.cluster.clock.spend(Duration::from_secs(30));
        let begun = i64::try_from(self.cluster.now().as_secs()).unwrap_or_default();
        self.backup(|host| {
            let before = self.description.with("etcd").take_while(|one| *one != host);
            let time = jiff::Timestamp::from_second(begun + before.map(|_| 1).sum::<i64>());
            let time = time.unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
            format!("{tag}{}", time.strftime("%Y%m%d%H%M%S"))
        })
    }

    /// Who leads the controllers, told anew every other second: what is always written.
    fn renew_lease(&self) -> Result<(), String> {
        const TIMES: u32 = 8;
        let key = "/kubernetes.io/endpoints/kube-system/openshift-master-controllers";
        let lease = (0..TIMES).map(|time| (key.to_owned(), format!("{{\"renewed\":{time}}}")));
        self.put(lease, [])
    }

    /// Writes objects, as the API and its users do.
    fn write(&self, when: When, version: &str) -> Result<(), String> {
        self.put(objects(self.description, when, version), plain(when))
    }

    /// Writes `objects` by API 3 and `plain` keys by API 2.
    fn put(
        &self,
        objects: impl IntoIterator<Item = (String, String)>,
        plain: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), String> {
        let now = self.cluster.now();
        let mut state = self.cluster.state();
        let keys: Vec<u64> = state.etcd.groups.keys().copied().collect();
        let [key] = keys[..] else {
            return Err(format!("{} etcd clusters instead of one", keys.len()));
        };
        if let Some(group) = state.etcd.groups.get_mut(&key) {
            for (name, value) in objects {
                group.put(&name, &value);
            }
            for (name, value) in plain {
                group.log.index += 1;
                group.log.v2.insert(name, value);
            }
        }
        etcd::flush(&mut state, key, now).map_err(|errno| errno.to_string())
    }

    /// All OpenShift packages of the hosts that `is` picks to `version`.
    fn packages(&self, is: impl Fn(&HostDescription) -> bool, version: &str) -> Result<(), String> {
        let repository: String = version.split('.').take(2).collect::<Vec<_>>().join(".");
        self.each(is, |host| {
            let mut names = vec!["atomic-openshift", "atomic-openshift-clients"];
            if host.is("masters") {
                names.push("atomic-openshift-master");
            }
            if host.is("nodes") {
                names.extend([
                    "atomic-openshift-node",
                    "atomic-openshift-sdn-ovs",
                    "tuned-profiles-atomic-openshift-node",
                    "atomic-openshift-excluder",
                    "atomic-openshift-docker-excluder",
                ]);
            }
            let names: Vec<String> = names.iter().map(|name| format!("{name}-{version}")).collect();
            format!(
                "atomic-openshift-excluder unexclude; atomic-openshift-docker-excluder unexclude; \
                 subscription-manager repos --disable='rhel-7-server-ose-*' --enable=rhel-7-server-ose-{repository}-rpms && \
                 yum clean all && yum -y install {}",
                names.join(" ")
            )
        })
    }

    fn restart_masters(&self) -> Result<(), String> {
        self.each(
            |host| host.is("masters"),
            |_| {
                "systemctl restart atomic-openshift-master-api atomic-openshift-master-controllers"
                    .to_owned()
            },
        )
    }

    fn upgrade(&self) -> Result<(), String> {
        self.backup_now("pre-upgrade-")?;
        self.write(When::Between, "3.7.23")?;
        self.backup_now("post-3.0-")?;
        self.packages(|host| host.is("masters"), "3.8.37")?;
        self.restart_masters()?;
        self.backup_now("pre-upgrade-")?;
        self.backup_now("post-3.0-")?;
        self.packages(|host| host.is("masters"), "3.9.14")?;
        self.each(|host| host.is("masters"), |_| MASTER_CONFIG.to_owned())?;
        self.restart_masters()?;
        self.packages(|host| host.is("nodes") && !host.is("masters"), "3.9.14")?;
        self.each(|host| host.is("nodes"), |_| DOCKER.to_owned())?;
        self.each(|host| host.is("nodes"), |host| {
            let masters = if host.is("masters") {
                "systemctl start atomic-openshift-master-api atomic-openshift-master-controllers; "
            } else {
                ""
            };
            format!(
                "systemctl daemon-reload; systemctl restart openvswitch; {masters}systemctl start atomic-openshift-node && \
                 atomic-openshift-excluder exclude && atomic-openshift-docker-excluder exclude"
            )
        })?;
        self.write(When::After, "3.9.14")
    }

    fn fail_half_way(&self) -> Result<(), String> {
        self.backup_now("pre-upgrade-")?;
        self.write(When::Between, "3.7.23")?;
        self.backup_now("post-3.0-")?;
        self.packages(|host| host.is("masters"), "3.8.37")?;
        self.restart_masters()?;
        self.write(When::After, "3.7.23")?;
        // It was run again, and failed again.
        self.backup_now("pre-upgrade-")
    }
}

/// What the 3.9 playbooks do to a master's configuration, with the copies they leave.
const MASTER_CONFIG: &str = r"set -e
cd /etc/origin/master
cp -p master-config.yaml master-config.yaml.$(date +%Y%m%dT%H%M%S)
sed -i 's/^  defaultNodeSelector: .*/  defaultNodeSelector: node-role.kubernetes.io\/compute=true/' master-config.yaml
cp -p scheduler.json scheduler.json.$$.$(date '+%Y-%m-%d@%H:%M:%S~')
sed -i 's/NoVolumeNodeConflict/CheckVolumeBinding/' scheduler.json
for name in api controllers; do
    file=/etc/sysconfig/atomic-openshift-master-$name
    cp -p $file $file.$$.$(date '+%Y-%m-%d@%H:%M:%S~')
    sed -i 's,container-platform/3.7/,container-platform/3.9/,' $file
done
sleep 2
cp -p master-config.yaml master-config.yaml.$(date +%Y%m%dT%H%M%S)
sed -i '/^assetConfig:/,/^etcdClientInfo:/{/^etcdClientInfo:/!d}' master-config.yaml
rm -f openshift-ansible-catalog-console.js
";

/// Docker 1.13 in place of 1.12, the node stopped meanwhile.
const DOCKER: &str = r#"set -e
systemctl stop atomic-openshift-node
yum -y install docker-1.13.1 docker-client-1.13.1 docker-common-1.13.1 &&
sed -i 's/ "$/ --storage-opt dm.use_deferred_deletion=true "/' /etc/sysconfig/docker-storage &&
systemctl daemon-reload &&
systemctl restart docker
"#;
