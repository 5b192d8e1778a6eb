//! What a directory holds.

use super::{Name, Node};

/// Nodes by name, sorted by name.
///
/// Paths are walked more often than anything else is done, and most directories are small: a name is
/// found by looking through numbers made of all names, several at a time, which costs less than comparing
/// the few names that a search tree would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The [`Number`] of each name, in the same order.
    numbers: Vec<u32>,
    all: Vec<(Name, Node)>,
}

/// A number that hardly any two names of a directory share, in the making: FNV-1a.
#[derive(Clone, Copy)]
pub(super) struct Number(u32);

impl Number {
    /// That of no byte.
    pub(super) const NONE: Self = Self(0x811c_9dc5);

    /// That of one more byte.
    #[inline]
    pub(super) fn and(self, byte: u8) -> Self {
        Self((self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }

    /// That of all of `name`.
    fn of(name: &str) -> Self {
        name.bytes().fold(Self::NONE, Self::and)
    }

    /// Where it stands first among `numbers`.
    #[inline]
    fn place_in(self, numbers: &[u32]) -> Option<usize> {
        let is = |other: &u32| *other == self.0;
        let (blocks, rest) = numbers.as_chunks::<8>();
        for (at, block) in blocks.iter().enumerate() {
            // Without a way out, so that all are compared in one go.
            if block.iter().fold(false, |any, other| any | is(other)) {
                return Some(at * block.len() + block.iter().position(is)?);
            }
        }
        Some(blocks.as_flattened().len() + rest.iter().position(is)?)
    }
}

impl Entries {
    fn position(&self, name: &str, number: Number) -> Option<usize> {
        let mut from = 0;
        loop {
            let at = from + number.place_in(&self.numbers[from..])?;
            if &*self.all[at].0 == name {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// The node called `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.get_by(name, Number::of(name))
    }

    /// As [`Entries::get`], for who knows the number of `name`.
    pub(super) fn get_by(&self, name: &str, number: Number) -> Option<&Node> {
        Some(&self.all[self.position(name, number)?].1)
    }

    /// The node called `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.get_mut_by(name, Number::of(name))
    }

    /// As [`Entries::get_mut`], for who knows the number of `name`.
    pub(super) fn get_mut_by(&mut self, name: &str, number: Number) -> Option<&mut Node> {
        let at = self.position(name, number)?;
        Some(&mut self.all[at].1)
    }

    /// Whether there is a node called `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts `node` there as `name`. Returns what was called so before.
    pub fn insert(&mut self, name: &str, node: Node) -> Option<Node> {
        if let Some(there) = self.get_mut(name) {
            return Some(std::mem::replace(there, node));
        }
        let at = self.all.partition_point(|(other, _)| **other < *name);
        self.numbers.insert(at, Number::of(name).0);
        self.all.insert(at, (name.into(), node));
        None
    }

    /// Takes the node called `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.position(name, Number::of(name))?;
        self.numbers.remove(at);
        Some(self.all.remove(at).1)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Names and nodes.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Node)> {
        self.into_iter()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &Name> {
        self.all.iter().map(|(name, _)| name)
    }

    /// The nodes.
    pub fn values(&self) -> impl Iterator<Item = &Node> {
        self.all.iter().map(|(_, node)| node)
    }
}

type Pair<'e> = fn(&'e (Name, Node)) -> (&'e Name, &'e Node);

impl<'e> IntoIterator for &'e Entries {
    type Item = (&'e Name, &'e Node);
    type IntoIter = std::iter::Map<std::slice::Iter<'e, (Name, Node)>, Pair<'e>>;

    fn into_iter(self) -> Self::IntoIter {
        let pair: Pair<'e> = |(name, node)| (name, node);
        self.all.iter().map(pair)
    }
}

impl FromIterator<(Name, Node)> for Entries {
    fn from_iter<T: IntoIterator<Item = (Name, Node)>>(all: T) -> Self {
        let mut all: Vec<(Name, Node)> = all.into_iter().collect();
        // Of equal names the last one counts: it stays in front.
        all.reverse();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all.dedup_by(|(one, _), (other, _)| one == other);
        let numbers = all.iter().map(|(name, _)| Number::of(name).0).collect();
        Self { numbers, all }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[test]
    fn entries_are_a_sorted_map() {
        let node = |mode| Node::directory(Duration::ZERO).mode(mode);
        let (mut entries, mut map) = (Entries::default(), BTreeMap::new());
        for at in 0u16..400 {
            let name = format!("n{}", u32::from(at) * 7919 % 101);
            if at % 5 == 4 {
                let removed = entries.remove(&name).map(|node| node.mode);
                assert_eq!(removed, map.remove(&name));
            } else {
                let before = entries.insert(&name, node(at)).map(|node| node.mode);
                assert_eq!(before, map.insert(name.clone(), at));
            }
            let there: Vec<(&str, u16)> = entries
                .iter()
                .map(|(name, node)| (&**name, node.mode))
                .collect();
            let wanted: Vec<(&str, u16)> = map.iter().map(|(name, at)| (&**name, *at)).collect();
            assert_eq!(there, wanted);
            assert_eq!(entries.contains_key(&name), map.contains_key(&name));
        }
        let twice: Entries = [("b", 1), ("a", 2), ("b", 3)]
            .map(|(name, mode)| (Name::from(name), node(mode)))
            .into_iter()
            .collect();
        let modes: Vec<u16> = twice.values().map(|node| node.mode).collect();
        assert_eq!(modes, [2, 3]);
        assert!(twice.get("c").is_none());
    }
}
