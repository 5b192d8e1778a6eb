//! `base64`, `od`, and the sums: `sha256sum` and its like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::slurp;
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, number};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("base64", base64),
    ("od", od),
    ("md5sum", |process, argv| {
        sum(process, argv, &digest::<md5::Md5>)
    }),
    ("sha1sum", |process, argv| {
        sum(process, argv, &digest::<sha1::Sha1>)
    }),
    ("sha256sum", |process, argv| {
        sum(process, argv, &digest::<sha2::Sha256>)
    }),
    ("sha512sum", |process, argv| {
        sum(process, argv, &digest::<sha2::Sha512>)
    }),
];

fn base64(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "d/decode i/ignore-garbage w:/wrap:", argv)?;
    let file = options.words.first().copied().unwrap_or("-");
    let bytes = match slurp(process, file)? {
        Ok(bytes) => bytes,
        Err(Errno::IsDirectory) => {
            return process.fail(
                1,
                format_args!("{}: read error: {}", options.name, Errno::IsDirectory),
            );
        }
        Err(errno) => return process.refused(options.name, file, errno),
    };
    if options.has("d") {
        let keep = |byte: &u8| {
            !options.has("i") && *byte != b'\n'
                || byte.is_ascii_alphanumeric()
                || matches!(byte, b'+' | b'/' | b'=')
        };
        let text: Vec<u8> = bytes.iter().copied().filter(keep).collect();
        return match STANDARD.decode(&text) {
            Ok(bytes) => {
                process.write(bytes)?;
                Ok(0)
            }
            Err(_) => process.fail(1, format_args!("{}: invalid input", options.name)),
        };
    }
    let Ok(width) = options.value("w").unwrap_or("76").parse::<usize>() else {
        return process.unmodelled(format_args!("{} -w without a number", options.name));
    };
    let text = STANDARD.encode(&*bytes);
    if width == 0 {
        process.write(text)?;
        return Ok(0);
    }
    let mut out = Vec::with_capacity(text.len() + text.len() / width + 1);
    for line in text.as_bytes().chunks(width) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    process.write(out)?;
    Ok(0)
}

fn digest<D: sha2::digest::Digest>(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    let sum = D::digest(bytes);
    let halves = sum.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(digit).collect()
}

fn sum(process: &mut Process<'_>, argv: &[String], digest: &dyn Fn(&[u8]) -> String) -> Ended {
    let table = "b/binary t/text c/check quiet status w/warn";
    let options = Options::parse(process, table, argv)?;
    let files = if options.words.is_empty() {
        vec!["-"]
    } else {
        options.words.clone()
    };
    if options.has("c") {
        return check(process, &options, &files, digest);
    }
    let (mut out, mut status) = (String::new(), 0);
    for file in files {
        match slurp(process, file)? {
            Ok(bytes) => {
                let kind = if options.has("b") { '*' } else { ' ' };
                let sum = digest(&bytes);
                if file.contains(['\\', '\n']) {
                    let file = file.replace('\\', "\\\\").replace('\n', "\\n");
                    out.push_str(&format!("\\{sum} {kind}{file}\n"));
                } else {
                    out.push_str(&format!("{sum} {kind}{file}\n"));
                }
            }
            Err(errno) => status = process.refused(options.name, file, errno)?,
        }
    }
    process.write(out)?;
    Ok(status)
}

/// Compares sums that were written down before.
fn check(
    process: &Process<'_>,
    options: &Options<'_>,
    lists: &[&str],
    digest: &dyn Fn(&[u8]) -> String,
) -> Ended {
    let name = options.name;
    let (quiet, silent) = (
        options.has("quiet") || options.has("status"),
        options.has("status"),
    );
    let mut status = 0;
    for list in lists {
        let text = match slurp(process, list)? {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(errno) => {
                status = process.refused(name, list, errno)?;
                continue;
            }
        };
        let (mut missing, mut wrong, mut read) = (0, 0, 0);
        for line in text.lines() {
            let Some((sum, file)) = line.split_once(' ') else {
                continue;
            };
            let Some(file) = file.strip_prefix([' ', '*']) else {
                continue;
            };
            read += 1;
            match slurp(process, file)? {
                Ok(bytes) if digest(&bytes).eq_ignore_ascii_case(sum) => {
                    if !quiet {
                        process.line(format_args!("{file}: OK"))?;
                    }
                }
                Ok(_) => {
                    wrong += 1;
                    if !silent {
                        process.line(format_args!("{file}: FAILED"))?;
                    }
                }
                Err(errno) => {
                    missing += 1;
                    process.refused(name, file, errno)?;
                    if !silent {
                        process.line(format_args!("{file}: FAILED open or read"))?;
                    }
                }
            }
        }
        if read == 0 {
            process.complain(format!(
                "{name}: {list}: no properly formatted checksum lines found\n"
            ))?;
            status = 1;
        }
        if missing + wrong > 0 {
            status = 1;
        }
        if silent {
            continue;
        }
        if missing > 0 {
            let (s, has) = if missing == 1 {
                ("", "file")
            } else {
                ("", "files")
            };
            process.complain(format!(
                "{name}: WARNING: {missing} listed {has}{s} could not be read\n"
            ))?;
        }
        if wrong > 0 {
            let sums = if wrong == 1 { "checksum" } else { "checksums" };
            process.complain(format!(
                "{name}: WARNING: {wrong} computed {sums} did NOT match\n"
            ))?;
        }
    }
    Ok(status)
}

/// How `od` shows what it reads.
#[derive(Clone, Copy)]
enum Look {
    Number { size: usize, radix: char },
    Characters,
}

fn od(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "A:/address-radix: t:/format: N:/read-bytes: j:/skip-bytes: v/output-duplicates w?/width? c x b d o";
    let options = Options::parse(process, table, argv)?;
    let mut looks = Vec::new();
    for (id, value) in &options.given {
        let (kind, size) = match *id {
            "t" => value.split_at(value.len().min(1)),
            "c" => ("c", ""),
            "x" => ("x", "2"),
            "b" => ("o", "1"),
            "d" => ("u", "2"),
            "o" => ("o", "2"),
            _ => continue,
        };
        let size = match size {
            "" | "I" => 4,
            "C" => 1,
            "S" => 2,
            "L" => 8,
            digits => digits.parse().unwrap_or(0),
        };
        looks.push(match (kind, size) {
            ("c", _) => Look::Characters,
            ("x" | "o" | "u" | "d", 1 | 2 | 4 | 8) => Look::Number {
                size,
                radix: kind.chars().next().unwrap_or('x'),
            },
            _ => return process.unmodelled(format_args!("{} -{id} {value}", options.name)),
        });
    }
    if looks.is_empty() {
        looks.push(Look::Number {
            size: 2,
            radix: 'o',
        });
    }
    let amount = |id: &str| {
        options
            .value(id)
            .map(|text| number::size(text).unwrap_or(0) as usize)
    };
    let width = match options.value("w") {
        Some("") => 32,
        Some(text) => number::size(text).unwrap_or(16) as usize,
        None => 16,
    };
    let mut bytes = Vec::new();
    let files = if options.words.is_empty() {
        vec!["-"]
    } else {
        options.words.clone()
    };
    for file in files {
        let limit = amount("N").map(|most| most + amount("j").unwrap_or(0));
        match crate::transport::sim::program::access::open(process, file) {
            _ if file == "-" => bytes.extend_from_slice(&process.read_all()?),
            Ok(source) => {
                let mut buffer = vec![0; 4096];
                while limit.is_none_or(|limit| bytes.len() < limit) {
                    let size = source.borrow_mut().read(&mut buffer)?;
                    if size == 0 {
                        break;
                    }
                    process.spend(super::cat::CHUNK_TIME)?;
                    bytes.extend_from_slice(&buffer[..size]);
                }
            }
            Err(errno) => return process.refused(options.name, file, errno),
        }
    }
    let skip = amount("j").unwrap_or(0).min(bytes.len());
    let end = amount("N").map_or(bytes.len(), |most| (skip + most).min(bytes.len()));
    let address = |at: usize| match options.value("A").unwrap_or("o") {
        "n" => String::new(),
        "d" => format!("{at:07}"),
        "x" => format!("{at:06x}"),
        _ => format!("{at:07o}"),
    };
    let mut out = String::new();
    let (mut before, mut starred): (Option<&[u8]>, bool) = (None, false);
    for (at, row) in bytes[skip..end].chunks(width).enumerate() {
        if before == Some(row) && !options.has("v") && row.len() == width {
            if !starred {
                out.push_str("*\n");
            }
            starred = true;
            continue;
        }
        (before, starred) = (Some(row), false);
        for (first, look) in looks.iter().enumerate() {
            let lead = address(skip + at * width);
            let lead = if first == 0 {
                lead
            } else {
                " ".repeat(lead.len())
            };
            out.push_str(&lead);
            show(row, *look, &looks, &mut out);
            out.push('\n');
        }
    }
    if options.value("A") != Some("n") {
        out.push_str(&address(end));
        out.push('\n');
    }
    process.write(out)?;
    Ok(0)
}

/// The columns that a unit of `look` takes, with the blank before it.
fn columns(look: Look) -> (usize, usize) {
    match look {
        Look::Characters => (1, 4),
        Look::Number { size, radix } => {
            let digits = match (radix, size) {
                ('x', size) => size * 2,
                ('o', size) => (size * 8).div_ceil(3),
                (radix, size) => {
                    (256_f64.powi(size as i32)).log10().ceil() as usize + usize::from(radix == 'd')
                }
            };
            (size, digits + 1)
        }
    }
}

fn show(row: &[u8], look: Look, all: &[Look], out: &mut String) {
    let (size, own) = columns(look);
    // Units of several formats stand below each other.
    let wide = all
        .iter()
        .map(|other| {
            let (unit, columns) = columns(*other);
            (columns * size).div_ceil(unit)
        })
        .max()
        .unwrap_or(own);
    for unit in row.chunks(size) {
        let mut raw = [0; 8];
        raw[..unit.len()].copy_from_slice(unit);
        let value = u64::from_le_bytes(raw);
        let text = match look {
            Look::Characters => match unit[0] {
                0 => "\\0".to_owned(),
                7 => "\\a".to_owned(),
                8 => "\\b".to_owned(),
                9 => "\\t".to_owned(),
                10 => "\\n".to_owned(),
                11 => "\\v".to_owned(),
                12 => "\\f".to_owned(),
                13 => "\\r".to_owned(),
                byte @ 32..127 => char::from(byte).to_string(),
                byte => format!("{byte:03o}"),
            },
            Look::Number { size, radix: 'x' } => format!("{value:0width$x}", width = size * 2),
            Look::Number { size, radix: 'o' } => {
                format!("{value:0width$o}", width = (size * 8).div_ceil(3))
            }
            Look::Number { size, radix: 'd' } => {
                let shift = 64 - size * 8;
                (((value << shift) as i64) >> shift).to_string()
            }
            Look::Number { .. } => value.to_string(),
        };
        out.push_str(&format!("{text:>wide$}"));
    }
}
