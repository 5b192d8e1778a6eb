//! `openshift start master api`, `start master controllers`, `start node`.

use serde_json::Value;

use super::super::openshift::{self, ETCD_URLS, NODE_API, NODE_NAME, beside};
use super::super::process::{Ended, Process};
use super::super::stream::{Halt, Serving};
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("openshift-3.7.23", |process, argv| {
        openshift(process, argv, "3.7.23")
    }),
    ("openshift-3.8.37", |process, argv| {
        openshift(process, argv, "3.8.37")
    }),
    ("openshift-3.9.14", |process, argv| {
        openshift(process, argv, "3.9.14")
    }),
    ("ovsdb-server", simple),
    ("ovs-vswitchd", simple),
    ("ovs-vsctl", |process, _| {
        process.line("ovs-vsctl (Open vSwitch) 2.9.0")?;
        Ok(0)
    }),
];

/// A daemon that needs nothing and does nothing.
fn simple(_process: &mut Process<'_>, argv: &[String]) -> Ended {
    let program = argv[0].rsplit('/').next().unwrap_or_default().to_owned();
    Err(Halt::Serving(Serving {
        program,
        argv: argv.to_vec(),
        listens: Vec::new(),
        ready: true,
    }))
}

fn openshift(process: &mut Process<'_>, argv: &[String], version: &str) -> Ended {
    let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
    let config = words.iter().find_map(|word| word.strip_prefix("--config="));
    let listens = match words.as_slice() {
        ["version", ..] => {
            process.line(format_args!(
                "openshift v{version}\nkubernetes {}",
                openshift::kubelet(version)
            ))?;
            return Ok(0);
        }
        ["start", "master", "api", ..] => vec![8443],
        ["start", "master", "controllers", ..] => vec![8444],
        ["start", "node", ..] => vec![10250],
        _ => return process.unmodelled(argv.join(" ")),
    };
    let Some(config) = config else {
        return process.fail(1, "Error: --config is required");
    };
    let done = match listens.as_slice() {
        [8443] => api(process, version, config),
        [8444] => controllers(process, version, config),
        _ => node(process, version, config),
    };
    if let Err(reason) = done {
        return process.fail(255, reason);
    }
    process.complain(format!("Started OpenShift v{version}\n"))?;
    Err(Halt::Serving(Serving {
        program: format!("openshift-{version}"),
        argv: argv.to_vec(),
        listens,
        ready: true,
    }))
}

/// Whether the API can start; it keeps in mind where its etcd is.
fn api(process: &mut Process<'_>, version: &str, path: &str) -> Result<(), String> {
    let config = openshift::check_master(&process.here().files, version, path)?;
    let urls: Vec<String> = config["etcdClientInfo"]["urls"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let mut reason = "no endpoints available".to_owned();
    let mut answers = false;
    {
        let state = process.cluster.state();
        for url in &urls {
            match super::super::etcd::locate(&state, process.machine, url) {
                Ok((group, _)) if state.etcd.groups[&group].has_quorum() => answers = true,
                Ok(_) => reason = "etcdserver: request timed out".to_owned(),
                Err(other) => reason = other,
            }
        }
    }
    if !answers {
        return Err(format!("F start_master.go: {reason}"));
    }
    process
        .environment
        .insert(ETCD_URLS.to_owned(), urls.join(","));
    Ok(())
}

fn controllers(process: &mut Process<'_>, version: &str, path: &str) -> Result<(), String> {
    let config = openshift::check_master(&process.here().files, version, path)?;
    openshift::check_scheduler(&process.here().files, version, &config, path)
}

fn node(process: &mut Process<'_>, version: &str, path: &str) -> Result<(), String> {
    let config = openshift::load(&process.here().files, path)?;
    if !process
        .here()
        .units
        .state("openvswitch.service")
        .active
        .is_up()
    {
        return Err(
            "F sdn_node: error on port br0: ovs-vsctl: database connection failed".to_owned(),
        );
    }
    let Some(docker) = super::docker::server(process) else {
        return Err("F failed to run Kubelet: cannot connect to the Docker daemon".to_owned());
    };
    let old = docker.starts_with("1.12.");
    if openshift::minor(version) >= 9 && old {
        return Err(format!(
            "F failed to run Kubelet: docker {docker} is too old"
        ));
    }
    if openshift::minor(version) == 7 && !old {
        return Err(format!(
            "F failed to run Kubelet: docker {docker} is not supported by this release"
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kubeconfig = beside(path, &text(&config["masterKubeConfig"]));
    let client = openshift::load(&process.here().files, &kubeconfig)?;
    let server = text(&client["clusters"][0]["cluster"]["server"]);
    process
        .environment
        .insert(NODE_NAME.to_owned(), text(&config["nodeName"]));
    process.environment.insert(NODE_API.to_owned(), server);
    Ok(())
}
