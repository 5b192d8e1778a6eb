//! A doc comment taken apart: what it says, and the examples in it.

/// What a doc comment holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// Its text, each paragraph and each item of a list on one line; an empty line between paragraphs.
    pub text: String,
    /// Its blocks between ```` ```rhai ```` and ```` ``` ````.
    pub examples: Vec<String>,
}

impl Comment {
    /// Reads the lines of `blocks`, each with its `///` or `//!`.
    pub fn read<'a>(blocks: impl IntoIterator<Item = &'a str>) -> Self {
        let mut comment = Self::default();
        let mut example: Option<Vec<&str>> = None;
        let mut paragraph = String::new();
        for line in blocks.into_iter().flat_map(str::lines).map(bare) {
            match (&mut example, line.trim()) {
                (Some(lines), "```") => {
                    comment.examples.push(lines.join("\n"));
                    example = None;
                }
                (Some(lines), _) => lines.push(line),
                (None, "```rhai") => example = Some(Vec::new()),
                (None, "") => comment.close(&mut paragraph, "\n\n"),
                (None, words) => {
                    if !paragraph.is_empty() && begins_item(&paragraph, words) {
                        comment.close(&mut paragraph, "\n");
                    }
                    if !paragraph.is_empty() {
                        paragraph.push(' ');
                    }
                    paragraph.push_str(words);
                }
            }
        }
        comment.close(&mut paragraph, "");
        comment.text.truncate(comment.text.trim_end().len());
        comment
    }

    fn close(&mut self, paragraph: &mut String, end: &str) {
        if !paragraph.is_empty() {
            self.text.push_str(paragraph);
            paragraph.clear();
        }
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push_str(end);
        }
    }
}

/// Whether `line` begins an item of a list after `before`, rather than going on with it.
fn begins_item(before: &str, line: &str) -> bool {
    let ended = before.ends_with([':', ';', '.']);
    let marked = line.starts_with("- ") || line.starts_with("* ");
    marked || (ended && (line.starts_with('`') || line.starts_with("Options:")))
}

/// `line` without the mark of a comment and one space.
fn bare(line: &str) -> &str {
    let line = line.trim_start();
    let marked = line
        .strip_prefix("///")
        .or_else(|| line.strip_prefix("//!"));
    let line = marked.unwrap_or(line);
    line.strip_prefix(' ').unwrap_or(line)
}

/// The first sentence of `text`, without its period.
pub fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::{Comment, first_sentence};

    #[test]
    fn a_comment_is_text_and_examples() {
        let comment = Comment::read([
            "/// Stops `units`; what is\n/// not there is stopped.\n/// Options: `a`,\n/// `b`.",
            "///",
            "/// Returns",
            "/// ```rhai",
            "/// if true {",
            "///     note(\"x\");",
            "/// }",
            "/// ```",
        ]);
        assert_eq!(
            comment.text,
            "Stops `units`; what is not there is stopped.\nOptions: `a`, `b`.\n\nReturns"
        );
        assert_eq!(comment.examples, ["if true {\n    note(\"x\");\n}"]);
    }

    #[test]
    fn the_items_of_a_list_stay_apart() {
        let comment = Comment::read(["/// Returns\n/// `a`: one,\n///   of two;\n/// `b`: two"]);
        assert_eq!(comment.text, "Returns `a`: one, of two;\n`b`: two");
    }

    #[test]
    fn the_first_sentence_ends_at_its_period() {
        assert_eq!(
            first_sentence("6.2 Files: x.rhai too. More."),
            "6.2 Files: x.rhai too"
        );
        assert_eq!(first_sentence(""), "");
    }
}
