//! `ocpdg run --on-error ask`: what becomes of a step that failed, as the operator says at the terminal.

#[path = "support/dialogue.rs"]
mod dialogue;
#[path = "support/program.rs"]
mod program;

use dialogue::Dialogue;
use program::Place;

/// Fails for `two` until there is the file `mended`.
const SCRIPT: &str = r#"
phase("1 Work", || {
    let broken = "it is broken";
    let names = step("mend", cluster::nodes, |host| {
        cluster::first_master.run(`echo ${host.name} >> evidence`);
        if host.name == "two" { cluster::first_master.run("test -e mended || { echo " + broken + "; exit 4; }", #{ read_only: true }); }
        host.name
    });
    note(`${names["two"]} came back`);
});
step("after", cluster::first_master, |host| host.run("echo after >> evidence"));
"#;

const RUN: [&str; 8] = [
    "run",
    "test.rhai",
    "-i",
    "hosts",
    "--on-error",
    "ask",
    "--forks",
    "1",
];

const QUESTION: &str = "what now? retry, skip, repl, abort: ";

fn asked() -> (Place, Dialogue) {
    let place = Place::new();
    place.write("test.rhai", SCRIPT);
    let mut dialogue = Dialogue::start(&place, &RUN);
    let seen = dialogue.wait(QUESTION);
    assert!(seen.contains("mend` failed\n"), "{seen}");
    assert!(seen.contains("it is broken\n"), "{seen}");
    (place, dialogue)
}

#[test]
fn the_step_is_tried_again_where_it_failed() {
    let (place, mut dialogue) = asked();
    dialogue.line("retry");
    dialogue.wait(QUESTION);
    place.write("mended", "");
    dialogue.line("retry");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 0, "{seen}");
    assert!(seen.contains("two came back"), "{seen}");
    assert_eq!(place.read("evidence"), "one\ntwo\ntwo\ntwo\nafter\n");
    insta::assert_snapshot!(place.ocpdg(&["log"]).screen());
}

#[test]
fn the_step_is_skipped_with_a_reason_on_record() {
    let (place, mut dialogue) = asked();
    dialogue.line("skip");
    dialogue.wait("count it as done? ");
    dialogue.line("");
    dialogue.wait("without a reason it is not skipped");
    dialogue.wait(QUESTION);
    dialogue.line("skip");
    dialogue.wait("count it as done? ");
    dialogue.line("it was mended by hand");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 0, "{seen}");
    assert_eq!(place.read("evidence"), "one\ntwo\nafter\n");
    let log = place.ocpdg(&["log"]).stdout;
    assert!(
        log.contains("two: mend: done by hand, says tester on "),
        "{log}"
    );
    assert!(log.contains(": it was mended by hand"), "{log}");
}

#[test]
fn the_prompt_opens_where_the_step_failed() {
    let (place, mut dialogue) = asked();
    dialogue.line("repl");
    let seen = dialogue.prompt();
    assert!(seen.ends_with("\ntwo 0/1> "), "{seen}");
    assert!(
        seen.contains("the step's variables are there: broken"),
        "{seen}"
    );
    let seen = dialogue.ask("broken.len");
    assert!(seen.starts_with("12\n"), "{seen}");
    assert_eq!(dialogue.ask("host.name"), "two\ntwo 0/1> ");
    let seen = dialogue.ask(":resume");
    assert!(seen.contains("this run waits for you"), "{seen}");
    // A host that does not answer is an answer.
    let seen = dialogue.ask("!true");
    assert!(seen.starts_with("two: "), "{seen}");
    let seen = dialogue.ask("@one");
    assert!(seen.ends_with("one 1/1> "), "{seen}");
    dialogue.ask("!touch mended");
    dialogue.ask("1 / 0");
    dialogue.control('d');
    dialogue.wait(QUESTION);
    dialogue.line("retry");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 0, "{seen}");
    let log = place.ocpdg(&["log", "--commands"]).stdout;
    assert!(log.contains("typed: !touch mended"), "{log}");
    assert!(log.contains("one$ touch mended"), "{log}");
}

#[test]
fn the_run_is_aborted_with_the_command_that_resumes_it() {
    let (place, mut dialogue) = asked();
    dialogue.line("what");
    dialogue.wait("please type `retry`, `skip`, `repl` or `abort`");
    dialogue.wait(QUESTION);
    dialogue.line("abort");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 1, "{seen}");
    assert!(seen.contains("step `mend` failed on 1 host\n"), "{seen}");
    assert!(seen.contains("next: `ocpdg resume "), "{seen}");
    place.write("mended", "");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(place.read("evidence").ends_with("after\n"));
}

#[test]
fn ctrl_c_at_the_question_stops_the_run() {
    let (_place, mut dialogue) = asked();
    dialogue.control('c');
    let (seen, status) = dialogue.end();
    assert_eq!(status, 130, "{seen}");
}

#[test]
fn a_step_of_no_host_is_asked_about_too() {
    let place = Place::new();
    place.write(
        "test.rhai",
        "step(\"think\", || { throw \"no idea\"; });\nnote(\"after\");",
    );
    let mut dialogue = Dialogue::start(&place, &RUN);
    let seen = dialogue.wait(QUESTION);
    assert!(seen.contains("  controller: no idea\n"), "{seen}");
    dialogue.line("retry");
    dialogue.wait(QUESTION);
    dialogue.line("skip");
    dialogue.wait("count it as done? ");
    dialogue.line("thought by hand");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 0, "{seen}");
    assert!(seen.contains("after"), "{seen}");
}

#[test]
fn without_a_terminal_nobody_can_be_asked() {
    let place = Place::new();
    place.write("test.rhai", SCRIPT);
    insta::assert_snapshot!(place.ocpdg(&RUN).screen());
    assert_eq!(place.runs().len(), 0);
}
