//! Names of files by pattern.

use super::super::files::{Files, Node};
use super::state::Shell;
use crate::transport::sim::pattern::Pattern;

impl Shell<'_> {
    /// The paths that match `pattern`, sorted; empty if there are none.
    pub(super) fn glob(&self, pattern: &str) -> Vec<String> {
        let here = self.process.here();
        let by = self.process.actor();
        let readable = |node: &Node| by.may(node, 4);
        let mut found = vec![String::new()];
        let mut rest = pattern;
        while !rest.is_empty() {
            let slashes = rest.len() - rest.trim_start_matches('/').len();
            let end = rest[slashes..]
                .find('/')
                .map_or(rest.len(), |at| slashes + at);
            let component = Pattern::new(&rest[slashes..end]);
            for path in &mut found {
                path.push_str(&rest[..slashes]);
            }
            rest = &rest[end..];
            let last = rest.is_empty();
            found = match component.literal() {
                Some(name) => found
                    .into_iter()
                    .map(|path| format!("{path}{name}"))
                    .filter(|path| self.is_there(&here.files, path, last))
                    .collect(),
                None => found
                    .into_iter()
                    .flat_map(|path| {
                        let directory =
                            self.process.path(if path.is_empty() { "." } else { &path });
                        let mut names: Vec<String> = Vec::new();
                        if let Ok(node) = here.files.follow(&directory)
                            && readable(node)
                        {
                            let hidden = component.begins_with_dot();
                            if hidden {
                                names.extend([".", ".."].map(str::to_owned));
                            }
                            let entries = node.entries().into_iter().flatten();
                            names.extend(entries.map(|(name, _)| name.to_string()));
                            names.retain(|name| {
                                (hidden || self.options.dot_globs || !name.starts_with('.'))
                                    && component.matches(name)
                            });
                        }
                        names.sort();
                        names.into_iter().map(move |name| format!("{path}{name}"))
                    })
                    .filter(|path| last || self.is_there(&here.files, path, false))
                    .collect(),
            };
        }
        found
    }

    /// Whether `path` is there: as a directory, if more follows.
    fn is_there(&self, files: &Files, path: &str, last: bool) -> bool {
        let path = self.process.path(path);
        if last && !path.ends_with('/') {
            files.get(&path).is_ok()
        } else {
            files.follow(&path).is_ok_and(Node::is_directory)
        }
    }
}
