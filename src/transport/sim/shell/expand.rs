//! Words to fields.

use brush_parser::word::{
    BraceExpressionMember, BraceExpressionOrText, TildeExpr, WordPiece, WordPieceWithSource,
    parse_brace_expansions,
};

use super::fields::{Field, Fields};
use super::parse::{Place, program, word};
use super::quote::unescape;
use super::state::Shell;
use super::{Flow, Stop};

/// Characters without which a word is just itself.
const SPECIAL: &[u8] = b"'\"$`\\~{*?[";

impl Shell<'_> {
    /// The fields that `text`, a word, expands to.
    pub(super) fn fields(&mut self, text: &str, into: &mut Vec<String>) -> Flow {
        if !text.bytes().any(|byte| SPECIAL.contains(&byte)) {
            into.push(text.to_owned());
            return Ok(());
        }
        for text in self.braces(text)? {
            let mut fields = Fields::new(Some(self.separators()));
            self.expand(&text, Place::Word, &mut fields)?;
            for field in fields.finish() {
                self.file_names(field, into)?;
            }
        }
        Ok(())
    }

    /// The names of files that `field` matches, or itself.
    fn file_names(&self, field: Field, into: &mut Vec<String>) -> Flow {
        if self.options.no_globs || !field.is_pattern() {
            into.push(field.text);
            return Ok(());
        }
        let found = self.glob(&field.pattern());
        if found.is_empty() && !self.options.null_globs {
            into.push(field.text);
        }
        into.extend(found);
        Ok(())
    }

    /// `text` as one string: nothing is split, no names of files.
    pub(super) fn string(&mut self, text: &str, place: Place) -> Flow<String> {
        if !text.bytes().any(|byte| SPECIAL.contains(&byte)) {
            return Ok(text.to_owned());
        }
        Ok(self.one(text, place)?.text)
    }

    /// As [`Shell::string`], knowing what was quoted.
    pub(super) fn one(&mut self, text: &str, place: Place) -> Flow<Field> {
        let mut fields = Fields::new(None);
        self.expand(text, place, &mut fields)?;
        Ok(fields.finish_one())
    }

    /// The pattern that `text`, a word, stands for.
    pub(super) fn pattern(&mut self, text: &str) -> Flow<String> {
        Ok(self.one(text, Place::Word)?.pattern())
    }

    pub(super) fn separators(&self) -> String {
        self.get("IFS").unwrap_or_else(|| {
            if self.variable("IFS").is_some() {
                String::new()
            } else {
                " \t\n".to_owned()
            }
        })
    }

    /// Expands the word `text` into `fields`.
    pub(super) fn expand(&mut self, text: &str, place: Place, fields: &mut Fields) -> Flow {
        let Some(pieces) = word(text, place) else {
            return Err(self.bad_substitution(text)?);
        };
        self.pieces(&pieces, fields, place == Place::Quoted)
    }

    pub(super) fn bad_substitution(&mut self, text: &str) -> Flow<Stop> {
        self.error(format!("{text}: bad substitution"))?;
        Ok(self.abandon())
    }

    pub(super) fn pieces(
        &mut self,
        pieces: &[WordPieceWithSource],
        fields: &mut Fields,
        quoted: bool,
    ) -> Flow {
        for piece in pieces {
            match &piece.piece {
                WordPiece::Text(text) if quoted => fields.quoted(text),
                WordPiece::Text(text) => fields.literal(text),
                WordPiece::SingleQuotedText(text) => fields.quoted(text),
                WordPiece::AnsiCQuotedText(text) => match unescape(text) {
                    Some(text) => fields.quoted(&text),
                    None => self.process.unmodelled(format!("$'{text}'"))?,
                },
                WordPiece::DoubleQuotedSequence(inner)
                | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    if inner.is_empty() || !self.is_nothing(inner) {
                        fields.quoted("");
                    }
                    self.pieces(inner, fields, true)?;
                }
                WordPiece::TildeExpansion(tilde) => {
                    let home = self.tilde(tilde)?;
                    fields.quoted(&home);
                }
                WordPiece::ParameterExpansion(expression) => {
                    self.parameter(expression, fields, quoted)?;
                }
                WordPiece::CommandSubstitution(text) => {
                    let output = self.substitution(text)?;
                    fields.value(&output, quoted);
                }
                WordPiece::BackquotedCommandSubstitution(text) => {
                    let output = self.substitution(&unquote_backquoted(text, quoted))?;
                    fields.value(&output, quoted);
                }
                WordPiece::EscapeSequence(text) => fields.quoted(&text[1..]),
                WordPiece::ArithmeticExpression(expression) => {
                    let value = self.arithmetic(&expression.value)?;
                    fields.value(&value.to_string(), quoted);
                }
            }
        }
        Ok(())
    }

    fn tilde(&self, tilde: &TildeExpr) -> Flow<String> {
        let home_of = |user: &str| {
            let users = self.process.here().files.text("/etc/passwd")?;
            users.lines().find_map(|line| {
                let mut fields = line.split(':');
                (fields.next() == Some(user))
                    .then(|| fields.nth(4))?
                    .map(str::to_owned)
            })
        };
        Ok(match tilde {
            TildeExpr::Home => match self.get("HOME") {
                Some(home) => home,
                None => home_of(&self.process.user).unwrap_or_else(|| "~".to_owned()),
            },
            TildeExpr::UserHome(user) => home_of(user).unwrap_or_else(|| format!("~{user}")),
            TildeExpr::WorkingDir => self.get("PWD").unwrap_or_else(|| "~+".to_owned()),
            TildeExpr::OldWorkingDir => self.get("OLDPWD").unwrap_or_else(|| "~-".to_owned()),
            TildeExpr::NthDirFromTopOfDirStack { .. }
            | TildeExpr::NthDirFromBottomOfDirStack { .. } => {
                self.process.unmodelled("~ with a number")?
            }
        })
    }

    /// What `text` prints, without the line ends at its end.
    pub(super) fn substitution(&mut self, text: &str) -> Flow<String> {
        let program = match program(text) {
            Ok(program) => program,
            Err(error) => {
                self.syntax_error(&error)?;
                self.status = 2;
                return Err(Stop::Exit);
            }
        };
        let mut output = Vec::new();
        let status = self.capture(&mut output, |child| {
            if !child.options.posix {
                child.options.exit_on_error = false;
            }
            for command in &program.complete_commands {
                child.list(command)?;
            }
            Ok(())
        })?;
        self.substituted = Some(status);
        output.retain(|byte| *byte != 0);
        let end = output
            .iter()
            .rposition(|byte| *byte != b'\n')
            .map_or(0, |at| at + 1);
        output.truncate(end);
        match String::from_utf8(output) {
            Ok(text) => Ok(text),
            Err(_) => self
                .process
                .unmodelled(format!("$({text}): bytes that are no text"))?,
        }
    }

    /// The words that the braces of `text` make.
    fn braces(&self, text: &str) -> Flow<Vec<String>> {
        let itself = || Ok(vec![text.to_owned()]);
        if !text.contains('{') || !(text.contains(',') || text.contains("..")) {
            return itself();
        }
        match parse_brace_expansions(text, &brush_parser::ParserOptions::default()) {
            Ok(Some(parts)) if has_braces(&parts) => {
                let padded = |mark: &str| {
                    text.match_indices(mark).any(|(at, _)| {
                        let rest = text[at + mark.len()..].trim_start_matches('-');
                        rest.starts_with('0') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
                    })
                };
                if padded("{") || padded("..") {
                    return Ok(self.process.unmodelled(format!("{text}: a padded range"))?);
                }
                Ok(combine(&parts))
            }
            _ => itself(),
        }
    }
}

fn has_braces(parts: &[BraceExpressionOrText]) -> bool {
    parts
        .iter()
        .any(|part| matches!(part, BraceExpressionOrText::Expr(_)))
}

/// Each way to choose one member of each brace expression, in order.
fn combine(parts: &[BraceExpressionOrText]) -> Vec<String> {
    let mut words = vec![String::new()];
    for part in parts {
        let choices = match part {
            BraceExpressionOrText::Text(text) => vec![text.clone()],
            BraceExpressionOrText::Expr(members) => members.iter().flat_map(choices).collect(),
        };
        words = words
            .iter()
            .flat_map(|word| choices.iter().map(move |choice| format!("{word}{choice}")))
            .collect();
    }
    words
}

fn choices(member: &BraceExpressionMember) -> Vec<String> {
    fn range(start: i64, end: i64, step: i64) -> impl Iterator<Item = i64> {
        let step = step.abs().max(1);
        let count = (start - end).abs() / step;
        (0..=count).map(move |at| start + at * step * (end - start).signum())
    }
    match member {
        BraceExpressionMember::NumberSequence {
            start,
            end,
            increment,
        } => range(*start, *end, *increment)
            .map(|number| number.to_string())
            .collect(),
        BraceExpressionMember::CharSequence {
            start,
            end,
            increment,
        } => range(
            i64::from(u32::from(*start)),
            i64::from(u32::from(*end)),
            *increment,
        )
        .filter_map(|code| char::from_u32(code as u32))
        .map(String::from)
        .collect(),
        BraceExpressionMember::Child(parts) => combine(parts),
    }
}

/// The command between backquotes: a backslash there hides `$`, itself, and a double quote that
/// stands within quotes.
fn unquote_backquoted(text: &str, quoted: bool) -> String {
    let mut command = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some('$' | '\\') if c == '\\' => command.extend(rest.next()),
            Some('"') if c == '\\' && quoted => command.extend(rest.next()),
            _ => command.push(c),
        }
    }
    command
}
