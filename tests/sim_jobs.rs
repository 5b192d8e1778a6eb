//! What a simulated shell does that a real one does not: its time is simulated, and it refuses what
//! it does not model.

use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Effect, Exit, Failure, Output, Refusal, Transport};

const START: Duration = Duration::from_secs(1_500_000_000);

struct Host {
    cluster: Arc<Cluster>,
    sim: Sim,
}

impl Host {
    fn new() -> Self {
        let machine = Machine::new("here", "192.0.2.1", 1 << 30, START);
        let cluster = Arc::new(Cluster::new(vec![machine], START));
        let sim = Sim::new(&cluster, "here", false, None);
        Self { cluster, sim }
    }

    fn try_run(&self, text: &str) -> Result<Output, Failure> {
        let command = Command::shell(text, Effect::Changes);
        self.sim.output(&command.timeout(Duration::from_secs(3600)))
    }

    fn run(&self, text: &str) -> Output {
        self.try_run(text).unwrap()
    }

    /// What `text` is refused for.
    fn refused(&self, text: &str) -> String {
        match self.try_run(text) {
            Err(Failure::NotStarted {
                refusal: Refusal::Unmodelled,
                reason,
                ..
            }) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// The seconds that `text` takes.
    fn seconds(&self, text: &str) -> u64 {
        let before = self.cluster.now();
        self.run(text);
        (self.cluster.now() - before).as_secs()
    }
}

#[test]
fn time_is_what_sleeping_takes() {
    let host = Host::new();
    assert_eq!(host.seconds("sleep 100"), 100);
    assert_eq!(host.seconds("for i in 1 2 3; do sleep 10; done"), 30);
    assert_eq!(host.seconds("sleep 100 &"), 0);
    assert_eq!(host.seconds("sleep 100 & sleep 30; wait"), 100);
    assert_eq!(host.seconds("sleep 100 & sleep 300; wait"), 300);
    assert_eq!(host.seconds("sleep 5 & sleep 20 & wait $!"), 20);
    assert_eq!(host.run("sleep 7; echo $SECONDS").text(), "7");
}

#[test]
fn what_goes_on_for_ever_meets_its_end() {
    let host = Host::new();
    for text in [
        "while :; do :; done",
        "sleep 4000",
        "sleep 5000 & wait",
        "f() { f; }; while :; do x=$(:); done",
    ] {
        let command = Command::shell(text, Effect::Reads).timeout(Duration::from_secs(100));
        let failure = host.sim.output(&command).unwrap_err();
        assert!(
            matches!(failure, Failure::TimedOut { .. }),
            "{text}: {failure}"
        );
    }
    // A reader that leaves ends the writer.
    assert_eq!(host.run("while :; do echo y; done | head -n 1").text(), "y");
    assert_eq!(host.run("yes | head -n 2").text(), "y\ny");
}

#[test]
fn a_job_lives_until_its_end_or_a_signal() {
    let host = Host::new();
    let pid: u32 = host.run("sleep 50 & echo $!").text().parse().unwrap();
    let running = host.cluster.state().machines[0].processes[&pid].clone();
    assert_eq!(running.argv, ["sleep", "50"]);
    assert_eq!(
        running.ends.map(|end| (end - running.started).as_secs()),
        Some(50)
    );
    let alive = format!("kill -0 {pid}");
    assert_eq!(host.run(&alive).exit, Exit::Status(0));
    host.run("sleep 60");
    let gone = host.run(&alive);
    assert_eq!(gone.exit, Exit::Status(1));
    assert!(
        gone.error_text().ends_with("No such process"),
        "{}",
        gone.error_text()
    );
    let output = host.run("sleep 50 & kill $!; wait $!; echo $?; kill -0 $! 2>/dev/null; echo $?");
    assert_eq!(output.text(), "143\n1");
    assert_eq!(
        host.run("sleep 50 & kill -9 $!; wait $!; echo $?").text(),
        "137"
    );
    // One that goes on for ever is there until it is killed.
    let pid = host.run("while :; do sleep 60; done & echo $!").text();
    host.run("sleep 3000");
    assert_eq!(host.run(&format!("kill {pid}")).exit, Exit::Status(0));
}

#[test]
fn a_job_has_done_its_work_and_says_so_at_once() {
    let host = Host::new();
    let output = host.run("{ sleep 5; echo late; echo kept >/tmp/f; exit 3; } & read x </tmp/f; echo $x; wait $!; echo $?");
    assert_eq!(output.text(), "late\nkept\n3");
    assert_eq!(host.run("cat & wait; echo no input").text(), "no input");
}

#[test]
fn what_is_not_modelled_is_refused_whatever_is_around() {
    let host = Host::new();
    for (text, reason) in [
        ("ulimit -n 5", "`ulimit`"),
        ("ulimit -n 5 || true", "`ulimit`"),
        ("ulimit 2>/dev/null | cat; echo x", "`ulimit`"),
        ("(ulimit) || :", "`ulimit`"),
        ("x=$(ulimit); echo $x", "`ulimit`"),
        ("ulimit & wait", "`ulimit`"),
        ("if ulimit; then :; fi", "`ulimit`"),
        ("bash -c 'sh -c ulimit'", "`ulimit`"),
        ("trap ulimit EXIT", "`ulimit`"),
        ("echo ulimit | sh", "`ulimit`"),
        ("eval ulimit", "`ulimit`"),
        ("echo $RANDOM", "`$RANDOM`"),
        ("echo $((RANDOM))", "`$RANDOM`"),
        ("set -n", "`set -n`"),
        ("time true", "`time`"),
        ("trap x ERR", "`trap x ERR`"),
        ("read -t 1 x", "`read -t`"),
        ("printf '%(x)T'", "`printf %(`"),
        (
            "printf '#!/usr/bin/perl\\n' >p; chmod +x p; ./p",
            "`perl for ./p`",
        ),
        ("sh -l", "`sh -l`"),
        (
            "x=$(printf '\\377')",
            "`$(printf '\\377'): bytes that are no text`",
        ),
        ("f() { f; }; f", "`more than 64 shells in one another`"),
        (
            "printf '#!/bin/sh\\n./s\\n' >s; chmod +x s; ./s",
            "`more than 64 shells in one another`",
        ),
    ] {
        assert_eq!(host.refused(text), reason, "{text}");
    }
    // Deep, but not too deep: it has to fit into the stack.
    let nested = |open: &str, close: &str| format!("{}echo x{}", open.repeat(60), close.repeat(60));
    assert_eq!(host.run(&nested("( ", " )")).text(), "x");
    assert_eq!(host.run(&nested("echo \"$(", ")\"")).text(), "x");
    assert_eq!(host.run(&nested("{ if true; then ", "; fi; }")).text(), "x");
    let deep = "f() { if [ $1 -gt 0 ]; then for i in 1; do case x in x) { f $(($1-1)) | cat; };; esac; done; fi; echo $1; }; f 20";
    assert!(host.run(deep).text().ends_with("\n20"));
    // Nothing is refused that is not reached.
    assert_eq!(host.run("false && ulimit; echo fine").text(), "fine");
}

#[test]
fn files_are_the_hosts() {
    let host = Host::new();
    let lines = [
        "umask 077; echo a >f; echo b >>f; stat -c %a f; cat f",
        "cat f >copy; cat copy; cat <(echo substituted); ls /dev/fd",
        "echo x >/dev/full || echo full; echo x >/dev/null; echo to stderr >/dev/stderr",
        "exec 3<>f; read x <&3; echo $x; exec 3>&-; cat f",
        "echo 1 >a1; echo 2 >a2; echo a?; rm a1; echo a[12]; cd /; echo ro*; cd /root; echo *",
    ];
    let said: Vec<String> = lines
        .map(|line| host.run(&format!("bash -c '{line}'")).text())
        .into();
    assert_eq!(
        said,
        [
            "600\na\nb",
            "a\nb\nsubstituted",
            "full",
            "a\na\nb",
            "a1 a2\na2\nroot\na2 copy f",
        ]
    );
}
