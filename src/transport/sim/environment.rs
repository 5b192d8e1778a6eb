//! The environment of a program.

use std::collections::BTreeMap;
use std::ops::{Bound, Index};
use std::sync::Arc;

/// The variable that names the program itself.
const ITSELF: &str = "_";

/// Variables by name; a child shares them with its parent until one of both changes something.
///
/// `_` is kept beside the others: it differs in nearly every process, and would make each of them copy
/// what it shares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    shared: Arc<BTreeMap<String, String>>,
    itself: Option<String>,
}

impl Environment {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&String> {
        if name == ITSELF {
            return self.itself.as_ref();
        }
        self.shared.get(name)
    }

    /// Whether there is a variable `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name`.
    pub fn insert(&mut self, name: impl AsRef<str> + Into<String>, value: String) {
        if name.as_ref() == ITSELF {
            self.itself = Some(value);
        } else if self.shared.get(name.as_ref()) != Some(&value) {
            let all = Arc::make_mut(&mut self.shared);
            all.insert(name.into(), value);
        }
    }

    /// Takes `name` away, if it is there.
    pub fn remove(&mut self, name: &str) {
        if name == ITSELF {
            self.itself = None;
        } else if self.shared.contains_key(name) {
            Arc::make_mut(&mut self.shared).remove(name);
        }
    }

    /// Takes away what `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        Arc::make_mut(&mut self.shared).retain(|name, _| keep(name));
        self.itself = self.itself.take().filter(|_| keep(ITSELF));
    }

    /// All variables, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &String)> {
        let itself = self.itself.as_ref().map(|value| (ITSELF, value));
        let (until, from) = (Bound::Excluded(ITSELF), Bound::Included(ITSELF));
        let before = self.shared.range::<str, _>((Bound::Unbounded, until));
        let after = self.shared.range::<str, _>((from, Bound::Unbounded));
        let named = |(name, value)| -> (&str, &String) { (String::as_str(name), value) };
        before.map(named).chain(itself).chain(after.map(named))
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let shared = Arc::make_mut(&mut self.shared).values_mut();
        shared.chain(&mut self.itself)
    }
}

impl Index<&str> for Environment {
    type Output = String;

    fn index(&self, name: &str) -> &String {
        self.get(name)
            .unwrap_or_else(|| panic!("{name} is not in the environment"))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(all: T) -> Self {
        let mut shared: BTreeMap<String, String> = all.into_iter().collect();
        let itself = shared.remove(ITSELF);
        Self {
            shared: Arc::new(shared),
            itself,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_itself_stands_among_the_others() {
        let pairs = [("a", "1"), ("_", "/bin/x"), ("Z", "2")];
        let mut environment: Environment = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let shown = |environment: &Environment| -> String {
            let pairs = environment.iter();
            pairs
                .map(|(name, value)| format!("{name}={value} "))
                .collect()
        };
        assert_eq!(shown(&environment), "Z=2 _=/bin/x a=1 ");
        let parent = environment.clone();
        environment.insert("_", "/bin/y".to_owned());
        environment.insert("a", "1".to_owned());
        assert!(Arc::ptr_eq(&environment.shared, &parent.shared));
        environment.insert("a", "3".to_owned());
        environment.remove("Z");
        assert_eq!(shown(&environment), "_=/bin/y a=3 ");
        assert_eq!(shown(&parent), "Z=2 _=/bin/x a=1 ");
        environment.retain(|name| name != "_");
        assert_eq!(environment.get("_"), None);
    }
}
