//! `etcdctl get`, `put` and `del` of API 3.

use base64::Engine as _;
use serde_json::{Value, json};

use super::v3::{Request, header, serving, silent};
use super::{flush, with_group};
use crate::transport::sim::etcd::{Group, Written};
use crate::transport::sim::process::{Ended, Process};

pub(super) fn get(process: &Process<'_>, request: &Request, key: &str) -> Ended {
    let Some((group_key, id)) = serving(process, request) else {
        return silent(process);
    };
    let limit = request
        .option("--limit")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|limit| *limit > 0);
    let keys_only = request.has("--keys-only");
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let text = with_group(process, group_key, |group| {
        let all: Vec<_> = group.store.range(key, request.has("--prefix")).collect();
        let shown = &all[..limit.map_or(all.len(), |limit| limit.min(all.len()))];
        if request.has("--count-only") || request.is_json() {
            let kvs: Vec<Value> = shown
                .iter()
                .map(|(key, value)| {
                    let mut entry = json!({"key": encode(key), "create_revision": value.created, "mod_revision": value.modified, "version": value.version});
                    if !keys_only {
                        entry["value"] = encode(&value.value).into();
                    }
                    entry
                })
                .collect();
            let mut answer = json!({"header": header(group, id)});
            if !kvs.is_empty() && !request.has("--count-only") {
                answer["kvs"] = kvs.into();
            }
            if all.len() > shown.len() {
                answer["more"] = true.into();
            }
            // A count of 0 is left out.
            if !all.is_empty() {
                answer["count"] = all.len().into();
            }
            return format!("{answer}\n");
        }
        let mut text = String::new();
        for (key, value) in shown {
            if keys_only {
                text.push_str(&format!("{key}\n\n"));
            } else if request.has("--print-value-only") {
                text.push_str(&format!("{}\n", value.value));
            } else {
                text.push_str(&format!("{key}\n{}\n", value.value));
            }
        }
        text
    });
    process.write(text.unwrap_or_default())?;
    Ok(0)
}

pub(super) fn put(process: &Process<'_>, request: &Request, key: &str, value: &str) -> Ended {
    write(process, request, "OK", |group| group.put(key, value))
}

pub(super) fn del(process: &Process<'_>, request: &Request, key: &str) -> Ended {
    let prefix = request.has("--prefix");
    write(process, request, "", |group| group.remove(key, prefix))
}

fn write(
    process: &Process<'_>,
    request: &Request,
    said: &str,
    change: impl FnOnce(&mut Group) -> Written,
) -> Ended {
    let Some((key, id)) = serving(process, request) else {
        return silent(process);
    };
    let done = with_group(process, key, |group| (change(group), header(group, id)));
    flush(process, key)?;
    match done {
        Some((Written::Kept { removed, .. }, header)) => {
            if request.is_json() {
                let mut answer = json!({"header": header});
                if removed > 0 {
                    answer["deleted"] = removed.into();
                }
                process.line(answer)?;
            } else if said.is_empty() {
                process.line(removed)?;
            } else {
                process.line(said)?;
            }
            Ok(0)
        }
        // The log has it, the data does not: nobody answers.
        _ => silent(process),
    }
}
