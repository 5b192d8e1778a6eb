//! The examples of the reference: each is a script, and does what it says on the simulated cluster.

#[path = "support/program.rs"]
mod program;

use ocpdg::script::Runtime;
use ocpdg::script::reference::{Chapter, Entry, Kind, Reference};
use program::Place;

fn reference() -> Reference {
    Runtime::new(Vec::new()).reference()
}

/// Runs each of `examples`, a name and a text, and says which of them fail.
fn failing(examples: &[(String, String)]) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let place = Place::new();
                let at = || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                while let Some((name, text)) = examples.get(at()) {
                    place.write("example.rhai", text);
                    let mut run = place.command(&["run", "--sim", "ha", "--yes", "example.rhai"]);
                    let output = run.output().expect("it runs");
                    if !output.status.success() {
                        let said = String::from_utf8_lossy(&output.stderr);
                        failed
                            .lock()
                            .expect("nobody panics")
                            .push(format!("{name}:\n{text}\n{said}"));
                    }
                }
            });
        }
    });
    failed.into_inner().expect("nobody panics")
}

#[test]
fn every_example_runs_on_the_simulated_cluster() {
    let reference = reference();
    let entries = reference
        .entries
        .iter()
        .filter(|entry| entry.chapter != Chapter::Testing);
    let examples: Vec<_> = entries
        .flat_map(|entry| {
            entry
                .examples()
                .map(|text| (entry.full_name(), text.to_owned()))
        })
        .collect();
    let failed = failing(&examples);
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn the_examples_of_what_only_tests_have_pass_as_tests() {
    let reference = reference();
    let entries = reference
        .entries
        .iter()
        .filter(|entry| entry.chapter == Chapter::Testing);
    let bodies = entries.flat_map(|entry| entry.examples().map(|text| (&entry.name, text)));
    let tests: Vec<String> = bodies
        .map(|(name, text)| format!("fn test_{name}() {{\n{text}\n}}\n"))
        .collect();
    assert_eq!(tests.len(), 5, "one each: {tests:?}");
    let place = Place::new();
    place.write("tests/examples.rhai", &tests.concat());
    let seen = place.ocpdg(&["test"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
}

#[test]
fn everything_that_scripts_can_call_has_a_doc() {
    let reference = reference();
    let bare: Vec<_> = reference
        .entries
        .iter()
        .filter(|entry| entry.forms.iter().any(|form| form.doc.text.is_empty()))
        .map(Entry::full_name)
        .collect();
    assert!(bare.is_empty(), "no doc: {bare:?}");
}

#[test]
fn every_tool_and_every_function_has_an_example() {
    let reference = reference();
    let bare: Vec<_> = reference
        .entries
        .iter()
        .filter(|entry| match entry.kind {
            Kind::Tool | Kind::Type => true,
            Kind::Function => entry.owner.is_empty(),
            _ => false,
        })
        // `exit` is refused: there is no right way to call it.
        .filter(|entry| entry.name != "exit" && entry.examples().next().is_none())
        .map(Entry::full_name)
        .collect();
    assert!(bare.is_empty(), "no example: {bare:?}");
}
