//! The world as a whole.

mod others;

use super::*;
use crate::api::{Key, Kind, Time};
use crate::store::fields::Writer;

const WEB: &str = include_str!("../session/web.yaml");

fn apply(world: &mut World, text: &str) {
    for document in crate::manifest::read_documents(text).expect("a valid manifest") {
        let api_version = document
            .tree
            .str_at(&["apiVersion"])
            .unwrap_or_default()
            .to_owned();
        let kind = document
            .tree
            .str_at(&["kind"])
            .unwrap_or_default()
            .to_owned();
        let kind = Kind::from_type(&api_version, &kind).expect("a known kind");
        world
            .create(kind, document.tree, &Writer::component("kubectl"), false)
            .expect("accepted");
    }
}

fn run(world: &mut World, until: Time) {
    for _ in 0..1_000_000 {
        match world.next_due() {
            Some(due) if due <= until => {
                world.run_event();
            }
            _ => break,
        }
    }
    world.set_now(until);
}

fn ready_pods(world: &World) -> usize {
    let pods = world.store().list(Kind::Pod, "default");
    pods.filter(|pod| pod.pod().is_some_and(|view| view.running_and_ready()))
        .count()
}

#[test]
fn the_tutorial_set_comes_up_in_order() {
    let mut world = World::new(Settings::default());
    apply(&mut world, WEB);
    run(&mut world, Time::EPOCH.plus(10_000));
    for write in world.writes() {
        println!(
            "{:>6} {} {:?} {}",
            write.at.since(Time::EPOCH),
            write.who.name(),
            write.verb,
            write.key
        );
    }
    assert_eq!(ready_pods(&world), 2);
    let pods: Vec<&Key> = world
        .writes()
        .iter()
        .filter(|w| w.verb == Verb::Create && w.key.kind == Kind::Pod)
        .map(|w| &w.key)
        .collect();
    assert_eq!(pods.len(), 2);
    assert_eq!(world.next_foreground(), None);
}
