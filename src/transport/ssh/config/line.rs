//! One line of an OpenSSH configuration file.

/// A line's keyword in lower case and its words; `None` for an empty line or a comment.
pub(super) fn split_line(line: &str) -> Result<Option<(String, Vec<String>)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let end = line
        .find(|c: char| c.is_whitespace() || c == '=')
        .unwrap_or(line.len());
    let keyword = line[..end].to_lowercase();
    let rest = line[end..].trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
    // The command is for a shell, which has quotes of its own.
    if keyword == "proxycommand" {
        return Ok(Some((keyword, vec![rest.to_owned()])));
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in rest.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            '#' if !quoted && word.is_none() => break,
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err("a quote is not closed");
    }
    words.extend(word);
    Ok(Some((keyword, words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> (String, Vec<String>) {
        split_line(line).unwrap().unwrap()
    }

    #[test]
    fn lines_split_as_openssh_splits_them() {
        let owned = |words: &[&str]| words.iter().map(|it| it.to_string()).collect::<Vec<_>>();
        assert_eq!(words("Port 22"), ("port".into(), owned(&["22"])));
        assert_eq!(words("  port=22 # x"), ("port".into(), owned(&["22"])));
        assert_eq!(words("Port = 22"), ("port".into(), owned(&["22"])));
        assert_eq!(
            words("Host a \"b c\""),
            ("host".into(), owned(&["a", "b c"]))
        );
        assert_eq!(
            words("ProxyCommand sh -c \"x  y\""),
            ("proxycommand".into(), owned(&["sh -c \"x  y\""]))
        );
        assert!(split_line("# Port 22").unwrap().is_none());
        assert!(split_line("Host \"a").is_err());
    }
}
