//! Logging in: agent, key files, password, keyboard-interactive.
//!
//! As OpenSSH does it, with one difference: a key that the operator named is tried before the
//! agent's other keys, because a server hangs up after six wrong ones.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh2::{KeyboardInteractivePrompt, Prompt as Question};

use super::super::Refusal;
use super::dial::{Deadline, Way};
use super::target::{Agent, Target, home};
use super::{NoWay, Options};

/// Tried where the operator named no key.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Logs in on `way`.
///
/// # Errors
/// [`Refusal::Login`] with everything that was tried.
pub(super) fn login(
    way: &mut Way,
    target: &Target,
    options: &Options,
    deadline: &Deadline,
) -> Result<(), NoWay> {
    let mut login = Login {
        way,
        target,
        options,
        deadline: deadline.again(),
        tried: Vec::new(),
    };
    let named = target.keys.clone();
    if login.agent(&named, true)? || login.files(&named)? {
        return Ok(());
    }
    if !target.only_named_keys && login.agent(&named, false)? {
        return Ok(());
    }
    if named.is_empty() {
        let defaults: Vec<PathBuf> = DEFAULT_KEYS
            .iter()
            .map(|name| home().join(".ssh").join(name))
            .filter(|path| path.exists())
            .collect();
        if login.files(&defaults)? {
            return Ok(());
        }
    }
    login.passwords()
}

struct Login<'a> {
    way: &'a mut Way,
    target: &'a Target,
    options: &'a Options,
    deadline: Deadline,
    tried: Vec<String>,
}

impl Login<'_> {
    /// The end of an attempt: true if we are in, false if another may be made.
    fn outcome(&mut self, what: String, result: Result<(), ssh2::Error>) -> Result<bool, NoWay> {
        match result {
            Ok(()) => Ok(true),
            Err(error) => {
                self.tried.push(format!("{what} ({})", error.message()));
                match error.code() {
                    // The connection is gone: "socket send", "disconnect", "timeout", "recv".
                    ssh2::ErrorCode::Session(-7 | -9 | -13 | -43) => Err(self.refused()),
                    _ => Ok(false),
                }
            }
        }
    }

    fn refused(&self) -> NoWay {
        let tried = if self.tried.is_empty() {
            "there is no key, agent or password to try".to_owned()
        } else {
            format!("tried {}", self.tried.join(", "))
        };
        NoWay::new(
            Refusal::Login,
            format!("user `{}`: {tried}", self.target.user),
        )
    }

    /// Tries the agent's keys: those that are among `named`, or those that are not.
    fn agent(&mut self, named: &[PathBuf], among: bool) -> Result<bool, NoWay> {
        let reachable = match &self.target.agent {
            Agent::Environment => {
                std::env::var_os("SSH_AUTH_SOCK").is_some_and(|path| !path.is_empty())
            }
            Agent::At(_) => true,
            Agent::None => false,
        };
        if !reachable || (among && named.is_empty()) {
            return Ok(false);
        }
        let Ok(mut agent) = self.way.session.agent() else {
            return Ok(false);
        };
        if let Agent::At(path) = &self.target.agent
            && agent.set_identity_path(path).is_err()
        {
            return Ok(false);
        }
        if let Err(error) = agent.connect().and_then(|()| agent.list_identities()) {
            if among || named.is_empty() {
                self.tried.push(format!("the agent ({})", error.message()));
            }
            return Ok(false);
        }
        let identities = agent.identities().unwrap_or_default();
        let public: Vec<Vec<u8>> = named.iter().filter_map(|key| public_bytes(key)).collect();
        for identity in identities {
            if public.iter().any(|key| key == identity.blob()) != among {
                continue;
            }
            let deadline = self.deadline.again();
            let user = &self.target.user;
            let result = self
                .way
                .drive(&deadline, |_| agent.userauth(user, &identity));
            let what = format!("the agent's key `{}`", identity.comment());
            if self.outcome(what, result)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries key files, each with its certificate first, if it has one.
    fn files(&mut self, keys: &[PathBuf]) -> Result<bool, NoWay> {
        for key in keys {
            let mut passphrase = None;
            if is_encrypted(key) {
                let what = format!("passphrase of `{}`", key.display());
                passphrase = self.options.ask.secret(&what);
                if passphrase.is_none() {
                    self.tried
                        .push(format!("key `{}` (no passphrase given)", key.display()));
                    continue;
                }
            }
            let mut certificates = self.target.certificates.clone();
            certificates.extend(Some(beside(key, "-cert.pub")).filter(|path| path.exists()));
            let public = beside(key, ".pub");
            // Without it, libssh2 derives it from the private one, by reading that twice.
            let public = public_bytes(key).is_some().then_some(public.as_path());
            let named = certificates.iter().map(|path| Some(path.as_path()));
            for (number, public) in named.chain([public]).enumerate() {
                let deadline = self.deadline.again();
                let user = &self.target.user;
                let result = self.way.drive(&deadline, |session| {
                    session.userauth_pubkey_file(user, public, key, passphrase.as_deref())
                });
                let mut what = format!("key `{}`", key.display());
                if let Some(path) = certificates.get(number) {
                    what = format!("certificate `{}`", path.display());
                }
                // LIBSSH2_ERROR_FILE, or a failed signature: the private key could not be read.
                if let (Some(_), Err(error)) = (&passphrase, &result)
                    && let ssh2::ErrorCode::Session(-16 | -19) = error.code()
                {
                    self.tried.push(format!("{what} (wrong passphrase)"));
                    break;
                }
                if self.outcome(what, result)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Tries the password, in both ways that servers ask for one.
    fn passwords(&mut self) -> Result<(), NoWay> {
        let deadline = self.deadline.again();
        let user = self.target.user.clone();
        let methods = self.way.drive(&deadline, |session| {
            session.auth_methods(&user).map(str::to_owned)
        });
        let methods = match methods {
            Ok(methods) => methods,
            Err(_) if self.way.session.authenticated() => return Ok(()),
            Err(error) => {
                self.tried.push(format!("nothing else ({error})"));
                return Err(self.refused());
            }
        };
        let has = |name: &str| methods.split(',').any(|method| method == name);
        if has("password") || has("keyboard-interactive") {
            let what = format!("password of `{user}` on `{}`", self.target.name);
            let password = match &self.target.password {
                Some(password) => Some(password.clone()),
                None => self.options.ask.secret(&what),
            };
            let Some(password) = password else {
                self.tried.push("password (none given)".to_owned());
                return Err(self.refused());
            };
            if has("password") {
                let deadline = self.deadline.again();
                let result = self.way.drive(&deadline, |session| {
                    session.userauth_password(&user, &password)
                });
                if self.outcome("password".to_owned(), result)? {
                    return Ok(());
                }
            }
            if has("keyboard-interactive") {
                let mut answers = Answers {
                    password: Some(password),
                    options: self.options,
                    host: &self.target.name,
                };
                let deadline = self.deadline.again();
                let result = self.way.drive(&deadline, |session| {
                    session.userauth_keyboard_interactive(&user, &mut answers)
                });
                if self.outcome("keyboard-interactive".to_owned(), result)? {
                    return Ok(());
                }
            }
        }
        self.tried
            .push(format!("and the server accepts only {methods}"));
        Err(self.refused())
    }
}

/// Answers a server's questions: the first hidden one with the password, others by asking.
struct Answers<'a> {
    password: Option<String>,
    options: &'a Options,
    host: &'a str,
}

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt(&mut self, _user: &str, _instructions: &str, questions: &[Question]) -> Vec<String> {
        questions
            .iter()
            .map(|question| {
                if !question.echo
                    && let Some(password) = self.password.take()
                {
                    return password;
                }
                // What a server writes is untrusted text.
                let text: String = question.text.chars().filter(|c| !c.is_control()).collect();
                let what = format!("answer to `{}` of `{}`", text.trim(), self.host);
                self.options.ask.secret(&what).unwrap_or_default()
            })
            .collect()
    }
}

/// `key` with `ending` after its name.
fn beside(key: &Path, ending: &str) -> PathBuf {
    let mut path = key.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The public key beside a private one, as the bytes that go over the wire.
fn public_bytes(key: &Path) -> Option<Vec<u8>> {
    let text = std::fs::read_to_string(beside(key, ".pub")).ok()?;
    STANDARD.decode(text.split_ascii_whitespace().nth(1)?).ok()
}

/// Whether a private key needs a passphrase, by its header: libssh2 reports a missing passphrase,
/// a wrong one and a damaged file alike.
fn is_encrypted(key: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(key) else {
        return false;
    };
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return true;
    }
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    // "openssh-key-v1", a zero, then the cipher's name with its length before it.
    STANDARD.decode(body.trim()).is_ok_and(|bytes| {
        bytes
            .strip_prefix(b"openssh-key-v1\0")
            .is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
    })
}
