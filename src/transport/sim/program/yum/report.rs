//! What yum says of a transaction, and asks.

use super::Request;
use crate::transport::sim::packages::{Change, Problem};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;

pub(super) fn unresolved(process: &Process<'_>, problems: &[Problem]) -> Ended {
    for problem in problems {
        process.complain(format!(
            "Error: Package: {}\n           Requires: {}\n",
            problem.package, problem.requires
        ))?;
    }
    process.line(" You could try using --skip-broken to work around the problem")?;
    process.line(" You could try running: rpm -Va --nofiles --nodigest")?;
    Ok(1)
}

/// The groups of a transaction, with their titles in yum's words.
fn groups(changes: &[Change]) -> [(&'static str, Vec<&Change>); 4] {
    let is = |wanted: fn(&Change) -> bool| changes.iter().filter(|one| wanted(one)).collect();
    let newer = |change: &Change| {
        let new = change.new.as_ref().map(|(package, _)| &package.evr);
        new > change.old.as_ref().map(|package| &package.evr)
    };
    let (mut updates, mut downgrades): (Vec<&Change>, Vec<&Change>) = (Vec::new(), Vec::new());
    for change in changes
        .iter()
        .filter(|one| one.new.is_some() && one.old.is_some())
    {
        if newer(change) {
            updates.push(change)
        } else {
            downgrades.push(change)
        }
    }
    [
        ("Install", is(|one| one.old.is_none())),
        ("Upgrade", updates),
        ("Downgrade", downgrades),
        ("Remove", is(|one| one.new.is_none())),
    ]
}

pub(super) fn summary(process: &Process<'_>, changes: &[Change]) -> Result<(), Halt> {
    let mut text =
        "Resolving Dependencies\n--> Finished Dependency Resolution\n\nDependencies Resolved\n\n"
            .to_owned();
    let rule = "=".repeat(80);
    text.push_str(&format!("{rule}\n Package                       Arch     Version                 Repository\n{rule}\n"));
    for (title, group) in groups(changes)
        .iter()
        .filter(|(_, group)| !group.is_empty())
    {
        let title = match *title {
            "Install" => "Installing",
            "Upgrade" => "Updating",
            "Downgrade" => "Downgrading",
            _ => "Removing",
        };
        text.push_str(&format!("{title}:\n"));
        for change in group {
            let (package, from) = match (&change.new, &change.old) {
                (Some((package, from)), _) => (package, from.as_str()),
                (None, Some(package)) => (package, "installed"),
                (None, None) => continue,
            };
            text.push_str(&format!(
                " {:<29} {:<8} {:<23} {from}\n",
                package.name,
                package.arch,
                package.evr.to_string()
            ));
        }
    }
    text.push_str(&format!("\nTransaction Summary\n{rule}\n"));
    for (title, group) in groups(changes)
        .iter()
        .filter(|(_, group)| !group.is_empty())
    {
        text.push_str(&format!("{title:<9} {:>3} Packages\n", group.len()));
    }
    text.push('\n');
    process.write(text)
}

/// Whether the question is answered with yes.
pub(super) fn agreed(process: &Process<'_>, request: &Request) -> Result<bool, Halt> {
    if request.yes {
        return Ok(true);
    }
    process.write("Is this ok [y/d/N]: ")?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !request.no && process.read(&mut byte)? == 1 && byte[0] != b'\n' {
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer).trim().to_lowercase();
    if answer == "y" || answer == "yes" {
        return Ok(true);
    }
    process.line("Exiting on user command")?;
    process.line(
        "Your transaction was saved, rerun it with:\n yum load-transaction /tmp/yum_save_tx.yumtx",
    )?;
    Ok(false)
}

pub(super) fn closing(process: &Process<'_>, changes: &[Change]) -> Result<(), Halt> {
    let mut text = String::new();
    for (title, group) in groups(changes)
        .iter()
        .filter(|(_, group)| !group.is_empty())
    {
        let title = match *title {
            "Install" => "Installed",
            "Upgrade" => "Updated",
            "Downgrade" => "Downgraded",
            _ => "Removed",
        };
        text.push_str(&format!("\n{title}:\n"));
        for change in group {
            let package = change
                .new
                .as_ref()
                .map(|(package, _)| package)
                .or(change.old.as_ref());
            if let Some(package) = package {
                text.push_str(&format!(
                    "  {}.{} {}\n",
                    package.name, package.arch, package.evr
                ));
            }
        }
    }
    text.push('\n');
    process.write(text)
}
