//! How the script engine behaves where the design rests on it. An upgrade of the engine that changes
//! one of these has to change the library too.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

/// Three hosts, of which only the first can be reached: closures that run no command do not notice.
const HOSTS: &str = "\
[masters]
one ansible_connection=local ansible_become=false
two ansible_host=127.0.0.1 ansible_port=1
[etcd]
one
[nodes]
one
two
three ansible_host=127.0.0.1 ansible_port=2
";

fn place() -> Place {
    let place = Place::new();
    place.write("hosts", HOSTS);
    place
}

/// The lines that a run said, without those that begin and end every run.
fn lines(seen: &Seen) -> Vec<String> {
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let lines = seen.stderr.lines().map(str::trim);
    let frame = ["run 2", "warning: run 2"];
    lines
        .filter(|line| !line.is_empty() && !frame.iter().any(|word| line.starts_with(word)))
        .map(str::to_owned)
        .collect()
}

fn says(place: &Place, script: &str, wanted: &[&str]) {
    assert_eq!(lines(&place.run(script)), wanted);
}

/// Runs `script`, which has to fail with all of `wanted` on its error screen.
fn fails(place: &Place, script: &str, wanted: &[&str]) {
    let seen = place.run(script);
    assert!(
        matches!(seen.status, 1 | 2),
        "{}: {}",
        seen.status,
        seen.stderr
    );
    for part in wanted {
        assert!(
            seen.error().contains(part),
            "`{part}` is not in {}",
            seen.stderr
        );
    }
}

#[test]
fn parallel_branches_get_copies_of_what_they_capture() {
    let script = r#"
        let left = ["x"];
        let seen = each(cluster::nodes, |host| { left.remove(0); left.len() });
        print(`${seen.values} and ${left.len()}`);
    "#;
    says(&place(), script, &["[0, 0, 0] and 1"]);
}

#[test]
fn a_captured_host_can_work_for_all_branches_at_once() {
    let script = r#"
        let bastion = cluster::first_master;
        let got = each(cluster::nodes, |host| bastion.run(`sleep 0.2; echo ${host.name}`).stdout);
        print(`${got.values}`);
        each(cluster::nodes, |host| each(cluster::nodes, |other| bastion.run("sleep 0.1").rc));
    "#;
    says(&place(), script, &[r#"["one", "two", "three"]"#]);
}

#[test]
fn a_phase_changes_the_variables_around_it() {
    let script = r#"
        let n = 1;
        let value = phase("one", || { n += 1; n });
        wait_for("three", #{ every_secs: 0 }, || { n += 1; n >= 5 });
        print(`${value} ${n}`);
    "#;
    says(&place(), script, &["one", "2 5"]);
}

#[test]
fn the_cluster_is_visible_everywhere() {
    let place = place();
    place.write(
        "tool.rhai",
        "const WORD = \"own\";\nfn masters() { cluster::masters.names }\n\
         fn inside() { each(cluster::masters, |host| `${cluster::masters.len} ${global::WORD}`).values }\n",
    );
    let script = r#"
        import "tool" as tool;
        fn here() { cluster::masters.names }
        print(`${here()}`);
        print(`${tool::masters()}`);
        print(`${tool::inside()}`);
        phase("one", || print(`${cluster::nodes.len}`));
    "#;
    let masters = r#"["one", "two"]"#;
    says(
        &place,
        script,
        &[masters, masters, r#"["2 own", "2 own"]"#, "one", "3"],
    );
}

#[test]
fn modules_that_import_each_other_are_refused() {
    let place = place();
    place.write("a.rhai", "import \"b\" as b;\nfn one() { 1 }\n");
    place.write("b.rhai", "import \"c\" as c;\n");
    place.write("c.rhai", "import \"a\" as a;\n");
    fails(
        &place,
        "import \"a\" as a;\n",
        &[
            "circular import",
            "`a.rhai` imports `b.rhai` imports `c.rhai` imports `a.rhai`",
        ],
    );
    place.write("self.rhai", "import \"self\" as me;\n");
    fails(&place, "import \"self\" as me;\n", &["circular import"]);
    place.write(
        "inner.rhai",
        "fn work() { import \"inner\" as me; me::stop() }\nfn stop() { 7 }\n",
    );
    says(
        &place,
        "import \"inner\" as i;\nprint(i::work());\n",
        &["7"],
    );
}

#[test]
fn a_script_that_imports_itself_is_refused() {
    fails(&place(), "import \"test\" as me;\n", &["circular import"]);
}

#[test]
fn a_step_in_a_module_fails_with_the_line_of_the_module() {
    let place = place();
    place.write(
        "tool.rhai",
        "fn stop() {\n    step(\"stop\", cluster::masters, |host| {\n        inner(host);\n    });\n}\n\
         fn inner(host) {\n    throw `${host.name} broke`;\n}\n",
    );
    fails(
        &place,
        "import \"tool\" as tool;\nphase(\"one\", || tool::stop());\n",
        &[
            "--> tool.rhai:2, in stop",
            "in test.rhai:2",
            "one: one broke",
            "two: two broke",
            "at tool.rhai:7",
        ],
    );
}

#[test]
fn closures_of_a_module_call_its_own_functions() {
    let place = place();
    place.write(
        "tool.rhai",
        "fn name(host) { `module ${host.name}` }\nprivate fn hidden(host) { `hidden ${host.name}` }\n\
         fn all() { each(cluster::masters, |host| name(host)).values }\n\
         fn all_hidden() { step(\"s\", cluster::masters, |host| hidden(host)).values }\n\
         fn mapped() { [cluster::first_master].map(|host| name(host)) }\n",
    );
    let script = r#"
        import "tool" as tool;
        fn name(host) { "script" }
        fn hidden(host) { "script" }
        print(`${tool::all()}`);
        print(`${tool::mapped()}`);
        phase("p", || print(`${tool::all()}`));
    "#;
    let all = r#"["module one", "module two"]"#;
    says(&place, script, &[all, r#"["module one"]"#, "p", all]);
    let seen = place.run("import \"tool\" as tool;\nprint(`${tool::all_hidden()}`);\n");
    assert!(
        lines(&seen).contains(&r#"["hidden one", "hidden two"]"#.to_owned()),
        "{}",
        seen.stderr
    );
}

#[test]
fn a_closure_does_not_leave_its_module() {
    let place = place();
    place.write("tool.rhai", "fn give() { |x| x + 1 }\n");
    fails(
        &place,
        "import \"tool\" as tool;\nlet f = tool::give();\nprint(f.call(1));\n",
        &["does not exist"],
    );
}

#[test]
fn a_bare_name_in_a_module_means_the_scripts_function_first() {
    let place = place();
    place.write(
        "tool.rhai",
        "fn twice(x) { 2 * x }\nfn all() { [1, 2].map(twice) }\n",
    );
    says(
        &place,
        "import \"tool\" as tool;\nprint(`${tool::all()}`);\n",
        &["[2, 4]"],
    );
    says(
        &place,
        "import \"tool\" as tool;\nfn twice(x) { 0 }\nprint(`${tool::all()}`);\n",
        &["[0, 0]"],
    );
}

#[test]
fn a_missing_property_is_an_error_and_can_be_asked_for() {
    let place = place();
    says(
        &place,
        "let m = #{ a: 1 };\nprint(\"a\" in m);\nprint(\"b\" in m);\n",
        &["true", "false"],
    );
    fails(
        &place,
        "let m = #{ a: 1 };\nprint(m.b);\n",
        &["property `b`", "test.rhai:2"],
    );
    fails(
        &place,
        "let m = #{ a: 1 };\nprint(m?.b);\n",
        &["property `b`"],
    );
    fails(
        &place,
        "let m = #{ a: 1 };\nm.b.c = 1;\n",
        &["property `b`"],
    );
}

#[test]
fn deep_recursion_is_an_error_wherever_it_happens() {
    let deep = "fn deep(n) { if n == 0 { 0 } else { 1 + deep(n - 1) } }\n";
    let place = place();
    for call in [
        "print(deep(N));",
        "phase(\"one\", || deep(N));",
        "each(cluster::nodes, |host| deep(N));",
        "each(cluster::etcd, |host| deep(N));",
        "phase(\"one\", || step(\"two\", cluster::nodes, |host| deep(N)));",
        "step(\"two\", || deep(N));",
        "wait_for(\"it\", #{}, || deep(N) > 0);",
    ] {
        let seen = place.run(&format!("{deep}{}\n", call.replace('N', "100")));
        assert_eq!(seen.status, 0, "{call}: {}", seen.stderr);
        let seen = place.run(&format!("{deep}{}\n", call.replace('N', "100000")));
        assert_eq!(seen.status, 1, "{call}: {}", seen.stderr);
        assert!(
            seen.stderr.contains("stack overflow"),
            "{call}: {}",
            seen.stderr
        );
    }
    let nested = [
        "fn f(n) { each(cluster::etcd, |host| f(n + 1)) }\nf(0);\n",
        "fn f(n) { wait_for(\"it\", #{}, || f(n + 1)) }\nf(0);\n",
        "fn f(n) { [1].map(|x| f(n + 1)) }\nf(0);\n",
    ];
    for script in nested {
        let seen = place.run(script);
        assert_eq!(seen.status, 1, "{script}: {}", seen.stderr);
    }
}

#[test]
fn a_small_stack_of_the_shell_does_not_matter() {
    let place = place();
    place.write("test.rhai", "fn deep(n) { if n == 0 { 0 } else { 1 + deep(n - 1) } }\nprint(phase(\"one\", || deep(100)));\n");
    let limited = format!(
        "ulimit -s 512; exec {} run test.rhai -i hosts",
        env!("CARGO_BIN_EXE_ocpdg")
    );
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &limited])
        .current_dir(place.path(""))
        .env("XDG_STATE_HOME", place.path("state"));
    let seen = Seen::of(command.output().expect("sh runs"));
    assert_eq!(seen.status, 0, "{}", seen.stderr);
}

#[test]
fn a_monster_of_an_expression_is_an_error() {
    let place = place();
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("-", ""),
        ("!", ""),
        ("if true {", "}"),
        ("f(", ")"),
        ("#{a:", "}"),
    ] {
        let script = format!("let x = {}1{};\n", open.repeat(20000), close.repeat(20000));
        let seen = place.run(&script);
        assert!(
            matches!(seen.status, 1 | 2),
            "{open}: {} {}",
            seen.status,
            seen.error()
        );
    }
}

#[test]
fn catch_receives_the_facts_of_an_error() {
    let script = r#"
        try { cluster::first_master.run("echo why >&2; exit 3"); }
        catch (e) { print(`${e.host} ${e.rc} ${e.stderr} ${e.kind}`); print(e.message); }
        try { each(cluster::masters, |host| { throw "no"; }); }
        catch (e) { print(e.message); }
        try { each(cluster::nodes - cluster::etcd, |host| host.run("true")); }
        catch (e) { print(e.message); }
        try { cluster::host("two").run("true"); }
        catch (e) { print(`${e.host} ${e.kind}`); print(e.hint); }
        try { let m = #{}; m.x; } catch (e) { print(e.error); }
        try { throw #{ code: 7 }; } catch (e) { print(e.code); }
        try { throw "plain"; } catch (e) { print(e); }
        try { fail("summary", ["finding"], "hint"); } catch (e) { print(`${e.message} ${e.findings} ${e.hint}`); }
    "#;
    says(
        &place(),
        script,
        &[
            "one 3 why command",
            "`echo why >&2; exit 3` on `one` exited with status 3",
            "`each` failed on 2 hosts",
            "`each` failed on 2 hosts",
            "two transport",
            "repair the host, or go on without it: `--without two`",
            "ErrorPropertyNotFound",
            "7",
            "plain",
            r#"summary ["finding"] hint"#,
        ],
    );
}

#[test]
fn what_is_caught_can_be_thrown_on_with_its_place() {
    let script = "fn work() {\n    cluster::first_master.run(\"exit 3\");\n}\ntry {\n    work();\n} catch (e) {\n    throw;\n}\n";
    fails(
        &place(),
        script,
        &[
            "`exit 3` on `one` exited with status 3",
            "--> test.rhai:2, in work",
        ],
    );
    let again = script.replace("throw;", "throw e;");
    fails(
        &place(),
        &again,
        &["`exit 3` on `one` exited with status 3", "--> test.rhai:7"],
    );
}

#[test]
fn a_return_ends_the_closure_and_at_the_top_the_script() {
    let script = r#"
        let value = phase("one", || { if true { return 7; } 8 });
        let values = step("two", cluster::nodes, |host| { if host.name == "two" { return "early"; } "late" });
        print(`${value} ${values["two"]} ${values["three"]}`);
        if value == 7 { return; }
        print("never");
    "#;
    let seen = place().run(script);
    let said = lines(&seen);
    assert!(said.contains(&"7 early late".to_owned()), "{said:?}");
    assert!(!said.contains(&"never".to_owned()), "{said:?}");
}

#[test]
fn exit_is_refused_because_it_would_look_like_success() {
    for script in [
        "exit();\n",
        "exit(1);\n",
        "step(\"one\", cluster::nodes, |host| exit(1));\n",
        "fn f() { exit(); }\nphase(\"one\", || f());\n",
    ] {
        fails(&place(), script, &["`exit`", "throw"]);
    }
}

#[test]
fn a_break_does_not_leave_a_closure() {
    let seen = place().run("for x in 0..3 { phase(`${x}`, || { break; }); }\n");
    assert_ne!(seen.status, 0, "{}", seen.stderr);
    let seen = place().run("step(\"one\", cluster::nodes, |host| { break; });\n");
    assert_ne!(seen.status, 0, "{}", seen.stderr);
}

#[test]
fn a_variable_used_inside_its_own_call_is_explained() {
    let script =
        "let group = cluster::nodes;\nlet kept = group.filter(|host| group.contains(host));\n";
    fails(
        &place(),
        script,
        &["a call of `filter`", "hint: use a copy"],
    );
    let script = "let group = cluster::nodes;\nlet copy = group;\nlet all = group.filter(|host| copy.contains(host));\nprint(all.len);\n";
    says(&place(), script, &["3"]);
}

#[test]
fn groups_keep_the_order_of_the_inventory() {
    let script = r#"
        print(`${(cluster::host("three") in cluster::nodes)} ${(cluster::nodes - cluster::masters).names}`);
        print(`${((cluster::nodes - cluster::first_master) + cluster::first_master).names}`);
        print(`${(cluster::nodes & cluster::masters).names} ${cluster::masters[1].name} ${cluster::nodes["three"].name}`);
        let outcomes = each(cluster::nodes, |host| host.name + "!");
        for one in outcomes { print(`${one.host} ${one.value} ${outcomes[one.host]}`); }
        print(`${cluster::nodes.filter(|host| host.is_in("etcd")).first == cluster::first_etcd}`);
    "#;
    says(
        &place(),
        script,
        &[
            r#"true ["three"]"#,
            r#"["one", "two", "three"]"#,
            r#"["one", "two"] two three"#,
            "one one! one!",
            "two two! two!",
            "three three! three!",
            "true",
        ],
    );
}

#[test]
fn every_built_in_mistake_is_an_error_with_its_line() {
    let place = place();
    for (line, wanted) in [
        ("1 / 0;", "division by zero"),
        ("9223372036854775807 + 1;", "overflow"),
        ("[1][5];", "out of bounds"),
        ("\"a\" * 2;", "cannot be applied to string and integer"),
        ("if 1 { }", "expecting a boolean"),
        ("let x = 1; if x { }", "`boolean` is wanted"),
        ("for x in 5 { }", "iterable"),
        ("let x = 5; for y in x { }", "iterable"),
        ("const X = 1; X = 2;", "X"),
        ("parse_json(\"{\");", "json"),
    ] {
        let seen = place.run(&format!("\n{line}\n"));
        assert!(matches!(seen.status, 1 | 2), "{line}: {}", seen.stderr);
        let shown = seen.error().to_lowercase();
        assert!(
            shown.contains(&wanted.to_lowercase()),
            "{line}: {}",
            seen.stderr
        );
        assert!(
            seen.error().contains("--> test.rhai:2"),
            "{line}: {}",
            seen.stderr
        );
    }
}

#[test]
fn a_script_sees_which_hosts_are_left_out_and_by_what() {
    let place = place();
    let script = r#"
        for host in cluster::left_out { print(`${host.name} ${host.by} ${host.groups} ${host.addresses}`); }
    "#;
    says(&place, script, &[]);
    let seen = place.run_with(script, &["--limit", "one,two", "--without", "two"]);
    for line in [
        r#"two --without ["masters", "nodes"] ["127.0.0.1", "two"]"#,
        r#"three --limit ["nodes"] ["127.0.0.1", "three"]"#,
    ] {
        assert!(seen.stderr.contains(line), "{}", seen.stderr);
    }
}
