//! What an operator sees when a script goes wrong, plain and in colour; one golden file each.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

/// A module that fails in several ways.
const TOOL: &str = "\
//! For the screens.

/// Throws a text.
fn refuse(what) {
    throw `${what} is not what it was`;
}

/// Fails on the host.
fn break_it(host) {
    host.run(\"echo nearly there; echo 'no space left' >&2; exit 3\");
}

/// Calls `break_it` from a closure.
fn break_all(hosts) {
    step(\"break\", hosts, |host| break_it(host));
}
";

/// The screen of `arguments` as a terminal would show it; colours are written as `[red]` and so on.
fn coloured(place: &Place, arguments: &[&str]) -> Seen {
    let mut command = place.command(arguments);
    let output = command.env("CLICOLOR_FORCE", "1").output();
    let seen = Seen::of(output.expect("the program runs"));
    Seen {
        stderr: named(&seen.stderr),
        stdout: named(&seen.stdout),
        ..seen
    }
}

/// `text` with names for the sequences that colour it.
fn named(text: &str) -> String {
    let mut shown = text.to_owned();
    for (sequence, name) in [
        ("\u{1b}[1m\u{1b}[31m", "[red]"),
        ("\u{1b}[1m\u{1b}[33m", "[yellow]"),
        ("\u{1b}[1m\u{1b}[34m", "[blue]"),
        ("\u{1b}[1m\u{1b}[36m", "[cyan]"),
        ("\u{1b}[33m", "[dark yellow]"),
        ("\u{1b}[32m", "[green]"),
        ("\u{1b}[2m", "[dim]"),
        ("\u{1b}[1m", "[bold]"),
        ("\u{1b}[0m", "[/]"),
    ] {
        shown = shown.replace(sequence, name);
    }
    assert!(
        !shown.contains('\u{1b}'),
        "a colour without a name: {shown:?}"
    );
    shown
}

/// `text` without the names of colours.
fn plain(text: &str) -> String {
    let names = [
        "red",
        "yellow",
        "blue",
        "cyan",
        "dark yellow",
        "green",
        "dim",
        "bold",
        "/",
    ];
    let mut plain = text.to_owned();
    for name in names {
        plain = plain.replace(&format!("[{name}]"), "");
    }
    plain
}

/// The whole screen of a script on a simulated cluster, in colour; without colours it says the same.
macro_rules! screens {
    ($($name:ident: $cluster:literal, $status:literal, $script:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let place = Place::new();
                place.write("site/tool.rhai", TOOL);
                place.write("test.rhai", $script);
                let arguments = ["run", "test.rhai", "--sim", $cluster, "--forks", "1"];
                let (bare, seen) = (place.ocpdg(&arguments), coloured(&place, &arguments));
                assert_eq!(bare.status, $status, "{}", bare.screen());
                assert!(!bare.screen().contains('\u{1b}'), "{}", bare.screen());
                insta::assert_snapshot!(concat!(stringify!($name), "_plain"), bare.screen());
                insta::assert_snapshot!(concat!(stringify!($name), "_coloured"), seen.screen());
                let error = |seen: &Seen| plain(seen.error());
                assert_eq!(unnumbered(&error(&seen)), unnumbered(&error(&bare)));
            }
        )*
    };
}

/// `text` without the ids of runs, of which no two are alike.
fn unnumbered(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.starts_with("20") && word.contains('-') {
            true => "RUN",
            false => word,
        })
        .collect::<Vec<_>>()
        .join(" ")
}

screens! {
    what_does_not_parse: "aio", 2,
        "note(\"begin\");\nif true {\n    note(\"open\";\n}\n";
    a_text_without_its_end: "aio", 2,
        "note(\"begin);\n";
    a_bracket_without_its_end: "aio", 2,
        "phase(\"6.1 Look\", || {\n    note(\"x\");\n";
    several_mistakes_at_once: "aio", 2,
        "import \"site/tool\" as tool;\ntool::refus(\"x\");\nnote(`${nowhere}`);\n\
         note(\"${tool}\");\nlet text = \"x\";\nnote(\"${text}\");\n";
    a_value_of_the_wrong_type: "aio", 1,
        "let count = \"3\";\nnote(`${count - 1}`);\n";
    a_function_that_does_not_take_this: "aio", 1,
        "let count = 3;\nwarn(count);\n";
    a_list_that_is_too_short: "aio", 1,
        "let list = [1, 2];\nphase(\"6.1 Look\", || {\n    note(`${list[2]}`);\n});\n";
    a_map_without_the_property: "aio", 1,
        "let facts = #{ version: \"3.9\" };\nnote(facts.verison);\n";
    a_division_by_zero: "aio", 1,
        "let hosts = 0;\nnote(`${100 / hosts}`);\n";
    a_condition_that_is_none: "aio", 1,
        "let found = ();\nif found { note(\"never\"); }\n";
    a_recursion_without_end: "aio", 1,
        "fn again(x) { again(x + 1) }\nagain(0);\n";
    a_command_that_fails_on_one_host: "aio", 1,
        "import \"site/tool\" as tool;\ntool::break_it(cluster::first_master);\n";
    a_step_that_fails_on_one_host: "aio", 1,
        "step(\"stop etcd\", cluster::etcd, |host| host.systemctl.start(\"nowhere.service\"));\n";
    a_step_that_fails_on_many_hosts: "ha", 1,
        "import \"site/tool\" as tool;\n\nphase(\"6.3 Shut down\", || tool::break_all(cluster::masters));\n";
    a_verb_on_a_group_that_fails: "ha", 1,
        "cluster::masters.file.read(\"/nowhere\");\n";
    a_text_that_is_thrown: "aio", 1,
        "throw \"the backup is of another cluster\\nmaster-1: namespaces differ\\nmaster-2: no namespaces\";\n";
    a_map_that_is_thrown: "aio", 1,
        "throw #{ message: \"the backup is too old\", hint: \"take another\", days: 40 };\n";
    a_text_that_is_thrown_in_a_module: "aio", 1,
        "import \"site/tool\" as tool;\n\nfn check(what) {\n    tool::refuse(what);\n}\n\n\
         phase(\"6.2 Verify\", || {\n    check(\"the backup\");\n});\n";
    an_error_that_is_caught_and_thrown_again: "aio", 1,
        "try {\n    cluster::first_master.run(\"exit 4\");\n} catch (e) {\n    throw `not stopped: ${e.message}`;\n}\n";
    what_fail_reports: "aio", 1,
        "fail(\"2 findings stand in the way\", [\"master-1: no space\", \"master-2: no docker\"],\n    \
         \"repair them, then `ocpdg run preflight`\");\n";
    an_option_that_is_computed: "aio", 1,
        "let options = #{ timeout: 3 };\ncluster::first_master.run(\"true\", options);\n";
    an_exit: "aio", 1,
        "fn leave() { exit(3) }\nleave();\n";
    a_wait_in_vain: "aio", 1,
        "step(\"wait\", cluster::first_master, |host| {\n    \
         wait_for(\"the API\", #{ timeout_secs: 4, every_secs: 2 }, || \"it answers 503\");\n});\n";
    a_question_that_nobody_answers: "aio", 3,
        "confirm(\"Destroy the data?\", cluster::etcd, [\"/var/lib/etcd/member\"]);\n";
    a_line_with_tabs_and_letters: "aio", 1,
        "if true {\n\tlet text = \"größe\";\tthrow text;\n}\n";
}

#[test]
fn what_check_finds_has_colours_on_a_terminal_only() {
    let place = Place::new();
    place.write("test.rhai", "let count = 1;\nnotte(\"${count}\");\n");
    let arguments = ["check", "test.rhai"];
    let bare = place.ocpdg(&arguments);
    let seen = coloured(&place, &arguments);
    assert_eq!(plain(&seen.stdout), bare.stdout);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn no_colour_is_no_colour() {
    let place = Place::new();
    place.write("test.rhai", "throw \"x\";\n");
    let mut command = place.command(&["run", "test.rhai", "--sim", "aio"]);
    command.env("NO_COLOR", "1");
    let seen = Seen::of(command.output().expect("the program runs"));
    assert_eq!(seen.status, 1);
    assert!(!seen.stderr.contains('\u{1b}'), "{}", seen.stderr);
}
