//! `echo`.

use super::super::process::{Ended, Process};
use super::Program;

/// The programs of this file.
pub const PROGRAMS: &[(&str, Program)] = &[("echo", |process, argv| write(process, &argv[1..]))];

/// Writes `words` as `echo` does, which takes the options `-n`, `-e` and `-E`.
///
/// # Errors
/// As [`Process::write`].
pub fn write(process: &mut Process<'_>, words: &[String]) -> Ended {
    let (mut line_end, mut escapes) = (true, false);
    let mut rest = words;
    while let Some(word) = rest.first() {
        let letters = word.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() || !letters.bytes().all(|letter| b"neE".contains(&letter)) {
            break;
        }
        for letter in letters.bytes() {
            match letter {
                b'n' => line_end = false,
                letter => escapes = letter == b'e',
            }
        }
        rest = &rest[1..];
    }
    let mut text = rest.join(" ").into_bytes();
    if escapes {
        let (bytes, ended) = super::printf::unescape(&text, true);
        text = bytes;
        line_end &= !ended;
    }
    if line_end {
        text.push(b'\n');
    }
    process.write(text)?;
    Ok(0)
}
