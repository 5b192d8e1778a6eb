//! The reference as one Markdown page.

use super::{Chapter, Entry, Reference, anchor};

/// The whole page.
pub fn page(reference: &Reference) -> String {
    let mut page = format!("# {}\n\n{}\n\n", super::TITLE, super::ABOUT);
    let chapters = reference.chapters();
    for (chapter, entries) in &chapters {
        page += &format!("- [{}](#{})\n", chapter.title(), chapter.anchor());
        for entry in entries.iter().filter(|entry| entry.is_listed()) {
            page += &format!(
                "  - [`{}`](#{})",
                entry.full_name(),
                anchor(&entry.full_name())
            );
            page += &format!(": {}\n", shown(entry.summary()));
        }
    }
    for (chapter, entries) in chapters {
        page += &chaptered(chapter, &entries);
    }
    page
}

fn chaptered(chapter: Chapter, entries: &[&Entry]) -> String {
    let mut text = format!(
        "\n## <a id=\"{}\"></a>{}\n\n{}\n",
        chapter.anchor(),
        chapter.title(),
        shown(chapter.about())
    );
    for entry in entries {
        let level = if entry.is_listed() { "###" } else { "####" };
        let name = entry.full_name();
        text += &format!("\n{level} <a id=\"{}\"></a>`{name}`\n", anchor(&name));
        for form in &entry.forms {
            text += &fenced(&form.signatures.join("\n"));
            let paragraphs = form.doc.text.split("\n\n").filter(|text| !text.is_empty());
            for paragraph in paragraphs {
                // Two spaces end a line that is not the last one of its paragraph.
                text += &format!("\n{}\n", shown(paragraph).replace('\n', "  \n"));
            }
            for example in &form.doc.examples {
                text += &fenced(example);
            }
        }
    }
    text
}

fn fenced(code: &str) -> String {
    format!("\n```rhai\n{code}\n```\n")
}

/// `text` with what is no Markdown of ours escaped, but for what stands between backticks.
fn shown(text: &str) -> String {
    let parts = text
        .split('`')
        .enumerate()
        .map(|(number, part)| match number % 2 {
            0 => part
                .replace('<', "\\<")
                .replace('*', "\\*")
                .replace('[', "\\["),
            _ => part.to_owned(),
        });
    parts.collect::<Vec<_>>().join("`")
}
