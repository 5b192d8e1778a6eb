//! The files that an installer writes, host by host.

use std::time::Duration;

use super::format::{Description, HostDescription, bytes};
use crate::transport::sim::certificate::Certificate;
use crate::transport::sim::files::{Actor, Mount, Node};
use crate::transport::sim::machine::{Login, Machine, Sudo};
use crate::transport::sim::program;

/// The first hosts's address; the others follow.
const NETWORK: &str = "192.0.2";

/// The address of the host at `place`; beyond the first network others follow.
pub fn address(place: usize) -> String {
    let number = place + 11;
    if number < 255 {
        format!("{NETWORK}.{number}")
    } else {
        format!("198.18.{}.{}", number / 250, number % 250 + 1)
    }
}

/// The name of the API of all masters.
pub fn api(description: &Description) -> String {
    format!("openshift.{}", description.domain)
}

/// A host before any package is installed.
pub fn machine(description: &Description, place: usize, now: Duration) -> Machine {
    let host = &description.hosts[place];
    let name = description.full_name(host);
    let disk = bytes(&host.disk).unwrap_or(40 << 30);
    let mut machine = Machine::new(&name, &address(place), disk, now);
    machine.login = Login {
        user: host.user.clone(),
        sudo: Sudo::Free,
    };
    let root = Actor::root(now);
    for (path, size) in &host.mounts {
        let device = format!(
            "/dev/mapper/rhel-{}",
            path.trim_start_matches('/').replace('/', "_")
        );
        let mount = Mount::new(path, &device, bytes(size).unwrap_or(10 << 30));
        machine
            .files
            .mount(mount, &root)
            .unwrap_or_else(|error| panic!("{path} of {name}: {error}"));
    }
    let put = |machine: &mut Machine, path: &str, text: String| {
        machine.lay(path, Node::file(text, now), &root);
    };
    put(
        &mut machine,
        "/etc/yum.conf",
        include_str!("files/yum.conf").to_owned(),
    );
    put(&mut machine, "/etc/yum.repos.d/redhat.repo", repositories());
    let mut hosts = "127.0.0.1 localhost\n".to_owned();
    if description.hosts.len() <= 50 {
        for (place, other) in description.hosts.iter().enumerate() {
            hosts.push_str(&format!(
                "{} {} {}\n",
                address(place),
                description.full_name(other),
                other.name
            ));
        }
    }
    put(&mut machine, "/etc/hosts", hosts);
    // The command that removes packages is there before any package is.
    for tool in ["groupadd", "useradd"] {
        let file = Node::file(program::file_of("true"), now).mode(0o755);
        machine.lay(&format!("/usr/sbin/{tool}"), file, &root);
    }
    machine
}

fn repositories() -> String {
    let mut text = String::new();
    for id in [
        "rhel-7-server-rpms",
        "rhel-7-server-extras-rpms",
        "rhel-7-fast-datapath-rpms",
        "rhel-7-server-ose-3.7-rpms",
        "rhel-7-server-ose-3.8-rpms",
        "rhel-7-server-ose-3.9-rpms",
    ] {
        let enabled = u8::from(!id.contains("3.8") && !id.contains("3.9"));
        text.push_str(&format!(
            "[{id}]\nname = {id}\nbaseurl = {}{id}\nenabled = {enabled}\ngpgcheck = 1\n\n",
            crate::transport::sim::packages::MIRROR
        ));
    }
    text
}

/// The files that go over the packages: configuration, certificates, units.
pub fn installed(
    description: &Description,
    host: &HostDescription,
    machine: &mut Machine,
    now: Duration,
) {
    let root = Actor::root(now);
    let fill = |text: &str| {
        text.replace("{host}", &machine.name)
            .replace("{address}", &machine.address)
            .replace("{domain}", &description.domain)
            .replace("{api}", &api(description))
    };
    let mut files: Vec<(String, Node)> = Vec::new();
    let mut put = |path: String, text: String| files.push((path, Node::file(text, now)));
    if host.is("etcd") {
        let members: Vec<String> = description
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| host.is("etcd"))
            .map(|(place, host)| {
                format!(
                    "{}=https://{}:2380",
                    description.full_name(host),
                    address(place)
                )
            })
            .collect();
        let conf = fill(include_str!("files/etcd.conf")).replace("{members}", &members.join(","));
        put("/etc/etcd/etcd.conf".to_owned(), conf);
        put(
            "/etc/etcd/ca.crt".to_owned(),
            certificate("etcd-signer", "etcd-signer", "", now),
        );
        let names = format!("DNS:{}, IP Address:{}", machine.name, machine.address);
        for name in ["server", "peer"] {
            put(
                format!("/etc/etcd/{name}.crt"),
                certificate(&machine.name, "etcd-signer", &names, now),
            );
            put(format!("/etc/etcd/{name}.key"), key(&machine.name, name));
        }
        put(
            "/etc/profile.d/etcdctl.sh".to_owned(),
            include_str!("files/etcdctl.sh").to_owned(),
        );
    }
    if host.is("masters") {
        master(description, machine, &fill, &mut put, now);
    }
    if host.is("nodes") {
        let node = fill(include_str!("files/node-config.yaml"));
        put("/etc/origin/node/node-config.yaml".to_owned(), node);
        put(
            "/etc/origin/node/ca.crt".to_owned(),
            certificate("openshift-signer", "openshift-signer", "", now),
        );
        let kubeconfig = include_str!("files/kubeconfig")
            .replace("{authority}", "ca.crt")
            .replace("{server}", &api(description));
        put(
            format!("/etc/origin/node/system:node:{}.kubeconfig", machine.name),
            kubeconfig,
        );
        put(
            "/etc/sysconfig/atomic-openshift-node".to_owned(),
            fill(include_str!("files/node.sysconfig")),
        );
        put(
            "/etc/sysconfig/docker-storage".to_owned(),
            include_str!("files/docker-storage").to_owned(),
        );
        put(
            "/etc/systemd/system/atomic-openshift-node.service".to_owned(),
            include_str!("files/node.service").to_owned(),
        );
    }
    for (path, node) in files {
        machine.lay(&path, node, &root);
    }
    if host.is("masters") {
        let mask = Node::link("/dev/null", now);
        machine.lay(
            "/etc/systemd/system/atomic-openshift-master.service",
            mask,
            &root,
        );
    }
    machine.lay("/var/lib/origin", Node::directory(now), &root);
    if host.is("etcd") {
        own(machine, "/etc/etcd", now);
    }
}

fn master(
    description: &Description,
    machine: &Machine,
    fill: &dyn Fn(&str) -> String,
    put: &mut dyn FnMut(String, String),
    now: Duration,
) {
    let directory = "/etc/origin/master";
    let urls: String = description
        .with("etcd")
        .map(|host| format!("  - https://{}:2379\n", description.full_name(host)))
        .collect();
    let config = fill(include_str!("files/master-config.yaml"))
        .replace("{etcd_urls}", &urls)
        .replace(
            "{masters}",
            &description.with("masters").count().to_string(),
        );
    put(format!("{directory}/master-config.yaml"), config);
    put(
        format!("{directory}/scheduler.json"),
        include_str!("files/scheduler.json").to_owned(),
    );
    for name in ["ca.crt", "ca-bundle.crt"] {
        put(
            format!("{directory}/{name}"),
            certificate("openshift-signer", "openshift-signer", "", now),
        );
    }
    put(format!("{directory}/ca.key"), key("openshift-signer", "ca"));
    put(
        format!("{directory}/master.etcd-ca.crt"),
        certificate("etcd-signer", "etcd-signer", "", now),
    );
    let names = format!(
        "DNS:{}, DNS:{}, IP Address:{}",
        machine.name,
        api(description),
        machine.address
    );
    for name in ["master.etcd-client", "master.server"] {
        put(
            format!("{directory}/{name}.crt"),
            certificate(&machine.name, "openshift-signer", &names, now),
        );
        put(format!("{directory}/{name}.key"), key(&machine.name, name));
    }
    let kubeconfig = |authority: &str| {
        include_str!("files/kubeconfig")
            .replace("{authority}", authority)
            .replace("{server}", &machine.name)
    };
    put(
        format!("{directory}/admin.kubeconfig"),
        kubeconfig("ca.crt"),
    );
    put(
        "/root/.kube/config".to_owned(),
        kubeconfig("/etc/origin/master/ca.crt"),
    );
    put(
        format!("{directory}/openshift-ansible-catalog-console.js"),
        "window.OPENSHIFT_CONSTANTS.TEMPLATE_SERVICE_BROKER_ENABLED=true\n".to_owned(),
    );
    for (part, port, also) in [
        ("api", "8443", "WantedBy=atomic-openshift-node.service\n"),
        ("controllers", "8444", ""),
    ] {
        let sysconfig = fill(include_str!("files/master.sysconfig")).replace("{port}", port);
        put(
            format!("/etc/sysconfig/atomic-openshift-master-{part}"),
            sysconfig,
        );
        let unit = include_str!("files/master.service")
            .replace("{part}", part)
            .replace("{also}\n", also);
        put(
            format!("/usr/lib/systemd/system/atomic-openshift-master-{part}.service"),
            unit,
        );
    }
}

/// Gives everything below `directory` to etcd alone.
fn own(machine: &mut Machine, directory: &str, now: Duration) {
    let root = Actor::root(now);
    let paths: Vec<String> = machine
        .files
        .walk(directory)
        .map(|all| all.into_iter().map(|(path, _)| path).collect())
        .unwrap_or_default();
    for path in paths {
        let done = machine.files.alter(&path, false, &root, |node| {
            node.owner = "etcd".into();
            node.group = "etcd".into();
            node.mode = if node.is_directory() { 0o700 } else { 0o600 };
        });
        done.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

/// A certificate of `subject` that `issuer` signed, for five years.
fn certificate(subject: &str, issuer: &str, names: &str, now: Duration) -> String {
    const FIVE_YEARS: Duration = Duration::from_secs(5 * 365 * 86_400);
    let names = names.split(", ").filter(|name| !name.is_empty());
    let certificate = Certificate {
        subject: format!("/CN={subject}"),
        issuer: format!("/CN={issuer}"),
        serial: 1,
        not_before: now,
        not_after: now + FIVE_YEARS,
        names: names.map(str::to_owned).collect(),
    };
    certificate.to_string()
}

fn key(subject: &str, name: &str) -> String {
    format!(
        "-----BEGIN RSA PRIVATE KEY-----\nsimulated: {subject} {name}\n-----END RSA PRIVATE KEY-----\n"
    )
}
