//! The variables of a container.

use crate::api::{Key, Kind, Object, Value};
use crate::shell::{self, Environment};
use crate::sim::World;

/// The variables that a container starts with: what the image and the kubelet set, the addresses of the
/// Services that there were (`pkg/kubelet/envvars/envvars.go`), and `env` of its specification.
#[must_use]
pub fn environment(world: &World, pod: &Key, container: &str) -> Environment {
    let mut env = Environment::default();
    let Some(object) = world.store().get(pod) else {
        return env;
    };
    shell::export(
        &mut env,
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    let host = object
        .tree()
        .str_at(&["spec", "hostname"])
        .filter(|text| !text.is_empty());
    shell::export(&mut env, "HOSTNAME", host.unwrap_or(object.name()));
    let default = Key::new(Kind::Service, "default", "kubernetes");
    if let Some(service) = world.store().get(&default) {
        service_variables(&mut env, service);
    }
    for service in world.store().list(Kind::Service, &pod.namespace) {
        if service.meta.created <= object.meta.created {
            service_variables(&mut env, service);
        }
    }
    let tree = object
        .tree()
        .items_at(&["spec", "containers"])
        .iter()
        .find(|tree| container.is_empty() || tree.str_at(&["name"]) == Some(container));
    for entry in tree.map_or(&[][..], |tree| tree.items_at(&["env"])) {
        if let Some(name) = entry.str_at(&["name"]) {
            shell::export(&mut env, name, &value(world, object, entry));
        }
    }
    shell::export(&mut env, "HOME", "/root");
    env
}

/// `NGINX_SERVICE_HOST` and the others of a Service that has an address.
fn service_variables(env: &mut Environment, service: &Object) {
    let spec = service.tree().get("spec").unwrap_or(&Value::Null);
    let Some(ip) = spec
        .str_at(&["clusterIP"])
        .filter(|ip| *ip != "None" && !ip.is_empty())
    else {
        return;
    };
    let name = service.name().to_uppercase().replace('-', "_");
    let ports = spec.items_at(&["ports"]);
    shell::export(env, &format!("{name}_SERVICE_HOST"), ip);
    for (i, port) in ports.iter().enumerate() {
        let number = port.int_at(&["port"]).unwrap_or(0);
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        let lower = protocol.to_lowercase();
        if i == 0 {
            shell::export(env, &format!("{name}_SERVICE_PORT"), &number.to_string());
            shell::export(
                env,
                &format!("{name}_PORT"),
                &format!("{lower}://{ip}:{number}"),
            );
        }
        if let Some(port_name) = port.str_at(&["name"]).filter(|text| !text.is_empty()) {
            let port_name = port_name.to_uppercase().replace('-', "_");
            let variable = format!("{name}_SERVICE_PORT_{port_name}");
            shell::export(env, &variable, &number.to_string());
        }
        let prefix = format!("{name}_PORT_{number}_{protocol}");
        shell::export(env, &prefix, &format!("{lower}://{ip}:{number}"));
        shell::export(env, &format!("{prefix}_PROTO"), &lower);
        shell::export(env, &format!("{prefix}_PORT"), &number.to_string());
        shell::export(env, &format!("{prefix}_ADDR"), ip);
    }
}

/// The value of an entry of `env`: written, or from the Pod, a ConfigMap or a Secret.
fn value(world: &World, pod: &Object, entry: &Value) -> String {
    if let Some(text) = entry.str_at(&["value"]) {
        return text.to_owned();
    }
    let from = entry.get("valueFrom").unwrap_or(&Value::Null);
    if let Some(path) = from.str_at(&["fieldRef", "fieldPath"]) {
        return field(pod, path);
    }
    for (reference, kind) in [
        ("configMapKeyRef", Kind::ConfigMap),
        ("secretKeyRef", Kind::Secret),
    ] {
        let text = |key: &str| from.str_at(&[reference, key]);
        if let (Some(name), Some(key)) = (text("name"), text("key")) {
            let object = world.store().get(&Key::new(kind, pod.namespace(), name));
            let data = object.and_then(|object| object.tree().str_at(&["data", key]));
            return data.unwrap_or_default().to_owned();
        }
    }
    String::new()
}

fn field(pod: &Object, path: &str) -> String {
    if let Some((map, rest)) = path.split_once("['") {
        let key = rest.trim_end_matches("']");
        let found = match map {
            "metadata.labels" => pod.meta.label(key),
            "metadata.annotations" => pod.meta.annotation(key),
            _ => None,
        };
        return found.unwrap_or_default().to_owned();
    }
    let parts: Vec<&str> = path.split('.').collect();
    pod.tree().str_at(&parts).unwrap_or_default().to_owned()
}
