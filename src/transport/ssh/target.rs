//! Who is meant, and how to get there: inventory, OpenSSH configuration and defaults together.
//!
//! What the inventory says wins over `ansible_ssh_common_args`, and that over the files, as it is
//! when Ansible calls `ssh`.

use std::path::{Path, PathBuf};

use super::super::{Connection, Refusal};
use super::config::{self, Files, Settings};
use super::{NoWay, Options};

/// Jump hosts behind jump hosts, so many at most.
const HOPS: usize = 8;

/// One host to dial, fully resolved.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The inventory name, for messages.
    pub(super) name: String,
    /// What to dial.
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) proxy: Proxy,
    /// The name that known_hosts has it under, if another than the address.
    pub(super) host_key_alias: Option<String>,
    /// Private keys the operator named.
    pub(super) keys: Vec<PathBuf>,
    /// Whether only those may be tried.
    pub(super) only_named_keys: bool,
    /// Certificates for the keys, besides `KEY-cert.pub`.
    pub(super) certificates: Vec<PathBuf>,
    pub(super) agent: Agent,
    pub(super) password: Option<String>,
    /// Read in this order; new keys go to the first.
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) accept_new_host_keys: bool,
}

/// What stands between us and a host.
#[derive(Debug, Clone)]
pub(super) enum Proxy {
    None,
    /// Another SSH server.
    Jump(Box<Target>),
    /// A command whose standard input and output lead there.
    Command(String),
}

/// Where the SSH agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Agent {
    /// Where `SSH_AUTH_SOCK` says.
    Environment,
    At(PathBuf),
    None,
}

impl Target {
    /// Puts together what `connection`, the configuration files and the defaults say.
    ///
    /// # Errors
    /// A configuration that cannot be followed, with its place.
    pub(super) fn resolve(connection: &Connection, options: &Options) -> Result<Self, NoWay> {
        let mut settings = Settings::default();
        let mut set = |keyword: &str, value: Option<String>| {
            if let Some(value) = value {
                settings.set(keyword, &[value]);
            }
        };
        set("port", connection.port.map(|port| port.to_string()));
        set("user", connection.user.clone());
        let key = connection.private_key.as_ref();
        set("identityfile", key.map(|key| key.display().to_string()));
        let file = arguments(&connection.ssh_arguments, &mut settings)?;
        let files = match file.or_else(|| options.ssh_config.clone()) {
            Some(file) => Files::Only(file),
            None => Files::Default,
        };
        let mut resolver = Resolver { options, files };
        // Only what the inventory names has to be there: files in ~/.ssh/config may not.
        for key in settings.all("identityfile") {
            let key = expand(key, &[])?;
            if key.eq_ignore_ascii_case("none") {
                continue;
            }
            if let Err(error) = std::fs::File::open(&key) {
                return Err(wrong(format!(
                    "the key file `{key}` cannot be read: {error}"
                )));
            }
        }
        let mut target = resolver.host(&connection.address, settings, 0)?;
        target.name.clone_from(&connection.name);
        target.password.clone_from(&connection.password);
        Ok(target)
    }
}

fn wrong(reason: impl Into<String>) -> NoWay {
    NoWay::new(Refusal::Configuration, reason)
}

struct Resolver<'a> {
    options: &'a Options,
    files: Files,
}

impl Resolver<'_> {
    fn host(
        &mut self,
        original: &str,
        mut settings: Settings,
        hops: usize,
    ) -> Result<Target, NoWay> {
        config::read(&self.files, original, &mut settings)?;
        let address = match settings.get("hostname") {
            Some(name) => expand(name, &[('h', original)])?,
            None => original.to_owned(),
        };
        let port = settings.get("port").unwrap_or("22");
        let port: u16 = port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| wrong(format!("`{port}` is no port")))?;
        let local = super::target::login_name();
        let user = settings.get("user").unwrap_or(&local).to_owned();
        let port_text = port.to_string();
        let home = home().display().to_string();
        let tokens = [
            ('h', address.as_str()),
            ('n', original),
            ('p', &port_text),
            ('r', &user),
            ('u', &local),
            ('d', &home),
            ('k', settings.get("hostkeyalias").unwrap_or(original)),
        ];
        let paths = |keyword: &str| -> Result<Vec<PathBuf>, NoWay> {
            settings
                .all(keyword)
                .iter()
                .filter(|text| !text.eq_ignore_ascii_case("none"))
                .map(|text| expand(text, &tokens).map(PathBuf::from))
                .collect()
        };
        let proxy = self.proxy(&settings, &tokens, hops)?;
        let existing = |paths: Vec<PathBuf>| paths.into_iter().filter(|path| path.exists());
        let agent = match settings.get("identityagent") {
            None | Some("SSH_AUTH_SOCK") => Agent::Environment,
            Some("none") => Agent::None,
            Some(path) => match path.strip_prefix('$').filter(|it| !it.starts_with('{')) {
                Some(name) => std::env::var_os(name).map_or(Agent::None, |it| Agent::At(it.into())),
                None => Agent::At(expand(path, &tokens)?.into()),
            },
        };
        let strict = settings.get("stricthostkeychecking").unwrap_or("yes");
        Ok(Target {
            name: original.to_owned(),
            proxy,
            host_key_alias: settings.get("hostkeyalias").map(str::to_owned),
            keys: existing(paths("identityfile")?).collect(),
            only_named_keys: settings.get("identitiesonly") == Some("yes"),
            certificates: existing(paths("certificatefile")?).collect(),
            agent,
            password: None,
            known_hosts: match &self.options.known_hosts {
                Some(path) => vec![path.clone()],
                None => {
                    let or_default = |keyword: &str, defaults: [&str; 2]| {
                        if settings.all(keyword).is_empty() {
                            Ok(defaults.map(|it| PathBuf::from(expand_home(it))).to_vec())
                        } else {
                            paths(keyword)
                        }
                    };
                    let mut files = or_default(
                        "userknownhostsfile",
                        ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"],
                    )?;
                    files.extend(or_default(
                        "globalknownhostsfile",
                        ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
                    )?);
                    files
                }
            },
            // `no` accepts changed keys too, when `ssh` reads it. We never do.
            accept_new_host_keys: self.options.accept_new_host_keys
                || matches!(strict, "no" | "off" | "accept-new"),
            address,
            port,
            user,
        })
    }

    fn proxy(
        &mut self,
        settings: &Settings,
        tokens: &[(char, &str)],
        hops: usize,
    ) -> Result<Proxy, NoWay> {
        let is_none = |text: &str| text.eq_ignore_ascii_case("none");
        if let Some(command) = settings.get("proxycommand").filter(|it| !is_none(it)) {
            return Ok(Proxy::Command(expand(command, tokens)?));
        }
        match settings.get("proxyjump").filter(|it| !is_none(it)) {
            Some(jumps) => {
                let jumps = expand(jumps, tokens)?;
                Ok(Proxy::Jump(Box::new(self.jump(&jumps, hops)?)))
            }
            None => Ok(Proxy::None),
        }
    }

    /// The last of `jumps`, reached through those before it.
    fn jump(&mut self, jumps: &str, hops: usize) -> Result<Target, NoWay> {
        if hops == HOPS {
            return Err(wrong(format!(
                "more than {HOPS} jump hosts in a row: does `ProxyJump` name itself?"
            )));
        }
        let (before, last) = match jumps.rsplit_once(',') {
            Some((before, last)) => (Some(before), last),
            None => (None, jumps),
        };
        let last = last.strip_prefix("ssh://").unwrap_or(last);
        let mut settings = Settings::default();
        let (user, place) = match last.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, last),
        };
        let (host, port) = split_port(place);
        if host.is_empty() {
            return Err(wrong(format!("`ProxyJump {jumps}` names no host")));
        }
        for (keyword, value) in [("user", user), ("port", port), ("proxyjump", before)] {
            if let Some(value) = value {
                settings.set(keyword, &[value.to_owned()]);
            }
        }
        self.host(host, settings, hops + 1)
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address.
fn split_port(place: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = place
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (host, rest.strip_prefix(':'));
    }
    match place.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (place, None),
    }
}

/// Takes in OpenSSH client arguments; returns the file that `-F` names.
fn arguments(words: &[String], settings: &mut Settings) -> Result<Option<PathBuf>, NoWay> {
    const FLAGS: &str = "46AaCfGgKkMNnqsTtVvXxYy";
    let mut file = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut letters = word.chars();
        let (Some('-'), Some(letter)) = (letters.next(), letters.next()) else {
            return Err(wrong(format!("`{word}` in the ssh arguments is no option")));
        };
        let rest = letters.as_str();
        if FLAGS.contains(letter) {
            if rest.chars().all(|it| FLAGS.contains(it)) {
                continue;
            }
            return Err(wrong(format!(
                "`{word}` in the ssh arguments is not understood"
            )));
        }
        let value = if rest.is_empty() {
            words
                .next()
                .ok_or_else(|| wrong(format!("`{word}` in the ssh arguments lacks its value")))?
                .clone()
        } else {
            rest.to_owned()
        };
        match letter {
            'o' => {
                let (keyword, value) = value
                    .split_once(|c: char| c == '=' || c.is_whitespace())
                    .ok_or_else(|| wrong(format!("`-o {value}` lacks its value")))?;
                let value = value.trim_start_matches(['=', ' ']);
                let keyword = keyword.to_lowercase();
                let lists = matches!(
                    keyword.as_str(),
                    "userknownhostsfile" | "globalknownhostsfile"
                );
                if lists {
                    let values: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
                    settings.set(&keyword, &values);
                } else {
                    let unquoted = value
                        .strip_prefix('"')
                        .and_then(|value| value.strip_suffix('"'));
                    settings.set(&keyword, &[unquoted.unwrap_or(value).to_owned()]);
                }
            }
            'i' => settings.set("identityfile", &[value]),
            'J' => settings.set("proxyjump", &[value]),
            'p' => settings.set("port", &[value]),
            'l' => settings.set("user", &[value]),
            // What concerns forwarding, terminals and logs does not concern us.
            'F' if value == "none" => file = Some(PathBuf::from("/dev/null")),
            'F' => file = Some(PathBuf::from(expand_home(&value))),
            'B' | 'b' | 'c' | 'D' | 'E' | 'e' | 'I' | 'L' | 'm' | 'O' | 'R' | 'S' | 'W' | 'w' => {}
            _ => {
                return Err(wrong(format!(
                    "`{word}` in the ssh arguments is not understood"
                )));
            }
        }
    }
    Ok(file)
}

/// `text` with `~`, `${NAME}` and `%` tokens replaced.
fn expand(text: &str, tokens: &[(char, &str)]) -> Result<String, NoWay> {
    let text = expand_home(text);
    let mut result = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' => match rest.next() {
                Some('%') => result.push('%'),
                Some(token) => match tokens.iter().find(|(name, _)| *name == token) {
                    Some((_, value)) => result.push_str(value),
                    None => {
                        return Err(wrong(format!("`%{token}` in `{text}` is not supported")));
                    }
                },
                None => return Err(wrong(format!("`{text}` ends with a single `%`"))),
            },
            '$' if rest.as_str().starts_with('{') => {
                let name: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                match std::env::var(&name) {
                    Ok(value) => result.push_str(&value),
                    Err(_) => {
                        return Err(wrong(format!(
                            "`{text}`: `{name}` is not in the environment"
                        )));
                    }
                }
            }
            c => result.push(c),
        }
    }
    Ok(result)
}

fn expand_home(text: &str) -> String {
    match text.strip_prefix("~/") {
        Some(rest) => Path::join(&home(), rest).display().to_string(),
        None => text.to_owned(),
    }
}

/// The operator's home directory.
pub(super) fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/root"))
}

/// The operator's own login name, which is the default one there.
pub(super) fn login_name() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "root".to_owned())
}
