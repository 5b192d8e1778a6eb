//! Commands that outlive their connection, asked of each transport that has them.

#[path = "support/each.rs"]
mod each;
#[path = "support/rooted.rs"]
mod rooted;
#[path = "support/sshd.rs"]
mod sshd;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use each::{on_each, on_real};
use ocpdg::transport::detached::{
    ByShell, Detached, Operation, OperationId, Seen, Verdict, follow, settle,
};
use ocpdg::transport::{Command, Effect, Exit, Failure, Refusal, Stream, Streams, Transport};

fn changes(text: &str) -> Command {
    Command::shell(text, Effect::Changes)
}

/// A name that no other test has.
fn fresh() -> OperationId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let run = format!("test-{}", std::process::id());
    OperationId::of(&run, NEXT.fetch_add(1, Ordering::Relaxed))
}

fn operation<'a>(id: &'a OperationId, command: &'a Command) -> Operation<'a> {
    Operation {
        id,
        command,
        start: true,
        spent: &[],
    }
}

/// What came of an operation: its verdict, and its outputs as text.
type Came = (Result<Verdict, Failure>, String, String);

fn attach(way: &dyn Detached, operation: &Operation<'_>, seen: &mut Seen) -> Came {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let verdict = way.attach(operation, seen, &mut |stream, bytes| {
        match stream {
            Stream::Stdout => &mut out,
            Stream::Stderr => &mut err,
        }
        .extend_from_slice(bytes);
        Ok(())
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (verdict, text(out), text(err))
}

fn run(way: &dyn Detached, id: &OperationId, command: &Command) -> Came {
    attach(way, &operation(id, command), &mut Seen::default())
}

fn done(status: u8) -> Result<Verdict, Failure> {
    Ok(Verdict::Done(Exit::Status(status)))
}

/// The directory of the record of `id`, as root or not.
fn record(way: &dyn Transport, id: &OperationId) -> String {
    let root = "if [ $(id -u) = 0 ]; then echo /var/lib/ocpdg/operations; else echo ~/.ocpdg/operations; fi";
    let root = way.output(&Command::shell(root, Effect::Reads)).unwrap();
    format!("{}/{id}", root.text())
}

fn look(way: &dyn Transport, text: &str) -> String {
    let output = way.output(&Command::shell(text, Effect::Reads)).unwrap();
    assert!(output.exit.success(), "{text}: {}", output.error_text());
    output.text()
}

#[test]
fn what_a_command_says_and_how_it_ends_comes_back() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        for status in [0, 1, 77, 127, 255] {
            let id = fresh();
            let command = changes(&format!("echo out; echo err >&2; exit {status}"));
            let (verdict, out, err) = run(&*way, &id, &command);
            assert_eq!(verdict, done(status));
            assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
            way.forget(&[id]).unwrap();
        }
        let id = fresh();
        let (verdict, ..) = run(&*way, &id, &changes("kill -9 $$"));
        assert_eq!(verdict, Ok(Verdict::Done(Exit::Signal(9))));
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn environment_input_and_words_arrive_untouched() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        let value = "it's \"$HOME\" \\ `x`\n  two lines; ümlaut\n";
        let id = fresh();
        let command = changes("printf %s \"$SECRET\"; cat; umask")
            .env("SECRET", value)
            .stdin("input\n");
        let (verdict, out, _) = run(&*way, &id, &command);
        assert_eq!(verdict, done(0));
        let mask = look(&*transport, "umask");
        assert_eq!(out, format!("{value}input\n{mask}\n"));
        way.forget(&[id]).unwrap();

        let id = fresh();
        let words = ["printf", "[%s]", "a b", "it's", "", "\n"];
        let (verdict, out, _) = run(&*way, &id, &Command::changes(words));
        assert_eq!((verdict, out.as_str()), (done(0), "[a b][it's][][\n]"));
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn it_is_started_once_however_often_it_is_asked_for() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        let file = look(&*transport, "mktemp");
        let id = fresh();
        let command = changes(&format!("echo once >>{file}; echo said"));
        for _ in 0..3 {
            let (verdict, out, _) = run(&*way, &id, &command);
            assert_eq!((verdict, out.as_str()), (done(0), "said\n"));
        }
        assert_eq!(look(&*transport, &format!("cat {file}")), "once");
        look(&*transport, &format!("rm {file}"));
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn many_that_ask_at_the_same_moment_start_it_once() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let file = look(&*transport, "mktemp");
        let id = fresh();
        let command = changes(&format!("echo once >>{file}; sleep 0.3; echo said"));
        std::thread::scope(|scope| {
            let asked: Vec<_> = (0..5)
                .map(|_| scope.spawn(|| run(&*way, &id, &command)))
                .collect();
            for one in asked {
                let (verdict, out, _) = one.join().unwrap();
                assert_eq!((verdict, out.as_str()), (done(0), "said\n"));
            }
        });
        assert_eq!(look(&*transport, &format!("cat {file}")), "once");
        look(&*transport, &format!("rm {file}"));
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn who_comes_back_hears_the_rest_and_nothing_twice() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let command = changes("for i in 1 2 3; do echo $i; echo e$i >&2; sleep 0.4; done; exit 5");
        let (mut seen, mut out) = (Seen::default(), Vec::new());
        let lost = way.attach(
            &operation(&id, &command),
            &mut seen,
            &mut |stream, bytes| {
                if stream == Stream::Stdout {
                    out.extend_from_slice(bytes);
                    return Err(io::Error::other("the line is cut"));
                }
                Ok(())
            },
        );
        assert!(matches!(lost, Err(Failure::Lost { .. })), "{lost:?}");
        assert_eq!(out, b"1\n");
        let (verdict, rest, _) = attach(&*way, &operation(&id, &command), &mut seen);
        assert_eq!((verdict, rest.as_str()), (done(5), "2\n3\n"));
        assert_eq!(
            seen,
            Seen {
                stdout: 6,
                stderr: 9
            }
        );
        way.forget(&[id]).unwrap();
    });
}

/// Counts the commands that go over a transport: each is one round trip.
struct Counted<'a>(&'a dyn Transport, AtomicU64);

impl Transport for Counted<'_> {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute(command, streams)
    }
}

#[test]
fn it_takes_one_round_trip_and_so_does_removing_what_it_left() {
    on_real(|transport| {
        let counted = Counted(&*transport, AtomicU64::new(0));
        let way = ByShell::new(&counted, "m1");
        let mut spent = Vec::new();
        for round in 1..=3 {
            let id = fresh();
            let command = changes("echo out; sleep 0.2; echo more; exit 2");
            let next = Operation {
                spent: &spent,
                ..operation(&id, &command)
            };
            assert_eq!(attach(&way, &next, &mut Seen::default()).0, done(2));
            assert_eq!(counted.1.load(Ordering::Relaxed), round);
            spent = vec![id];
        }
        way.forget(&spent).unwrap();
        assert_eq!(counted.1.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn output_is_seen_while_it_runs() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let started = Instant::now();
        let mut first = None;
        let verdict = way.attach(
            &operation(&id, &changes("echo early; sleep 2")),
            &mut Seen::default(),
            &mut |_, _| {
                first.get_or_insert(started.elapsed());
                Ok(())
            },
        );
        assert_eq!(verdict, done(0));
        assert!(first.unwrap() + Duration::from_secs(1) < started.elapsed());
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn one_that_is_only_looked_for_is_not_started_and_never_will_be() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let settled = |id: &OperationId| {
            let take: &mut ocpdg::transport::detached::Taker<'_> = &mut |_, _| Ok(());
            settle(&*way, transport.clock(), id, "echo", take, &mut |_| {}).unwrap()
        };
        assert_eq!(settled(&id), Verdict::Absent);
        // What started it was still on its way, and comes too late.
        let file = look(&*transport, "mktemp -u");
        let (verdict, out, err) = run(&*way, &id, &changes(&format!("touch {file}")));
        assert_eq!(verdict, Ok(Verdict::Unstarted));
        assert_eq!((out.as_str(), err.as_str()), ("", ""));
        look(&*transport, &format!("test ! -e {file}"));
        assert_eq!(settled(&id), Verdict::Unstarted);

        let other = fresh();
        assert_eq!(run(&*way, &other, &changes("exit 3")).0, done(3));
        assert_eq!(settled(&other), Verdict::Done(Exit::Status(3)));
        way.forget(&[id, other]).unwrap();
    });
}

#[test]
fn another_command_under_the_same_name_is_refused_and_both_are_shown() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let first = Command::changes(["echo", "the first"]);
        assert_eq!(run(&*way, &id, &first).0, done(0));
        let (verdict, ..) = run(&*way, &id, &Command::changes(["echo", "another"]));
        let Err(Failure::NotStarted {
            refusal: Refusal::Record,
            reason,
            ..
        }) = verdict
        else {
            panic!("{verdict:?}")
        };
        let both = format!(
            "operation {id} is on record there with another command: `echo 'the first'`, not `echo another`"
        );
        assert_eq!(reason, both);
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn what_runs_is_found_and_what_is_spent_is_removed() {
    on_each(|transport| {
        let way = transport.detached().unwrap();
        let (first, second) = (fresh(), fresh());
        assert_eq!(run(&*way, &first, &changes("exit 4")).0, done(4));
        let verdict = |id: &OperationId| {
            let all = way.leftovers().unwrap();
            all.into_iter().find(|(one, _)| one == id).map(|(_, it)| it)
        };
        assert_eq!(verdict(&first), Some(Verdict::Done(Exit::Status(4))));
        let command = changes("true");
        let next = Operation {
            spent: std::slice::from_ref(&first),
            ..operation(&second, &command)
        };
        assert_eq!(attach(&*way, &next, &mut Seen::default()).0, done(0));
        assert_eq!(verdict(&first), None);
        way.forget(std::slice::from_ref(&second)).unwrap();
        assert_eq!(verdict(&second), None);
    });
}

#[test]
fn a_command_outlives_its_supervisor_and_is_waited_for() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let place = record(&*transport, &id);
        let command = changes(&format!(
            "read pid rest <{place}/state; kill -9 $pid; sleep 1; echo the end"
        ));
        let (verdict, out, _) = run(&*way, &id, &command);
        assert_eq!((verdict, out.as_str()), (Ok(Verdict::Killed), "the end\n"));
        let mut away = |_: &str| panic!("it is not away");
        let failed = follow(
            &*way,
            transport.clock(),
            &operation(&id, &command),
            &mut |_, _| Ok(()),
            &mut away,
        );
        assert!(matches!(failed, Err(Failure::CutOff { .. })), "{failed:?}");
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn what_the_end_of_the_host_cut_off_is_told_apart() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let place = record(&*transport, &id);
        // As after a boot: the state names another one, and the process is nobody's or another's.
        let command = changes(&format!(
            "sed -i 's/ [^ ]*$/ 00000000-0000-0000-0000-000000000000/' {place}/state; sleep 1"
        ));
        assert_eq!(run(&*way, &id, &command).0, Ok(Verdict::Rebooted));
        std::thread::sleep(Duration::from_millis(1500));
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn its_record_is_for_its_owner_only_and_holds_no_secret_in_sight() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let id = fresh();
        let place = record(&*transport, &id);
        let command = changes(&format!(
            "stat -c %a {place} {place}/environment {place}/job; cat /proc/[0-9]*/cmdline 2>/dev/null | tr -d '\\0' | grep -c 'hunter[2]2'"
        ))
        .env("PASSWORD", "hunter22");
        let (_, out, _) = run(&*way, &id, &command);
        assert_eq!(out, "700\n600\n600\n0\n");
        way.forget(&[id]).unwrap();
    });
}

#[test]
fn a_host_that_cannot_keep_the_record_does_not_start_the_command() {
    let Some(host) = rooted::Rooted::new() else {
        return;
    };
    let way = ByShell::new(&host, "m1");
    let refused = |way: &dyn Detached, why: &str| {
        let (verdict, ..) = run(way, &fresh(), &changes("touch /etc/started"));
        let Err(failure) = &verdict else {
            panic!("{verdict:?}")
        };
        let text = failure.to_string();
        assert!(text.starts_with("`m1` cannot keep a record"), "{text}");
        assert!(text.contains(why), "{text}");
        assert!(!host.path("/etc/started").exists());
    };
    let place = host.path("/var/lib/ocpdg/operations");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "").unwrap();
    refused(&way, "File exists");
    std::fs::remove_file(&place).unwrap();

    // A full disk, as `cat` meets it.
    host.program(
        "cat",
        "echo \"cat: write error: No space left on device\" >&2; exit 1",
    );
    refused(&way, "No space left on device");
    let left: Vec<_> = std::fs::read_dir(&place).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_shell_of_the_host_may_be_bash() {
    let Some(host) = rooted::Rooted::new() else {
        return;
    };
    host.program("sh", "exec bash --posix \"$@\"");
    let way = ByShell::new(&host, "m1");
    let id = fresh();
    let command = changes("echo out; cat; echo err >&2; sleep 0.1; exit 7").stdin("in\n");
    for _ in 0..2 {
        let (verdict, out, err) = run(&way, &id, &command);
        assert_eq!(
            (verdict, out.as_str(), err.as_str()),
            (done(7), "out\nin\n", "err\n")
        );
    }
    assert_eq!(way.leftovers().unwrap().len(), 1);
    way.forget(&[id]).unwrap();
    assert!(!host.exists("/var/lib/ocpdg/operations"));
}

#[test]
fn a_clock_that_jumps_makes_no_running_command_a_lost_one() {
    let Some(host) = rooted::Rooted::new() else {
        return;
    };
    host.program("date", "echo 'Fri Jan  1 00:00:00 UTC 1999'");
    let way = ByShell::new(&host, "m1");
    let id = fresh();
    // After it, the records are decades old.
    let jump = "touch -d 1999-01-01 /var/lib/ocpdg/operations/* /var/lib/ocpdg/operations/*/*";
    let command = changes(&format!("{jump} && echo jumped; sleep 1; exit 7"));
    for _ in 0..2 {
        let (verdict, out, _) = run(&way, &id, &command);
        assert_eq!((verdict, out.as_str()), (done(7), "jumped\n"));
    }
    way.forget(&[id]).unwrap();
    assert!(!host.exists("/var/lib/ocpdg/operations"));
}

#[test]
fn one_that_nobody_began_is_never_begun() {
    on_real(|transport| {
        let way = transport.detached().unwrap();
        let (id, file) = (fresh(), look(&*transport, "mktemp -u"));
        let place = record(&*transport, &id);
        // Who followed it took the claim, as it does when no supervisor comes up.
        look(
            &*transport,
            &format!(
                "mkdir -p {place}/claim && touch {place}/unstarted {place}/job {place}/out {place}/err"
            ),
        );
        let command = changes(&format!("touch {file}"));
        let only_looked_for = Operation {
            start: false,
            ..operation(&id, &command)
        };
        let (verdict, ..) = attach(&*way, &only_looked_for, &mut Seen::default());
        assert_eq!(verdict, Ok(Verdict::Unstarted));
        look(&*transport, &format!("test ! -e {file}"));
        way.forget(&[id]).unwrap();
    });
}
