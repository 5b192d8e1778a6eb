//! The table that stands in for a host in the primitives' tests.

#[path = "support/scripted.rs"]
mod scripted;

use ocpdg::transport::Command;
use scripted::Scripted;

#[test]
fn answers_are_given_in_turn_and_the_last_one_stays() {
    let script = Scripted::new().on("date", "1\n", 0).on("date", "2\n", 3);
    let host = script.host("m1");
    let ask = || {
        let output = host.output(&Command::reads(["date"])).unwrap();
        (output.text(), output.exit.code())
    };
    assert_eq!(ask(), ("1".to_owned(), 0));
    assert_eq!(ask(), ("2".to_owned(), 3));
    assert_eq!(ask(), ("2".to_owned(), 3));
}

#[test]
fn the_longest_pattern_answers() {
    let script = Scripted::new()
        .on("yum ...", "any\n", 0)
        .on("yum -y install ...", "install\n", 0)
        .on("yum -y install etcd", "etcd\n", 0);
    let host = script.host("m1");
    let ask = |words: &str| {
        let command = Command::reads(words.split(' '));
        host.output(&command).unwrap().text()
    };
    assert_eq!(ask("yum clean all"), "any");
    assert_eq!(ask("yum -y install docker"), "install");
    assert_eq!(ask("yum -y install etcd"), "etcd");
}

#[test]
#[should_panic(expected = "the table has no answer to: rm -rf /")]
fn an_unlisted_command_is_loud() {
    let host = Scripted::new().host("m1");
    let _ = host.output(&Command::changes(["rm", "-rf", "/"]));
}
