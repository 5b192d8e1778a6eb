//! What an input came to.

use rhai::Dynamic;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::script::convert;
use crate::script::hosts::{Group, Outcomes};

/// What an input came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing worth showing.
    Nothing,
    /// A text.
    Text(String),
    /// Other data.
    Data(Value),
    /// What each host answered.
    Hosts(Vec<(String, Value)>),
    /// No data: its type.
    Other(String),
}

impl Answer {
    pub(super) fn of(value: &Dynamic) -> Self {
        if value.is_unit() {
            return Self::Nothing;
        }
        if let Some(outcomes) = value.read_lock::<Outcomes>() {
            let all = outcomes.all().iter();
            let answers: Result<Vec<_>> = all
                .map(|(host, value)| Ok((host.clone(), convert::to_value(value)?)))
                .collect();
            return answers.map_or(Self::Other("outcomes".to_owned()), Self::Hosts);
        }
        if let Some(group) = value.read_lock::<Group>() {
            return Self::Text(group.names().collect::<Vec<_>>().join(", "));
        }
        match convert::to_value(value) {
            Ok(Value::String(text)) => Self::Text(text),
            Ok(data) => Self::Data(data),
            Err(_) => Self::Other(value.type_name().to_owned()),
        }
    }

    /// It as plain data; hosts become names.
    ///
    /// # Errors
    /// [`Error::invalid`] for what is no data.
    pub fn json(&self) -> Result<Value> {
        Ok(match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => text.clone().into(),
            Self::Data(data) => data.clone(),
            Self::Hosts(all) => Value::Object(all.iter().cloned().collect()),
            Self::Other(name) => {
                return Err(Error::invalid(
                    format!("a value of type `{name}`"),
                    "is not data",
                ));
            }
        })
    }
}
