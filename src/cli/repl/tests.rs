//! What TAB offers on a large cluster.

use std::sync::Arc;
use std::time::Instant;

use super::completion::{complete, signature};
use crate::cli::progress::Progress;
use crate::cli::prompt::Terminal;
use crate::journal::{self, Event, Journal};
use crate::primitive::{Host, Observer};
use crate::procedure::Span;
use crate::script::{Cluster, Company, Console, Group, HostRef, Runtime, Session};
use crate::transport::clock::SystemClock;
use crate::transport::local::Local;

/// A console on 2,000 hosts that are never asked.
fn console(place: &std::path::Path) -> Console {
    let first = |run: &str| Event::RunStarted {
        format: journal::FORMAT,
        run: run.to_owned(),
        cluster: "large".to_owned(),
        inventory: String::new(),
        script: "repl".to_owned(),
        sources: Default::default(),
        parameters: Default::default(),
        libraries: Vec::new(),
        limit: Vec::new(),
        from: None,
        hosts: Vec::new(),
        operator: String::new(),
        version: String::new(),
    };
    let session = Session {
        journal: Journal::create(place, "large", first).unwrap(),
        runtime: Runtime::new(Vec::new()),
        parameters: Default::default(),
        known: Vec::new(),
        forks: 1,
        span: Span::default(),
        mark: None,
    };
    let company = Company {
        display: Progress::start(false),
        operator: Arc::new(Terminal { yes: true }),
        clock: Arc::new(SystemClock),
    };
    let hosts = |observer: &Arc<dyn Observer>, _: &Journal| {
        let hosts = (0..2000).map(|at| {
            let name = format!("node-{at}.example.com");
            let local = Arc::new(Local::new(&name, false, None));
            let groups = ["nodes", if at < 3 { "masters" } else { "compute" }];
            let groups = groups.map(str::to_owned).into_iter().collect();
            HostRef::new(Host::new(&name, local, Arc::clone(observer)), groups, at)
        });
        Cluster {
            first_master: "node-0.example.com".to_owned(),
            all: Group::new(hosts),
            left_out: Vec::new(),
        }
    };
    let (runtime, assembled) = session.assemble(company, &[], hosts).unwrap();
    Console::new(runtime, assembled.run, assembled.cluster)
}

#[test]
fn names_are_offered_by_the_type_of_what_stands_before_them() {
    let place = tempfile::tempdir().unwrap();
    let mut console = console(place.path());
    let mut offered = |line: &str| {
        let (start, names) = complete(line, line.len(), &mut console);
        (line[start..].to_owned(), names)
    };
    for (line, names) in [
        ("cluster::host(\"x\").systemctl.is_a", &["is_active("][..]),
        (
            "cluster::nodes.filter(|h| h.name == \"x\").firs",
            &["first"],
        ),
        ("cluster::nodes[\"x\"].yum.rem", &["remove("]),
        ("each(target, |h| 1).val", &["values"]),
        ("target.yum.install([\"x\"]).hos", &["hosts"]),
        ("cluster::left_out.pus", &["push("]),
        ("\"text\".to_upp", &["to_upper("]),
        ("target.yum.remove(\"x\", #{ lock", &["lock_wait_secs: "]),
        ("step(\"a\", target, |host| host.oc.node", &["nodes("]),
        ("f(\"node-1999.", &["node-1999.example.com"]),
        ("@comp", &["compute"]),
        ("@compute - node-1999", &["node-1999.example.com"]),
        ("1 + ", &[]),
        (":q", &["quit"]),
    ] {
        assert_eq!(offered(line).1, names, "{line}");
    }
    let unknown = offered("nothing.known.of.it.x");
    assert_eq!(unknown.1, Vec::<String>::new());
    let way = |line: &str, console: &mut Console| signature(line, console).unwrap_or_default();
    assert_eq!(
        way("target.etcd.join(a, ", &mut console),
        "etcd.join(first, evidence)"
    );
    assert_eq!(
        way("etcd::restore(", &mut console),
        "etcd::restore(backups)"
    );
    assert_eq!(way("note(", &mut console), "note(text: string)");
    assert_eq!(way("1 + 1", &mut console), "");
}

#[test]
fn names_are_offered_on_two_thousand_hosts() {
    let place = tempfile::tempdir().unwrap();
    let mut console = console(place.path());
    for line in [
        "@node-1",
        "@nodes - node-19",
        "target.run(\"node-1",
        "target.systemctl.",
        "cluster::masters.yum.",
        "con",
        "help etc",
    ] {
        let begun = Instant::now();
        let (_, names) = complete(line, line.len(), &mut console);
        println!("`{line}`: {} names in {:?}", names.len(), begun.elapsed());
        assert!(!names.is_empty(), "{line}");
    }
}
