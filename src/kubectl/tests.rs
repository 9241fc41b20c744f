//! Command lines played on a world, held to what the real kubectl printed.

use super::playback::Player;
use crate::sim::Settings;

const WEB: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: nginx
  labels:
    app: nginx
spec:
  ports:
  - port: 80
    name: web
  clusterIP: None
  selector:
    app: nginx
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: \"nginx\"
  replicas: 2
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.21
        ports:
        - containerPort: 80
          name: web
        volumeMounts:
        - name: www
          mountPath: /usr/share/nginx/html
  volumeClaimTemplates:
  - metadata:
      name: www
    spec:
      accessModes: [ \"ReadWriteOnce\" ]
      resources:
        requests:
          storage: 1Gi
";

/// A world in which web.yaml was applied and came to rest.
fn applied() -> Player {
    let mut player = Player::new(Settings::default());
    player.files.set("web.yaml", WEB);
    let said = player.ok("kubectl apply -f web.yaml");
    assert_eq!(
        said,
        "service/nginx created\nstatefulset.apps/web created\n"
    );
    rest(&mut player);
    player
}

fn rest(player: &mut Player) {
    let later = player.world.now().plus(8000);
    player.advance(later);
}

/// The cells of a table without AGE.
fn cells(table: &str) -> Vec<String> {
    let is_age =
        |word: &&str| word.ends_with(['s', 'm']) && word.starts_with(|c: char| c.is_ascii_digit());
    table
        .lines()
        .map(|line| {
            let words: Vec<&str> = line
                .split_whitespace()
                .filter(|word| !is_age(word))
                .collect();
            words.join(" ")
        })
        .collect()
}

// Recorded: 01-create.
#[test]
fn creating() {
    let mut player = applied();
    assert_eq!(
        cells(&player.ok("kubectl get statefulset web")),
        ["NAME READY AGE", "web 2/2"]
    );
    assert_eq!(
        cells(&player.ok("kubectl get pods -l app=nginx")),
        [
            "NAME READY STATUS RESTARTS AGE",
            "web-0 1/1 Running 0",
            "web-1 1/1 Running 0"
        ]
    );
    assert_eq!(
        cells(&player.ok("kubectl get service nginx")),
        [
            "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE",
            "nginx ClusterIP None <none> 80/TCP"
        ]
    );
    assert_eq!(
        cells(&player.ok("kubectl get controllerrevisions")),
        [
            "NAME CONTROLLER REVISION AGE",
            "web-f99c84b4b statefulset.apps/web 1"
        ]
    );
    let yaml = player.ok("kubectl get sts web -o yaml");
    assert!(yaml.contains("    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"annotations\":{},\"name\":\"web\",\"namespace\":\"default\"},\"spec\":{\"replicas\":2,"), "{yaml}");
    let described = player.ok("kubectl describe sts web");
    assert!(described.contains("\nReplicas:           2 desired | 2 total\nUpdate Strategy:    RollingUpdate\n  Partition:        0\nPods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed\nPod Template:\n  Labels:  app=nginx\n  Containers:\n   nginx:\n    Image:        registry.k8s.io/nginx-slim:0.21\n    Port:         80/TCP (web)\n"), "{described}");
    assert!(
        described.contains(
            "\nVolume Claims:\n  Name:          www\n  StorageClass:  \n  Labels:        <none>\n"
        ),
        "{described}"
    );
    assert!(
        described.ends_with("Create Pod web-1 in StatefulSet web successful\n"),
        "{described}"
    );
}

// Recorded: 04-scale.
#[test]
fn scaling() {
    let mut player = applied();
    assert_eq!(
        player.ok("kubectl scale sts web --replicas=5"),
        "statefulset.apps/web scaled\n"
    );
    rest(&mut player);
    assert_eq!(
        cells(&player.ok("kubectl get sts web")),
        ["NAME READY AGE", "web 5/5"]
    );
    let patch = "kubectl patch sts web -p '{\"spec\":{\"replicas\":3}}'";
    assert_eq!(player.ok(patch), "statefulset.apps/web patched\n");
    rest(&mut player);
    assert_eq!(
        player.ok("kubectl get pods -l app=nginx -o name"),
        "pod/web-0\npod/web-1\npod/web-2\n"
    );
    assert_eq!(player.ok("kubectl get pvc -o name").lines().count(), 5);
    assert_eq!(
        player.ok("kubectl scale sts web --replicas=3"),
        "statefulset.apps/web scaled\n"
    );
    for (line, err) in [
        (
            "kubectl scale sts web --current-replicas=2 --replicas=4",
            "error: Expected replicas to be 2, was 3\n",
        ),
        (
            "kubectl scale sts nope --replicas=1",
            "Error from server (NotFound): statefulsets.apps \"nope\" not found\n",
        ),
        (
            "kubectl scale sts web --replicas=-1",
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n",
        ),
    ] {
        let said = player.run(line, "", 1000);
        assert_eq!((said.code, said.err.as_str()), (Some(1), err), "{line}");
    }
    assert_eq!(
        player.ok(patch),
        "statefulset.apps/web patched (no change)\n"
    );
}

// Recorded: 01-create, `kubectl get pods --watch -l app=nginx`; equal neighbours are one row here.
#[test]
fn watching() {
    let mut player = applied();
    player.run("kubectl delete pod web-1 --wait=false", "", 1000);
    let said = player.run("kubectl get pods -w -l app=nginx", "", 6000);
    assert_eq!(said.code, None);
    let mut rows: Vec<String> = cells(&said.out)
        .into_iter()
        .filter(|row| row.starts_with("web-1"))
        .collect();
    rows.dedup();
    assert_eq!(
        rows,
        [
            "web-1 1/1 Terminating 0",
            "web-1 0/1 Completed 0",
            "web-1 0/1 Pending 0",
            "web-1 0/1 ContainerCreating 0",
            "web-1 1/1 Running 0",
        ]
    );
}

#[test]
fn deleting_waits_until_it_is_gone() {
    let mut player = applied();
    let before = player.world.now();
    assert_eq!(
        player.ok("kubectl delete pod web-1"),
        "pod \"web-1\" deleted from default namespace\n"
    );
    assert!(player.world.now().since(before) >= 500);
    let forced = player.run(
        "kubectl delete pod web-0 --grace-period=0 --force",
        "",
        1000,
    );
    assert_eq!(
        forced.out,
        "pod \"web-0\" force deleted from default namespace\n"
    );
    let missing = player.run("kubectl delete sts x", "", 1000);
    assert_eq!(
        missing.err,
        "Error from server (NotFound): statefulsets.apps \"x\" not found\n"
    );
}

#[test]
fn applying_again_from_standard_input() {
    let mut player = applied();
    let said = player.run("kubectl apply -f -", WEB, 1000);
    assert_eq!(
        said.out,
        "service/nginx unchanged\nstatefulset.apps/web configured\n"
    );
    let more = WEB.replace("replicas: 2", "replicas: 3");
    player.run("kubectl apply -f -", &more, 1000);
    let status = player.run("kubectl rollout status sts/web", "", 60_000);
    assert!(
        status
            .out
            .ends_with("partitioned roll out complete: 3 new pods have been updated...\n"),
        "{}",
        status.out
    );
    let bad = player.run(
        "kubectl apply -f -",
        &WEB.replace("replicas: 2", "replica: 2"),
        1000,
    );
    assert_eq!(bad.code, Some(1));
}

/// Every command and flag that kubectl lists works here or says in one sentence that it does not.
#[test]
fn what_is_not_simulated_says_so() {
    use super::{manual, verbs};
    let mut player = Player::new(Settings::default());
    let (mut commands, mut flags) = (0, 0);
    let mut waiting = vec![String::new()];
    while let Some(path) = waiting.pop() {
        let below = manual::commands(&path);
        waiting.extend(
            below
                .iter()
                .map(|(name, _)| format!("{path} {name}").trim().to_owned()),
        );
        let verb = verbs::find(&path);
        commands += 1;
        if verb.is_none() && below.is_empty() {
            let said = player.run(&format!("kubectl {path}"), "", 1000);
            let sentence = format!("error: kubectl {path} is not simulated here\n");
            assert_eq!((said.code, said.err), (Some(1), sentence));
        }
        let known = |long: &str| {
            let own = verb.map_or(&[][..], |verb| verb.flags);
            let mut all = own.iter().chain(super::cli::GLOBAL);
            all.find(|flag| flag.long == long)
                .is_some_and(|flag| flag.simulated)
        };
        for option in manual::options(&path) {
            flags += 1;
            if verb.is_none() || known(option.long) {
                continue;
            }
            let value = if option.is_switch() { "true" } else { "1" };
            let said = player.run(
                &format!("kubectl {path} --{}={value}", option.long),
                "",
                1000,
            );
            let sentence = format!("error: --{} is not simulated here\n", option.long);
            assert_eq!((said.code, said.err), (Some(1), sentence), "{path}");
        }
    }
    assert!(commands > 100 && flags > 900, "{commands} {flags}");
}
