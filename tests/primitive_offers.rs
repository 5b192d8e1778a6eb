//! What yum would take, what is hidden from it, and where images come from.

#[path = "support/scripted.rs"]
mod scripted;

use ocpdg::primitive::docker::{self, Registry};
use ocpdg::primitive::yum::{self, Repos};
use scripted::{Reply, Scripted};

const HIDING: &str = "cat /etc/yum.conf || exit 1; ...";
const LIST: &str = "yum -q --showduplicates";
const OFFERED: &str = "list available etcd docker";

fn listed(packages: &[&str]) -> String {
    let lines: String = packages
        .iter()
        .map(|package| format!("{package}  extras\n"))
        .collect();
    format!("Available Packages\n{lines}")
}

/// A host whose yum sees `visible` of etcd and docker, with the excludes of `conf`, through `option`.
fn sees(conf: &str, option: &str, locks: &str, visible: &[&str]) -> Scripted {
    let all = ["etcd.x86_64 3.2.22-1.el7", "docker.x86_64 2:1.12.6-71.el7"];
    Scripted::new()
        .on(HIDING, &format!("{conf}\0{locks}"), 0)
        .on(
            &format!("{LIST} --disableexcludes=all {OFFERED}"),
            &listed(&all),
            0,
        )
        .on(&format!("{LIST} {option} {OFFERED}"), &listed(visible), 0)
}

#[test]
fn a_sites_own_exclude_hides_and_the_excluders_do_not() {
    let script = sees(
        "[main]\nexclude=docker*1.20* etcd* kernel atomic-openshift\n",
        "'--setopt=exclude=,etcd*,kernel'",
        "",
        &["docker.x86_64 2:1.12.6-71.el7"],
    );
    let found = yum::offers(&script.host("m1"), &["etcd", "docker"], &Repos::default()).unwrap();
    assert_eq!(found["etcd"].versions, ["3.2.22-1.el7"]);
    assert!(found["etcd"].visible.is_empty());
    assert_eq!(
        found["etcd"].hidden_by,
        ["`exclude=etcd*` in /etc/yum.conf"]
    );
    assert_eq!(found["docker"].visible, ["1.12.6-71.el7"]);
    assert!(found["docker"].hidden_by.is_empty());
}

#[test]
fn versionlock_is_blamed_for_the_name_that_it_locks_to_another_version() {
    let script = sees(
        "[main]\nexclude=\n",
        "--setopt=exclude=",
        "0:docker-1.13.1-58.el7.*\n0:docker-latest-1.13.1-58.el7.*\n",
        &["etcd.x86_64 3.2.22-1.el7"],
    );
    let found = yum::offers(&script.host("m1"), &["etcd", "docker"], &Repos::default()).unwrap();
    assert_eq!(
        found["docker"].hidden_by,
        ["versionlock `0:docker-1.13.1-58.el7.*`"]
    );
    assert_eq!(found["etcd"].visible, ["3.2.22-1.el7"]);
}

const NODE: &str = "head -c 16777217 -- /etc/origin/node/node-config.yaml";
const SETTINGS: &str = "head -c 16777217 -- /etc/sysconfig/docker";

fn curl(registry: &str) -> String {
    format!(
        "curl -sSk -o /dev/null -w '%{{http_code}}' --connect-timeout 5 --max-time 15 https://{registry}/v2/"
    )
}

fn node(format: &str) -> String {
    format!("kind: NodeConfig\nimageConfig:\n  format: {format}\n  latest: false\n")
}

fn asked(script: &Scripted) -> Registry {
    let found = docker::registry(&script.host("m1"), "/etc/origin/node/node-config.yaml");
    found.unwrap().unwrap()
}

#[test]
fn a_registry_that_wants_a_login_answers() {
    for (status, answers) in [("200", true), ("401", true), ("503", false), ("000", false)] {
        let script = Scripted::new()
            .file("/etc/sysconfig/docker", None)
            .on(
                NODE,
                &node("reg.example.com:5000/openshift3/ose-${component}:${version}"),
                0,
            )
            .on(&curl("reg.example.com:5000"), status, 0);
        let registry = asked(&script);
        assert_eq!(registry.name, "reg.example.com:5000");
        assert_eq!(registry.answers, answers, "{status}");
        assert_eq!(registry.detail, format!("HTTP status {status}"));
    }
}

#[test]
fn an_image_without_a_registry_comes_from_dockers_through_dockers_proxy() {
    let settings = "OPTIONS=\nADD_REGISTRY='--add-registry mirror.example.com'\nHTTPS_PROXY=http://u:p@proxy:3128\n";
    let script = Scripted::new()
        .file("/etc/sysconfig/docker", Some(settings))
        .on(SETTINGS, settings, 0)
        .on(NODE, &node("openshift3/ose-${component}:${version}"), 0)
        .reply(
            &curl("mirror.example.com"),
            Reply::new("000", 7)
                .stderr("curl: (7) Failed connect to proxy:3128; Connection refused\n"),
        );
    let registry = asked(&script);
    assert!(!registry.answers);
    assert!(
        registry.detail.contains("Failed connect"),
        "{}",
        registry.detail
    );
    let sent = script.commands().pop().unwrap();
    assert_eq!(
        sent.env,
        [("HTTPS_PROXY".to_owned(), "http://u:p@proxy:3128".to_owned())]
    );

    let script = Scripted::new()
        .file("/etc/sysconfig/docker", None)
        .on(NODE, &node("openshift3/ose-${component}:${version}"), 0)
        .on(&curl("registry.access.redhat.com"), "200", 0);
    assert!(asked(&script).answers);
}

#[test]
fn a_registry_with_an_odd_name_is_not_asked() {
    let script = Scripted::new().file("/etc/sysconfig/docker", None).on(
        NODE,
        &node("\"a.b;reboot/ose-${component}\""),
        0,
    );
    let path = "/etc/origin/node/node-config.yaml";
    let error = docker::registry(&script.host("m1"), path).unwrap_err();
    assert!(error.to_string().contains("`a.b;reboot`"), "{error}");
}
