//! What the operator should know of the files that a script is made of, before it is run.

use std::path::Path;

use super::progress::harmless;
use crate::script::{Loaded, ejected};

/// The site's own file, where there is one.
const SITE: &str = "site.rhai";

/// Prints which files were ejected whose originals have changed since.
pub fn outdated(loaded: &Loaded) {
    for warning in loaded.origins.iter().filter_map(ejected::outdated) {
        eprintln!("warning: {}", harmless(&warning));
    }
}

/// Prints all of it.
pub fn print(loaded: &Loaded) {
    outdated(loaded);
    let file = loaded.origins.iter().find(|origin| loaded.is_site(origin));
    match (file, &loaded.site) {
        (Some(file), Some(hooks)) => {
            let hooks = match hooks.as_slice() {
                [] => String::new(),
                hooks => format!(", with {}", hooks.join(", ")),
            };
            eprintln!(
                "{}",
                harmless(&format!("the site's own file is {}{hooks}", file.name))
            );
        }
        // Whoever wrote one here expects that it is used.
        _ if is_left_aside(loaded) => eprintln!(
            "warning: {SITE} in this directory is not used, for the script is not in it: `--lib .` has it used"
        ),
        _ => {}
    }
}

/// Prints which file of the site is followed where no script is run, if one is.
pub fn followed(file: Option<&str>) {
    if let Some(file) = file {
        eprintln!("{}", harmless(&format!("the site's own file is {file}")));
    }
}

/// Whether the working directory has a site's own file that the script does not see.
fn is_left_aside(loaded: &Loaded) -> bool {
    let is_itself = |name: &str| Path::new(name).file_name() == Some(SITE.as_ref());
    Path::new(SITE).exists() && !loaded.origins.iter().any(|origin| is_itself(&origin.name))
}
