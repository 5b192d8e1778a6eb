//! Whom to trust: our own reading of known_hosts.
//!
//! libssh2's reading takes a revoked key for a good one, knows no patterns, and gives up on a whole
//! file at the first line that it does not understand.
//!
//! Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; which lines win is OpenSSH's rule.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::Refusal;
use super::NoWay;
use super::target::Target;

/// What the files say about one host.
#[derive(Debug)]
pub(super) struct KnownHosts {
    /// The host as the files name it: `name`, or `[name]:port`.
    host: String,
    /// Keys that it may show, with where they stand.
    trusted: Vec<(Key, String)>,
    /// Keys that must not be trusted, whoever shows them, with where they stand.
    revoked: Vec<(Key, String)>,
    /// Where a certificate authority stands for it.
    authority: Option<String>,
    /// Where a new key goes.
    file: Option<PathBuf>,
}

/// A public key: its type, and the bytes that the server sends.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    kind: String,
    bytes: Vec<u8>,
}

/// Whether a key may be trusted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the host's.
    Known,
    /// No file has any key for the host.
    New(String),
    /// The files say otherwise.
    Wrong(String),
}

impl KnownHosts {
    /// Reads what the files say about `target`; a file that does not exist says nothing.
    ///
    /// # Errors
    /// A file that cannot be read: what it says may be a revocation.
    pub(super) fn read(target: &Target) -> Result<Self, NoWay> {
        let name = target.host_key_alias.as_ref().unwrap_or(&target.address);
        // An alias stands for the host on every port.
        let host = if target.port == 22 || target.host_key_alias.is_some() {
            name.to_lowercase()
        } else {
            format!("[{}]:{}", name.to_lowercase(), target.port)
        };
        let mut known = Self {
            host,
            trusted: Vec::new(),
            revoked: Vec::new(),
            authority: None,
            file: target.known_hosts.first().cloned(),
        };
        for path in &target.known_hosts {
            match std::fs::read(path) {
                Ok(content) => known.take(&content, &path.display().to_string()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(NoWay::new(
                        Refusal::Configuration,
                        format!("`{}` cannot be read: {error}", path.display()),
                    ));
                }
            }
        }
        Ok(known)
    }

    /// Takes in the lines of one file; those that make no sense are passed over, as OpenSSH does.
    fn take(&mut self, content: &[u8], path: &str) {
        for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            let mut words = line.split_ascii_whitespace().peekable();
            let marker = words.next_if(|word| word.starts_with('@'));
            let Some(hosts) = words.next() else { continue };
            if hosts.starts_with('#') || !matches(hosts, &self.host) {
                continue;
            }
            let (Some(kind), Some(text)) = (words.next(), words.next()) else {
                continue;
            };
            let Some(key) = Key::parse(kind, text) else {
                continue;
            };
            let place = format!("{path}:{}", number + 1);
            match marker {
                None => self.trusted.push((key, place)),
                Some("@revoked") => self.revoked.push((key, place)),
                Some("@cert-authority") => self.authority = Some(place),
                Some(_) => {}
            }
        }
    }

    /// The key types to ask for, best first: the ones that the files know the host by, so that it
    /// is not asked for a key that cannot be compared.
    pub(super) fn preference(&self, types: &[&str]) -> String {
        let known = |kind: &&&str| {
            let kind = if kind.starts_with("rsa-") {
                "ssh-rsa"
            } else {
                kind
            };
            self.trusted.iter().any(|(key, _)| key.kind == kind)
        };
        let (mut first, rest): (Vec<&str>, Vec<&str>) = types.iter().partition(known);
        first.extend(rest);
        first.join(",")
    }

    /// Whether the host may show `key`.
    pub(super) fn judge(&self, key: &[u8]) -> Verdict {
        let shown = describe(key);
        if let Some((_, place)) = self.revoked.iter().find(|(it, _)| it.bytes == key) {
            return Verdict::Wrong(format!("it shows {shown}, which {place} revokes"));
        }
        if self.trusted.iter().any(|(it, _)| it.bytes == key) {
            return Verdict::Known;
        }
        let kind = kind_of(key);
        let other = self
            .trusted
            .iter()
            .find(|(it, _)| Some(&it.kind) == kind.as_ref())
            .or_else(|| self.trusted.first());
        if let Some((other, place)) = other {
            return Verdict::Wrong(format!(
                "it shows {shown}, but {place} says {}",
                describe(&other.bytes)
            ));
        }
        let mut reason = format!("`{}` shows {shown}", self.host);
        if let Some(place) = &self.authority {
            reason.push_str(&format!(
                " ({place} names a certificate authority for it; host certificates are not checked, so its plain key has to be listed)"
            ));
        }
        Verdict::New(reason)
    }

    /// Writes `key` down as the host's.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn add(&self, key: &[u8]) -> Result<(), NoWay> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let Some(path) = &self.file else {
            return Ok(());
        };
        let Some(kind) = kind_of(key) else {
            return Err(NoWay::new(
                Refusal::UnknownHostKey,
                "the server's host key has no type",
            ));
        };
        let write = || -> io::Result<()> {
            if let Some(directory) = path.parent().filter(|parent| !parent.exists()) {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(directory)?;
            }
            let mut file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)?;
            let mut line = format!("{} {kind} {}\n", self.host, STANDARD.encode(key));
            if file.metadata()?.is_file() && file.metadata()?.len() > 0 {
                // A last line without its newline must not swallow ours.
                let mut last = [0];
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    line.insert(0, '\n');
                }
            }
            file.write_all(line.as_bytes())
        };
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        write().map_err(|error| {
            NoWay::new(
                Refusal::Configuration,
                format!(
                    "the new host key cannot be written to `{}`: {error}",
                    path.display()
                ),
            )
        })
    }
}

impl Key {
    fn parse(kind: &str, text: &str) -> Option<Self> {
        // A key that says another type than its line does is a damaged line.
        let bytes = STANDARD
            .decode(text)
            .or_else(|_| STANDARD_NO_PAD.decode(text))
            .ok()?;
        (kind_of(&bytes)? == kind).then(|| Self {
            kind: kind.to_owned(),
            bytes,
        })
    }
}

/// The type that the key itself says: its first field, with a length of four bytes before it.
fn kind_of(key: &[u8]) -> Option<String> {
    let (length, rest) = key.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let kind = std::str::from_utf8(rest.get(..length)?).ok()?;
    kind.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then(|| kind.to_owned())
}

/// A key as `ssh-keygen -l` shows it.
fn describe(key: &[u8]) -> String {
    let fingerprint = STANDARD_NO_PAD.encode(Sha256::digest(key));
    let kind = kind_of(key).unwrap_or_else(|| "unknown".to_owned());
    format!("{kind} SHA256:{fingerprint}")
}

/// Whether the first field of a line means `host`.
fn matches(field: &str, host: &str) -> bool {
    if let Some(hashed) = field.strip_prefix("|1|") {
        return matches_hash(hashed, host).unwrap_or(false);
    }
    let mut found = false;
    for pattern in field.split(',') {
        let (negated, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern),
        };
        if like(&pattern.to_lowercase(), host) {
            if negated {
                return false;
            }
            found = true;
        }
    }
    found
}

fn matches_hash(hashed: &str, host: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&STANDARD.decode(salt).ok()?).ok()?;
    mac.update(host.as_bytes());
    Some(mac.verify_slice(&STANDARD.decode(hash).ok()?).is_ok())
}

/// Whether `text` has the shape of `pattern`, in which `*` is any text and `?` any character.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nothing_known(host: &str) -> KnownHosts {
        KnownHosts {
            host: host.to_owned(),
            trusted: Vec::new(),
            revoked: Vec::new(),
            authority: None,
            file: None,
        }
    }

    proptest! {
        #[test]
        fn nonsense_is_passed_over(
            content in prop::collection::vec(any::<u8>(), 0..200),
            line in "(@revoked |@cert-authority )?(h|\\*|\\|1\\|[a-zA-Z=|]{0,9}),? ssh-[a-z]{0,5} [A-Za-z+/=]{0,40}",
        ) {
            let mut known = nothing_known("h");
            known.take(&content, "file");
            known.take(line.as_bytes(), "file");
            let _ = known.judge(&content);
        }

        #[test]
        fn a_star_stands_for_anything(start in "[a-c.]{0,5}", middle in "[a-c.]{0,5}", end in "[a-c.]{0,5}") {
            let text = format!("{start}{middle}{end}");
            let pattern = format!("{start}*{end}");
            prop_assert!(like(&pattern, &text));
        }
    }

    #[test]
    fn patterns_are_anchored() {
        assert!(like("a?c", "abc"));
        assert!(like("*", ""));
        assert!(like("*.example", "a.b.example"));
        assert!(!like("a", "ab"));
        assert!(!like("?", ""));
        assert!(!like("*.example", "example"));
    }
}
