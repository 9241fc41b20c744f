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

/// A Parallel set of four Ready Pods that was scaled to none, after the first of the pass's deletions.
fn in_the_middle_of_scaling_down() -> World {
    let mut world = World::new(Settings::default());
    let four = "replicas: 4\n  podManagementPolicy: Parallel";
    apply(&mut world, &WEB.replace("replicas: 2", four));
    run(&mut world, Time::EPOCH.plus(20_000));
    assert_eq!(ready_pods(&world), 4);
    let set = world.store().find(Kind::StatefulSet, "default", "web");
    let mut tree = set.expect("the set").tree().clone();
    tree.set(&["spec", "replicas"], 0);
    world
        .update(
            Kind::StatefulSet,
            tree,
            &Writer::component("kubectl"),
            false,
        )
        .expect("accepted");
    while grace_of(&world, "web-3").is_none() {
        world.run_event().expect("something is due");
    }
    assert!(world.mid_pass() && grace_of(&world, "web-2").is_none());
    world
}

fn grace_of(world: &World, pod: &str) -> Option<i64> {
    let pod = world.store().find(Kind::Pod, "default", pod).expect(pod);
    pod.meta.grace
}

/// The pass's own deletion changes nothing then, so that the resourceVersion is as the pass planned it, but
/// the world is not.
#[test]
fn what_a_user_writes_between_two_writes_of_a_pass_stays() {
    let mut world = in_the_middle_of_scaling_down();
    let options = crate::api::DeleteOptions {
        grace: Some(5_000),
        ..Default::default()
    };
    let pod = Key::new(Kind::Pod, "default", "web-2");
    world.delete(&pod, &options, false).expect("accepted");
    let version = world.store().resource_version();
    while world.mid_pass() {
        world.run_event();
    }
    assert!(world.store().resource_version() > version);
    assert_eq!(grace_of(&world, "web-2"), Some(5_000));
    assert_eq!(grace_of(&world, "web-0"), Some(30_000));
}

#[test]
fn gates_that_are_set_between_two_writes_of_a_pass_hold() {
    let mut world = in_the_middle_of_scaling_down();
    world.configure(Settings {
        max_unavailable: true,
        ..world.settings().clone()
    });
    while world.mid_pass() {
        world.run_event();
    }
    assert!(world.store().gates().max_unavailable);
}
