//! Quoting for a POSIX shell: the one place where a word becomes shell text.

use std::borrow::Cow;

/// `word` as text that a POSIX shell reads back as exactly that one word.
///
/// Words of letters, digits and `@%_+=:,./-` stay as they are, for readable transcripts; all others
/// stand in single quotes. A leading `=` or `~` is quoted, and so is `NAME=...`-like text only by
/// its own characters: callers put programs first.
///
/// A NUL byte cannot be passed to a program at all; it is the caller's mistake and is kept, so that
/// the shell refuses it loudly.
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%_+=:,./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) && !word.starts_with('=') {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}
