//! The manual's commands, from `tests/naive`.

use std::path::Path;

/// The commands of one step.
pub struct Manual(String);

impl Manual {
    /// The step in `tests/naive/NAME.sh`.
    pub fn step(name: &str) -> Self {
        let file = format!("{name}.sh");
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/naive")
            .join(file);
        let text = std::fs::read_to_string(&path);
        Self(text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The step with `new` typed wherever the manual has `old`.
    #[track_caller]
    pub fn with(self, old: &str, new: &str) -> Self {
        assert!(self.0.contains(old), "`{old}` is not in {}", self.0);
        Self(self.0.replace(old, new))
    }

    /// The step with `yum -y`.
    #[track_caller]
    pub fn yes(self) -> Self {
        self.with("yum ", "yum -y ")
    }
}

impl AsRef<str> for Manual {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
