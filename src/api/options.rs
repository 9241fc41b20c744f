//! Options of requests.

use super::{Millis, Str};

/// `propagationPolicy` of a deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Propagation {
    #[default]
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions` of the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    /// `gracePeriodSeconds` in milliseconds; absent: the object's own.
    pub grace: Option<Millis>,
    /// `propagationPolicy`
    pub propagation: Propagation,
    /// `preconditions.uid`
    pub uid: Option<Str>,
}
