//! Host patterns: `name`, `name:port`, `[address]:port`, and ranges such as `node[01:10:2].example.com`.
//!
//! Ranges are Ansible's: both ends belong to them, a begin with a leading zero fixes the width, and
//! letters count `a` to `z`, then `A` to `Z`. Unlike Ansible, a begin above its end is an error
//! and not silently no host.

use std::net::Ipv6Addr;

use super::printable;

/// The most hosts that one pattern may stand for; more is a slip of the keyboard.
const MOST_HOSTS: usize = 100_000;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The host names that `pattern` stands for, in order, and the port it ends with.
///
/// # Errors
/// What is wrong with the pattern, as the second half of a sentence.
pub(super) fn expand(pattern: &str) -> Result<(Vec<String>, Option<u16>), String> {
    let (pattern, port) = split_port(pattern)?;
    let names = if pattern.parse::<Ipv6Addr>().is_ok() {
        vec![pattern.to_owned()]
    } else {
        expand_ranges(pattern)?
    };
    match names.iter().find_map(|name| refuse_name(name)) {
        Some(reason) => Err(reason),
        None => Ok((names, port)),
    }
}

/// Why `name` cannot name a host; it becomes part of paths, command lines and messages.
pub(super) fn refuse_name(name: &str) -> Option<String> {
    let shown = printable(name);
    if name.is_empty() {
        return Some("a host name is empty".to_owned());
    }
    if name.contains('=') {
        return Some(format!(
            "`{shown}` stands where a host name is expected; a variable of a whole group belongs \
             below `[GROUP:vars]`"
        ));
    }
    let odd = |c: char| c.is_control() || c.is_whitespace() || "/\\[]{}\"'`,".contains(c);
    if name.starts_with(['-', '.']) || name.contains(odd) {
        return Some(format!("`{shown}` is not a host name"));
    }
    None
}

/// `pattern` without its port. An IPv6 address has a port only when it stands in brackets.
fn split_port(pattern: &str) -> Result<(&str, Option<u16>), String> {
    let Some((host, digits)) = pattern.rsplit_once(':') else {
        return Ok((pattern, None));
    };
    let inside_brackets = host.matches('[').count() > host.matches(']').count();
    if inside_brackets || pattern.parse::<Ipv6Addr>().is_ok() {
        return Ok((pattern, None)); // the colon belongs to a range or to the address
    }
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host = match bare {
        Some(address) if address.parse::<Ipv6Addr>().is_ok() => address,
        _ => host,
    };
    match digits.parse() {
        Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((host, Some(port)))
        }
        _ => Err(format!(
            "`{}` after the colon is not a port from 1 to 65535",
            printable(digits)
        )),
    }
}

/// All names of `pattern`; the last range turns fastest.
fn expand_ranges(pattern: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((head, tail)) = rest.split_once('[') {
        let (range, tail) = tail
            .split_once(']')
            .ok_or_else(|| format!("`[` without `]` in `{}`", printable(pattern)))?;
        let parts = members(range, MOST_HOSTS / names.len())
            .map_err(|reason| format!("host range `[{}]`: {reason}", printable(range)))?;
        names = names
            .iter()
            .flat_map(|name| parts.iter().map(move |part| format!("{name}{head}{part}")))
            .collect();
        rest = tail;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// The members of the range `begin:end` or `begin:end:step`, at most `most` of them.
fn members(range: &str, most: usize) -> Result<Vec<String>, String> {
    let bounds: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match bounds[..] {
        [begin, end] => (begin, end, 1),
        [begin, end, step] => match step.parse::<usize>() {
            Ok(step) if step > 0 => (begin, end, step),
            _ => return Err("the step has to be a number above 0".to_owned()),
        },
        _ => return Err("wanted `[BEGIN:END]` or `[BEGIN:END:STEP]`".to_owned()),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        let letters = LETTERS.get(first..=last).ok_or("begin comes after end")?;
        return Ok(letters.chars().step_by(step).map(String::from).collect());
    }
    let (Some(first), Some(last)) = (number(begin), number(end)) else {
        return Err("begin and end have to be two numbers or two letters".to_owned());
    };
    let padded = begin.len() > 1 && begin.starts_with('0');
    if padded && begin.len() != end.len() {
        return Err("with leading zeros, begin and end need the same width".to_owned());
    }
    let width = if padded { begin.len() } else { 0 };
    if first > last {
        return Err("begin comes after end".to_owned());
    }
    if (last - first) / step >= most {
        return Err(format!("it stands for more than {most} hosts"));
    }
    let numbers = (first..=last).step_by(step);
    Ok(numbers.map(|n| format!("{n:0width$}")).collect())
}

fn letter(text: &str) -> Option<usize> {
    (text.len() == 1).then(|| LETTERS.find(text)).flatten()
}

fn number(text: &str) -> Option<usize> {
    let digits = (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn names(pattern: &str) -> String {
        match expand(pattern) {
            Ok((names, None)) => names.join(" "),
            Ok((names, Some(port))) => format!("{} port {port}", names.join(" ")),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    fn patterns_stand_for_these_hosts() {
        for (pattern, wanted) in [
            ("master", "master"),
            ("m[1:3]", "m1 m2 m3"),
            ("m[08:11]", "m08 m09 m10 m11"),
            ("m[000:002]", "m000 m001 m002"),
            ("m[0:10:5]x", "m0x m5x m10x"),
            ("m[:2]", "m0 m1 m2"),
            ("m[3:3]", "m3"),
            (
                "m[a:c].example.com",
                "ma.example.com mb.example.com mc.example.com",
            ),
            ("m[y:B]", "my mz mA mB"),
            ("m[a:g:3]", "ma md mg"),
            ("r[1:2]-n[a:b]", "r1-na r1-nb r2-na r2-nb"),
            ("[1:2]-m", "1-m 2-m"),
            ("m:2222", "m port 2222"),
            (
                "m[1:2].example.com:2222",
                "m1.example.com m2.example.com port 2222",
            ),
            ("10.0.0.[9:10]", "10.0.0.9 10.0.0.10"),
            ("10.0.0.9:22", "10.0.0.9 port 22"),
            ("fe80::1", "fe80::1"),
            ("[fe80::1]:2222", "fe80::1 port 2222"),
        ] {
            assert_eq!(names(pattern), wanted, "{pattern}");
        }
    }

    #[test]
    fn wrong_patterns_say_why() {
        for (pattern, wanted) in [
            (
                "m[1-3]",
                "host range `[1-3]`: wanted `[BEGIN:END]` or `[BEGIN:END:STEP]`",
            ),
            (
                "m[1:2:3:4]",
                "host range `[1:2:3:4]`: wanted `[BEGIN:END]` or `[BEGIN:END:STEP]`",
            ),
            ("m[3:1]", "host range `[3:1]`: begin comes after end"),
            ("m[c:a]", "host range `[c:a]`: begin comes after end"),
            (
                "m[01:100]",
                "host range `[01:100]`: with leading zeros, begin and end need the same width",
            ),
            (
                "m[1:9:0]",
                "host range `[1:9:0]`: the step has to be a number above 0",
            ),
            (
                "m[1:9:-1]",
                "host range `[1:9:-1]`: the step has to be a number above 0",
            ),
            (
                "m[1:]",
                "host range `[1:]`: begin and end have to be two numbers or two letters",
            ),
            (
                "m[a:3]",
                "host range `[a:3]`: begin and end have to be two numbers or two letters",
            ),
            (
                "m[0:999999999999]",
                "host range `[0:999999999999]`: it stands for more than 100000 hosts",
            ),
            (
                "[0:999][0:999]",
                "host range `[0:999]`: it stands for more than 100 hosts",
            ),
            ("m[1:3", "`[` without `]` in `m[1:3`"),
            ("m:", "`` after the colon is not a port from 1 to 65535"),
            ("m:0", "`0` after the colon is not a port from 1 to 65535"),
            (
                "m:+22",
                "`+22` after the colon is not a port from 1 to 65535",
            ),
            (
                "m:99999",
                "`99999` after the colon is not a port from 1 to 65535",
            ),
            ("-oProxyCommand", "`-oProxyCommand` is not a host name"),
            ("../m", "`../m` is not a host name"),
            ("", "a host name is empty"),
        ] {
            assert_eq!(names(pattern), format!("error: {wanted}"), "{pattern}");
        }
    }
}
