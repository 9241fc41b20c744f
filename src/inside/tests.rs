//! Programs in the Pods of the tutorial's set.

use super::{environment, program};
use crate::api::{DeleteOptions, Key, Kind, Str, Time, Value};
use crate::net::dns::{self, Question, RecordState, RecordType};
use crate::shell::{Context, Files, Host, Output, Progress, Stdin, Stream};
use crate::sim::{Answer, Code, Data, Settings, World};
use crate::store::fields::Writer;

const WEB: &str = include_str!("../session/web.yaml");
const CLIENT: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: dns-test\nspec:\n  containers:\n  - name: c\n    image: busybox:1.28\n    command: [sleep, '3600']\n";

pub(super) fn apply(world: &mut World, text: &str) {
    for document in crate::manifest::read_documents(text).expect("a valid manifest") {
        let text = |key: &str| document.tree.str_at(&[key]).unwrap_or_default().to_owned();
        let kind = Kind::from_type(&text("apiVersion"), &text("kind")).expect("a known kind");
        world
            .create(kind, document.tree, &Writer::component("kubectl"), false)
            .expect("accepted");
    }
}

pub(super) fn wait(world: &mut World, millis: i64) {
    let until = world.now().plus(millis);
    while world.next_due().is_some_and(|due| due <= until) {
        world.run_event();
    }
    world.set_now(until);
}

fn cluster() -> World {
    let mut world = World::new(Settings::default());
    let probe = "        readinessProbe:\n          exec:\n            command: [\"true\"]\n        ports:\n        - containerPort";
    let web = WEB.replace("        ports:\n        - containerPort", probe);
    assert_ne!(web, WEB, "a place for the probe");
    apply(&mut world, &web);
    apply(&mut world, CLIENT);
    wait(&mut world, 20_000);
    world
}

/// Runs words in a Pod, as `kubectl exec` does: exit code, output, errors.
pub(super) fn exec(
    world: &mut World,
    pod: &str,
    container: &str,
    words: &[&str],
) -> (i32, String, String) {
    let key = Key::new(Kind::Pod, "default", pod);
    let host = Host::Container {
        pod: key.clone(),
        container: Str::new(container),
    };
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut program = program(world, &host, &words).expect("a program of the container");
    let mut env = environment(world, &key, container);
    let (mut files, mut stdin) = (Files::default(), Stdin::default());
    let (mut stdout, mut stderr) = (String::new(), String::new());
    for _ in 0..100 {
        let mut out = Output::default();
        let mut cx = Context {
            world: &mut *world,
            files: &mut files,
            env: &mut env,
            stdin: &mut stdin,
            out: &mut out,
            host: host.clone(),
            work: &Default::default(),
            programs: super::program,
        };
        let progress = program.poll(&mut cx);
        for (stream, text) in out.take() {
            match stream {
                Stream::Stdout => stdout.push_str(&text),
                Stream::Stderr => stderr.push_str(&text),
            }
        }
        match progress {
            Progress::Done(code) => return (code, stdout, stderr),
            Progress::Wait(wanted) => {
                let until = wanted.until.expect("waits for a time");
                let millis = until.since(world.now());
                wait(world, millis);
            }
        }
    }
    panic!("{words:?} does not end");
}

fn ask(world: &World, name: &str, kind: RecordType) -> Answer {
    dns::resolve(
        world.store(),
        &Question {
            name: Str::new(name),
            kind,
        },
    )
}

fn ip(world: &World, pod: &str) -> Str {
    let pod = world
        .store()
        .get(&Key::new(Kind::Pod, "default", pod))
        .expect("the Pod");
    pod.pod().expect("its view").ip.clone()
}

#[test]
fn the_tutorials_lines_work() {
    let world = &mut cluster();
    assert_eq!(exec(world, "web-0", "", &["hostname"]).1, "web-0\n");
    assert_eq!(
        exec(world, "web-1", "", &["sh", "-c", "hostname"]).1,
        "web-1\n"
    );
    let full = "web-0.nginx.default.svc.cluster.local\n";
    assert_eq!(exec(world, "web-0", "", &["hostname", "-f"]).1, full);
    let (code, page, _) = exec(world, "web-0", "", &["curl", "-s", "http://localhost/"]);
    assert_eq!(code, 0);
    assert!(page.contains("<h1>403 Forbidden</h1>"), "{page}");
    let write = "echo \"$(hostname)\" > /usr/share/nginx/html/index.html";
    assert_eq!(
        exec(world, "web-0", "", &["sh", "-c", write]),
        (0, String::new(), String::new())
    );
    assert_eq!(
        exec(world, "web-0", "", &["curl", "http://localhost/"]).1,
        "web-0\n"
    );
    assert_eq!(
        exec(world, "web-1", "", &["curl", "-sI", "web-0.nginx"])
            .1
            .lines()
            .next(),
        Some("HTTP/1.1 200 OK")
    );
    assert_eq!(
        exec(
            world,
            "dns-test",
            "",
            &["wget", "-qO-", "http://web-0.nginx/"]
        )
        .1,
        "web-0\n"
    );
    assert_eq!(
        exec(
            world,
            "web-0",
            "",
            &["cat", "/usr/share/nginx/html/index.html"]
        )
        .1,
        "web-0\n"
    );
}

#[test]
fn what_is_written_outlives_the_pod_and_the_rest_does_not() {
    let world = &mut cluster();
    let lines =
        "echo kept > /usr/share/nginx/html/f; echo lost > /tmp/f; ls /tmp /usr/share/nginx/html";
    let listed = "/tmp:\nf\n\n/usr/share/nginx/html:\nf\n";
    assert_eq!(exec(world, "web-0", "", &["sh", "-c", lines]).1, listed);
    let key = Key::new(Kind::Pod, "default", "web-0");
    world
        .delete(&key, &DeleteOptions::default(), false)
        .expect("deleted");
    wait(world, 10_000);
    assert_eq!(
        exec(world, "web-0", "", &["cat", "/usr/share/nginx/html/f"]).1,
        "kept\n"
    );
    let (code, _, said) = exec(world, "web-0", "", &["cat", "/tmp/f"]);
    assert_eq!(
        (code, said.as_str()),
        (1, "cat: /tmp/f: No such file or directory\n")
    );
}

#[test]
fn names_follow_readiness() {
    let world = &mut cluster();
    let name = "web-1.nginx.default.svc.cluster.local";
    assert_eq!(ask(world, name, RecordType::A).records.len(), 1);
    assert_eq!(
        ask(world, &name.to_uppercase(), RecordType::A).code,
        Code::NoError
    );
    let aaaa = ask(world, name, RecordType::Aaaa);
    assert_eq!((aaaa.code, aaaa.records.len()), (Code::NoError, 0));
    for missing in [
        "web-2.nginx.default.svc.cluster.local",
        "nope.default.svc.cluster.local",
        "web-1.nginx",
        "example.com",
    ] {
        assert_eq!(
            ask(world, missing, RecordType::A).code,
            Code::NxDomain,
            "{missing}"
        );
    }
    for empty in [
        "default.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
    ] {
        let found = ask(world, empty, RecordType::A);
        assert_eq!(
            (found.code, found.records.len()),
            (Code::NoError, 0),
            "{empty}"
        );
    }
    assert_eq!(
        ask(world, "nowhere.svc.cluster.local", RecordType::A).code,
        Code::NxDomain
    );
    let both = ask(world, "nginx.default.svc.cluster.local", RecordType::A);
    assert_eq!(both.records.len(), 2);
    world.fail_readiness(&Key::new(Kind::Pod, "default", "web-1"), true);
    wait(world, 30_000);
    let pods = world
        .store()
        .get(&Key::new(Kind::Pod, "default", "web-1"))
        .expect("web-1")
        .clone();
    let record = dns::pod_record(world.store(), &pods);
    let ready = pods.pod().is_some_and(|view| view.ready.ready);
    assert!(!ready, "its probe fails");
    assert_eq!(record.state, RecordState::NoRecord);
    assert_eq!(ask(world, name, RecordType::A).code, Code::NxDomain);
}

/// Transcript 02-stable-identity.
#[test]
fn service_and_pointer_records() {
    let world = &cluster();
    for name in [
        "nginx.default.svc.cluster.local",
        "_web._tcp.nginx.default.svc.cluster.local",
    ] {
        let found = ask(world, name, RecordType::Srv);
        let target = |i: usize| Str::from(format!("web-{i}.nginx.default.svc.cluster.local"));
        for (i, record) in found.records.iter().enumerate() {
            let wanted = Data::Srv {
                priority: 0,
                weight: 50,
                port: 80,
                target: target(i),
            };
            assert_eq!(record.data, wanted);
        }
        assert_eq!((found.records.len(), found.additional.len()), (2, 2));
    }
    let missing = "_nope._tcp.nginx.default.svc.cluster.local";
    assert_eq!(ask(world, missing, RecordType::Srv).code, Code::NxDomain);
    let address = ip(world, "web-0");
    let mut parts: Vec<&str> = address.split('.').collect();
    parts.reverse();
    let found = ask(
        world,
        &format!("{}.in-addr.arpa", parts.join(".")),
        RecordType::Ptr,
    );
    let name = Data::Ptr(Str::literal("web-0.nginx.default.svc.cluster.local"));
    assert_eq!(
        found.records.first().map(|record| &record.data),
        Some(&name)
    );
    let kubernetes = ask(world, "kubernetes.default.svc.cluster.local", RecordType::A);
    assert_eq!(kubernetes.records.len(), 1);
}

/// Transcript 75-negative-dns-cache: asked too early, a name stays unknown for thirty seconds.
#[test]
fn a_name_asked_for_too_early_stays_unknown() {
    let world = &mut cluster();
    let early = exec(world, "dns-test", "", &["nslookup", "web-2.nginx"]);
    assert_eq!(
        (early.0, early.2.as_str()),
        (1, "nslookup: can't resolve 'web-2.nginx'\n")
    );
    let set = Key::new(Kind::StatefulSet, "default", "web");
    let mut tree: Value = world.store().get(&set).expect("the set").tree().clone();
    tree.set(&["spec", "replicas"], 3);
    world
        .update(
            Kind::StatefulSet,
            tree,
            &Writer::component("kubectl"),
            false,
        )
        .expect("scaled");
    wait(world, 10_000);
    let name = "web-2.nginx.default.svc.cluster.local";
    assert_eq!(ask(world, name, RecordType::A).records.len(), 1);
    assert_eq!(
        exec(world, "dns-test", "", &["nslookup", "web-2.nginx"]).0,
        1
    );
    assert_eq!(exec(world, "web-0", "", &["curl", "web-2.nginx"]).0, 6);
    wait(world, 20_000);
    let address = ip(world, "web-2");
    let wanted = format!(
        "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n\
         Name:      web-2.nginx\nAddress 1: {address} {name}\n"
    );
    assert_eq!(
        exec(world, "dns-test", "", &["nslookup", "web-2.nginx"]).1,
        wanted
    );
}

#[test]
fn clients_say_why_nobody_answers() {
    let world = &mut cluster();
    for (words, code, said) in [
        (
            &["curl", "-sS", "http://nope"][..],
            6,
            "curl: (6) Could not resolve host: nope\n",
        ),
        (
            &["curl", "-sS", "localhost:8080"],
            7,
            "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server\n",
        ),
        (
            &["curl", "-sS", "10.244.99.99"],
            7,
            "curl: (7) Failed to connect to 10.244.99.99 port 80 after 3000 ms: No route to host\n",
        ),
        (
            &["curl", "-sSm", "1", "10.244.99.99"],
            28,
            "curl: (28) Failed to connect to 10.244.99.99 port 80 after 1000 ms: Timeout was reached\n",
        ),
        (
            &["curl", "-sSf", "localhost/x"],
            22,
            "curl: (22) The requested URL returned error: 404\n",
        ),
        (
            &["curl"],
            2,
            "curl: try 'curl --help' or 'curl --manual' for more information\n",
        ),
        (&["wget", "-qO-", "nope"], 1, "wget: bad address 'nope'\n"),
        (
            &["wget", "-qO-", "localhost"],
            1,
            "wget: server returned error: HTTP/1.1 403 Forbidden\n",
        ),
    ] {
        let (got, _, stderr) = exec(world, "web-0", "", words);
        assert_eq!((got, stderr.as_str()), (code, said), "{words:?}");
    }
}

#[test]
fn the_containers_own_things() {
    let world = &mut cluster();
    let (_, shown, _) = exec(world, "web-0", "", &["df", "-h", "/usr/share/nginx/html"]);
    let wanted = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sdb        1.0G   24K  1.0G   1% /usr/share/nginx/html\n";
    assert_eq!(shown, wanted);
    let (_, variables, _) = exec(world, "web-0", "", &["env"]);
    assert!(
        variables.contains("HOSTNAME=web-0\n")
            && variables.contains("KUBERNETES_SERVICE_HOST=10.96.0.1\n"),
        "{variables}"
    );
    let (_, hosts, _) = exec(world, "web-0", "", &["tail", "-1", "/etc/hosts"]);
    assert_eq!(
        hosts,
        format!(
            "{}\tweb-0.nginx.default.svc.cluster.local\tweb-0\n",
            ip(world, "web-0")
        )
    );
    assert_eq!(
        exec(world, "web-0", "", &["grep", "ndots", "/etc/resolv.conf"]).1,
        "options ndots:5\n"
    );
    let script = "cd /usr/share/nginx/html && mkdir d && touch d/x && ls -l d | tail -1 | cut -c1-10 && chmod 600 d/x && ls -l d | tail -1 | cut -c1-10; rm -r d; ls; foo";
    let (code, stdout, stderr) = exec(world, "web-0", "", &["sh", "-c", script]);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (127, "-rw-r--r--\n-rw-------\n", "sh: 1: foo: not found\n")
    );
    assert!(
        exec(world, "web-0", "", &["ps"])
            .1
            .contains("    1 root      0:00 nginx: master")
    );
    assert!(
        program(
            world,
            &Host::Container {
                pod: Key::new(Kind::Pod, "default", "web-0"),
                container: Str::EMPTY
            },
            &["vim".to_owned()]
        )
        .is_none()
    );
}

#[test]
fn kill_1_restarts_a_server_but_not_what_ignores_it() {
    let world = &mut cluster();
    let restarts = |world: &World, pod: &str| {
        let pod = world
            .store()
            .get(&Key::new(Kind::Pod, "default", pod))
            .expect("the Pod");
        let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
        statuses
            .first()
            .and_then(|status| status.int_at(&["restartCount"]))
    };
    assert_eq!(
        exec(world, "web-1", "", &["sh", "-c", "echo x > /tmp/x; kill 1"]).0,
        0
    );
    assert_eq!(exec(world, "dns-test", "", &["kill", "1"]).0, 0);
    wait(world, 5_000);
    assert_eq!(
        (restarts(world, "web-1"), restarts(world, "dns-test")),
        (Some(1), Some(0))
    );
    assert_eq!(exec(world, "web-1", "", &["cat", "/tmp/x"]).0, 1);
    assert!(world.now() > Time::EPOCH);
}
