//! `/etc/etcd/etcd.conf`: name, data directory, URLs, certificates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::primitive::file;

/// A member's configuration, as systemd reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdConf {
    /// The host it was read from.
    pub host: String,
    /// Where it was read from.
    pub path: String,
    /// `ETCD_NAME`.
    pub name: String,
    /// `ETCD_DATA_DIR` without a trailing slash.
    pub data_dir: String,
    /// `ETCD_DATA_DIR` with symbolic links resolved.
    pub real_data_dir: String,
    /// Whether a file system of its own is mounted there: it can then not be moved or removed.
    pub data_dir_is_mount: bool,
    /// `ETCD_ADVERTISE_CLIENT_URLS`: where this member is asked.
    pub client_urls: Vec<String>,
    /// `ETCD_INITIAL_ADVERTISE_PEER_URLS`: where the other members reach it.
    pub peer_urls: Vec<String>,
    /// The certificate authority for clients and peers, where TLS is used.
    pub ca_file: Option<String>,
    /// The peer certificate, which is a client certificate too.
    pub cert_file: Option<String>,
    /// Its key.
    pub key_file: Option<String>,
    /// All settings by name.
    pub values: BTreeMap<String, String>,
}

impl EtcdConf {
    /// Where RHEL's unit reads it.
    pub const PATH: &'static str = "/etc/etcd/etcd.conf";

    /// Reads the configuration of `host` from `path` (usually [`EtcdConf::PATH`]), with the facts
    /// of its data directory.
    ///
    /// # Errors
    /// `Command` if it cannot be read; `State` if a setting is missing or odd, or if it is the
    /// file that the package brings: with that one etcd starts as an empty, healthy cluster.
    ///
    /// Source: OCP 3.9 Downgrading, Restoring etcd: the configuration file.
    pub fn load(host: &Host, path: &str) -> Result<Self> {
        let values = parse(&file::read(host, path)?);
        let subject = |name: &str| format!("`{name}` in `{path}`");
        let hint = format!("put the site's own `{path}` back, from the evacuated copies");
        let required = |name: &str, found: &str| {
            Error::state(host.name(), subject(name), "a value", found).with_hint(&hint)
        };
        let text = |name: &str| values.get(name).filter(|value| !value.is_empty());
        let urls = |name: &str| -> Result<Vec<String>> {
            let value = text(name).ok_or_else(|| required(name, "none"))?;
            let urls: Vec<String> = value.split(',').map(|url| url.trim().to_owned()).collect();
            match urls.iter().find(|url| !is_url(url)) {
                Some(odd) => Err(required(name, &format!("`{}`", odd.escape_debug()))),
                None => Ok(urls),
            }
        };
        let name = text("ETCD_NAME").ok_or_else(|| required("ETCD_NAME", "none"))?;
        let word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.starts_with('-') || !name.chars().all(word) {
            return Err(required("ETCD_NAME", &format!("`{}`", name.escape_debug())));
        }
        let data_dir = text("ETCD_DATA_DIR").ok_or_else(|| required("ETCD_DATA_DIR", "none"))?;
        let data_dir = file::guard::plain(data_dir)?.to_owned();
        if data_dir.split('/').count() < 3 {
            return Err(required("ETCD_DATA_DIR", &data_dir));
        }
        if name == "default" || data_dir.ends_with("/default.etcd") {
            return Err(Error::state(
                host.name(),
                format!("`{path}`"),
                "the site's own configuration",
                "the one that the package brings, with which etcd starts empty",
            )
            .with_hint(hint));
        }
        // Before 3.x the authority was called ETCD_CA_FILE.
        let first = |names: &[&str]| names.iter().find_map(|name| text(name)).cloned();
        let (real_data_dir, data_dir_is_mount) = file::real_place(host, &data_dir)?;
        Ok(Self {
            host: host.name().to_owned(),
            path: path.to_owned(),
            name: name.clone(),
            data_dir_is_mount,
            data_dir,
            real_data_dir,
            client_urls: urls("ETCD_ADVERTISE_CLIENT_URLS")?,
            peer_urls: urls("ETCD_INITIAL_ADVERTISE_PEER_URLS")?,
            ca_file: first(&[
                "ETCD_PEER_TRUSTED_CA_FILE",
                "ETCD_PEER_CA_FILE",
                "ETCD_TRUSTED_CA_FILE",
                "ETCD_CA_FILE",
            ]),
            cert_file: first(&["ETCD_PEER_CERT_FILE", "ETCD_CERT_FILE"]),
            key_file: first(&["ETCD_PEER_KEY_FILE", "ETCD_KEY_FILE"]),
            values,
        })
    }

    /// The directory that holds the data itself.
    pub fn member_dir(&self) -> String {
        format!("{}/member", self.real_data_dir)
    }

    /// Refuses to `action` where etcd keeps its log apart from its data: a restore would leave the old log,
    /// and etcd would write its entries over the restored data.
    ///
    /// # Errors
    /// `Refused` if `ETCD_WAL_DIR` is set.
    pub(super) fn all_in_one_place(&self, action: &str) -> Result<()> {
        match self
            .values
            .get("ETCD_WAL_DIR")
            .filter(|dir| !dir.is_empty())
        {
            None => Ok(()),
            Some(dir) => {
                let reason = format!(
                    "its log is elsewhere: `ETCD_WAL_DIR={dir}` in `{}`",
                    self.path
                );
                Err(Error::refused(&self.host, action, reason).with_hint(format!(
                    "stop etcd, move the log to `{}/wal`, take the line out, start etcd, and run again",
                    self.member_dir()
                )))
            }
        }
    }

    /// `name=url` for each peer URL, as `--initial-cluster` wants it.
    pub fn initial_cluster(&self) -> String {
        initial_cluster([(self.name.as_str(), self.peer_urls.as_slice())])
    }

    /// A path beside the data on the same file system: beside the data directory, or inside it
    /// where it is a mount of its own.
    pub(super) fn beside(&self, what: &str, token: &str) -> String {
        if self.data_dir_is_mount {
            format!("{}/.ocpdg-{what}-{token}", self.real_data_dir)
        } else {
            format!("{}.ocpdg-{what}-{token}", self.real_data_dir)
        }
    }
}

/// `name=url,...` of several members.
pub(super) fn initial_cluster<'a>(
    members: impl IntoIterator<Item = (&'a str, &'a [String])>,
) -> String {
    members
        .into_iter()
        .flat_map(|(name, urls)| urls.iter().map(move |url| format!("{name}={url}")))
        .collect::<Vec<_>>()
        .join(",")
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]/".contains(&byte))
    })
}

/// The settings of an environment file as systemd reads it: comments, quotes, continued lines; the
/// last of several wins.
pub(crate) fn parse(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let joined = text.replace("\\\n", "");
    for line in joined.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let value = value.trim();
        let unquoted = ['"', '\'']
            .iter()
            .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
            .unwrap_or(value);
        values.insert(name.trim().to_owned(), unquoted.to_owned());
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_and_repetitions_are_read_as_systemd_does() {
        let values = parse(
            "# ETCD_NAME=no\nETCD_NAME=a\nETCD_NAME=\"b\"\n ETCD_X='c d'\nETCD_Y=\nnonsense\n;x=1\n",
        );
        let expected = [("ETCD_NAME", "b"), ("ETCD_X", "c d"), ("ETCD_Y", "")];
        let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(values, BTreeMap::from(expected));
    }

    #[test]
    fn urls_are_urls() {
        assert!(is_url("https://192.168.55.8:2379"));
        assert!(is_url("http://[::1]:2379"));
        assert!(!is_url("https://"));
        assert!(!is_url("--help"));
        assert!(!is_url("https://a b"));
    }
}
