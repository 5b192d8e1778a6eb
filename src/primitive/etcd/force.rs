//! `--force-new-cluster` on and off again, and the peer URL that it leaves behind.
//!
//! Left on, it throws the other members out at every start, so its removal is verified.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{changing, v3};
use super::conf::EtcdConf;
use super::{UNIT, health};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host, file, systemctl};
use crate::transport::Command;

const FLAG: &str = "--force-new-cluster";
const DROP_IN: &str = "temp.conf";
const SETTING: &str = "ETCD_FORCE_NEW_CLUSTER";

/// How etcd is told to make a new cluster of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forced {
    /// It is not.
    No,
    /// By a drop-in with the unit's own command and the flag.
    DropIn,
    /// By a line in `etcd.conf`, where the unit's command has no place for the flag.
    Setting,
}

/// Tells etcd to make a one-member cluster of its data when it starts next.
///
/// # Errors
/// `Refused` while etcd runs; `State` if neither way can be seen to be in force.
///
/// Source: OCP 3.9 Restoring etcd v2 data, step 4.
pub fn force_new_cluster(host: &Host, conf: &EtcdConf) -> Result<Change<Forced>> {
    let before = forced(host, conf)?;
    if before != Forced::No {
        return Ok(Change::between(before, before));
    }
    super::restore::stopped(host, "force a new cluster")?;
    let after = match unit_command(host)?.and_then(|command| with_flag(&command)) {
        Some(command) => {
            let text = format!("[Service]\nExecStart=\nExecStart={command}\n");
            systemctl::write_drop_in(host, UNIT, DROP_IN, &text)?;
            Forced::DropIn
        }
        None => {
            file::append_line(host, &conf.path, &format!("{SETTING}=true"))?;
            Forced::Setting
        }
    };
    let found = forced(host, conf)?;
    if found != after {
        let wanted = format!("{after:?}");
        return Err(Error::state(
            host.name(),
            format!("`{FLAG}`"),
            wanted,
            format!("{found:?}"),
        )
        .with_hint(format!("see `systemctl cat etcd` on `{}`", host.name())));
    }
    Ok(Change::between(before, after))
}

/// Takes `--force-new-cluster` away again, wherever it is, and sees that it is gone. The process
/// that runs keeps it until it is restarted: restart etcd after this.
///
/// # Errors
/// `State` if it is still there, for example in a drop-in of the site's own.
///
/// Source: OCP 3.9 Restoring etcd v2 data, step 7.
pub fn undo_force_new_cluster(host: &Host, conf: &EtcdConf) -> Result<Change<Forced>> {
    let before = forced(host, conf)?;
    systemctl::remove_drop_in(host, UNIT, DROP_IN)?;
    file::replace_line(host, &conf.path, &format!("^{SETTING}="), None)?;
    let after = forced(host, conf)?;
    if after != Forced::No {
        let hint = format!(
            "remove it by hand: see `systemctl cat etcd` on `{}`",
            host.name()
        );
        let subject = format!("`{FLAG}`");
        return Err(Error::state(host.name(), subject, "gone", "still there").with_hint(hint));
    }
    Ok(Change::between(before, after))
}

/// Starts etcd on data that is in place as a one-member cluster, takes the flag away again, restarts
/// it without, and gives the member its own peer URL.
///
/// Before and after are the peer URLs. Begun before and cut off, it goes on where it stopped.
///
/// # Errors
/// As [`force_new_cluster`], [`super::start`], [`undo_force_new_cluster`] and [`repair_peer_urls`].
///
/// Source: OCP 3.9 Restoring etcd v2 data, steps 4 to 8, and Fixing the peerURLs parameter.
pub fn start_forced(host: &Host, conf: &EtcdConf, within: Duration) -> Result<Change<Vec<String>>> {
    if !systemctl::is_active(host, UNIT)? {
        force_new_cluster(host, conf)?;
        super::restore::launch(host, conf, within)?;
    }
    undo_force_new_cluster(host, conf)?;
    if runs_forced(host)? {
        systemctl::restart(host, &[UNIT])?;
        health::wait_healthy(host, conf, &[], within)?;
    }
    repair_peer_urls(host, conf)
}

/// Whether the etcd that runs now was started with the flag, whatever its unit says since.
fn runs_forced(host: &Host) -> Result<bool> {
    let states = systemctl::show(host, &[UNIT])?;
    let Some(pid) = states
        .first()
        .map(|state| state.main_pid)
        .filter(|pid| *pid > 0)
    else {
        return Ok(false);
    };
    let process = format!("/proc/{pid}");
    let argv = [
        "cat",
        &format!("{process}/cmdline"),
        &format!("{process}/environ"),
    ]
    .map(str::to_owned);
    let shown = host.run(&Command::reads(argv))?.stdout;
    let shown = String::from_utf8_lossy(&shown);
    Ok(shown.split('\0').any(|word| {
        word == FLAG || word.starts_with(&format!("{FLAG}=")) || word == format!("{SETTING}=true")
    }))
}

/// What systemd would start, and what the configuration says.
pub(super) fn forced(host: &Host, conf: &EtcdConf) -> Result<Forced> {
    let command = Command::reads(["systemctl", "show", "-p", "ExecStart", "--", UNIT]);
    if host.run(&command)?.text().contains(FLAG) {
        return Ok(Forced::DropIn);
    }
    let values = super::conf::parse(&file::read(host, &conf.path)?);
    Ok(match values.get(SETTING).map(String::as_str) {
        None | Some("" | "false" | "0") => Forced::No,
        Some(_) => Forced::Setting,
    })
}

/// The last `ExecStart=` of the unit and its drop-ins, continued lines joined; nothing unless there
/// is exactly one in force.
fn unit_command(host: &Host) -> Result<Option<String>> {
    let output = host.run(&Command::reads(["systemctl", "cat", "--", UNIT]))?;
    Ok(last_command(&output.text()))
}

fn last_command(text: &str) -> Option<String> {
    let text = text.replace("\\\n", " ");
    let mut commands: Vec<&str> = Vec::new();
    for line in text.lines() {
        match line.trim().strip_prefix("ExecStart=").map(str::trim) {
            Some("") => commands.clear(),
            Some(command) => commands.push(command),
            None => {}
        }
    }
    match commands.as_slice() {
        [command] => Some((*command).to_owned()),
        _ => None,
    }
}

/// `command` with the flag: inside the closing quote of a shell's `-c "..."`, at the end of a
/// plain command; nothing where neither fits.
fn with_flag(command: &str) -> Option<String> {
    if let Some(inner) = command.strip_suffix('"') {
        return Some(format!("{inner} {FLAG}\""));
    }
    let program = command.split_whitespace().next()?;
    let plain = program
        .trim_start_matches(['-', '@', ':', '+', '!'])
        .ends_with("/etcd");
    (plain && !command.contains(['\'', '"', ';'])).then(|| format!("{command} {FLAG}"))
}

/// Gives the only member its peer URLs of `etcd.conf`, in place of the `localhost` that a forced
/// new cluster has; the others could not be added otherwise.
///
/// Before and after are the peer URLs.
///
/// # Errors
/// `State` if there are several members, or the URLs are not as wanted afterwards.
///
/// Source: OCP 3.9 Restoring etcd, Fixing the peerURLs parameter.
pub fn repair_peer_urls(host: &Host, conf: &EtcdConf) -> Result<Change<Vec<String>>> {
    let look = || -> Result<(String, Vec<String>)> {
        let members = health::members(host, conf)?;
        match members.as_slice() {
            [member] => Ok((member.id.clone(), member.peer_urls.clone())),
            several => {
                let found = several.len().to_string();
                Err(
                    Error::state(host.name(), "the members of etcd", "one", found)
                        .with_hint("repair the peer URL before any other member is added"),
                )
            }
        }
    };
    let (id, before) = look()?;
    if before == conf.peer_urls {
        return Ok(Change::between(before.clone(), before));
    }
    let urls = format!("--peer-urls={}", conf.peer_urls.join(","));
    host.run(&changing(v3(conf, &[], &["member", "update", &id, &urls])))?;
    let (_, after) = look()?;
    if after != conf.peer_urls {
        let (wanted, found) = (conf.peer_urls.join(","), after.join(","));
        let subject = format!("the peer URLs of member `{id}`");
        return Err(Error::state(host.name(), subject, wanted, found));
    }
    Ok(Change::between(before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_goes_where_etcd_reads_it() {
        let rhel = r#"/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\"${ETCD_NAME}\" --listen-client-urls=\"${ETCD_LISTEN_CLIENT_URLS}\"""#;
        let forced = with_flag(rhel).unwrap();
        assert!(
            forced.ends_with(r#"CLIENT_URLS}\" --force-new-cluster""#),
            "{forced}"
        );
        assert_eq!(
            with_flag("/usr/bin/etcd $DAEMON_ARGS").as_deref(),
            Some("/usr/bin/etcd $DAEMON_ARGS --force-new-cluster")
        );
        assert_eq!(with_flag("/bin/bash -c 'exec etcd'"), None);
        assert_eq!(with_flag("/usr/local/bin/etcd-wrapper.sh"), None);
    }

    #[test]
    fn the_command_in_force_is_the_last_after_a_reset() {
        let text = "# /usr/lib/x\n[Service]\nExecStart=/usr/bin/etcd \\\n  --a\n# /etc/y\n[Service]\nExecStart=\nExecStart=/opt/etcd\n";
        assert_eq!(last_command(text).as_deref(), Some("/opt/etcd"));
        assert_eq!(last_command("[Service]\nExecStart=\n"), None);
        let joined = last_command("ExecStart=/usr/bin/etcd \\\n  --a\n").unwrap();
        assert!(joined.starts_with("/usr/bin/etcd ") && joined.ends_with("--a"));
    }
}
