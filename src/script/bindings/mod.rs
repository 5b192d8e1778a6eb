//! Everything a script can reach, one namespace per file.

mod current;
mod flow;
mod groups;
mod talk;
mod tools;
mod verb;

use rhai::{FuncRegistration, Module};

pub use current::CurrentRun;
pub use groups::{CLUSTER_NAMES, Cluster, LeftOut};
pub use tools::typed;

/// The functions and types that scripts have, for the engine's global namespace; they work for `run`.
pub fn module(run: &CurrentRun) -> Module {
    let mut module = Module::new();
    groups::register(&mut module);
    flow::register(&mut module, run);
    talk::register(&mut module, run);
    tools::register(&mut module, run);
    module
}

/// Begins a global function with its parameters and its documentation.
fn function(name: &str, parameters: &[&str], doc: &str) -> FuncRegistration {
    FuncRegistration::new(name)
        .with_params_info(parameters)
        .with_comments(doc.lines())
}
