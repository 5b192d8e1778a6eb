//! Shipped files that were written out to be edited: each ends with a line that tells which text it began as, so that
//! a newer program can say that its own has changed since.

use sha2::{Digest, Sha256};

use super::loaded::Origin;
use super::shipped;

/// How the last line of an ejected file begins.
const MARK: &str = "// ejected from ocpdg ";
/// What stands between the version and the digest.
const OF: &str = ", whose text has the sha256 ";

/// `text`, with the line that tells what it is.
pub fn marked(text: &str) -> String {
    format!("{text}{}\n", mark(text))
}

/// The line that tells that a file began as `text`, the shipped one of now.
pub fn mark(text: &str) -> String {
    format!("{MARK}{}{OF}{}", env!("CARGO_PKG_VERSION"), digest(text))
}

/// `text` without that line.
pub fn without_mark(text: &str) -> &str {
    let end = text.trim_end_matches('\n');
    let start = end.rfind('\n').map_or(0, |at| at + 1);
    match end[start..].starts_with(MARK) {
        true => &text[..start],
        false => text,
    }
}

/// The version and the digest of what `text` began as, if it was ejected.
pub fn began_as(text: &str) -> Option<(&str, &str)> {
    let last = text.trim_end_matches('\n').rsplit('\n').next()?;
    last.strip_prefix(MARK)?.split_once(OF)
}

/// Whether the text of `began_as` is `text` itself, without any edit.
pub fn is_unedited(text: &str) -> bool {
    began_as(text).is_some_and(|(_, then)| then == digest(without_mark(text)))
}

/// What to tell the operator of a file that was ejected, and whose original is another by now.
pub fn outdated(origin: &Origin) -> Option<String> {
    let (path, text): shipped::File = origin.shipped.filter(|_| origin.is_file)?;
    let (version, then) = began_as(&origin.text)?;
    let now = digest(text);
    if then == now {
        return None;
    }
    Some(format!(
        "`{}` was ejected from ocpdg {version}; {path} of ocpdg {} is another: see `ocpdg show --diff {}`, take over \
         what you want, and end the file with `{}`",
        origin.name,
        env!("CARGO_PKG_VERSION"),
        origin.name,
        mark(text)
    ))
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_what_a_file_began_as_and_is_no_part_of_it() {
        let text = "//! One.\nfn one() { 1 }\n";
        let ejected = marked(text);
        assert_eq!(without_mark(&ejected), text);
        assert!(is_unedited(&ejected));
        let edited = ejected.replace("{ 1 }", "{ 2 }");
        assert!(!is_unedited(&edited));
        assert_eq!(
            began_as(&edited).map(|(_, then)| then.to_owned()),
            Some(digest(text))
        );
        assert_eq!(without_mark(text), text);
        assert_eq!(began_as(text), None);
        assert!(!is_unedited(text));
    }

    #[test]
    fn an_original_that_has_changed_is_told() {
        let shipped = ("stdlib/ocp/x.rhai", "let new = 1;\n");
        let origin = |text: &str| Origin {
            module: Some("ocp/x".to_owned()),
            name: "ocp/x.rhai".to_owned(),
            is_file: true,
            text: text.to_owned(),
            shipped: Some(shipped),
        };
        assert_eq!(outdated(&origin(&marked(shipped.1))), None);
        assert_eq!(outdated(&origin("without a mark")), None);
        let told = outdated(&origin(&marked("let old = 1;\n"))).expect("it is told");
        assert!(told.contains(&mark(shipped.1)), "{told}");
    }
}
