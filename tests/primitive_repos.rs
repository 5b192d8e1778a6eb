//! How repositories are switched, and what is made of tools that do not say what they did.

#[path = "support/scripted.rs"]
mod scripted;

use base64::Engine as _;
use ocpdg::error::Kind;
use ocpdg::primitive::repos::{self, Method, Switch};
use scripted::{Reply, Scripted};

const ENABLED: &str = "yum -q repolist enabled";
const TOOLS: &str = "for c in subscription-manager yum-config-manager; ...";

fn repolist(ids: &[&str]) -> String {
    let lines: String = ids
        .iter()
        .map(|id| format!("{id}/x86_64  name  1,045\n"))
        .collect();
    format!("repo id  repo name  status\n{lines}")
}

fn wanted() -> Switch {
    Switch {
        disable: vec!["ose-3.8".to_owned(), "ose-3.9".to_owned()],
        enable: vec!["ose-3.7".to_owned()],
        method: Method::Auto,
    }
}

#[test]
fn only_what_is_enabled_is_disabled() {
    let script = Scripted::new()
        .on(ENABLED, &repolist(&["extras", "ose-3.9"]), 0)
        .on(ENABLED, &repolist(&["extras", "ose-3.7"]), 0)
        .on(TOOLS, "subscription-manager\nyum-config-manager\n", 0)
        .on(
            "subscription-manager repos --disable=ose-3.9 --enable=ose-3.7",
            "",
            0,
        )
        .on("yum clean all", "", 0);
    let host = script.host("m1");
    let change = repos::switch(&host, &wanted()).unwrap();
    assert_eq!(change.after, ["extras", "ose-3.7"]);
    assert!(!repos::switch(&host, &wanted()).unwrap().changed);
    assert_eq!(
        script.changes(),
        [
            "subscription-manager repos --disable=ose-3.9 --enable=ose-3.7",
            "yum clean all"
        ]
    );
    script.assert_shell_is_well_formed();
}

#[test]
fn a_tool_that_succeeds_without_doing_anything_is_followed_by_the_next() {
    let script = Scripted::new()
        .on(ENABLED, &repolist(&["ose-3.9"]), 0)
        .on(ENABLED, &repolist(&["ose-3.9"]), 0)
        .on(ENABLED, &repolist(&["ose-3.7"]), 0)
        .on(TOOLS, "subscription-manager\nyum-config-manager\n", 0)
        .on(
            "subscription-manager repos ...",
            "Repositories disabled by configuration.\n",
            0,
        )
        .on("yum-config-manager --disable ose-3.9", "", 0)
        .on("yum-config-manager --enable ose-3.7", "", 0)
        .on("yum clean all", "", 0);
    assert!(
        repos::switch(&script.host("m1"), &wanted())
            .unwrap()
            .changed
    );
}

#[test]
fn an_id_that_no_method_can_enable_is_told_with_all_that_was_said() {
    let said = "Error: 'ose-3.7' does not match a valid repository ID.";
    let script = Scripted::new()
        .on(ENABLED, &repolist(&["ose-3.9"]), 0)
        .on(ENABLED, &repolist(&["extras"]), 0)
        .reply(
            "subscription-manager repos --disable=ose-3.9 --enable=ose-3.7",
            Reply::new("", 1).stderr(said),
        )
        .on("yum clean all", "", 0);
    let switch = Switch {
        method: Method::SubscriptionManager,
        ..wanted()
    };
    let error = repos::switch(&script.host("m1"), &switch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "repositories on `m1`: wanted `ose-3.7` enabled, found enabled: extras"
    );
    assert_eq!(
        error.details(),
        [
            "$ subscription-manager repos --disable=ose-3.9 --enable=ose-3.7",
            said
        ]
    );
}

#[test]
fn repository_files_are_edited_where_no_tool_is() {
    let file = base64::engine::general_purpose::STANDARD
        .encode("[ose-3.9]\nenabled=1\n[ose-3.7]\nenabled=0\n");
    let script = Scripted::new()
        .on(ENABLED, &repolist(&["ose-3.9"]), 0)
        .on(ENABLED, &repolist(&["ose-3.7"]), 0)
        .on(TOOLS, "", 0)
        .on(
            "for f in /etc/yum.repos.d/*.repo; ...",
            &format!("/etc/yum.repos.d/ose.repo\n{file}\n"),
            0,
        )
        .file("/etc/yum.repos.d/ose.repo", Some("as above"))
        .on("yum clean all", "", 0);
    repos::switch(&script.host("m1"), &wanted()).unwrap();
    let written = script.content("/etc/yum.repos.d/ose.repo");
    assert_eq!(written, "[ose-3.9]\nenabled=0\n[ose-3.7]\nenabled=1\n");
    script.assert_shell_is_well_formed();
}

#[test]
fn patterns_disable_and_contradictions_are_refused() {
    let script = Scripted::new()
        .on(ENABLED, &repolist(&["a-ose-3.9-rpms", "b"]), 0)
        .on(ENABLED, &repolist(&["b"]), 0)
        .on("yum-config-manager --disable a-ose-3.9-rpms", "", 0)
        .on("yum clean all", "", 0);
    let switch = Switch {
        disable: vec!["*-ose-3.9-*".to_owned()],
        enable: vec![],
        method: Method::YumConfigManager,
    };
    repos::switch(&script.host("m1"), &switch).unwrap();
    for (disable, enable) in [("a*", "ab"), ("x", "y*"), ("--all", "y"), ("x", "")] {
        let switch = Switch {
            disable: vec![disable.to_owned()],
            enable: vec![enable.to_owned()],
            method: Method::Auto,
        };
        let error = repos::switch(&Scripted::new().host("m1"), &switch).unwrap_err();
        assert!(matches!(*error.kind, Kind::Invalid { .. }));
    }
}

#[test]
fn a_script_names_the_method_in_words() {
    let switch: Switch =
        serde_json::from_str(r#"{"enable":["a"],"method":"yum-config-manager"}"#).unwrap();
    assert_eq!(switch.method, Method::YumConfigManager);
    assert!(serde_json::from_str::<Switch>(r#"{"enabled":["a"]}"#).is_err());
}

#[test]
fn what_stays_enabled_is_known_before_anything_is_switched() {
    let script = Scripted::new().on(ENABLED, &repolist(&["extras", "ose-3.6", "ose-3.9"]), 0);
    let after = repos::enabled_after(&script.host("m1"), &wanted()).unwrap();
    assert_eq!(after, ["extras", "ose-3.6", "ose-3.7"]);
    assert!(script.changes().is_empty());
}
