//! The journal of a real run: read back at every length, damaged, shared by threads, shown.

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocpdg::journal::{self, Event, Journal, Record, StepId, Summary};
use program::Place;

/// A run with a bit of everything in it.
const SCRIPT: &str = r#"
phase("6.1 Look", || {
    step("look", cluster::first_master, |host| host.run("printf 'a\nb\n'", #{ read_only: true }).stdout);
    step("write", cluster::nodes, |host| {
        if host.name == "two" { throw "not here\nnor there"; }
        host.run("echo one >> evidence; echo two >> evidence");
        host.run(["sh", "-c", "echo oops >&2; exit 3"], #{ check: false }).rc
    });
    table(["host", "state"], [["one", "ready"], ["two", ()]]);
});
"#;

/// The journal of a run that had a note, an answer, a failure and a resume.
fn recorded() -> Place {
    let place = Place::new();
    let script =
        format!("note(\"two\\nlines\");\nconfirm(\"Go on?\", [\"nothing is lost\"]);\n{SCRIPT}");
    let seen = place.run_with(&script, &["--yes", "--forks", "1"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    let seen = place.ocpdg(&["resume", "--without", "two", "--forks", "1"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    place
}

fn summary(directory: &Path) -> Summary {
    let name = |path: &Path| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    Summary {
        run: name(directory),
        directory: directory.to_owned(),
        cluster: name(directory.parent().expect("below a cluster")),
    }
}

/// A journal with `bytes` in a directory like that of `place`'s only run.
fn with_bytes(root: &Path, place: &Place, bytes: &[u8]) -> Summary {
    let own = summary(&place.runs()[0]);
    let directory = root.join(own.cluster).join(own.run);
    fs::create_dir_all(&directory).expect("it can be made");
    fs::write(directory.join("journal.jsonl"), bytes).expect("it can be written");
    summary(&directory)
}

#[test]
fn cut_at_every_byte_it_reads_back_to_what_was_whole() {
    let place = recorded();
    let bytes = fs::read(place.journal()).expect("it can be read");
    let (whole, torn) = summary(&place.runs()[0]).read().expect("it is sound");
    assert_eq!(torn, None);
    let root = tempfile::tempdir().expect("a directory");
    let mut lines = 0;
    for length in 0..bytes.len() {
        let at_end = length > 0 && bytes[length - 1] == b'\n';
        lines += usize::from(at_end);
        let summary = with_bytes(root.path(), &place, &bytes[..length]);
        match summary.read() {
            Ok((records, torn)) => {
                assert_eq!(records, whole[..lines], "at {length}");
                assert_eq!(torn.is_none(), at_end, "at {length}: {torn:?}");
            }
            Err(error) => {
                assert_eq!(lines, 0, "at {length}: {error}");
                assert!(error.to_string().contains("no whole record"), "{error}");
                assert!(error.hint.is_some());
            }
        }
    }
    assert_eq!(lines + 1, whole.len());
}

/// Reopens the journal of `run`, whose lock was let go of: a program that another test starts at this
/// moment has it too, from its fork to its exec.
fn reopen(root: &Path, run: &Summary) -> (Journal, Vec<Record>, Option<String>) {
    for _ in 0..100 {
        match Journal::reopen(root, run) {
            Err(error) if error.to_string().contains("another run is working") => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            result => return result.expect("it reopens"),
        }
    }
    panic!("the lock was never let go of");
}

#[test]
fn cut_anywhere_it_goes_on() {
    let place = recorded();
    let bytes = fs::read(place.journal()).expect("it can be read");
    let first = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a line")
        + 1;
    let root = tempfile::tempdir().expect("a directory");
    // Every length within a few lines, and a spread over the rest.
    let lengths = (first..first + 600).chain((first + 600..bytes.len()).step_by(97));
    for length in lengths.filter(|length| *length <= bytes.len()) {
        let summary = with_bytes(root.path(), &place, &bytes[..length]);
        let (journal, records, torn) = reopen(root.path(), &summary);
        let resumed = Event::Resumed {
            format: journal::FORMAT,
            version: "0".to_owned(),
            operator: "tester".to_owned(),
            sources: std::collections::BTreeMap::new(),
            parameters: serde_json::Map::new(),
        };
        journal.append(resumed).expect("it goes on");
        drop(journal);
        let (after, still_torn) = summary.read().expect("it is sound");
        assert_eq!(after.len(), records.len() + 1, "at {length}, {torn:?}");
        assert_eq!(still_torn, None, "at {length}");
    }
}

#[test]
fn a_flipped_bit_before_the_end_is_refused_with_its_line() {
    let place = recorded();
    let path = place.journal();
    let bytes = fs::read(&path).expect("it can be read");
    let last = bytes[..bytes.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .expect("lines")
        + 1;
    let root = tempfile::tempdir().expect("a directory");
    // Without the newline before the last line: see below.
    for at in (0..last - 1).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let error = with_bytes(root.path(), &place, &damaged)
            .read()
            .expect_err("it is damaged");
        let text = error.to_string();
        assert!(text.contains(&format!("line {line} ")), "byte {at}: {text}");
    }
    // Without that newline the last two lines are one, at the end, where a line may be torn: it is told.
    let mut damaged = bytes.clone();
    damaged[last - 1] ^= 4;
    let (whole, _) = with_bytes(root.path(), &place, &bytes)
        .read()
        .expect("it is sound");
    let (records, torn) = with_bytes(root.path(), &place, &damaged)
        .read()
        .expect("a torn end is no damage");
    assert_eq!(records.len(), whole.len() - 2);
    assert!(
        torn.is_some_and(|torn| torn.contains("does not match its checksum")),
        "it is not told"
    );
    let mut damaged = bytes.clone();
    // In the second line.
    damaged[bytes.iter().position(|byte| *byte == b'\n').expect("lines") + 40] ^= 4;
    fs::write(&path, damaged).expect("it can be written");
    let mut screens = place.ocpdg(&["log"]).screen();
    screens.push_str(&place.ocpdg(&["resume"]).screen());
    screens.push_str(&place.ocpdg(&["log", "--list"]).screen());
    insta::assert_snapshot!(screens);
    // It stands in nobody's way.
    let seen = place.run("note(\"fresh\");\n");
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr.contains("warning: cannot read"),
        "{}",
        seen.stderr
    );
}

#[test]
fn a_line_taken_out_or_swapped_is_refused() {
    let place = recorded();
    let text = fs::read_to_string(place.journal()).expect("it can be read");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let root = tempfile::tempdir().expect("a directory");
    for at in 0..lines.len() - 2 {
        let mut without = lines.clone();
        without.remove(at);
        assert!(
            with_bytes(root.path(), &place, without.concat().as_bytes())
                .read()
                .is_err(),
            "without {at}"
        );
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert!(
            with_bytes(root.path(), &place, swapped.concat().as_bytes())
                .read()
                .is_err(),
            "swapped {at}"
        );
    }
}

#[test]
fn a_torn_end_is_told_and_resumed() {
    let place = Place::new();
    assert_eq!(place.run(SCRIPT).status, 1);
    let path = place.journal();
    let bytes = fs::read(&path).expect("it can be read");
    fs::write(&path, &bytes[..bytes.len() - 5]).expect("it can be written");
    let seen = place.ocpdg(&["resume", "--without", "two"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr.starts_with("warning: the last line of"),
        "{}",
        seen.stderr
    );
    assert_eq!(place.ocpdg(&["log"]).stderr, "");
}

fn begin(root: &Path) -> Journal {
    let first = |run: &str| Event::RunStarted {
        format: journal::FORMAT,
        run: run.to_owned(),
        cluster: "cluster".to_owned(),
        inventory: "hosts".to_owned(),
        script: "test.rhai".to_owned(),
        sources: std::collections::BTreeMap::new(),
        parameters: serde_json::Map::new(),
        libraries: Vec::new(),
        limit: Vec::new(),
        from: None,
        hosts: vec!["one".to_owned()],
        operator: "tester".to_owned(),
        version: "0".to_owned(),
    };
    Journal::create(root, "cluster", first).expect("it begins")
}

fn step(title: &str) -> StepId {
    StepId {
        phase: String::new(),
        title: title.to_owned(),
        occurrence: 1,
    }
}

fn started(title: &str, host: &str) -> Event {
    Event::StepStarted {
        step: step(title),
        host: host.to_owned(),
    }
}

fn finished(title: &str, host: &str) -> Event {
    Event::StepFinished {
        step: step(title),
        host: host.to_owned(),
        value: Arc::new(1.into()),
        changed: false,
    }
}

#[test]
fn events_that_cannot_follow_are_refused_and_not_written() {
    let root = tempfile::tempdir().expect("a directory");
    let journal = begin(root.path());
    let phase = |title: &str| Event::PhaseStarted {
        title: title.to_owned(),
    };
    journal.append(phase("one")).expect("a phase");
    journal.append(started("a", "one")).expect("a step");
    let ended = Event::CommandEnded {
        operation: 7,
        outcome: journal::Outcome::Ended { status: 0 },
        duration_ms: 0,
        stdout: String::new(),
        stderr: String::new(),
    };
    for (event, why) in [
        (phase("two"), "inside phase"),
        (
            Event::PhaseFinished {
                title: "two".to_owned(),
                value: None,
                lacking: None,
            },
            "not open",
        ),
        (started("a", "one"), "which is open"),
        (finished("a", "two"), "not open"),
        (finished("b", "one"), "not open"),
        (ended, "does not run"),
    ] {
        let error = journal.append(event).expect_err(why).to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
    journal.append(finished("a", "one")).expect("the step ends");
    let error = journal
        .append(started("a", "one"))
        .expect_err("done")
        .to_string();
    assert!(error.contains("which is finished"), "{error}");
    journal
        .append(Event::RunEnded {
            ending: journal::Ending::Completed,
            changes: 0,
            error: None,
        })
        .expect("the run ends");
    let error = journal
        .append(started("c", "one"))
        .expect_err("ended")
        .to_string();
    assert!(error.contains("after the end"), "{error}");
    let summary = journal::list(root.path(), None).expect("one run").remove(0);
    let (records, torn) = summary.read().expect("it is sound");
    assert_eq!((records.len(), torn), (5, None));
}

#[test]
fn sixteen_threads_append_without_losing_or_mixing() {
    let root = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(begin(root.path()));
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let journal = Arc::clone(&journal);
            scope.spawn(move || {
                for round in 0..20 {
                    let (title, host) = (format!("step {round}"), format!("host {thread}"));
                    journal.append(started(&title, &host)).expect("it starts");
                    journal
                        .append(finished(&title, &host))
                        .expect("it finishes");
                    assert_eq!(
                        journal.finished(&step(&title), &host),
                        Some(Arc::new(1.into()))
                    );
                }
            });
        }
    });
    drop(journal);
    let summary = journal::list(root.path(), Some("cluster"))
        .expect("one run")
        .remove(0);
    let (records, torn) = summary.read().expect("it is sound");
    assert_eq!((records.len(), torn), (1 + 16 * 20 * 2, None));
    let numbers: Vec<u64> = records
        .iter()
        .map(|record: &Record| record.number)
        .collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64));
}

#[test]
fn only_the_owner_can_read_it() {
    let place = recorded();
    fn walk(path: &Path, found: &mut Vec<PathBuf>) {
        for entry in program::entries(path) {
            if entry.is_dir() {
                walk(&entry, found);
            }
            found.push(entry);
        }
    }
    let mut found = Vec::new();
    walk(&place.path("state"), &mut found);
    assert!(found.len() >= 5, "{found:?}");
    for path in found {
        let meta = fs::metadata(&path).expect("it is there");
        let wanted = if meta.is_dir() { 0o700 } else { 0o600 };
        let mode = meta.permissions().mode() & 0o777;
        assert_eq!(mode, wanted, "{} is {mode:o}", path.display());
    }
}

#[test]
fn runs_are_listed_in_the_order_they_began() {
    let root = tempfile::tempdir().expect("a directory");
    let runs: Vec<String> = (0..12)
        .map(|_| begin(root.path()).run().to_owned())
        .collect();
    let listed = journal::list(root.path(), None).expect("they can be listed");
    let listed: Vec<String> = listed.into_iter().map(|run| run.run).collect();
    assert_eq!(listed, runs);
}

#[test]
fn the_log_shows_it_in_every_way() {
    let place = recorded();
    for (name, arguments) in [
        ("log", &["log"][..]),
        ("log_commands", &["log", "--commands"]),
        ("log_failures", &["log", "--failures"]),
        (
            "log_failures_commands",
            &["log", "--failures", "--commands"],
        ),
        ("log_host", &["log", "--host", "two"]),
        ("log_list", &["log", "--list"]),
        ("log_transcript", &["log", "--transcript", "one"]),
        ("log_unknown_host", &["log", "--host", "three"]),
        (
            "log_transcript_unknown_host",
            &["log", "--transcript", "three"],
        ),
    ] {
        insta::assert_snapshot!(name, place.ocpdg(arguments).screen());
    }
}

#[test]
fn a_log_without_runs_says_what_to_do() {
    let place = Place::new();
    insta::assert_snapshot!(
        place.ocpdg(&["log"]).screen() + place.ocpdg(&["log", "--list"]).screen().as_str()
    );
}

#[test]
fn what_a_host_prints_does_not_reach_the_terminal_raw() {
    let place = Place::new();
    let seen =
        place.run("cluster::first_master.run(\"printf '\\\\033[2Jgone\\\\a' >&2; exit 1\");\n");
    assert_eq!(seen.status, 1);
    let log = place.ocpdg(&["log", "--commands"]);
    for text in [&seen.stderr, &log.stdout] {
        assert!(text.contains("gone"), "{text:?}");
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{7}'),
            "{text:?}"
        );
    }
}

#[test]
fn a_transcript_is_a_script_that_does_the_same() {
    let place = Place::new();
    let seen = place.run(
        r#"
        step("a title\necho never >> evidence", cluster::first_master, |host| {
            host.run("cat >> evidence <<'END'\nfrom a here-document\nEND\n");
            host.run("cat <<'END' >> evidence; false\nand fails\nEND", #{ check: false });
            host.run(["sh", "-c", "echo \"it's $1\" >> evidence", "sh", "quoted"]);
        });
        "#,
    );
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let done = place.read("evidence");
    assert_eq!(done, "from a here-document\nand fails\nit's quoted\n");
    place.write("evidence", "");
    let text = place.ocpdg(&["log", "--transcript", "one"]).stdout;
    place.write("transcript", &text);
    let shell = std::process::Command::new("sh")
        .arg("transcript")
        .current_dir(place.path(""))
        .output()
        .expect("sh runs");
    assert!(
        shell.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&shell.stderr)
    );
    assert_eq!(place.read("evidence"), done, "{text}");
}

#[test]
fn secrets_that_a_host_prints_reach_neither_the_journal_nor_the_screen() {
    let place = Place::new();
    // So long a key that its beginning is not among the last lines.
    let key = "pw-three\n".repeat(60);
    let text = format!(
        "bindPassword: pw-one\nurl: http://joe:pw-two@proxy/\n-----BEGIN PRIVATE KEY-----\n{key}\
         -----END PRIVATE KEY-----\nclientSecret: pw-four\nplain: 1\n"
    );
    place.write("secrets", &text);
    let path = place.path("secrets");
    let path = path.display();
    let seen = place.run(&format!(
        r#"
        step("read", cluster::first_master, |host| {{ host.file.read("{path}"); () }});
        step("fail", cluster::first_master, |host| {{ host.run("cat {path}; cat {path} >&2; exit 3"); }});
        "#
    ));
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    let log = place.ocpdg(&["log", "--commands"]).screen();
    let journal = fs::read_to_string(place.journal()).expect("it can be read");
    for (name, text) in [
        ("journal", &journal),
        ("log", &log),
        ("screen", &seen.screen()),
    ] {
        assert!(text.contains("plain: 1"), "{name}: {text}");
        assert!(!text.contains("pw-"), "{name}: {text}");
    }
}
