//! The shipped simulated clusters: what they are before anything is done to them.

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::{Description, build};
use ocpdg::transport::{Command, Effect, Transport};

#[test]
fn the_all_in_one_cluster_was_upgraded() {
    let description = Description::shipped("aio").unwrap();
    let cluster = build(&description).unwrap();
    let sim = Sim::new(&cluster, "master-1.sim.test", false, None);
    let run = |text: &str| {
        let output = sim.output(&Command::shell(text, Effect::Reads)).unwrap();
        println!("$ {text}\n{}{}", output.text(), output.error_text());
        output.text()
    };
    assert!(run("rpm -q atomic-openshift").starts_with("atomic-openshift-3.9.14"));
    run(
        "ls -l /var/lib/etcd; docker version; oc get nodes; systemctl is-active etcd docker atomic-openshift-node atomic-openshift-master-api",
    );
    run("ls -l /etc/origin/master; cat /etc/yum.conf; yum history list");
}
