//! Parameters: `$x` and all that `${...}` can do.

use brush_parser::ParserOptions;
use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, SpecialParameter, SubstringMatchKind, WordPiece,
    WordPieceWithSource,
};

use super::fields::Fields;
use super::parse::Place;
use super::state::{Shell, Value};
use super::{Flow, Stop};
use crate::transport::sim::pattern::Pattern;

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Nothing,
    One(String),
    /// Several, and whether quotes make one word of them, as in `"$*"`.
    Many(Vec<String>, bool),
}

impl Held {
    fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::One(text) => Self::One(change(&text)),
            Self::Many(texts, joined) => {
                Self::Many(texts.iter().map(|text| change(text)).collect(), joined)
            }
        }
    }

    /// Whether it counts as set, or, if `null` does not count, as set to something.
    fn is_set(&self, test: &ParameterTestType) -> bool {
        let null = matches!(test, ParameterTestType::UnsetOrNull);
        match self {
            Self::Nothing => false,
            Self::One(text) => !null || !text.is_empty(),
            Self::Many(texts, _) => match texts.as_slice() {
                [] => false,
                [only] => !null || !only.is_empty(),
                _ => true,
            },
        }
    }
}

impl Shell<'_> {
    /// Expands `${...}` into `fields`.
    pub(super) fn parameter(
        &mut self,
        expression: &ParameterExpr,
        fields: &mut Fields,
        quoted: bool,
    ) -> Flow {
        use ParameterExpr as E;
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
                pattern: None,
            } => self
                .checked(parameter, *indirect)?
                .map(|text| first(text, char::to_uppercase)),
            E::LowercaseFirstChar {
                parameter,
                indirect,
                pattern: None,
            } => self
                .checked(parameter, *indirect)?
                .map(|text| first(text, char::to_lowercase)),
            E::UppercasePattern {
                parameter,
                indirect,
                pattern: None,
            } => self.checked(parameter, *indirect)?.map(str::to_uppercase),
            E::LowercasePattern {
                parameter,
                indirect,
                pattern: None,
            } => self.checked(parameter, *indirect)?.map(str::to_lowercase),
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
                let keys = match self.variable(variable_name).map(|variable| &variable.value) {
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

    /// Whether `pieces`, between double quotes, are nothing but empty lists: `"$@"` without arguments
    /// is no word at all.
    pub(super) fn is_nothing(&mut self, pieces: &[WordPieceWithSource]) -> bool {
        pieces.iter().all(|piece| match &piece.piece {
            WordPiece::ParameterExpansion(ParameterExpr::Parameter { parameter, indirect: false }) => {
                let list = matches!(
                    parameter,
                    Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate: false })
                        | Parameter::NamedWithAllIndices { concatenate: false, .. }
                );
                list && matches!(self.held(parameter, false), Ok(Held::Many(all, _)) if all.is_empty())
            }
            _ => false,
        })
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

    fn held(&mut self, parameter: &Parameter, indirect: bool) -> Flow<Held> {
        let one = |text: Option<String>| text.map_or(Held::Nothing, Held::One);
        let held = match parameter {
            Parameter::Positional(number) => {
                let at = (*number as usize).checked_sub(1);
                one(at.and_then(|at| self.arguments.get(at).cloned()))
            }
            Parameter::Special(special) => match special {
                SpecialParameter::AllPositionalParameters { concatenate } => {
                    Held::Many(self.arguments.clone(), *concatenate)
                }
                SpecialParameter::PositionalParameterCount => {
                    Held::One(self.arguments.len().to_string())
                }
                SpecialParameter::LastExitStatus => Held::One(self.status.to_string()),
                SpecialParameter::CurrentOptionFlags => Held::One(self.flags()),
                SpecialParameter::ProcessId => Held::One(self.pid.to_string()),
                SpecialParameter::LastBackgroundProcessId => {
                    one(self.last_job.map(|pid| pid.to_string()))
                }
                SpecialParameter::ShellName => Held::One(self.name.clone()),
            },
            Parameter::Named(name) => one(self.look_up(name)?),
            Parameter::NamedWithIndex { name, index } => {
                let index = self.arithmetic(index)?;
                one(self.element(name, index))
            }
            Parameter::NamedWithAllIndices { name, concatenate } => {
                let all = match self.variable(name).map(|variable| &variable.value) {
                    Some(Value::List(list)) => list.values().cloned().collect(),
                    Some(Value::Text(text)) => vec![text.clone()],
                    Some(Value::None) | None => Vec::new(),
                };
                Held::Many(all, *concatenate)
            }
        };
        if !indirect {
            return Ok(held);
        }
        let Held::One(name) = held else {
            return Ok(Held::Nothing);
        };
        match brush_parser::word::parse_parameter(&name, &ParserOptions::default()) {
            Ok(parameter) => self.held(&parameter, false),
            Err(_) => Err(self.bad_substitution(&name)?),
        }
    }

    /// The element of a list; negative numbers count from its end.
    pub(super) fn element(&self, name: &str, index: i64) -> Option<String> {
        match &self.variable(name)?.value {
            Value::List(list) => {
                let index = if index < 0 {
                    let end = list.keys().last().map_or(0, |last| last + 1);
                    i64::try_from(end).ok()? + index
                } else {
                    index
                };
                list.get(&usize::try_from(index).ok()?).cloned()
            }
            Value::Text(text) => (index == 0 || index == -1).then(|| text.clone()),
            Value::None => None,
        }
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
    fn instead(&mut self, word: Option<&str>, fields: &mut Fields, quoted: bool) -> Flow {
        let word = word.unwrap_or_default();
        if quoted || word.is_empty() {
            let text = self.instead_text(Some(word), quoted)?;
            fields.value(&text, quoted);
            return Ok(());
        }
        let outer = std::mem::replace(&mut fields.split_literals, true);
        let done = self.expand(word, Place::Word, fields);
        fields.split_literals = outer;
        done
    }

    fn instead_text(&mut self, word: Option<&str>, quoted: bool) -> Flow<String> {
        let word = word.unwrap_or_default();
        // Between double quotes, single quotes mean nothing.
        let place = if quoted && !word.contains('"') {
            Place::Quoted
        } else {
            Place::Word
        };
        self.string(word, place)
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

fn shown(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Named(name) => name.clone(),
        Parameter::Positional(number) => number.to_string(),
        Parameter::Special(special) => special.to_string(),
        Parameter::NamedWithIndex { name, index } => format!("{name}[{index}]"),
        Parameter::NamedWithAllIndices { name, concatenate } => {
            format!("{name}[{}]", if *concatenate { '*' } else { '@' })
        }
    }
}

/// Where characters of `text` begin, and its end.
fn bounds(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    let starts: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    starts.into_iter()
}

fn prefix<const LONG: bool>(text: &str, pattern: &Pattern) -> String {
    let is = |end: &usize| pattern.matches(&text[..*end]);
    let end = if LONG {
        bounds(text).rev().find(is)
    } else {
        bounds(text).find(is)
    };
    text[end.unwrap_or(0)..].to_owned()
}

fn suffix<const LONG: bool>(text: &str, pattern: &Pattern) -> String {
    let is = |start: &usize| pattern.matches(&text[*start..]);
    let start = if LONG {
        bounds(text).find(is)
    } else {
        bounds(text).rev().find(is)
    };
    text[..start.unwrap_or(text.len())].to_owned()
}

fn replace(text: &str, pattern: &Pattern, by: &str, kind: &SubstringMatchKind) -> String {
    let longest = |start: usize| {
        bounds(&text[start..])
            .rev()
            .map(|end| start + end)
            .find(|end| pattern.matches(&text[start..*end]))
    };
    match kind {
        SubstringMatchKind::Prefix => match longest(0) {
            Some(end) => format!("{by}{}", &text[end..]),
            None => text.to_owned(),
        },
        SubstringMatchKind::Suffix => {
            match bounds(text).find(|start| pattern.matches(&text[*start..])) {
                Some(start) => format!("{}{by}", &text[..start]),
                None => text.to_owned(),
            }
        }
        SubstringMatchKind::FirstOccurrence | SubstringMatchKind::Anywhere => {
            let (mut replaced, mut at) = (String::new(), 0);
            while let Some(c) = text[at..].chars().next() {
                match longest(at).filter(|end| *end > at) {
                    Some(end) => {
                        replaced.push_str(by);
                        at = end;
                        if matches!(kind, SubstringMatchKind::FirstOccurrence) {
                            break;
                        }
                    }
                    None => {
                        replaced.push(c);
                        at += c.len_utf8();
                    }
                }
            }
            replaced + &text[at..]
        }
    }
}

/// The part of `held` from `offset` on; `None` if the length cannot be.
fn part(held: &Held, offset: i64, length: Option<i64>) -> Option<Held> {
    let size = match held {
        Held::Nothing => return Some(Held::Nothing),
        Held::One(text) => text.chars().count(),
        Held::Many(all, _) => all.len(),
    };
    let size = i64::try_from(size).ok()?;
    let start = if offset < 0 {
        size + offset
    } else {
        offset.min(size)
    };
    if start < 0 {
        return Some(held.clone().map(|_| String::new()));
    }
    let end = match length {
        None => size,
        Some(length) if length < 0 => size + length,
        Some(length) => start.saturating_add(length).min(size),
    };
    let (start, count) = (
        usize::try_from(start).ok()?,
        usize::try_from(end - start).ok()?,
    );
    Some(match held {
        Held::Many(all, joined) => Held::Many(
            all.iter().skip(start).take(count).cloned().collect(),
            *joined,
        ),
        one => one
            .clone()
            .map(|text| text.chars().skip(start).take(count).collect()),
    })
}

fn first<I: Iterator<Item = char>>(text: &str, change: fn(char) -> I) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |c| change(c).chain(rest).collect())
}
