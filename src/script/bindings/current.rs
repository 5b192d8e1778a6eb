//! The run that the bindings work for: they are registered before there is one, so that scripts can be looked
//! through without any.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::super::hosts::Group;
use super::super::site::Site;
use crate::procedure::Run;

/// The run of an engine, once there is one. Cheap to copy.
#[derive(Clone, Default)]
pub struct CurrentRun {
    run: Arc<OnceLock<(Arc<Run>, Group)>>,
    site: Site,
}

impl CurrentRun {
    /// Begins `run`, whose scripts can name the hosts `everyone`. The first one stays.
    pub fn begin(&self, run: &Arc<Run>, everyone: &Group) {
        self.run.get_or_init(|| (Arc::clone(run), everyone.clone()));
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.run.get().is_some()
    }

    /// The hosts that its scripts can name.
    pub fn everyone(&self) -> &Group {
        &self.there().1
    }

    /// The way of the site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    fn there(&self) -> &(Arc<Run>, Group) {
        self.run
            .get()
            .expect("nothing is executed before a run is there")
    }
}

impl Deref for CurrentRun {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.there().0
    }
}
