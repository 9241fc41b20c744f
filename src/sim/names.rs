//! Answers of the cluster's name server, and how long clients remember them.

use super::World;
use crate::api::{Str, Time};
use imbl::OrdMap;
use std::sync::Arc;

/// The most answers that are remembered; the ones that expire first go first.
const MOST: usize = 1000;

/// Whether a name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It does; there may be no record of the type asked for (NODATA).
    NoError,
    /// It does not.
    NxDomain,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Data {
    A(Str),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: Str,
    },
    Ptr(Str),
    Txt(Str),
    Cname(Str),
}

/// A record: a name without its last dot, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRecord {
    /// The name.
    pub name: Str,
    /// What it says.
    pub data: Data,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the name exists.
    pub code: Code,
    /// The records asked for.
    pub records: Vec<NameRecord>,
    /// Addresses of what the records name.
    pub additional: Vec<NameRecord>,
}

/// Remembered answers by question.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered(OrdMap<Str, (Time, Arc<Answer>)>);

impl World {
    /// The answer to a question that was asked before and has not expired.
    #[must_use]
    pub fn remembered_name(&self, question: &str) -> Option<Arc<Answer>> {
        let (until, answer) = self.names().0.get(question)?;
        (self.now() < *until).then(|| answer.clone())
    }

    /// Remembers an answer, also that a name does not exist, as long as the settings say.
    pub fn remember_name(&mut self, question: &str, answer: Arc<Answer>) {
        let now = self.now();
        let until = now.plus(self.settings().timings.dns_cache);
        let names = &mut self.names_mut().0;
        if names.len() >= MOST {
            let kept = names.iter().filter(|(_, (until, _))| now < *until);
            *names = kept
                .take(MOST / 2)
                .map(|(q, a)| (q.clone(), a.clone()))
                .collect();
        }
        names.insert(Str::new(question), (until, answer));
    }

    /// When the answer to a question expires, if it is remembered.
    #[must_use]
    pub fn name_expires(&self, question: &str) -> Option<Time> {
        let (until, _) = self.names().0.get(question)?;
        (self.now() < *until).then_some(*until)
    }
}
