//! From text to a tree, and from a word to its pieces.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use brush_parser::ast::{CompleteCommand, Program};
use brush_parser::word::{WordPieceWithSource, parse, parse_heredoc};
use brush_parser::{ParseError, ParserOptions, Token, TokenizerError};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// An argument, a pattern.
    Word,
    /// The value of an assignment: `~` means something after each colon.
    Assignment,
    /// A here-document, or text between double quotes: quotes mean nothing.
    Quoted,
}

/// So many parsed texts and words are kept.
const KEPT: usize = 512;

thread_local! {
    static PROGRAMS: RefCell<HashMap<String, Rc<Program>>> = RefCell::default();
    static WORDS: RefCell<HashMap<(Place, String), Pieces>> = RefCell::default();
}

fn options(place: Place) -> ParserOptions {
    ParserOptions {
        enable_extended_globbing: false,
        tilde_expansion_after_colon: place == Place::Assignment,
        ..ParserOptions::default()
    }
}

/// The program that `text` is.
pub(super) fn program(text: &str) -> Result<Rc<Program>, SyntaxError> {
    if let Some(known) = PROGRAMS.with_borrow(|kept| kept.get(text).cloned()) {
        return Ok(known);
    }
    let program = Rc::new(parse_program(text)?);
    PROGRAMS.with_borrow_mut(|kept| {
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(text.to_owned(), Rc::clone(&program));
    });
    Ok(program)
}

/// The commands of `text` up to its first syntax error, and that error: a shell reads line by line,
/// and has run the lines before a wrong one by then.
pub(super) fn lines(text: &str) -> (Rc<Program>, Option<SyntaxError>) {
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
    (Rc::new(before), Some(error))
}

fn parse_program(text: &str) -> Result<Program, SyntaxError> {
    let options = options(Place::Word);
    let mut tokens = brush_parser::uncached_tokenize_str(text, &options.tokenizer_options())
        .map_err(|why| {
            let line = text.lines().count().max(1);
            SyntaxError {
                unfinished: why.is_incomplete(),
                text: describe(&why),
                line,
            }
        })?;
    keep_spaces(text, &mut tokens);
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
                if raw != value && !raw.contains("\\\n") && solid(raw) == solid(value) {
                    raw.clone_into(value);
                }
            }
            _ => document = usize::saturating_sub(document, 1),
        }
    }
}

/// The pieces of `word`; `None` if it is none.
pub(super) fn word(word: &str, place: Place) -> Option<Pieces> {
    let key = (place, word.to_owned());
    if let Some(known) = WORDS.with_borrow(|kept| kept.get(&key).cloned()) {
        return Some(known);
    }
    let options = options(place);
    let pieces = if place == Place::Quoted {
        parse_heredoc(word, &options)
    } else {
        parse(word, &options)
    };
    let pieces = Rc::new(pieces.ok()?);
    WORDS.with_borrow_mut(|kept| {
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, Rc::clone(&pieces));
    });
    Some(pieces)
}
