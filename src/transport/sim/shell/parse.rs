//! From text to a tree, and from a word to its pieces.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use brush_parser::ast::{CompleteCommand, Program};
use brush_parser::word::{WordPieceWithSource, parse, parse_heredoc};
use brush_parser::{ParseError, ParserOptions, Token, TokenizerError};

use crate::transport::sim::kept::Kept;

/// Why text is no program.
#[derive(Debug, Clone)]
pub(super) struct SyntaxError {
    /// The shell's words for it.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether more text could mend it.
    pub unfinished: bool,
}

/// The pieces of a word.
pub(super) type Pieces = Rc<Vec<WordPieceWithSource>>;

/// Where a word stands: it decides which characters mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An argument, a pattern.
    Word,
    /// The value of an assignment: `~` means something after each colon.
    Assignment,
    /// A here-document, or text between double quotes: quotes mean nothing.
    Quoted,
}

/// One for all threads: a cluster is built by one and run by another.
static PROGRAMS: Mutex<Kept<Box<str>, Arc<Program>>> = Mutex::new(Kept::new(256));

thread_local! {
    /// The words by the places where they stand.
    static WORDS: [RefCell<Kept<Box<str>, Pieces>>; 3] =
        const { [const { RefCell::new(Kept::new(1024)) }; 3] };
}

fn options(place: Place) -> ParserOptions {
    ParserOptions {
        enable_extended_globbing: false,
        tilde_expansion_after_colon: place == Place::Assignment,
        ..ParserOptions::default()
    }
}

/// The program that `text` is.
pub(super) fn program(text: &str) -> Result<Arc<Program>, SyntaxError> {
    let kept = || PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = kept().get(text);
    if let Some(known) = known {
        return Ok(known);
    }
    let program = Arc::new(parse_program(text)?);
    kept().insert(text.into(), Arc::clone(&program));
    Ok(program)
}

/// The commands of `text` up to its first syntax error, and that error: a shell reads line by line,
/// and has run the lines before a wrong one by then.
pub(super) fn lines(text: &str) -> (Arc<Program>, Option<SyntaxError>) {
    let error = match program(text) {
        Ok(program) => return (program, None),
        Err(error) => error,
    };
    let mut ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    ends.truncate(
        error
            .line
            .saturating_sub(1)
            .max(usize::from(error.unfinished)),
    );
    let before = ends
        .into_iter()
        .rev()
        .find_map(|end| parse_program(&text[..end]).ok())
        .unwrap_or(Program {
            complete_commands: Vec::<CompleteCommand>::new(),
        });
    (Arc::new(before), Some(error))
}

fn parse_program(text: &str) -> Result<Program, SyntaxError> {
    let options = options(Place::Word);
    let hidden = hide_case(text);
    let mut tokens = brush_parser::uncached_tokenize_str(&hidden, &options.tokenizer_options())
        .map_err(|why| {
            let line = text.lines().count().max(1);
            SyntaxError {
                unfinished: why.is_incomplete(),
                text: describe(&why),
                line,
            }
        })?;
    if let Cow::Owned(_) = hidden {
        for token in &mut tokens {
            let (Token::Word(text, _) | Token::Operator(text, _)) = token;
            *text = shown(text).into_owned();
        }
    }
    keep_spaces(text, &mut tokens);
    let tokens = mend(tokens);
    brush_parser::parse_tokens(&tokens, &options).map_err(|why| match why {
        ParseError::ParsingNear(position) => {
            let token = tokens
                .iter()
                .find(|token| token.location().start.index >= position.index)
                .map_or("newline", Token::to_str);
            let token = if token == "\n" { "newline" } else { token };
            SyntaxError {
                text: format!("syntax error near unexpected token `{token}'"),
                line: position.line,
                unfinished: false,
            }
        }
        ParseError::ParsingAtEndOfInput => SyntaxError {
            text: "syntax error: unexpected end of file".to_owned(),
            line: text.lines().count() + 1,
            unfinished: true,
        },
        ParseError::Tokenizing { inner, .. } => SyntaxError {
            unfinished: inner.is_incomplete(),
            text: describe(&inner),
            line: text.lines().count(),
        },
    })
}

fn describe(why: &TokenizerError) -> String {
    let wanted =
        match why {
            TokenizerError::UnterminatedSingleQuote(_)
            | TokenizerError::UnterminatedAnsiCQuote(_) => "'",
            TokenizerError::UnterminatedDoubleQuote(_) => "\"",
            TokenizerError::UnterminatedBackquote(_) => "`",
            TokenizerError::UnterminatedVariable => "}",
            TokenizerError::UnterminatedCommandSubstitution
            | TokenizerError::UnterminatedExpansion => ")",
            other => return format!("syntax error: {other}"),
        };
    format!("unexpected EOF while looking for matching `{wanted}'")
}

/// Gives words back the spaces inside of `${...}` that the tokenizer melts into one.
fn keep_spaces(text: &str, tokens: &mut [Token]) {
    let starts: Vec<usize> = if text.is_ascii() {
        Vec::new()
    } else {
        text.char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect()
    };
    let byte = |index: usize| -> usize {
        if starts.is_empty() {
            index
        } else {
            starts.get(index).copied().unwrap_or(text.len())
        }
    };
    let solid = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let mut document = 0;
    for token in tokens {
        match token {
            Token::Operator(operator, _) if operator == "<<" || operator == "<<-" => document = 3,
            Token::Word(value, place) if document == 0 && value.contains('$') => {
                let raw = text.get(byte(place.start.index)..byte(place.end.index));
                let raw = raw.unwrap_or_default();
                let same = raw.starts_with(value.chars().next().unwrap_or_default())
                    && raw.ends_with(value.chars().next_back().unwrap_or_default());
                if raw != value && same && !raw.contains("\\\n") && solid(raw) == solid(value) {
                    raw.clone_into(value);
                }
            }
            _ => document = usize::saturating_sub(document, 1),
        }
    }
}

/// Mends what the parser takes for something else: the `;;` of `for ((;;))` is two tokens, and `( (`
/// begins two subshells, not arithmetic.
fn mend(tokens: Vec<Token>) -> Vec<Token> {
    let is = |token: &Token, text: &str| token.to_str() == text;
    let (mut in_head, mut in_test) = (false, false);
    let mut mended: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match mended.as_slice() {
            [.., word, one] if is(word, "for") && is(one, "(") && is(&token, "(") => in_head = true,
            _ if is(&token, "do") => in_head = false,
            _ if is(&token, "[[") => in_test = true,
            _ if is(&token, "]]") => in_test = false,
            [.., one] if is(one, "(") && is(&token, "(") && !in_test => {
                let (end, start) = (&one.location().end, &token.location().start);
                if end.index < start.index {
                    mended.push(Token::Operator("\n".to_owned(), token.location().clone()));
                }
            }
            _ => {}
        }
        match token {
            Token::Operator(text, place) if in_head && text == ";;" => {
                mended.push(Token::Operator(";".to_owned(), place.clone()));
                mended.push(Token::Operator(";".to_owned(), place));
            }
            other => mended.push(other),
        }
    }
    mended
}

/// The pieces of `word`; `None` if it is none.
pub(super) fn word(word: &str, place: Place) -> Option<Pieces> {
    let kept = place as usize;
    if let Some(known) = WORDS.with(|words| words[kept].borrow_mut().get(word)) {
        return Some(known);
    }
    let text = word;
    let options = options(place);
    let word = hide_case(word);
    let pieces = if place == Place::Quoted {
        parse_heredoc(&word, &options)
    } else {
        parse(&word, &options)
    };
    let pieces = Rc::new(pieces.ok()?);
    WORDS.with(|words| {
        words[kept]
            .borrow_mut()
            .insert(text.into(), Rc::clone(&pieces))
    });
    Some(pieces)
}

/// What stands in for the characters of [`MEANING`] in a command that is hidden from the word parser.
const HIDDEN: u32 = 0xE000;
const MEANING: &str = "()'\"$`\\{}";

/// The tokenizer and the word parser take the first `)` of `$(case x in a) ...; esac)` for the end of
/// the command: of such commands they get to see no character that means something to them. [`shown`]
/// undoes it.
fn hide_case(word: &str) -> Cow<'_, str> {
    if !(word.contains("$(") && word.contains("case ") && word.contains("esac")) {
        return Cow::Borrowed(word);
    }
    let (mut hidden, mut rest) = (String::with_capacity(word.len()), word);
    while let Some(start) = rest.find("$(") {
        let (before, inner) = rest.split_at(start + 2);
        let end = inner
            .match_indices(')')
            .map(|(end, _)| end)
            .find(|end| program(&inner[..*end]).is_ok())
            .filter(|end| inner[..*end].contains("case "));
        hidden.push_str(before);
        let end = end.unwrap_or(0);
        hidden.extend(inner[..end].chars().map(|c| match MEANING.find(c) {
            Some(at) => char::from_u32(HIDDEN + at as u32).unwrap_or(c),
            None => c,
        }));
        rest = &inner[end..];
    }
    hidden.push_str(rest);
    Cow::Owned(hidden)
}

/// A command as it was before it was hidden.
pub(super) fn shown(command: &str) -> Cow<'_, str> {
    let meant = |c: char| {
        let at = u32::from(c).checked_sub(HIDDEN)?;
        MEANING.chars().nth(at as usize)
    };
    if command.is_ascii() || !command.chars().any(|c| meant(c).is_some()) {
        return Cow::Borrowed(command);
    }
    Cow::Owned(command.chars().map(|c| meant(c).unwrap_or(c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_before_a_wrong_one_are_there() {
        for (text, count, line) in [
            ("echo a\nif; )\necho b", 1, 2),
            ("echo a; if; )", 0, 1),
            ("echo a\necho b\nfor x in", 2, 4),
            ("a\nb\nc 'd", 2, 3),
        ] {
            let (program, error) = lines(text);
            assert_eq!(program.complete_commands.len(), count, "{text}");
            assert_eq!(error.map(|error| error.line), Some(line), "{text}");
        }
    }

    #[test]
    fn words_keep_their_spaces() {
        let words = |text: &str| -> Vec<String> {
            let options = options(Place::Word).tokenizer_options();
            let mut tokens = brush_parser::uncached_tokenize_str(text, &options).unwrap();
            keep_spaces(text, &mut tokens);
            tokens
                .iter()
                .map(|token| token.to_str().to_owned())
                .collect()
        };
        assert_eq!(words("echo ${x:-a  b}"), ["echo", "${x:-a  b}"]);
        assert_eq!(
            words("ü \"${x:-\ta   ü}\" y"),
            ["ü", "\"${x:-\ta   ü}\"", "y"]
        );
        assert_eq!(words("cat <<-E\n\t${x:- a}\n\tE\n")[3], "${x:- a}\n");
    }

    #[test]
    fn a_case_in_a_substitution_is_one_command() {
        let text = "x=$(case a in a) echo \"(b)\";; esac) y=$(echo c)";
        let hidden = hide_case(text);
        assert!(!hidden.contains("echo \"(b)\""));
        assert!(hidden.ends_with("y=$(echo c)"));
        assert_eq!(shown(&hidden), text);
        assert!(program(text).is_ok());
    }
}
