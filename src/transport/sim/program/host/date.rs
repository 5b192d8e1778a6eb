//! `date`.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{facts, quoted, slurp};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, time};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("date", date)];

fn date(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "d:/date: f:/file: r:/reference: u/utc/universal I?/iso-8601? R/rfc-2822 rfc-3339:";
    let options = Options::parse(process, table, argv)?;
    let mut inner = process.clone();
    if options.has("u") {
        inner.environment.insert("TZ".to_owned(), "UTC".to_owned());
    }
    let process = &inner;
    let zone = time::zone(process)?;
    let form = match (
        options.words.first(),
        options.last_of(&["I", "R", "rfc-3339"]),
    ) {
        (Some(word), _) => match word.strip_prefix('+') {
            Some(form) => form,
            None => return process.unmodelled("date that sets the clock"),
        },
        (None, Some("R")) => "%a, %d %b %Y %H:%M:%S %z",
        (None, Some(id)) => match (id, options.value(id).unwrap_or_default()) {
            ("I", "" | "date") | ("rfc-3339", "date") => "%Y-%m-%d",
            ("I", "seconds") => "%Y-%m-%dT%H:%M:%S%z",
            ("rfc-3339", "seconds") => "%Y-%m-%d %H:%M:%S%:z",
            (id, value) => return process.unmodelled(format_args!("date --{id}={value}")),
        },
        (None, None) => "%a %b %e %H:%M:%S %Z %Y",
    };
    let mut texts = Vec::new();
    if let Some(file) = options.value("f") {
        match slurp(process, file)? {
            Ok(text) => texts.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned)),
            Err(errno) => return process.refused(options.name, file, errno),
        }
    } else if let Some(text) = options.value("d") {
        texts.push(text.to_owned());
    } else {
        let when = match options.value("r") {
            None => process.now(),
            Some(path) => match facts(process, path, true) {
                Ok(facts) => facts.modified,
                Err(errno) => return process.refused(options.name, path, errno),
            },
        };
        process.line(shown(process, when, form, &zone)?)?;
        return Ok(0);
    }
    let (mut out, mut status) = (String::new(), 0);
    for text in texts {
        match time::read(process, &text, false)? {
            Some(when) => {
                out.push_str(&shown(process, when, form, &zone)?);
                out.push('\n');
            }
            None => {
                let text = quoted(process, &text);
                status = process.fail(1, format_args!("{}: invalid date {text}", options.name))?;
            }
        }
    }
    process.write(out)?;
    Ok(status)
}

/// `when` as `form` has it.
fn shown(
    process: &Process<'_>,
    when: Duration,
    form: &str,
    zone: &TimeZone,
) -> Result<String, Halt> {
    let form = form
        .replace("%N", &format!("{:09}", when.subsec_nanos()))
        .replace("%3N", &format!("{:03}", when.subsec_millis()));
    match jiff::fmt::strtime::format(&form, &time::zoned(when, zone)) {
        Ok(text) => Ok(text),
        Err(_) => process.unmodelled(format_args!("date +{form}")),
    }
}
