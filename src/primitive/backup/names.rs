//! What the name of a configuration file's copy tells: who made it, and when.

use super::config::Maker;
use crate::error::Result;
use crate::primitive::Host;
use crate::transport::Command;

/// What the text after the file's name says: the maker, and a time that `date` can read.
pub(super) fn recognise(rest: &str, current: bool) -> Option<(Maker, Option<String>)> {
    if rest.is_empty() {
        let maker = if current {
            Maker::Current
        } else {
            Maker::Named
        };
        return Some((maker, None));
    }
    if rest == ".orig" {
        return Some((Maker::Orig, None));
    }
    if rest == ".rpmsave" {
        return Some((Maker::Rpmsave, None));
    }
    if rest == ".rpmnew" || rest.ends_with(".ocpdg") || rest.ends_with(".swp") {
        return None;
    }
    let rest = rest.strip_prefix(['.', '-', '_', '~']);
    // `node-config.yamlx` is another file.
    let rest = rest?;
    if let Some(time) = yedit_time(rest) {
        return Some((Maker::Yedit, Some(time)));
    }
    if let Some(time) = ansible_time(rest) {
        return Some((Maker::Ansible, Some(time)));
    }
    Some((Maker::Other, None))
}

/// `20180405T091502` as `2018-04-05 09:15:02`.
fn yedit_time(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    Some(format!(
        "{}-{}-{} {}:{}:{}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    ))
}

/// `1234.2018-04-05@09:15:02~` as `2018-04-05 09:15:02`.
fn ansible_time(text: &str) -> Option<String> {
    let (pid, text) = text.split_once('.')?;
    let (date, time) = text.strip_suffix('~')?.split_once('@')?;
    let shaped = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'9' => byte.is_ascii_digit(),
                    other => byte == other,
                })
    };
    let pid_fits = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    (pid_fits && shaped(date, "9999-99-99") && shaped(time, "99:99:99"))
        .then(|| format!("{date} {time}"))
}

/// Wall-clock times as the host's own zone has them, in seconds since 1970; `None` for a time that
/// does not exist.
pub(super) fn host_times<'a>(
    host: &Host,
    times: impl Iterator<Item = &'a str>,
) -> Result<Vec<Option<i64>>> {
    let times: Vec<&str> = times.collect();
    if times.is_empty() {
        return Ok(Vec::new());
    }
    let input: String = times.iter().map(|time| format!("{time}\n")).collect();
    let command = Command::reads(["date", "-f", "-", "+%s"]).stdin(input);
    let output = host.output(&command)?;
    let read: Vec<Option<i64>> = output
        .text()
        .lines()
        .map(|line| line.parse().ok())
        .collect();
    // `date` leaves out what it cannot read, and the rest would no longer line up.
    if read.len() == times.len() {
        Ok(read)
    } else {
        Ok(vec![None; times.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_maker() {
        for (rest, maker, time) in [
            (
                ".20180405T091502",
                Maker::Yedit,
                Some("2018-04-05 09:15:02"),
            ),
            (".orig", Maker::Orig, None),
            (
                ".2114.2018-04-05@09:15:02~",
                Maker::Ansible,
                Some("2018-04-05 09:15:02"),
            ),
            (".rpmsave", Maker::Rpmsave, None),
            (".20180405", Maker::Other, None),
            (".bak", Maker::Other, None),
            (".2018-04-05@09:15:02~", Maker::Other, None),
        ] {
            let expected = Some((maker, time.map(str::to_owned)));
            assert_eq!(recognise(rest, false), expected, "{rest}");
        }
        assert_eq!(recognise(".rpmnew", false), None);
        assert_eq!(recognise("x", false), None);
        assert_eq!(recognise("", true), Some((Maker::Current, None)));
    }
}
