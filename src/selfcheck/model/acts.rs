//! What the model test does to a cluster: random worlds, and random acts on them, each a command line.

use super::Dice;
use crate::api::{Key, Kind, Millis, Object, Str};
use crate::session::Session;
use crate::sim::{NodeSettings, Settings};
use crate::store::Store;
use std::fmt::Write as _;

/// What is done next.
#[derive(Debug)]
pub enum Act {
    /// A command line.
    Line(String),
    /// A file is saved, then a command line.
    File(&'static str, String, String),
    /// The cluster gets this many nodes.
    Nodes(u32),
}

/// The settings of a world.
pub fn settings(dice: &mut Dice, seed: u64) -> Settings {
    let crowded = dice.one_in(5);
    Settings {
        seed,
        nodes: NodeSettings {
            count: 2 + dice.up_to(3),
            pods: if crowded { 2 } else { 110 },
        },
        max_unavailable: dice.one_in(3),
        storage_class: !dice.one_in(4),
        ..Settings::default()
    }
}

/// How the set of a world is written.
#[derive(Clone, Debug)]
pub struct Shape {
    parallel: bool,
    start: u32,
    min_ready: u32,
    probed: bool,
    /// The claims' class: none is the default class.
    class: Option<&'static str>,
    claims: u32,
    history: u32,
    when_deleted: bool,
    when_scaled: bool,
    strategy: &'static str,
    deployment: bool,
}

impl Shape {
    /// A random shape.
    pub fn of(dice: &mut Dice) -> Shape {
        let class = match dice.up_to(9) {
            0 => Some("no-such-class"),
            1 | 2 => Some("late"),
            3 => Some("elsewhere"),
            4 => Some("by-hand"),
            _ => None,
        };
        Shape {
            parallel: dice.one_in(3),
            start: if dice.one_in(5) { 2 } else { 0 },
            min_ready: if dice.one_in(3) { 4 } else { 0 },
            probed: !dice.one_in(3),
            class,
            claims: [1, 1, 1, 0, 2][dice.up_to(4) as usize],
            history: dice.up_to(3),
            when_deleted: dice.one_in(3),
            when_scaled: !dice.one_in(3),
            strategy: [
                "",
                "",
                "",
                "  updateStrategy:\n    type: OnDelete\n",
                "  updateStrategy:\n    rollingUpdate:\n      partition: 2\n",
            ][dice.up_to(4) as usize],
            deployment: dice.one_in(2),
        }
    }

    /// The manifest of the Service and the set.
    fn manifest(&self, dice: &mut Dice) -> String {
        let mut text = String::from(SERVICE);
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: web\nspec:\n  \
             serviceName: nginx\n  replicas: {}\n  revisionHistoryLimit: {}\n  minReadySeconds: {}\n  \
             podManagementPolicy: {}\n  persistentVolumeClaimRetentionPolicy:\n    \
             whenDeleted: {}\n    whenScaled: {}\n  ordinals:\n    start: {}\n{}{TEMPLATE}{}\n",
            1 + dice.up_to(4),
            self.history,
            self.min_ready,
            if self.parallel {
                "Parallel"
            } else {
                "OrderedReady"
            },
            policy(self.when_deleted),
            policy(self.when_scaled),
            self.start,
            self.strategy,
            image(dice),
        );
        if self.probed {
            text.push_str("        readinessProbe:\n          exec:\n            command: [\"true\"]\n          periodSeconds: 2\n          failureThreshold: 1\n");
        }
        for number in 0..self.claims {
            let head = if number == 0 {
                "  volumeClaimTemplates:\n"
            } else {
                ""
            };
            let class = self.class.map_or(String::new(), |class| {
                format!("      storageClassName: {class}\n")
            });
            let _ = write!(
                text,
                "{head}  - metadata:\n      name: data{number}\n    spec:\n{class}      accessModes: [ReadWriteOnce]\n      resources:\n        requests:\n          storage: 1Gi\n"
            );
        }
        text
    }

    /// What a world of this shape begins with.
    pub fn opening(&self, dice: &mut Dice) -> Vec<Act> {
        let mut acts = Vec::new();
        match self.class {
            Some("late") => acts.push(class("late", "kubernetes.io/host-path", true)),
            Some("elsewhere") => acts.push(class("elsewhere", "example.com/elsewhere", false)),
            Some("by-hand") => acts.push(volumes(1 + dice.up_to(2))),
            _ => {}
        }
        acts.push(self.apply(dice));
        if self.deployment {
            let text = DEPLOYMENT.to_owned();
            let line = "kubectl apply -f api.yaml".to_owned();
            acts.push(Act::File("api.yaml", text, line));
        }
        acts
    }

    fn apply(&self, dice: &mut Dice) -> Act {
        let line = "kubectl apply -f web.yaml".to_owned();
        Act::File("web.yaml", self.manifest(dice), line)
    }

    /// A random act on the world as it is.
    pub fn act(&self, dice: &mut Dice, session: &Session) -> Act {
        let store = session.world().store();
        let set = store.get(&Key::new(Kind::StatefulSet, "default", "web"));
        if !session.settings().storage_class && dice.one_in(4) {
            return classes_come_and_go(store);
        }
        if self.deployment && dice.one_in(6) {
            return Act::Line(deployment(dice));
        }
        let Some(set) = set.filter(|set| !set.meta.terminating()) else {
            if dice.one_in(4) {
                return Act::Line(self.fault(dice, session));
            }
            return self.apply(dice);
        };
        match dice.up_to(99) {
            0..8 => Act::Line(scale(dice, set)),
            8..15 => Act::Line(bounce(dice, set)),
            15..23 => Act::Line(stumble(dice, set)),
            23..31 => Act::Line(format!("kubectl set image sts/web nginx={}", image(dice))),
            31..42 => patch(dice, set),
            42..51 => Act::Line(delete_pod(dice, store)),
            51..64 => Act::Line(self.fault(dice, session)),
            64..75 => Act::Line(meddle(dice, store)),
            75..82 => Act::Line(delete_claim(dice, store)),
            82..85 => {
                let how = ["background", "orphan", "foreground"][dice.up_to(2) as usize];
                Act::Line(format!(
                    "kubectl delete sts web --cascade={how} --wait=false"
                ))
            }
            85..88 => Act::Line(
                [
                    "kubectl rollout undo sts/web",
                    "kubectl rollout restart sts/web",
                ][dice.up_to(1) as usize]
                    .to_owned(),
            ),
            88..96 => lonely_claim(dice),
            96..98 => Act::Nodes(2 + dice.up_to(3)),
            _ => self.apply(dice),
        }
    }

    /// Something breaks, or is mended.
    fn fault(&self, dice: &mut Dice, session: &Session) -> String {
        let store = session.world().store();
        let runtime = session.world().runtime();
        let mut nodes = store.list(Kind::Node, "").map(|node| node.name().clone());
        let silent = nodes.find(|node| runtime.silent_since(node).is_some());
        let pod = any(dice, store, Kind::Pod).unwrap_or_else(|| Str::literal("web-0"));
        let node = any(dice, store, Kind::Node).unwrap_or_else(|| Str::literal("node-1"));
        match dice.up_to(19) {
            0..3 => format!("cluster crash {pod}"),
            3..6 if self.probed => format!("cluster fail-ready {pod}"),
            6..9 if self.probed => format!("cluster pass-ready {pod}"),
            3..9 => format!("cluster crash {pod} --code=0"),
            9 => format!("cluster hang {pod}"),
            10 => format!("cluster obey {pod}"),
            11 | 12 => format!("cluster stop-node {node}"),
            13 | 14 => format!("cluster start-node {}", silent.unwrap_or(node)),
            15 => format!("kubectl cordon {node}"),
            16 => format!("kubectl uncordon {node}"),
            17 => format!(
                "kubectl drain {node} --ignore-daemonsets --force --delete-emptydir-data --timeout=20s"
            ),
            18 => format!(
                "cluster stop-node {node}; kubectl taint nodes {node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute --overwrite"
            ),
            _ => format!("kubectl delete node {node} --wait=false"),
        }
    }
}

fn policy(delete: bool) -> &'static str {
    if delete { "Delete" } else { "Retain" }
}

fn image(dice: &mut Dice) -> String {
    if dice.one_in(14) {
        return "registry.k8s.io/no-such:1".to_owned();
    }
    let tag = ["0.21", "0.24", "0.25", "0.20"][dice.up_to(3) as usize];
    format!("registry.k8s.io/nginx-slim:{tag}")
}

/// Another number of replicas.
fn scale(dice: &mut Dice, set: &Object) -> String {
    let now = set.set().map_or(1, |view| view.replicas);
    let mut replicas = i32::try_from(dice.up_to(6)).unwrap_or(0);
    if replicas == now {
        replicas += 1;
    }
    format!("kubectl scale sts web --replicas={replicas}")
}

/// Down and up again, before what went is gone.
fn bounce(dice: &mut Dice, set: &Object) -> String {
    let now = set.set().map_or(1, |view| view.replicas).max(1);
    let low = dice.up_to(u32::try_from(now).unwrap_or(1) - 1);
    format!("kubectl scale sts web --replicas={low}; kubectl scale sts web --replicas={now}")
}

/// Scaled down while a Pod is not Ready.
fn stumble(dice: &mut Dice, set: &Object) -> String {
    let view = set.set();
    let (start, now) = view.map_or((0, 1), |view| (view.start, view.replicas));
    let low = dice.up_to(u32::try_from(now.max(1)).unwrap_or(1) - 1);
    let pod = start + i32::try_from(dice.up_to(2)).unwrap_or(0);
    format!(
        "cluster fail-ready web-{pod}; cluster crash web-{pod}; sleep 3; kubectl scale sts web --replicas={low}"
    )
}

fn patch(dice: &mut Dice, set: &Object) -> Act {
    let on_delete = set
        .set()
        .is_some_and(|view| view.strategy == crate::api::UpdateStrategy::OnDelete);
    let delete = dice.one_in(2);
    let spec = match dice.up_to(12) {
        0..4 if !on_delete => format!(
            r#""updateStrategy":{{"rollingUpdate":{{"partition":{}}}}}"#,
            dice.up_to(4)
        ),
        0..4 if on_delete => {
            r#""updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#
                .to_owned()
        }
        4..8 if !on_delete => {
            r#""updateStrategy":{"type":"OnDelete","rollingUpdate":null}"#.to_owned()
        }
        8 => format!(
            r#""persistentVolumeClaimRetentionPolicy":{{"whenScaled":"{}"}}"#,
            policy(delete)
        ),
        9 => format!(
            r#""persistentVolumeClaimRetentionPolicy":{{"whenDeleted":"{}"}}"#,
            policy(delete)
        ),
        10 | 11 => format!(
            r#""updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxUnavailable":{}}}}}"#,
            1 + dice.up_to(2)
        ),
        _ => format!(r#""minReadySeconds":{}"#, dice.up_to(1) * 5),
    };
    Act::Line(format!(
        "kubectl patch sts web -p '{{\"spec\":{{{spec}}}}}'"
    ))
}

/// The name of a random object of a kind.
fn any(dice: &mut Dice, store: &Store, kind: Kind) -> Option<Str> {
    let namespace = if kind == Kind::Node { "" } else { "default" };
    let names: Vec<&Str> = store.list(kind, namespace).map(|o| o.name()).collect();
    let at = dice.up_to(u32::try_from(names.len().max(1)).unwrap_or(1) - 1);
    names.get(at as usize).map(|name| (*name).clone())
}

fn delete_pod(dice: &mut Dice, store: &Store) -> String {
    let pod = any(dice, store, Kind::Pod).unwrap_or_else(|| Str::literal("web-0"));
    match dice.up_to(9) {
        0 => "kubectl delete pod -l app=nginx --wait=false".to_owned(),
        1 | 2 => format!("kubectl delete pod {pod} --force --grace-period=0"),
        _ => format!("kubectl delete pod {pod} --wait=false"),
    }
}

fn delete_claim(dice: &mut Dice, store: &Store) -> String {
    let claim = any(dice, store, Kind::PersistentVolumeClaim);
    let claim = claim.unwrap_or_else(|| Str::literal("data0-web-0"));
    if dice.one_in(2) {
        let volume = store
            .list(Kind::PersistentVolume, "")
            .next()
            .map_or(Str::literal("none"), |volume| volume.name().clone());
        return format!("kubectl delete pv {volume} --wait=false");
    }
    format!("kubectl delete pvc {claim} --wait=false")
}

/// What nobody should do to a Pod of a set.
fn meddle(dice: &mut Dice, store: &Store) -> String {
    let pod = any(dice, store, Kind::Pod).unwrap_or_else(|| Str::literal("web-0"));
    match dice.up_to(13) {
        12 => "kubectl create namespace play; kubectl create configmap game -n play --from-literal=a=b; kubectl delete namespace play --wait=false".to_owned(),
        13 => "kubectl delete service kubernetes".to_owned(),
        0 => format!("kubectl label pod {pod} app-"),
        1..4 => format!("kubectl label pod {pod} app=nginx --overwrite"),
        4..8 => format!("kubectl label pod {pod} statefulset.kubernetes.io/pod-name-"),
        8 => {
            let ordinal = dice.up_to(5);
            format!("kubectl run web-{ordinal} --image=busybox --restart=Never -- sleep 1000")
        }
        _ => format!(
            "kubectl patch pod {pod} --subresource=status -p '{{\"status\":{{\"phase\":\"Failed\"}}}}'"
        ),
    }
}

fn deployment(dice: &mut Dice) -> String {
    if dice.one_in(3) {
        return format!("kubectl scale deployment api --replicas={}", dice.up_to(4));
    }
    let tag = ["0.21", "0.24", "0.25", "0.20", "0.26", "0.27"][dice.up_to(5) as usize];
    format!("kubectl set image deployment/api nginx=registry.k8s.io/nginx-slim:{tag}")
}

fn class(name: &'static str, provisioner: &str, late: bool) -> Act {
    let mode = if late {
        "WaitForFirstConsumer"
    } else {
        "Immediate"
    };
    let text = format!(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: {name}\nprovisioner: {provisioner}\nvolumeBindingMode: {mode}\n"
    );
    Act::File("sc.yaml", text, "kubectl apply -f sc.yaml".to_owned())
}

/// Volumes made by hand.
fn volumes(count: u32) -> Act {
    let mut text = String::new();
    for number in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: disk-{number}\nspec:\n  capacity:\n    storage: 2Gi\n  accessModes: [ReadWriteOnce]\n  storageClassName: by-hand\n  persistentVolumeReclaimPolicy: {}\n  hostPath:\n    path: /disks/{number}\n",
            if number % 2 == 0 { "Retain" } else { "Delete" }
        );
    }
    Act::File("pv.yaml", text, "kubectl apply -f pv.yaml".to_owned())
}

/// The default class and two claims that wait for one, by turns.
fn classes_come_and_go(store: &Store) -> Act {
    let key = Key::new(Kind::StorageClass, "", "standard");
    if store.get(&key).is_some() {
        let mut text = String::new();
        for number in 1..=3 {
            let version = store.resource_version();
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: waits-{version}-{number}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n"
            );
        }
        let line = "kubectl delete sc standard; kubectl apply -f pvc.yaml".to_owned();
        return Act::File("pvc.yaml", text, line);
    }
    let text = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: standard\n  annotations:\n    storageclass.kubernetes.io/is-default-class: \"true\"\nprovisioner: kubernetes.io/host-path\n";
    let line = "kubectl apply -f sc.yaml".to_owned();
    Act::File("sc.yaml", text.to_owned(), line)
}

/// A claim that no set made.
fn lonely_claim(dice: &mut Dice) -> Act {
    let number = dice.up_to(99);
    let what = [
        "storageClassName: no-such-class",
        "storageClassName: late",
        "storageClassName: elsewhere",
        "storageClassName: \"\"",
        "volumeName: no-such-volume",
        "volumeMode: Filesystem",
        "volumeName: no-such-volume",
    ][dice.up_to(6) as usize];
    let text = format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: lonely-{number}\nspec:\n  {what}\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n"
    );
    Act::File("pvc.yaml", text, "kubectl apply -f pvc.yaml".to_owned())
}

/// How long the clock runs after an act: mostly a moment, sometimes long enough for evictions.
pub fn wait(dice: &mut Dice, session: &Session) -> Millis {
    let world = session.world();
    let silent = |node: &Object| world.runtime().silent_since(node.name()).is_some();
    if dice.one_in(3) && world.store().list(Kind::Node, "").any(|node| silent(node)) {
        return 60_000;
    }
    match dice.up_to(11) {
        0 => 0,
        1 | 2 => 40,
        3 | 4 => 700,
        5..9 => 4_000,
        9 | 10 => 20_000,
        _ => 400_000,
    }
}

/// Ends every fault that is not written in a manifest.
pub fn mend(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    for node in store.list(Kind::Node, "") {
        let name = node.name();
        lines.push(format!("cluster start-node {name}"));
        lines.push(format!("kubectl uncordon {name}"));
        lines.push(format!(
            "kubectl taint nodes {name} node.kubernetes.io/out-of-service-"
        ));
    }
    for ordinal in 0..12 {
        lines.push(format!("cluster pass-ready web-{ordinal}"));
        lines.push(format!("cluster obey web-{ordinal}"));
    }
    lines
}

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: nginx
spec:
  ports:
  - port: 80
    name: web
  clusterIP: None
  selector:
    app: nginx
";

/// Up to the image.
const TEMPLATE: &str = "  \
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: nginx
        image: ";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 2
  revisionHistoryLimit: 1
  selector:
    matchLabels:
      app: api
  template:
    metadata:
      labels:
        app: api
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.21
";
