//! 6.5: containers, images, and Docker in another version.

use crate::by_hand;
use crate::manual::Manual;
use crate::rehearsal::Rehearsal;

#[test]
fn an_image_with_two_names_stays() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    let ids = host.ask("docker images -q");
    assert_ne!(
        host.ask("docker images -q | sort -u"),
        ids,
        "ids are repeated"
    );
    let removed = host.run(Manual::step("6.5_remove_containers"));
    removed.says(
        1,
        &["(must be forced) - image is referenced in multiple repositories"],
    );
    assert_eq!(host.ask("docker ps -aq"), "");
    assert_ne!(host.ask("docker images -q"), "");
    // Forced, each comes twice, and is not there the second time.
    host.run("docker rmi -f $(docker images -q)")
        .says(1, &["No such image"]);
    // Once all are gone, nothing is an error too.
    host.run("docker rmi -f $(docker images -aq | sort -u)");
    host.run(Manual::step("6.5_remove_containers")).says(
        1,
        &[
            "\"docker rm\" requires at least 1 argument(s).",
            "\"docker rmi\" requires at least 1 argument(s).",
        ],
    );
}

#[test]
fn a_swap_that_finds_nothing_to_remove_installs_nothing() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    // A first try was cut off between the two halves.
    host.ask("yum -y remove 'docker*'");
    let swap = "yum swap docker-* docker-*1.12.6 -y";
    host.run(swap).says(0, &["No Match for argument: docker-*"]);
    host.run("rpm -q docker")
        .says(1, &["package docker is not installed"]);
    host.run(Manual::step("6.5_swap"))
        .says(5, &["Unit not found"]);
}

#[test]
fn the_pattern_brings_another_docker_along() {
    let cluster = Rehearsal::of("aio");
    by_hand::stop(&cluster);
    by_hand::docker(&cluster);
    cluster
        .on("master-1")
        .run("rpm -q docker docker-latest")
        .says(0, &["docker-1.12.6", "docker-latest-1.12.6"]);
}

#[test]
fn the_shell_fills_in_the_pattern_before_yum_sees_it() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    by_hand::remove(&cluster);
    let step = Manual::step("6.5_swap");
    let swap = step.as_ref().lines().nth(1).unwrap();
    host.run(format!("cd /etc/sysconfig && {swap}"))
        .says(0, &["No Match for argument: docker-network"]);
    host.run("rpm -q docker").says(0, &["docker-1.13.1"]);
}

#[test]
fn a_host_that_kept_its_docker_loses_all_images_for_nothing() {
    // The upgrade died before the nodes: Docker is 1.12 everywhere.
    let cluster = Rehearsal::of("aio-failed-at-3.8");
    let host = cluster.on("master-1");
    assert_eq!(
        host.ask("docker version --format '{{.Server.Version}}'"),
        "1.12.6"
    );
    by_hand::stop(&cluster);
    by_hand::docker(&cluster);
    assert_eq!(host.ask("docker images -aq"), "");
    // By the script they stay.
    let cluster = Rehearsal::of("aio-failed-at-3.8");
    let host = cluster.on("master-1");
    let (containers, images) = (host.ask("docker ps -aq"), host.ask("docker images -aq"));
    cluster.downgrade(&[]).unwrap();
    assert!(host.ask("docker ps -aq").starts_with(&containers));
    assert!(host.ask("docker images -aq").starts_with(&images));
}
