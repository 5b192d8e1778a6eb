//! `ocpdg eject`: write the shipped scripts and the library out, to be edited.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Screen;
use crate::error::{Error, Result};
use crate::script::{ejected, shipped};

const AFTER: &str = "\
DIR gets the scripts, and the library below `ocp/`: what a script in it imports is found there first. A file that is there
and has been edited is never touched. One that was ejected before and not edited becomes what this ocpdg ships.

Each file ends with a line that says what it began as. After an upgrade of ocpdg, `run`, `check` and `show` tell which
of the originals have changed.

To change parameters, repositories, package lists or the directory of the copies, nothing has to be ejected: write a
`site.rhai` beside the script, or in a directory of `--lib` or $OCPDG_PATH. `ocpdg show SCRIPT` lists what it may define.";

/// `ocpdg eject`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct EjectArguments {
    /// The directory to write into; it is made if it is not there
    #[arg(value_name = "DIR", default_value = "ocpdg")]
    pub directory: PathBuf,
    /// Write only this file, such as `ocp/names` or `verify`; may be repeated
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
}

/// What became of a file.
enum Fate {
    Written,
    Renewed,
    Same,
    Edited,
}

/// Writes the files and says what became of each that was there.
pub fn eject(request: &EjectArguments) -> std::result::Result<(), Screen> {
    let chosen = chosen(&request.only)?;
    let (mut written, mut same) = (0, 0);
    for (name, text) in chosen {
        let path = request.directory.join(name);
        match place(&path, text)? {
            Fate::Written => written += 1,
            Fate::Same => same += 1,
            Fate::Renewed => println!("renewed: {}", path.display()),
            Fate::Edited => println!("left as it is, for it was edited: {}", path.display()),
        }
    }
    let plural = |count: usize| if count == 1 { "file" } else { "files" };
    println!(
        "{written} {} written to {}",
        plural(written),
        request.directory.display()
    );
    if same > 0 {
        println!("{same} {} there already, as shipped", plural(same));
    }
    Ok(())
}

/// The shipped files of these names, or all of them: where each goes, and its text.
fn chosen(names: &[String]) -> Result<Vec<(&'static str, &'static str)>> {
    let all = shipped::FILES.iter().map(|(path, text)| {
        let inside = path.split_once('/').map_or(*path, |(_, inside)| inside);
        (inside, *text)
    });
    let all: Vec<_> = all.collect();
    if names.is_empty() {
        return Ok(all);
    }
    let one = |name: &String| {
        let wanted = format!("{}.rhai", name.strip_suffix(".rhai").unwrap_or(name));
        let found = all.iter().find(|(inside, _)| *inside == wanted);
        found.copied().ok_or_else(|| {
            let names = all
                .iter()
                .map(|(inside, _)| inside.trim_end_matches(".rhai"));
            Error::invalid(format!("`--only {name}`"), "is no shipped file").with_hint(format!(
                "there are {}",
                names.collect::<Vec<_>>().join(", ")
            ))
        })
    };
    names.iter().map(one).collect()
}

fn place(path: &Path, text: &str) -> Result<Fate> {
    let failed = |error| Error::controller(format!("write `{}`", path.display()), error);
    let fate = match std::fs::read_to_string(path) {
        Ok(there) if ejected::without_mark(&there) == text => return Ok(Fate::Same),
        Ok(there) if !ejected::is_unedited(&there) => return Ok(Fate::Edited),
        Ok(_) => Fate::Renewed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Fate::Written,
        Err(error) => {
            let action = format!("read `{}`", path.display());
            return Err(Error::controller(action, error));
        }
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(directory).map_err(failed)?;
    // Whole or not at all: a script that was cut short would still parse.
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(ejected::marked(text).as_bytes())
        .map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(failed)?;
    let written = file.persist(path);
    written.map_err(|error| failed(error.error))?;
    Ok(fate)
}
