//! What was worked out once and is asked for again: hosts are sent the same texts.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::FixedState;

/// Values by key. A value has to follow from its key alone, so none can be out of date.
///
/// What was asked for among the last so many different keys is kept; what nobody asks for any more, as
/// a text that names one of many hosts, goes.
pub struct Kept<K, V> {
    size: usize,
    /// What was asked for since there were last `size` of them, and what only before that.
    young: HashMap<K, V, FixedState>,
    old: HashMap<K, V, FixedState>,
}

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// Nothing yet; at least `size` values will be kept, at most twice as many.
    pub const fn new(size: usize) -> Self {
        Self {
            size,
            young: HashMap::with_hasher(FixedState::with_seed(0)),
            old: HashMap::with_hasher(FixedState::with_seed(0)),
        }
    }

    /// The value of `key`, if it is kept.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Keeps the `value` of `key`.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.size {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut kept: Kept<u32, u32> = Kept::new(10);
        kept.insert(0, 100);
        for key in 1..1000 {
            kept.insert(key, key);
            assert_eq!(kept.get(&0), Some(100));
        }
        assert_eq!(kept.get(&995), Some(995));
        assert_eq!(kept.get(&900), None);
        assert!(kept.young.len() + kept.old.len() <= 20);
    }
}
