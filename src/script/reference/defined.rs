//! A library module as a Rhai definition file, for editors that read them.

use super::Entry;

/// The file for `module` with its `functions`.
pub fn file(module: &Entry, functions: &[&Entry]) -> String {
    let last = module.name.rsplit('/').next().unwrap_or_default();
    let mut text = format!("{}module {last};\n", commented(module));
    for function in functions {
        let prefix = format!("{last}::");
        for signature in function.forms.iter().flat_map(|form| &form.signatures) {
            let bare = signature.strip_prefix(&prefix).unwrap_or(signature);
            text += &format!("\n{}fn {bare};\n", commented(function));
        }
    }
    text
}

/// What is said about `entry`, as doc comments.
fn commented(entry: &Entry) -> String {
    let lines = entry.forms.iter().flat_map(|form| form.doc.text.lines());
    lines
        .map(|line| format!("/// {line}").trim_end().to_owned() + "\n")
        .collect()
}
