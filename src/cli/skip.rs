//! `ocpdg resume --skip`: steps that count as done because somebody did them by hand.

use crate::error::{Error, Result};
use crate::journal::{OnHost, Standing, State, StepId};
use crate::procedure::{CONTROLLER, Question};

/// A step that is skipped on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The step.
    pub step: StepId,
    /// The host.
    pub host: String,
    /// Whether it returned something on other hosts, so that a script may ask for what it returned here.
    pub answers: bool,
}

/// The steps that `asked` means, each `STEP` or `STEP@HOST`, among those that are open in `standing`.
///
/// # Errors
/// One that is not open, with those that are.
pub fn meant(asked: &[String], standing: &Standing) -> Result<Vec<Skip>> {
    let open = open(standing);
    let mut found: Vec<Skip> = Vec::new();
    for wanted in asked {
        let (title, host) = match wanted.rsplit_once('@') {
            Some((title, host)) if known(standing, host) => (title, Some(host)),
            _ => (wanted.as_str(), None),
        };
        let meant = open.iter().filter(|skip| {
            (skip.step.title == title || skip.step.to_string() == title)
                && host.is_none_or(|host| skip.host == host)
        });
        let before = found.len();
        found.extend(meant.cloned());
        if found.len() == before {
            return Err(refused(wanted, title, host, standing));
        }
    }
    found.dedup();
    Ok(found)
}

/// Every step that is open, on every host that it is open on: begun and not done, or done on others while
/// this one was left out.
fn open(standing: &Standing) -> Vec<Skip> {
    let mut open = Vec::new();
    for (step, hosts) in &standing.steps {
        let answers = hosts
            .iter()
            .any(|on| matches!(&on.state, State::Finished(value) if !value.is_null()));
        let unknown = !hosts
            .iter()
            .any(|on| matches!(on.state, State::Finished(_)));
        let begun = hosts.iter().filter(|on| on.state.is_open());
        let without = standing.left_out.iter().filter(|host| {
            let is_for_hosts = hosts.iter().all(|on| on.host != CONTROLLER);
            is_for_hosts && !hosts.iter().any(|on| on.host == **host)
        });
        for host in begun.map(|on| &on.host).chain(without) {
            open.push(Skip {
                step: step.clone(),
                host: host.clone(),
                answers: answers || unknown,
            });
        }
    }
    open
}

fn known(standing: &Standing, host: &str) -> bool {
    let mut hosts = standing.steps.iter().flat_map(|(_, hosts)| hosts);
    hosts.any(|on| on.host == host) || standing.left_out.iter().any(|name| name == host)
}

fn refused(wanted: &str, title: &str, host: Option<&str>, standing: &Standing) -> Error {
    let of_title = |step: &StepId| step.title == title || step.to_string() == title;
    let reason = match standing.steps.iter().find(|(step, _)| of_title(step)) {
        None => "there is no such step on record".to_owned(),
        Some(_) => match host {
            Some(host) => format!("it is not open on `{host}`"),
            None => "it is not open".to_owned(),
        },
    };
    let list: Vec<String> = standing
        .open()
        .into_iter()
        .flat_map(|(step, hosts)| {
            let name = move |on: &OnHost| format!("'{step}@{}'", on.host);
            hosts.into_iter().map(name)
        })
        .collect();
    let hint = match list.is_empty() {
        true => "no step of this run is open".to_owned(),
        false => format!("open are {}", list.join(", ")),
    };
    Error::invalid(format!("`--skip {wanted}`"), reason).with_hint(hint)
}

/// The question whether `skips` are to count as done, because of `reason`.
pub fn question(skips: &[Skip], reason: &str) -> Question {
    let mut details: Vec<String> = skips
        .iter()
        .map(|skip| format!("`{}` on {}", skip.step, skip.host))
        .collect();
    details.push(format!("because: {reason}"));
    details.push("they are not done again, and nothing looks whether they were done".to_owned());
    if skips.iter().any(|skip| skip.answers) {
        details.push(
            "what they would have returned is `()`: a later step that asks for it fails, or does without"
                .to_owned(),
        );
    }
    Question {
        title: "Count these steps as done by hand?".to_owned(),
        hosts: Vec::new(),
        details,
    }
}
