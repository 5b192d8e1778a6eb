//! What is on the hosts, in a file, and a simulated cluster that is built from the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use assert_cmd::Command as Program;
use ocpdg::error::Result;
use ocpdg::primitive::{Host, Observer, Started, snapshot};
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::facts::{RegistryFacts, Snapshot, VERSION};
use ocpdg::transport::sim::build::{Description, build, build_found};
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::{Command, Effect, Failure, Output, Transport};

/// Runs the built program with its journals below `place`; status, output, errors.
fn ocpdg(place: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Program::cargo_bin("ocpdg")
        .expect("the program is built")
        .env_clear()
        .env("HOME", place)
        .env("XDG_STATE_HOME", place)
        .args(words)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The commands that changed something, by host, without what is different in every run.
fn changes(place: &Path) -> BTreeMap<String, Vec<String>> {
    // Ids of runs and containers, digests, the canary's value, which counts commands, and who and when the
    // marker names.
    let run = regex::Regex::new(
        r#"\d{8}-\d{6}|\b[0-9a-f]{16,64}\b|-\d+-\d+ -w json|"process":\d+|"script":"[^"]*"|"since":"[^"]*""#,
    )
    .unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut waiting = vec![place.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.ends_with("journal.jsonl") {
            for line in fs::read_to_string(path).unwrap().lines() {
                // A checksum stands before each.
                let (_, event) = line.split_once(' ').unwrap();
                let event: serde_json::Value = serde_json::from_str(event).unwrap();
                if event["event"] == "command_started" && event["changes"] == true {
                    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                    let command = run.replace_all(&text("command"), "ID").into_owned();
                    found.entry(text("host")).or_default().push(command);
                }
            }
        }
    }
    found
}

#[test]
fn a_cluster_built_from_a_snapshot_goes_through_the_same_downgrade() {
    for name in ["aio", "external", "ha-failed-at-3.8"] {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("cluster.toml");
        let file = file.to_str().unwrap();
        let (status, said, errors) = ocpdg(place.path(), &["snapshot", "--sim", name, "-o", file]);
        assert_eq!((status, errors.as_str()), (0, ""), "{name}: {said}");
        let mut runs = Vec::new();
        for cluster in [name, file] {
            let state = place.path().join(format!("state-{}", runs.len()));
            let words = ["run", "--sim", cluster, "downgrade_3_9_to_3_7", "--yes"];
            let (status, said, errors) = ocpdg(&state, &words);
            assert_eq!(status, 0, "{cluster}: {said}{errors}");
            runs.push(changes(&state));
        }
        assert!(
            runs[0].values().map(Vec::len).sum::<usize>() > 50,
            "{name}: {runs:?}"
        );
        for (host, commands) in &runs[0] {
            let twin = &runs[1][host];
            let pair = commands.iter().zip(twin).find(|(one, other)| one != other);
            assert_eq!(pair, None, "{name}: {host}");
            assert_eq!(commands.len(), twin.len(), "{name}: {host}");
        }
        assert_eq!(runs[0].len(), runs[1].len(), "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_used_says_why() {
    let place = tempfile::tempdir().unwrap();
    for (text, expected) in [
        (
            "snapshot = 2\nmore = 1\n",
            "written by a newer program; this one reads up to 1\nhint: write it anew with `ocpdg snapshot",
        ),
        (
            "snapshot = 1\ntaken = 7\n[[host]]\nnaem = \"m1\"\n",
            "cluster.toml:4`: unknown field `naem`",
        ),
        ("snapshot = 1\ntaken = 7\n[[host]\n", "cluster.toml:3`: "),
        (
            "version = 1\n[[host]]\nname = 3\n",
            "cluster.toml:3`: invalid type: integer `3`, expected a string",
        ),
    ] {
        let file = place.path().join("cluster.toml");
        fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let (status, _, errors) = ocpdg(place.path(), &["run", "--sim", file, "verify"]);
        assert_eq!(status, 2, "{errors}");
        assert!(
            errors.contains(expected) && errors.contains(file),
            "{errors}"
        );
    }
}

/// Keeps the commands that were run.
#[derive(Default)]
struct Seen(Mutex<Vec<(String, Effect)>>);

impl Observer for Seen {
    fn starting(&self, _host: &str, command: &Command, _detached: bool) -> Result<Started> {
        self.0
            .lock()
            .unwrap()
            .push((command.line(), command.effect));
        Ok(Started::default())
    }

    fn ended(&self, _: &Started, _: &str, _: std::result::Result<&Output, &Failure>) -> Result<()> {
        Ok(())
    }
}

/// Every file of the first host, as it is.
fn tree(cluster: &Cluster) -> Vec<String> {
    let state = cluster.state();
    let all = state.machines[0].files.walk("/").unwrap().into_iter();
    all.filter(|(path, _)| !path.starts_with("/proc"))
        .map(|(path, node)| {
            let content = node.content().map(|content| content.to_vec());
            format!(
                "{path} {} {:o} {:?} {content:?}",
                node.owner, node.mode, node.modified
            )
        })
        .collect()
}

fn look(cluster: &Arc<Cluster>, name: &str) -> (Snapshot, Vec<(String, Effect)>) {
    let seen = Arc::new(Seen::default());
    let sim = Arc::new(Sim::new(cluster, name, false, None));
    let host = Host::new(name, sim, Arc::clone(&seen) as Arc<dyn Observer>);
    let (mut facts, notes) = snapshot::facts(&host).unwrap();
    facts.groups = ["masters", "nodes", "etcd"].map(str::to_owned).into();
    let found = Snapshot {
        snapshot: VERSION,
        taken: 1_522_926_217,
        notes,
        hosts: vec![facts],
    };
    let commands = seen.0.lock().unwrap().clone();
    (found, commands)
}

const NAME: &str = "master-1.sim.test";

#[test]
fn a_look_changes_nothing_and_takes_no_secret_along() {
    let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
    let sim = Sim::new(&cluster, NAME, false, None);
    let plant = "printf 'HTTP_PROXY=http://joe:SECRET1@proxy:3128\\nAWS_SECRET_ACCESS_KEY=SECRET2\\n' >>/etc/sysconfig/atomic-openshift-node; \
        printf 'joe:$apr1$SECRET3\\n' >/etc/origin/master/htpasswd; \
        printf 'auth: SECRET4\\n' >/etc/origin/master/session-secrets.yaml; \
        printf '%s\\n' 'oauthConfig:' '  identityProviders:' '  - provider:' '      bindPassword: SECRET5' '      clientSecret:' '        value: SECRET6' >>/etc/origin/master/master-config.yaml; \
        printf 'proxy_password = SECRET7\\n' >>/etc/yum.conf; \
        printf '    token: SECRET8\\n    client-key-data: SECRET9\\n' >>/etc/origin/master/admin.kubeconfig; \
        printf 'SECRET10\\n' >>/etc/origin/master/ca.key; printf 'SECRET11' >/etc/docker/key.json; \
        printf '{\"insecure-registries\": [\"https://joe:SECRET12@registry\"]}' >/etc/docker/daemon.json";
    let done = sim.output(&Command::shell(plant, Effect::Changes)).unwrap();
    assert_eq!(done.error_text(), "");
    let before = tree(&cluster);
    let (found, commands) = look(&cluster, NAME);
    assert_eq!(tree(&cluster), before);
    let changing: Vec<_> = commands
        .iter()
        .filter(|(_, effect)| *effect == Effect::Changes)
        .collect();
    assert!(changing.is_empty() && commands.len() > 20, "{commands:?}");
    assert_eq!(found.notes, Vec::<String>::new());
    let text = found.text().unwrap();
    let leaked: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("SECRET"))
        .collect();
    assert_eq!(leaked, ["AWS_SECRET_ACCESS_KEY=concealed"]);
    for kept in [
        "HTTP_PROXY=http://concealed@proxy:3128",
        "/etc/origin/master/htpasswd",
        "server = \"https://openshift.sim.test:8443\"",
        "\"/kubernetes.io/namespaces/logging\"",
        "    \"k8s_POD_router-1-9qv4m_0\",\n",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
    // Values of etcd: the image of a pod is one that the name alone does not tell.
    assert!(!text.contains("ose-deployer") && !text.contains("containerStatuses"));
}

#[test]
fn what_is_broken_on_a_host_is_broken_in_the_cluster_built_from_it() {
    let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
    let sim = Sim::new(&cluster, NAME, false, None);
    let run = |sim: &Sim, text: &str| {
        let output = sim.output(&Command::shell(text, Effect::Changes)).unwrap();
        format!("{}{}", output.text(), output.error_text())
    };
    run(
        &sim,
        "systemctl stop atomic-openshift-node docker; systemctl disable docker; \
         cd /var/lib/etcd && for db in openshift-backup-pre-upgrade-20170612*/member/snap/db; do \
         head -c 8192 $db >/tmp/db && cat /tmp/db >$db; done",
    );
    let (found, _) = look(&cluster, NAME);
    let (built, notes) = build_found(&found).unwrap();
    assert_eq!(notes, Vec::<String>::new());
    let twin = Sim::new(&built, NAME, false, None);
    for text in [
        "systemctl is-active etcd docker openvswitch atomic-openshift-node atomic-openshift-master-api",
        "systemctl is-enabled etcd docker openvswitch atomic-openshift-node atomic-openshift-master",
        "rpm -qa --qf '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{INSTALLTIME}\\n' | sort",
        "yum history info 1 2 3 4",
        "yum -q --showduplicates --disableexcludes=all --enablerepo='*' list available 'atomic-openshift*' docker etcd",
        "stat -c '%n %U %G %a %Y' /etc/etcd/etcd.conf /etc/origin/master/* /var/lib/etcd/openshift-backup-*",
        "sha256sum /etc/yum.conf /etc/origin/master/master-config.yaml* /etc/sysconfig/atomic-openshift-*",
        "df -B1M --output=target,size,avail",
        "openssl x509 -in /etc/etcd/server.crt -noout -subject -enddate",
        "cp /var/lib/etcd/openshift-backup-pre-upgrade-20170612093011/member/snap/db /tmp/copy; ETCDCTL_API=3 etcdctl snapshot status /tmp/copy",
    ] {
        assert_eq!(run(&twin, text), run(&sim, text), "{text}");
    }
    let revision = "ETCDCTL_API=3 etcdctl --cert /etc/etcd/peer.crt --key /etc/etcd/peer.key --cacert /etc/etcd/ca.crt \
                    --endpoints https://192.0.2.11:2379 endpoint status -w json";
    let of = |sim: &Sim| {
        let answer: serde_json::Value = serde_json::from_str(&run(sim, revision)).unwrap();
        let header = &answer[0]["Status"]["header"];
        (
            header["cluster_id"].clone(),
            header["member_id"].clone(),
            header["revision"].clone(),
        )
    };
    assert_eq!(of(&twin), of(&sim));
}

#[test]
fn a_rehearsal_tells_what_would_change_and_what_will_be_asked() {
    let place = tempfile::tempdir().unwrap();
    let words = ["rehearse", "--sim", "ha", "downgrade_3_9_to_3_7"];
    let (status, plan, errors) = ocpdg(place.path(), &words);
    let said = "looking at the hosts; nothing is changed on them\n";
    assert_eq!((status, errors.as_str()), (0, said), "{plan}");
    let phase = |title: &str| {
        let (_, rest) = plan.split_once(&format!("{title}\n")).unwrap();
        rest.split("\n\n").next().unwrap().to_owned()
    };
    for (title, expected) in [
        (
            "6.2 Verify the backups",
            "  will be asked: Shut the cluster down and remove OpenShift 3.9 from all hosts?",
        ),
        (
            "6.3 Shut down the cluster",
            "    service  etcd: active, enabled -> inactive, masked",
        ),
        (
            "6.4 Remove the RPMs",
            "    package  etcd: 3.2.22-1.el7 -> not installed",
        ),
        (
            "6.5 Downgrade Docker",
            "    package  docker: 2:1.13.1-58.git87f2fab.el7 -> 2:1.12.6-71.git3e8e77d.el7",
        ),
        ("6.5 Downgrade Docker", "images -> 0 containers, 0 images"),
        (
            "6.9 Verify the downgrade",
            "  node-2.sim.test\n    docker   0 containers, 0 images -> 6 containers, 8 images",
        ),
        (
            "6.7 Restore etcd",
            "    data     new /var/lib/etcd.ocpdg-before-",
        ),
        (
            "6.8 Bring the services back online",
            "        -        {\"name\": \"CheckVolumeBinding\"},",
        ),
    ] {
        let text = phase(title);
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert!(
        phase("6.1 Overview: look at the cluster").contains("nothing changes"),
        "{plan}"
    );
    let last = plan.trim_end().lines().last().unwrap();
    assert!(
        last.starts_with("it completes; 339 commands change something"),
        "{last}"
    );
    // Nothing is kept of it.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_rehearsal_tells_what_fails() {
    let place = tempfile::tempdir().unwrap();
    let setting = ["--set", "openshift_version=3.7.99"];
    let words = ["rehearse", "--sim", "aio", "downgrade_3_9_to_3_7"];
    let (status, plan, errors) = ocpdg(place.path(), &[&words[..], &setting].concat());
    assert_eq!(status, 1, "{plan}{errors}");
    assert!(
        errors.contains("3.7.99") && errors.contains("this was a rehearsal"),
        "{errors}"
    );
    assert!(!plan.contains("6.4 Remove the RPMs"), "{plan}");
}

#[test]
fn what_a_host_has_around_it_is_around_its_twin() {
    let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
    let (mut found, _) = look(&cluster, NAME);
    // Another mount of a device that is mounted already, a site's own registry, a past before the cluster's.
    let mut mount = found.hosts[0].mounts[0].clone();
    mount.path = "/var/lib/etcd".to_owned();
    found.hosts[0].mounts.push(mount);
    found.hosts[0].registry = Some(RegistryFacts {
        name: "registry.site.test:5000".to_owned(),
        problem: String::new(),
    });
    for transaction in &mut found.hosts[0].history {
        transaction.id += 10;
    }
    let ids: Vec<u64> = found.hosts[0].history.iter().map(|one| one.id).collect();
    let ask = |found: &Snapshot, text: &str| {
        let (built, notes) = build_found(found).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        let twin = Sim::new(&built, NAME, false, None);
        let output = twin.output(&Command::shell(text, Effect::Reads)).unwrap();
        let said = format!("{}{}", output.text(), output.error_text());
        (output.exit.code(), said)
    };
    assert_eq!(ask(&found, "mountpoint -q /var/lib/etcd").0, 0);
    let (_, listed) = ask(&found, "yum history list etcd docker 'atomic-openshift*'");
    let first = format!(" {} | -y ", ids[0]);
    assert!(listed.contains(&first), "{first} is not in {listed}");
    let curl = "curl -sSk -o /dev/null -w '%{http_code}' https://registry.site.test:5000/v2/";
    assert_eq!(ask(&found, curl), (0, "200".to_owned()));
    for (problem, answer) in [
        (
            "curl: (7) Failed connect",
            (7, "000curl: (7) Failed connect"),
        ),
        ("HTTP status 503", (0, "503")),
    ] {
        found.hosts[0].registry.as_mut().unwrap().problem = problem.to_owned();
        assert_eq!(ask(&found, curl), (answer.0, answer.1.to_owned()));
    }
}

#[test]
fn every_host_has_the_directories_of_every_system() {
    let cluster = build(&Description::shipped("external").unwrap()).unwrap();
    let sim = Sim::new(&cluster, "etcd-1.sim.test", false, None);
    let look = "find /etc/sysconfig /var/cache/yum -maxdepth 0";
    let output = sim.output(&Command::shell(look, Effect::Reads)).unwrap();
    assert_eq!(output.text(), "/etc/sysconfig\n/var/cache/yum");
    assert!(output.exit.success(), "{}", output.error_text());
}

#[test]
fn keys_of_etcds_v2_api_are_counted_below_their_directory() {
    let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
    let (found, _) = look(&cluster, NAME);
    let counts = &found.hosts[0]
        .etcd
        .as_ref()
        .unwrap()
        .running
        .as_ref()
        .unwrap()
        .v2;
    let expected = ["/after", "/before", "/between"].map(|name| (name.to_owned(), 3));
    assert_eq!(counts, &BTreeMap::from(expected));
}

#[test]
fn what_a_stand_in_leaves_out_is_said() {
    let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
    let (mut found, _) = look(&cluster, NAME);
    let etcd = found.hosts[0].etcd.as_mut().unwrap();
    etcd.running.as_mut().unwrap().kubernetes = 41_000;
    let (_, notes) = build_found(&found).unwrap();
    assert!(
        notes.len() == 1 && notes[0].contains("etcd holds 41000 keys of Kubernetes"),
        "{notes:?}"
    );
}
