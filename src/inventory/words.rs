//! Splits text into words as Python's `shlex.split` does, which is what Ansible reads host lines and
//! ssh arguments with.

/// What `#` outside quotes means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// The rest of the line is a comment, even from the middle of a word: host lines.
    Comment,
    /// A character like any other: ssh arguments.
    Character,
}

/// The words of `text`, without their quotes.
///
/// # Errors
/// An open quote, or a backslash with nothing behind it.
pub(super) fn split(text: &str, hash: Hash) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' if hash == Hash::Comment => break,
            '\'' | '"' => quoted(&mut characters, c, word.get_or_insert_default())?,
            '\\' => {
                let escaped = characters.next().ok_or("nothing follows the last `\\`")?;
                word.get_or_insert_default().push(escaped);
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Appends to `word` what stands before the closing `quote`.
fn quoted(
    characters: &mut std::str::Chars<'_>,
    quote: char,
    word: &mut String,
) -> Result<(), &'static str> {
    let open = match quote {
        '"' => "a `\"` is not closed",
        _ => "a `'` is not closed",
    };
    loop {
        match characters.next().ok_or(open)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match characters.next().ok_or(open)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hash, split};

    #[test]
    fn words_are_those_of_shlex() {
        for (text, wanted) in [
            (r#"a b='c d' e="f 'g'""#, vec!["a", "b=c d", "e=f 'g'"]),
            (r#"a l="{'x': 'y'}" # z"#, vec!["a", "l={'x': 'y'}"]),
            ("a b=c#d e", vec!["a", "b=c"]),
            (r#"a "" '#' \# b\ c"#, vec!["a", "", "#", "#", "b c"]),
            (r#""a\"b\\c\d" 'a\b'"#, vec![r#"a"b\c\d"#, r"a\b"]),
            ("  \t ", vec![]),
        ] {
            assert_eq!(split(text, Hash::Comment).unwrap(), wanted, "{text}");
        }
        assert_eq!(split("a#b #c", Hash::Character).unwrap(), ["a#b", "#c"]);
        assert_eq!(split("a 'b", Hash::Comment), Err("a `'` is not closed"));
        assert_eq!(
            split("a\\", Hash::Comment),
            Err("nothing follows the last `\\`")
        );
    }
}
