//! What etcd and the API print, and which commands are sent to them.

#[path = "support/scripted.rs"]
mod scripted;

use ocpdg::error::Kind;
use ocpdg::primitive::etcd::{self, EtcdConf, Forced, Identity, Proof};
use ocpdg::primitive::{Host, oc};
use ocpdg::transport::Command;
use scripted::{Reply, Scripted};
use serde_json::json;

const CONF: &str = r#"ETCD_NAME=master-0.example.com
ETCD_DATA_DIR=/var/lib/etcd/
ETCD_INITIAL_ADVERTISE_PEER_URLS="https://192.168.55.8:2380"
ETCD_ADVERTISE_CLIENT_URLS=https://192.168.55.8:2379
ETCD_PEER_TRUSTED_CA_FILE=/etc/etcd/ca.crt
ETCD_PEER_CERT_FILE=/etc/etcd/peer.crt
ETCD_PEER_KEY_FILE=/etc/etcd/peer.key
"#;

fn table(conf: &str) -> Scripted {
    Scripted::new()
        .on("head -c 16777217 -- /etc/etcd/etcd.conf", conf, 0)
        .on("sh -c 'real=$(readlink -m -- ...", "32\t/var/lib/etcd\n", 0)
}

fn conf(host: &Host) -> EtcdConf {
    EtcdConf::load(host, EtcdConf::PATH).unwrap()
}

#[test]
fn commands_say_which_api_certificates_and_endpoints() {
    let host = table(CONF).host("m0");
    let conf = conf(&host);
    assert_eq!(conf.data_dir, "/var/lib/etcd");
    assert_eq!(
        conf.initial_cluster(),
        "master-0.example.com=https://192.168.55.8:2380"
    );
    let shown = |command: Command| command.argv().join(" ");
    assert_eq!(
        shown(etcd::v3(&conf, &[], &["member", "list"])),
        "env ETCDCTL_API=3 etcdctl --cert /etc/etcd/peer.crt --key /etc/etcd/peer.key --cacert \
         /etc/etcd/ca.crt --endpoints https://192.168.55.8:2379 --dial-timeout=5s \
         --command-timeout=5s member list"
    );
    assert_eq!(
        shown(etcd::v2(
            &conf,
            &["https://b:2379".to_owned()],
            &["cluster-health"]
        )),
        "env ETCDCTL_API=2 etcdctl --cert-file /etc/etcd/peer.crt --key-file /etc/etcd/peer.key \
         --ca-file /etc/etcd/ca.crt -C https://b:2379 --timeout 5s cluster-health"
    );
}

#[test]
fn a_configuration_that_would_start_empty_is_refused() {
    for (from, to, found) in [
        ("master-0.example.com", "default", "starts empty"),
        (
            "/var/lib/etcd/",
            "/var/lib/etcd/default.etcd",
            "starts empty",
        ),
        ("ETCD_DATA_DIR", "X", "`ETCD_DATA_DIR`"),
        (
            "https://192.168.55.8:2379",
            "--insecure",
            "`ETCD_ADVERTISE_CLIENT_URLS`",
        ),
        ("/var/lib/etcd/", "../etcd", "must be absolute"),
    ] {
        let host = table(&CONF.replace(from, to)).host("m0");
        let error = EtcdConf::load(&host, EtcdConf::PATH).unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
    }
}

#[test]
fn members_are_read_from_every_form() {
    let v2 = etcd::parse_members_v2(
        "5ee217d17301: name=master-0.example.com peerURLs=http://localhost:2380 clientURLs=https://192.168.55.8:2379 isLeader=true\n\
         1f00fae23e2e5d19[unstarted]: peerURLs=http://127.0.0.1:32381\n",
    )
    .unwrap();
    assert!(v2[0].leader && v2[0].member.started);
    assert_eq!(v2[0].member.id, "5ee217d17301");
    assert!(!v2[1].member.started);
    assert_eq!(v2[1].member.peer_urls, ["http://127.0.0.1:32381"]);
    assert_eq!(etcd::parse_members_v2("no members here\n"), None);
    assert_eq!(etcd::parse_members_v2("xyz: name=a\n"), None);

    let answer = serde_json::from_str(
        r#"{"header":{"cluster_id":17742126500544073653},"members":[
            {"ID":17742126500544073653,"name":"m2","peerURLs":["http://127.0.0.1:32382"],"clientURLs":["http://127.0.0.1:32372"]},
            {"ID":104325155222273,"peerURLs":["http://127.0.0.1:32381"]}]}"#,
    )
    .unwrap();
    let v3 = etcd::parse_members_v3(&answer).unwrap();
    assert_eq!(
        (v3[0].id.as_str(), v3[0].started),
        ("f638b20ce8f94fb5", true)
    );
    assert_eq!((v3[1].id.as_str(), v3[1].started), ("5ee217d17301", false));
    assert_eq!(
        etcd::parse_members_v3(&json!({"members":[{"ID":"x"}]})),
        None
    );
    assert_eq!(etcd::hex_id(u64::MAX), "ffffffffffffffff");
}

#[test]
fn health_is_read_whoever_prints_it_where() {
    let health = etcd::parse_cluster_health_v2(
        "member 5ee217d17301 is healthy: got healthy result from https://192.168.55.8:2379\n\
         failed to check the health of member a23bb980081aa72d on http://127.0.0.1:32372: Get \"x\"\n\
         member a23bb980081aa72d is unreachable: [http://127.0.0.1:32372] are all unreachable\n\
         member fd422379fda50e48 is unhealthy: got unhealthy result from http://127.0.0.1:32370\n\
         cluster is degraded\n",
    );
    assert_eq!(health.healthy, ["5ee217d17301"]);
    assert_eq!(health.unhealthy, ["a23bb980081aa72d", "fd422379fda50e48"]);
    assert_eq!(health.verdict, "cluster is degraded");
    let v3 = etcd::parse_endpoint_health(
        "https://master-0.example.com:2379 is healthy: successfully committed proposal: took = 1.42ms\n\
         http://127.0.0.1:32372 is unhealthy: failed to commit proposal: context deadline exceeded\n\
         Error:  unhealthy cluster\n",
    );
    assert_eq!(v3.len(), 2);
    assert!(v3[0].1 && !v3[1].1);
    assert!(v3[1].2.starts_with("failed to commit"));
}

#[test]
fn member_add_is_read_by_key() {
    let tail = "\nETCD_NAME=\"m1\"\nETCD_INITIAL_CLUSTER=\"m1=http://127.0.0.1:32381,m0=http://127.0.0.1:32380\"\nETCD_INITIAL_CLUSTER_STATE=\"existing\"\n";
    for (head, id) in [
        (
            "Added member named m1 with ID 568c518868220545 to cluster\n",
            "568c518868220545",
        ),
        (
            "Member     5ee217d17301 added to cluster 78bf45dad597741c\n",
            "5ee217d17301",
        ),
    ] {
        let added = etcd::parse_member_add(&format!("{head}{tail}")).unwrap();
        assert_eq!(added.id.as_deref(), Some(id));
        assert_eq!(added.name, "m1");
        assert_eq!(
            added.initial_cluster,
            ["m0=http://127.0.0.1:32380", "m1=http://127.0.0.1:32381"]
        );
    }
    assert_eq!(etcd::parse_member_add("Error: unhealthy cluster\n"), None);
    let status = json!({"hash":843989851,"revision":201,"totalKey":206,"totalSize":53248});
    let status = etcd::parse_snapshot_status(&status).unwrap();
    assert_eq!(
        (status.revision, status.keys, status.size),
        (201, 206, 53248)
    );
    assert_eq!(etcd::parse_snapshot_status(&json!({})), None);
}

#[test]
fn an_unhealthy_endpoint_is_healthy_for_no_single_word() {
    let table = table(CONF).with("etcdctl ...", |command| {
        let line = command.line();
        match line.contains("//good:") {
            true => Reply::new("https://good:2379 is healthy: took = 1ms\n", 0),
            // 3.2: another endpoint's line and no failing status.
            false => Reply::new("https://good:2379 is healthy: took = 1ms\n", 0).stderr("oops"),
        }
    });
    let host = table.host("m0");
    let conf = conf(&host);
    let endpoints = [
        "https://good:2379".to_owned(),
        "https://bad:2379".to_owned(),
    ];
    let health = etcd::endpoint_health(&host, &conf, &endpoints).unwrap();
    assert!(health[0].healthy && !health[1].healthy, "{health:?}");
}

const SHOW: &str = "Id=etcd.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nFragmentPath=/usr/lib/systemd/system/etcd.service\nDropInPaths=\nNeedDaemonReload=no\n";

#[test]
fn the_drop_in_has_the_units_own_command_and_the_flag() {
    let unit = r#"[Service]
EnvironmentFile=-/etc/etcd/etcd.conf
ExecStart=/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\"${ETCD_NAME}\" --data-dir=\"${ETCD_DATA_DIR}\" --listen-client-urls=\"${ETCD_LISTEN_CLIENT_URLS}\""
"#;
    let wanted = r#"[Service]
ExecStart=
ExecStart=/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\"${ETCD_NAME}\" --data-dir=\"${ETCD_DATA_DIR}\" --listen-client-urls=\"${ETCD_LISTEN_CLIENT_URLS}\" --force-new-cluster"
"#;
    let path = "/etc/systemd/system/etcd.service.d/temp.conf";
    let written = SHOW.replace("DropInPaths=", &format!("DropInPaths={path}"));
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(wanted)
    };
    let table = table(CONF)
        .on(
            "systemctl show -p ExecStart -- etcd",
            "ExecStart={ argv[]=etcd }\n",
            0,
        )
        .on(
            "systemctl show -p ExecStart -- etcd",
            "ExecStart={ argv[]=etcd --force-new-cluster }\n",
            0,
        )
        .on("systemctl cat -- etcd", unit, 0)
        .on("systemctl show -p Id...", SHOW, 0)
        .on("systemctl show -p Id...", SHOW, 0)
        .on("systemctl show -p Id...", &written, 0)
        .on("for f in ...", "", 0)
        .on("for f in ...", &format!("{path}\n{encoded}\n"), 0)
        .reply(
            "stat ...",
            Reply::new(
                "41ed\t1\troot\troot\t1\t1\t?\t/etc/systemd/system/etcd.service.d\0",
                0,
            ),
        )
        .file(path, None)
        .on("systemctl daemon-reload", "", 0);
    let host = table.host("m0");
    let change = etcd::force_new_cluster(&host, &conf(&host)).unwrap();
    assert_eq!((change.before, change.after), (Forced::No, Forced::DropIn));
    assert_eq!(table.content(path), wanted);
}

#[test]
fn a_proof_from_another_host_changes_nothing() {
    let proof = Proof {
        host: "m1".to_owned(),
        path: "/var/lib/ocpdg/run/backup".to_owned(),
        db: "/var/lib/ocpdg/run/backup/member/snap/db".to_owned(),
        sha256: "0".repeat(64),
        size: 4096,
        hashed: false,
        revision: 1,
        keys: 1,
        tree: "0".repeat(64),
        identity: Identity::default(),
    };
    let table = table(CONF)
        .reply(
            "stat ...",
            Reply::new("", 1).stderr("stat: cannot stat 'x': No such file or directory"),
        )
        .on("systemctl show -p Id...", SHOW, 0);
    let host = table.host("m0");
    let mut options = etcd::RestoreOptions {
        token: "run1".to_owned(),
        current: None,
    };
    let error = etcd::restore_snapshot(&host, &conf(&host), &proof, &options).unwrap_err();
    assert!(matches!(*error.kind, Kind::Refused { .. }), "{error}");
    options.token = "../x".to_owned();
    let error = etcd::restore_snapshot(&host, &conf(&host), &proof, &options).unwrap_err();
    assert!(matches!(*error.kind, Kind::Invalid { .. }), "{error}");
    assert_eq!(table.changes(), Vec::<String>::new());
}

const OC: &str = "timeout -k 5 60 oc --config=/etc/origin/master/admin.kubeconfig";

#[test]
fn the_api_is_read_as_json() {
    let nodes = json!({"items":[
        {"metadata":{"name":"m0","labels":{"node-role.kubernetes.io/master":"true"}},"spec":{"unschedulable":true},"status":{
            "conditions":[{"type":"OutOfDisk","status":"False"},{"type":"Ready","status":"True"}],
            "nodeInfo":{"kubeletVersion":"v1.7.6+a08f5eeb62"}}},
        {"metadata":{"name":"n1"},"spec":{},"status":{
            "conditions":[{"type":"Ready","status":"Unknown"}],
            "nodeInfo":{"kubeletVersion":"v1.9.1+a0ce1bc657"}}}]});
    let dc = json!({"spec":{"template":{"spec":{"containers":[
        {"image":"openshift3/ose-docker-registry:v3.7.23"}]}}}});
    let pods = json!({"items":[{"metadata":{"name":"router-1-x"},"spec":{"nodeName":"n1",
        "containers":[{"image":"a"},{"image":"b"}]},"status":{"phase":"Running",
        "containerStatuses":[{"ready":true},{"ready":false}]}}]});
    let table = Scripted::new()
        .on(&format!("{OC} get nodes -o json"), &nodes.to_string(), 0)
        .on(&format!("{OC} get -n default dc/docker-registry -o json"), &dc.to_string(), 0)
        .reply(
            &format!("{OC} get -n default dc/router -o json"),
            Reply::new("", 1).stderr("Error from server (NotFound): deploymentconfigs.apps.openshift.io \"router\" not found\n"),
        )
        .reply(&format!("{OC} get -n other dc/router -o json"), Reply::new("", 1).stderr("refused\n"))
        .on(&format!("{OC} get pods -n default -o json"), &pods.to_string(), 0)
        .on(&format!("{OC} version"), "oc v3.7.23\nkubernetes v1.7.6+a08f5eeb62\nfeatures: Basic-Auth\n\nServer https://m0:8443\nopenshift v3.7.23\n", 0);
    let host = table.host("m0");
    let found = oc::nodes(&host).unwrap();
    assert!(found[0].ready && !found[0].schedulable);
    assert!(!found[1].ready && found[1].schedulable);
    assert!(found[0].master && !found[1].master);
    assert_eq!(found[1].kubelet_version, "v1.9.1+a0ce1bc657");
    assert_eq!(
        oc::images(&host, "default", "docker-registry").unwrap(),
        Some(vec!["openshift3/ose-docker-registry:v3.7.23".to_owned()])
    );
    assert_eq!(oc::images(&host, "default", "router").unwrap(), None);
    assert!(oc::images(&host, "other", "router").is_err());
    assert!(oc::images(&host, "--all-namespaces", "router").is_err());
    let pod = &oc::pods(&host, "default").unwrap()[0];
    assert_eq!(
        (pod.ready, pod.containers, pod.phase.as_str()),
        (1, 2, "Running")
    );
    let version = oc::version(&host).unwrap();
    assert_eq!(
        (version.client.as_str(), version.server.as_deref()),
        ("v3.7.23", Some("v3.7.23"))
    );
}

#[test]
fn each_master_is_asked_by_its_own_name_and_port() {
    let table = Scripted::new()
        .on("hostname", "m0.example.com\n", 0)
        .on(
            "head -c 16777217 -- /etc/origin/master/master-config.yaml",
            "servingInfo:\n  bindAddress: 0.0.0.0:443\n",
            0,
        )
        .on("curl ...", "ok", 0)
        .reply(
            "curl ...",
            Reply::new("", 7).stderr("curl: (7) Failed to connect\n"),
        );
    let host = table.host("m0");
    let up = oc::healthz(&host, None, "healthz/ready").unwrap();
    assert!(up.ok);
    assert_eq!(up.url, "https://m0.example.com:443/healthz/ready");
    let down = oc::healthz(&host, None, "healthz").unwrap();
    assert!(!down.ok && down.answer.contains("Failed to connect"));
}

#[test]
fn the_controllers_are_asked_by_the_hosts_own_name() {
    let table = Scripted::new()
        .on("hostname", "m0.example.com\n", 0)
        .on("curl ...", "ok", 0);
    let seen = oc::controllers_healthz(&table.host("m0")).unwrap();
    assert!(seen.ok);
    assert_eq!(seen.url, "https://m0.example.com:8444/healthz");
}

#[test]
fn a_master_tells_which_etcd_it_asks() {
    let read = "head -c 16777217 -- /etc/origin/master/master-config.yaml";
    let config = "etcdClientInfo:\n  urls:\n  - https://e0:2379\n  - https://e1:2379\n";
    let table = Scripted::new().on(read, config, 0);
    assert_eq!(
        oc::etcd_urls(&table.host("m0")).unwrap(),
        ["https://e0:2379", "https://e1:2379"]
    );
    let table = Scripted::new().on(read, "a: [\n", 0);
    let error = oc::etcd_urls(&table.host("m0")).unwrap_err();
    assert!(error.to_string().contains("master-config.yaml"), "{error}");
}

#[test]
fn an_api_that_hangs_is_given_up_and_says_so() {
    let table = Scripted::new()
        .on(&format!("{OC} get nodes -o json"), "", 124)
        .on("timeout -k 5 600 ...", "[Note] Determining\n", 124);
    let host = table.host("m0");
    for error in [
        oc::nodes(&host).unwrap_err(),
        oc::diagnostics(&host).unwrap_err(),
    ] {
        let hint = error.hint.unwrap_or_default();
        assert!(hint.contains("no answer in time"), "{hint}");
    }
}

#[test]
fn diagnostics_without_configuration_are_not_complete() {
    let text = "[Note] Determining if client configuration exists\nERROR: [DCli2012 from diagnostic X@y]\n       more\n[Note] Summary of diagnostics execution (version v3.7.23):\n[Note] Warnings seen: 3\n[Note] Errors seen: 1\n";
    let found = oc::parse_diagnostics(text).unwrap();
    assert!(found.complete && (found.errors, found.warnings) == (1, 3));
    assert_eq!(found.messages, ["[DCli2012 from diagnostic X@y] more"]);
    let text = "No client configuration specified; skipping client and cluster diagnostics.\n[Note] Summary of diagnostics execution (version v3.7.23):\n[Note] Completed with no errors or warnings seen.\n";
    assert!(!oc::parse_diagnostics(text).unwrap().complete);
    assert_eq!(oc::parse_diagnostics("killed"), None);
}

#[test]
fn v2_keys_are_counted_without_those_that_nobody_uses() {
    let ls = |words: &str| {
        format!(
            "etcdctl --cert-file /etc/etcd/peer.crt --key-file /etc/etcd/peer.key --ca-file /etc/etcd/ca.crt \
             -C https://192.168.55.8:2379 --timeout 5s ls -p {words}"
        )
    };
    let script = table(CONF)
        .on(&ls("/"), "/kubernetes.io/\n/message\n/coreos.com/\n/empty/\n/calico\n", 0)
        .on(
            &ls("--recursive /coreos.com"),
            "/coreos.com/network/\n/coreos.com/network/config\n/coreos.com/network/subnets/\n/coreos.com/network/subnets/10.1\n",
            0,
        )
        .on(&ls("--recursive /empty"), "", 0);
    let host = script.host("m0");
    let found = etcd::v2_keys(&host, &conf(&host)).unwrap();
    let expected = [("/calico", 1), ("/coreos.com", 2)].map(|(key, count)| (key.to_owned(), count));
    assert_eq!(found, std::collections::BTreeMap::from(expected));
}
