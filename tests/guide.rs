//! docs/guide.md: every script in it runs, and says what stands behind its lines.

#[path = "support/program.rs"]
mod program;

use program::Place;

const GUIDE: &str = include_str!("../docs/guide.md");
/// Begins what a line says, in a comment at its end.
const SAYS: &str = "// says: ";

/// The blocks of the page between ```` ```rhai ```` and ```` ``` ````.
fn blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = GUIDE.lines();
    while lines.any(|line| line == "```rhai") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

#[test]
fn every_script_of_the_guide_runs_and_says_what_it_promises() {
    let blocks = blocks();
    assert_eq!(blocks.len(), GUIDE.matches("```rhai").count());
    assert_eq!(
        blocks.len() * 2,
        GUIDE.matches("```").count(),
        "all blocks are scripts"
    );
    let place = Place::new();
    for block in blocks {
        place.write("script.rhai", &block);
        let seen = place.ocpdg(&["run", "--sim", "ha", "--yes", "script.rhai"]);
        assert_eq!(seen.status, 0, "{block}\n{}", seen.screen());
        let mut said = seen.stderr.lines().map(str::trim);
        for promised in block.lines().filter_map(|line| line.split_once(SAYS)) {
            let promised = promised.1;
            assert!(
                said.any(|line| line == promised),
                "`{promised}` is not said, or not in this order:\n{block}\n{}",
                seen.screen()
            );
        }
    }
}

/// Runs one line, which fails; the sentence of the error.
fn refused(line: &str) -> String {
    let place = Place::new();
    place.write("script.rhai", line);
    let seen = place.ocpdg(&["run", "--sim", "aio", "script.rhai"]);
    assert_ne!(seen.status, 0, "{line}\n{}", seen.screen());
    seen.error().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_traps_of_the_guide_are_there() {
    for (line, error) in [
        ("let m = #{ a: 1 }; note(`${m.b}`);", "property `b`"),
        ("let m = #{ a: 1 }; note(`${m?.b}`);", "property `b`"),
        ("let a = [1]; note(`${a[1]}`);", "out of bounds"),
        ("fn f(a) { a } f();", "does not take 0 arguments"),
        ("note('two');", "invalid character"),
        (
            "let g = cluster::nodes; g.filter(|host| g.contains(host));",
            "closure uses the variable",
        ),
        ("let x = try { 1 } catch { 2 };", "unexpected 'try'"),
        ("exit(0);", "would pass for the end"),
        (
            "fn start() { } cluster::first_etcd.etcd.start();",
            "has a function of this name",
        ),
        (
            "let one = 1; fn one() { 1 } note(`${one}`);",
            "has a function of this name",
        ),
        (
            "let one = 1; fn two() { one } two();",
            "variable `one`: does not exist",
        ),
    ] {
        let said = refused(line);
        assert!(said.contains(error), "{line}\n{said}");
    }
}

#[test]
fn the_words_that_the_guide_says_are_taken_are() {
    let words = GUIDE
        .split("Some words are taken: `")
        .nth(1)
        .and_then(|rest| rest.split(". `ocpdg").next())
        .expect("the guide lists them");
    let words: Vec<&str> = words
        .split_whitespace()
        .map(|word| word.trim_matches('`'))
        .collect();
    assert!(words.len() > 25, "{words:?}");
    let runtime = ocpdg::script::Runtime::new(Vec::new());
    for word in words {
        let script = ocpdg::script::Script {
            name: "word".to_owned(),
            text: format!("let {word} = 1;"),
            directory: None,
        };
        assert!(runtime.load(&script).is_err(), "`{word}` can be a variable");
    }
}
