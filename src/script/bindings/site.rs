//! The site's own way at the places where a site may have one.

use rhai::{Array, Dynamic, FnPtr, Module, NativeCallContext};

use super::super::convert::ScriptResult;
use super::super::site;
use super::current::CurrentRun;

/// Puts `by_site` into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    let own = run.clone();
    super::function(
        "by_site",
        &["hook: string", "arguments: array", "otherwise"],
        r#"/// What the function `hook` of the site's `site.rhai` returns for `arguments`; without one, `otherwise`: a value,
        /// or a closure that is called.
        /// ```rhai
        /// let names = by_site("packages", [cluster::first_master, ["atomic-openshift"]], ["atomic-openshift"]);
        /// ```"#,
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, hook: &str, arguments: Array, otherwise: Dynamic| -> ScriptResult {
            site::by_site(own.site(), &ctx, hook, arguments, || match otherwise.clone().try_cast::<FnPtr>() {
                Some(closure) => closure.call_within_context(&ctx, ()),
                None => Ok(otherwise),
            })
        },
    );
}
