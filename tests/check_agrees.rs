//! What `ocpdg check` calls an error, the engine refuses when it comes to that line; what it lets pass, runs.

#[path = "support/scripted.rs"]
mod scripted;
#[path = "support/stage.rs"]
mod stage;

use scripted::Scripted;

/// Whether a look through `script` finds errors, and whether it fails when it is run all the same.
fn verdicts(script: &str) -> (bool, bool) {
    let found = stage::mistakes(&stage::named(script));
    let host = Scripted::new().on("...", "", 0).host("m0");
    let ran = stage::run_unchecked(script, host, &["masters", "nodes", "etcd"]);
    (!found.is_empty(), ran.is_err())
}

#[test]
fn what_is_an_error_fails_when_it_runs() {
    for script in [
        "notte(\"x\");",
        "note(1, 2);",
        "fn own(a) { a } own();",
        "let twice = |x| 2 * x; twice(2);",
        "[1].map(Fn(\"nothing_like_it\"));",
        "let m = #{ a: 1 }; m.a.nothing_like_it();",
        "cluster::first_master.systemctl.stopp(\"x\");",
        "cluster::first_master.systemctl.install(\"x\");",
        "cluster::first_master.sytemctl.stop(\"x\");",
        "cluster::masters[0].nam;",
        "each(cluster::nodes, |host| host.nam);",
        "note(`${cluster::mastres}`);",
        "cluster::hots(\"m0\");",
        "import \"ocp/nothing\" as nothing;",
        "each(cluster::nodes, |host| nothing::f(1));",
        "import \"ocp/names\" as names; names::nothing(1);",
        "import \"ocp/names\" as names; names::NOTHING;",
        "const A = 1; fn f() { global::B } f();",
        "let a = 1; fn f() { global::a } f();",
        "let a = 1; fn f() { a } f();",
        "cluster::first_master.run(\"true\", #{ chek: true });",
        "step(\"a\", cluster::nodes, |host| 1, #{ seriel: true });",
        "wait_for(\"a\", #{ timeout: 1 }, || true);",
        "retry(\"a\", #{ times: 1 }, || true);",
        "cluster::first_master.yum.install(\"x\", #{ versoin: \"1\" });",
        "cluster::first_master.file.copy_all([#{ form: \"/a\", to: \"/b\" }]);",
        "settings(#{ nothing: 1 });",
        "each(cluster::nodes, |host, number| 1);",
        "phase(\"a\", |host| 1);",
        "step(\"a\", |host| 1);",
        // A variable that a call holds.
        "let s = \"a,b\"; s.split(\",\").filter(|x| s.contains(x));",
        "let s = [\"a,b\"]; s[0].split(\",\").filter(|x| s.contains(x));",
        "let s = [\"a\"]; let i = s[s.index_of(|x| s.len() > 0)];",
        "fn f(s) { s.map(|x| s.len()) } f([1]);",
        "let m = #{ a: [1] }; (m.a).map(|x| m.len());",
        "for x in [[1]] { x.map(|y| x.len()); }",
        "fn own(f) { f.call(1) } let v = [1]; v.own(|x| v.len());",
        "let s = cluster::nodes; s.names.filter(|x| s.contains(x));",
    ] {
        assert_eq!(verdicts(script), (true, true), "{script}");
    }
}

#[test]
fn what_is_let_pass_runs() {
    for script in [
        "let m = #{ f: |x| x + 1 }; m.f(1);",
        "fn twice() { this * 2 } let n = 2; n.twice();",
        "let n = 1; let o = [n.max([2].map(|x| n)[0])];",
        "let s = cluster::nodes; (s + s).filter(|x| s.contains(x));",
        "let t = [5, 6]; t[[0].map(|x| t.len() - 2)[0]];",
        "let t = [5, 6]; let same = t; t.map(|x| same.len());",
        "fn f(x) { x } [1].map(f); [1].map(Fn(\"f\")); call(|x| x, 1);",
        "let m = #{ systemctl: [1] }; m.systemctl.len();",
        "let n = 0; phase(\"a\", || { n += 1; [1].for_each(|x| n += x); });",
        "import \"ocp/names\" as names; names::count(1, \"host\");",
        "each(cluster::nodes, |host| { let host = #{ nam: 1 }; host.nam });",
        "let options = #{ read_only: true }; cluster::first_master.run(\"true\", options);",
        "switch 1 { 1 => note(\"a\"), _ => note(\"b\") }",
        "param(\"a\", 1, \"A number\"); settings(#{ a: 2 });",
    ] {
        assert_eq!(verdicts(script), (false, false), "{script}");
    }
}

#[test]
fn what_is_assigned_side_by_side_is_lost() {
    let script = "let n = 0; each(cluster::nodes, |host| { n += 1; }); note(`${n}`);";
    assert_eq!(verdicts(script), (true, false));
    let host = Scripted::new().host("m0");
    let said = stage::run_unchecked(script, host, &["nodes"]).unwrap();
    assert_eq!(said, ["0"]);
}
