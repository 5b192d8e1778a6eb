//! Words to fields.

use std::borrow::Cow;

use brush_parser::ast::{
    Command, CommandPrefixOrSuffixItem, IoFileRedirectKind, IoRedirect, Program,
};
use brush_parser::word::{TildeExpr, WordPiece, WordPieceWithSource};

use super::fields::{Field, Fields, USUAL};
use super::parameter::only_lists;
use super::parse::{Place, program, shown, word};
use super::quote::unescape;
use super::state::Shell;
use super::{Flow, Stop};

/// Whether `text` has none of the characters without which a word is just itself.
fn is_plain(text: &str) -> bool {
    const SPECIAL: [bool; 256] = {
        let (mut special, mut at) = ([false; 256], 0);
        let characters = b"'\"$`\\~{*?[";
        while at < characters.len() {
            special[characters[at] as usize] = true;
            at += 1;
        }
        special
    };
    !text.bytes().any(|byte| SPECIAL[byte as usize])
}

impl Shell<'_> {
    /// The fields that `text`, a word, expands to.
    pub(super) fn fields(&mut self, text: &str, into: &mut Vec<String>) -> Flow {
        if is_plain(text) {
            into.push(text.to_owned());
            return Ok(());
        }
        match self.braces(text)? {
            None => self.fields_of_one(text, into),
            Some(words) => {
                for word in &*words {
                    self.fields_of_one(word, into)?;
                }
                Ok(())
            }
        }
    }

    /// As [`Shell::fields`], of a word without braces.
    fn fields_of_one(&mut self, text: &str, into: &mut Vec<String>) -> Flow {
        let mut fields = Fields::new(Some(self.separators()));
        self.expand(text, Place::Word, &mut fields)?;
        for field in fields.finish() {
            self.file_names(field, into)?;
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
        if is_plain(text) {
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

    /// What separates fields.
    pub(super) fn separators(&self) -> Cow<'static, str> {
        match self.lent("IFS") {
            Some(own) if own != USUAL => Cow::Owned(own.into_owned()),
            None if self.is_declared("IFS") => Cow::Borrowed(""),
            _ => Cow::Borrowed(USUAL),
        }
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
        for (at, piece) in pieces.iter().enumerate() {
            match &piece.piece {
                WordPiece::Text(text) if text == "$" && begins_with_brace(&pieces[at + 1..]) => {
                    let rest = match pieces.get(at + 1).map(|piece| &piece.piece) {
                        Some(WordPiece::Text(rest)) => rest.split_inclusive('}').next(),
                        _ => None,
                    };
                    let text = format!("${}", rest.unwrap_or_default());
                    return Err(self.bad_substitution(&text)?);
                }
                WordPiece::Text(text) if quoted => fields.quoted(text),
                WordPiece::Text(text) => fields.literal(text),
                WordPiece::SingleQuotedText(text) => fields.quoted(text),
                WordPiece::AnsiCQuotedText(text) => match unescape(text) {
                    Some(text) => fields.quoted(&text),
                    None => self.process.unmodelled(format!("$'{text}'"))?,
                },
                WordPiece::DoubleQuotedSequence(inner)
                | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    if !only_lists(inner) {
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
        let text = &*shown(text);
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
            if let Some(redirection) = only_reads(&program) {
                child.redirected([redirection], |child| {
                    let content = child.process.read_all()?;
                    Ok(child.process.write(content)?)
                })?;
                return Ok(());
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
}

/// The redirection of `$(<FILE)`.
fn only_reads(program: &Program) -> Option<&IoRedirect> {
    let [list] = program.complete_commands.as_slice() else {
        return None;
    };
    let [item] = list.0.as_slice() else {
        return None;
    };
    let [Command::Simple(simple)] = item.0.first.seq.as_slice() else {
        return None;
    };
    let alone = item.0.additional.is_empty() && simple.word_or_name.is_none();
    match simple.prefix.as_ref()?.0.as_slice() {
        [
            CommandPrefixOrSuffixItem::IoRedirect(
                redirection @ IoRedirect::File(None, IoFileRedirectKind::Read, _),
            ),
        ] if alone => Some(redirection),
        _ => None,
    }
}

/// Whether a `{` follows a `$`: of what is no `${...}`, the parser makes text.
fn begins_with_brace(pieces: &[WordPieceWithSource]) -> bool {
    let text = pieces.first().map(|piece| &piece.piece);
    matches!(text, Some(WordPiece::Text(text)) if text.starts_with('{'))
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
