//! The variables that the work of the open step captured: what a prompt has that opens where it failed.

use std::cell::RefCell;

use rhai::{Dynamic, FnPtr, NativeCallContext};

/// Names and values.
type Variables = Vec<(String, Dynamic)>;

thread_local! {
    static OPEN: RefCell<Variables> = const { RefCell::new(Vec::new()) };
}

/// Does `body` while what `work`, called from `ctx`, captured can be asked for on this thread.
pub fn while_open<T>(ctx: &NativeCallContext, work: &FnPtr, body: impl FnOnce() -> T) -> T {
    struct Close;
    impl Drop for Close {
        fn drop(&mut self) {
            OPEN.take();
        }
    }
    OPEN.set(of(ctx, work));
    let _close = Close;
    body()
}

/// Those of the step that is open on this thread.
pub fn open() -> Variables {
    OPEN.with_borrow(Clone::clone)
}

fn of(ctx: &NativeCallContext, work: &FnPtr) -> Variables {
    // A closure is a function whose first parameters are what it captured.
    let parameters = ctx.engine().collect_fn_metadata(
        Some(ctx),
        |info| {
            let script = info.script.filter(|script| script.name == work.fn_name())?;
            Some(
                script
                    .params
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            )
        },
        true,
    );
    let Some(parameters) = parameters.into_iter().next() else {
        return Vec::new();
    };
    let values = work.iter_curry().map(Dynamic::flatten_clone);
    parameters.into_iter().zip(values).collect()
}
