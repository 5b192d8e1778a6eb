//! Entries as lines for a terminal.

use super::{Chapter, Entry, Form};

/// What indents the text below a signature.
const INDENT: &str = "    ";

/// `entry` with its `members`.
pub fn page(entry: &Entry, members: &[&Entry], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    entered(entry, width, &mut lines);
    for member in members {
        lines.push(String::new());
        entered(member, width, &mut lines);
    }
    lines
}

fn entered(entry: &Entry, width: usize, lines: &mut Vec<String>) {
    for (number, form) in entry.forms.iter().enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        lines.extend(form.signatures.iter().cloned());
        documented(form, width, lines);
    }
}

fn documented(form: &Form, width: usize, lines: &mut Vec<String>) {
    for line in form.doc.text.lines() {
        lines.extend(wrapped(line, INDENT, width));
    }
    for example in &form.doc.examples {
        lines.push(String::new());
        lines.extend(
            example
                .lines()
                .map(|line| format!("{INDENT}{INDENT}{line}").trim_end().to_owned()),
        );
    }
}

/// Everything by subject, a line each.
pub fn overview(entries: &[Entry], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for chapter in Chapter::ALL {
        let within = entries.iter().filter(|entry| entry.chapter == chapter);
        let heads: Vec<&Entry> = within.filter(|entry| entry.is_listed()).collect();
        if heads.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(chapter.title().to_owned());
        lines.extend(wrapped(chapter.about(), "  ", width));
        let longest = heads.iter().map(|entry| entry.full_name().len()).max();
        let column = longest.unwrap_or_default() + 4;
        for entry in heads {
            let name = format!("  {}", entry.full_name());
            let told = wrapped(entry.summary(), &" ".repeat(column), width);
            let first = told.first().map_or("", |line| line.trim_start());
            lines.push(format!("{name:column$}{first}").trim_end().to_owned());
            lines.extend(told.into_iter().skip(1));
        }
    }
    lines
}

/// `text` in lines of at most `width`, each after `indent`; the spaces before an item stay.
pub fn wrapped(text: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        let is_new = line.len() == indent.len();
        if !is_new && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_as_wide_as_the_terminal_at_most() {
        assert_eq!(wrapped("one two three", "  ", 9), ["  one two", "  three"]);
        assert_eq!(wrapped("extraordinary", "  ", 5), ["  extraordinary"]);
        assert_eq!(wrapped("", "  ", 5), [""]);
    }
}
