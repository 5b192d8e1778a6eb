//! `ocpdg doc`: the reference as an operator reads it.

#[path = "support/program.rs"]
mod program;

use program::Place;

/// Compares what `ocpdg doc` says with its golden file.
macro_rules! page {
    ($name:ident, $arguments:expr, $status:expr) => {
        #[test]
        fn $name() {
            let place = Place::new();
            let mut all = vec!["doc"];
            all.extend($arguments);
            let seen = place.ocpdg(&all);
            assert_eq!(seen.status, $status, "{}", seen.screen());
            insta::assert_snapshot!(seen.screen());
        }
    };
}

page!(without_a_name_it_lists_everything_by_subject, [""; 0], 0);
page!(a_tool_is_shown_with_its_verbs, ["yum"], 0);
page!(a_verb_is_shown_alone, ["etcd.restore_snapshot"], 0);
page!(a_function_is_shown_in_all_its_ways, ["step"], 0);
page!(a_type_is_shown_with_what_it_has, ["group"], 0);
page!(a_module_is_shown_with_its_functions, ["ocp/errors"], 0);
page!(an_unknown_name_offers_the_nearest, ["yum.instal"], 2);
page!(a_name_that_is_like_nothing_is_refused, ["zzzzzz"], 2);

#[test]
fn a_name_is_found_as_it_is_typed_in_a_script() {
    let place = Place::new();
    let first = |name: &str| {
        let seen = place.ocpdg(&["doc", name]);
        assert_eq!(seen.status, 0, "{}", seen.screen());
        seen.stdout.lines().next().unwrap_or_default().to_owned()
    };
    for (name, line) in [
        ("host.yum", "host.yum, group.yum"),
        ("host.yum.remove", "host.yum.remove(names)"),
        (
            "restore_snapshot",
            "host.etcd.restore_snapshot(proof, current)",
        ),
        ("note()", "note(text: string)"),
        ("cluster::masters", "cluster::masters"),
        ("host.name", "host.name"),
        ("names::packages", "names::packages(host)"),
        ("ocp/names::packages", "names::packages(host)"),
        ("ocp/findings/etcd", "import \"ocp/findings/etcd\" as etcd;"),
    ] {
        assert_eq!(first(name), line, "{name}");
    }
    // A tool, a group of hosts and a library module are called so.
    let seen = place.ocpdg(&["doc", "etcd"]);
    assert!(
        seen.stdout.starts_with("host.etcd, group.etcd\n"),
        "{}",
        seen.stdout
    );
    assert!(
        seen.stdout
            .ends_with("\nSee also: cluster::etcd, ocp/etcd, ocp/findings/etcd\n"),
        "{}",
        seen.stdout
    );
}

#[test]
fn the_modules_of_a_site_are_told_about_too() {
    let place = Place::new();
    place.write("lib/site/checks.rhai", "//! Our own checks.\n\n/// Whether it is ours.\nfn ours(host) { true }\n\nprivate fn inner() {}\n");
    place.write("lib/ocp/errors.rhai", "//! Ours instead.\n");
    place.write("lib/broken.rhai", "let x = ;\n");
    let doc = |name: &str| place.ocpdg(&["doc", name, "--lib", "lib"]).stdout;
    insta::assert_snapshot!(doc("site/checks"), @r#"
    import "site/checks" as checks;
        Our own checks.

    checks::ours(host)
        Whether it is ours.
    "#);
    assert!(
        doc("ocp/errors").contains("Ours instead"),
        "{}",
        doc("ocp/errors")
    );
    assert!(
        doc("broken").contains("It does not parse: "),
        "{}",
        doc("broken")
    );
}
