//! Addresses and node ports of Services. `pkg/registry/core/service/storage/alloc.go`

use super::Store;
use crate::api::{Cause, Kind, Value};

/// Node ports are given from here.
const FIRST: u64 = 30000;
/// How many there are.
const COUNT: u64 = 2768;

impl Store {
    /// What is wrong with the address that a new Service asks for.
    pub(super) fn address_causes(&self, tree: &Value) -> Vec<Cause> {
        let address = tree.str_at(&["spec", "clusterIP"]).unwrap_or_default();
        if matches!(address, "" | "None") {
            return Vec::new();
        }
        let mut services = self.list(Kind::Service, "");
        if !services.any(|other| other.tree().str_at(&["spec", "clusterIP"]) == Some(address)) {
            return Vec::new();
        }
        let shown = Value::list([address]).to_go_json();
        vec![Cause {
            field: "spec.clusterIPs".to_owned(),
            message: format!(
                "Invalid value: {shown}: failed to allocate IP {address}: provided IP is already allocated"
            ),
        }]
    }

    /// Gives a Service the node ports that its type needs and it does not name; `old` is the Service
    /// before an update, whose ports it keeps. Those of a type that needs none go.
    pub(super) fn allocate_node_ports(&self, tree: &mut Value, old: Option<&Value>) {
        let needs = |tree: &Value| match tree.str_at(&["spec", "type"]) {
            Some("NodePort") => true,
            Some("LoadBalancer") => {
                let wanted = tree.at(&["spec", "allocateLoadBalancerNodePorts"]);
                wanted.and_then(Value::as_bool) != Some(false)
            }
            _ => false,
        };
        if tree.at(&["spec", "ports"]).is_none() {
            return;
        }
        let needed = needs(tree);
        let number = |port: &Value| port.int_at(&["nodePort"]).unwrap_or(0);
        let former = old.map(|old| old.items_at(&["spec", "ports"]));
        let former = former.unwrap_or_default();
        if !needed && !old.is_some_and(needs) {
            return;
        }
        let name = tree
            .str_at(&["metadata", "name"])
            .unwrap_or_default()
            .to_owned();
        let mut given: Vec<i64> = tree
            .items_at(&["spec", "ports"])
            .iter()
            .map(number)
            .collect();
        for (at, port) in tree
            .slot(&["spec", "ports"])
            .make_list()
            .iter_mut()
            .enumerate()
        {
            if !needed {
                let was = number(port);
                if was != 0 && former.iter().any(|old| number(old) == was) {
                    port.remove(&["nodePort"]);
                }
                continue;
            }
            if number(port) != 0 {
                continue;
            }
            let same = |old: &&Value| {
                old.get("port") == port.get("port") && old.get("protocol") == port.get("protocol")
            };
            let kept = former.iter().find(same).map(number).filter(|n| *n != 0);
            let number = kept.unwrap_or_else(|| self.free_node_port(&name, at, &given));
            given.push(number);
            port.set(&["nodePort"], number);
        }
    }

    fn free_node_port(&self, name: &str, at: usize, given: &[i64]) -> i64 {
        let taken = |number: i64| {
            given.contains(&number)
                || self.list(Kind::Service, "").any(|service| {
                    let mut ports = service.tree().items_at(&["spec", "ports"]).iter();
                    ports.any(|port| port.int_at(&["nodePort"]) == Some(number))
                })
        };
        let start = self.draw.number("node port", name, at as u64) % COUNT;
        let numbers = (0..COUNT).map(|n| (FIRST + (start + n) % COUNT) as i64);
        numbers.into_iter().find(|n| !taken(*n)).unwrap_or(0)
    }

    /// Node ports of a Service that another one has.
    pub(super) fn node_port_causes(&self, tree: &Value) -> Vec<Cause> {
        let own = |part: &str| tree.str_at(&["metadata", part]).unwrap_or_default();
        let (name, namespace) = (own("name"), own("namespace"));
        let taken = |number: i64| {
            self.list(Kind::Service, "").any(|other| {
                let mut ports = other.tree().items_at(&["spec", "ports"]).iter();
                (other.name() != name || other.namespace() != namespace)
                    && ports.any(|port| port.int_at(&["nodePort"]) == Some(number))
            })
        };
        let ports = tree.items_at(&["spec", "ports"]).iter().enumerate();
        let numbers = ports.filter_map(|(at, port)| Some((at, port.int_at(&["nodePort"])?)));
        numbers
            .filter(|(_, number)| *number != 0 && taken(*number))
            .map(|(at, number)| Cause {
                field: format!("spec.ports[{at}].nodePort"),
                message: format!("Invalid value: {number}: provided port is already allocated"),
            })
            .collect()
    }
}
