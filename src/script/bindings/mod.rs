//! Everything a script can reach, one namespace per file.

mod cluster;
mod current;
mod flow;
mod groups;
mod site;
mod talk;
mod testing;
mod tools;
mod verb;
mod wait;

use rhai::{FuncRegistration, Module};

use super::reference::Chapter;

pub use cluster::{CLUSTER, CLUSTER_NAMES, CLUSTER_VALUES, Cluster, LeftOut};
pub use current::CurrentRun;
pub use groups::TYPES;
pub use testing::{Bench, RunScript};
pub use tools::typed;

/// Puts the functions of one file into a module.
type Register = fn(&mut Module, &CurrentRun);

/// What there is, by the chapter of the reference.
pub const ROOMS: [(Chapter, Register); 4] = [
    (Chapter::Hosts, |module, _| groups::register(module)),
    (Chapter::Flow, |module, run| {
        flow::register(module, run);
        wait::register(module, run);
        site::register(module, run);
    }),
    (Chapter::Talk, talk::register),
    (Chapter::Tools, tools::register),
];

/// What only script tests have beside that.
pub const TESTING: (Chapter, Register) = (Chapter::Testing, |module, _| {
    testing::register(module, &Bench::default());
});

/// The functions that a test has, which work with `bench`.
pub fn bench(bench: &Bench) -> Module {
    let mut module = Module::new();
    testing::register(&mut module, bench);
    module
}

/// The functions and types that scripts have, for the engine's global namespace; they work for `run`.
pub fn module(run: &CurrentRun) -> Module {
    let mut module = Module::new();
    for (_, register) in ROOMS {
        register(&mut module, run);
    }
    module
}

/// Begins a global function with its parameters and its documentation.
///
/// `ocpdg check` reads the parameters: a `closure` is called without arguments where it stands, a `|host|` for
/// hosts side by side with copies of what it captured, and `#{...}` ([`accepts::parameter`]) lists the keys of a
/// map.
///
/// [`accepts::parameter`]: super::accepts::parameter
fn function(name: &str, parameters: &[&str], doc: &str) -> FuncRegistration {
    FuncRegistration::new(name)
        .with_params_info(parameters)
        .with_comments(comments(doc))
}

/// The lines of a documentation, each with its `///`.
fn comments(doc: &str) -> impl Iterator<Item = &str> {
    doc.lines().map(str::trim_start)
}
