//! Places whose host `one` is this machine: over SSH, and without.

#![allow(dead_code)] // every test binary uses its own part of it

use super::program::Place;
use super::sshd;

/// A place whose host `one` is reached over a private SSH server, which goes with what is returned.
pub fn over_ssh() -> (Place, sshd::Sshd) {
    let server = sshd::Setup::new().start();
    let place = Place::new();
    place.write(
        "hosts",
        &format!(
            "[masters]\none ansible_host=127.0.0.1 ansible_port={} ansible_user={} \
             ansible_ssh_private_key_file={} ansible_become=false\n[etcd]\none\n[nodes]\none\n",
            server.port,
            sshd::current_user(),
            server.path("user").display(),
        ),
    );
    let key = server.host_key("ed25519");
    place.write(
        ".ssh/known_hosts",
        &format!("[127.0.0.1]:{} {key}\n", server.port),
    );
    (place, server)
}

/// A place whose host `one` is reached without a connection.
pub fn locally() -> Place {
    let place = Place::new();
    place.write(
        "hosts",
        "[masters]\none ansible_connection=local ansible_become=false\n[etcd]\none\n[nodes]\none\n",
    );
    place
}

/// Calls `test` with a place of each kind.
pub fn over_ssh_and_locally(test: impl Fn(&Place)) {
    let (place, _server) = over_ssh();
    println!("over ssh");
    test(&place);
    println!("locally");
    test(&locally());
}

/// `script` with `EVIDENCE` made the absolute path of the file of that name.
pub fn write(place: &Place, script: &str) {
    let evidence = place.path("evidence").display().to_string();
    place.write("test.rhai", &script.replace("EVIDENCE", &evidence));
}
