//! `read` and `mapfile`.

use super::super::super::stream::SharedSource;
use super::super::Flow;
use super::super::state::Shell;
use super::{Builtin, is_name};

pub(super) const BUILTINS: &[(&str, Builtin)] =
    &[("read", read), ("mapfile", mapfile), ("readarray", mapfile)];

/// What was read: text, with what a backslash hid, and whether the delimiter came.
struct Line {
    text: Vec<u8>,
    /// Where characters stand that a backslash hid.
    hidden: Vec<usize>,
    whole: bool,
}

#[derive(Default)]
struct Wanted {
    raw: bool,
    list: Option<String>,
    delimiter: Option<u8>,
    count: Option<usize>,
    names: Vec<String>,
}

/// Reads byte by byte: what follows is for the commands to come.
fn line(shell: &Shell<'_>, source: &SharedSource<'_>, wanted: &Wanted) -> Flow<Line> {
    let mut line = Line {
        text: Vec::new(),
        hidden: Vec::new(),
        whole: false,
    };
    let mut byte = [0];
    while wanted.count.is_none_or(|count| line.text.len() < count) {
        if source.borrow_mut().read(&mut byte)? == 0 {
            return Ok(line);
        }
        match byte[0] {
            b'\\' if !wanted.raw => {
                if source.borrow_mut().read(&mut byte)? == 0 {
                    return Ok(line);
                }
                if byte[0] != b'\n' {
                    line.hidden.push(line.text.len());
                    line.text.push(byte[0]);
                }
            }
            end if end == wanted.delimiter.unwrap_or(b'\n') => {
                line.whole = true;
                return Ok(line);
            }
            0 => {}
            other => line.text.push(other),
        }
    }
    line.whole = true;
    if wanted.count.is_some() && !line.text.is_ascii() {
        shell.process.unmodelled("read -n of what is not ASCII")?;
    }
    Ok(line)
}

fn read(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut wanted = Wanted::default();
    let mut descriptor = 0;
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        if word == "--" {
            wanted.names.extend(words.by_ref().cloned());
        } else if word.len() > 1 && word.starts_with('-') {
            for (at, letter) in word.char_indices().skip(1) {
                if matches!(letter, 'r' | 's') {
                    wanted.raw |= letter == 'r';
                    continue;
                }
                let rest = &word[at + letter.len_utf8()..];
                let value = if rest.is_empty() {
                    words.next().cloned()
                } else {
                    Some(rest.to_owned())
                };
                let value = value.unwrap_or_default();
                match letter {
                    'a' => wanted.list = Some(value),
                    // An empty one is a NUL.
                    'd' => wanted.delimiter = Some(value.bytes().next().unwrap_or(0)),
                    'n' | 'N' => wanted.count = value.parse().ok(),
                    // Nobody is asked without a terminal.
                    'p' => {}
                    'u' => descriptor = value.parse().unwrap_or(-1),
                    other => return Ok(shell.process.unmodelled(format!("read -{other}"))?),
                }
                break;
            }
        } else {
            wanted.names.push(word.clone());
            wanted.names.extend(words.by_ref().cloned());
        }
    }
    if let Some(wrong) = wanted
        .names
        .iter()
        .chain(&wanted.list)
        .find(|name| !is_name(name))
    {
        return shell.failed("read", 1, format!("`{wrong}': not a valid identifier"));
    }
    let Some(source) = shell.source(descriptor) else {
        let text = format!("{descriptor}: invalid file descriptor: Bad file descriptor");
        return shell.failed("read", 1, text);
    };
    let line = line(shell, &source, &wanted)?;
    let Ok(text) = String::from_utf8(line.text) else {
        return Ok(shell.process.unmodelled("read of bytes that are no text")?);
    };
    let status = u8::from(!line.whole);
    if let Some(list) = &wanted.list {
        let fields = fields(&text, &line.hidden, &shell.separators(), usize::MAX);
        shell.assign_list(list, fields)?;
        return Ok(status);
    }
    if wanted.names.is_empty() {
        shell.assign("REPLY", &text)?;
        return Ok(status);
    }
    let mut fields =
        fields(&text, &line.hidden, &shell.separators(), wanted.names.len()).into_iter();
    for name in &wanted.names {
        shell.assign(name, &fields.next().unwrap_or_default())?;
    }
    Ok(status)
}

/// `text` split into at most `most` fields; the last one is all the rest.
fn fields(text: &str, hidden: &[usize], separators: &str, most: usize) -> Vec<String> {
    let is = |at: usize, c: char| separators.contains(c) && !hidden.contains(&at);
    let space = |at: usize, c: char| is(at, c) && matches!(c, ' ' | '\t' | '\n');
    let skip = |mut at: usize| {
        while let Some(c) = text[at..].chars().next().filter(|c| space(at, *c)) {
            at += c.len_utf8();
        }
        at
    };
    let end_of = |at: usize| {
        text[at..]
            .char_indices()
            .find(|(next, c)| is(at + next, *c))
            .map(|(next, _)| at + next)
    };
    let mut found = Vec::new();
    let mut at = skip(0);
    while at < text.len() {
        let Some(end) = end_of(at) else {
            found.push(text[at..].to_owned());
            break;
        };
        let mut next = skip(end);
        if let Some(c) = text[next..].chars().next().filter(|c| is(next, *c)) {
            next = skip(next + c.len_utf8());
        }
        if found.len() + 1 == most {
            // The rest, less the spaces at its end, or a single separator that ends it.
            if next == text.len() {
                found.push(text[at..end].to_owned());
            } else {
                let mut last = text.len();
                while let Some(c) = text[..last].chars().next_back() {
                    if !space(last - c.len_utf8(), c) {
                        break;
                    }
                    last -= c.len_utf8();
                }
                found.push(text[at..last].to_owned());
            }
            break;
        }
        found.push(text[at..end].to_owned());
        at = next;
    }
    found
}

fn mapfile(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (mut name, mut strip) = ("MAPFILE", false);
    let mut delimiter = b'\n';
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-t" => strip = true,
            "-d" => {
                delimiter = words
                    .next()
                    .and_then(|word| word.bytes().next())
                    .unwrap_or(0)
            }
            option if option.starts_with('-') => {
                return Ok(shell.process.unmodelled(format!("{} {option}", argv[0]))?);
            }
            own => name = own,
        }
    }
    if !is_name(name) {
        return shell.failed(&argv[0], 1, format!("`{name}': not a valid identifier"));
    }
    let all = shell.process.read_all()?;
    let Ok(text) = String::from_utf8(all) else {
        return Ok(shell
            .process
            .unmodelled("mapfile of bytes that are no text")?);
    };
    let delimiter = char::from(delimiter);
    let lines: Vec<String> = text
        .split_inclusive(delimiter)
        .map(|line| {
            if strip {
                line.strip_suffix(delimiter).unwrap_or(line)
            } else {
                line
            }
        })
        .map(str::to_owned)
        .collect();
    shell.assign_list(name, lines)?;
    Ok(0)
}
