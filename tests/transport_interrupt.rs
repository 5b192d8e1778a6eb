//! Ctrl-C ends every wait. A binary of its own, because the flag is the whole process's.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use each::on_each;
use ocpdg::transport::{Command, Effect, Failure, interrupt};

#[test]
fn an_interrupt_ends_the_wait_for_a_command() {
    on_each(|transport| {
        let mut texts = vec!["while :; do echo y; done"];
        // Time that is simulated passes at once.
        if transport.clock().simulated().is_none() {
            texts.push("sleep 30");
        }
        for text in texts {
            let started = Instant::now();
            let failure = std::thread::scope(|scope| {
                let command = scope.spawn(|| {
                    let command = Command::shell(text, Effect::Reads);
                    transport.output(&command).unwrap_err()
                });
                std::thread::sleep(Duration::from_millis(500));
                interrupt::request();
                command.join().unwrap()
            });
            interrupt::flag().store(false, Ordering::Relaxed);
            assert!(matches!(failure, Failure::Interrupted { .. }), "{failure}");
            assert!(started.elapsed() < Duration::from_secs(5));
        }
        let output = transport
            .output(&Command::reads(["echo", "alive"]))
            .unwrap();
        assert_eq!(output.text(), "alive");
    });
}
