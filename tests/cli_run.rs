//! `ocpdg run`: what it does, what it refuses, and the screens it shows.

#[path = "support/program.rs"]
mod program;

use program::Place;

/// Compares the whole screen of a script that fails with its golden file.
macro_rules! screen {
    ($name:ident, $script:expr, $status:expr) => {
        #[test]
        fn $name() {
            let place = Place::new();
            // One host after the other, in the order of the inventory.
            let seen = place.run_with($script, &["--forks", "1"]);
            assert_eq!(seen.status, $status, "{}", seen.screen());
            insta::assert_snapshot!(seen.screen());
        }
    };
}

screen!(
    a_script_runs_to_its_end,
    r#"
phase("6.1 Look", || {
    step("look", cluster::masters, |host| host.run("cat hosts", #{ read_only: true }).rc);
    step("touch", cluster::first_master, |host| host.run("touch evidence").rc);
    step("think", || 1 + 1);
});
note("two\nlines");
warn("careful");
table(["host", "state"], [["one", "ready"]]);
"#,
    0
);
screen!(a_script_that_does_not_parse, "let x = ;\n", 2);
screen!(
    an_undefined_variable,
    "let count = 1;\nnote(`${coumt}`);\n",
    2
);
screen!(eval_is_disabled, "eval(\"1\");\n", 2);
screen!(
    a_missing_module,
    "note(\"before\");\nimport \"ocp/nowhere\" as n;\n",
    2
);
screen!(
    an_undefined_function,
    "note(\"before\");\nnotte(\"x\");\n",
    2
);
screen!(
    an_undefined_function_in_a_step,
    "step(\"look\", cluster::masters, |host| {\n    let x = 1;\n    lokk(host)\n});\n",
    2
);
screen!(a_wrong_type_of_argument, "note(42);\n", 1);
screen!(a_wrong_number_of_arguments, "phase(\"one\");\n", 2);
screen!(
    a_wrong_value_of_an_argument,
    "cluster::masters[0].run(42);\n",
    1
);
screen!(
    an_unknown_option,
    "cluster::masters[0].run(\"true\", #{ chek: false });\n",
    2
);
screen!(
    an_unknown_option_of_a_step,
    "step(\"a\", cluster::masters, |host| 1, #{ seriel: true });\n",
    2
);
screen!(
    an_unknown_verb,
    "cluster::masters.systemctl.stopp(\"x\");\n",
    2
);
screen!(an_unknown_group, "note(cluster::msters.names);\n", 2);
screen!(an_unknown_host, "note(cluster::host(\"three\").name);\n", 1);
screen!(
    a_host_beyond_the_group,
    "note(cluster::masters[3].name);\n",
    1
);
screen!(
    an_unknown_property_of_a_host,
    "note(cluster::masters[0].nam);\n",
    2
);
screen!(
    an_unknown_property_of_a_map,
    "let m = #{ count: 1 };\nnote(`${m.coutn}`);\n",
    1
);
screen!(
    a_text_is_thrown,
    "fn deep(x) {\n    throw `no ${x}`;\n}\ndeep(\"way\");\n",
    1
);
screen!(
    a_map_is_thrown,
    "throw #{ message: \"nothing works\", code: 3 };\n",
    1
);
screen!(
    findings_are_reported,
    "fail(\"the cluster is not ready\", [\"one: no disk\", \"two: no rpm\"], \"repair it and type `ocpdg run`\");\n",
    1
);
screen!(
    a_command_fails,
    "cluster::masters[0].run(\"echo out; echo broken >&2; exit 3\");\n",
    1
);
screen!(
    a_host_is_not_reached,
    "step(\"touch\", cluster::nodes, |host| host.run(\"true\").rc);\n",
    1
);
screen!(
    a_phase_inside_a_phase,
    "phase(\"one\", || phase(\"two\", || 1));\n",
    1
);
screen!(
    a_step_inside_a_step,
    "step(\"one\", || step(\"two\", || 1));\n",
    1
);
screen!(
    a_wait_that_ends,
    "wait_for(\"the API\", #{ timeout_secs: 0 }, || \"503\");\n",
    1
);
screen!(
    a_confirmation_without_a_terminal,
    "step(\"before\", || 1);\nconfirm(\"Destroy it?\", [\"/var/lib/etcd on one\"]);\n",
    3
);

#[test]
fn a_failing_host_lets_the_others_finish() {
    let place = Place::new();
    let seen = place.run(
        r#"
        step("write", cluster::nodes, |host| {
            if host.name == "two" { throw "not here"; }
            host.run("sleep 0.2; echo done >> evidence");
        });
        "#,
    );
    assert_eq!(seen.status, 1);
    assert_eq!(place.read("evidence"), "done\n");
    insta::assert_snapshot!(seen.error());
}

#[test]
fn an_error_in_a_module_shows_its_file_its_line_and_who_called_it() {
    let place = Place::new();
    place.write(
        "site/tool.rhai",
        "/// Breaks.\nfn break_it(host) {\n    host.run(\"false\");\n}\n",
    );
    let seen =
        place.run("import \"site/tool\" as tool;\n\ntool::break_it(cluster::first_master);\n");
    assert_eq!(seen.status, 1);
    insta::assert_snapshot!(seen.error());
}

#[test]
fn a_module_that_does_not_parse_is_refused_before_anything_runs() {
    let place = Place::new();
    place.write("site/tool.rhai", "fn good() { 1 }\nfn broken( { }\n");
    let seen = place.run("step(\"touch\", cluster::first_master, |h| h.run(\"touch evidence\"));\nimport \"site/tool\" as tool;\n");
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(!place.path("evidence").exists());
    assert!(place.runs().is_empty(), "a refused script leaves no run");
    insta::assert_snapshot!(seen.error());
}

#[test]
fn an_imported_script_runs_with_the_settings_of_the_site() {
    let place = Place::new();
    place.write(
        "downgrade.rhai",
        r#"
        //! The procedure.
        let version = param("version", "3.7", "What to install");
        let wanted = param("wanted", ["a", "b"], "What is wanted");
        phase("one", || step("write", cluster::first_master, |host| {
            host.run(`echo ${version} ${wanted.len} >> evidence`);
        }));
        if version == "3.7.23" { return; }
        step("never", cluster::first_master, |host| host.run("echo never >> evidence"));
        "#,
    );
    let site = "settings(#{ version: \"3.7.23\", wanted: [\"x\"] });\nimport \"downgrade\" as downgrade;\nnote(\"after\");\n";
    let seen = place.run(site);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "3.7.23 1\n");
    assert!(seen.stderr.contains("after"), "{}", seen.stderr);

    let seen = place.run_with(site, &["--set", "version=3.6", "--set", "wanted=x,y, z"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "3.7.23 1\n3.6 3\nnever\n");
}

#[test]
fn parameters_take_the_type_of_their_default() {
    let place = Place::new();
    let seen = place.run_with(
        r#"
        print(param("count", 1, "A number") + 1);
        print(!param("wanted", true, "A choice"));
        print(param("names", ["a"], "A list").len);
        print(param("name", "a", "A text") + "!");
        "#,
        &[
            "--set",
            "count=41",
            "--set",
            "wanted=no",
            "--set",
            "names=",
            "--set",
            "name=b=c",
        ],
    );
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let said: Vec<&str> = seen.stderr.lines().map(str::trim).collect();
    for line in ["42", "true", "0", "b=c!"] {
        assert!(said.contains(&line), "{line} is not in {said:?}");
    }
}

#[test]
fn settings_that_fit_no_parameter_are_refused() {
    let place = Place::new();
    let script = "settings(#{ NAME: VALUE });\nparam(\"names\", [\"a\"], \"A list\");\n";
    let mut screens = String::new();
    for (name, value, status) in [("nmaes", "[]", 2), ("names", "\"a,b\"", 1)] {
        let script = script.replace("NAME", name).replace("VALUE", value);
        let seen = place.run(&script);
        assert_eq!(seen.status, status, "{}", seen.stderr);
        screens.push_str(seen.error());
    }
    insta::assert_snapshot!(screens);
}

#[test]
fn a_command_line_that_is_wrong_is_refused_before_anything_runs() {
    let place = Place::new();
    let script = "param(\"docker_version\", \"1.12.6\", \"Docker\");\nparam(\"count\", 3, \"How many\");\n\
        step(\"touch\", cluster::first_master, |host| host.run(\"touch evidence\"));\n";
    let mut screens = String::new();
    for arguments in [
        &["--set", "dockr_version=1"][..],
        &["--set", "docker_version"],
        &["--set", "count=many"],
        &["--limit", "tow"],
        &["--without", "tow"],
        &["--without", "one"],
        &["--forks", "0"],
        &["--wihtout", "two"],
    ] {
        let seen = place.run_with(script, arguments);
        assert_eq!(seen.status, 2, "{arguments:?}: {}", seen.stderr);
        screens.push_str(&format!("$ {}\n{}\n", arguments.join(" "), seen.stderr));
    }
    assert!(!place.path("evidence").exists());
    assert!(place.runs().is_empty(), "what is refused leaves no run");
    insta::assert_snapshot!(screens);
}

#[test]
fn an_inventory_that_is_missing_or_wrong_is_refused() {
    let place = Place::new();
    place.write("test.rhai", "note(\"never\");\n");
    place.write("empty_etcd", "[masters]\nm1\n[etcd]\n[nodes]\nm1\n");
    place.write(
        "twice",
        "[masters]\na ansible_connection=local\n[etcd]\nb ansible_connection=local\n",
    );
    let mut screens = String::new();
    for inventory in ["nowhere", "empty_etcd", "twice", "."] {
        let seen = place.ocpdg(&["run", "test.rhai", "-i", inventory]);
        assert_eq!(seen.status, 2, "{inventory}: {}", seen.stderr);
        screens.push_str(&format!("$ -i {inventory}\n{}\n", seen.stderr));
    }
    insta::assert_snapshot!(screens);
}

#[test]
fn a_script_that_is_not_there_is_refused_with_the_shipped_ones() {
    let place = Place::new();
    let seen = place.ocpdg(&["run", "nowhere.rhai", "-i", "hosts"]);
    assert_eq!(seen.status, 2);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn a_mistyped_directory_does_not_run_the_shipped_script() {
    let place = Place::new();
    let seen = place.ocpdg(&["run", "stie/verify.rhai", "-i", "hosts"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(seen.stderr.contains("no such file"), "{}", seen.stderr);
}

#[test]
fn hosts_can_be_left_out_and_work_can_be_limited() {
    let place = Place::new();
    let script = "for host in cluster::all { print(host.name); }\n";
    let seen = place.run_with(script, &["--without", "two"]);
    assert_eq!(seen.status, 0);
    insta::assert_snapshot!(seen.screen());
    let seen = place.run_with(script, &["--limit", "two"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(!seen.stderr.contains("    one"), "{}", seen.stderr);
}

#[test]
fn who_leaves_out_a_master_or_an_etcd_member_is_told_what_has_to_be_true_of_it() {
    let place = Place::new();
    place.write(
        "hosts",
        "[masters]\none ansible_connection=local ansible_become=false\ntwo\n\
         [etcd]\none\ntwo\nthree\n[nodes]\none\ntwo\n",
    );
    let seen = place.run_with("note(\"on\");\n", &["--without", "two,three"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn the_operators_library_stands_before_the_shipped_one() {
    let place = Place::new();
    let module = |name: &str| format!("fn node_unit() {{ \"{name}\" }}\n");
    let script = "import \"ocp/names\" as names;\nprint(`from ${names::node_unit()}`);\n";
    let said = |seen: &program::Seen| {
        let line = seen.stderr.lines().find(|line| line.contains("from"));
        line.map(|line| line.trim().to_owned()).unwrap_or_default()
    };
    assert_eq!(said(&place.run(script)), "from atomic-openshift-node");
    place.write("ocp/names.rhai", &module("beside"));
    assert_eq!(said(&place.run(script)), "from beside");
    place.write("path/ocp/names.rhai", &module("path"));
    let mut command = place.command(&["run", "test.rhai", "-i", "hosts"]);
    command.env("OCPDG_PATH", "nowhere:path");
    let seen = program::Seen::of(command.output().expect("it runs"));
    assert_eq!(said(&seen), "from path");
    place.write("lib/ocp/names.rhai", &module("lib"));
    let seen = place.run_with(script, &["--lib", "lib"]);
    assert_eq!(said(&seen), "from lib");
}

#[test]
fn secrets_are_nowhere() {
    let place = Place::new();
    place.write(
        "hosts",
        &program::HOSTS.replace(
            "ansible_become=false",
            "ansible_become=false ansible_become_pass=hunter2secret",
        ),
    );
    let mut seen = place.run(
        r#"
        step("leak", cluster::first_master, |host| host.run("echo hunter2secret").stdout);
        note("it is hunter2secret");
        step("fail", cluster::first_master, |host| host.run("echo hunter2secret >&2; exit 1"));
        "#,
    );
    assert_eq!(seen.status, 1);
    let journal = std::fs::read_to_string(place.journal()).expect("it is text");
    assert!(!journal.contains("hunter2secret"), "{journal}");
    assert!(journal.contains("[secret]"), "{journal}");
    seen = place.ocpdg(&["log", "--commands"]);
    assert!(!seen.stdout.contains("hunter2secret"), "{}", seen.stdout);
    seen = place.ocpdg(&["inventory", "-i", "hosts"]);
    assert!(!seen.stdout.contains("hunter2secret"), "{}", seen.stdout);
    seen = place.ocpdg(&["inventory", "-i", "hosts", "--json"]);
    assert!(!seen.stdout.contains("hunter2secret"), "{}", seen.stdout);
}

#[test]
fn a_password_that_is_a_word_of_the_journal_leaves_it_readable() {
    for word in [
        "one",
        "step",
        "command",
        "run_started",
        "status",
        "changed",
        "2",
    ] {
        let place = Place::new();
        let inventory = program::HOSTS.replace(
            "ansible_become=false",
            &format!("ansible_become_pass={word}"),
        );
        place.write("hosts", &inventory);
        let seen = place.run(
            r#"
            step("one", || "kept");
            step("fail", cluster::nodes, |host| { throw "as told"; });
            "#,
        );
        assert_eq!(seen.status, 1, "{word}: {}", seen.stderr);
        let seen = place.ocpdg(&["resume"]);
        assert_eq!(seen.status, 1, "{word}: {}", seen.stderr);
        assert!(
            seen.stderr.contains("one: done already"),
            "{word}: {}",
            seen.stderr
        );
    }
}

#[test]
fn help_is_complete() {
    let place = Place::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_run", &["run", "--help"]),
        ("help_resume", &["resume", "--help"]),
        ("help_log", &["log", "--help"]),
        ("help_inventory", &["inventory", "--help"]),
    ] {
        let seen = place.ocpdg(arguments);
        assert_eq!(seen.status, 0);
        insta::assert_snapshot!(name, seen.stdout);
    }
    let help = place.ocpdg(&["run", "--help"]).stdout;
    for script in program::entries(std::path::Path::new("scripts")) {
        let name = script.file_stem().expect("a name").to_string_lossy();
        assert!(help.contains(&format!("  {name} ")), "{name}: {help}");
    }
}
