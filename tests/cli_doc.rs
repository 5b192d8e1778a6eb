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
page!(pages_are_of_everything, ["--html", "yum"], 2);
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
        ("array.push", "array.push(item)"),
        ("parse_json", "parse_json(json: string)"),
        ("contains", "group.contains(host: host)"),
        ("ocp/findings/etcd", "import \"ocp/findings/etcd\" as etcd;"),
    ] {
        assert_eq!(first(name), line, "{name}");
    }
    // What the language has of its own is there too, all of a type, and behind what is ours.
    let texts = place.ocpdg(&["doc", "string"]).stdout;
    for signature in [
        "string.split(delimiter: string)",
        "string.len",
        "string.trim()",
    ] {
        assert!(
            texts.contains(&format!("\n{signature}\n")),
            "{signature}\n{texts}"
        );
    }
    let seen = place.ocpdg(&["doc", "filter"]).stdout;
    assert!(seen.starts_with("group.filter(keep: |host|)\n"), "{seen}");
    assert!(
        seen.ends_with("\nSee also: array.filter, map.filter\n"),
        "{seen}"
    );
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

/// The parts of `text` between `begin` and `end`.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(begin).skip(1);
    parts
        .map(|part| part.split(end).next().unwrap_or_default())
        .collect()
}

/// Compares where the links of a page lead with what there is: each once.
fn assert_linked(links: &[&str], mut anchors: Vec<&str>) {
    let all = anchors.len();
    anchors.sort_unstable();
    anchors.dedup();
    assert_eq!(anchors.len(), all, "an anchor stands twice: {anchors:?}");
    assert!(links.len() > 50, "{links:?}");
    for link in links {
        assert!(anchors.contains(link), "{link} leads nowhere");
    }
}

#[test]
fn the_markdown_page_has_a_list_of_contents_that_leads_to_everything() {
    let seen = Place::new().ocpdg(&["doc", "--markdown"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
    let page = seen.stdout;
    assert_linked(
        &between(&page, "](#", ")"),
        between(&page, "<a id=\"", "\""),
    );
    assert!(page.contains("\n#### <a id=\"etcd.restore_snapshot\"></a>`etcd.restore_snapshot`\n"));
    assert!(page.contains("\n#### <a id=\"ocp-names--packages\"></a>`ocp/names::packages`\n"));
    let fences = page.lines().filter(|line| line.starts_with("```")).count();
    assert_eq!(fences % 2, 0, "a block is not closed");
}

#[test]
fn the_html_page_needs_nothing_else_and_is_escaped() {
    let place = Place::new();
    place.write(
        "lib/own.rhai",
        "//! <script>alert(1)</script> & `<b>` \"quoted\".\n",
    );
    let seen = place.ocpdg(&["doc", "--html", "--lib", "lib"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
    let page = seen.stdout;
    assert_linked(
        &between(&page, "href=\"#", "\""),
        between(&page, " id=\"", "\""),
    );
    for other in [
        "<script",
        "<link",
        "<img",
        "src=",
        "@import",
        "url(",
        "href=\"http",
    ] {
        assert!(!page.contains(other), "{other}");
    }
    assert!(page.contains(
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;b&gt;</code> &quot;quoted&quot;."
    ));
    for tag in [
        "pre", "p", "code", "ul", "li", "h2", "h3", "h4", "nav", "body",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn the_definition_files_name_what_there_is() {
    let place = Place::new();
    let seen = place.ocpdg(&["doc", "--definitions"]);
    assert_eq!(seen.status, 0, "{}", seen.screen());
    assert!(seen.stdout.starts_with("definitions: "), "{}", seen.stdout);
    let native = place.read("definitions/__static__.d.rhai");
    assert!(
        native.contains("\n/// Says `text` to the operator and puts it on record.\n"),
        "{native}"
    );
    assert!(
        native.contains("\nfn note(text: string) -> ?;\n"),
        "{native}"
    );
    assert!(!native.contains("-> ;"), "{native}");
    assert!(
        !native.contains("fn push("),
        "Rhai's own functions are left out"
    );
    assert!(
        place
            .read("definitions/cluster.d.rhai")
            .contains("const masters: group;")
    );
    let module = place.read("definitions/ocp/errors.d.rhai");
    assert!(module.contains("\nmodule errors;\n"), "{module}");
    assert!(module.contains("\nfn is_answer(e);\n"), "{module}");

    place.write("file", "");
    let refused = place.ocpdg(&["doc", "--definitions", "file"]);
    assert_eq!(refused.status, 1, "{}", refused.screen());
    assert!(
        refused
            .error()
            .starts_with("error: cannot write to `file`: "),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_help_of_both_verbs_is_complete() {
    let place = Place::new();
    for verb in ["doc", "test"] {
        let seen = place.ocpdg(&[verb, "--help"]);
        assert_eq!(seen.status, 0);
        insta::assert_snapshot!(format!("help_{verb}"), seen.stdout);
    }
}
