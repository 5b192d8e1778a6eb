//! Whatever a word holds, a real shell reads it back as that one word.

use std::process::Command;

use ocpdg::transport::quote::quote;
use proptest::prelude::*;

fn through_sh(words: &[String]) -> Vec<String> {
    let quoted: Vec<_> = words.iter().map(|word| quote(word)).collect();
    let script = format!("printf '%s\\0' {}", quoted.join(" "));
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    assert_eq!(words.pop().as_deref(), Some(""));
    words
}

proptest! {
    #[test]
    fn any_words_come_back(words in prop::collection::vec("[^\0]{0,40}", 1..8)) {
        prop_assert_eq!(through_sh(&words), words);
    }

    #[test]
    fn words_of_special_characters_come_back(
        words in prop::collection::vec("[\\\\'\"$`!*?~=#&;|<>(){}\\[\\] \t\n\r\u{7f}aü\u{1f600}-]{0,12}", 1..8)
    ) {
        prop_assert_eq!(through_sh(&words), words);
    }
}

#[test]
fn plain_words_stay_readable() {
    assert_eq!(quote("/etc/etcd/etcd.conf"), "/etc/etcd/etcd.conf");
    assert_eq!(quote("it's"), r"'it'\''s'");
    assert_eq!(quote(""), "''");
}
