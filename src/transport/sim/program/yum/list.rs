//! `yum list` and `yum repolist`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Request;
use crate::transport::sim::packages::Package;
use crate::transport::sim::process::{Ended, Process};

/// `yum list [installed|available|all] [PATTERN...]`.
pub fn list(process: &Process<'_>, request: &Request) -> Ended {
    let (which, patterns) = match request.words.split_first() {
        Some((word, rest)) if matches!(word.as_str(), "installed" | "available" | "all") => {
            (word.as_str(), rest)
        }
        _ => ("all", request.words.as_slice()),
    };
    let wanted = |package: &Package| {
        patterns.is_empty() || patterns.iter().any(|pattern| package.is_called(pattern))
    };
    let mut text = String::new();
    if which != "available" {
        let here = process.here();
        let found: Vec<(Arc<Package>, String)> = here
            .packages
            .installed
            .values()
            .filter(|one| wanted(&one.package))
            .map(|one| (Arc::clone(&one.package), format!("@{}", one.from)))
            .collect();
        table(&mut text, "Installed Packages", &found);
    }
    if which != "installed" {
        let mut found = super::available(process, request)?.packages;
        found.retain(|(package, _)| wanted(package));
        if !request.duplicates {
            let here = process.here();
            let mut newest: BTreeMap<String, (Arc<Package>, String)> = BTreeMap::new();
            for (package, from) in found {
                let better = newest
                    .get(&package.name)
                    .is_none_or(|(best, _)| best.evr < package.evr);
                let newer = here
                    .packages
                    .get(&package.name)
                    .is_none_or(|have| have.evr < package.evr);
                if better && newer {
                    newest.insert(package.name.clone(), (package, from));
                }
            }
            found = newest.into_values().collect();
        }
        found.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name).then_with(|| a.evr.cmp(&b.evr)));
        table(&mut text, "Available Packages", &found);
    }
    if text.is_empty() {
        return process.fail(1, "Error: No matching Packages to list");
    }
    process.write(text)?;
    Ok(0)
}

fn table(text: &mut String, title: &str, packages: &[(Arc<Package>, String)]) {
    if packages.is_empty() {
        return;
    }
    text.push_str(title);
    text.push('\n');
    for (package, from) in packages {
        let name = format!("{}.{}", package.name, package.arch);
        let version = package.evr.to_string();
        text.push_str(&format!("{name:<40} {version:<33} {from}\n"));
    }
}

/// `yum repolist [enabled|disabled|all]`.
pub fn repolist(process: &Process<'_>, request: &Request) -> Ended {
    let which = request.words.first().map_or("enabled", String::as_str);
    let mut text = String::new();
    let mut total = 0;
    {
        let state = process.cluster.state();
        let files = &state.machines[process.machine].files;
        let all = request.repositories(files);
        let shown = all.iter().filter(|one| match which {
            "all" => true,
            "disabled" => !one.enabled,
            _ => one.enabled,
        });
        for repository in shown {
            let size = repository.packages(&state.catalog).map_or(0, <[_]>::len);
            let id = format!("{}/7Server/x86_64", repository.id);
            let status = match (which, repository.enabled) {
                ("all", true) => format!("enabled: {size}"),
                ("all" | "disabled", false) => "disabled".to_owned(),
                _ => size.to_string(),
            };
            text.push_str(&format!("{id:<50} {:<40} {status}\n", repository.name));
            total += size;
        }
    }
    if !text.is_empty() {
        process.write(format!(
            "{:<50} {:<40} status\n{text}",
            "repo id", "repo name"
        ))?;
    }
    if !request.quiet {
        process.line(format_args!("repolist: {total}"))?;
    }
    Ok(0)
}
