//! Histories of random logs: what the session promises of any of them.

use super::play;
use crate::api::Str;
use crate::session::{Input, Origin, Session, Stability};

#[test]
fn stepping_back_from_any_event_gives_what_stepping_forward_gave() {
    for number in 1..=3 {
        let mut session = play(number).session;
        let end = session.desk().state_hash();
        let mut states = vec![(session.position(), end)];
        while session.back() {
            states.push((session.position(), session.desk().state_hash()));
        }
        states.reverse();
        for (position, hash) in &states[1..] {
            assert!(session.step(), "log {number}");
            assert_eq!(session.position(), *position, "log {number}");
            assert_eq!(
                session.desk().state_hash(),
                *hash,
                "log {number}, at {position:?}"
            );
        }
        // Any place can be gone to directly, also between two events of one instant.
        for (position, hash) in states.iter().step_by(7).rev() {
            session.go(*position);
            assert_eq!(
                session.desk().state_hash(),
                *hash,
                "log {number}, at {position:?}"
            );
        }
    }
}

#[test]
fn acting_in_the_past_forks_and_the_old_future_can_be_restored() {
    let mut session = play(3).session;
    let future = session.desk().state_hash();
    for _ in 0..20 {
        session.back();
    }
    let line = Str::literal("kubectl scale sts web --replicas=1");
    session.input(Input::Spawn {
        line,
        from: Origin::Prompt,
    });
    let from = session.now();
    while session.run_until_stable(from, 10_000) == Stability::More {}
    assert!(!session.in_past());
    assert_eq!(session.history().branches().len(), 1);
    assert!(session.restore(0));
    assert_eq!(session.desk().state_hash(), future);
}

#[test]
fn a_saved_session_is_the_same_session() {
    for number in [2, 5] {
        let session = play(number).session;
        let loaded = Session::load(&session.save()).expect("its own save");
        assert_eq!(loaded.desk().state_hash(), session.desk().state_hash());
        assert_eq!(loaded.position(), session.end());
    }
}

#[test]
fn most_random_inputs_change_something() {
    let (mut inputs, mut effective) = (0, 0);
    for number in 1..=8 {
        let played = play(number);
        inputs += played.inputs;
        effective += played.effective;
    }
    assert!(effective * 10 >= inputs * 6, "{effective} of {inputs}");
}
