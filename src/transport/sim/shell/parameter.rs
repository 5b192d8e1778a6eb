//! Parameters: `$x` and all that `${...}` can do.

use std::borrow::Cow;

use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, SpecialParameter, WordPiece, WordPieceWithSource,
};

use super::edit::{first, part, prefix, replace, suffix};
use super::fields::Fields;
use super::held::{Held, shown};
use super::parse::{Place, word};
use super::state::Shell;
use super::variables::Value;
use super::{Flow, Stop};
use crate::transport::sim::pattern::Pattern;

impl Shell<'_> {
    /// Expands `${...}` into `fields`.
    pub(super) fn parameter(
        &mut self,
        expression: &ParameterExpr,
        fields: &mut Fields,
        quoted: bool,
    ) -> Flow {
        use ParameterExpr as E;
        if let E::Parameter {
            parameter,
            indirect: false,
        } = expression
            && let Some(text) = self.lent_parameter(parameter)
        {
            fields.value(&text, quoted);
            return Ok(());
        }
        let held = match expression {
            E::Parameter {
                parameter,
                indirect,
            } => self.checked(parameter, *indirect)?,
            E::UseDefaultValues {
                parameter,
                indirect,
                test_type,
                default_value,
            } => {
                let held = self.held(parameter, *indirect)?;
                if !held.is_set(test_type) {
                    return self.instead(default_value.as_deref(), fields, quoted);
                }
                held
            }
            E::AssignDefaultValues {
                parameter,
                indirect,
                test_type,
                default_value,
            } => {
                let held = self.held(parameter, *indirect)?;
                if held.is_set(test_type) {
                    held
                } else {
                    let value = self.instead_text(default_value.as_deref(), quoted)?;
                    self.assign_parameter(parameter, *indirect, &value)?;
                    Held::One(value)
                }
            }
            E::IndicateErrorIfNullOrUnset {
                parameter,
                indirect,
                test_type,
                error_message,
            } => {
                let held = self.held(parameter, *indirect)?;
                if !held.is_set(test_type) {
                    return Err(self.complain_unset(
                        parameter,
                        test_type,
                        error_message.as_deref(),
                    )?);
                }
                held
            }
            E::UseAlternativeValue {
                parameter,
                indirect,
                test_type,
                alternative_value,
            } => {
                if self.held(parameter, *indirect)?.is_set(test_type) {
                    return self.instead(alternative_value.as_deref(), fields, quoted);
                }
                if is_list(parameter) {
                    return Ok(());
                }
                Held::One(String::new())
            }
            E::ParameterLength {
                parameter,
                indirect,
            } => {
                let length = match (parameter, self.checked(parameter, *indirect)?) {
                    (_, Held::Many(all, _)) => all.len(),
                    (_, Held::One(text)) => text.chars().count(),
                    (_, Held::Nothing) => 0,
                };
                Held::One(length.to_string())
            }
            E::RemoveSmallestSuffixPattern {
                parameter,
                indirect,
                pattern,
            } => self.trimmed(parameter, *indirect, pattern.as_deref(), suffix::<false>)?,
            E::RemoveLargestSuffixPattern {
                parameter,
                indirect,
                pattern,
            } => self.trimmed(parameter, *indirect, pattern.as_deref(), suffix::<true>)?,
            E::RemoveSmallestPrefixPattern {
                parameter,
                indirect,
                pattern,
            } => self.trimmed(parameter, *indirect, pattern.as_deref(), prefix::<false>)?,
            E::RemoveLargestPrefixPattern {
                parameter,
                indirect,
                pattern,
            } => self.trimmed(parameter, *indirect, pattern.as_deref(), prefix::<true>)?,
            E::Substring {
                parameter,
                indirect,
                offset,
                length,
            } => {
                let mut held = self.checked(parameter, *indirect)?;
                let offset = self.arithmetic(&offset.value)?;
                let length = match length {
                    Some(length) => Some(self.arithmetic(&length.value)?),
                    None => None,
                };
                if let (Held::Many(all, _), Parameter::Special(_)) = (&mut held, parameter) {
                    all.insert(0, self.name.clone());
                }
                match part(&held, offset, length) {
                    Some(part) => part,
                    None => {
                        let length = length.unwrap_or_default();
                        self.error(format!("{length}: substring expression < 0"))?;
                        return Err(self.abandon());
                    }
                }
            }
            E::ReplaceSubstring {
                parameter,
                indirect,
                pattern,
                replacement,
                match_kind,
            } => {
                let held = self.checked(parameter, *indirect)?;
                let pattern = Pattern::new(&self.pattern(pattern)?);
                let replacement = match replacement {
                    Some(text) => self.string(text, Place::Word)?,
                    None => String::new(),
                };
                held.map(|text| replace(text, &pattern, &replacement, match_kind))
            }
            E::UppercaseFirstChar {
                parameter,
                indirect,
                pattern,
            } if is_any(pattern) => self
                .checked(parameter, *indirect)?
                .map(|text| first(text, char::to_uppercase)),
            E::LowercaseFirstChar {
                parameter,
                indirect,
                pattern,
            } if is_any(pattern) => self
                .checked(parameter, *indirect)?
                .map(|text| first(text, char::to_lowercase)),
            E::UppercasePattern {
                parameter,
                indirect,
                pattern,
            } if is_any(pattern) => self.checked(parameter, *indirect)?.map(str::to_uppercase),
            E::LowercasePattern {
                parameter,
                indirect,
                pattern,
            } if is_any(pattern) => self.checked(parameter, *indirect)?.map(str::to_lowercase),
            E::VariableNames {
                prefix,
                concatenate,
            } => {
                let mut names = self.names();
                names.retain(|name| name.starts_with(prefix));
                Held::Many(names, *concatenate)
            }
            E::MemberKeys {
                variable_name,
                concatenate,
            } => {
                let keys = match self
                    .variable(variable_name)
                    .as_deref()
                    .map(|variable| &variable.value)
                {
                    Some(Value::List(list)) => list.keys().map(usize::to_string).collect(),
                    Some(Value::Text(_)) => vec!["0".to_owned()],
                    Some(Value::None) | None => Vec::new(),
                };
                Held::Many(keys, *concatenate)
            }
            E::UppercaseFirstChar { .. }
            | E::LowercaseFirstChar { .. }
            | E::UppercasePattern { .. }
            | E::LowercasePattern { .. } => self.process.unmodelled("${x^PATTERN}")?,
            E::Transform { .. } => self.process.unmodelled("${x@OPERATOR}")?,
        };
        self.emit(held, fields, quoted);
        Ok(())
    }

    /// The text of a parameter that simply holds one.
    fn lent_parameter(&self, parameter: &Parameter) -> Option<Cow<'_, str>> {
        match parameter {
            Parameter::Named(name) => self.lent(name),
            Parameter::Positional(number) => {
                let at = (*number as usize).checked_sub(1)?;
                Some(Cow::Borrowed(self.arguments.get(at)?))
            }
            _ => None,
        }
    }

    fn emit(&self, held: Held, fields: &mut Fields, quoted: bool) {
        let (all, joined) = match held {
            Held::Nothing => return fields.value("", quoted),
            Held::One(text) => return fields.value(&text, quoted),
            Held::Many(all, joined) => (all, joined),
        };
        if fields.is_one() || joined && quoted {
            let separator = if joined {
                self.separators().chars().next().map(String::from)
            } else {
                Some(" ".to_owned())
            };
            return fields.value(&all.join(&separator.unwrap_or_default()), quoted);
        }
        for (at, text) in all.iter().enumerate() {
            if at > 0 {
                fields.cut();
            }
            fields.value(text, quoted);
        }
    }

    /// What `parameter` holds; with `set -u` it has to hold something.
    fn checked(&mut self, parameter: &Parameter, indirect: bool) -> Flow<Held> {
        let held = self.held(parameter, indirect)?;
        if held == Held::Nothing && self.options.unset_is_error {
            self.error(format!("{}: unbound variable", shown(parameter)))?;
            return Err(self.fatal());
        }
        Ok(held)
    }

    fn assign_parameter(&mut self, parameter: &Parameter, indirect: bool, value: &str) -> Flow {
        match parameter {
            Parameter::Named(name) if !indirect => self.assign(name, value),
            Parameter::NamedWithIndex { name, index } if !indirect => {
                let index = self.arithmetic(index)?;
                self.assign_element(name, index, value)
            }
            _ => {
                self.error(format!("{}: cannot assign in this way", shown(parameter)))?;
                Err(self.abandon())
            }
        }
    }

    /// Expands the word that stands in for a parameter.
    fn instead(&mut self, text: Option<&str>, fields: &mut Fields, quoted: bool) -> Flow {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            fields.value("", quoted);
            return Ok(());
        }
        let Some(pieces) = word(text, place_of(text, quoted)) else {
            return Err(self.bad_substitution(text)?);
        };
        let outer = std::mem::replace(&mut fields.split_literals, !quoted);
        let done = self.pieces(&pieces, fields, quoted);
        fields.split_literals = outer;
        done
    }

    fn instead_text(&mut self, word: Option<&str>, quoted: bool) -> Flow<String> {
        let word = word.unwrap_or_default();
        self.string(word, place_of(word, quoted))
    }

    fn complain_unset(
        &mut self,
        parameter: &Parameter,
        test: &ParameterTestType,
        message: Option<&str>,
    ) -> Flow<Stop> {
        let message = self.instead_text(message, false)?;
        let message = match (message.as_str(), test) {
            ("", ParameterTestType::UnsetOrNull) => "parameter null or not set",
            ("", ParameterTestType::Unset) => "parameter not set",
            (own, _) => own,
        };
        self.error(format!("{}: {message}", shown(parameter)))?;
        Ok(self.fatal())
    }

    fn trimmed(
        &mut self,
        parameter: &Parameter,
        indirect: bool,
        pattern: Option<&str>,
        trim: fn(&str, &Pattern) -> String,
    ) -> Flow<Held> {
        let held = self.checked(parameter, indirect)?;
        let pattern = Pattern::new(&self.pattern(pattern.unwrap_or_default())?);
        Ok(held.map(|text| trim(text, &pattern)))
    }
}

/// Where the word of `${x:-word}` stands: between double quotes, single quotes mean nothing.
fn place_of(word: &str, quoted: bool) -> Place {
    if quoted && !word.contains('"') {
        Place::Quoted
    } else {
        Place::Word
    }
}

/// Whether `pieces`, between double quotes, make no word at all if all their lists are empty, as
/// `"$@"` does.
pub(super) fn only_lists(pieces: &[WordPieceWithSource]) -> bool {
    use ParameterExpr as E;
    !pieces.is_empty()
        && pieces.iter().all(|piece| {
            let WordPiece::ParameterExpansion(expression) = &piece.piece else {
                return false;
            };
            match expression {
                E::Parameter { parameter, .. }
                | E::UseDefaultValues { parameter, .. }
                | E::UseAlternativeValue { parameter, .. }
                | E::RemoveSmallestSuffixPattern { parameter, .. }
                | E::RemoveLargestSuffixPattern { parameter, .. }
                | E::RemoveSmallestPrefixPattern { parameter, .. }
                | E::RemoveLargestPrefixPattern { parameter, .. }
                | E::Substring { parameter, .. }
                | E::ReplaceSubstring { parameter, .. } => is_list(parameter),
                E::MemberKeys { concatenate, .. } | E::VariableNames { concatenate, .. } => {
                    !concatenate
                }
                _ => false,
            }
        })
}

/// Whether `parameter` is a list that makes as many words as it has elements.
fn is_list(parameter: &Parameter) -> bool {
    matches!(
        parameter,
        Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate: false })
            | Parameter::NamedWithAllIndices {
                concatenate: false,
                ..
            }
    )
}

/// Whether the pattern of `${x^PATTERN}` is left out.
fn is_any(pattern: &Option<String>) -> bool {
    pattern.as_deref().unwrap_or_default().is_empty()
}
