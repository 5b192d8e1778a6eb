//! What every transport promises, asked of each in turn: SSH to a real server, the local one, and a
//! simulated host.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::io::{self, Read};
use std::time::{Duration, Instant};

use each::on_each;
use ocpdg::transport::{
    Command, Effect, Exit, Failure, Output, Refusal, Stream, Streams, Transport,
};

fn shell(text: &str) -> Command {
    Command::shell(text, Effect::Reads)
}

fn run(transport: &dyn Transport, text: &str) -> Output {
    transport.output(&shell(text)).unwrap()
}

#[test]
fn a_status_comes_back() {
    on_each(|transport| {
        for status in [0, 1, 2, 77, 126, 127, 128, 200, 255] {
            let output = run(&*transport, &format!("exit {status}"));
            assert_eq!(output.exit, Exit::Status(status));
        }
    });
}

#[test]
fn a_signal_death_is_not_a_status() {
    on_each(|transport| {
        for signal in [1, 2, 9, 11, 13, 15] {
            let output = run(&*transport, &format!("echo before; kill -{signal} $$"));
            assert_eq!(output.exit, Exit::Signal(signal), "signal {signal}");
            assert_eq!(output.text(), "before");
            assert_eq!(output.error_text(), "");
        }
    });
}

#[test]
fn both_streams_come_apart_and_whole() {
    on_each(|transport| {
        for size in [0, 1, 64 << 20] {
            let text = format!(
                "head -c {size} /dev/zero | tr '\\0' o & head -c {size} /dev/zero | tr '\\0' e >&2; wait"
            );
            let output = run(&*transport, &text);
            assert_eq!(output.exit, Exit::Status(0));
            assert_eq!(output.stdout.len(), size);
            assert_eq!(output.stderr.len(), size);
            assert!(output.stdout.iter().all(|byte| *byte == b'o'));
            assert!(output.stderr.iter().all(|byte| *byte == b'e'));
        }
    });
}

#[test]
fn every_byte_survives_both_ways() {
    on_each(|transport| {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let command = shell("cat").stdin(bytes.clone());
        assert_eq!(transport.output(&command).unwrap().stdout, bytes);
    });
}

#[test]
fn what_looks_like_framing_passes_through() {
    on_each(|transport| {
        for text in [":", ":ocpdg-", "::ocpdg-0123456789abcdef", ":ocpdg-:ocpdg-"] {
            let output = transport
                .output(&Command::reads(["printf", "%s", text]))
                .unwrap();
            assert_eq!(output.stdout, text.as_bytes());
        }
    });
}

#[test]
fn large_input_arrives_while_output_flows() {
    on_each(|transport| {
        let size = 16 << 20;
        let mut input = io::repeat(b'x').take(size);
        let mut received = 0;
        let exit = transport
            .execute(
                &shell("cat"),
                Streams {
                    input: &mut input,
                    output: &mut |stream, bytes| {
                        assert_eq!(stream, Stream::Stdout);
                        received += bytes.len() as u64;
                        Ok(())
                    },
                },
            )
            .unwrap();
        assert_eq!((exit, received), (Exit::Status(0), size));
    });
}

#[test]
fn input_that_nobody_reads_is_no_failure() {
    on_each(|transport| {
        let command = shell("head -c 3; exit 4").stdin(vec![b'x'; 4 << 20]);
        let output = transport.output(&command).unwrap();
        assert_eq!(
            (output.exit, output.text().as_str()),
            (Exit::Status(4), "xxx")
        );
    });
}

#[test]
fn without_input_a_command_sees_its_end() {
    on_each(|transport| {
        let output = run(&*transport, "cat; echo done");
        assert_eq!(output.text(), "done");
    });
}

#[test]
fn the_environment_arrives_and_is_not_on_the_command_line() {
    on_each(|transport| {
        let value = "it's \"$HOME\" \\ `x`\n  two lines; ümlaut\n";
        let command = shell("printf %s \"$SECRET\"; cat; cat /proc/[0-9]*/cmdline 2>/dev/null | tr -d '\\0' | grep -c 'two lines; [ü]' >&2")
            .env("SECRET", value)
            .env("OTHER", "")
            .stdin("input");
        let output = transport.output(&command).unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("{value}input")
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "0\n");
    });
}

#[test]
fn words_reach_the_program_as_they_are() {
    on_each(|transport| {
        let words = [
            "", " ", "a b", "'", "\"", "$x", "`x`", "a\nb", "*", "~", "-n", "ü", "=a", "!", "\\",
        ];
        let mut argv = vec!["printf", "<%s>"];
        argv.extend(words);
        let output = transport.output(&Command::reads(argv)).unwrap();
        let expected: String = words.iter().map(|word| format!("<{word}>")).collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    });
}

#[test]
fn no_shell_interprets_a_program_name() {
    on_each(|transport| {
        let output = transport.output(&Command::reads(["exit", "3"])).unwrap();
        assert_eq!(output.exit, Exit::Status(127));
        for argv in [vec![], vec![""], vec!["-x"], vec!["true", "a\0b"]] {
            let failure = transport.output(&Command::reads(argv)).unwrap_err();
            assert!(
                matches!(
                    &failure,
                    Failure::NotStarted {
                        refusal: Refusal::Start,
                        ..
                    }
                ),
                "{failure}"
            );
        }
    });
}

#[test]
fn a_long_command_runs() {
    on_each(|transport| {
        let text = format!("x='{}'; echo ${{#x}}", "y".repeat(100_000));
        assert_eq!(run(&*transport, &text).text(), "100000");
    });
}

#[test]
fn a_syntax_error_is_the_commands_own() {
    on_each(|transport| {
        let output = run(&*transport, "if; )");
        assert!(
            matches!(output.exit, Exit::Status(1..=2)),
            "{:?}",
            output.exit
        );
        assert!(!output.stderr.is_empty());
    });
}

#[test]
fn a_background_process_does_not_hold_the_command() {
    on_each(|transport| {
        let started = Instant::now();
        let output = run(&*transport, "sleep 20 & echo $!");
        assert!(started.elapsed() < Duration::from_secs(10));
        run(&*transport, &format!("kill {}", output.text()));
    });
}

#[test]
fn an_overdue_command_is_given_up() {
    on_each(|transport| {
        let started = Instant::now();
        let command = shell("sleep 30").timeout(Duration::from_secs(1));
        let failure = transport.output(&command).unwrap_err();
        assert!(
            matches!(failure, Failure::TimedOut { limit_secs: 1, .. }),
            "{failure}"
        );
        let noisy = shell("while :; do echo y; done").timeout(Duration::from_secs(1));
        let failure = transport.output(&noisy).unwrap_err();
        assert!(
            matches!(failure, Failure::TimedOut { limit_secs: 1, .. }),
            "{failure}"
        );
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(run(&*transport, "echo alive").text(), "alive");
    });
}

#[test]
fn output_that_is_refused_abandons_the_command() {
    on_each(|transport| {
        let failure = transport
            .execute(
                &shell("yes"),
                Streams {
                    input: &mut io::empty(),
                    output: &mut |_, _| Err(io::Error::other("no room")),
                },
            )
            .unwrap_err();
        assert!(failure.to_string().contains("no room"), "{failure}");
        assert_eq!(run(&*transport, "echo alive").text(), "alive");
    });
}

#[test]
fn ten_thousand_commands_run_one_after_another() {
    on_each(|transport| {
        for number in 0..10_000 {
            let output = transport
                .output(&Command::reads(["echo", &number.to_string()]))
                .unwrap();
            assert_eq!(output.exit, Exit::Status(0));
            assert_eq!(output.text(), number.to_string());
        }
    });
}

#[test]
fn commands_run_side_by_side() {
    on_each(|transport| {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..25 {
                let transport = &transport;
                scope.spawn(move || {
                    for turn in 0..4 {
                        let text =
                            format!("sleep 0.2; echo {thread}.{turn}; seq 20000; seq 20000 >&2");
                        let output = run(&**transport, &text);
                        assert!(output.text().starts_with(&format!("{thread}.{turn}\n")));
                        assert!(output.text().ends_with("\n20000"));
                        assert!(output.error_text().ends_with("\n20000"));
                    }
                });
            }
        });
        // 100 commands of 0.2 s each: in turn they would take 20 s.
        assert!(
            started.elapsed() < Duration::from_secs(18),
            "{:?}",
            started.elapsed()
        );
    });
}

#[test]
fn a_slow_reader_slows_only_its_own_command() {
    on_each(|transport| {
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| {
                let mut size = 0;
                transport
                    .execute(
                        &shell("head -c 20000000 /dev/zero"),
                        Streams {
                            input: &mut io::empty(),
                            output: &mut |_, bytes| {
                                if size == 0 {
                                    std::thread::sleep(Duration::from_secs(2));
                                }
                                size += bytes.len();
                                Ok(())
                            },
                        },
                    )
                    .unwrap();
                size
            });
            std::thread::sleep(Duration::from_millis(300));
            let started = Instant::now();
            assert_eq!(run(&*transport, "echo quick").text(), "quick");
            assert!(started.elapsed() < Duration::from_millis(1500));
            assert_eq!(slow.join().unwrap(), 20_000_000);
        });
    });
}
