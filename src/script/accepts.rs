//! Which keys an argument may have, asked of the Rust type that it becomes.
//!
//! The type's own `Deserialize` refuses unknown keys, and says then which it knows. It is asked once with a
//! key that no type has, so that no key is typed a second time beside its type.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
    value::StrDeserializer,
};
use serde_json::Value;

use super::signature::nearest;
use crate::error;

/// The parameter `name` as signatures show it: `options: #{check, stdin}` where a `T` takes these keys and
/// no others, `pairs: [#{from, to}]` for a list of such, `name` alone where any will do.
pub fn parameter<T: DeserializeOwned>(name: &str) -> String {
    let Err(refusal) = T::deserialize(Probe) else {
        return name.to_owned();
    };
    match refusal.known {
        Some(keys) => {
            let (open, close) = ("[".repeat(refusal.lists), "]".repeat(refusal.lists));
            format!("{name}: {open}#{{{}}}{close}", keys.join(", "))
        }
        None => name.to_owned(),
    }
}

/// The keys in a `parameter` that was made so, and whether it is a list of maps that has them.
pub fn keys(parameter: &str) -> Option<(Vec<&str>, bool)> {
    let (_, shape) = parameter.split_once(": ")?;
    let (inner, is_list) = match shape.strip_prefix('[') {
        Some(rest) => (rest.strip_suffix(']')?, true),
        None => (shape, false),
    };
    let inner = inner.strip_prefix("#{")?.strip_suffix('}')?;
    Some((inner.split(", ").collect(), is_list))
}

/// The error of the first key in `data` that a `T` does not take, as an option of `call`.
pub fn refused<T: DeserializeOwned>(call: &str, data: &Value) -> Option<error::Error> {
    let known = T::deserialize(Probe).err()?.known?;
    let maps = match data {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    };
    let mut given = maps
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|map| map.keys());
    let key = given.find(|key| !known.contains(&key.as_str()))?;
    Some(unknown(key, &format!("`{call}`"), known.iter().copied()))
}

/// The error of the option `key`, which `of` does not take; offers the nearest of `known`.
pub fn unknown<'a>(
    key: &str,
    of: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> error::Error {
    let error = error::Error::invalid(format!("option `{key}` of {of}"), "does not exist");
    let mut all: Vec<&str> = known.clone().collect();
    all.sort_unstable();
    let takes = format!("{of} takes `{}`", all.join("`, `"));
    error.with_hint(match nearest(key, known) {
        Some(near) if all.len() == 1 => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? {takes}"),
        None => takes,
    })
}

/// What a type said to the unknown key.
#[derive(Debug, Default)]
struct Refusal {
    /// The keys that it takes, where it takes no others.
    known: Option<&'static [&'static str]>,
    /// So many lists are around it.
    lists: usize,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type was asked for its keys")
    }
}

impl std::error::Error for Refusal {}

impl Error for Refusal {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::default()
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self {
            known: Some(known),
            lists: 0,
        }
    }
}

/// A map with one key that no type has; a list with one such map.
struct Probe;

impl<'de> Deserializer<'de> for Probe {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refusal> {
        Err(Refusal::default())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_map(Self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_seq(Self).map_err(|refusal| Refusal {
            lists: refusal.lists + 1,
            ..refusal
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Probe {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        let key: StrDeserializer<'_, Refusal> = StrDeserializer::new("\u{1}");
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Refusal> {
        Err(Refusal::default())
    }
}

impl<'de> SeqAccess<'de> for Probe {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        seed.deserialize(Self).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::{keys, parameter};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[derive(Default)]
    #[allow(dead_code)]
    struct Strict {
        check: bool,
        r#become: bool,
    }

    #[derive(serde::Deserialize)]
    #[allow(dead_code)]
    struct Lenient {
        check: bool,
    }

    #[test]
    fn a_type_that_refuses_unknown_keys_says_which_it_takes() {
        let shown = parameter::<Strict>("options");
        assert_eq!(shown, "options: #{check, become}");
        assert_eq!(keys(&shown), Some((vec!["check", "become"], false)));
        assert_eq!(parameter::<Option<Strict>>("options"), shown);
        let list = parameter::<Vec<Strict>>("pairs");
        assert_eq!(list, "pairs: [#{check, become}]");
        assert_eq!(keys(&list), Some((vec!["check", "become"], true)));
    }

    #[test]
    fn other_types_take_what_comes() {
        assert_eq!(parameter::<Lenient>("proof"), "proof");
        assert_eq!(parameter::<String>("path"), "path");
        assert_eq!(parameter::<Vec<String>>("paths"), "paths");
        assert_eq!(
            parameter::<serde_json::Map<String, serde_json::Value>>("values"),
            "values"
        );
        assert_eq!(keys("options: map"), None);
        assert_eq!(keys("path"), None);
    }
}
