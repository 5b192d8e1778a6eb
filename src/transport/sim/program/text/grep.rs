//! `grep`, `egrep` and `fgrep`, in the words of grep 2.20.

use std::rc::Rc;

use regex::bytes::Regex;

use crate::transport::sim::pattern::Pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{facts, names, slurp};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::regex::{Flaw, Manner, Syntax, compile, translate};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("grep", |process, argv| grep(process, argv, "G")),
    ("egrep", |process, argv| grep(process, argv, "E")),
    ("fgrep", |process, argv| grep(process, argv, "F")),
];

const TABLE: &str = "E/extended-regexp F/fixed-strings G/basic-regexp e:/regexp: f:/file: i/ignore-case y v/invert-match \
     w/word-regexp x/line-regexp c/count l/files-with-matches L/files-without-match q/quiet/silent s/no-messages \
     n/line-number b/byte-offset h/no-filename H/with-filename o/only-matching m:/max-count: a/text r/recursive R/dereference-recursive \
     A:/after-context: B:/before-context: C:/context: include: exclude: exclude-dir: color? colour? line-buffered";

/// What a search found.
#[derive(Default)]
struct Search {
    found: bool,
    failed: bool,
    out: Vec<u8>,
}

fn grep(process: &mut Process<'_>, argv: &[String], kind: &str) -> Ended {
    let options = Options::parse(process, TABLE, argv)?;
    for id in ["color", "colour"] {
        if !matches!(options.value(id), None | Some("auto" | "never")) {
            return process.unmodelled(format_args!("{} --color", options.name));
        }
    }
    let mut words = options.words.clone();
    let mut patterns: Vec<String> = options
        .values("e")
        .flat_map(|text| text.split('\n'))
        .map(str::to_owned)
        .collect();
    for file in options.values("f") {
        match slurp(process, file)? {
            Ok(text) => patterns.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned)),
            Err(errno) => {
                return process.fail(2, format_args!("{}: {file}: {errno}", options.name));
            }
        }
    }
    if !options.has("e") && !options.has("f") {
        if words.is_empty() {
            let name = options.name;
            let text = format!(
                "Usage: {name} [OPTION]... PATTERN [FILE]...\nTry '{name} --help' for more information."
            );
            return process.fail(2, text);
        }
        patterns = words.remove(0).split('\n').map(str::to_owned).collect();
    }
    let regex = match regex(
        process,
        &options,
        &patterns,
        options.last_of(&["E", "F", "G"]).unwrap_or(kind),
    ) {
        Ok(regex) => regex,
        Err(Flaw::Invalid(text)) => {
            return process.fail(2, format_args!("{}: {text}", options.name));
        }
        Err(Flaw::Unmodelled(what)) => {
            return process.unmodelled(format_args!("{}: {what}", options.name));
        }
    };
    let recursive = options.has("r") || options.has("R");
    let files = match (words.is_empty(), recursive) {
        (true, true) => vec!["."],
        (true, false) => vec!["-"],
        _ => words,
    };
    let named = match options.last_of(&["h", "H"]) {
        Some(id) => id == "H",
        None => files.len() > 1 || recursive,
    };
    let number = |id: &str| -> Result<Option<usize>, Halt> {
        match options.value(id).map(str::parse) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => {
                process.unmodelled(format_args!("{} -{id} without a number", options.name))
            }
        }
    };
    let around = number("C")?.unwrap_or(0);
    let grep = Grep {
        process,
        options: &options,
        regex,
        named,
        most: number("m")?.unwrap_or(usize::MAX),
        before: number("B")?.unwrap_or(around),
        after: number("A")?.unwrap_or(around),
    };
    let mut search = Search::default();
    for file in files {
        grep.path(file, recursive, true, &mut search)?;
        if search.found && options.has("q") {
            return Ok(0);
        }
    }
    process.write(&search.out)?;
    Ok(match (search.failed, search.found) {
        (true, found) if !(found && options.has("q")) => 2,
        (_, true) => 0,
        (_, false) => 1,
    })
}

/// One expression for all `patterns`.
fn regex(
    process: &Process<'_>,
    options: &Options<'_>,
    patterns: &[String],
    kind: &str,
) -> Result<Rc<Regex>, Flaw> {
    let mut parts = Vec::new();
    for pattern in patterns {
        parts.push(match kind {
            "F" => regex::escape(pattern),
            "E" => translate(pattern, Syntax::Extended)?,
            _ => translate(pattern, Syntax::Basic)?,
        });
    }
    let whole = if parts.is_empty() {
        // No pattern matches no line.
        r"[^\s\S]".to_owned()
    } else {
        parts
            .iter()
            .map(|part| format!("(?:{part})"))
            .collect::<Vec<_>>()
            .join("|")
    };
    let whole = if options.has("x") {
        format!("^(?:{whole})$")
    } else if options.has("w") {
        format!(r"\b{{start-half}}(?:{whole})\b{{end-half}}")
    } else {
        whole
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = locale.iter().find_map(|name| {
        process
            .environment
            .get(name)
            .filter(|value| !value.is_empty())
    });
    let bytes = locale.is_none_or(|locale| matches!(locale.as_str(), "C" | "POSIX"));
    let fold = options.has("i") || options.has("y");
    compile(
        &whole,
        Manner {
            fold,
            bytes,
            lines: false,
        },
    )
}

struct Grep<'g, 'a> {
    process: &'g Process<'a>,
    options: &'g Options<'g>,
    regex: Rc<Regex>,
    named: bool,
    most: usize,
    before: usize,
    after: usize,
}

impl Grep<'_, '_> {
    fn path(
        &self,
        path: &str,
        recursive: bool,
        given: bool,
        search: &mut Search,
    ) -> Result<(), Halt> {
        let options = self.options;
        if recursive && path != "-" {
            let follow = given || options.has("R");
            if let Ok(found) = facts(self.process, path, follow) {
                let base = path.rsplit('/').next().unwrap_or(path);
                let listed = |id: &str| {
                    options
                        .values(id)
                        .any(|pattern| Pattern::new(pattern).matches(base))
                };
                if found.is_directory() {
                    if !given && listed("exclude-dir") {
                        return Ok(());
                    }
                    for name in names(self.process, path).unwrap_or_default() {
                        let below = match path {
                            "." if given && options.words.len() < 2 => name.to_string(),
                            path => format!("{}/{name}", path.trim_end_matches('/')),
                        };
                        self.path(&below, true, false, search)?;
                    }
                    return Ok(());
                }
                if found.is_link() && !follow
                    || listed("exclude")
                    || options.has("include") && !listed("include")
                {
                    return Ok(());
                }
            }
        }
        match slurp(self.process, path)? {
            Ok(text) => {
                let shown = if path == "-" {
                    "(standard input)"
                } else {
                    path
                };
                self.text(&text, shown, search);
            }
            Err(errno) => {
                search.failed = true;
                if !options.has("s") {
                    self.process
                        .complain(format!("{}: {path}: {errno}\n", options.name))?;
                }
            }
        }
        Ok(())
    }

    fn text(&self, text: &[u8], shown: &str, search: &mut Search) {
        let has = |id: &str| self.options.has(id);
        let binary = text.contains(&0) && !has("a");
        let inverted = has("v");
        let mut count = 0;
        let lines: Vec<&[u8]> = text
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
            .collect();
        // Lines and matches are pieces of the text.
        let offset = |piece: &[u8]| piece.as_ptr() as usize - text.as_ptr() as usize;
        let quiet = has("q") || has("c") || has("l") || has("L");
        let contextual = has("A") || has("B") || has("C");
        // The next line that was not shown yet, and how many are still to be shown after a match.
        let (mut next, mut trailing) = (0, 0);
        for (at, line) in lines.iter().enumerate() {
            if count >= self.most && trailing == 0 {
                break;
            }
            let selected = count < self.most && self.regex.is_match(line) != inverted;
            if !selected {
                if trailing > 0 {
                    trailing -= 1;
                    self.line(line, (at, offset(line)), '-', shown, search);
                    next = at + 1;
                }
                continue;
            }
            count += 1;
            search.found = true;
            if quiet {
                if has("q") || has("l") || has("L") {
                    break;
                }
                continue;
            }
            if binary {
                search
                    .out
                    .extend(format!("Binary file {shown} matches\n").bytes());
                break;
            }
            let from = at.saturating_sub(self.before).max(next);
            if contextual && !search.out.is_empty() && (from > next || next == 0) && !has("o") {
                search.out.extend(b"--\n");
            }
            for (ahead, earlier) in lines[from..at].iter().enumerate() {
                self.line(earlier, (from + ahead, offset(earlier)), '-', shown, search);
            }
            if has("o") {
                if !inverted {
                    for found in self.regex.find_iter(line).filter(|found| !found.is_empty()) {
                        let found = found.as_bytes();
                        self.line(found, (at, offset(found)), ':', shown, search);
                    }
                }
            } else {
                self.line(line, (at, offset(line)), ':', shown, search);
            }
            next = at + 1;
            trailing = if has("o") { 0 } else { self.after };
        }
        if has("l") && count > 0 || has("L") && count == 0 {
            search.out.extend(format!("{shown}\n").bytes());
        } else if has("c") && !has("q") && !has("l") && !has("L") {
            let name = if self.named {
                format!("{shown}:")
            } else {
                String::new()
            };
            search.out.extend(format!("{name}{count}\n").bytes());
        }
    }

    /// Puts `line`, the one at `at` and this far from the beginning, out.
    fn line(
        &self,
        line: &[u8],
        (at, offset): (usize, usize),
        sign: char,
        shown: &str,
        search: &mut Search,
    ) {
        if self.named {
            search.out.extend(format!("{shown}{sign}").bytes());
        }
        if self.options.has("n") {
            search.out.extend(format!("{}{sign}", at + 1).bytes());
        }
        if self.options.has("b") {
            search.out.extend(format!("{offset}{sign}").bytes());
        }
        search.out.extend_from_slice(line);
        search.out.push(b'\n');
    }
}
