//! The database and the log, as they lie on disk.
//!
//! The database begins with the two meta pages of bbolt, which tell how long the file has to be, so that one
//! that was cut off is found out; what follows is JSON. The log is JSON too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The v3 data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// The revision of the last change.
    pub revision: u64,
    /// The index of the last log entry that was taken in.
    pub index: u64,
    /// How many entries there are, older revisions counted.
    pub entries: u64,
    /// What each key holds.
    pub keys: BTreeMap<String, Value>,
}

/// What a key holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The value.
    pub value: String,
    /// The revision at which the key came to be.
    pub created: u64,
    /// The revision of its last change.
    pub modified: u64,
    /// How often it was changed.
    pub version: u64,
}

/// The log: who the member is, and what the cluster agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The cluster that the log belongs to.
    pub cluster: u64,
    /// The member that it belongs to.
    pub member: u64,
    /// The term of the last entry.
    pub term: u64,
    /// The index of the last entry.
    pub index: u64,
    /// The members that the cluster has.
    pub members: Vec<Member>,
    /// The v2 data.
    pub v2: BTreeMap<String, String>,
    /// The lowest version of etcd, as `3.2`, that may run it; none in what a snapshot was restored to.
    pub version: Option<String>,
}

/// A member of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: u64,
    /// Its name; empty until it has started.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it has started.
    pub client_urls: Vec<String>,
}

const PAGE: usize = 4096;
const MAGIC: u32 = 0xED0C_DAED;
/// So many bytes of a saved snapshot are the hash of what stands before them.
pub const HASHED: usize = 32;

impl Store {
    /// Takes the log entry at `index` in, unless an entry of that index was taken in before.
    pub fn put(&mut self, index: u64, key: &str, value: &str) -> bool {
        if index <= self.index {
            return false;
        }
        self.index = index;
        self.revision += 1;
        self.entries += 1;
        let revision = self.revision;
        let entry = self.keys.entry(key.to_owned()).or_insert_with(|| Value {
            value: String::new(),
            created: revision,
            modified: revision,
            version: 0,
        });
        value.clone_into(&mut entry.value);
        entry.modified = revision;
        entry.version += 1;
        true
    }

    /// As [`Store::put`], for a removal; how many keys went.
    pub fn remove(&mut self, index: u64, keys: &[String]) -> Option<u64> {
        if index <= self.index {
            return None;
        }
        self.index = index;
        let gone = keys
            .iter()
            .filter(|key| self.keys.remove(*key).is_some())
            .count() as u64;
        if gone > 0 {
            self.revision += 1;
            self.entries += gone;
        }
        Some(gone)
    }

    /// The keys from `key` on: the one itself, or all that begin with it.
    pub fn range(&self, key: &str, prefix: bool) -> impl Iterator<Item = (&String, &Value)> {
        self.keys
            .range(key.to_owned()..)
            .take_while(move |(name, _)| {
                if prefix {
                    name.starts_with(key)
                } else {
                    *name == key
                }
            })
    }

    /// The file.
    pub fn file(&self) -> Vec<u8> {
        let body = encode(self);
        let pages = 2 + body.len().div_ceil(PAGE);
        let mut file = Vec::with_capacity(pages * PAGE);
        for transaction in 0..2 {
            file.extend(meta(pages as u64, transaction));
        }
        file.extend(body);
        file.resize(pages * PAGE, b'\n');
        file
    }

    /// The data in `file`, a saved snapshot's hash left out; why not, in bbolt's and etcd's words.
    ///
    /// # Errors
    /// When it is no database, or a part of it is missing.
    pub fn of_file(file: &[u8]) -> Result<Self, &'static str> {
        let body = &file[..file.len() - file.len() % PAGE.min(file.len().max(1))];
        let head = body.get(..2 * PAGE).ok_or("unexpected EOF")?;
        let pages = pages(head).ok_or("invalid database")?;
        let whole = body
            .get(2 * PAGE..pages * PAGE)
            .ok_or("unexpected fault address")?;
        decode(whole).ok_or("invalid database")
    }

    /// `snapshot status`'s hash: of the content, not of the file.
    pub fn hash(&self) -> u32 {
        let sum = Sha256::digest(encode(self));
        u32::from_be_bytes([sum[0], sum[1], sum[2], sum[3]])
    }
}

/// The file of a saved snapshot: the database, and its hash.
pub fn save(store: &Store) -> Vec<u8> {
    let mut file = store.file();
    let sum = Sha256::digest(&file);
    file.extend(sum);
    file
}

/// `value` as JSON.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// What `bytes` say, padding passed over.
pub fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes.trim_ascii()).ok()
}

/// The ids of members and cluster that come of peer URLs and a token.
pub fn ids(members: &[(String, Vec<String>)], token: &str) -> (u64, Vec<u64>) {
    let id = |text: &[u8]| {
        let sum = Sha1::digest(text);
        sum.iter()
            .take(8)
            .fold(0_u64, |id, byte| id << 8 | u64::from(*byte))
    };
    let mut all: Vec<u64> = members
        .iter()
        .map(|(_, urls)| {
            let mut urls = urls.clone();
            urls.sort();
            id(format!("{}{token}", urls.concat()).as_bytes())
        })
        .collect();
    let own = all.clone();
    all.sort_unstable();
    let bytes: Vec<u8> = all.iter().flat_map(|id| id.to_be_bytes()).collect();
    (id(&bytes), own)
}

/// A meta page.
fn meta(pages: u64, transaction: u64) -> Vec<u8> {
    let mut record = Vec::new();
    for half in [MAGIC, 2, PAGE as u32, 0] {
        record.extend(half.to_le_bytes());
    }
    for word in [3, 0, 2, pages, transaction] {
        record.extend(u64::to_le_bytes(word));
    }
    record.extend(checksum(&record).to_le_bytes());
    let mut page = vec![0; 16];
    page.extend(record);
    page.resize(PAGE, 0);
    page
}

/// How many pages the newest valid meta page says there are.
fn pages(head: &[u8]) -> Option<usize> {
    (0..2)
        .filter_map(|page| {
            let record = &head[page * PAGE + 16..page * PAGE + 80];
            let word = |at: usize| -> Option<u64> {
                Some(u64::from_le_bytes(record.get(at..at + 8)?.try_into().ok()?))
            };
            let valid =
                record.starts_with(&MAGIC.to_le_bytes()) && word(56)? == checksum(&record[..56]);
            valid.then_some((word(48)?, word(40)?))
        })
        .max()
        .and_then(|(_, pages)| usize::try_from(pages).ok())
}

fn checksum(record: &[u8]) -> u64 {
    record.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_read_back_and_a_cut_one_is_not() {
        let mut store = Store::default();
        for number in 0..300 {
            assert!(store.put(number + 1, &format!("/key/{number}"), "value"));
        }
        let file = store.file();
        assert_eq!(Store::of_file(&file).as_ref(), Ok(&store));
        assert_eq!(Store::of_file(&save(&store)).as_ref(), Ok(&store));
        assert_eq!(save(&store).len() % 512, HASHED);
        for length in [0, 5000, 9000, file.len() - 1] {
            assert!(Store::of_file(&file[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn an_entry_that_was_taken_in_before_is_lost() {
        let mut store = Store::default();
        assert!(store.put(10, "a", "1"));
        assert!(!store.put(10, "a", "2"));
        assert!(!store.put(4, "b", "1"));
        assert!(store.put(11, "a", "3"));
        assert_eq!((store.revision, store.keys["a"].version), (2, 2));
    }
}
