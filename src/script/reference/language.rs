//! What the Rhai language has of its own for texts, lists, maps and numbers: found by name, and in no list.

use rhai::{Engine, FuncInfo};

use super::collect::{Known, entries};
use super::{Chapter, Comment, Entry, Kind};

/// Its functions.
pub fn all() -> Vec<Entry> {
    let engine = Engine::new();
    entries(engine.collect_fn_metadata(None, |info| known(&info), true))
}

/// The function of `info`, unless it is an operator, or one for types that scripts do not have.
fn known(info: &FuncInfo) -> Option<Known> {
    let about = info.metadata;
    let name = about.name.strip_prefix("get$").unwrap_or(&about.name);
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains('$');
    if !is_word || name == "get_fn_metadata_list" {
        return None;
    }
    let parameters = about.params_info.iter().take(about.num_params);
    let parameters = parameters
        .map(|one| {
            let (name, of) = one.split_once(':')?;
            Some((name.trim(), plain(of)?))
        })
        .collect::<Option<Vec<_>>>()?;
    let written = |(name, of): &(&str, &str)| match *of {
        "" => (*name).to_owned(),
        of => format!("{name}: {of}"),
    };
    // What is about a text, a list or a map is written as its method, even where it only looks at it.
    let owner = match (about.params_info.first(), parameters.first()) {
        (Some(first), Some((_, of))) if first.contains("&mut") => *of,
        (_, Some((_, of @ ("string" | "array" | "map")))) if name != "parse_json" => *of,
        _ => "",
    };
    let (kind, signature) = match owner {
        "" => {
            let all: Vec<String> = parameters.iter().map(written).collect();
            (Kind::Function, format!("{name}({})", all.join(", ")))
        }
        owner if name.len() < about.name.len() => (Kind::Property, format!("{owner}.{name}")),
        owner => {
            let others: Vec<String> = parameters.iter().skip(1).map(written).collect();
            (
                Kind::Method,
                format!("{owner}.{name}({})", others.join(", ")),
            )
        }
    };
    let lines = about.comments.iter().flat_map(|block| block.lines());
    let headings = |line: &&str| line.trim_start_matches('/').trim_start().starts_with("# ");
    Some(Known {
        chapter: Chapter::Language,
        kind,
        owner: owner.to_owned(),
        name: name.to_owned(),
        signature,
        doc: Comment::read(lines.filter(|line| !headings(line))),
    })
    .filter(|known| !known.doc.text.is_empty())
}

/// The name that the guide has for the type `of`; empty for any type, `None` for one that scripts do not have.
fn plain(of: &str) -> Option<&'static str> {
    let of = of
        .trim()
        .trim_start_matches("&mut")
        .trim_start_matches('&')
        .trim();
    Some(match of {
        "Dynamic" => "",
        "ImmutableString" | "str" | "String" => "string",
        "Array" => "array",
        "Map" => "map",
        "INT" | "i64" => "int",
        "FLOAT" | "f64" => "float",
        "FnPtr" => "closure",
        "bool" => "bool",
        "char" => "char",
        "ExclusiveRange" | "InclusiveRange" => "range",
        _ => return None,
    })
}
