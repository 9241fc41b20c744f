//! What a set is like when nothing breaks any more and time has run.

use super::rules::{newest_revision, pods_of, range, serves};
use crate::api::{Key, Kind, Object, SetView, UpdateStrategy};
use crate::controllers::Reason;
use crate::session::Session;
use crate::view::{Board, Language, Source, Why, WhyTone, board};
use std::sync::Arc;

/// What came of a set.
pub enum Rest {
    /// There is none.
    Nothing,
    /// It has what its manifest asks for.
    Converged,
    /// It has not, and the Why line names what is in its way.
    Blocked,
    /// It has not, and the Why line does not say so, or it has and the Why line says otherwise.
    Untold(String),
}

/// Looks at the set of a world at rest.
pub fn judge(session: &Session) -> Rest {
    let store = session.world().store();
    let Some(set) = store.get(&Key::new(Kind::StatefulSet, "default", "web")) else {
        return Rest::Nothing;
    };
    let (why, board) = why(session, set);
    let said = why.say.text(Language::En);
    let decision = session.world().decision(&set.key()).map(|d| &d.why);
    match lacks(session, set) {
        None => {
            let quiet = matches!(
                decision,
                Some(Reason::Stable { .. } | Reason::Partition { .. } | Reason::OnDelete { .. })
            );
            if quiet && why.tone != WhyTone::Block {
                Rest::Converged
            } else {
                Rest::Untold(format!(
                    "the set has converged, and the Why line says: {said} ({decision:?})"
                ))
            }
        }
        Some(culprits) => {
            let names = culprits.iter().any(|name| named(&said, name));
            if matches!(why.tone, WhyTone::Block | WhyTone::Wait) && names {
                return Rest::Blocked;
            }
            let rows: Vec<String> = board
                .ordinals
                .iter()
                .map(|row| row.name.to_string())
                .collect();
            Rest::Untold(format!(
                "the set has not converged ({culprits:?} of {rows:?}), and the Why line says ({:?}): {said} ({decision:?})",
                why.tone
            ))
        }
    }
}

/// Whether a sentence names an object: `web-1` is not named by `data0-web-1`.
fn named(said: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    said.match_indices(name).any(|(at, _)| {
        let (before, after) = (&said[..at], &said[at + name.len()..]);
        !before.ends_with(part) && !after.starts_with(part)
    })
}

/// The Why line as the page shows it.
fn why(session: &Session, set: &Arc<Object>) -> (Why, Board) {
    let store = session.world().store();
    let births = |key: &Key| store.births(key);
    let decided = |key: &Key| {
        let decision = session.world().decision(key)?;
        Some(decision.why.clone())
    };
    let source = Source {
        store,
        now: session.now(),
        births: &births,
        files: &|_| Vec::new(),
        volumes: session.world().runtime().volumes(),
        decision: &decided,
    };
    let board = board(&source, set);
    let why = Why::of(&source, set, &board, &session.due());
    (why, board)
}

/// The names of what is not as the set's manifest asks: Pods that are missing, not serving, too many or of
/// an old revision, and their claims. `None` if nothing is.
fn lacks(session: &Session, set: &Object) -> Option<Vec<String>> {
    let view = set.set()?;
    let store = session.world().store();
    let pods = pods_of(store, set);
    let status = &view.status.update_revision;
    let newest = newest_revision(store, set).or_else(|| Some(status.to_string()));
    let mut culprits = Vec::new();
    let partition = match view.strategy {
        UpdateStrategy::RollingUpdate { partition } => partition.unwrap_or(0),
        UpdateStrategy::OnDelete => i32::MAX,
    };
    let mut suspect = |ordinal: i32| {
        culprits.push(format!("{}-{ordinal}", set.name()));
        for template in view.claim_templates.iter() {
            culprits.push(format!("{template}-{}-{ordinal}", set.name()));
        }
    };
    for ordinal in range(view) {
        let old = pods.iter().any(|(of, pod)| {
            *of == ordinal && pod.pod().map(|p| p.revision.as_str()) != newest.as_deref()
        });
        if !serves(&pods, ordinal, view, session.now())
            || (old && ordinal - view.start >= partition)
            || lacks_claim(&pods, ordinal, set, view)
        {
            suspect(ordinal);
        }
    }
    for (ordinal, _) in pods.iter().filter(|(of, _)| !range(view).contains(of)) {
        suspect(*ordinal);
    }
    if set.meta.terminating() {
        // Only what it waits for is in its way.
        culprits.clear();
        let dependents = store.dependents(&set.meta.uid);
        culprits.extend(dependents.map(|object| object.name().to_string()));
        // Else nobody could be named, and the set would stay for no reason.
        culprits.push("no dependent".to_owned());
    } else if view.status.observed_generation != set.meta.generation {
        culprits.push(set.name().to_string());
    }
    (!culprits.is_empty()).then_some(culprits)
}

/// Whether a Pod is there that does not use the claims of its ordinal.
fn lacks_claim(pods: &[(i32, Arc<Object>)], ordinal: i32, set: &Object, view: &SetView) -> bool {
    let pod = pods.iter().find(|(of, _)| *of == ordinal);
    let claims = pod.and_then(|(_, pod)| pod.pod()).map(|pod| &pod.claims);
    claims.is_some_and(|claims| {
        let mut templates = view.claim_templates.iter();
        templates.any(|template| {
            let own = format!("{template}-{}-{ordinal}", set.name());
            !claims.iter().any(|(_, claim)| claim.as_str() == own)
        })
    })
}
