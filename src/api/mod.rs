//! Objects: the tree of what was written and the typed views that controllers act on.
//!
//! An [`Object`] carries the checked tree ([`Value`]) as it was written, which is the truth and is
//! shared, beside the parsed metadata ([`Meta`]) and a typed [`View`] of the fields that controllers
//! read. Both are made once, when the object is written.

mod arrange;
mod error;
mod kind;
mod meta;
mod object;
mod options;
mod pod_status;
mod quantity;
mod selector;
mod text;
mod time;
mod value;
mod views;

pub use arrange::Arrange;
pub use error::{ApiError, Cause, Reason as ErrorReason};
pub use kind::Kind;
pub use meta::{Meta, OwnerRef};
pub use object::{Key, Object};
pub use options::{DeleteOptions, Propagation};
pub use pod_status::{PodStatus, human_duration, pod_status};
pub use quantity::Quantity;
pub use selector::Selector;
pub use text::{Str, push_hex};
pub use time::{Millis, Time};
pub use value::{List, Map, Value};
pub use views::{
    ClaimView, NodeLoad, NodeView, Phase, PodView, PolicyType, ReadyCondition, RevisionView,
    SetStatus, SetView, UpdateStrategy, View, VolumeView,
};
