//! The engine's own errors as sentences for an operator, with the nearest known name.

use rhai::{AST, Engine, EvalAltResult, LexError, NativeCallContext, ParseErrorType, Position};

use super::bindings::CLUSTER_NAMES;
use super::signature::{Signature, nearest, ways};
use crate::error::Error;

/// What can be called where an error happened.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The engine, with everything native.
    pub engine: &'a Engine,
    /// The call that the error passed, with the functions of the script around it.
    pub context: Option<&'a NativeCallContext<'a>>,
    /// The script itself.
    pub ast: Option<&'a AST>,
    /// The text that was being compiled.
    pub text: &'a str,
}

impl Known<'_> {
    fn functions(&self) -> Vec<Signature> {
        let own = self.ast.map(Signature::of).unwrap_or_default();
        let mut all = Signature::all(self.engine, self.context);
        all.extend(own);
        all
    }
}

/// `error`, the innermost of its chain and not thrown by anybody, as an operator reads it.
pub fn explain(error: &EvalAltResult, known: &Known<'_>) -> Error {
    match error {
        EvalAltResult::ErrorFunctionNotFound(signature, _) => function(signature, known),
        EvalAltResult::ErrorParsing(parsing, at) => syntax(parsing, *at, known.text),
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            let error = Error::invalid(format!("variable `{name}`"), "does not exist");
            let near = name
                .strip_prefix("cluster::")
                .and_then(|name| nearest(name, CLUSTER_NAMES.into_iter()))
                .map(|near| format!("cluster::{near}"));
            offered(error, near)
        }
        EvalAltResult::ErrorDataRace(what, _) => in_use(what),
        EvalAltResult::ErrorMismatchDataType(wanted, found, _) => Error::invalid(
            "a value",
            format!(
                "is of type `{}`, where `{}` is wanted",
                plain(found),
                plain(wanted)
            ),
        ),
        EvalAltResult::ErrorArrayBounds(length, index, _) => {
            let plural = if *length == 1 { "" } else { "s" };
            Error::invalid(
                format!("index {index}"),
                format!("is out of bounds: the list has {length} element{plural}, counted from 0"),
            )
        }
        EvalAltResult::ErrorArithmetic(text, _) => Error::invalid("arithmetic", lowercase(text)),
        EvalAltResult::ErrorStackOverflow(_) => Error::invalid(
            "script",
            "stack overflow: its calls go too deep, one inside of another",
        )
        .with_hint("see that the function stops calling itself"),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            Error::invalid(format!("property `{name}`"), "the map does not have it")
                .with_hint(format!("`\"{name}\" in map` asks whether it is there"))
        }
        EvalAltResult::ErrorDotExpr(text, _) => property(text, known)
            .unwrap_or_else(|| Error::invalid("script", lowercase(&sentence(error)))),
        EvalAltResult::ErrorIndexingType(text, _) => match text.split_once(" [") {
            Some((indexed, by)) => Error::invalid(
                format!("a {}", plain(indexed)),
                format!("cannot be indexed by a {}", plain(by.trim_end_matches(']'))),
            ),
            None => Error::invalid("script", lowercase(&sentence(error))),
        },
        other => Error::invalid("script", lowercase(&sentence(other))),
    }
}

/// What the parser did not take at `at` of `text`.
fn syntax(parsing: &ParseErrorType, at: Position, text: &str) -> Error {
    let error = Error::invalid("syntax", lowercase(&parsing.to_string()));
    match parsing {
        ParseErrorType::VariableUndefined(name) => {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            let used = words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
            offered(
                Error::invalid(format!("variable `{name}`"), "does not exist"),
                nearest(name, used),
            )
        }
        ParseErrorType::ModuleUndefined(name) => {
            Error::invalid(format!("module `{name}`"), "does not exist")
        }
        ParseErrorType::Reserved(name) => reserved(name),
        ParseErrorType::VariableExpected => match word_at(text, at) {
            Some(word) => reserved(&word),
            None => error,
        },
        _ if wants_key(parsing)
            && let Some(word) = word_at(text, at).filter(|word| is_reserved(word)) =>
        {
            let quoted = format!("write it between quotes: `\"{word}\"`");
            reserved(&word).with_hint(quoted)
        }
        ParseErrorType::MissingToken(token, _) if token == ";" => {
            error.with_hint("end the statement before it with `;`")
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(token)) if token == "try" => {
            error.with_hint("`try` is a statement: assign a variable inside of its block")
        }
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => {
            error.with_hint("texts stand between double quotes, or backticks with `${...}`")
        }
        _ => error,
    }
}

fn reserved(name: &str) -> Error {
    Error::invalid(
        format!("name `{name}`"),
        "is a reserved word of the language",
    )
    .with_hint("choose another name")
}

/// Whether the parser came to something else than a key of a map, the first one or another.
fn wants_key(parsing: &ParseErrorType) -> bool {
    match parsing {
        ParseErrorType::PropertyExpected => true,
        ParseErrorType::MissingToken(token, within) => token == "}" && within.contains("map"),
        _ => false,
    }
}

/// Whether `word` cannot be a name.
fn is_reserved(word: &str) -> bool {
    let parsed = Engine::new_raw().compile(format!("let {word} = 1;"));
    let error = parsed.err().map(|error| *error.0);
    matches!(
        error,
        Some(ParseErrorType::Reserved(_) | ParseErrorType::VariableExpected)
    )
}

/// The word of `text` that begins at `at`.
fn word_at(text: &str, at: Position) -> Option<String> {
    let line = text.lines().nth(at.line()?.checked_sub(1)?)?;
    let rest = line.chars().skip(at.position()?.checked_sub(1)?);
    let word: String = rest
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

/// A call that fits no function: there is none of that name, or none for these arguments.
fn function(signature: &str, known: &Known<'_>) -> Error {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let types: Vec<String> = arguments
        .split(", ")
        .filter(|name| !name.is_empty())
        .map(plain)
        .collect();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Error::invalid(
            format!("`{name}`"),
            format!("cannot be applied to {}", types.join(" and ")),
        );
    }
    let functions = known.functions();
    let receiver = types.first().map(String::as_str);
    // The verbs of a tool are registered with the tool's name as their first parameter.
    let tool = receiver.filter(|receiver| {
        !matches!(*receiver, "host" | "group")
            && functions
                .iter()
                .any(|one| one.parameters.first().map(String::as_str) == Some(receiver))
    });
    let at_hand = || {
        functions.iter().filter(|one| {
            tool.is_none_or(|tool| one.parameters.first().map(String::as_str) == Some(tool))
        })
    };
    let subject = match tool {
        Some(tool) => format!("verb `{name}` of `{tool}`"),
        None => format!("function `{name}`"),
    };
    let same: Vec<&Signature> = at_hand().filter(|one| one.full_name() == name).collect();
    if same.is_empty() {
        let names: Vec<String> = at_hand().map(Signature::full_name).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        return offered(Error::invalid(subject, "does not exist"), near);
    }
    let given = &types[usize::from(tool.is_some())..];
    Error::invalid(subject, format!("does not take ({})", given.join(", ")))
        .with_hint(ways(same.into_iter(), tool.is_some()))
}

/// A variable that is used while a call holds it; the engine names the function, not the variable.
fn in_use(what: &str) -> Error {
    let function = what
        .split_once("function '")
        .and_then(|(_, rest)| rest.split_once('\''));
    let error = match function {
        Some((name, _)) => Error::invalid(
            format!("a call of `{name}`"),
            "its closure uses the variable that it is called on",
        ),
        None => Error::invalid("a variable", format!("is used twice at a time: {what}")),
    };
    error.with_hint("use a copy inside the closure: `let copy = group;` and then `copy`")
}

/// A property that a type does not have.
fn property(text: &str, known: &Known<'_>) -> Option<Error> {
    let (_, rest) = text.split_once("property '")?;
    let (name, rest) = rest.split_once('\'')?;
    let (_, rest) = rest.split_once("type '")?;
    let (owner, _) = rest.split_once('\'')?;
    let getters: Vec<String> = known
        .functions()
        .into_iter()
        .filter_map(|one| one.name.strip_prefix("get$").map(str::to_owned))
        .collect();
    let near = nearest(name, getters.iter().map(String::as_str));
    let error = Error::invalid(
        format!("property `{name}`"),
        format!("a {} does not have it", plain(owner)),
    );
    Some(offered(error, near))
}

fn offered(error: Error, near: Option<impl AsRef<str>>) -> Error {
    match near {
        Some(near) => error.with_hint(format!("did you mean `{}`?", near.as_ref())),
        None => error,
    }
}

/// The engine's name of a type in the words of the guide.
fn plain(name: &str) -> String {
    match name.trim() {
        name if name.contains("ImmutableString") || name == "&str" => "string",
        "i64" => "integer",
        "bool" => "boolean",
        "array" => "list",
        "f64" => "float",
        "()" => "()",
        "Fn" | "FnPtr" => "closure",
        other => other,
    }
    .to_owned()
}

/// Its sentence without `(line 1, position 2)`.
fn sentence(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let text = text.rfind(" (line ").map_or(&text[..], |at| &text[..at]);
    text.replace('\n', " ")
}

/// `text` with a small first letter, unless its first word is a name in capitals.
fn lowercase(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{lowercase, plain};

    #[test]
    fn types_have_the_names_of_the_guide() {
        assert_eq!(plain("&str | ImmutableString | String"), "string");
        assert_eq!(plain("i64"), "integer");
        assert_eq!(plain("host"), "host");
    }

    #[test]
    fn sentences_begin_small_and_names_in_capitals_stay() {
        assert_eq!(lowercase("Stack overflow"), "stack overflow");
        assert_eq!(lowercase("API down"), "API down");
        assert_eq!(lowercase(""), "");
    }
}
