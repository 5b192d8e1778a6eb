//! Faults by plan: what a host and its controller see of each of them.

#[path = "support/suffering.rs"]
mod suffering;

use std::time::Duration;

use ocpdg::transport::clock::Clock;
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::{Description, build};
use ocpdg::transport::sim::fault::{Damage, Fault, FaultPlan, What, When};
use ocpdg::transport::{Command, Effect, Exit, Failure, Refusal, Transport};
use suffering::{Host, seconds};

#[test]
fn a_command_ends_with_a_status_instead_of_running() {
    let host = Host::with([Fault::new(What::Exit {
        status: 3,
        stderr: "no way".to_owned(),
    })
    .at("touch")
    .nth(2)]);
    host.run("touch /first");
    let output = host.try_run("touch /second").unwrap();
    assert_eq!(output.exit, Exit::Status(3));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "no way\n");
    host.run("touch /third");
    assert_eq!(
        host.run("ls -d /first /second /third 2>/dev/null"),
        "/first\n/third"
    );
}

#[test]
fn a_fault_strikes_where_it_is_told() {
    let exit = || What::Exit {
        status: 9,
        stderr: String::new(),
    };
    let strikes = |fault: Fault, text: &str| {
        let host = Host::with([fault]);
        host.try_run(text).unwrap().exit == Exit::Status(9)
    };
    assert!(strikes(Fault::new(exit()), "true"));
    assert!(strikes(Fault::new(exit()).on("one"), "true"));
    assert!(strikes(
        Fault::new(exit()).on("*.sim.test").at("ru"),
        "true"
    ));
    assert!(strikes(Fault::new(exit()).at("echo *a[bc]"), "echo / ab"));
    assert!(!strikes(Fault::new(exit()).at("cho *a[bc]"), "echo / ab"));
    assert!(!strikes(Fault::new(exit()).on("two*"), "true"));
    let host = Host::with([Fault::new(exit()).every()]);
    for _ in 0..3 {
        assert_eq!(host.try_run("true").unwrap().exit, Exit::Status(9));
    }
    // Occurrences count over all hosts.
    let host = Host::with([Fault::new(exit()).nth(2)]);
    let two = Sim::new(&host.cluster, "two.sim.test", false, None);
    host.run("true");
    let output = two.output(&Command::reads(["true"])).unwrap();
    assert_eq!(output.exit, Exit::Status(9));
}

#[test]
fn a_fault_for_a_host_that_is_none_is_refused() {
    let plan =
        FaultPlan::parse("version = 1\n\n[[fault]]\nhost = \"three\"\ndo = \"hang\"\n").unwrap();
    let wrong = Host::with([]).cluster.suffer(&plan).unwrap_err();
    assert_eq!(wrong.line, 3);
    assert_eq!(
        wrong.reason,
        "host `three` is none of one.sim.test, two.sim.test"
    );
}

#[test]
fn a_command_hangs_until_its_time_is_over() {
    let host = Host::with([Fault::new(What::Hang).every()]);
    let command = Command::shell("touch /never", Effect::Changes);
    for (command, limit) in [(command.clone(), 3600), (command.timeout(seconds(40)), 40)] {
        let before = host.seconds();
        let failure = host.sim.output(&command).unwrap_err();
        assert!(
            matches!(failure, Failure::TimedOut { limit_secs, .. } if limit_secs == limit),
            "{failure}"
        );
        assert_eq!(host.seconds() - before, limit);
    }
    host.cluster.suffer(&FaultPlan::default()).unwrap();
    assert_eq!(
        host.try_run("test -e /never").unwrap().exit,
        Exit::Status(1)
    );
}

#[test]
fn a_connection_drops_before_during_and_after_a_command() {
    for (when, is_done) in [
        (When::Before, false),
        (When::During, true),
        (When::After, true),
    ] {
        let drop = What::Drop {
            when,
            away: seconds(90),
        };
        let host = Host::with([Fault::new(drop).at("touch")]);
        let ended = host.try_run("touch /file");
        match when {
            When::Before => assert!(
                matches!(
                    ended,
                    Err(Failure::NotStarted {
                        refusal: Refusal::Unreachable,
                        ..
                    })
                ),
                "{ended:?}"
            ),
            When::During => assert!(matches!(ended, Err(Failure::Lost { .. })), "{ended:?}"),
            When::After => assert!(ended.unwrap().exit.success()),
        }
        assert!(host.is_unreachable(), "{when:?}");
        host.sleep(89);
        assert!(host.is_unreachable(), "{when:?}");
        host.sleep(2);
        let found = host.run("test -e /file && echo done");
        assert_eq!(found == "done", is_done, "{when:?}");
    }
}

#[test]
fn a_connection_that_is_back_at_once_only_costs_the_command() {
    let drop = What::Drop {
        when: When::During,
        away: Duration::ZERO,
    };
    let host = Host::with([Fault::new(drop)]);
    assert!(matches!(
        host.try_run("touch /file"),
        Err(Failure::Lost { .. })
    ));
    assert_eq!(host.run("ls /file"), "/file");
}

#[test]
fn the_controller_is_killed_before_a_command_or_before_it_hears_of_its_end() {
    for (when, left) in [(When::Before, ""), (When::After, "/file")] {
        let host = Host::with([Fault::new(What::KillController { when }).at("touch")]);
        host.cluster.kill_by(|host, command| Failure::Interrupted {
            host: host.to_owned(),
            command: command.to_owned(),
        });
        let failure = host.try_run("touch /file").unwrap_err();
        assert!(failure.is_interrupt(), "{failure}");
        assert_eq!(host.run("ls /file 2>/dev/null; :"), left);
    }
}

#[test]
fn a_disk_is_full() {
    let host = Host::with([Fault::new(What::FillDisk {
        path: "/var/lib".to_owned(),
        leave: 8192,
    })
    .at("cp")]);
    host.run("head -c 6000 /dev/zero >/six; mkdir /var/lib/x");
    assert_eq!(
        host.try_run("cp /six /var/lib/x/").unwrap().exit,
        Exit::Status(0)
    );
    let output = host.try_run("cp /six /var/lib/x/again").unwrap();
    assert_eq!(output.exit, Exit::Status(1));
    let said = output.error_text();
    assert!(said.contains("No space left on device"), "{said}");
    assert!(
        host.run("df -P /").contains(" 100% /"),
        "{}",
        host.run("df -P /")
    );
}

#[test]
fn a_file_is_damaged_and_nothing_tells_of_it() {
    for (damage, content) in [
        (Damage::Truncate(3), "abc"),
        (Damage::Flip(0), "\u{fffd}bcdef"),
        (Damage::Flip(100), "abcdef"),
    ] {
        let corrupt = What::Corrupt {
            path: "/data/*/file".to_owned(),
            damage,
        };
        let host = Host::with([Fault::new(corrupt).at("cat")]);
        host.run("mkdir -p /data/one; printf abcdef >/data/one/file; printf abcdef >/data/file");
        host.run("touch -d '2018-01-01' /data/one/file");
        assert_eq!(host.run("cat /data/one/file"), content);
        assert_eq!(host.run("cat /data/file"), "abcdef");
        assert!(
            host.run("stat -c %y /data/one/file")
                .starts_with("2018-01-01")
        );
        let unharmed = host.cluster.unharmed();
        assert_eq!(
            unharmed.len(),
            usize::from(content == "abcdef"),
            "{unharmed:?}"
        );
    }
}

#[test]
fn a_slow_command_meets_its_time_limit() {
    let slow = What::Slow { by: seconds(100) };
    let host = Host::with([Fault::new(slow).every()]);
    host.run("true");
    assert_eq!(host.seconds(), 100);
    let command = Command::shell("touch /never", Effect::Changes).timeout(seconds(60));
    let failure = host.sim.output(&command).unwrap_err();
    assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
    assert_eq!(host.seconds(), 160);
}

#[test]
fn what_is_not_modelled_is_said_whatever_else_goes_wrong() {
    let drop = What::Drop {
        when: When::During,
        away: seconds(5),
    };
    let host = Host::with([Fault::new(drop)]);
    let failure = host.try_run("awk 1 /etc/passwd || :").unwrap_err();
    assert!(
        matches!(
            failure,
            Failure::NotStarted {
                refusal: Refusal::Unmodelled,
                ..
            }
        ),
        "{failure}"
    );
}

#[test]
fn a_fault_that_did_not_happen_is_named() {
    let host = Host::with([
        Fault::new(What::Hang).on("two").at("yum"),
        Fault::new(What::Hang).at("true").nth(3),
        Fault::new(What::Slow { by: seconds(1) }).at("true"),
    ]);
    host.run("true");
    host.run("true");
    assert_eq!(
        host.cluster.unharmed(),
        [
            "the fault `hang`, host `two`, command `yum` did not happen: no command matched",
            "the fault `hang`, command `true` did not happen: 2 of 3 commands matched"
        ]
    );
}

#[test]
fn a_runs_time_has_an_end() {
    let host = Host::with([]);
    host.cluster.clock.allow(seconds(3600));
    host.run("sleep 600");
    // A command's own time limit does not go beyond it.
    let command = Command::shell("while :; do sleep 60; done", Effect::Changes);
    let failure = host
        .sim
        .output(&command.timeout(seconds(90_000)))
        .unwrap_err();
    assert!(matches!(failure, Failure::Lost { .. }), "{failure}");
    let said = failure.to_string();
    assert!(
        said.contains("simulated time that the run may take is over"),
        "{said}"
    );
    assert_eq!(host.seconds(), 3600);
    assert_eq!(host.cluster.clock.overspent(), Some(seconds(3600)));
    assert!(host.is_unreachable());
}

#[test]
fn the_page_about_the_simulation_shows_files_that_can_be_read() {
    let page = include_str!("../docs/simulation.md");
    let mut shown = page.split("```toml\n").skip(1);
    let mut block = || shown.next().unwrap().split("```").next().unwrap();
    let description = Description::parse(block()).unwrap();
    assert_eq!(description.hosts.len(), 3);
    build(&description).unwrap();
    let plan = FaultPlan::parse(block()).unwrap();
    assert_eq!((plan.faults.len(), plan.hours), (3, Some(24)));
}
