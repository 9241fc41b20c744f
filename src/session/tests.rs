//! The session as a learner uses it.

use super::*;
use crate::api::{Key, Kind, Value};

fn session() -> Session {
    Session::new(Settings::default())
}

fn spawn(session: &mut Session, line: &str) -> u32 {
    session.input(Input::Spawn {
        line: Str::new(line),
        from: Origin::Prompt,
    })
}

/// Runs a command to its end; what it printed and its exit code.
fn run(session: &mut Session, line: &str) -> (String, Option<i32>) {
    let process = spawn(session, line);
    let code = session.run_until_done(process, 600_000, 100_000);
    (printed(session, process), code)
}

fn printed(session: &Session, process: u32) -> String {
    let lines = session.terminal().lines().iter();
    let printed = lines.filter(|l| l.process == process && !matches!(l.kind, LineKind::Command(_)));
    printed.map(|line| format!("{}\n", line.text)).collect()
}

fn settle(session: &mut Session) {
    let from = session.now();
    while session.run_until_stable(from, 10_000) == Stability::More {}
}

fn pod_names(session: &Session) -> Vec<String> {
    let pods = session.world().store().list(Kind::Pod, "default");
    pods.map(|pod| pod.name().to_string()).collect()
}

fn pod_ip(session: &Session, name: &str) -> String {
    let pod = session
        .world()
        .store()
        .get(&Key::new(Kind::Pod, "default", name));
    pod.and_then(|pod| pod.pod())
        .map(|view| view.ip.to_string())
        .unwrap_or_default()
}

#[test]
fn the_main_job() {
    let mut session = session();
    let (out, code) = run(&mut session, "kubectl apply -f web.yaml");
    assert_eq!(
        (out.as_str(), code),
        (
            "service/nginx created\nstatefulset.apps/web created\n",
            Some(0)
        )
    );
    settle(&mut session);
    let (out, _) = run(&mut session, "kubectl get pods");
    assert!(
        out.contains("web-0   1/1     Running   0") && out.contains("web-1"),
        "{out}"
    );

    let write = "kubectl exec web-0 -- sh -c 'hostname > /usr/share/nginx/html/index.html'";
    assert_eq!(run(&mut session, write), (String::new(), Some(0)));
    let ip = pod_ip(&session, "web-0");
    run(&mut session, "kubectl delete pod web-0");
    settle(&mut session);
    assert_eq!(pod_names(&session), ["web-0", "web-1"]);
    assert_ne!(pod_ip(&session, "web-0"), ip, "a new Pod has a new address");
    let read = "kubectl exec web-0 -- cat /usr/share/nginx/html/index.html";
    let kept = ("web-0\n".to_owned(), Some(0));
    assert_eq!(run(&mut session, read), kept, "the file outlives the Pod");

    let before = session.position();
    run(&mut session, "kubectl scale sts web --replicas=5");
    settle(&mut session);
    assert_eq!(pod_names(&session).len(), 5);
    let after = session.desk().state_hash();
    while before.before(&session.position()) {
        assert!(session.back());
    }
    assert_eq!(pod_names(&session).len(), 2);
    while session.in_past() {
        assert!(session.step());
    }
    assert_eq!(session.desk().state_hash(), after);
}

#[test]
fn every_engine_event_can_be_gone_back_to() {
    let mut session = session();
    spawn(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    let end = session.position();
    let mut forward = Vec::new();
    for events in 0..=end.events {
        let mut place = Position {
            events,
            inputs: usize::from(events > 0),
            at: Time(0),
        };
        session.go(place);
        place.at = session.now();
        forward.push((place, session.desk().state_hash()));
    }
    for (place, hash) in forward.iter().rev() {
        session.go(*place);
        assert_eq!(session.desk().state_hash(), *hash, "{place:?}");
    }
}

/// The first thousand Ready Pods by address, as Endpoints list them, and what is listed.
fn thousand(session: &Session) -> [Vec<String>; 2] {
    let store = session.world().store();
    let mut pods: Vec<(String, String)> = store
        .list(Kind::Pod, "default")
        .filter(|pod| !pod.meta.terminating())
        .filter_map(|pod| {
            let view = pod.pod().filter(|view| view.ready.ready)?;
            Some((view.ip.to_string(), pod.name().to_string()))
        })
        .collect();
    pods.sort();
    pods.truncate(1000);
    let key = Key::new(Kind::Endpoints, "default", "nginx");
    let subsets = store.get(&key).map(|endpoints| endpoints.tree().clone());
    let listed = subsets.iter().flat_map(|tree| tree.items_at(&["subsets"]));
    let listed = listed.flat_map(|subset| subset.items_at(&["addresses"]));
    let name = |address: &Value| address.str_at(&["targetRef", "name"]).map(str::to_owned);
    [
        pods.into_iter().map(|(_, name)| name).collect(),
        listed.filter_map(name).collect(),
    ]
}

/// Endpoints hold a thousand addresses (`pkg/controller/endpoint/endpoints_controller.go`); what is known of the
/// Pods that changed must lead to the same as reading them all.
#[test]
fn endpoints_list_the_first_thousand_pods_however_the_others_come_and_go() {
    let mut session = session();
    run(&mut session, "cluster nodes 11");
    for line in [
        "sed 's/replicas: 2/replicas: 1010\\n  podManagementPolicy: Parallel/' web.yaml | kubectl apply -f -",
        "kubectl delete pod web-0 web-1007 --wait=false",
        "cluster fail-ready web-3",
        "kubectl scale sts web --replicas=1040",
        "kubectl scale sts web --replicas=1003",
        "kubectl scale sts web --replicas=998",
    ] {
        run(&mut session, line);
        settle(&mut session);
        let [wanted, listed] = thousand(&session);
        assert!(wanted.len() > 990, "{line}: {} are Ready", wanted.len());
        assert_eq!(wanted, listed, "{line}");
    }
}

#[test]
fn the_claims_of_a_deleted_set_are_shown_as_left() {
    let mut session = session();
    spawn(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    let others = |session: &Session| session.shown(None).others;
    assert!(others(&session).is_empty());
    run(&mut session, "kubectl delete sts web");
    settle(&mut session);
    let left = others(&session);
    let left: Vec<_> = left
        .iter()
        .map(|row| {
            let (phase, volume) = row.claim.clone().expect("it is a claim");
            (row.key.name.as_str(), phase, volume.is_empty())
        })
        .collect();
    let bound = || "Bound".into();
    assert_eq!(
        left,
        [("www-web-0", bound(), false), ("www-web-1", bound(), false)]
    );
}

#[test]
fn a_saved_session_opens_where_one_stood() {
    let mut session = session();
    spawn(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    let end = session.position();
    for _ in 0..3 {
        assert!(session.back());
    }
    let saved = session.save();
    let mut again = Session::load(&saved).expect("the session loads");
    assert_eq!(again.position(), session.position());
    assert_eq!(again.played().len(), session.played().len());
    assert!(again.played().len() > again.world().writes().len());
    assert_eq!(again.desk().state_hash(), session.desk().state_hash());
    while again.in_past() {
        assert!(again.step());
    }
    assert_eq!(again.position(), end);
    // A place that is none, as a changed link may name, is at least no panic.
    let far = saved.replace("\"playhead\":{", "\"playhead\":{\"inputs\":7,");
    assert!(Session::load(&far).is_err());
    let none = saved.replace("\"inputs\":1", "\"inputs\":70");
    assert_ne!(none, saved);
    assert!(Session::load(&none).is_ok());
}

#[test]
fn a_bad_save_is_refused_with_a_sentence() {
    assert!(matches!(Session::load("{"), Err(LoadError::Unreadable(_))));
    let saved = session().save();
    let other = saved.replace("\"hash\":\"", "\"hash\":\"0");
    assert!(matches!(
        Session::load(&other),
        Err(LoadError::OtherVersion(_))
    ));
    let huge = saved.replace("\"events\":0", "\"events\":99999999");
    assert_eq!(Session::load(&huge).err(), Some(LoadError::TooLarge));
}

#[test]
fn what_comes_next_is_told_ahead() {
    let mut session = session();
    assert!(session.next().is_none());
    spawn(&mut session, "kubectl apply -f web.yaml");
    for _ in 0..30 {
        let Some(next) = session.next() else { break };
        let at = session.now().plus(next.after);
        assert!(session.step());
        assert_eq!(session.now(), at);
        let last = session.world().writes().last().expect("a write");
        assert_eq!(last.key, next.write.key);
    }
}

#[test]
fn bad_manifests_leave_the_world_untouched() {
    for (text, says) in [
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n\tname: x\n",
            "found character that cannot start any token",
        ),
        (
            "apiVersion: v1\nkind Service\nmetadata:\n  name: x\n",
            "could not find expected ':'",
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: x\nspec:\n  servceName: a\n",
            "unknown field \"spec.servceName\"",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  ports: 80\n",
            "cannot unmarshal",
        ),
    ] {
        let mut session = session();
        session.input(Input::Save {
            file: "bad.yaml".into(),
            text: text.into(),
        });
        let version = session.world().store().resource_version();
        let (out, code) = run(&mut session, "kubectl apply -f bad.yaml");
        assert_eq!(code, Some(1), "{text}\n{out}");
        assert!(out.contains(says), "{text}\n{out}");
        assert_eq!(session.world().store().resource_version(), version);
    }
}

#[test]
fn a_million_replicas_are_refused_with_a_sentence() {
    let mut session = session();
    run(&mut session, "kubectl apply -f web.yaml");
    let (out, code) = run(&mut session, "kubectl scale sts web --replicas=1000000");
    assert_eq!(code, Some(1));
    assert!(
        out.contains("the playground runs at most 10000 Pods"),
        "{out}"
    );
}

#[test]
fn kubectl_edit_opens_the_editor_and_takes_what_was_saved() {
    let mut session = session();
    spawn(&mut session, "kubectl apply -f web.yaml");
    let id = spawn(&mut session, "kubectl edit sts web");
    let file = session.files().editing().cloned().expect("a file is open");
    let text = session.files().get(&file).expect("it has a text");
    assert!(text.starts_with("# Please edit the object below."));
    let text = text.replace("replicas: 2", "replicas: 4").into();
    session.input(Input::Save { file, text });
    session.input(Input::Write {
        process: id,
        text: ":q\n".into(),
    });
    assert_eq!(session.files().editing(), None);
    assert_eq!(session.desk().exit_code(id), Some(0));
    let last = session.terminal().lines().last().cloned();
    assert!(last.is_some_and(|line| line.text.as_str() == "statefulset.apps/web edited"));
}

#[test]
fn a_web_servers_requests_are_in_its_log() {
    let mut session = session();
    run(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    let start = run(&mut session, "kubectl logs web-0");
    assert!(start.0.starts_with("/docker-entrypoint.sh: "));
    let follow = spawn(&mut session, "kubectl logs -f web-0 --tail=0");
    assert_eq!(printed(&session, follow), "");
    run(
        &mut session,
        "kubectl exec web-1 -- curl -s http://web-0.nginx/missing",
    );
    let now = printed(&session, follow);
    let client = pod_ip(&session, "web-1");
    assert!(now.contains("[error] 29#29: *1 open() \"/usr/share/nginx/html/missing\" failed"));
    assert!(
        now.contains(&format!("\n{client} - - ["))
            && now.contains("\"GET /missing HTTP/1.1\" 404 ")
    );
    assert!(
        run(&mut session, "kubectl logs web-0 --tail=1")
            .0
            .ends_with("\"curl/7.88.1\" \"-\"\n")
    );
    let gone = run(&mut session, "kubectl logs -p web-0");
    assert_eq!(
        gone,
        (
            "Error from server (BadRequest): previous terminated container \"nginx\" in pod \"web-0\" not found\n".to_owned(),
            Some(1)
        )
    );
    run(&mut session, "kubectl delete pod web-0 --wait=false");
    settle(&mut session);
    assert!(!session.desk().is_running(follow));
}

#[test]
fn files_are_copied_into_a_container_and_back() {
    let mut session = session();
    run(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    run(&mut session, "echo hello > page.html");
    let copied = run(
        &mut session,
        "kubectl cp page.html web-0:/usr/share/nginx/html/index.html",
    );
    assert_eq!(copied, (String::new(), Some(0)));
    let served = run(&mut session, "kubectl exec web-0 -- curl -s localhost");
    assert_eq!(served.0, "hello\n");
    run(
        &mut session,
        "kubectl cp web-0:/usr/share/nginx/html/index.html back.html",
    );
    assert_eq!(run(&mut session, "cat back.html").0, "hello\n");
}

/// The timeline that was read write by write is the one that is read at once, and a Pod of a silent node is lost on it.
#[test]
fn the_timeline_goes_on_and_knows_lost_pods() {
    use crate::view::{Played, PodState, Tracker};
    let mut session = session();
    run(&mut session, "kubectl apply -f web.yaml");
    let mut tracker = Tracker::default();
    let look = |session: &Session, tracker: &mut Tracker| {
        tracker.tracks(&Played {
            set: session.told(None).as_deref(),
            writes: session.world().writes(),
            marks: Vec::new(),
            ordinals: &[0, 1],
            end: session.end().at,
        })
    };
    for _ in 0..12 {
        session.step();
        assert_eq!(
            look(&session, &mut tracker),
            look(&session, &mut Tracker::default())
        );
    }
    settle(&mut session);
    run(&mut session, "cluster stop-node node-2");
    let silent = session.now().plus(60_000);
    while session.seek(silent, 10_000) == Run::More {}
    run(&mut session, "kubectl label pod web-1 a=b");
    let tracks = look(&session, &mut tracker);
    assert_eq!(tracks, look(&session, &mut Tracker::default()));
    let states = |tracks: &crate::view::Tracks| -> Vec<PodState> {
        let bead = tracks.lanes.get(1).and_then(|lane| lane.beads.last());
        bead.map(|bead| bead.states.iter().map(|(_, state, _)| *state).collect())
            .unwrap_or_default()
    };
    assert_eq!(
        states(&tracks).last(),
        Some(&PodState::Lost),
        "{:?}",
        states(&tracks)
    );
    run(&mut session, "cluster start-node node-2");
    settle(&mut session);
    let tracks = look(&session, &mut tracker);
    assert_eq!(
        states(&tracks).last(),
        Some(&PodState::Ready),
        "{:?}",
        states(&tracks)
    );
    // Another past: the tracker begins anew.
    for _ in 0..6 {
        session.back();
    }
    run(&mut session, "kubectl delete pod web-0");
    settle(&mut session);
    assert_eq!(
        look(&session, &mut tracker),
        look(&session, &mut Tracker::default())
    );
}

/// The lanes of a set outlive it, each Pod at the revision that it was made of; the claims that it leaves go on.
#[test]
fn the_timeline_remembers_a_deleted_set() {
    use crate::view::{Played, tracks};
    let mut session = session();
    run(&mut session, "kubectl apply -f web.yaml");
    settle(&mut session);
    run(
        &mut session,
        "kubectl set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",
    );
    settle(&mut session);
    run(&mut session, "kubectl delete sts web");
    settle(&mut session);
    run(&mut session, "kubectl delete pvc www-web-1");
    settle(&mut session);
    assert_eq!(session.shown(None).board, None);
    let end = session.now().plus(10_000);
    while session.seek(end, 10_000) == Run::More {}
    let tracks = tracks(&Played {
        set: session.told(None).as_deref(),
        writes: session.world().writes(),
        marks: Vec::new(),
        ordinals: &[],
        end,
    });
    let lanes = tracks.lanes.iter().map(|lane| {
        let revisions: Vec<i64> = lane.beads.iter().map(|bead| bead.revision).collect();
        let ended = lane.beads.iter().all(|bead| bead.end < end);
        let kept = lane.thread.iter().any(|(_, to)| *to == end);
        (lane.name.as_str(), revisions, ended, kept)
    });
    assert_eq!(
        lanes.collect::<Vec<_>>(),
        [
            ("web-0", vec![1, 2], true, true),
            ("web-1", vec![1, 2], true, false)
        ]
    );
}

/// Every state after each line, and some of the past: the screen that follows what changes is the one that is
/// derived anew.
#[test]
fn a_followed_screen_is_the_screen() {
    let mut session = session();
    let mut follower = crate::view::Follower::default();
    let mut check = |session: &Session, line: &str| {
        let followed = session.followed(None, &mut follower, &session.due());
        assert_eq!(followed, session.shown(None), "{line}, {:?}", session.now());
    };
    for line in [
        "kubectl apply -f web.yaml",
        "kubectl scale sts web --replicas=5",
        "for i in 0 3; do kubectl exec web-$i -- sh -c 'hostname > /usr/share/nginx/html/index.html'; done",
        "kubectl run web-6 --image=nginx",
        "kubectl scale sts web --replicas=7",
        "kubectl delete pod web-6 --wait=false",
        "kubectl set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",
        "kubectl rollout undo sts/web",
        "cluster stop-node node-2",
        "kubectl delete pod web-1 --force --grace-period=0",
        "cluster start-node node-2",
        "kubectl create ns other; kubectl run web-2 -n other --image=nginx",
        "kubectl label pod web-0 app-; kubectl delete svc nginx",
        "kubectl scale sts web --replicas=1",
        "kubectl delete pvc www-web-4 www-web-0 --wait=false",
        "kubectl delete pod web-0 --wait=false",
        "kubectl delete sts web --cascade=orphan",
        "kubectl apply -f web.yaml",
        "kubectl delete sts web --wait=false",
    ] {
        let start = session.now();
        spawn(&mut session, line);
        check(&session, line);
        for _ in 0..150 {
            if !session.step() {
                break;
            }
            check(&session, line);
        }
        let span = session.now().since(start);
        for _ in 0..3 {
            session.back();
            check(&session, line);
        }
        session.step();
        check(&session, line);
        for part in [1, 3, 2] {
            session.seek(start.plus(span * part / 4), u64::MAX);
            check(&session, line);
            session.step();
            check(&session, line);
        }
        session.go(session.end());
        check(&session, line);
    }
    assert!(session.end().events > 1_000 && session.stops().len() > 300);
}
