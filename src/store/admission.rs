//! What the API server does to an object before it stores it: names, defaults, what the strategies of
//! the kinds reset, and the admission plugins that a default cluster runs.

use super::Store;
use crate::api::{ApiError, Cause, Key, Kind, Object, Quantity, Selector, Str, Time, Value};
use std::sync::Arc;

/// The annotation that makes a StorageClass the default one.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The service address range of the cluster: 10.96.0.0/16.
const SERVICE_RANGE: &str = "10.96";

/// The ports of the nodes for Services: the first, and how many.
const NODE_PORTS: (i64, u64) = (30_000, 2_768);

/// The most Pods that one set may ask for, and that there may be.
const MOST_REPLICAS: i64 = 10_000;
const MOST_PODS: usize = 20_000;
/// The most objects of any kind: events go after this many, other kinds are refused.
const MOST_OBJECTS: usize = 200_000;

/// Refuses what one browser cannot hold, as a quota would.
pub(super) fn check_bounds(kind: Kind, name: &str, tree: &Value) -> Result<(), ApiError> {
    let counts = matches!(
        kind,
        Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet
    );
    let replicas = tree.int_at(&["spec", "replicas"]).unwrap_or(0);
    if counts && replicas > MOST_REPLICAS {
        let why = format!(
            "spec.replicas is {replicas}, and the playground runs at most {MOST_REPLICAS} Pods of one set"
        );
        return Err(ApiError::forbidden(kind, name, &why));
    }
    Ok(())
}

impl Store {
    /// Refuses a new object when the playground is full.
    pub(super) fn check_room(&self, kind: Kind, name: &str) -> Result<(), ApiError> {
        if self.objects.len() >= MOST_OBJECTS || (kind == Kind::Pod && self.pods >= MOST_PODS) {
            let why = "the playground holds no more objects of this kind; delete some first";
            return Err(ApiError::forbidden(kind, name, why));
        }
        Ok(())
    }

    /// Gives a new object its namespace and, from `generateName`, its name.
    pub(super) fn name_new(&self, kind: Kind, tree: &mut Value) -> Result<(), ApiError> {
        if kind.namespaced() {
            if tree
                .str_at(&["metadata", "namespace"])
                .is_none_or(str::is_empty)
            {
                tree.set(&["metadata", "namespace"], "default");
            }
        } else {
            tree.remove(&["metadata", "namespace"]);
        }
        tree.set(&["apiVersion"], kind.api_version());
        tree.set(&["kind"], kind.name());
        if tree.str_at(&["metadata", "name"]).is_none_or(str::is_empty) {
            let prefix = tree
                .str_at(&["metadata", "generateName"])
                .unwrap_or_default()
                .to_owned();
            if prefix.is_empty() {
                let cause = Cause {
                    field: "metadata.name".into(),
                    message: "Required value: name or generateName is required".into(),
                };
                return Err(ApiError::invalid(kind, "", vec![cause]));
            }
            let base: String = prefix.chars().take(58).collect();
            let name = (0..8)
                .map(|n| {
                    format!(
                        "{base}{}",
                        self.draw
                            .suffix("name", &prefix, self.names_drawn(kind, &base) + n)
                    )
                })
                .find(|name| {
                    let namespace = tree.str_at(&["metadata", "namespace"]).unwrap_or_default();
                    !self
                        .objects
                        .contains_key(&Key::new(kind, namespace, name.as_str()))
                })
                .unwrap_or(base);
            tree.set(&["metadata", "name"], name);
        }
        Ok(())
    }

    /// How many names were drawn for this prefix so far.
    fn names_drawn(&self, kind: Kind, prefix: &str) -> u64 {
        let first = Key {
            kind,
            namespace: Str::EMPTY,
            name: Str::EMPTY,
        };
        self.births
            .range(first..)
            .take_while(|(key, _)| key.kind == kind)
            .filter(|(key, _)| key.name.starts_with(prefix))
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// Whether the namespace of an object is there and, for a new object, not being deleted
    /// (`NamespaceLifecycle`).
    pub(super) fn check_namespace(&self, key: &Key, new: bool) -> Result<(), ApiError> {
        if key.namespace.is_empty() || self.objects.is_empty() {
            return Ok(());
        }
        let namespace = self.find(Kind::Namespace, "", &key.namespace)?;
        if new && namespace.meta.terminating() {
            let why = format!(
                "unable to create new content in namespace {} because it is being terminated",
                key.namespace
            );
            return Err(ApiError::forbidden(key.kind, &key.name, &why));
        }
        Ok(())
    }

    /// Defaults and admission of a new object. Answers what was written, with its defaults.
    pub(super) fn admit_new(
        &self,
        kind: Kind,
        tree: &mut Value,
        now: Time,
    ) -> Result<Value, ApiError> {
        for key in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "selfLink",
        ] {
            tree.remove(&["metadata", key]);
        }
        let asked = tree.map_at(&["spec"]);
        crate::manifest::default_object(kind, tree);
        let mut written = tree.clone();
        if kind == Kind::Service {
            // These are given by the storage.
            for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !asked.contains(key) {
                    written.remove(&["spec", key]);
                }
            }
        }
        match kind {
            Kind::Pod => {
                self.check_priority(tree)?;
                self.check_account(tree)?;
                let name = tree
                    .str_at(&["metadata", "name"])
                    .unwrap_or_default()
                    .to_owned();
                let births = self.births.get(&Key::new(
                    Kind::Pod,
                    tree.str_at(&["metadata", "namespace"]).unwrap_or_default(),
                    name.as_str(),
                ));
                let suffix = self.draw.suffix(
                    "kube-api-access",
                    &name,
                    births.copied().unwrap_or(0).into(),
                );
                crate::manifest::admit_pod(tree, &suffix);
                tree.set(&["metadata", "generation"], 1);
            }
            Kind::StatefulSet => {
                tree.set(&["metadata", "generation"], 1);
                tree.set(
                    &["status"],
                    Value::map([("replicas", 0.into()), ("availableReplicas", 0.into())]),
                );
                self.drop_gated(tree, None);
            }
            Kind::PodDisruptionBudget => {
                tree.set(&["metadata", "generation"], 1);
                let counts = [
                    "currentHealthy",
                    "desiredHealthy",
                    "disruptionsAllowed",
                    "expectedPods",
                ];
                let status = counts.map(|count| (count, 0.into()));
                tree.set(&["status"], Value::map(status));
            }
            Kind::Deployment | Kind::ReplicaSet => {
                tree.set(&["metadata", "generation"], 1);
                tree.set(&["status"], Value::empty_map());
            }
            Kind::HorizontalPodAutoscaler => {
                let status = [
                    ("currentMetrics", Value::Null),
                    ("desiredReplicas", 0.into()),
                ];
                tree.set(&["status"], Value::map(status));
            }
            Kind::EndpointSlice => tree.set(&["metadata", "generation"], 1),
            Kind::PersistentVolumeClaim => {
                self.default_class(tree);
                add_finalizer(tree, "kubernetes.io/pvc-protection");
                tree.set(&["status"], Value::map([("phase", "Pending".into())]));
            }
            Kind::PersistentVolume => {
                add_finalizer(tree, "kubernetes.io/pv-protection");
                let status = Value::map([
                    ("lastPhaseTransitionTime", now.into()),
                    ("phase", "Pending".into()),
                ]);
                tree.set(&["status"], status);
            }
            Kind::Service => {
                let mut causes = self.address_causes(tree);
                causes.extend(self.node_port_causes(tree));
                if !causes.is_empty() {
                    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
                    return Err(ApiError::invalid(kind, name, causes));
                }
                self.allocate_address(tree);
                self.allocate_node_ports(tree, None);
                tree.set(
                    &["status"],
                    Value::map([("loadBalancer", Value::empty_map())]),
                );
            }
            Kind::Namespace => {
                tree.set(&["spec", "finalizers"], Value::list(["kubernetes"]));
                tree.set(&["status"], Value::map([("phase", "Active".into())]));
                let name = tree
                    .str_at(&["metadata", "name"])
                    .unwrap_or_default()
                    .to_owned();
                tree.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
            }
            _ => {}
        }
        Ok(written)
    }

    /// A Pod may only name a priority class that is there; those of the system always are
    /// (`plugin/pkg/admission/priority`; corpus A, A-pod-priority-missing).
    fn check_priority(&self, tree: &mut Value) -> Result<(), ApiError> {
        let class = tree
            .str_at(&["spec", "priorityClassName"])
            .unwrap_or_default();
        let priority = match class {
            "" => return Ok(()),
            "system-cluster-critical" => 2_000_000_000,
            "system-node-critical" => 2_000_001_000,
            other => {
                let why = format!("no PriorityClass with name {other} was found");
                let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
                return Err(ApiError::forbidden(Kind::Pod, name, &why));
            }
        };
        tree.set(&["spec", "priority"], priority);
        Ok(())
    }

    /// A ServiceAccount that a Pod names is there. The one called `default` every namespace has, or is just
    /// getting, for which the API server waits. `plugin/pkg/admission/serviceaccount/admission.go`
    fn check_account(&self, tree: &Value) -> Result<(), ApiError> {
        let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
        let (namespace, account) = (
            text(&["metadata", "namespace"]),
            text(&["spec", "serviceAccountName"]),
        );
        let key = Key::new(Kind::ServiceAccount, namespace, account);
        if matches!(account, "" | "default") || self.objects.contains_key(&key) {
            return Ok(());
        }
        let why = format!(
            "error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found"
        );
        // A name that is generated is not drawn yet where this is asked.
        let name = match text(&["metadata", "generateName"]) {
            "" => text(&["metadata", "name"]),
            generated => generated,
        };
        Err(ApiError::forbidden(Kind::Pod, name, &why))
    }

    /// What the strategy of a kind keeps or drops in an update.
    pub(super) fn prepare_update(&self, old: &Object, tree: &mut Value) {
        match old.kind {
            Kind::StatefulSet => self.drop_gated(tree, Some(old)),
            // Its finalizers are the namespace controller's.
            Kind::Namespace => {
                if let Some(spec) = old.tree().get("spec") {
                    tree.set(&["spec"], spec.clone());
                }
            }
            Kind::Service => {
                drop_of_type(old.tree(), tree);
                self.allocate_node_ports(tree, Some(old));
                // An address once given stays, also where the new manifest leaves it out.
                let has_address = tree.str_at(&["spec", "type"]) != Some("ExternalName");
                for key in ["clusterIP", "clusterIPs"] {
                    if has_address
                        && tree.at(&["spec", key]).is_none()
                        && let Some(value) = old.tree().at(&["spec", key])
                    {
                        tree.set(&["spec", key], value.clone());
                    }
                }
            }
            Kind::Pod => crate::manifest::default_tolerations(tree),
            _ => {}
        }
    }

    /// Drops `maxUnavailable` while its gate is off, unless the stored object has it already
    /// (`dropStatefulSetDisabledFields`; transcript 53-max-unavailable).
    fn drop_gated(&self, tree: &mut Value, old: Option<&Object>) {
        const PATH: [&str; 4] = ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"];
        let stored = old.is_some_and(|old| old.tree().at(&PATH).is_some());
        if !self.gates.max_unavailable && !stored {
            tree.remove(&PATH);
        }
    }

    /// Gives a claim without a class the default one: the newest, ties by name (`DefaultStorageClass`).
    fn default_class(&self, tree: &mut Value) {
        if tree.at(&["spec", "storageClassName"]).is_some() {
            return;
        }
        if let Some(class) = self.find_default_class() {
            tree.set(&["spec", "storageClassName"], class);
        }
    }

    /// The name of the default StorageClass, if there is one.
    #[must_use]
    pub fn find_default_class(&self) -> Option<Str> {
        self.list(Kind::StorageClass, "")
            .filter(|class| class.meta.annotation(DEFAULT_CLASS) == Some("true"))
            .max_by(|a, b| {
                a.meta
                    .created
                    .cmp(&b.meta.created)
                    .then_with(|| b.name().cmp(a.name()))
            })
            .map(|class| class.name().clone())
    }

    /// Refuses to grow a bound claim whose class does not allow it (`PersistentVolumeClaimResize`;
    /// transcript 42-pvc-resize).
    pub(super) fn check_resize(&self, old: &Object, tree: &Value) -> Result<(), ApiError> {
        const SIZE: [&str; 4] = ["spec", "resources", "requests", "storage"];
        let size = |tree: &Value| tree.str_at(&SIZE).and_then(Quantity::parse);
        let Some(view) = old.claim().filter(|_| size(tree) > size(old.tree())) else {
            return Ok(());
        };
        let refuse = |why: &str| Err(ApiError::forbidden(old.kind, old.name(), why));
        if view.phase != "Bound" {
            return refuse("Only bound persistent volume claims can be expanded");
        }
        let class = view.class.clone().unwrap_or_default();
        let class = self.get(&Key::new(Kind::StorageClass, "", class));
        let allows = |class: &Arc<Object>| {
            class
                .tree()
                .at(&["allowVolumeExpansion"])
                .and_then(Value::as_bool)
                == Some(true)
        };
        if class.is_some_and(allows) {
            return Ok(());
        }
        refuse(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        )
    }

    /// Gives a Service its cluster address.
    fn allocate_address(&self, tree: &mut Value) {
        if tree.str_at(&["spec", "type"]) == Some("ExternalName") {
            return;
        }
        let asked = tree
            .str_at(&["spec", "clusterIP"])
            .unwrap_or_default()
            .to_owned();
        let address = if asked.is_empty() {
            self.free_address(tree)
        } else {
            asked
        };
        tree.set(&["spec", "clusterIPs"], Value::list([address.as_str()]));
        tree.set(&["spec", "clusterIP"], address);
    }

    /// Gives the ports of a Service that is reached on the nodes a port there each: the one that it had, or
    /// a free one (`pkg/registry/core/service/storage/alloc.go`). A Service that no longer is loses them.
    fn allocate_node_ports(&self, tree: &mut Value, old: Option<&Object>) {
        let on_nodes = |tree: &Value| {
            matches!(
                tree.str_at(&["spec", "type"]),
                Some("NodePort" | "LoadBalancer")
            )
        };
        let unasked = tree
            .at(&["spec", "allocateLoadBalancerNodePorts"])
            .and_then(Value::as_bool)
            == Some(false);
        let wanted = on_nodes(tree) && !unasked;
        let old = old.filter(|old| on_nodes(old.tree()));
        if !wanted && (old.is_none() || on_nodes(tree)) {
            return;
        }
        let mut taken: Vec<i64> = Vec::new();
        for service in self.list(Kind::Service, "") {
            let own = old.is_some_and(|old| old.meta.uid == service.meta.uid);
            if !own {
                taken.extend(node_ports(service.tree()).map(|(_, number)| number));
            }
        }
        taken.extend(node_ports(tree).map(|(_, number)| number));
        let name = tree
            .str_at(&["metadata", "name"])
            .unwrap_or_default()
            .to_owned();
        let mut ports = tree.items_at(&["spec", "ports"]).to_vec();
        for (at, port) in ports.iter_mut().enumerate() {
            if !wanted {
                port.remove(&["nodePort"]);
                continue;
            }
            if port.int_at(&["nodePort"]).is_some_and(|number| number > 0) {
                continue;
            }
            let before = old.and_then(|old| {
                let mut ports = node_ports(old.tree());
                let same = ports.find(|(before, _)| {
                    ["protocol", "port"]
                        .iter()
                        .all(|key| before.get(key) == port.get(key))
                });
                same.map(|(_, number)| number)
                    .filter(|number| !taken.contains(number))
            });
            let mut tries = (0..1000).map(|n| {
                let drawn = self.draw.number("node-port", &format!("{name}/{at}"), n);
                NODE_PORTS.0 + i64::try_from(drawn % NODE_PORTS.1).unwrap_or(0)
            });
            let number = before.or_else(|| tries.find(|number| !taken.contains(number)));
            if let Some(number) = number {
                taken.push(number);
                port.set(&["nodePort"], number);
            }
        }
        tree.set(&["spec", "ports"], ports);
    }

    fn free_address(&self, tree: &Value) -> String {
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        let taken = |address: &str| {
            self.list(Kind::Service, "")
                .any(|service| service.tree().str_at(&["spec", "clusterIP"]) == Some(address))
        };
        (0..1000)
            .map(|n| {
                let number = self.draw.number("address", name, n);
                format!(
                    "{SERVICE_RANGE}.{}.{}",
                    number % 255 + 1,
                    number / 255 % 254 + 1
                )
            })
            .find(|address| !taken(address))
            .unwrap_or_else(|| format!("{SERVICE_RANGE}.255.254"))
    }

    /// The Pods of a namespace that a selector matches, in name order.
    pub fn pods_matching<'a>(
        &'a self,
        namespace: &str,
        selector: &'a Selector,
    ) -> impl Iterator<Item = &'a std::sync::Arc<Object>> {
        self.list(Kind::Pod, namespace)
            .filter(move |pod| selector.matches(&pod.meta.labels))
    }
}

/// Drops what the former type of a Service had and the new one has not, if it was left as it was
/// (`dropTypeDependentFields`, `pkg/registry/core/service/strategy.go`; recording 105-service-types).
fn drop_of_type(old: &Value, tree: &mut Value) {
    const LOAD_BALANCER: &[&str] = &["LoadBalancer"];
    const ON_NODES: &[&str] = &["NodePort", "LoadBalancer"];
    const WITH_ADDRESS: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];
    const FIELDS: [(&str, &[&str]); 8] = [
        ("allocateLoadBalancerNodePorts", LOAD_BALANCER),
        ("clusterIP", WITH_ADDRESS),
        ("clusterIPs", WITH_ADDRESS),
        ("externalTrafficPolicy", ON_NODES),
        ("internalTrafficPolicy", WITH_ADDRESS),
        ("ipFamilies", WITH_ADDRESS),
        ("ipFamilyPolicy", WITH_ADDRESS),
        ("loadBalancerClass", LOAD_BALANCER),
    ];
    let is = |tree: &Value, types: &[&str]| {
        types.contains(&tree.str_at(&["spec", "type"]).unwrap_or("ClusterIP"))
    };
    for (field, types) in FIELDS {
        let path = ["spec", field];
        if is(old, types) && !is(tree, types) && old.at(&path) == tree.at(&path) {
            tree.remove(&path);
        }
    }
}

/// The ports of a Service that have one on the nodes, with it.
fn node_ports(tree: &Value) -> impl Iterator<Item = (&Value, i64)> {
    let ports = tree.items_at(&["spec", "ports"]).iter();
    ports.filter_map(|port| {
        let number = port.int_at(&["nodePort"]).filter(|number| *number > 0)?;
        Some((port, number))
    })
}

fn add_finalizer(tree: &mut Value, name: &'static str) {
    let finalizers = tree.slot(&["metadata", "finalizers"]).make_list();
    if !finalizers
        .iter()
        .any(|finalizer| finalizer.as_str() == Some(name))
    {
        finalizers.push(Value::Str(Str::literal(name)));
    }
}
