use super::*;

/// What `pattern` matches of `text`.
fn found(pattern: &str, syntax: Syntax, text: &str) -> Option<String> {
    let regex = compile(&translate(pattern, syntax).unwrap(), Manner::default()).unwrap();
    let found = regex.find(text.as_bytes())?;
    Some(String::from_utf8_lossy(found.as_bytes()).into_owned())
}

#[test]
fn basic_expressions() {
    for (pattern, text, expected) in [
        ("a*b", "xaab", Some("aab")),
        ("*b", "x*b", Some("*b")),
        ("^*b", "*b", Some("*b")),
        (r"\(*b\)", "*b", Some("*b")),
        ("a+b", "a+b aab", Some("a+b")),
        (r"a\+b", "a+b aab", Some("aab")),
        (r"ab\?c", "ac", Some("ac")),
        (r"\(ab\)*c", "ababc", Some("ababc")),
        (r"a\{2\}", "aaa", Some("aa")),
        (r"a\{2,\}", "aaaa", Some("aaaa")),
        (r"a\{,2\}b", "aaab", Some("aab")),
        ("a{2}", "a{2}", Some("a{2}")),
        (r"cat\|dog", "a dog", Some("dog")),
        ("a|b", "a|b", Some("a|b")),
        ("a^b$c", "a^b$c", Some("a^b$c")),
        ("x$", "axx", Some("x")),
        (r"\(^a\)", "ba", None),
        ("[]a]*", "]a]b", Some("]a]")),
        (r"[\n]", "n", Some("n")),
        ("[^]]*", "ab]", Some("ab")),
        ("[a-c&&b]", "&", Some("&")),
        ("[[:digit:]]*[.]", "12.", Some("12.")),
        (r"\<in\>", "min in", Some("in")),
        (r"3\.7", "3x7 3.7", Some("3.7")),
        (r"a\/b", "a/b", Some("a/b")),
        ("a**", "aa", Some("aa")),
        ("(x)", "(x)", Some("(x)")),
    ] {
        assert_eq!(
            found(pattern, Syntax::Basic, text).as_deref(),
            expected,
            "{pattern}"
        );
    }
}

#[test]
fn extended_expressions() {
    for (pattern, text, expected) in [
        ("a+b", "aab", Some("aab")),
        ("(ab)+c?", "ababc", Some("ababc")),
        ("a{2,3}", "aaaa", Some("aaa")),
        ("a{x", "a{x", Some("a{x")),
        ("a*?", "aa", Some("aa")),
        ("^(cat|dog)$", "dog", Some("dog")),
        (r"\.\+", ".+", Some(".+")),
        (r"v1\.7\.6", "v1.7.6+a0", Some("v1.7.6")),
        ("()x", "x", Some("x")),
        (" +Ready +", "a  Ready  b", Some("  Ready  ")),
    ] {
        assert_eq!(
            found(pattern, Syntax::Extended, text).as_deref(),
            expected,
            "{pattern}"
        );
    }
}

#[test]
fn flaws_are_told_from_what_is_not_modelled() {
    for (pattern, syntax) in [
        (r"\(a", Syntax::Basic),
        ("[a", Syntax::Basic),
        ("(a", Syntax::Extended),
        ("a\\", Syntax::Basic),
    ] {
        assert!(
            matches!(translate(pattern, syntax), Err(Flaw::Invalid(_))),
            "{pattern}"
        );
    }
    let flaw = translate(r"\(a\)\1", Syntax::Basic).unwrap_err();
    assert_eq!(flaw, Flaw::Unmodelled("the back-reference \\1".to_owned()));
}
