//! How a primitive becomes a verb of a tool: `host.systemctl.stop(["etcd"])`.
//!
//! A tool hangs on one host or on a group. A verb converts its arguments once, runs the primitive on
//! the host, or on all hosts of the group side by side, and converts the result back.

use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::accepts;
use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef, Outcomes};
use super::current::CurrentRun;
use crate::error::{Error, Kind, Result};
use crate::primitive::Host;
use crate::procedure::{Run, fan};

/// Where a verb acts.
#[derive(Clone)]
pub enum Target {
    /// On one host: the verb returns its value.
    One(HostRef),
    /// On each host of a group, side by side: the verb returns [`Outcomes`].
    Many(Group),
}

/// A tool of a host or a group, such as `host.systemctl`.
pub trait Tool: Clone + Send + Sync + 'static {
    /// Its name, as a script writes it.
    const NAME: &'static str;
    /// The tool of `target`.
    fn of(target: Target) -> Self;
    /// Where it acts.
    fn target(&self) -> &Target;
}

/// Declares a tool type.
macro_rules! tool {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type($crate::script::bindings::verb::Target);

        impl $crate::script::bindings::verb::Tool for $type {
            const NAME: &'static str = $name;
            fn of(target: $crate::script::bindings::verb::Target) -> Self {
                Self(target)
            }
            fn target(&self) -> &$crate::script::bindings::verb::Target {
                &self.0
            }
        }
    };
}
pub(crate) use tool;

/// Puts the verbs of one tool into a module.
pub struct Verbs<'a, T> {
    module: &'a mut Module,
    run: CurrentRun,
    tool: std::marker::PhantomData<T>,
}

impl<'a, T: Tool> Verbs<'a, T> {
    /// Begins the tool `T`: its type, and the property of hosts and groups that leads to it.
    pub fn begin(module: &'a mut Module, run: &CurrentRun, doc: &str) -> Self {
        module
            .set_custom_type_with_comments::<T>(T::NAME, &super::comments(doc).collect::<Vec<_>>());
        FuncRegistration::new_getter(T::NAME)
            .with_comments(super::comments(doc))
            .set_into_module(module, |host: &mut HostRef| {
                T::of(Target::One(host.clone()))
            });
        FuncRegistration::new_getter(T::NAME)
            .with_comments(super::comments(doc))
            .set_into_module(module, |group: &mut Group| {
                T::of(Target::Many(group.clone()))
            });
        Self {
            module,
            run: run.clone(),
            tool: std::marker::PhantomData,
        }
    }

    /// A verb without arguments.
    pub fn zero<R, F>(&mut self, name: &'static str, doc: &str, act: F) -> &mut Self
    where
        R: Serialize,
        F: Fn(&Host) -> Result<R> + Send + Sync + 'static,
    {
        let run = self.run.clone();
        FuncRegistration::new(name)
            .with_comments(super::comments(doc))
            .with_params_info([T::NAME])
            .set_into_module(
                self.module,
                move |ctx: NativeCallContext, tool: &mut T| -> ScriptResult {
                    on_target(&run, &ctx, tool, name, &|host| convert::result(&act(host)?))
                },
            );
        self
    }

    /// A verb with one argument.
    pub fn one<A, R, F>(
        &mut self,
        name: &'static str,
        parameter: &'static str,
        doc: &str,
        act: F,
    ) -> &mut Self
    where
        A: DeserializeOwned + Sync,
        R: Serialize,
        F: Fn(&Host, &A) -> Result<R> + Send + Sync + 'static,
    {
        let run = self.run.clone();
        FuncRegistration::new(name)
            .with_comments(super::comments(doc))
            .with_params_info([T::NAME, &accepts::parameter::<A>(parameter)])
            .set_into_module(
                self.module,
                move |ctx: NativeCallContext, tool: &mut T, a: Dynamic| -> ScriptResult {
                    let a: A = taken(&ctx, name, parameter, &a)?;
                    on_target(&run, &ctx, tool, name, &|host| {
                        convert::result(&act(host, &a)?)
                    })
                },
            );
        self
    }

    /// A verb with two arguments.
    pub fn two<A, B, R, F>(
        &mut self,
        name: &'static str,
        parameters: [&'static str; 2],
        doc: &str,
        act: F,
    ) -> &mut Self
    where
        A: DeserializeOwned + Sync,
        B: DeserializeOwned + Sync,
        R: Serialize,
        F: Fn(&Host, &A, &B) -> Result<R> + Send + Sync + 'static,
    {
        let run = self.run.clone();
        FuncRegistration::new(name)
            .with_comments(super::comments(doc))
            .with_params_info([
                T::NAME,
                &accepts::parameter::<A>(parameters[0]),
                &accepts::parameter::<B>(parameters[1]),
            ])
            .set_into_module(
                self.module,
                move |ctx: NativeCallContext,
                      tool: &mut T,
                      a: Dynamic,
                      b: Dynamic|
                      -> ScriptResult {
                    let a: A = taken(&ctx, name, parameters[0], &a)?;
                    let b: B = taken(&ctx, name, parameters[1], &b)?;
                    on_target(&run, &ctx, tool, name, &|host| {
                        convert::result(&act(host, &a, &b)?)
                    })
                },
            );
        self
    }

    /// A verb with three arguments.
    pub fn three<A, B, C, R, F>(
        &mut self,
        name: &'static str,
        parameters: [&'static str; 3],
        doc: &str,
        act: F,
    ) -> &mut Self
    where
        A: DeserializeOwned + Sync,
        B: DeserializeOwned + Sync,
        C: DeserializeOwned + Sync,
        R: Serialize,
        F: Fn(&Host, &A, &B, &C) -> Result<R> + Send + Sync + 'static,
    {
        let run = self.run.clone();
        FuncRegistration::new(name)
            .with_comments(super::comments(doc))
            .with_params_info([
                T::NAME,
                &accepts::parameter::<A>(parameters[0]),
                &accepts::parameter::<B>(parameters[1]),
                &accepts::parameter::<C>(parameters[2]),
            ])
            .set_into_module(
                self.module,
                move |ctx: NativeCallContext,
                      tool: &mut T,
                      a: Dynamic,
                      b: Dynamic,
                      c: Dynamic|
                      -> ScriptResult {
                    let a: A = taken(&ctx, name, parameters[0], &a)?;
                    let b: B = taken(&ctx, name, parameters[1], &b)?;
                    let c: C = taken(&ctx, name, parameters[2], &c)?;
                    on_target(&run, &ctx, tool, name, &|host| {
                        convert::result(&act(host, &a, &b, &c)?)
                    })
                },
            );
        self
    }
}

/// The argument `value` of `name` as the type the primitive takes.
fn taken<A: DeserializeOwned>(
    ctx: &NativeCallContext,
    name: &str,
    parameter: &str,
    value: &Dynamic,
) -> ScriptResult<A> {
    convert::argument(name, parameter, value)
        .map_err(|error| convert::throw(error, ctx.call_position()))
}

/// Does `act` on the tool's host, or on each host of its group.
fn on_target<T: Tool>(
    run: &Run,
    ctx: &NativeCallContext,
    tool: &T,
    verb: &str,
    act: &(dyn Fn(&Host) -> Result<Dynamic> + Sync),
) -> ScriptResult {
    let result = match tool.target() {
        Target::One(host) => act(host.host()),
        Target::Many(group) => {
            on_group(run, group, &format!("`{}.{verb}`", T::NAME), act).map(Dynamic::from)
        }
    };
    result.map_err(|error| convert::throw(error, ctx.call_position()))
}

/// Does `act` on every host of `group` side by side; all finish, then every failure is told.
///
/// # Errors
/// [`Kind::Hosts`] with each host's own error.
pub fn on_group(
    run: &Run,
    group: &Group,
    action: &str,
    act: &(dyn Fn(&Host) -> Result<Dynamic> + Sync),
) -> Result<Outcomes> {
    let targets = group.targets();
    let mut values = Vec::new();
    let mut failures = Vec::new();
    for (host, result) in targets
        .iter()
        .zip(fan::out(&targets, run.forks(), run.clock(), act))
    {
        let name = host.name().to_owned();
        match result {
            Ok(value) => values.push((name, value)),
            Err(error) => failures.push((name, error)),
        }
    }
    if failures.is_empty() {
        return Ok(values.into());
    }
    Err(Error::new(Kind::Hosts {
        action: action.to_owned(),
        failures,
    }))
}

/// One word or several, as a script may write either: `"etcd"` or `["etcd", "docker"]`.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged, expecting = "wants a text, or a list of texts")]
pub enum Words {
    /// A single one.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl Words {
    /// The words, as primitives take them.
    pub fn list(&self) -> Vec<&str> {
        match self {
            Self::One(word) => vec![word],
            Self::Many(words) => words.iter().map(String::as_str).collect(),
        }
    }
}
