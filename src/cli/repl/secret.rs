//! What was typed, without the secrets in it.

use std::sync::LazyLock;

use regex::Regex;

use crate::primitive::conceal;

/// Words beside which a secret is likely.
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)passw|passphrase|pwd|secret|token|credential|key\s*=|key\s*:|authorization";
    Regex::new(words).expect("the pattern is one")
});

/// What such a word is given: `password=VALUE`, `token: "VALUE"`, `--secret VALUE`.
static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
    let given = r#"(?i)(?:(?:passw\w*|passphrase|pwd|secret|token|credentials?|key|authorization)["']?\s*[=:]\s*(?:bearer\s+)?|--?[\w-]*(?:passw\w*|passphrase|pwd|secret|token|credentials?)\s+)(["'`]?)([^\s"'`;,)}]+)"#;
    Regex::new(given).expect("the pattern is one")
});

/// Fewer letters than this are found everywhere, and are no secret.
const LETTERS: usize = 4;

/// Whether `line` looks as if it holds a secret.
pub fn is_likely(line: &str) -> bool {
    WORDS.is_match(line)
}

/// What in `line` may be secret; in code only texts are, not the names of variables.
pub fn values(line: &str) -> Vec<String> {
    if !is_likely(line) {
        return Vec::new();
    }
    let is_shell = line.trim_start().starts_with('!');
    let found = GIVEN.captures_iter(line).filter(|found| {
        let begin = found.get(0).map_or(0, |whole| whole.start());
        let quotes = line[..begin].matches(['"', '`']).count();
        is_shell || !found[1].is_empty() || quotes % 2 == 1
    });
    let values = found.map(|found| found[2].to_owned());
    // What the shell puts together is not known here.
    let known = values.filter(|value| value.len() >= LETTERS && !value.starts_with('$'));
    known.collect()
}

/// `line` as it is put on record.
pub fn concealed(line: &str) -> String {
    let shown = conceal::conceal(line);
    if shown != line || !is_likely(line) {
        return shown;
    }
    // Rather too much than too little: from the word on, the rest goes.
    let at = WORDS.find(line).map_or(0, |word| word.end());
    format!("{} {}", &line[..at], conceal::CONCEALED)
}

#[cfg(test)]
mod tests {
    use super::{concealed, is_likely, values};

    #[test]
    fn secrets_are_seen_and_taken_out() {
        for (line, gone) in [
            ("!mysql --password=hunter22 x", "hunter22"),
            ("let token = \"abc123\";", "abc123"),
            ("!curl -H 'Authorization: Bearer abc123' x", "abc123"),
            ("!oc login --token abc123", "abc123"),
            ("let m = #{ secret: \"abc123\" };", "abc123"),
            ("!x --key=abc123", "abc123"),
            ("target.run(\"x --password=abc123\")", "abc123"),
        ] {
            assert!(is_likely(line), "{line}");
            assert!(!concealed(line).contains(gone), "{}", concealed(line));
            assert!(values(line).iter().any(|value| value == gone), "{line}");
        }
        for line in ["cluster::masters.yum.repos()", "!etcdctl ls / # keys"] {
            assert!(!is_likely(line), "{line}");
            assert_eq!(concealed(line), line);
        }
        for line in ["let token = etcd::way();", "!x --password=$SECRET_WORD"] {
            assert_eq!(values(line), Vec::<String>::new(), "{line}");
        }
    }
}
