//! Whether a port answers: with real connections on loopback, and in the words of other networks.

#[path = "support/scripted.rs"]
mod scripted;

use std::net::TcpListener;
use std::sync::Arc;

use ocpdg::error::Kind;
use ocpdg::primitive::port::{Answer, probe};
use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::local::Local;
use scripted::{Reply, Scripted};

fn this_machine() -> Host {
    let local = Local::new("here", false, None);
    Host::new("here", Arc::new(local), Arc::new(Unobserved))
}

#[test]
fn a_listener_is_open_and_its_absence_is_refused() {
    let host = this_machine();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let open = probe(&host, "127.0.0.1", port).unwrap();
    assert_eq!((open.answer, open.detail.as_str()), (Answer::Open, "open"));
    assert_eq!(
        probe(&host, "localhost", port).unwrap().answer,
        Answer::Open
    );
    drop(listener);
    let refused = probe(&host, "127.0.0.1", port).unwrap();
    assert_eq!(refused.answer, Answer::Refused);
}

#[test]
fn a_silent_or_forbidden_port_does_not_answer() {
    for (status, words, detail) in [
        (124, "", "nothing within 5 s"),
        (
            1,
            "ocpdg-probe: connect: No route to host\nocpdg-probe: line 0: /dev/tcp/m0/2380: No route to host\n",
            "No route to host",
        ),
        (
            1,
            "ocpdg-probe: connect: Network is unreachable\n",
            "Network is unreachable",
        ),
    ] {
        let reply = Reply::new("", status).stderr(words);
        let host = Scripted::new().reply("timeout 5 bash ...", reply).host("x");
        let found = probe(&host, "m0", 2380).unwrap();
        assert_eq!(
            (found.answer, found.detail.as_str()),
            (Answer::NoAnswer, detail)
        );
    }
}

#[test]
fn what_was_not_tried_is_no_answer_either_way() {
    let words = "ocpdg-probe: nowhere: Name or service not known\nocpdg-probe: line 0: /dev/tcp/nowhere/1: Invalid argument\n";
    let reply = Reply::new("", 1).stderr(words);
    let table = Scripted::new().reply("timeout 5 bash ...", reply);
    let host = table.host("x");
    let error = probe(&host, "nowhere", 1).unwrap_err();
    assert!(matches!(*error.kind, Kind::Command { .. }), "{error}");
    assert!(error.hint.unwrap().contains("getent hosts nowhere"));
    for odd in ["", "a b", "-x", "$(id)", "a/b"] {
        let error = probe(&host, odd, 1).unwrap_err();
        assert!(
            matches!(*error.kind, Kind::Invalid { .. }),
            "{odd}: {error}"
        );
    }
    assert_eq!(table.lines().len(), 1);
}

#[test]
fn brackets_of_a_url_are_not_part_of_the_address() {
    let table = Scripted::new().on("timeout 5 bash ...", "", 0);
    let host = table.host("x");
    assert_eq!(probe(&host, "[::1]", 2380).unwrap().address, "::1");
    assert!(table.lines()[0].ends_with(" ocpdg-probe ::1 2380"));
}
