//! Times of day in the host's zone, as programs write and read them.
//!
//! The zone is what `/etc/localtime` points to, or UTC. Its rules come with this program, so that a
//! simulated host is the same on every machine.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

use crate::transport::sim::process::Process;
use crate::transport::sim::stream::Halt;

/// The zone of the process: `TZ`, or the host's.
///
/// # Errors
/// [`Halt::Unmodelled`] for a zone that is not known.
pub fn zone(process: &Process<'_>) -> Result<TimeZone, Halt> {
    let name = match process.environment.get("TZ") {
        Some(name) if !name.is_empty() => name.trim_start_matches(':').to_owned(),
        _ => {
            let here = process.here();
            match here.files.real("/etc/localtime", true) {
                Ok(real) => real
                    .strip_prefix("/usr/share/zoneinfo/")
                    .unwrap_or("UTC")
                    .to_owned(),
                Err(_) => "UTC".to_owned(),
            }
        }
    };
    if matches!(name.as_str(), "UTC" | "UTC0" | "Etc/UTC" | "GMT") {
        return Ok(TimeZone::UTC);
    }
    let found = TimeZoneDatabase::bundled()
        .get(&name)
        .or_else(|_| TimeZone::posix(&name));
    match found {
        Ok(zone) => Ok(zone),
        Err(_) => process.unmodelled(format_args!("time zone {name}")),
    }
}

/// `time` in `zone`.
pub fn zoned(time: Duration, zone: &TimeZone) -> Zoned {
    let stamp = Timestamp::new(time.as_secs() as i64, time.subsec_nanos() as i32);
    stamp.unwrap_or_default().to_zoned(zone.clone())
}

/// `time` in UTC, in the form `format`.
pub fn utc(time: Duration, format: &str) -> String {
    zoned(time, &TimeZone::UTC).strftime(format).to_string()
}

/// As `stat -c %y` has it.
pub fn long(time: Duration, zone: &TimeZone) -> String {
    let when = zoned(time, zone);
    format!(
        "{}.{:09} {}",
        when.strftime("%Y-%m-%d %H:%M:%S"),
        time.subsec_nanos(),
        when.strftime("%z")
    )
}

/// Reads a time that a user wrote, or for `stamp` that of `touch -t`; `None` if it is none.
///
/// # Errors
/// [`Halt::Unmodelled`] for words that `date` knows and this does not.
pub fn read(process: &Process<'_>, text: &str, stamp: bool) -> Result<Option<Duration>, Halt> {
    let zone = zone(process)?;
    if stamp {
        return Ok(touched(text).and_then(|when| on(when, &zone)));
    }
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return Ok(seconds
            .parse::<f64>()
            .ok()
            .filter(|s| *s >= 0.0)
            .map(Duration::from_secs_f64));
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut zone = zone;
    if let Some(at) = words
        .iter()
        .position(|word| matches!(*word, "UTC" | "GMT" | "Z" | "utc"))
    {
        words.remove(at);
        zone = TimeZone::UTC;
    }
    // An offset ends the time of day, or stands by itself.
    if let Some(offset) = words.last().and_then(|word| offset(word))
        && words.len() > 1
    {
        words.pop();
        zone = TimeZone::fixed(offset);
    }
    if words.is_empty() {
        return Ok(on(zoned(process.now(), &zone).date().at(0, 0, 0, 0), &zone));
    }
    let now = zoned(process.now(), &zone);
    let (mut date, mut clock) = (None, None);
    let mut shift = jiff::Span::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        at += 1;
        match word {
            "now" | "today" => {}
            "yesterday" => shift = shift.days(-1),
            "tomorrow" => shift = shift.days(1),
            _ if digits(word) && word.len() == 8 && date.is_none() => {
                date = jiff::civil::Date::strptime("%Y%m%d", word).ok();
                if date.is_none() {
                    return Ok(None);
                }
            }
            _ => {
                if let Some((day, time)) = word.split_once('T')
                    && let (Some(day), Some((time, own))) = (day_of(day), time_of(time))
                {
                    date = Some(day);
                    clock = Some(time);
                    zone = own.map_or(zone, TimeZone::fixed);
                } else if let Some(day) = day_of(word) {
                    date = Some(day);
                } else if let Some((time, own)) = time_of(word) {
                    clock = Some(time);
                    zone = own.map_or(zone, TimeZone::fixed);
                } else if let (Ok(amount), Some(unit)) = (word.parse::<i64>(), words.get(at)) {
                    at += 1;
                    let amount = match words.get(at) {
                        Some(&"ago") => {
                            at += 1;
                            -amount
                        }
                        _ => amount,
                    };
                    shift = match unit.trim_end_matches('s') {
                        "second" | "sec" => shift.seconds(amount),
                        "minute" | "min" => shift.minutes(amount),
                        "hour" => shift.hours(amount),
                        "day" => shift.days(amount),
                        "week" => shift.weeks(amount),
                        "month" => shift.months(amount),
                        "year" => shift.years(amount),
                        _ => return Ok(None),
                    };
                } else if looks_like_a_date(word) {
                    return process.unmodelled(format_args!("date -d {text}"));
                } else {
                    return Ok(None);
                }
            }
        }
    }
    let start = if date.is_none() && clock.is_none() {
        now
    } else {
        let day = date.unwrap_or(now.date());
        let Some(found) = on(day.to_datetime(clock.unwrap_or_default()), &zone) else {
            return Ok(None);
        };
        zoned(found, &zone)
    };
    Ok(start
        .checked_add(shift)
        .ok()
        .and_then(|when| since_1970(&when)))
}

/// Words of dates that are not read here, such as names of months.
fn looks_like_a_date(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon",
        "tue", "wed", "thu", "fri", "sat", "sun", "last", "next", "this", "noon", "midnight",
    ];
    let word = word.to_ascii_lowercase();
    WORDS.iter().any(|known| word.starts_with(known)) || word.contains('/')
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn day_of(text: &str) -> Option<jiff::civil::Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let shaped = parts.next().is_none()
        && year.len() == 4
        && [year, month, day].iter().all(|part| digits(part));
    if !shaped {
        return None;
    }
    jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `09:15`, `09:15:02`, `09:15:02.5+0200`: a time and its offset.
fn time_of(text: &str) -> Option<(jiff::civil::Time, Option<jiff::tz::Offset>)> {
    let (text, own) = match text.find(['+', '-', 'Z']) {
        Some(at) => (&text[..at], Some(offset(&text[at..])?)),
        None => (text, None),
    };
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let (second, fraction) = match parts.next() {
        Some(second) => second.split_once(['.', ',']).unwrap_or((second, "")),
        None => ("0", ""),
    };
    if ![hour, minute, second].iter().all(|part| digits(part))
        || !fraction.is_empty() && !digits(fraction)
    {
        return None;
    }
    let nanos = format!("{fraction:0<9}")[..9].parse().ok()?;
    let time = jiff::civil::Time::new(
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
        nanos,
    );
    Some((time.ok()?, own))
}

/// `+0200`, `+02:00`, `-05`, `Z`.
fn offset(text: &str) -> Option<jiff::tz::Offset> {
    if text == "Z" {
        return Some(jiff::tz::Offset::UTC);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let rest = rest.replace(':', "");
    if !digits(&rest) || !matches!(rest.len(), 2 | 4) {
        return None;
    }
    let (hours, minutes) = (
        rest[..2].parse::<i32>().ok()?,
        rest.get(2..4).unwrap_or("0").parse::<i32>().ok()?,
    );
    jiff::tz::Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// `[[CC]YY]MMDDhhmm[.ss]`.
fn touched(text: &str) -> Option<DateTime> {
    let (text, second) = text.split_once('.').unwrap_or((text, "00"));
    if text.len() != 12 || !digits(text) {
        return None;
    }
    DateTime::strptime("%Y%m%d%H%M%S", format!("{text}{second}")).ok()
}

fn on(when: DateTime, zone: &TimeZone) -> Option<Duration> {
    // A time that the clocks skip does not exist, as for date(1).
    let found = zone.to_ambiguous_zoned(when);
    let skipped = matches!(found.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
    let found = found.compatible().ok().filter(|_| !skipped)?;
    since_1970(&found)
}

fn since_1970(when: &Zoned) -> Option<Duration> {
    Duration::try_from(when.timestamp().as_duration()).ok()
}
