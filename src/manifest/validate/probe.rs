//! Probes and lifecycle hooks. `pkg/apis/core/validation/validation.go`

use super::names;
use super::report::{NOT_NEGATIVE, Path, Report};
use crate::api::Value;

const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// The three probes of a container.
pub fn all(report: &mut Report, path: &Path, container: &Value) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get(key) else {
            continue;
        };
        let path = path.key(key);
        one(report, &path, probe);
        let successes = probe.int_at(&["successThreshold"]).unwrap_or(1);
        let grace = probe.int_at(&["terminationGracePeriodSeconds"]);
        if key == "readinessProbe" {
            if let Some(grace) = grace {
                let path = path.key("terminationGracePeriodSeconds");
                report.invalid(&path, grace, "must not be set for readinessProbes");
            }
        } else {
            if successes != 1 {
                report.invalid(&path.key("successThreshold"), successes, "must be 1");
            }
            if let Some(grace) = grace.filter(|grace| *grace < 1) {
                let path = path.key("terminationGracePeriodSeconds");
                report.invalid(&path, grace, "must be greater than 0");
            }
        }
    }
}

fn one(report: &mut Report, path: &Path, probe: &Value) {
    handler(report, path, probe, &HANDLERS);
    for key in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        if let Some(number) = probe.int_at(&[key]).filter(|number| *number < 0) {
            report.invalid(&path.key(key), number, NOT_NEGATIVE);
        }
    }
}

/// Exactly one of the handlers, and what it needs.
pub fn handler(report: &mut Report, path: &Path, tree: &Value, handlers: &[&str]) {
    let mut found = 0;
    for key in handlers {
        let Some(action) = tree.get(key) else {
            continue;
        };
        let path = path.key(key);
        found += 1;
        if found > 1 {
            report.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        match *key {
            "exec" => {
                if action.items_at(&["command"]).is_empty() {
                    report.required(&path.key("command"), "");
                }
            }
            "httpGet" => http(report, &path, action),
            "sleep" => {
                let seconds = action.int_at(&["seconds"]).unwrap_or(0);
                if seconds < 0 {
                    report.invalid(&path.key("seconds"), seconds, "must be greater than 0");
                }
            }
            _ => port(report, &path.key("port"), action.get("port")),
        }
    }
    if found == 0 {
        report.required(path, "must specify a handler type");
    }
}

fn http(report: &mut Report, path: &Path, action: &Value) {
    if action.str_at(&["path"]).unwrap_or_default().is_empty() {
        report.required(&path.key("path"), "");
    }
    port(report, &path.key("port"), action.get("port"));
    report.one_of(
        &path.key("scheme"),
        action.str_at(&["scheme"]).filter(|text| !text.is_empty()),
        &["HTTP", "HTTPS"],
    );
}

/// The number or name of a port.
pub fn port(report: &mut Report, path: &Path, port: Option<&Value>) {
    match port {
        Some(Value::Str(name)) => report.invalid_each(path, name, names::port_name(name)),
        other => {
            let number = other.and_then(Value::as_int).unwrap_or(0);
            if let Some(wrong) = names::port_number(number) {
                report.invalid(path, number, wrong);
            }
        }
    }
}
