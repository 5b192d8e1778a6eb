//! What the engine's own lexer sees in a text: for highlighting, for whether an input is complete, and for
//! finding the statement that a call is part of.

use rhai::{Engine, Token};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A word of the language.
    Keyword,
    /// A name.
    Name,
    /// A name that a `(` follows.
    Function,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// An operator, a bracket.
    Symbol,
    /// What the lexer refuses.
    Wrong,
}

/// A piece of text: the bytes from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it is.
    pub class: Class,
}

/// A token and the byte where it begins.
struct Lexed {
    token: Token,
    at: usize,
}

/// The tokens of `text`. The lexer's iterator never ends by itself.
fn lexed(engine: &Engine, text: &str) -> Vec<Lexed> {
    let lines: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let byte = |position: rhai::Position| -> Option<usize> {
        let begin = *lines.get(position.line()?.checked_sub(1)?)?;
        let column = position.position().unwrap_or(1).max(1) - 1;
        let rest = &text[begin..];
        Some(
            begin
                + rest
                    .char_indices()
                    .nth(column)
                    .map_or(rest.len(), |(at, _)| at),
        )
    };
    let inputs = [text];
    let (tokens, control) = engine.lex(&inputs);
    let mut found = Vec::new();
    // Braces that are open since each `${`, whose end leads back into the text around it.
    let mut within: Vec<usize> = Vec::new();
    for (token, position) in tokens {
        let mut ends_text_part = false;
        match &token {
            Token::EOF => break,
            Token::InterpolatedString(..) => within.push(0),
            Token::LeftBrace | Token::MapStart => {
                if let Some(depth) = within.last_mut() {
                    *depth += 1;
                }
            }
            Token::RightBrace => {
                if let Some(depth) = within.last_mut() {
                    *depth = depth.saturating_sub(1);
                    ends_text_part = *depth == 0;
                }
            }
            _ => {}
        }
        if ends_text_part {
            within.pop();
            control.borrow_mut().is_within_text = true;
        }
        let Some(at) = byte(position) else { break };
        let stuck = matches!(token, Token::LexError(..));
        found.push(Lexed { token, at });
        if stuck {
            break;
        }
    }
    found
}

/// The pieces of `text`, in their order; blanks are in none.
pub fn pieces(engine: &Engine, text: &str) -> Vec<Piece> {
    let tokens = lexed(engine, text);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut done = 0;
    for (place, one) in tokens.iter().enumerate() {
        if one.at < done {
            continue;
        }
        comments(text, done, one.at, &mut pieces);
        let limit = tokens
            .get(place + 1)
            .map_or(text.len(), |next| next.at.max(one.at));
        let rest = &text[one.at..];
        let word = || {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        };
        let (class, length) = match &one.token {
            // It may be closed yet.
            Token::LexError(error) if matches!(**error, rhai::LexError::UnterminatedString) => {
                (Class::Text, rest.len())
            }
            Token::LexError(..) => (Class::Wrong, rest.len()),
            Token::StringConstant(..) | Token::CharConstant(..) | Token::InterpolatedString(..) => {
                (Class::Text, quoted(rest).min(limit - one.at))
            }
            Token::IntegerConstant(..) | Token::FloatConstant(..) => (Class::Number, word()),
            Token::Identifier(..) | Token::Reserved(..) | Token::Custom(..) => {
                let length = word();
                let called = text[one.at + length..].trim_start().starts_with('(');
                (if called { Class::Function } else { Class::Name }, length)
            }
            token if token.is_standard_keyword() => (Class::Keyword, word()),
            _ => {
                let length = text[one.at..limit].trim_end().len();
                let symbol = rest
                    .find(|c: char| c.is_alphanumeric() || c.is_whitespace() || c == '"')
                    .unwrap_or(rest.len());
                (Class::Symbol, length.min(symbol.max(1)))
            }
        };
        let end = (one.at + length.max(1)).min(text.len());
        if !text.is_char_boundary(end) {
            break;
        }
        pieces.push(Piece {
            start: one.at,
            end,
            class,
        });
        done = end;
    }
    comments(text, done, text.len(), &mut pieces);
    pieces
}

/// The comments between two tokens: what is no blank there.
fn comments(text: &str, from: usize, to: usize, pieces: &mut Vec<Piece>) {
    let Some(between) = text.get(from..to) else {
        return;
    };
    if let Some(begin) = between.find("//").or_else(|| between.find("/*")) {
        pieces.push(Piece {
            start: from + begin,
            end: from + between.trim_end().len(),
            class: Class::Comment,
        });
    }
}

/// How many bytes the text at the beginning of `rest` has, with its quotes, up to what it embeds.
fn quoted(rest: &str) -> usize {
    let mut letters = rest.char_indices();
    let Some((_, open)) = letters.next() else {
        return 0;
    };
    // What follows an embedded part begins with any letter.
    let close = if matches!(open, '"' | '\'') {
        open
    } else {
        '`'
    };
    let embeds = close == '`';
    let mut escaped = false;
    for (at, letter) in letters {
        if escaped {
            escaped = false;
        } else if letter == '\\' && !embeds {
            escaped = true;
        } else if letter == close || (embeds && rest[at..].starts_with("${")) {
            return at + 1;
        }
    }
    rest.len()
}

/// Whether a `/*` in `text` is never closed: the engine takes that silently for the end.
pub fn ends_in_comment(engine: &Engine, text: &str) -> bool {
    let last = pieces(engine, text).last().copied();
    let Some(Piece {
        start,
        class: Class::Comment,
        ..
    }) = last
    else {
        return false;
    };
    let mut depth = 0_usize;
    let mut rest = &text[start..];
    while let Some(at) = rest.find(['/', '*']) {
        rest = &rest[at..];
        let step = match rest.get(..2) {
            Some("//") if depth == 0 => rest.find('\n').unwrap_or(rest.len()),
            Some("/*") => {
                depth += 1;
                2
            }
            Some("*/") => {
                depth = depth.saturating_sub(1);
                2
            }
            _ => 1,
        };
        rest = &rest[step..];
    }
    depth > 0
}

/// The statement that the call at line `line` and column `column` (both from 1) of `text` makes up, from
/// its `let`, if it has one, as bytes; the call alone where it is part of something else.
pub fn statement(
    engine: &Engine,
    text: &str,
    (line, column): (usize, usize),
) -> Option<(usize, usize)> {
    let tokens = lexed(engine, text);
    let begin: usize = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let at = begin
        + text
            .get(begin..)?
            .char_indices()
            .nth(column.checked_sub(1)?)?
            .0;
    let call = tokens.iter().position(|one| one.at == at)?;
    let mut first = call;
    if let Some([kept @ .., equals]) = tokens.get(..call)
        && matches!(equals.token, Token::Equals)
        && let Some([before @ .., name]) = Some(kept)
        && matches!(name.token, Token::Identifier(..))
    {
        let declared = matches!(
            before.last().map(|one| &one.token),
            Some(Token::Let | Token::Const)
        );
        first = call - if declared { 3 } else { 2 };
    }
    let mut depth = 0_usize;
    let mut end = text.len();
    for one in &tokens[call..] {
        match one.token {
            Token::LeftParen | Token::LeftBrace | Token::LeftBracket | Token::MapStart => {
                depth += 1;
            }
            Token::RightParen | Token::RightBrace | Token::RightBracket => {
                let Some(left) = depth.checked_sub(1) else {
                    end = one.at;
                    break;
                };
                depth = left;
            }
            Token::SemiColon | Token::Comma if depth == 0 => {
                end = one.at;
                break;
            }
            _ => {}
        }
    }
    Some((tokens[first].at, end))
}

/// The declarations of constants of `text` that stand in no function or closure, as bytes.
pub fn constants(engine: &Engine, text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut begun = None;
    for one in lexed(engine, text) {
        match one.token {
            Token::LeftParen | Token::LeftBrace | Token::LeftBracket | Token::MapStart => {
                depth += 1;
            }
            Token::RightParen | Token::RightBrace | Token::RightBracket => {
                depth = depth.saturating_sub(1);
            }
            Token::Const if depth == 0 => begun = Some(one.at),
            Token::SemiColon if depth == 0 => {
                found.extend(begun.take().map(|begin| (begin, one.at)));
            }
            _ => {}
        }
    }
    found
}

/// The names before a `::` in `text`.
pub fn modules(engine: &Engine, text: &str) -> Vec<String> {
    let tokens = lexed(engine, text);
    let pairs = tokens.windows(2);
    let mut found: Vec<String> = pairs
        .filter_map(|pair| match (&pair[0].token, &pair[1].token) {
            (Token::Identifier(name), Token::DoubleColon) => Some(name.to_string()),
            _ => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::{Class, ends_in_comment, modules, pieces, statement};
    use rhai::Engine;

    fn shown(text: &str) -> String {
        pieces(&Engine::new(), text)
            .iter()
            .map(|piece| format!("{:?} {}\n", piece.class, &text[piece.start..piece.end]))
            .collect()
    }

    #[test]
    fn every_piece_has_its_class() {
        insta::assert_snapshot!(shown("let x = f(\"a\\\"b\", 12) + `c ${d.e} f`; // end"), @r#"
        Keyword let
        Name x
        Symbol =
        Function f
        Symbol (
        Text "a\"b"
        Symbol ,
        Number 12
        Symbol )
        Symbol +
        Text `c $
        Symbol {
        Name d
        Symbol .
        Name e
        Symbol }
        Text  f`
        Symbol ;
        Comment // end
        "#);
    }

    #[test]
    fn what_is_refused_is_wrong_to_the_end() {
        let last = |text| pieces(&Engine::new(), text).last().map(|piece| piece.class);
        assert_eq!(last("x = \\ 1"), Some(Class::Wrong));
        assert_eq!(last("x = \"open"), Some(Class::Text));
    }

    #[test]
    fn an_open_comment_is_seen_and_one_in_a_text_is_none() {
        let engine = Engine::new();
        for (text, open) in [
            ("1 /* a", true),
            ("1 /* a */", false),
            ("\"/*\"", false),
            ("1 // /*", false),
            ("/* /* */", true),
        ] {
            assert_eq!(ends_in_comment(&engine, text), open, "{text}");
        }
    }

    #[test]
    fn a_call_is_found_with_the_statement_around_it() {
        let engine = Engine::new();
        let text = "phase(\"a\", || {\n  let x = step(\"b\", h, |h| { h.y; 1 }).values;\n  x\n});\nz(step(\"c\", h));";
        let of = |place| statement(&engine, text, place).map(|(from, to)| &text[from..to]);
        assert_eq!(
            of((2, 11)),
            Some("let x = step(\"b\", h, |h| { h.y; 1 }).values")
        );
        assert_eq!(of((5, 3)), Some("step(\"c\", h)"));
        assert!(of((1, 1)).is_some_and(|phase| phase.ends_with("x\n})")));
    }

    #[test]
    fn names_before_a_double_colon_are_modules() {
        let found = modules(&Engine::new(), "etcd::a(cluster::all, \"no::no\")");
        assert_eq!(found, ["cluster", "etcd"]);
    }
}
