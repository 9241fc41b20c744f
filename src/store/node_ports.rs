//! Addresses and node ports that a new Service asks for and cannot have. `pkg/registry/core/service/storage/alloc.go`

use super::Store;
use crate::api::{Cause, Kind, Value};

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
