//! `ocpdg test`: what a site's script tests are given, and how they are reported.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

/// Runs the tests in `text`, and further `arguments`.
fn tested(place: &Place, text: &str, arguments: &[&str]) -> Seen {
    place.write("tests/site.rhai", text);
    let all: Vec<&str> = std::iter::once("test")
        .chain(arguments.iter().copied())
        .collect();
    place.ocpdg(&all)
}

/// Compares the report on `text` with its golden file.
macro_rules! report {
    ($name:ident, $status:expr, $text:expr) => {
        #[test]
        fn $name() {
            let place = Place::new();
            let seen = tested(&place, $text, &[]);
            assert_eq!(seen.status, $status, "{}", seen.screen());
            insta::assert_snapshot!(seen.screen());
        }
    };
}

report!(
    tests_that_pass_are_a_line_each,
    0,
    r#"//! cluster: aio
import "ocp/names" as names;
const MASTERS = 1;

fn test_constants_and_imports_are_there() {
    assert_eq(cluster::masters.len, global::MASTERS);
    assert_eq(names::count(2, "host"), "2 hosts");
}
fn test_a_question_is_answered_with_yes() {
    confirm("Sure?", ["all of it"]);
}
fn test_a_fault_strikes() {
    fault(#{ host: "master-*", command: "uname", "do": "exit", status: 3, stderr: "no" });
    let error = assert_fails(|| cluster::first_master.run("uname -r"), "status 3");
    assert_eq(error.host, cluster::first_master);
}
fn test_the_text_of_a_plan_is_one_too() {
    fault("version = 1\n[[fault]]\ncommand = \"uname\"\ndo = \"exit\"\nstatus = 3\n");
    assert_eq(cluster::first_master.run("uname -r", #{ check: false }).rc, 3);
}
fn helper() { throw "nobody calls it"; }
"#
);
report!(
    tests_that_fail_show_the_line_and_what_was_wanted_and_found,
    1,
    r#"//! cluster: aio
import "ocp/names" as names;
fn test_that_passes() { assert(true); }
fn test_of_values() {
    note("this was said before");
    assert_eq(names::master_units(), ["docker"]);
}
fn test_of_long_values() {
    assert_eq(names::node_packages(), "the packages of a node, which are more than fit on one line of a report");
}
fn test_of_a_condition() {
    let host = cluster::first_master;
    assert(host.is_in("nodes"));
    assert(host.is_in("etcd") == host.is_in("nowhere"), `${host} is somewhere`);
}
fn test_of_a_command() { cluster::all.run("echo broken >&2; exit 4"); }
fn test_that_nothing_is_thrown() { assert_fails(|| 7); }
fn test_that_something_else_is_thrown() {
    assert_fails(|| fail("no room", ["on master-1"], "make some"), "no memory");
}
fn test_in_a_step() {
    step("look", cluster::all, |host| { assert_eq(host.name, "master-1"); });
}
fn test_in_the_library() { names::packages("no host"); }
"#
);
report!(
    what_a_test_hides_fails_it,
    1,
    r#"//! cluster: aio
fn test_catches_its_assertion() {
    try { assert(1 == 2); } catch { }
}
fn test_takes_an_assertion_for_a_failure() {
    assert_fails(|| assert(false, "as wanted"));
}
fn test_has_a_fault_that_never_strikes() {
    fault(#{ command: "reboot", "do": "hang" });
}
fn test_waits_for_ever() {
    loop { sleep(3600); }
}
"#
);
report!(
    a_wrong_fault_is_refused,
    1,
    r#"//! cluster: aio
fn test_unknown() { fault(#{ "do": "burn" }); }
fn test_without_kind() { fault(#{ host: "master-1" }); }
fn test_no_host() { fault(#{ host: "elsewhere", "do": "hang" }); }
fn test_our_own_end() { fault(#{ "do": "kill-controller" }); }
fn test_text() { fault("version = 1\n[[fault]]\ndo = \"slow\"\n"); }
fn test_number() { fault(7); }
"#
);

#[test]
fn what_is_no_file_of_tests_is_reported_and_the_others_run() {
    let place = Place::new();
    for (name, text) in [
        ("empty", "fn check_something() {}\n"),
        ("arguments", "fn test_of(host) {}\n"),
        ("cluster", "//! cluster: nowhere\nfn test_it() {}\n"),
        ("fault", "//! fault: nowhere.toml\nfn test_it() {}\n"),
        ("import", "import \"nowhere\" as n;\nfn test_it() {}\n"),
        ("function", "fn test_it() {\n    asert(true);\n}\n"),
        ("syntax", "fn test_it() {\n    let x = ;\n}\n"),
        ("zeal", "//! cluster: aio\nfn test_it() {}\n"),
    ] {
        place.write(&format!("tests/{name}.rhai"), text);
    }
    let seen = place.ocpdg(&["test"]);
    assert_eq!(seen.status, 1);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn nothing_to_run_is_a_mistake() {
    let place = Place::new();
    let mut screens = place.ocpdg(&["test"]).screen();
    place.write("empty/readme", "");
    screens += &place.ocpdg(&["test", "empty"]).screen();
    screens += &place.ocpdg(&["test", "nowhere.rhai"]).screen();
    let seen = tested(&place, "fn test_one() {}", &["--filter", "two"]);
    assert_eq!(seen.status, 2);
    screens += &seen.screen();
    insta::assert_snapshot!(screens);
}

#[test]
fn each_test_has_a_cluster_of_its_own() {
    let place = Place::new();
    let text = r#"
fn write_first(text) {
    assert(!cluster::first_master.file.exists("/etc/motd"));
    cluster::all.file.write("/etc/motd", text);
    assert_eq(cluster::first_master.file.read("/etc/motd"), text);
}
fn test_a() { write_first("a"); }
fn test_b() { write_first("b"); }
"#;
    let seen = tested(&place, text, &[]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
    assert!(!place.path("state").exists(), "a test leaves no journal");
}

#[test]
fn a_file_says_which_cluster_and_which_faults() {
    let place = Place::new();
    place.write(
        "tests/small.toml",
        "version = 1\n[[host]]\nname = \"alone\"\nroles = [\"masters\", \"etcd\", \"nodes\"]\n",
    );
    place.write(
        "tests/broken.toml",
        "version = 1\n[[fault]]\ncommand = \"uname\"\ndo = \"exit\"\nstatus = 9\n",
    );
    let text = r#"//! Of one host.
//! cluster: small.toml
//! fault: broken.toml
fn test_names() {
    assert_eq(cluster::all, ["alone.sim.test"]);
    assert_fails(|| cluster::all.run("uname"), "status 9");
}
"#;
    let seen = tested(&place, text, &["tests/site.rhai"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
}

#[test]
fn a_filter_chooses_by_file_and_name() {
    let place = Place::new();
    let text = "//! cluster: aio\nfn test_one() {}\nfn test_two() { throw 1; }\n";
    let seen = tested(&place, text, &["--filter", "site.rhai:test_one"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
    assert!(
        seen.stdout.ends_with("\n1 passed, 0 failed\n"),
        "{}",
        seen.stdout
    );
}

#[test]
fn modules_come_from_the_library_directory_first_and_from_beside_the_tests() {
    let place = Place::new();
    place.write("lib/ocp/names.rhai", "fn node_unit() { \"our-node\" }\n");
    place.write("tests/helpers/words.rhai", "fn word() { \"beside\" }\n");
    let text = r#"//! cluster: aio
import "ocp/names" as names;
import "helpers/words" as words;
fn test_modules() {
    assert_eq(names::node_unit(), "our-node");
    assert_eq(words::word(), "beside");
}
"#;
    let seen = tested(&place, text, &["tests/site.rhai", "--lib", "lib"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
}

#[test]
fn a_whole_script_runs_on_the_cluster_of_its_test() {
    let place = Place::new();
    place.write(
        "mark.rhai",
        "let text = param(\"text\", \"x\", \"What to write\");\n\
         confirm(\"Write?\", cluster::all, []);\n\
         step(\"write\", cluster::all, |host| host.file.write(\"/etc/motd\", text));\n",
    );
    let text = r#"//! cluster: aio
fn test_script() {
    run_script("mark.rhai", #{ text: "y" });
    assert_eq(cluster::first_master.file.read("/etc/motd"), "y");
}
fn test_inside_of_a_step() {
    step("all of it", || run_script("mark.rhai"));
}
fn test_failure() {
    assert_fails(|| run_script("mark.rhai", #{ txet: "y" }), "did you mean `text`");
    fault(#{ command: "motd", every: true, "do": "exit", status: 1 });
    assert_fails(|| run_script("mark.rhai"), "/etc/motd");
}
"#;
    let seen = tested(&place, text, &[]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
}

#[test]
fn the_check_knows_what_tests_have() {
    let place = Place::new();
    place.write("tests/one.rhai", "fn test_one() { assert_eq(1, 1); }\n");
    let seen = place.ocpdg(&["check", "tests/one.rhai"]);
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
}

#[test]
fn what_only_tests_have_is_no_function_of_a_script() {
    let place = Place::new();
    let seen = place.run("assert(true);\n");
    assert_eq!(seen.status, 2);
    assert!(
        seen.error().contains("function `assert`: does not exist"),
        "{}",
        seen.stderr
    );
}
