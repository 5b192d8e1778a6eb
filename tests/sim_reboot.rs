//! Reboots of a simulated host: what it loses, what it starts by itself, who sees it down.

#[path = "support/suffering.rs"]
mod suffering;

use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::fault::{Fault, What, When};
use ocpdg::transport::{Command, Effect, Failure, Transport};
use suffering::{Host, seconds};

/// What tells the state of the services that matter, a word each.
const STATES: &str = "systemctl is-active etcd docker openvswitch atomic-openshift-master-api atomic-openshift-master-controllers atomic-openshift-node";

#[test]
fn a_host_reboots_and_starts_what_is_enabled() {
    let reboot = |nth| {
        Fault::new(What::Reboot {
            when: When::Before,
            away: Duration::ZERO,
        })
        .at("*reboot-here")
        .nth(nth)
    };
    let host = Host::aio([reboot(1), reboot(2)]);
    let boot_id = host.run("cat /proc/sys/kernel/random/boot_id");
    host.run("touch /run/volatile /tmp/kept; touch -d '2017-01-01' /tmp/old; sleep 1000 & systemctl stop docker");
    host.run("systemctl disable openvswitch; systemctl mask atomic-openshift-master-controllers");
    assert_eq!(host.run(": reboot-here"), "");
    assert_ne!(host.run("cat /proc/sys/kernel/random/boot_id"), boot_id);
    assert_eq!(
        host.run("ls /run/volatile /tmp/kept /tmp/old 2>/dev/null"),
        "/tmp/kept"
    );
    assert_eq!(host.run("ps -e -o args | grep '[s]leep'; :"), "");
    assert_eq!(
        host.run("journalctl -u etcd --no-pager | grep -c 'Started'"),
        "1"
    );
    // The node wants docker, requires openvswitch and pulls the API in.
    assert_eq!(
        host.run(STATES),
        "active\nactive\nactive\nactive\ninactive\nactive"
    );
    assert!(host.run("oc get nodes").contains(" Ready "));
    let running = host.run("docker ps -q | wc -l");
    assert_eq!(running, "6", "{}", host.run("docker ps -a"));

    // What is masked stays down, whatever wants it.
    host.run(
        "systemctl stop atomic-openshift-master-api atomic-openshift-node etcd docker openvswitch",
    );
    host.run("systemctl mask atomic-openshift-master-api etcd; mv /etc/systemd/system/atomic-openshift-node.service /root; ln -s /dev/null /etc/systemd/system/atomic-openshift-node.service");
    host.run(": reboot-here");
    assert_eq!(
        host.run(STATES),
        "inactive\nactive\ninactive\ninactive\ninactive\ninactive"
    );
}

#[test]
fn a_host_that_reboots_is_away_meanwhile() {
    for when in [When::Before, When::During, When::After] {
        let reboot = What::Reboot {
            when,
            away: seconds(60),
        };
        let host = Host::with([Fault::new(reboot).at("touch")]);
        let ended = host.try_run("touch /run/volatile /file");
        match when {
            When::Before => assert!(
                matches!(ended, Err(Failure::NotStarted { .. })),
                "{ended:?}"
            ),
            When::During => assert!(matches!(ended, Err(Failure::Lost { .. })), "{ended:?}"),
            When::After => assert!(ended.unwrap().exit.success()),
        }
        let two = Sim::new(&host.cluster, "two.sim.test", false, None);
        let knock = Command::shell("bash -c '</dev/tcp/192.0.2.1/22'", Effect::Reads);
        assert!(!two.output(&knock).unwrap().exit.success());
        assert!(host.is_unreachable());
        host.sleep(61);
        assert!(two.output(&knock).unwrap().exit.success());
        let left = host.run("ls /run/volatile /file 2>/dev/null; :");
        let expected = if when == When::Before { "" } else { "/file" };
        assert_eq!(left, expected, "{when:?}");
        let now = host.cluster.now();
        let booted = host.cluster.state().machines[0].booted;
        assert!((now - booted).as_secs() < 3, "{:?}", now - booted);
    }
}
