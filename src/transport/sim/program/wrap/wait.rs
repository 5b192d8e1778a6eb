//! `sleep` and `usleep`, `true` and `false`.

use std::time::Duration;

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::quoted;
use crate::transport::sim::program::options::{Options, usage};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("sleep", sleep),
    ("usleep", usleep),
    ("true", |_, _| Ok(0)),
    ("false", |_, _| Ok(1)),
];

/// So long is for ever.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// `1.5`, `2m`, `1h`, `3d`, `infinity`.
pub fn duration(text: &str) -> Option<Duration> {
    if matches!(text, "inf" | "infinity") {
        return Some(FOR_EVER);
    }
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1.0),
        'm' => (&text[..text.len() - 1], 60.0),
        'h' => (&text[..text.len() - 1], 3600.0),
        'd' => (&text[..text.len() - 1], 86400.0),
        _ => (text, 1.0),
    };
    let shaped = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = number.parse().ok().filter(|_| shaped)?;
    Some(Duration::from_secs_f64(
        (seconds * unit).min(FOR_EVER.as_secs_f64()),
    ))
}

fn sleep(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let mut time = Duration::ZERO;
    for word in &options.words {
        match duration(word) {
            Some(more) => time += more,
            None => {
                let text = format!("invalid time interval {}", quoted(process, word));
                return Err(usage(process, options.name, &text));
            }
        }
    }
    process.spend(time)?;
    Ok(0)
}

fn usleep(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    match options.words[..] {
        [word] => match word.parse() {
            Ok(micros) => {
                process.spend(Duration::from_micros(micros))?;
                Ok(0)
            }
            Err(_) => process.unmodelled(format_args!("usleep {word}")),
        },
        _ => process.unmodelled("usleep without one number"),
    }
}
