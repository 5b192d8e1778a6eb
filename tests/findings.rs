//! What the preflight finds on a host: the shipped checks, on hosts that answer from a table.

#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/stage.rs"]
mod stage;

use ocpdg::error::{Error, Kind};
use ocpdg::transport::Failure;
use scripted::{Reply, Scripted};

const MASTER_CONFIG: &str = "/etc/origin/master/master-config.yaml";
const ETCD_CONF: &str = "/etc/etcd/etcd.conf";
const VERSION: &str = "timeout 30 docker version ...";

/// What `call` (a function of `ocp/findings` or below it) says of a host that answers from `script`,
/// and where the table has nothing, with nothing.
fn says(
    script: &Scripted,
    call: &str,
    groups: &[&str],
    set: &[(&str, &str)],
) -> Result<Vec<String>, Error> {
    let (module, function) = call.split_once("::").unwrap();
    let module = match module {
        "findings" => "ocp/findings".to_owned(),
        below => format!("ocp/findings/{below}"),
    };
    let by_host = ["of", "refusals", "other_tools", "v2_keys"].contains(&function);
    let seen = match by_host {
        true => "",
        false => ", findings::first_look(cluster::all[0])",
    };
    let text = format!(
        "import \"ocp/findings\" as findings;\nimport \"{module}\" as checked;\n\
         for one in checked::{function}(cluster::all[0]{seen}) {{ note(one); }}\n"
    );
    let script = script.clone().on("...", "", 0);
    stage::run(&text, script.host("m0"), groups, set)
}

/// As [`says`], of a host in all groups, without `--set`, which has to work.
fn finds(script: &Scripted, call: &str) -> Vec<String> {
    says(script, call, &["masters", "nodes", "etcd"], &[]).unwrap()
}

fn assert_only(found: &[String], wanted: &str) {
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(wanted), "{found:?}");
}

fn unit(name: &str, load: &str, active: &str) -> String {
    format!(
        "Type=simple\nMainPID=0\nId={name}.service\nLoadState={load}\nActiveState={active}\nSubState=dead\n\
         UnitFileState=\nNeedDaemonReload=no\n"
    )
}

const SHOW_ETCD: &str = "systemctl show ...";

/// A plain host, to which each test adds what is wrong.
fn plain() -> Scripted {
    Scripted::new().on(
        SHOW_ETCD,
        &unit("etcd_container", "not-found", "inactive"),
        0,
    )
}

#[test]
fn a_plain_installation_is_not_refused() {
    let script = plain()
        .file("/run/ostree-booted", None)
        .file(MASTER_CONFIG, Some("x"))
        .on(
            &format!("head -c 16777217 -- {MASTER_CONFIG}"),
            "etcdClientInfo:\n  ca: x\netcdConfig: null\n",
            0,
        );
    assert!(finds(&script, "installation::refusals").is_empty());
}

#[test]
fn every_installation_that_the_chapter_does_not_apply_to_is_refused() {
    let ostree = plain().file("/run/ostree-booted", Some(""));
    assert_only(&finds(&ostree, "installation::refusals"), "Atomic host");

    let contained = Scripted::new().on(SHOW_ETCD, &unit("etcd_container", "loaded", "active"), 0);
    assert_only(
        &finds(&contained, "installation::refusals"),
        "etcd runs in a container",
    );

    let master = plain().on(
        "systemctl cat atomic-openshift-master-api",
        "ExecStart=/usr/bin/docker run --rm openshift3/ose start master api\n",
        0,
    );
    assert_only(
        &finds(&master, "installation::refusals"),
        "the master runs in a container",
    );
    let node = says(&master, "installation::refusals", &["nodes"], &[]).unwrap();
    assert!(node.is_empty(), "{node:?}");

    let embedded = plain().file(MASTER_CONFIG, Some("x")).on(
        &format!("head -c 16777217 -- {MASTER_CONFIG}"),
        "kind: MasterConfig\netcdConfig:\n  address: x\n",
        0,
    );
    assert_only(&finds(&embedded, "installation::refusals"), "`etcdConfig:`");

    let data = plain().file("/var/lib/origin/openshift.local.etcd", Some(""));
    assert_only(
        &finds(&data, "installation::refusals"),
        "openshift.local.etcd",
    );
}

/// A node whose yum has no repository, whose disk cannot be looked at, and which is an Atomic host.
fn broken_node() -> Scripted {
    plain()
        .file("/run/ostree-booted", Some(""))
        .reply(
            "yum -q --showduplicates ...",
            Reply::new("", 1).stderr("Trying other mirror.\nNo more mirrors to try.\n"),
        )
        .reply(
            "df ...",
            Reply::new("", 1).stderr("df: Input/output error\n"),
        )
}

#[test]
fn a_check_that_cannot_be_done_hides_no_other() {
    let script = broken_node().on(
        "yum -q repolist enabled",
        "repo id  name\nrhel-7-server-ose-3.10-rpms  x\n",
        0,
    );
    let found = says(&script, "findings::of", &["nodes"], &[]).unwrap();
    for wanted in [
        "this is an Atomic host",
        "No more mirrors to try. (the repositories cannot be read: `yum repolist -v` on `m0`)",
        "rhel-7-server-ose-3.10-rpms stays enabled",
        "Input/output error",
    ] {
        assert_eq!(
            found.iter().filter(|one| one.contains(wanted)).count(),
            1,
            "{wanted}: {found:#?}"
        );
    }
    assert!(found.iter().all(|one| !one.contains('\n')), "{found:#?}");
}

#[test]
fn a_lost_connection_is_an_error_and_no_finding() {
    let mut lost = Reply::new("", 0);
    lost.failure = Some(Failure::Lost {
        host: "m0".to_owned(),
        command: "df".to_owned(),
        reason: "it went away".to_owned(),
    });
    let script = plain().reply("df ...", lost);
    let error = says(&script, "findings::of", &["nodes"], &[]).unwrap_err();
    assert!(matches!(*error.kind, Kind::Transport { .. }), "{error}");
}

#[test]
fn a_mistake_in_a_script_is_an_error_and_no_finding() {
    let text = "import \"ocp/findings\" as findings;\n\
                let found = findings::answers(cluster::all[0], [|host| host.file.exists(1 / 0)]);\n";
    let error = stage::run(text, plain().host("m0"), &["nodes"], &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .to_lowercase()
            .contains("division by zero"),
        "{error}"
    );
}

const CONF: &str = "ETCD_NAME=m0\nETCD_DATA_DIR=/data/etcd/\nETCD_INITIAL_ADVERTISE_PEER_URLS=https://10.0.0.8:2380\n\
    ETCD_ADVERTISE_CLIENT_URLS=https://10.0.0.8:2379\nETCD_TRUSTED_CA_FILE=/pki/ca.crt\nETCD_CERT_FILE=/pki/server.crt\n\
    ETCD_KEY_FILE=/pki/server.key\nETCD_PEER_CERT_FILE=/pki/peer.crt\nETCD_PEER_KEY_FILE=/pki/peer.key\n";

/// A member with `CONF`, its data in /srv/etcd, a file system of its own.
fn member() -> Scripted {
    Scripted::new()
        .file(ETCD_CONF, Some("x"))
        .on(&format!("head -c 16777217 -- {ETCD_CONF}"), CONF, 0)
        .on("sh -c 'real=$(readlink -m -- ...", "0\t/srv/etcd\n", 0)
}

fn x509(path: &str) -> String {
    format!("openssl x509 -in {path} -noout -text -enddate -checkend 604800")
}

#[test]
fn etcds_certificates_are_those_of_its_configuration() {
    let text = |san: &str| {
        format!("X509v3 Subject Alternative Name: \n  {san}\nnotAfter=Apr  5 09:15:02 2028 GMT\n")
    };
    let script = member()
        .file("/pki/ca.crt", Some("x"))
        .file("/pki/server.crt", Some("x"))
        .file("/pki/peer.crt", None)
        .on(&x509("/pki/ca.crt"), &text("DNS:ca"), 1)
        .on(
            &x509("/pki/server.crt"),
            &text("DNS:m0, IP Address:10.0.0.9"),
            0,
        );
    let found = finds(&script, "etcd::bad_certificates");
    assert_eq!(
        found,
        [
            "/pki/ca.crt expires within 7 days, on Apr  5 09:15:02 2028 GMT: renew it first",
            "/pki/server.crt is not for 10.0.0.8, under which etcd.conf has this member asked; it is for [\"m0\", \"10.0.0.9\"]",
            "/pki/peer.crt is missing",
        ]
    );
    let node = says(&script, "etcd::bad_certificates", &["nodes"], &[]).unwrap();
    assert!(node.is_empty());
}

#[test]
fn a_member_without_its_configuration_is_one_finding() {
    let script = plain().file(ETCD_CONF, None);
    let found = says(&script, "findings::of", &["etcd"], &[]).unwrap();
    let told: Vec<_> = found.iter().filter(|one| one.contains(ETCD_CONF)).collect();
    assert_eq!(told.len(), 1, "{found:#?}");
    assert!(
        told[0].starts_with("/etc/etcd/etcd.conf is missing"),
        "{told:?}"
    );
}

#[test]
fn data_that_lies_elsewhere_is_told() {
    assert_eq!(
        finds(&member(), "etcd::data_elsewhere"),
        [
            "etcd's data is in /data/etcd (ETCD_DATA_DIR)",
            "/data/etcd is a link to /srv/etcd",
            "/srv/etcd is a file system of its own: the old data is kept inside of it",
        ]
    );
}

#[test]
fn each_file_system_is_asked_for_all_that_goes_there() {
    let line = |free: u64, mount: &str| format!("{} {mount}\n", free << 20);
    let script = member().on(VERSION, "Package 1.13.1-58\n", 0).on(
        "stat '--printf=%f\\t%s\\t%U\\t%G\\t%Y\\t%Z\\t%C\\t%n\\0' -- /srv/etcd/member/snap/db",
        &format!(
            "8180\t{}\tetcd\tetcd\t1\t1\t?\t/srv/etcd/member/snap/db\0",
            (100 << 20) - 1
        ),
        0,
    );
    // Those that are not there are asked for above.
    let there = ["/backup", "/srv", "/srv/etcd", "/var", "/var/lib"]
        .map(|path| format!("41ed\t6\troot\troot\t1\t1\t?\t{path}\0"))
        .concat();
    let script = script.reply(
        "stat '--printf=%f\\t%s\\t%U\\t%G\\t%Y\\t%Z\\t%C\\t%n\\0' -- /backup ...",
        Reply::new(there, 1).stderr("stat: cannot stat '/var/cache': No such file or directory\n"),
    );
    let answers = [
        "    Avail Mounted on\n".to_owned(),
        line(500, "/backup"),
        line(600, "/var"),
        line(600, "/var"),
        line(500, "/backup"),
        line(577, "/var"),
        line(128, "/srv/etcd"),
    ];
    let df = "df --output=avail,target -B1 -- /backup /var /var/lib /backup /var/lib /srv/etcd";
    let script = script.on(df, &answers.concat(), 0);
    let found = says(
        &script,
        "space::lacking",
        &["etcd"],
        &[("backup_dir", "/backup")],
    )
    .unwrap();
    assert_eq!(
        found,
        [
            "/backup has 500 MiB free, 528 MiB are needed (packages in /backup, copies of etcd's data in /backup)",
        ]
    );
}

#[test]
fn a_docker_that_has_to_change_has_to_answer() {
    let docker = |text: &str| Scripted::new().on(VERSION, text, 0);
    let found = finds(
        &docker("Docker 1.13.1\nPackage 1.13.1-58\n"),
        "docker::silent_daemon",
    );
    assert_only(&found, "`systemctl start docker`");
    for fine in [
        "Docker 1.13.1 1.13.1\nPackage 1.13.1-58\n",
        "Docker 1.12.6\nPackage 1.12.6-71\n",
        "package docker is not installed\n",
    ] {
        assert!(
            finds(&docker(fine), "docker::silent_daemon").is_empty(),
            "{fine}"
        );
    }
}

#[test]
fn gluster_is_found_in_the_inventory_and_among_the_containers() {
    let names = "k8s_router_router-1\nk8s_glusterfs_glusterfs-storage-8x2\n";
    let script = Scripted::new()
        .on(VERSION, "Docker 1.13.1 1.13.1\nPackage 1.13.1-58\n", 0)
        .on("docker ps -a --format '{{.Names}}'", names, 0);
    assert_only(
        &finds(&script, "docker::gluster"),
        "container k8s_glusterfs_glusterfs-storage-8x2",
    );
    let grouped = says(
        &Scripted::new(),
        "docker::gluster",
        &["nodes", "glusterfs"],
        &[],
    )
    .unwrap();
    assert_only(&grouped, "group glusterfs");
}

#[test]
fn users_of_etcds_v2_api_are_told_unless_v2_is_restored() {
    let script = member()
        .file("/etc/sysconfig/flanneld", Some("x"))
        .on(SHOW_ETCD, &unit("etcd", "loaded", "active"), 0)
        .on("etcdctl -C ...", "/coreos.com/\n", 0)
        .with("etcdctl ...", |command| {
            let recursive = command.line().contains("--recursive");
            Reply::new(
                if recursive {
                    "/coreos.com/a\n/coreos.com/b\n"
                } else {
                    "/coreos.com/\n"
                },
                0,
            )
        });
    let found = finds(&script, "etcd::v2_keys");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[1].contains("(2 keys below /coreos.com): use `--set etcd_restore=v2`"),
        "{found:?}"
    );
    assert!(
        says(
            &script,
            "etcd::v2_keys",
            &["etcd"],
            &[("etcd_restore", "v2")]
        )
        .unwrap()
        .is_empty()
    );
}

#[test]
fn tools_that_undo_the_downgrade_are_told() {
    let states = ["puppet", "chef-client", "salt-minion", "yum-cron", "osad"].map(|name| {
        unit(
            name,
            "loaded",
            if name == "puppet" {
                "active"
            } else {
                "inactive"
            },
        )
    });
    let script = Scripted::new().on(SHOW_ETCD, &states.join("\n"), 0).on(
        "grep -rlsE ...",
        "/etc/cron.d/nightly\n",
        2,
    );
    let found = finds(&script, "surroundings::other_tools");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("puppet runs"), "{found:?}");
    assert!(found[1].contains("/etc/cron.d/nightly"), "{found:?}");
}
