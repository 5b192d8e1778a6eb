//! What a parameter holds.

use brush_parser::ParserOptions;
use brush_parser::word::{Parameter, ParameterTestType, SpecialParameter};

use super::Flow;
use super::state::Shell;
use super::variables::Value;

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    One(String),
    /// Several, and whether quotes make one word of them, as in `"$*"`.
    Many(Vec<String>, bool),
}

impl Held {
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::One(text) => Self::One(change(&text)),
            Self::Many(texts, joined) => {
                Self::Many(texts.iter().map(|text| change(text)).collect(), joined)
            }
        }
    }

    /// Whether it counts as set, or, if `null` does not count, as set to something.
    pub fn is_set(&self, test: &ParameterTestType) -> bool {
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
    /// What `parameter` holds; if `indirect`, what the parameter that it names holds.
    pub(super) fn held(&mut self, parameter: &Parameter, indirect: bool) -> Flow<Held> {
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
                let all = match self
                    .variable(name)
                    .as_deref()
                    .map(|variable| &variable.value)
                {
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
}

/// `parameter` as messages name it.
pub(super) fn shown(parameter: &Parameter) -> String {
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
