//! What ocpdg understands of inventories in the styles that operators have.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ocpdg::inventory::{self, Cluster, Role};
use ocpdg::transport::Method;

/// Loads `name` from the folder of sample inventories.
fn sample(name: &str) -> Cluster {
    let path = Path::new("tests/inventory").join(name);
    Cluster::load(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Loads an inventory with this `text`.
fn load(text: &str) -> Cluster {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts");
    std::fs::write(&path, text).unwrap();
    Cluster::load(&path).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn names<'a>(hosts: impl IntoIterator<Item = &'a inventory::Host>) -> String {
    let names: Vec<&str> = hosts.into_iter().map(|host| host.name.as_str()).collect();
    names.join(" ")
}

fn variable(cluster: &Cluster, host: &str, name: &str) -> String {
    let host = cluster.host(host).unwrap();
    host.variable(name)
        .unwrap()
        .unwrap_or_else(|| "-".to_owned())
}

fn golden() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("inventory/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn samples_are_shown_as_tables_and_json() {
    golden().bind(|| {
        for name in ["ha.ini", "aio.ini", "external.ini", "site/hosts"] {
            let cluster = sample(name);
            let name = name.replace('/', "_");
            insta::assert_snapshot!(format!("{name}.table"), inventory::table(&cluster));
            let json = serde_json::to_string_pretty(&inventory::json(&cluster)).unwrap();
            insta::assert_snapshot!(format!("{name}.json"), json);
        }
    });
}

#[test]
fn views_hold_no_secret() {
    let cluster = sample("external.ini");
    let way = &cluster.host("openshift-minion-3").unwrap().connection;
    assert_eq!(way.password.as_deref(), Some("s3cret #1"));
    assert_eq!(way.become_password.as_deref(), Some("pa ss"));
    let shown = format!(
        "{}{}{way:?}{cluster:?}",
        inventory::table(&cluster),
        inventory::json(&cluster)
    );
    assert!(
        !shown.contains("s3cret") && !shown.contains("pa ss"),
        "{shown}"
    );
}

#[test]
fn values_are_those_that_ansible_reads() {
    let cluster = sample("ha.ini");
    let master = "ose3-master1.test.example.com";
    for (host, name, wanted) in [
        (master, "openshift_release", "v3.9"),
        (master, "openshift_pkg_version", "-3.9.33"),
        (master, "openshift_motd", "kept # with this"),
        (
            "ose3-infra2.test.example.com",
            "openshift_node_labels",
            r#"{"region":"infra","zone":"default"}"#,
        ),
    ] {
        assert_eq!(variable(&cluster, host, name), wanted, "{name}");
    }
    let providers = &cluster.host(master).unwrap().variables["openshift_master_identity_providers"];
    assert_eq!(providers[0]["filename"], "/etc/origin/master/htpasswd");
    assert_eq!(
        cluster
            .variable("openshift_deployment_type")
            .unwrap()
            .unwrap(),
        "openshift-enterprise"
    );
    assert_eq!(cluster.variable("no_such_variable").unwrap(), None);
}

#[test]
fn stronger_variables_override_weaker_ones() {
    let cluster = sample("site/hosts");
    for (host, name, wanted) in [
        ("m1", "only_all", "1"),
        ("n1", "colour", "all-file"), // group_vars/all is stronger than [OSEv3:vars]
        ("m1", "colour", "all-file"),
        ("n1", "shape", "parent-ini"),
        ("m1", "shape", "masters-file"),
        ("n2", "shape", "host-file"),
        ("m1", "size", "host-ini"),
        ("m3", "size", "host-file"),
        ("n1", "size", "-"),
        ("n2", "ansible_port", "2200"),
    ] {
        assert_eq!(variable(&cluster, host, name), wanted, "{name} of {host}");
    }
    let hosts = load(
        "[masters]\nm\n[etcd]\nm\n[b]\nm\n[a]\nm\n[deep:children]\nb\n[a:vars]\nx=a\ny=a\n\
         ansible_group_priority=5\n[masters:vars]\ny=masters\nz=masters\n[b:vars]\nx=b\n[etcd:vars]\nz=etcd\n",
    );
    assert_eq!(variable(&hosts, "m", "x"), "b"); // deeper
    assert_eq!(variable(&hosts, "m", "y"), "a"); // of greater priority
    assert_eq!(variable(&hosts, "m", "z"), "masters"); // later in the alphabet
}

#[test]
fn json_of_ansible_inventory_gives_the_same_hosts() {
    for (ini, json) in [
        ("ha.ini", "ha.json"),
        ("aio.ini", "aio.json"),
        ("external.ini", "external.json"),
    ] {
        let (ini, json) = (sample(ini), sample(json));
        assert_eq!(ini.identity(), json.identity());
        assert_eq!(ini.first_master().name, json.first_master().name);
        assert_eq!(ini.hosts().len(), json.hosts().len());
        for host in ini.hosts() {
            let other = json.host(&host.name).unwrap();
            assert_eq!(host.variables, other.variables, "{}", host.name);
            assert_eq!(host.connection, other.connection, "{}", host.name);
            assert_eq!(host.roles, other.roles, "{}", host.name);
            assert_eq!(host.groups, other.groups, "{}", host.name);
        }
        for role in Role::ALL {
            let (mut ini, mut json): (Vec<_>, Vec<_>) = (
                ini.with_role(role).collect(),
                json.with_role(role).collect(),
            );
            if role == Role::Other {
                ini.sort_by_key(|host| &host.name);
                json.sort_by_key(|host| &host.name);
            }
            assert_eq!(names(ini), names(json), "{role}");
        }
    }
}

#[test]
fn the_first_master_is_the_first_of_its_group() {
    let cluster = load("[nodes]\nn1\nm2\nm1\n[masters]\nm1\nm2\n[etcd]\nm2\nm1\n");
    assert_eq!(cluster.first_master().name, "m1");
    assert_eq!(names(cluster.hosts()), "n1 m2 m1");
    assert_eq!(names(cluster.with_role(Role::Master)), "m1 m2");
    assert_eq!(names(cluster.with_role(Role::Etcd)), "m2 m1");
    assert_eq!(names(cluster.with_role(Role::LoadBalancer)), "");
}

#[test]
fn connections_follow_old_and_new_names() {
    let cluster = load(
        "[masters]\nm ansible_ssh_host=old ansible_host=new ansible_ssh_port=1 ansible_ssh_user=u \
         ansible_sudo=1 ansible_sudo_pass=p ansible_ssh_pass=q ansible_ssh_private_key_file=~/key \
         ansible_ssh_extra_args=\"-J 'a b' -4\" ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p j\"'\n\
         [etcd]\nm\n",
    );
    let way = &cluster.first_master().connection;
    assert_eq!(way.address, "new");
    assert_eq!(way.port, Some(1));
    assert_eq!(way.user.as_deref(), Some("u"));
    assert_eq!(way.method, Method::Ssh);
    assert!(way.become_root);
    assert_eq!(way.become_password.as_deref(), Some("p"));
    assert_eq!(way.password.as_deref(), Some("q"));
    assert_eq!(
        way.private_key,
        Some(std::env::home_dir().unwrap().join("key"))
    );
    assert_eq!(
        way.ssh_arguments,
        ["-o", "ProxyCommand=ssh -W %h:%p j", "-J", "a b", "-4"]
    );
}

#[test]
fn a_relative_key_is_found_beside_the_inventory() {
    let directory = tempfile::tempdir().unwrap();
    let (path, key) = (directory.path().join("hosts"), directory.path().join("key"));
    std::fs::write(
        &path,
        "[masters]\nm ansible_ssh_private_key_file=key\n[etcd]\nm\n",
    )
    .unwrap();
    let found = |path: &PathBuf| {
        Cluster::load(path)
            .unwrap()
            .first_master()
            .connection
            .private_key
            .clone()
    };
    assert_eq!(found(&path), Some("key".into()));
    std::fs::write(&key, "").unwrap();
    assert_eq!(found(&path), Some(key));
}

#[test]
fn booleans_are_ansibles() {
    for (text, wanted) in [
        ("yes", true),
        ("Yes", true),
        ("true", true),
        ("True", true),
        ("1", true),
        ("on", true),
        ("no", false),
        ("False", false),
        ("0", false),
        ("", false),
        ("None", false),
    ] {
        let cluster = load(&format!("[masters]\nm ansible_become={text}\n[etcd]\nm\n"));
        assert_eq!(
            cluster.first_master().connection.become_root,
            wanted,
            "{text}"
        );
    }
}

#[test]
fn hosts_that_are_never_touched_may_have_variables_nobody_can_read() {
    let cluster = sample("ha.ini");
    let storage = cluster.host("ose3-nfs.test.example.com").unwrap();
    assert!(!storage.is_touched() && storage.is(Role::Other));
    assert_eq!(storage.connection.address, storage.name);
}

#[test]
fn unreadable_variables_fail_only_when_they_are_asked_for() {
    let cluster = sample("ha.ini");
    let error = cluster
        .variable("openshift_master_default_subdomain")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`tests/inventory/ha.ini:16`: `openshift_master_default_subdomain` of \
         `ose3-master1.test.example.com` is a Jinja expression, which only Ansible can read"
    );
    let site = sample("site/hosts");
    let error = site.variable("api_token").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`tests/inventory/site/group_vars/masters.yml:3`: `api_token` of `m1` is encrypted with \
         Ansible Vault, which only Ansible can read"
    );
}

#[test]
fn the_identity_depends_on_masters_and_etcd_only() {
    let one = load("[masters]\na\nb\n[etcd]\na\n").identity();
    assert_eq!(one.len(), 12);
    assert_eq!(
        one,
        load("[nodes]\nx\n[etcd]\na port=1\n[masters]\nb\na\n").identity()
    );
    assert_ne!(one, load("[masters]\na\n[etcd]\na\nb\n").identity());
    assert_ne!(one, load("[masters]\na\n[etcd]\na\n").identity());
}

#[test]
fn unsupported_installations_are_refused_with_the_reason() {
    assert_eq!(sample("ha.ini").unsupported(), None);
    let cluster = load(
        "[masters]\nm[1:3]\n[etcd]\nm1\n[all:vars]\nopenshift_use_crio=no\n[nodes]\nm3 containerized=True\n",
    );
    let error = cluster.unsupported().unwrap();
    assert_eq!(error.host(), Some("m3"));
    let cluster = load(
        "[masters]\nm[1:3]\n[etcd]\nm1\n[lb]\nl containerized=true\n[masters:vars]\nopenshift_use_etcd_system_container=true\n",
    );
    let text = cluster.unsupported().unwrap().to_string();
    assert!(
        text.contains("`m1`") && text.contains("`openshift_use_etcd_system_container`"),
        "{text}"
    );
    assert!(text.contains("hosts:8` and 2 more hosts"), "{text}");
}

#[test]
fn odd_things_are_remarked_on() {
    let cluster = load(
        "early\n[masters]\nm ansible_user=a\n[etcd]\nm:2222 ansible_user=b\n\
         e ansible_connection=local\n[new_etcd]\nm\n[ungrouped]\nearly\n",
    );
    let remarks = |host: &str| cluster.host(host).unwrap().oddities.clone();
    assert_eq!(
        remarks("m"),
        [
            "in `[new_etcd]`: counted as a full member",
            "a master that is not in `[nodes]`",
            "port 2222 of line 5 does not count: Ansible takes it from the first listing",
            "`ansible_user` differs between lines 3 and 5: the later counts",
        ]
    );
    assert_eq!(remarks("e"), ["is the machine that ocpdg runs on"]);
    assert_eq!(remarks("early"), ["never touched"]);
    assert_eq!(cluster.first_master().connection.port, None);
    assert_eq!(cluster.host("early").unwrap().groups, ["all", "ungrouped"]);
    assert_eq!(
        cluster.first_master().groups,
        ["all", "etcd", "masters", "new_etcd"]
    );
}

#[test]
fn line_ends_and_byte_order_marks_of_windows_do_not_matter() {
    let cluster = load("\u{feff}[masters]\r\nm x=1\r\n[etcd]\r\nm\r\n");
    assert_eq!(names(cluster.hosts()), "m");
    assert_eq!(variable(&cluster, "m", "x"), "1");
}

#[test]
fn a_limit_keeps_order_identity_and_first_master() {
    let cluster = sample("external.ini");
    let limit = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        cluster
            .limit(&patterns)
            .map(|cluster| (names(cluster.hosts()), cluster))
    };
    let (chosen, narrowed) = limit(&["compute,etcd-b", "infra-?"]).unwrap();
    assert_eq!(
        chosen,
        "etcd-b openshift-minion-1 openshift-minion-2 openshift-minion-3 infra-1"
    );
    assert_eq!(narrowed.identity(), cluster.identity());
    assert_eq!(narrowed.first_master().name, "master");
    assert_eq!(
        names(narrowed.with_role(Role::Node)),
        "openshift-minion-1 openshift-minion-2 openshift-minion-3 infra-1"
    );
    assert_eq!(
        names(narrowed.group("compute").unwrap()),
        "openshift-minion-1 openshift-minion-2 openshift-minion-3"
    );
    assert_eq!(limit(&["masters"]).unwrap().0, "master");
    assert!(
        limit(&["masters"])
            .unwrap()
            .1
            .limit(&["etcd-a".to_owned()])
            .is_err()
    );
    assert!(limit(&[]).is_err());
}

#[test]
fn without_passes_the_first_masters_place_on() {
    let cluster = load("[masters]\nm[1:3]\n[etcd]\nm[1:3]\n");
    let without = |name: &str| cluster.without(&[name.to_owned()]);
    let left = without("m1").unwrap();
    assert_eq!(names(left.hosts()), "m2 m3");
    assert_eq!(left.first_master().name, "m2");
    assert_eq!(left.identity(), cluster.identity());
    assert_eq!(without("m2").unwrap().first_master().name, "m1");
    let error = without("m*").unwrap_err().to_string();
    assert_eq!(
        error,
        "`--without`: no master host would be left, so nothing could be restored"
    );
    assert_eq!(names(cluster.without(&[]).unwrap().hosts()), "m1 m2 m3");
}

#[test]
fn two_thousand_hosts_load_in_a_moment() {
    let mut text = std::fs::read_to_string("tests/inventory/ha.ini").unwrap();
    text.push_str("[nodes]\nnode[0001:2000].example.com openshift_node_labels=\"{'zone': 'a'}\"\n[OSEv3:vars]\n");
    for number in 0..60 {
        text.push_str(&format!(
            "openshift_setting_{number}=value of setting {number}\n"
        ));
    }
    let started = Instant::now();
    let cluster = load(&text);
    let spent = started.elapsed();
    assert_eq!(cluster.with_role(Role::Node).count(), 2007);
    assert!(spent < Duration::from_secs(2), "{spent:?}");
}
