//! The formats of `-printf`.

use std::time::Duration;

use super::test::Seen;
use crate::transport::sim::files::split;
use crate::transport::sim::process::Process;
use crate::transport::sim::program::access::Is;
use crate::transport::sim::program::file::device_number;
use crate::transport::sim::program::time;
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// `format` filled in for one file.
pub(super) fn filled(process: &Process<'_>, format: &str, seen: &Seen<'_>) -> Result<String, Halt> {
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\\') => out.push('\\'),
                Some('c') => return Ok(out),
                Some(digit @ '0'..='7') => {
                    let mut value = digit as u32 - '0' as u32;
                    for _ in 0..2 {
                        match letters.peek().and_then(|next| next.to_digit(8)) {
                            Some(digit) => value = value * 8 + digit,
                            None => break,
                        }
                        letters.next();
                    }
                    out.push(char::from((value & 0xff) as u8));
                }
                other => {
                    return process
                        .unmodelled(format_args!("find -printf \\{}", other.unwrap_or(' ')));
                }
            },
            '%' => {
                let mut width = String::new();
                while let Some(sign) = letters.next_if(|c| c.is_ascii_digit() || *c == '-') {
                    width.push(sign);
                }
                let text = match letters.next() {
                    Some('%') => "%".to_owned(),
                    Some(letter @ ('A' | 'C' | 'T')) => {
                        when(process, seen, letter, letters.next())?
                    }
                    Some(letter) => value(process, seen, letter)?,
                    None => "%".to_owned(),
                };
                match width.strip_prefix('-') {
                    Some(width) => {
                        let width = width.parse().unwrap_or(0);
                        out.push_str(&format!("{text:<width$}"));
                    }
                    None => {
                        let width = width.parse().unwrap_or(0);
                        out.push_str(&format!("{text:>width$}"));
                    }
                }
            }
            letter => out.push(letter),
        }
    }
    Ok(out)
}

fn value(process: &Process<'_>, seen: &Seen<'_>, letter: char) -> Result<String, Halt> {
    let found = seen.found;
    Ok(match letter {
        'p' => seen.path.to_owned(),
        'f' => seen.name().to_owned(),
        'h' => match seen.path.trim_end_matches('/').rfind('/') {
            Some(0) => String::new(),
            Some(_) => split(seen.path).0.to_owned(),
            None => ".".to_owned(),
        },
        'P' => {
            let rest = seen.path.strip_prefix(seen.start).unwrap_or(seen.path);
            rest.trim_start_matches('/').to_owned()
        }
        'H' => seen.start.to_owned(),
        'd' => seen.depth.to_string(),
        'D' => device_number(process, &found.real).to_string(),
        'k' => kilobytes(found.size, &found.is).to_string(),
        'b' => (kilobytes(found.size, &found.is) * 2).to_string(),
        'l' => match &found.is {
            Is::Link(target) => target.to_string(),
            _ => String::new(),
        },
        's' => found.size.to_string(),
        'm' => format!("{:o}", found.mode),
        'M' => found.mode_text(),
        'n' => found.links().to_string(),
        'u' => found.owner.to_string(),
        'U' => Accounts::of(process).uid(&found.owner).to_string(),
        'g' => found.group.to_string(),
        'G' => Accounts::of(process).gid(&found.group).to_string(),
        'y' => match found.is {
            Is::File => 'f',
            _ => found.letter(),
        }
        .to_string(),
        't' => ctime(found.modified, process)?,
        'c' => ctime(found.changed, process)?,
        'Z' => process
            .here()
            .label_of(&found.real)
            .map_or(String::new(), |label| label.to_string()),
        other => return process.unmodelled(format_args!("find -printf %{other}")),
    })
}

fn kilobytes(size: u64, is: &Is) -> u64 {
    match is {
        Is::File => size.div_ceil(4096) * 4,
        Is::Directory => 4,
        Is::Link(_) | Is::Device => 0,
    }
}

/// Seconds as `find` writes them, with ten decimals.
fn seconds(time: Duration) -> String {
    format!("{}.{:09}0", time.as_secs(), time.subsec_nanos())
}

fn ctime(time: Duration, process: &Process<'_>) -> Result<String, Halt> {
    let when = time::zoned(time, &time::zone(process)?);
    Ok(format!(
        "{}.{:09}0 {}",
        when.strftime("%a %b %e %H:%M:%S"),
        time.subsec_nanos(),
        when.strftime("%Y")
    ))
}

fn when(
    process: &Process<'_>,
    seen: &Seen<'_>,
    which: char,
    form: Option<char>,
) -> Result<String, Halt> {
    let time = match which {
        'T' => seen.found.modified,
        'C' => seen.found.changed,
        _ => return process.unmodelled("find -printf %A"),
    };
    let zone = time::zone(process)?;
    let local = time::zoned(time, &zone);
    Ok(match form {
        Some('@') => seconds(time),
        Some('s') => time.as_secs().to_string(),
        Some('+') => format!(
            "{}.{:09}0",
            local.strftime("%Y-%m-%d+%H:%M:%S"),
            time.subsec_nanos()
        ),
        Some('S') => format!("{}.{:09}0", local.strftime("%S"), time.subsec_nanos()),
        Some('T') => format!("{}.{:09}0", local.strftime("%H:%M:%S"), time.subsec_nanos()),
        Some(letter @ ('Y' | 'm' | 'd' | 'H' | 'M' | 'y' | 'b' | 'a' | 'j' | 'F')) => {
            local.strftime(&format!("%{letter}")).to_string()
        }
        other => {
            return process.unmodelled(format_args!(
                "find -printf %{which}{}",
                other.unwrap_or(' ')
            ));
        }
    })
}
