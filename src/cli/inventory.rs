//! `ocpdg inventory`: what was understood.

use std::path::{Path, PathBuf};

use super::Screen;
use super::arguments::InventoryArguments;
use crate::error::{Error, Result};
use crate::inventory;

/// Where openshift-ansible looks when nothing is said.
const DEFAULT: &str = "/etc/ansible/hosts";

/// Prints the inventory as a table or as JSON.
pub fn show(request: &InventoryArguments) -> std::result::Result<(), Screen> {
    let cluster = inventory::Cluster::load(&file(request.inventory.inventory.as_deref())?)?;
    if request.json {
        println!("{:#}", inventory::json(&cluster));
    } else {
        println!("{}", inventory::table(&cluster));
    }
    Ok(())
}

/// The inventory to read: the one named, or ansible's own.
///
/// # Errors
/// When none is named and there is no default one.
pub fn file(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None if Path::new(DEFAULT).exists() => Ok(DEFAULT.into()),
        None => Err(Error::invalid(
            "inventory",
            format!("none was named and there is no `{DEFAULT}`"),
        )
        .with_hint("name it: `-i FILE`, the file that openshift-ansible was run with")),
    }
}
