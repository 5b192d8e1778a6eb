//! Files: of which the content is taken, of which only that they exist.
//!
//! Content is taken of files that are named here, and of no others.

use std::sync::LazyLock;

use regex::Regex;

use super::{Notes, conceal};
use crate::error::{Error, Result};
use crate::primitive::{Host, file, openssl};
use crate::transport::Command;
use crate::transport::sim::build::facts::{CertificateFacts, FileFacts, HostFacts};

/// Where to look. What lies below is listed, but for other units.
const ROOTS: &[&str] = &[
    "/etc/origin",
    "/etc/etcd",
    "/etc/docker",
    "/etc/sysconfig",
    "/etc/yum.conf",
    "/etc/yum.repos.d",
    "/etc/yum/pluginconf.d",
    "/etc/rhsm/rhsm.conf",
    "/etc/dnsmasq.d",
    "/etc/hosts",
    "/etc/redhat-release",
    "/etc/profile.d/etcdctl.sh",
    "/etc/systemd/system",
    "/usr/lib/systemd/system",
    "/root/.kube/config",
    "/var/lib/ocpdg",
    "/var/lib/dockershim/sandbox",
    "/var/lib/cni/networks/openshift-sdn",
];

/// The files whose content is taken.
static READ: LazyLock<Regex> = LazyLock::new(|| {
    let copies = r"(\..*|~)?";
    let patterns = [
        r"/etc/origin/master/(master-config\.yaml|scheduler\.json)@",
        r"/etc/origin/master/openshift-ansible-catalog-console\.js@",
        r"/etc/origin/node/node-config\.yaml@",
        r"/etc/etcd/etcd\.conf@",
        r"/etc/docker/daemon\.json@",
        r"/etc/sysconfig/(atomic-openshift-[a-z-]+|origin-[a-z-]+|docker[a-z-]*|openvswitch|flanneld|iptables)@",
        r"/etc/yum\.conf@",
        r"/etc/yum\.repos\.d/[^/]+",
        r"/etc/yum/pluginconf\.d/[^/]+",
        r"/etc/rhsm/rhsm\.conf",
        r"/etc/dnsmasq\.d/[^/]+\.conf",
        r"/etc/(hosts|redhat-release)",
        r"/etc/profile\.d/etcdctl\.sh",
        r"/(etc|usr/lib)/systemd/system/UNIT\.service",
        r"/(etc|usr/lib)/systemd/system/UNIT\.service\.d/[^/]+\.conf",
    ];
    whole(&patterns.join("|").replace('@', copies))
});

/// The files that are listed although nothing but their existence is told.
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    whole(
        r"/etc/(origin|etcd|docker|yum\.repos\.d|dnsmasq\.d)(/.*)?|/var/lib/(ocpdg|dockershim|cni)(/.*)?|/root/\.kube/config|/(etc|usr/lib)/systemd/system/([a-z.-]+\.(wants|requires)/)?UNIT\.service(\.d)?",
    )
});

fn whole(pattern: &str) -> Regex {
    let units = r"(etcd|etcd_container|docker|openvswitch|ovsdb-server|ovs-vswitchd|dnsmasq|flanneld|(atomic-openshift|origin)-[a-z-]+)";
    let pattern = format!("^({})$", pattern.replace("UNIT", units));
    Regex::new(&pattern).expect("the pattern is one")
}

/// Adds the files of `host` to `found`.
pub(super) fn look(host: &Host, found: &mut HostFacts, notes: &mut Notes) -> Result<()> {
    let mut files = notes.keep("files", listed(host))?;
    for one in &mut files {
        if one.kind != "file" {
            continue;
        }
        let looked = inside(host, one);
        let path = one.path.clone();
        notes.keep(&path, looked)?;
    }
    found.files = files;
    Ok(())
}

/// What there is, nothing read yet.
fn listed(host: &Host) -> Result<Vec<FileFacts>> {
    const FORMAT: &str = r"%y\t%m\t%u\t%g\t%T@\t%s\t%l\t%p\0";
    let there = file::stat_many(host, ROOTS)?.into_iter().flatten();
    let mut argv = vec!["find".to_owned()];
    argv.extend(there.map(|stat| stat.path));
    argv.extend(["-xdev", "-maxdepth", "6", "-printf", FORMAT].map(str::to_owned));
    let output = host.run(&file::in_english(Command::reads(argv)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut files: Vec<FileFacts> = text
        .split_terminator('\0')
        .filter_map(|record| {
            let fields: Vec<&str> = record.splitn(8, '\t').collect();
            let [kind, mode, owner, group, time, size, target, path] = fields[..] else {
                return None;
            };
            let kind = match kind {
                "f" => "file",
                "d" => "directory",
                "l" => "link",
                _ => return None,
            };
            if !READ.is_match(path) && !LISTED.is_match(path) {
                return None;
            }
            Some(FileFacts {
                path: path.to_owned(),
                kind: kind.to_owned(),
                owner: owner.to_owned(),
                group: group.to_owned(),
                mode: format!("{mode:0>4}"),
                modified: time.split('.').next()?.parse().ok()?,
                size: size.parse().ok()?,
                target: target.to_owned(),
                ..FileFacts::default()
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Takes from the file what may be taken.
fn inside(host: &Host, one: &mut FileFacts) -> Result<()> {
    let path = one.path.as_str();
    if READ.is_match(path) {
        one.content = Some(conceal(&file::read(host, path)?));
    } else if path.ends_with(".crt") {
        one.certificate = certificate(host, path)?;
    } else if path.ends_with(".key") {
        one.fingerprint = file::sha256(host, path)?;
    } else if path.ends_with(".kubeconfig") || path == "/root/.kube/config" {
        // Only these two lines leave the host.
        let argv = [
            "grep",
            "-hE",
            "^ +(server|certificate-authority): ",
            "--",
            path,
        ];
        let text = host.output(&Command::reads(argv))?.text();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map_or_else(String::new, |value| conceal(value.trim()))
        };
        one.server = value("server: ");
        one.authority = value("certificate-authority: ");
    }
    Ok(())
}

fn certificate(host: &Host, path: &str) -> Result<Option<CertificateFacts>> {
    let argv = [
        "openssl",
        "x509",
        "-in",
        path,
        "-noout",
        "-subject",
        "-enddate",
        "-fingerprint",
        "-sha256",
        "-text",
    ];
    let command = file::in_english(Command::reads(argv));
    let output = host.output(&command)?;
    if !output.exit.success() {
        return Ok(None);
    }
    let text = output.text();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let end = value("notAfter=");
    let not_after = jiff::civil::DateTime::strptime("%b %d %H:%M:%S %Y GMT", &end)
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
        .map_err(|error| {
            Error::state(
                host.name(),
                format!("`{path}`"),
                "a date",
                error.to_string(),
            )
        })?;
    let print = text.lines().find(|line| line.contains(" Fingerprint="));
    let print = print.and_then(|line| line.split_once('='));
    Ok(Some(CertificateFacts {
        subject: value("subject="),
        names: openssl::names(&text),
        not_after: not_after.timestamp().as_second(),
        fingerprint: print.map_or_else(String::new, |(_, value)| value.to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_taken_of_configuration_only() {
        for path in [
            "/etc/origin/master/master-config.yaml",
            "/etc/origin/master/master-config.yaml.20180405T093110",
            "/etc/origin/master/scheduler.json.1234.2018-04-05@09:31:02~",
            "/etc/sysconfig/atomic-openshift-node.rpmsave",
            "/etc/systemd/system/etcd.service.d/temp.conf",
            "/usr/lib/systemd/system/atomic-openshift-master-api.service",
        ] {
            assert!(READ.is_match(path), "{path}");
        }
        for path in [
            "/etc/origin/master/htpasswd",
            "/etc/origin/master/session-secrets.yaml",
            "/etc/origin/master/ca.key",
            "/etc/origin/master/admin.kubeconfig",
            "/etc/docker/key.json",
            "/etc/sysconfig/network",
            "/etc/origin/master/encryption-config.yaml",
        ] {
            assert!(!READ.is_match(path), "{path}");
        }
        assert!(LISTED.is_match("/etc/systemd/system/multi-user.target.wants/etcd.service"));
        assert!(!LISTED.is_match("/etc/systemd/system/sshd.service"));
    }
}
