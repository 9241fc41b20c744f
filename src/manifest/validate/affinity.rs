//! Affinity, spreading and tolerations. `pkg/apis/core/validation/validation.go`

use super::report::{Path, Report};
use super::{meta, names};
use crate::api::Value;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `spec.affinity`
pub fn affinity(report: &mut Report, path: &Path, tree: Option<&Value>) {
    let Some(tree) = tree else { return };
    if let Some(node) = tree.get("nodeAffinity") {
        let path = path.key("nodeAffinity");
        if let Some(required) = node.get(REQUIRED) {
            node_selector(report, &path.key(REQUIRED), required);
        }
        for (at, term) in node.items_at(&[PREFERRED]).iter().enumerate() {
            let path = path.key(PREFERRED).at(at);
            weight(report, &path, term);
            if let Some(preference) = term.get("preference") {
                node_term(report, &path.key("preference"), preference);
            }
        }
    }
    for key in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = tree.get(key) else { continue };
        let path = path.key(key);
        for (at, term) in pods.items_at(&[REQUIRED]).iter().enumerate() {
            pod_term(report, &path.key(REQUIRED).at(at), term);
        }
        for (at, term) in pods.items_at(&[PREFERRED]).iter().enumerate() {
            let path = path.key(PREFERRED).at(at);
            weight(report, &path, term);
            if let Some(term) = term.get("podAffinityTerm") {
                pod_term(report, &path.key("podAffinityTerm"), term);
            }
        }
    }
}

fn weight(report: &mut Report, path: &Path, term: &Value) {
    let weight = term.int_at(&["weight"]).unwrap_or(0);
    if !(1..=100).contains(&weight) {
        report.invalid(&path.key("weight"), weight, "must be in the range 1-100");
    }
}

/// A selector of nodes: at least one term.
pub fn node_selector(report: &mut Report, path: &Path, selector: &Value) {
    let path = path.key("nodeSelectorTerms");
    let terms = selector.items_at(&["nodeSelectorTerms"]);
    if terms.is_empty() {
        report.required(&path, "must have at least one node selector term");
    }
    for (at, term) in terms.iter().enumerate() {
        node_term(report, &path.at(at), term);
    }
}

fn node_term(report: &mut Report, path: &Path, term: &Value) {
    for (at, requirement) in term.items_at(&["matchExpressions"]).iter().enumerate() {
        let path = path.key("matchExpressions").at(at);
        let operator = requirement.str_at(&["operator"]).unwrap_or_default();
        let values = requirement.items_at(&["values"]).len();
        match operator {
            "In" | "NotIn" if values == 0 => {
                let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                report.required(&path.key("values"), detail);
            }
            "Exists" | "DoesNotExist" if values > 0 => {
                let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                report.forbidden(&path.key("values"), detail);
            }
            "Gt" | "Lt" if values != 1 => {
                let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                report.required(&path.key("values"), detail);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => report.invalid(
                &path.key("operator"),
                operator,
                "not a valid selector operator",
            ),
        }
        let key = requirement.str_at(&["key"]).unwrap_or_default();
        report.invalid_each(&path.key("key"), key, names::qualified(key));
    }
}

fn pod_term(report: &mut Report, path: &Path, term: &Value) {
    for key in ["labelSelector", "namespaceSelector"] {
        if let Some(selector) = term.get(key) {
            meta::selector(report, &path.key(key), selector);
        }
    }
    topology_key(report, &path.key("topologyKey"), term);
}

fn topology_key(report: &mut Report, path: &Path, tree: &Value) {
    let key = tree.str_at(&["topologyKey"]).unwrap_or_default();
    if key.is_empty() {
        report.required(path, "can not be empty");
    }
    report.invalid_each(path, key, names::qualified(key));
}

/// `spec.topologySpreadConstraints`
pub fn spread(report: &mut Report, path: &Path, spec: &Value) {
    let constraints = spec.items_at(&["topologySpreadConstraints"]);
    for (at, constraint) in constraints.iter().enumerate() {
        let path = path.key("topologySpreadConstraints").at(at);
        let skew = constraint.int_at(&["maxSkew"]).unwrap_or(0);
        if skew <= 0 {
            report.invalid(&path.key("maxSkew"), skew, "must be greater than zero");
        }
        if constraint
            .str_at(&["topologyKey"])
            .unwrap_or_default()
            .is_empty()
        {
            report.required(&path.key("topologyKey"), "can not be empty");
        }
        report.one_of(
            &path.key("whenUnsatisfiable"),
            Some(
                constraint
                    .str_at(&["whenUnsatisfiable"])
                    .unwrap_or_default(),
            ),
            &["DoNotSchedule", "ScheduleAnyway"],
        );
        if let Some(selector) = constraint.get("labelSelector") {
            meta::selector(report, &path.key("labelSelector"), selector);
        }
    }
}

/// `spec.tolerations`
pub fn tolerations(report: &mut Report, path: &Path, spec: &Value) {
    for (at, toleration) in spec.items_at(&["tolerations"]).iter().enumerate() {
        let path = path.at(at);
        let text = |key: &str| toleration.str_at(&[key]).unwrap_or_default();
        if !text("key").is_empty() {
            report.invalid_each(&path.key("key"), text("key"), names::qualified(text("key")));
        }
        if text("key").is_empty() && text("operator") != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            report.invalid(&path.key("operator"), text("operator"), detail);
        }
        if toleration.int_at(&["tolerationSeconds"]).is_some() && text("effect") != "NoExecute" {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            report.invalid(&path.key("effect"), text("effect"), detail);
        }
        match text("operator") {
            "" | "Equal" => {
                let value = text("value");
                report.invalid_each(&path.key("operator"), value, names::label_value(value));
            }
            "Exists" if !text("value").is_empty() => {
                let detail = "value must be empty when `operator` is 'Exists'";
                report.invalid(&path.key("operator"), text("value"), detail);
            }
            "Exists" => {}
            other => report.unsupported(&path.key("operator"), other, &["Equal", "Exists"]),
        }
        let effect = Some(text("effect")).filter(|effect| !effect.is_empty());
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        report.one_of(&path.key("effect"), effect, &effects);
    }
}
