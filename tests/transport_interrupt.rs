//! Ctrl-C ends every wait but one for a change. A binary of its own, because the flag is the whole
//! process's.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use each::{on_each, on_real};
use ocpdg::transport::{Command, Effect, Failure, Output, Transport, interrupt};

/// The tests share the flag.
static TURN: Mutex<()> = Mutex::new(());

/// Runs `text` and calls `meanwhile` half a second later; what came of it, and how long it took.
fn while_running(
    transport: &dyn Transport,
    text: &str,
    effect: Effect,
    meanwhile: impl FnOnce(),
) -> (Result<Output, Failure>, Duration) {
    let _turn = TURN.lock().unwrap();
    let started = Instant::now();
    let result = std::thread::scope(|scope| {
        let command = scope.spawn(|| transport.output(&Command::shell(text, effect)));
        std::thread::sleep(Duration::from_millis(500));
        meanwhile();
        command.join().unwrap()
    });
    interrupt::withdraw();
    (result, started.elapsed())
}

#[test]
fn an_interrupt_ends_the_wait_for_a_command_that_looks() {
    on_each(|transport| {
        let mut texts = vec!["while :; do echo y; done"];
        // Time that is simulated passes at once.
        if transport.clock().simulated().is_none() {
            texts.push("sleep 30");
        }
        for text in texts {
            let (result, took) = while_running(&*transport, text, Effect::Reads, || {
                interrupt::request();
            });
            let failure = result.unwrap_err();
            assert!(matches!(failure, Failure::Interrupted { .. }), "{failure}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        let output = transport
            .output(&Command::reads(["echo", "alive"]))
            .unwrap();
        assert_eq!(output.text(), "alive");
    });
}

#[test]
fn an_interrupt_lets_a_command_that_changes_something_end() {
    on_each(|transport| {
        for text in [
            "sleep 2; echo done",
            // With output all the time, as yum has.
            "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done; echo done",
        ] {
            let (result, _) = while_running(&*transport, text, Effect::Changes, || {
                interrupt::request();
            });
            let output = result.unwrap();
            assert!(output.exit.success());
            assert!(output.text().ends_with("done"), "{}", output.text());
        }
    });
}

#[test]
fn a_second_interrupt_leaves_a_command_that_changes_something_and_it_goes_on_alone() {
    on_real(|transport| {
        let dir = tempfile::tempdir().unwrap();
        let evidence = dir.path().join("evidence");
        let text = format!("sleep 3; echo done >{}", evidence.display());
        let (result, took) = while_running(&*transport, &text, Effect::Changes, || {
            interrupt::request();
            interrupt::insist();
        });
        let failure = result.unwrap_err();
        assert!(matches!(failure, Failure::Interrupted { .. }), "{failure}");
        assert!(failure.to_string().contains("may still be running"));
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert!(!evidence.exists(), "it was waited for");
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(std::fs::read_to_string(&evidence).unwrap(), "done\n");
    });
}
