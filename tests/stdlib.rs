//! The library's own tests, which are scripts: tests/stdlib.

use std::process::Command;

/// What `ocpdg test tests/stdlib` says.
fn report() -> (bool, String) {
    let state = tempfile::tempdir().expect("a directory");
    let output = Command::new(env!("CARGO_BIN_EXE_ocpdg"))
        .args(["test", "tests/stdlib"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_STATE_HOME", state.path())
        .env_remove("OCPDG_PATH")
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.success(),
        text + &String::from_utf8_lossy(&output.stderr),
    )
}

#[test]
fn the_library_does_what_its_tests_say() {
    let (passed, report) = report();
    assert!(passed, "{report}");
    // By name, so that one that is no longer run shows.
    let names: Vec<String> = report
        .lines()
        .filter_map(|line| {
            let (file, rest) = line
                .strip_prefix("ok      tests/stdlib/")?
                .split_once(".rhai:")?;
            Some(format!("{file} {}", rest.split_once(' ')?.1))
        })
        .collect();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(names.join("\n"));
    });
}
