//! `ss`, for listeners.

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::Options;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("ss", ss)];

fn ss(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "l/listening t/tcp n/numeric 4/ipv4 p/processes",
        argv,
    )?;
    if !options.has("l") || !options.has("n") || !options.words.is_empty() {
        return process.unmodelled(format_args!("ss {}", argv[1..].join(" ")));
    }
    let only_tcp = options.has("t");
    let lead = |kind: &str| {
        if only_tcp {
            String::new()
        } else {
            format!("{kind:<6} ")
        }
    };
    let mut out = format!(
        "{}State      Recv-Q Send-Q Local Address:Port               Peer Address:Port              \n",
        lead("Netid")
    );
    for (port, pid, running) in process.here().listeners() {
        let owner = if options.has("p") {
            format!("users:((\"{}\",pid={pid},fd=5))", running.command())
        } else {
            String::new()
        };
        let local = format!("*:{port}");
        out.push_str(&format!(
            "{}LISTEN     0      128    {local:<34} *:*                   {owner}\n",
            lead("tcp")
        ));
    }
    process.write(out)?;
    Ok(0)
}
