//! `yumdownloader`, `yum-config-manager`, `subscription-manager repos`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Request;
use crate::transport::sim::packages::{Package, Repository, repositories};
use crate::transport::sim::pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;

const MEGABYTE: u64 = 1 << 20;

/// `yumdownloader [--destdir=DIR] NAME...`: the newest of each.
pub fn yumdownloader(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut request = Request::read(process, argv)?;
    let mut names = std::mem::take(&mut request.words);
    names.insert(0, std::mem::take(&mut request.command));
    let available = super::available(process, &request)?;
    let directory = request
        .download_dir
        .clone()
        .unwrap_or_else(|| process.directory.clone());
    let mut status = 0;
    for name in names.iter().filter(|name| !name.is_empty()) {
        let mut newest: BTreeMap<String, Arc<Package>> = BTreeMap::new();
        for (package, _) in &available.packages {
            let spelled = package.is_called(name);
            let better = newest
                .get(&package.name)
                .is_none_or(|best| best.evr < package.evr);
            if spelled && better {
                newest.insert(package.name.clone(), Arc::clone(package));
            }
        }
        if newest.is_empty() {
            process.line(format_args!("No Match for argument {name}"))?;
            status = 1;
        }
        for package in newest.values() {
            store(process, package, &directory)?;
        }
    }
    Ok(status)
}

/// Puts the file of `package` into `directory`.
pub fn store(process: &Process<'_>, package: &Package, directory: &str) -> Result<(), Halt> {
    process.spend(Duration::from_millis(200 * package.size / MEGABYTE))?;
    let path = format!("{}/{}.rpm", process.path(directory), package.nevra());
    let by = process.actor();
    let done = process
        .here()
        .files
        .write(&path, Arc::clone(package.archive()), &by);
    if let Err(errno) = done {
        process.complain(format!("{path}: [Errno] {errno}\n"))?;
        return Err(Halt::Exit(1));
    }
    Ok(())
}

/// `yum-config-manager --enable|--disable ID...`: writes `enabled=` into the file that defines the id.
pub fn yum_config_manager(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let (mut enable, mut ids) = (None, Vec::new());
    for word in &argv[1..] {
        match word.as_str() {
            "--enable" => enable = Some(true),
            "--disable" => enable = Some(false),
            "-q" | "--quiet" => {}
            _ if word.starts_with('-') => {
                return process.unmodelled(format_args!("yum-config-manager {word}"));
            }
            _ => ids.push(word.clone()),
        }
    }
    let Some(enable) = enable else {
        return process.unmodelled("yum-config-manager without --enable or --disable");
    };
    for id in &ids {
        for repository in switch(process, id, enable)? {
            process.line(format_args!(
                "[{}]\nenabled = {}",
                repository.id,
                u8::from(enable)
            ))?;
        }
    }
    Ok(0)
}

/// `subscription-manager repos [--list...] [--enable=ID] [--disable=ID]`.
pub fn subscription_manager(process: &mut Process<'_>, argv: &[String]) -> Ended {
    if !process.is_root() {
        return process.fail(77, "This command requires root access to run.");
    }
    if argv.get(1).map(String::as_str) != Some("repos") {
        return process.unmodelled(argv.join(" "));
    }
    process.spend(Duration::from_secs(3))?;
    let manages = {
        let here = process.here();
        let conf = here.files.text("/etc/rhsm/rhsm.conf").unwrap_or_default();
        !conf
            .lines()
            .any(|line| line.replace(' ', "") == "manage_repos=0")
    };
    if !manages {
        process.line("Repositories disabled by configuration.")?;
        return Ok(0);
    }
    if !process.here().files.exists(REDHAT) {
        process.line("This system has no repositories available through subscriptions.")?;
        return Ok(0);
    }
    let mut status = 0;
    let mut said = Vec::new();
    let mut words = argv[2..].iter();
    while let Some(word) = words.next() {
        if word.starts_with("--list") {
            return list(process, word);
        }
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, value.to_owned()),
            None => (word.as_str(), words.next().cloned().unwrap_or_default()),
        };
        let enable = match key {
            "--enable" => true,
            "--disable" => false,
            other => return process.unmodelled(format_args!("subscription-manager repos {other}")),
        };
        let switched = switch(process, &value, enable)?;
        let known = switched.iter().filter(|one| one.file == REDHAT);
        let ids: Vec<String> = known.map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            status = 1;
            process.line(format_args!(
                "Error: '{value}' does not match a valid repository ID. Use \"subscription-manager repos --list\" to see valid repositories."
            ))?;
        }
        let state = if enable { "enabled" } else { "disabled" };
        said.extend(
            ids.iter()
                .map(|id| format!("Repository '{id}' is {state} for this system.")),
        );
    }
    for line in said {
        process.line(line)?;
    }
    Ok(status)
}

const REDHAT: &str = "/etc/yum.repos.d/redhat.repo";

fn list(process: &Process<'_>, which: &str) -> Ended {
    let all = repositories(&process.here().files);
    let mut text = "+----------------------------------------------------------+\n    Available Repositories in /etc/yum.repos.d/redhat.repo\n+----------------------------------------------------------+\n".to_owned();
    for one in all.iter().filter(|one| one.file == REDHAT) {
        if which == "--list-enabled" && !one.enabled || which == "--list-disabled" && one.enabled {
            continue;
        }
        text.push_str(&format!(
            "Repo ID:   {}\nRepo Name: {}\nRepo URL:  {}\nEnabled:   {}\n\n",
            one.id,
            one.name,
            one.url,
            u8::from(one.enabled)
        ));
    }
    process.write(text)?;
    Ok(0)
}

/// Writes `enabled=` for every repository whose id matches `id`; returns those.
fn switch(process: &Process<'_>, id: &str, enable: bool) -> Result<Vec<Repository>, Halt> {
    let by = process.actor();
    let mut here = process.here();
    let found: Vec<Repository> = repositories(&here.files)
        .into_iter()
        .filter(|one| pattern::matches(id, &one.id))
        .collect();
    for repository in &found {
        let text = here.files.text(&repository.file).unwrap_or_default();
        let new = switched(&text, &repository.id, enable);
        if let Err(errno) = here
            .files
            .write(&repository.file, Arc::new(new.into_bytes()), &by)
        {
            drop(here);
            process.complain(format!("{}: {errno}\n", repository.file))?;
            return Err(Halt::Exit(1));
        }
    }
    Ok(found)
}

/// `text` with `enabled` of the section `id` set.
fn switched(text: &str, id: &str, enable: bool) -> String {
    let header = format!("[{id}]");
    let (mut inside, mut done) = (false, false);
    let mut lines: Vec<String> = Vec::new();
    let setting = format!("enabled = {}", u8::from(enable));
    for line in text.lines() {
        if line.trim_start().starts_with('[') {
            if inside && !done {
                lines.push(setting.clone());
                done = true;
            }
            inside = line.trim() == header;
        }
        let is_key = line
            .split_once('=')
            .is_some_and(|(key, _)| key.trim() == "enabled");
        if inside && is_key {
            lines.push(setting.clone());
            done = true;
        } else {
            lines.push(line.to_owned());
        }
    }
    if inside && !done {
        lines.push(setting);
    }
    lines.join("\n") + "\n"
}
