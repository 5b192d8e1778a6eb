//! The reference as one HTML page that needs nothing else: no script, no font, no picture.

use super::{Chapter, Entry, Reference, anchor};

const STYLE: &str = "\
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
code, pre { font: 14px/1.45 monospace; }
pre { background: #f4f4f2; padding: .6rem .8rem; overflow-x: auto; }
pre.signature { background: none; border-left: 3px solid #888; padding: .1rem .8rem; font-weight: bold; }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc; }
h3, h4 { margin-bottom: .3rem; }
h4, h4 ~ p { margin-left: 0; }
a { color: #0b5394; text-decoration: none; }
a:hover { text-decoration: underline; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1b1b; } pre { background: #262626; } a { color: #8ab4f8; }
}
";

/// The whole page.
pub fn page(reference: &Reference) -> String {
    let title = escaped(super::TITLE);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n<nav>\n<ul>\n",
        shown(super::ABOUT)
    );
    let chapters = reference.chapters();
    for (chapter, entries) in &chapters {
        page += &format!(
            "<li><a href=\"#{}\">{}</a>\n<ul>\n",
            chapter.anchor(),
            escaped(chapter.title())
        );
        for entry in entries.iter().filter(|entry| entry.is_listed()) {
            let name = entry.full_name();
            page += &format!(
                "<li><a href=\"#{}\"><code>{}</code></a>: {}</li>\n",
                anchor(&name),
                escaped(&name),
                shown(entry.summary())
            );
        }
        page += "</ul></li>\n";
    }
    page += "</ul>\n</nav>\n";
    for (chapter, entries) in chapters {
        page += &chaptered(chapter, &entries);
    }
    page + "</body>\n</html>\n"
}

fn chaptered(chapter: Chapter, entries: &[&Entry]) -> String {
    let mut text = format!(
        "<h2 id=\"{}\">{}</h2>\n<p>{}</p>\n",
        chapter.anchor(),
        escaped(chapter.title()),
        shown(chapter.about())
    );
    for entry in entries {
        let level = if entry.is_listed() { "h3" } else { "h4" };
        let name = entry.full_name();
        text += &format!(
            "<{level} id=\"{}\"><code>{}</code></{level}>\n",
            anchor(&name),
            escaped(&name)
        );
        for form in &entry.forms {
            let signatures = escaped(&form.signatures.join("\n"));
            text += &format!("<pre class=\"signature\">{signatures}</pre>\n");
            let paragraphs = form.doc.text.split("\n\n").filter(|text| !text.is_empty());
            for paragraph in paragraphs {
                text += &format!("<p>{}</p>\n", shown(paragraph).replace('\n', "<br>\n"));
            }
            for example in &form.doc.examples {
                text += &format!("<pre>{}</pre>\n", escaped(example));
            }
        }
    }
    text
}

/// `text` with what stands between backticks as code.
fn shown(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    });
    parts.collect()
}

/// `text` with nothing in it that HTML would take for its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_doc_is_text_and_code_and_never_markup() {
        assert_eq!(
            shown("a <b> & `c \"d\" <e>` `f`"),
            "a &lt;b&gt; &amp; <code>c &quot;d&quot; &lt;e&gt;</code> <code>f</code>"
        );
    }
}
