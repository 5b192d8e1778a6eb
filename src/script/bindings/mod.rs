//! Everything a script can reach, one namespace per file.

mod flow;
mod groups;
mod talk;
mod tools;
mod verb;

use std::sync::Arc;

use rhai::{FuncRegistration, Module};

pub use groups::{CLUSTER_NAMES, Cluster, LeftOut};

use crate::procedure::Run;

/// The functions and types of a run on `cluster`, for the engine's global namespace.
pub fn module(run: &Arc<Run>, cluster: &Cluster) -> Module {
    let mut module = Module::new();
    groups::register(&mut module);
    flow::register(&mut module, run, &cluster.all);
    talk::register(&mut module, run);
    tools::register(&mut module, run, &cluster.all);
    module
}

/// Begins a global function with its parameters and its documentation.
fn function(name: &str, parameters: &[&str], doc: &str) -> FuncRegistration {
    FuncRegistration::new(name)
        .with_params_info(parameters)
        .with_comments(doc.lines())
}
