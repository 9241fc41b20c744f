//! Typed views of the fields that controllers act on, parsed once when an object is written.

use super::{Kind, Map, Meta, Millis, Quantity, Selector, Str, Time, Value};
use std::sync::Arc;

/// The typed view of an object, by kind; kinds that no controller reads often have none.
#[derive(Clone, Debug, Default)]
pub enum View {
    /// A Pod.
    Pod(Arc<PodView>),
    /// A StatefulSet.
    Set(Arc<SetView>),
    /// A PersistentVolumeClaim.
    Claim(Arc<ClaimView>),
    /// A PersistentVolume.
    Volume(Arc<VolumeView>),
    /// A Node.
    Node(Arc<NodeView>),
    /// A ControllerRevision.
    Revision(RevisionView),
    /// A kind that is read from its tree.
    #[default]
    None,
}

impl View {
    /// Parses the view of an object from its tree and metadata. What has not changed since `old` is shared
    /// with it.
    #[must_use]
    pub fn parse(kind: Kind, tree: &Value, meta: &Meta, old: Option<&super::Object>) -> View {
        match kind {
            Kind::Pod => View::Pod(Arc::new(PodView::parse(tree, meta, old))),
            Kind::StatefulSet => View::Set(Arc::new(SetView::parse(tree))),
            Kind::PersistentVolumeClaim => View::Claim(Arc::new(ClaimView::parse(tree))),
            Kind::PersistentVolume => View::Volume(Arc::new(VolumeView::parse(tree))),
            Kind::Node => View::Node(Arc::new(NodeView::parse(tree))),
            Kind::ControllerRevision => View::Revision(RevisionView {
                number: tree.int_at(&["revision"]).unwrap_or(0),
            }),
            _ => View::None,
        }
    }
}

impl super::Object {
    /// The view of a Pod, if it is one.
    #[must_use]
    pub fn pod(&self) -> Option<&PodView> {
        if let View::Pod(view) = &self.view {
            Some(view)
        } else {
            None
        }
    }

    /// The view of a StatefulSet, if it is one.
    #[must_use]
    pub fn set(&self) -> Option<&SetView> {
        if let View::Set(view) = &self.view {
            Some(view)
        } else {
            None
        }
    }

    /// The view of a PersistentVolumeClaim, if it is one.
    #[must_use]
    pub fn claim(&self) -> Option<&ClaimView> {
        if let View::Claim(view) = &self.view {
            Some(view)
        } else {
            None
        }
    }

    /// The view of a PersistentVolume, if it is one.
    #[must_use]
    pub fn volume(&self) -> Option<&VolumeView> {
        if let View::Volume(view) = &self.view {
            Some(view)
        } else {
            None
        }
    }

    /// The view of a Node, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<&NodeView> {
        if let View::Node(view) = &self.view {
            Some(view)
        } else {
            None
        }
    }

    /// The number of a ControllerRevision, if it is one.
    #[must_use]
    pub fn revision_number(&self) -> Option<i64> {
        if let View::Revision(view) = &self.view {
            Some(view.number)
        } else {
            None
        }
    }
}

/// `status.phase` of a Pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Phase {
    /// Not stored yet: the phase is empty.
    #[default]
    None,
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    /// Reads `status.phase`.
    #[must_use]
    pub fn parse(text: &str) -> Phase {
        match text {
            "Pending" => Phase::Pending,
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Unknown" => Phase::Unknown,
            _ => Phase::None,
        }
    }

    /// `Running`; empty for none.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::None => "",
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }

    /// Succeeded or Failed.
    #[must_use]
    pub fn terminal(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed)
    }
}

/// The condition Ready of a Pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadyCondition {
    /// Whether its status is True.
    pub ready: bool,
    /// `lastTransitionTime`, whole seconds.
    pub since: Option<Time>,
}

/// What controllers read of a Pod.
#[derive(Clone, Debug, Default)]
pub struct PodView {
    /// `status.phase`
    pub phase: Phase,
    /// The condition Ready.
    pub ready: ReadyCondition,
    /// `spec.nodeName`; empty while not scheduled.
    pub node: Str,
    /// `status.podIP`; empty while there is none.
    pub ip: Str,
    /// The label `controller-revision-hash`; empty if missing.
    pub revision: Str,
    /// The name before the last dash and the number after it, for names of the form `web-0`
    /// (`getParentNameAndOrdinal`, `pkg/controller/statefulset/stateful_set_utils.go`).
    pub parent_and_ordinal: Option<(Str, i32)>,
    /// Volumes that are claims: volume name and claim name.
    pub claims: Arc<[(Str, Str)]>,
    /// The cpu that its containers request.
    pub cpu: Quantity,
    /// The memory that its containers request.
    pub memory: Quantity,
}

/// What the Pods on a node ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeLoad {
    /// How many Pods.
    pub pods: i64,
    /// Their cpu requests.
    pub cpu: Quantity,
    /// Their memory requests.
    pub memory: Quantity,
}

impl NodeLoad {
    /// Adds a Pod if it is on this node and has not ended.
    pub fn add(&mut self, pod: &super::Object, node: &str) {
        if let Some(view) = pod.pod()
            && view.node == node
            && !view.phase.terminal()
        {
            self.pods += 1;
            self.cpu.millis += view.cpu.millis;
            self.memory.millis += view.memory.millis;
        }
    }

    /// Takes a Pod away again if it counted.
    pub fn remove(&mut self, pod: &super::Object, node: &str) {
        let mut one = NodeLoad::default();
        one.add(pod, node);
        self.pods -= one.pods;
        self.cpu.millis -= one.cpu.millis;
        self.memory.millis -= one.memory.millis;
    }
}

impl PodView {
    fn parse(tree: &Value, meta: &Meta, old: Option<&super::Object>) -> PodView {
        let spec = tree.get("spec");
        let former = old.filter(|old| old.tree().get("spec") == spec && *old.name() == meta.name);
        match former.and_then(super::Object::pod) {
            Some(former) => former.clone().with_status(tree, meta),
            None => PodView::of_spec(tree, meta).with_status(tree, meta),
        }
    }

    /// What changes during the life of a Pod.
    fn with_status(self, tree: &Value, meta: &Meta) -> PodView {
        let status = tree.get("status");
        let text = |key: &str| status.and_then(|status| status.get(key)?.as_shared());
        let revision = meta.labels.get("controller-revision-hash");
        PodView {
            phase: Phase::parse(text("phase").map_or("", Str::as_str)),
            ready: ready_condition(status),
            ip: text("podIP").cloned().unwrap_or_default(),
            revision: revision
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default(),
            ..self
        }
    }

    fn of_spec(tree: &Value, meta: &Meta) -> PodView {
        let text = |path: &[&str]| {
            tree.at(path)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        let claims = tree
            .items_at(&["spec", "volumes"])
            .iter()
            .filter_map(|volume| {
                let claim = volume
                    .at(&["persistentVolumeClaim", "claimName"])?
                    .as_shared()?;
                Some((volume.get("name")?.as_shared()?.clone(), claim.clone()))
            })
            .collect();
        let request = |resource: &str| Quantity {
            millis: tree
                .items_at(&["spec", "containers"])
                .iter()
                .filter_map(|c| c.str_at(&["resources", "requests", resource]))
                .filter_map(Quantity::parse)
                .map(|quantity| quantity.millis)
                .sum(),
        };
        PodView {
            cpu: request("cpu"),
            memory: request("memory"),
            node: text(&["spec", "nodeName"]),
            parent_and_ordinal: parent_and_ordinal(&meta.name),
            claims,
            ..PodView::default()
        }
    }

    /// The ordinal, or -1 for a name without one.
    #[must_use]
    pub fn ordinal(&self) -> i32 {
        self.parent_and_ordinal
            .as_ref()
            .map_or(-1, |(_, ordinal)| *ordinal)
    }

    /// Phase Running and condition Ready True (`isRunningAndReady`).
    #[must_use]
    pub fn running_and_ready(&self) -> bool {
        self.phase == Phase::Running && self.ready.ready
    }

    /// Ready for at least `min_ready` (`IsPodAvailable`, `pkg/api/v1/pod/util.go`); the phase is not looked at.
    #[must_use]
    pub fn available(&self, min_ready: Millis, now: Time) -> bool {
        self.ready.ready
            && (min_ready == 0
                || self
                    .ready
                    .since
                    .is_some_and(|since| since.plus(min_ready) <= now))
    }
}

fn ready_condition(status: Option<&Value>) -> ReadyCondition {
    let conditions = status.map_or(&[][..], |s| s.items_at(&["conditions"]));
    let Some(condition) = conditions
        .iter()
        .find(|c| c.str_at(&["type"]) == Some("Ready"))
    else {
        return ReadyCondition::default();
    };
    ReadyCondition {
        ready: condition.str_at(&["status"]) == Some("True"),
        since: condition
            .str_at(&["lastTransitionTime"])
            .and_then(Time::parse),
    }
}

fn parent_and_ordinal(name: &str) -> Option<(Str, i32)> {
    let (parent, digits) = name.rsplit_once('-')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((Str::new(parent), digits.parse().ok()?))
}

/// `spec.updateStrategy.type` of a StatefulSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UpdateStrategy {
    /// `partition` is absent if there is no `rollingUpdate` stanza, which is not the same as 0.
    RollingUpdate {
        partition: Option<i32>,
    },
    OnDelete,
}

/// A value of `spec.persistentVolumeClaimRetentionPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PolicyType {
    #[default]
    Retain,
    Delete,
}

/// What controllers read of a StatefulSet.
#[derive(Clone, Debug)]
pub struct SetView {
    /// `spec.replicas`
    pub replicas: i32,
    /// `spec.ordinals.start`
    pub start: i32,
    /// `spec.podManagementPolicy` is Parallel.
    pub parallel: bool,
    /// `spec.updateStrategy`
    pub strategy: UpdateStrategy,
    /// `spec.updateStrategy.rollingUpdate.maxUnavailable`: an integer or a percentage.
    pub max_unavailable: Value,
    /// `spec.minReadySeconds` in milliseconds.
    pub min_ready: Millis,
    /// `spec.revisionHistoryLimit`; negative: no limit.
    pub history_limit: i64,
    /// `spec.serviceName`
    pub service: Str,
    /// `spec.selector`
    pub selector: Selector,
    /// `spec.selector.matchLabels`
    pub match_labels: Map,
    /// `whenDeleted`
    pub when_deleted: PolicyType,
    /// `whenScaled`
    pub when_scaled: PolicyType,
    /// Names of the claim templates, in their order.
    pub claim_templates: Arc<[Str]>,
    /// `status`
    pub status: SetStatus,
}

/// `status` of a StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SetStatus {
    pub replicas: i32,
    pub ready: i32,
    pub available: i32,
    pub current: i32,
    pub updated: i32,
    pub current_revision: Str,
    pub update_revision: Str,
    pub observed_generation: i64,
    /// Absent until the first pass.
    pub collision_count: Option<i32>,
}

impl SetView {
    fn parse(tree: &Value) -> SetView {
        let spec = tree.get("spec").unwrap_or(&Value::Null);
        let int = |path: &[&str], default: i64| spec.int_at(path).unwrap_or(default);
        let rolling = spec.at(&["updateStrategy", "rollingUpdate"]);
        let strategy = match spec.str_at(&["updateStrategy", "type"]) {
            Some("OnDelete") => UpdateStrategy::OnDelete,
            _ => UpdateStrategy::RollingUpdate {
                partition: rolling.map(|r| clamp(r.int_at(&["partition"]).unwrap_or(0))),
            },
        };
        let policy = |half: &str| match spec.str_at(&["persistentVolumeClaimRetentionPolicy", half])
        {
            Some("Delete") => PolicyType::Delete,
            _ => PolicyType::Retain,
        };
        SetView {
            replicas: clamp(int(&["replicas"], 1)),
            start: clamp(int(&["ordinals", "start"], 0)),
            parallel: spec.str_at(&["podManagementPolicy"]) == Some("Parallel"),
            strategy,
            max_unavailable: rolling
                .and_then(|r| r.get("maxUnavailable"))
                .cloned()
                .unwrap_or_default(),
            min_ready: int(&["minReadySeconds"], 0).saturating_mul(1000),
            history_limit: int(&["revisionHistoryLimit"], 10),
            service: spec
                .get("serviceName")
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default(),
            selector: Selector::from_label_selector(spec.get("selector").unwrap_or(&Value::Null)),
            match_labels: spec.map_at(&["selector", "matchLabels"]),
            when_deleted: policy("whenDeleted"),
            when_scaled: policy("whenScaled"),
            claim_templates: spec
                .items_at(&["volumeClaimTemplates"])
                .iter()
                .filter_map(|claim| claim.at(&["metadata", "name"])?.as_shared().cloned())
                .collect(),
            status: SetStatus::parse(tree.get("status").unwrap_or(&Value::Null)),
        }
    }
}

impl SetStatus {
    fn parse(status: &Value) -> SetStatus {
        let count = |key: &str| clamp(status.int_at(&[key]).unwrap_or(0));
        let text = |key: &str| {
            status
                .get(key)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        SetStatus {
            replicas: count("replicas"),
            ready: count("readyReplicas"),
            available: count("availableReplicas"),
            current: count("currentReplicas"),
            updated: count("updatedReplicas"),
            current_revision: text("currentRevision"),
            update_revision: text("updateRevision"),
            observed_generation: status.int_at(&["observedGeneration"]).unwrap_or(0),
            collision_count: status.int_at(&["collisionCount"]).map(clamp),
        }
    }

    /// The tree of this status. Zero counts are left out, but for replicas and availableReplicas,
    /// which the API always prints.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::default();
        map.insert("replicas", self.replicas);
        map.insert("availableReplicas", self.available);
        for (key, count) in [
            ("readyReplicas", self.ready),
            ("currentReplicas", self.current),
            ("updatedReplicas", self.updated),
        ] {
            if count != 0 {
                map.insert(key, count);
            }
        }
        for (key, name) in [
            ("currentRevision", &self.current_revision),
            ("updateRevision", &self.update_revision),
        ] {
            if !name.is_empty() {
                map.insert(key, name);
            }
        }
        if self.observed_generation != 0 {
            map.insert("observedGeneration", self.observed_generation);
        }
        if let Some(count) = self.collision_count {
            map.insert("collisionCount", count);
        }
        Value::Map(map)
    }
}

/// What controllers read of a PersistentVolumeClaim.
#[derive(Clone, Debug, Default)]
pub struct ClaimView {
    /// `spec.volumeName`; empty while unbound.
    pub volume: Str,
    /// `spec.storageClassName`; `None` if absent, which is not the same as empty.
    pub class: Option<Str>,
    /// `spec.accessModes`
    pub access_modes: Arc<[Str]>,
    /// `spec.resources.requests.storage`
    pub request: Option<Quantity>,
    /// `spec.volumeMode`, Filesystem by default.
    pub volume_mode: Str,
    /// `status.phase`: Pending, Bound or Lost.
    pub phase: Str,
}

impl ClaimView {
    fn parse(tree: &Value) -> ClaimView {
        let text = |path: &[&str]| tree.at(path).and_then(Value::as_shared).cloned();
        ClaimView {
            volume: text(&["spec", "volumeName"]).unwrap_or_default(),
            class: text(&["spec", "storageClassName"]),
            access_modes: texts(tree.items_at(&["spec", "accessModes"])),
            request: tree
                .str_at(&["spec", "resources", "requests", "storage"])
                .and_then(Quantity::parse),
            volume_mode: text(&["spec", "volumeMode"]).unwrap_or(Str::literal("Filesystem")),
            phase: text(&["status", "phase"]).unwrap_or_default(),
        }
    }
}

/// What controllers read of a PersistentVolume.
#[derive(Clone, Debug, Default)]
pub struct VolumeView {
    /// `spec.claimRef`: namespace, name, uid (empty if the reference has none).
    pub claim: Option<(Str, Str, Str)>,
    /// `spec.storageClassName`; empty for none.
    pub class: Str,
    /// `spec.accessModes`
    pub access_modes: Arc<[Str]>,
    /// `spec.capacity.storage`
    pub capacity: Option<Quantity>,
    /// `spec.volumeMode`, Filesystem by default.
    pub volume_mode: Str,
    /// `spec.persistentVolumeReclaimPolicy`
    pub reclaim: Str,
    /// `status.phase`: Pending, Available, Bound, Released or Failed.
    pub phase: Str,
}

impl VolumeView {
    fn parse(tree: &Value) -> VolumeView {
        let text = |path: &[&str]| {
            tree.at(path)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        let claim = tree
            .at(&["spec", "claimRef"])
            .filter(|reference| !reference.is_null())
            .map(|_| {
                (
                    text(&["spec", "claimRef", "namespace"]),
                    text(&["spec", "claimRef", "name"]),
                    text(&["spec", "claimRef", "uid"]),
                )
            });
        let mode = text(&["spec", "volumeMode"]);
        VolumeView {
            claim,
            class: text(&["spec", "storageClassName"]),
            access_modes: texts(tree.items_at(&["spec", "accessModes"])),
            capacity: tree
                .str_at(&["spec", "capacity", "storage"])
                .and_then(Quantity::parse),
            volume_mode: if mode.is_empty() {
                Str::literal("Filesystem")
            } else {
                mode
            },
            reclaim: text(&["spec", "persistentVolumeReclaimPolicy"]),
            phase: text(&["status", "phase"]),
        }
    }
}

/// What controllers read of a Node.
#[derive(Clone, Debug, Default)]
pub struct NodeView {
    /// The condition Ready is True.
    pub ready: bool,
    /// `spec.unschedulable`
    pub unschedulable: bool,
    /// `spec.taints`: key, value, effect.
    pub taints: Arc<[(Str, Str, Str)]>,
    /// `status.allocatable.cpu`
    pub cpu: Quantity,
    /// `status.allocatable.memory`
    pub memory: Quantity,
    /// `status.allocatable.pods`
    pub pods: i64,
}

impl NodeView {
    fn parse(tree: &Value) -> NodeView {
        let quantity = |key: &str| {
            tree.str_at(&["status", "allocatable", key])
                .and_then(Quantity::parse)
                .unwrap_or_default()
        };
        let taints = tree
            .items_at(&["spec", "taints"])
            .iter()
            .map(|taint| {
                let text = |key: &str| {
                    taint
                        .get(key)
                        .and_then(Value::as_shared)
                        .cloned()
                        .unwrap_or_default()
                };
                (text("key"), text("value"), text("effect"))
            })
            .collect();
        NodeView {
            ready: ready_condition(tree.get("status")).ready,
            unschedulable: tree
                .at(&["spec", "unschedulable"])
                .and_then(Value::as_bool)
                .unwrap_or(false),
            taints,
            cpu: quantity("cpu"),
            memory: quantity("memory"),
            pods: i64::try_from(quantity("pods").millis / 1000).unwrap_or(i64::MAX),
        }
    }
}

/// What controllers read of a ControllerRevision.
#[derive(Clone, Copy, Debug, Default)]
pub struct RevisionView {
    /// `revision`
    pub number: i64,
}

fn texts(items: &[Value]) -> Arc<[Str]> {
    items
        .iter()
        .filter_map(|item| item.as_shared().cloned())
        .collect()
}

/// Counts of the API are 32-bit.
fn clamp(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}
