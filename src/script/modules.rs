//! What modules say of themselves, from their text alone: nothing is compiled for it.

use super::shipped;
use super::signature::Signature;

/// What stands before `::` for the shipped modules: the last part of their path.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    shipped::FILES.iter().filter_map(|(path, text)| {
        let name = path.strip_prefix("stdlib/ocp/")?.strip_suffix(".rhai")?;
        (!name.contains('/')).then_some((name, *text))
    })
}

/// Comments without their marks.
pub fn plain(doc: &str) -> String {
    let lines = doc.lines().map(|line| line.trim_start_matches('/').trim());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// What a module's text says of itself.
pub fn about(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with("//!"));
    let lines = lines.map(|line| line.trim_start_matches("//!").trim());
    lines.collect::<Vec<_>>().join("\n")
}

/// The public functions that `text` defines at the beginning of a line, each with its documentation.
pub fn functions(module: &str, text: &str) -> Vec<(Signature, String)> {
    let mut found = Vec::new();
    let mut doc: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.starts_with("///") {
            doc.push(line);
            continue;
        }
        let head = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.split_once('('));
        if let Some((name, rest)) = head {
            let parameters = rest.split(')').next().unwrap_or_default();
            let parameters = parameters
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            let signature = Signature {
                module: module.to_owned(),
                name: name.trim().to_owned(),
                parameters: parameters.map(str::to_owned).collect(),
            };
            found.push((signature, plain(&doc.join("\n"))));
        }
        doc.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn public_functions_are_found_with_their_documentation() {
        let text = "//! M.\n\n/// Does `a`.\nfn does(a, b) {\n}\n\n/// Hidden.\nprivate fn hides() {}\nfn bare() {}\n";
        let found: Vec<(String, String)> = functions("m", text)
            .into_iter()
            .map(|(signature, doc)| (signature.shown(false), doc))
            .collect();
        let expected = [("m::does(a, b)", "Does `a`."), ("m::bare()", "")];
        assert_eq!(
            found,
            expected.map(|(way, doc)| (way.to_owned(), doc.to_owned()))
        );
    }
}
