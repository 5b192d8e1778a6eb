//! The site's own way at the places where a site may have one.

use rhai::{Array, Dynamic, FnPtr, Module, NativeCallContext};

use super::super::convert::ScriptResult;
use super::super::site::{self, Site};

/// Puts `by_site` into `module`.
pub fn register(module: &mut Module, site: &Site) {
    let own = site.clone();
    super::function(
        "by_site",
        &["hook: string", "arguments: array", "otherwise"],
        "/// What the function `hook` of the site's `site.rhai` returns for `arguments`; without one, `otherwise`: a value,\n\
         /// or a closure that is called.",
    )
    .set_into_module(
        module,
        move |ctx: NativeCallContext, hook: &str, arguments: Array, otherwise: Dynamic| -> ScriptResult {
            site::by_site(&own, &ctx, hook, arguments, || match otherwise.clone().try_cast::<FnPtr>() {
                Some(closure) => closure.call_within_context(&ctx, ()),
                None => Ok(otherwise),
            })
        },
    );
}
