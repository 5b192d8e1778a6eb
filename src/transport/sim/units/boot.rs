//! What systemd starts at boot.

use super::enable;
use super::run::{start, unit};
use crate::transport::sim::process::Process;
use crate::transport::sim::stream::Halt;

/// Starts the units that `multi-user.target` wants, each after those that it is ordered after.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn boot(process: &Process<'_>) -> Result<(), Halt> {
    let mut waiting = enable::wanted_by(&process.here().files, "multi-user.target");
    waiting.sort();
    waiting.dedup();
    while !waiting.is_empty() {
        let is_free = |name: &String| {
            let after = unit(process, name).names("Unit", "After");
            !waiting.iter().any(|other| {
                other != name
                    && (after.contains(other)
                        || unit(process, other).names("Unit", "Before").contains(name))
            })
        };
        // Units that wait for each other start in any order.
        let at = waiting.iter().position(is_free).unwrap_or(0);
        let name = waiting.remove(at);
        // What fails, or is masked, is the journal's to tell.
        start(process, &name, false)?;
    }
    Ok(())
}
