//! A site's own way: `site.rhai`, ejected files, and what `ocpdg show` says of both.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

fn status(seen: &Seen, status: i32) {
    assert_eq!(seen.status, status, "{}{}", seen.stdout, seen.stderr);
}

fn says(seen: &Seen, text: &str) {
    let screen = format!("{}{}", seen.stdout, seen.stderr);
    assert!(screen.contains(text), "{text}: {screen}");
}

/// What the run that `seen` shows has on record.
fn journal(seen: &Seen) -> String {
    let line = seen
        .stderr
        .lines()
        .find_map(|line| line.split_once("the journal is "));
    std::fs::read_to_string(line.expect("it says where the journal is").1).unwrap()
}

#[test]
fn a_site_changes_packages_and_the_directory_of_the_copies_without_copying_a_file() {
    let place = Place::new();
    place.write(
        "site/site.rhai",
        r#"
        settings(#{ openshift_version: "3.7.23" });
        fn packages(host, names) { names.filter(|name| name != "atomic-openshift-docker-excluder") }
        fn backup_dir(host, directory) { `/srv/copies/${group(host)}` }
        private fn group(host) { if host.is_in("masters") { "masters" } else { "nodes" } }
        fn before_phase(title) {
            note(`${title}: it begins`);
            if title.starts_with("6.6") {
                step("remove the Docker excluder", cluster::all, |host| {
                    host.yum.remove(["atomic-openshift-docker-excluder"]);
                });
            }
        }
        fn after_phase(title) { step(`look at the disks after ${title}`, cluster::nodes, |host| host.name); }
        "#,
    );
    let arguments = [
        "run",
        "--sim",
        "ha",
        "downgrade_3_9_to_3_7",
        "--yes",
        "--lib",
        "site",
    ];
    let seen = place.ocpdg(&arguments);
    status(&seen, 0);
    let hooks = "before_phase, after_phase, packages, backup_dir";
    says(
        &seen,
        &format!("the site's own file is site/site.rhai, with {hooks}"),
    );
    says(&seen, "6.3 Shut down the cluster: it begins");
    let journal = journal(&seen);
    assert!(
        journal.contains("/srv/copies/masters/"),
        "its own directory is used"
    );
    assert!(journal.contains("/srv/copies/nodes/"));
    assert!(
        !journal.contains("/var/lib/ocpdg/2"),
        "the usual one is not"
    );
    let install = journal
        .lines()
        .filter(|line| line.contains("yum") && line.contains(" install "));
    assert!(install.clone().count() > 0);
    for line in install {
        assert!(
            !line.contains("atomic-openshift-docker-excluder-3.7"),
            "{line}"
        );
    }
    assert!(journal.contains("look at the disks after 6.9 Verify the downgrade"));
}

#[test]
fn a_site_switches_the_repositories_in_its_own_way() {
    let place = Place::new();
    place.write(
        "site.rhai",
        r#"fn switch_repositories(host) {
            host.run(["yum-config-manager", "--disable", "rhel-7-server-ose-3.9-rpms"]);
            host.run(["yum-config-manager", "--enable", "rhel-7-server-ose-3.7-rpms"]);
        }"#,
    );
    place.write(
        "mine.rhai",
        r#"import "downgrade_3_9_to_3_7" as downgrade;"#,
    );
    let seen = place.ocpdg(&["run", "--sim", "aio", "mine.rhai", "--yes"]);
    status(&seen, 0);
    let journal = journal(&seen);
    assert!(
        journal.contains("\"command\":\"yum-config-manager --disable rhel-7-server-ose-3.9-rpms\"")
    );
    let other = journal
        .lines()
        .find(|line| line.contains("subscription-manager repos --disable"));
    assert_eq!(other, None);
}

#[test]
fn a_mistake_in_a_site_file_is_found_before_anything_is_done() {
    let place = Place::new();
    place.write(
        "test.rhai",
        "phase(\"1\", || step(\"s\", cluster::nodes, |host| host.run(\"touch done\")));",
    );
    for (text, told) in [
        ("fn befor_phase(title) { }", "did you mean `before_phase`?"),
        ("fn before_phase() { }", "write `fn before_phase(title)`"),
        ("fn mine() { 1 }", "write `private fn mine`"),
        (
            "fn before_phase(title) { notte(title); }",
            "did you mean `note`?",
        ),
        ("settings(#{ nothing: 1 });", "the script has no parameters"),
    ] {
        place.write("site.rhai", text);
        let seen = place.ocpdg(&["run", "-i", "hosts", "test.rhai", "--without", "two"]);
        assert_ne!(seen.status, 0, "{text}");
        says(&seen, told);
        assert!(!place.path("done").exists(), "{text}");
    }
}

#[test]
fn an_error_in_a_hook_shows_its_line_and_the_phase_that_called_it() {
    let place = Place::new();
    place.write(
        "site.rhai",
        "fn before_phase(title) {\n    throw `not ${title}`;\n}\n",
    );
    place.write("test.rhai", "let one = 1;\nphase(\"1 First\", || one);\n");
    let seen = place.ocpdg(&["run", "--sim", "aio", "test.rhai"]);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn a_script_called_site_is_not_its_own_site_file() {
    let place = Place::new();
    place.write("site.rhai", "phase(\"1\", || note(\"once\"));");
    let seen = place.ocpdg(&["run", "--sim", "aio", "site.rhai"]);
    status(&seen, 0);
    assert_eq!(seen.stderr.matches("once").count(), 1, "{}", seen.stderr);
}

#[test]
fn a_site_file_that_is_not_used_is_told() {
    let place = Place::new();
    place.write("site.rhai", "settings(#{ docker_version: \"1.12.5\" });");
    place.write(
        "scripts/mine.rhai",
        "note(`docker ${param(\"docker_version\", \"1.12.6\", \"Docker\")}`);",
    );
    let seen = place.ocpdg(&["run", "--sim", "aio", "scripts/mine.rhai"]);
    says(&seen, "warning: site.rhai in this directory is not used");
    says(&seen, "docker 1.12.6");
    let seen = place.ocpdg(&[
        "rehearse",
        "--sim",
        "aio",
        "scripts/mine.rhai",
        "--lib",
        ".",
    ]);
    says(&seen, "the site's own file is ./site.rhai");
}

#[test]
fn who_ejects_can_edit_and_is_told_how_it_differs() {
    let place = Place::new();
    let seen = place.ocpdg(&["eject", "mine"]);
    status(&seen, 0);
    says(&seen, "28 files written to mine");
    let path = "mine/ocp/names.rhai";
    let names = place.read(path);
    assert!(
        names
            .lines()
            .last()
            .unwrap()
            .starts_with("// ejected from ocpdg ")
    );
    place.write(
        path,
        &names.replace(
            "\"openvswitch\", \"dnsmasq\"",
            "\"openvswitch\", \"dnsmasq\", \"ntpd\"",
        ),
    );

    let seen = place.ocpdg(&["eject", "mine"]);
    says(&seen, "0 files written to mine");
    says(
        &seen,
        "left as it is, for it was edited: mine/ocp/names.rhai",
    );
    assert!(place.read(path).contains("ntpd"));

    let seen = place.ocpdg(&["show", "mine/downgrade_3_9_to_3_7.rhai"]);
    status(&seen, 0);
    says(
        &seen,
        "ocp/names: mine/ocp/names.rhai, differs from the shipped one: +1 -1 lines",
    );
    says(&seen, "ocp/etcd: mine/ocp/etcd.rhai, as shipped");
    let seen = place.ocpdg(&["show", "--diff", "mine/downgrade_3_9_to_3_7.rhai"]);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn an_upgrade_tells_that_the_original_of_an_ejected_file_has_changed() {
    let place = Place::new();
    status(
        &place.ocpdg(&[
            "eject",
            "mine",
            "--only",
            "ocp/names",
            "--only",
            "verify.rhai",
        ]),
        0,
    );
    assert!(!place.path("mine/ocp/etcd.rhai").exists());
    let path = "mine/ocp/names.rhai";
    let text = place.read(path);
    let (body, mark) = text.trim_end().rsplit_once('\n').unwrap();
    let (_, digest) = mark.rsplit_once(' ').unwrap();
    // As another version would have ejected it, from another text.
    let older = mark
        .replace(digest, &"0".repeat(64))
        .replace(env!("CARGO_PKG_VERSION"), "0.0.1");
    place.write(path, &format!("{body}\n// of the site\n{older}\n"));
    place.write(
        "test.rhai",
        "import \"ocp/names\" as names;\nnote(names::node_unit());\n",
    );
    let seen = place.ocpdg(&["run", "--sim", "aio", "test.rhai", "--lib", "mine"]);
    status(&seen, 0);
    says(
        &seen,
        "warning: `mine/ocp/names.rhai` was ejected from ocpdg 0.0.1; stdlib/ocp/names.rhai of ocpdg",
    );
    let seen = place.ocpdg(&["check", "test.rhai", "--lib", "mine"]);
    status(&seen, 0);
    says(
        &seen,
        "warning: `mine/ocp/names.rhai` was ejected from ocpdg 0.0.1",
    );
    // The line that it asks for ends the warning.
    place.write(path, &format!("{body}\n// of the site\n{mark}\n"));
    let seen = place.ocpdg(&["run", "--sim", "aio", "test.rhai", "--lib", "mine"]);
    assert!(!seen.stderr.contains("warning"), "{}", seen.stderr);

    // Not edited, and of an older original: it becomes the new one.
    let old = "fn node_unit() { \"old\" }\n";
    let digest = sha256(old);
    place.write(
        path,
        &format!("{old}// ejected from ocpdg 0.0.1, whose text has the sha256 {digest}\n"),
    );
    let seen = place.ocpdg(&["eject", "mine"]);
    says(&seen, "renewed: mine/ocp/names.rhai");
    assert_eq!(place.read(path), text);
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_name_that_is_not_shipped_is_not_ejected() {
    let place = Place::new();
    let seen = place.ocpdg(&["eject", "mine", "--only", "ocp/nothing"]);
    status(&seen, 2);
    says(&seen, "`--only ocp/nothing`: is no shipped file");
    assert!(!place.path("mine").exists());
}

#[test]
fn show_lists_what_the_downgrade_goes_through() {
    let seen = Place::new().ocpdg(&["show", "downgrade_3_9_to_3_7"]);
    status(&seen, 0);
    // The library's lines move with every change of it.
    insta::with_settings!({ filters => [(r"(stdlib/[a-z_/]+\.rhai):\d+", "$1:[line]")] }, {
        insta::assert_snapshot!(seen.screen());
    });
}

#[test]
fn show_names_the_hooks_that_a_site_defines() {
    let place = Place::new();
    place.write("site.rhai", "fn packages(host, names) { names }\n");
    place.write("test.rhai", "//! A test.\n\nlet word = param(\"word\", \"w\", \"A word\");\nstep(\"loose\", cluster::nodes, |host| host.name);\n");
    let seen = place.ocpdg(&["show", "test.rhai"]);
    insta::assert_snapshot!(seen.screen());
}
