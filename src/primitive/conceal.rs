//! Secrets in the text of configuration files, taken out before anybody keeps it.
//!
//! Rather too much than too little: from the name of a secret on, the rest of the line goes.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in the place of a secret.
pub const CONCEALED: &str = "concealed";

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is one")
}

/// User and password before the host of a URL: up to the last `@`, for passwords are typed unescaped too.
static IN_URL: LazyLock<Regex> = LazyLock::new(|| pattern(r#"://[^\s"'<>]*@"#));

/// The same without a scheme, as proxies are given.
static IN_PROXY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)(proxy\w*["']?\s*[=:]\s*["']?)[^\s"'/]*@"#));

/// A name, and what is assigned to it: `NAME=VALUE`, `NAME: VALUE`, `--NAME VALUE`. Names are ASCII, and so
/// end at any other character: the pattern stays small, and is quick.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?<before>(?:^|[^0-9A-Za-z_.-])(?<name>[0-9A-Za-z_.-]*(?i-u:passw|passphrase|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|_auth\b|authorization|-data\b)[0-9A-Za-z_.-]*)["']?(?:\s*[:=]\s*|\s+))(?<value>\S.*?)?(?<after>["'\]},\s]*)$"#,
    )
});

/// Names that sound like secrets and hold none: paths, times, switches, what is public by design.
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(files?|path|dir|seconds|minutes|config|refs?|references?|names?|method|methods|enabled|mode|policy|provider|template|_auth)$|^ETCD_INITIAL_CLUSTER_TOKEN$|^initial-cluster-token$",
    )
});

/// Whether [`conceal`] has anything to look for in `text`: most output has not, and this is quick.
pub fn may_hold_secrets(text: &[u8]) -> bool {
    static HINTS: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
        let hints = r"(?i-u)@|passw|passphrase|pwd|secret|token|credential|(api|access|private)[_-]?key|_auth\b|authorization|-data\b|-----BEGIN ";
        regex::bytes::Regex::new(hints).expect("the pattern is one")
    });
    HINTS.is_match(text)
}

/// `text` without its secrets.
pub fn conceal(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // How deep the name of a secret stood, whose value goes on below it.
    let mut block: Option<usize> = None;
    let mut key = false;
    for line in text.lines() {
        if key || line.contains("-----BEGIN ") {
            let first = !key;
            key = !line.contains("-----END ");
            if first {
                let indent = &line[..line.len() - line.trim_start().len()];
                lines.push(format!("{indent}{CONCEALED}"));
            }
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if let Some(outer) = block {
            if line.trim().is_empty() || depth > outer {
                lines.push(below(line));
                continue;
            }
            block = None;
        }
        // Each line is asked, for the patterns below take their time.
        let (shown, opens) = match may_hold_secrets(line.as_bytes()) {
            true => plain(line),
            false => (line.to_owned(), false),
        };
        if opens {
            block = Some(depth);
        }
        lines.push(shown);
    }
    let mut shown = lines.join("\n");
    if text.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

/// One line without its secrets, and whether a secret's value follows below it.
fn plain(line: &str) -> (String, bool) {
    let line = IN_URL.replace_all(line, format!("://{CONCEALED}@"));
    let line = IN_PROXY.replace_all(&line, format!("${{1}}{CONCEALED}@"));
    let mut opens = false;
    let shown = ASSIGNED.replace(&line, |found: &Captures<'_>| {
        let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let (name, value) = (part("name"), part("value"));
        let whole = found[0].to_owned();
        if value.is_empty() || matches!(value, "|" | ">" | "|-" | ">-") {
            opens = part("before").trim_end().ends_with(':');
            return whole;
        }
        let separated = part("before").trim_end().ends_with([':', '=']);
        // A word of a sentence is no option.
        let is_option = name.starts_with('-');
        if !separated && !is_option {
            return whole;
        }
        if HARMLESS.is_match(name) {
            // What stands behind it on the line may be a secret again.
            return format!("{}{}{}", part("before"), plain(value).0, part("after"));
        }
        let after = part("after");
        let is_quoted = value.starts_with(['"', '\'']);
        let open = if is_quoted { &value[..1] } else { "" };
        let close = if after.starts_with(open) { "" } else { open };
        format!("{}{open}{CONCEALED}{close}{after}", part("before"))
    });
    (shown.into_owned(), opens)
}

/// A line below the name of a secret: where it comes from is told, what it is is not.
fn below(line: &str) -> String {
    let indent = &line[..line.len() - line.trim_start().len()];
    match line.trim().split_once(':') {
        None if line.trim().is_empty() => String::new(),
        Some(("file" | "keyFile" | "env", _)) => line.to_owned(),
        Some((name, _)) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("{indent}{name}: {CONCEALED}")
        }
        _ => format!("{indent}{CONCEALED}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{conceal, may_hold_secrets};

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, expected) in [
            (
                "HTTP_PROXY=http://joe:s3cr@t@proxy:3128",
                "HTTP_PROXY=http://concealed@proxy:3128",
            ),
            (
                "HTTPS_PROXY='joe:s3cret@proxy:3128'",
                "HTTPS_PROXY='concealed@proxy:3128'",
            ),
            (
                "Environment=\"HTTP_PROXY=http://joe:x@p:1\"",
                "Environment=\"HTTP_PROXY=http://concealed@p:1\"",
            ),
            ("proxy_password = abc", "proxy_password = concealed"),
            (
                "      bindPassword: \"abc def\"",
                "      bindPassword: \"concealed\"",
            ),
            ("      bindPassword: abc", "      bindPassword: concealed"),
            (
                "AWS_SECRET_ACCESS_KEY=abc/def+",
                "AWS_SECRET_ACCESS_KEY=concealed",
            ),
            (
                "{\"clientSecret\": \"abc\", \"x\": 1},",
                "{\"clientSecret\": \"concealed\"},",
            ),
            (
                "{\"clientSecret\": \"abc\"},",
                "{\"clientSecret\": \"concealed\"},",
            ),
            (
                "OPTIONS='--log-opt splunk-token=abc --x'",
                "OPTIONS='--log-opt splunk-token=concealed'",
            ),
            ("OPTIONS=--password abc", "OPTIONS=--password concealed"),
            (
                "    client-key-data: QUJD",
                "    client-key-data: concealed",
            ),
            (
                "baseurl=https://mirror/x?token=abc",
                "baseurl=https://mirror/x?token=concealed",
            ),
            // These stay.
            (
                "  sessionSecretsFile: /etc/origin/master/session-secrets.yaml",
                "",
            ),
            ("    accessTokenMaxAgeSeconds: 86400", ""),
            ("  privateKeyFile: serviceaccounts.private.key", ""),
            ("ETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-1", ""),
            ("ETCD_CLIENT_CERT_AUTH=true", ""),
            ("  limitSecretReferences: false", ""),
            ("# the password is asked for", ""),
            ("baseurl=https://mirror/x@y", "baseurl=https://concealed@y"),
        ] {
            let expected = if expected.is_empty() { text } else { expected };
            assert_eq!(conceal(text), expected);
            assert!(
                expected == text || may_hold_secrets(text.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_goes_on_below_a_secrets_name_goes_too() {
        let text = "a:\n  bindPassword:\n    keyFile: /etc/x.key\n    value: abc\n  tokenConfig:\n    keep: 1\n\
                    b: |\n  clientSecret: |\n    two\n    lines\n  c: 1\n-----BEGIN RSA PRIVATE KEY-----\nMII\n\
                    -----END RSA PRIVATE KEY-----\nd: 1\n";
        let shown = conceal(text);
        for gone in ["abc", "two", "lines", "MII"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        for kept in ["keyFile: /etc/x.key", "  c: 1", "d: 1"] {
            assert!(shown.contains(kept), "{shown}");
        }
    }
}
