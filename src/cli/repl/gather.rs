//! What many hosts said, told once: hosts with the same output together, the odd ones as a difference.

use std::fmt::Write;

use similar::TextDiff;

use crate::cli::progress::harmless;
use crate::script::Shell;

/// What a host's command came to.
#[derive(PartialEq, Eq)]
enum End {
    Ended { status: i64, lines: String },
    Failed(String),
}

/// The ends of a command as an operator reads them; no header where there is one host, and all is well.
pub fn gathered(ends: &Shell) -> String {
    let mut alike: Vec<(End, Vec<&str>)> = Vec::new();
    for (host, end) in ends {
        let end = match end {
            Ok(output) => {
                let text = |bytes: &[u8]| harmless(&String::from_utf8_lossy(bytes));
                let mut lines = text(&output.stdout);
                if !lines.is_empty() && !lines.ends_with('\n') {
                    lines.push('\n');
                }
                lines.push_str(&text(&output.stderr));
                End::Ended {
                    status: output.exit.code(),
                    lines: lines.trim_end().to_owned(),
                }
            }
            Err(error) => End::Failed(harmless(&error.to_string())),
        };
        match alike.iter_mut().find(|(known, _)| *known == end) {
            Some((_, hosts)) => hosts.push(host),
            None => alike.push((end, vec![host])),
        }
    }
    if let [(End::Ended { status: 0, lines }, hosts)] = &alike[..]
        && hosts.len() == 1
    {
        return lines.clone();
    }
    // The sort is stable: of groups of one size, the first in the inventory is the measure.
    alike.sort_by_key(|(_, hosts)| std::cmp::Reverse(hosts.len()));
    let mut text = String::new();
    let mut measure: Option<&str> = None;
    for (end, hosts) in &alike {
        // Writing to a string cannot fail.
        let _ = match end {
            End::Failed(why) => writeln!(text, "{}: {why}", brief(hosts)),
            End::Ended { status, lines } => {
                if *status == 0 && lines.lines().count() == 1 {
                    measure.get_or_insert(lines);
                    let _ = writeln!(text, "{}: {lines}", brief(hosts));
                    continue;
                }
                let _ = writeln!(text, "{}: {}", brief(hosts), header(*status, lines, hosts));
                let shown = match measure {
                    Some(measure) => difference(measure, lines),
                    None => lines.clone(),
                };
                measure.get_or_insert(lines);
                shown
                    .lines()
                    .try_for_each(|line| writeln!(text, "  {line}"))
            }
        };
    }
    text.trim_end().to_owned()
}

fn header(status: i64, lines: &str, hosts: &[&str]) -> String {
    let same = if hosts.len() > 1 { "same " } else { "" };
    let lines = match lines.lines().count() {
        0 => "no output".to_owned(),
        1 => format!("{same}1 line"),
        many => format!("{same}{many} lines"),
    };
    match status {
        0 => lines,
        status => format!("exited with status {status}, {lines}"),
    }
}

/// What `lines` has that `measure` has not, and the reverse; `lines` itself where hardly anything is alike.
fn difference(measure: &str, lines: &str) -> String {
    let diff = TextDiff::from_lines(measure, lines);
    if diff.ratio() < 0.3 {
        return lines.to_owned();
    }
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(1).iter_hunks() {
        if !text.is_empty() {
            text.push_str("...\n");
        }
        for change in hunk.iter_changes() {
            let _ = writeln!(
                text,
                "{} {}",
                change.tag(),
                change.value().trim_end_matches('\n')
            );
        }
    }
    text
}

/// `names` in one word where they count up: `master-[0-2]`.
pub fn brief(names: &[&str]) -> String {
    // Prefix, suffix, width of the number, numbers.
    let mut series: Vec<(&str, &str, usize, Vec<u64>)> = Vec::new();
    for name in names {
        let label = name.find('.').map_or(*name, |dot| &name[..dot]);
        let end = label
            .rfind(|c: char| c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        let begin = label[..end]
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| {
                at + label[at..].chars().next().map_or(1, char::len_utf8)
            });
        let (prefix, digits, suffix) = (
            &name[..begin.min(end)],
            &name[begin.min(end)..end],
            &name[end..],
        );
        let width = if digits.len() > 1 && digits.starts_with('0') {
            digits.len()
        } else {
            0
        };
        let Ok(number) = digits.parse::<u64>() else {
            series.push((name, "", 0, Vec::new()));
            continue;
        };
        let same = series.iter_mut().find(|(before, after, wide, numbers)| {
            *before == prefix && *after == suffix && *wide == width && !numbers.is_empty()
        });
        match same {
            Some((_, _, _, numbers)) => numbers.push(number),
            None => series.push((prefix, suffix, width, vec![number])),
        }
    }
    let shown = series.iter_mut().map(|(prefix, suffix, width, numbers)| {
        numbers.sort_unstable();
        let number = |number: u64| format!("{number:0width$}", width = *width);
        match numbers[..] {
            [] => (*prefix).to_owned(),
            [one] => format!("{prefix}{}{suffix}", number(one)),
            _ => {
                let ranges: Vec<String> = numbers
                    .chunk_by(|a, b| a + 1 == *b)
                    .map(|range| match range {
                        [one] => number(*one),
                        [first, .., last] => format!("{}-{}", number(*first), number(*last)),
                        [] => String::new(),
                    })
                    .collect();
                format!("{prefix}[{}]{suffix}", ranges.join(","))
            }
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{brief, gathered};
    use crate::error::Error;
    use crate::transport::{Exit, Output};

    fn ended(host: &str, status: u8, text: &str) -> (String, crate::error::Result<Output>) {
        let output = Output {
            exit: Exit::Status(status),
            stdout: text.into(),
            stderr: Vec::new(),
            duration: Default::default(),
        };
        (host.to_owned(), Ok(output))
    }

    #[test]
    fn names_that_count_up_are_one_word() {
        for (names, expected) in [
            (&["m-0.x.y", "m-1.x.y", "m-2.x.y"][..], "m-[0-2].x.y"),
            (&["m1", "m3", "m4", "lb"], "m[1,3-4], lb"),
            (&["n08", "n09", "n10"], "n[08-09], n10"),
            (&["one"], "one"),
            (&["m-0"], "m-0"),
        ] {
            assert_eq!(brief(names), expected);
        }
    }

    #[test]
    fn same_output_is_told_once_and_the_odd_one_as_a_difference() {
        let ends = vec![
            ended("m-0", 0, "a\nb\nc\n"),
            ended("m-1", 0, "a\nb\nc\n"),
            ended("m-2", 0, "a\nx\nc\n"),
            ended("m-3", 3, "inactive\n"),
            ("m-4".to_owned(), Err(Error::controller("reach it", "no"))),
        ];
        insta::assert_snapshot!(gathered(&ends), @r"
        m-[0-1]: same 3 lines
          a
          b
          c
        m-2: 3 lines
            a
          - b
          + x
            c
        m-3: exited with status 3, 1 line
          inactive
        m-4: cannot reach it: no
        ");
        assert_eq!(gathered(&vec![ended("m-0", 0, "a\n")]), "a");
    }
}
