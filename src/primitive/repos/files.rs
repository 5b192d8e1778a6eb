//! `enabled=` in repository files, for hosts without a tool that edits it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Result;
use crate::primitive::Host;
use crate::primitive::file::{self, Attributes};
use crate::transport::{Command, Effect};

/// Writes `enabled=0` and `enabled=1` where the ids are defined, and says which files that were.
///
/// An id that no file defines is left to the caller's check.
pub(super) fn switch(host: &Host, disable: &[String], enable: &[String]) -> Result<String> {
    let script = "for f in /etc/yum.repos.d/*.repo; do [ -f \"$f\" ] || continue; \
                  printf '%s\\n' \"$f\"; base64 -w0 \"$f\" || exit 1; echo; done";
    let command = Command::shell(script, Effect::Reads);
    let output = host.run(&command)?;
    let listing = output.text();
    let mut lines = listing.lines();
    let mut written = Vec::new();
    while let Some(path) = lines.next() {
        let text = lines
            .next()
            .and_then(|line| STANDARD.decode(line.trim()).ok())
            .ok_or_else(|| host.failed(&command, &output))?;
        // A file that is not text is not ours to rewrite.
        let Ok(text) = String::from_utf8(text) else {
            continue;
        };
        let new = edited(&text, disable, enable);
        if new != text {
            file::write(host, path, &new, &Attributes::default())?;
            written.push(format!("`{path}`"));
        }
    }
    Ok(match written.as_slice() {
        [] => "no file below `/etc/yum.repos.d` defines these repositories".to_owned(),
        files => format!("edited {}", files.join(", ")),
    })
}

/// `text` with the sections named in `disable` and `enable` set so; all else stays.
fn edited(text: &str, disable: &[String], enable: &[String]) -> String {
    let mut result = String::with_capacity(text.len() + 16);
    let mut wanted: Option<char> = None;
    let mut header_end = None;
    for line in text.lines() {
        let bare = line.trim();
        if let Some(id) = bare.strip_prefix('[').and_then(|id| id.strip_suffix(']')) {
            close(&mut result, wanted, header_end.take());
            wanted = if disable.iter().any(|wanted| wanted == id) {
                Some('0')
            } else if enable.iter().any(|wanted| wanted == id) {
                Some('1')
            } else {
                None
            };
            result.push_str(line);
            result.push('\n');
            header_end = Some(result.len());
            continue;
        }
        let is_key = line
            .split_once('=')
            .is_some_and(|(key, _)| key.trim_end() == "enabled");
        match wanted {
            Some(value) if is_key => {
                result.push_str("enabled=");
                result.push(value);
                header_end = None;
            }
            _ => result.push_str(line),
        }
        result.push('\n');
    }
    close(&mut result, wanted, header_end);
    if !text.ends_with('\n') && result.ends_with('\n') && !text.is_empty() {
        result.pop();
    }
    result
}

/// Gives a section that had no `enabled=` one below its header.
fn close(result: &mut String, wanted: Option<char>, header_end: Option<usize>) {
    if let (Some(value), Some(position)) = (wanted, header_end) {
        result.insert_str(position, &format!("enabled={value}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_sections_change() {
        let text = "# site\n[ose-3.9]\nname=3.9\nenabled = 1\ngpgcheck=0\n\n[ose-3.7]\nname=3.7\nenabled=0\n[extras]\nname=x\nenabled=1\n[bare]\nname=y";
        let disable = ["ose-3.9".to_owned(), "bare".to_owned()];
        let enable = ["ose-3.7".to_owned()];
        assert_eq!(
            edited(text, &disable, &enable),
            "# site\n[ose-3.9]\nname=3.9\nenabled=0\ngpgcheck=0\n\n[ose-3.7]\nname=3.7\nenabled=1\n[extras]\nname=x\nenabled=1\n[bare]\nenabled=0\nname=y"
        );
        assert_eq!(edited(text, &[], &[]), text);
        assert_eq!(edited("", &disable, &enable), "");
    }
}
