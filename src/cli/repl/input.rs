//! What kind of line was typed.

/// A line, by how it begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Nothing.
    Empty,
    /// `!COMMAND`: a shell command on the target.
    Shell(&'a str),
    /// `@GROUP`, `+ HOST`, `- HOST`: another target.
    Target(&'a str),
    /// `:COMMAND`, and what follows it.
    Command(&'a str, &'a str),
    /// `help`, and of what.
    Help(&'a str),
    /// Code.
    Code(&'a str),
}

impl<'a> Input<'a> {
    /// The kind of `line`; `is_target` says whether one with a sign names hosts.
    pub fn of(line: &'a str, is_target: impl FnOnce(&str) -> bool) -> Self {
        let line = line.trim();
        let one = !line.contains('\n');
        if line.is_empty() {
            return Self::Empty;
        }
        if let Some(command) = line.strip_prefix('!') {
            return Self::Shell(command.trim());
        }
        if let Some(command) = line.strip_prefix(':') {
            let (name, rest) = command
                .split_once(char::is_whitespace)
                .unwrap_or((command, ""));
            return Self::Command(name, rest.trim());
        }
        if line.starts_with(['@', '+', '-']) && one && is_target(line) {
            return Self::Target(line);
        }
        match line {
            "help" | "?" => Self::Help(""),
            "quit" | "exit" => Self::Command("quit", ""),
            _ => match line.strip_prefix("help ").filter(|_| one) {
                Some(name) => Self::Help(name.trim()),
                None => Self::Code(line),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn a_line_is_known_by_how_it_begins() {
        let of = |line| Input::of(line, |line| line.starts_with('@'));
        assert_eq!(of("  "), Input::Empty);
        assert_eq!(of("! uptime"), Input::Shell("uptime"));
        assert_eq!(of(":step 3"), Input::Command("step", "3"));
        assert_eq!(of("@masters"), Input::Target("@masters"));
        assert_eq!(of("-1 + 2"), Input::Code("-1 + 2"));
        assert_eq!(of("help yum"), Input::Help("yum"));
        assert_eq!(of("helper()"), Input::Code("helper()"));
        assert_eq!(of("exit"), Input::Command("quit", ""));
    }
}
