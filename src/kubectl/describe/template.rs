//! Pod templates, containers and volumes.

use super::page::{Page, date_at, number, text};
use crate::api::Arrange as _;
use crate::api::Value;

/// `Pod Template:` and what follows, with its tabs, as `rollout history` prints it.
#[must_use]
pub fn describe(template: &Value) -> String {
    let mut page = Page::default();
    write(&mut page, template);
    page.text
}

/// The template without its heading.
#[must_use]
pub fn body(template: &Value) -> String {
    let text = describe(template);
    text.strip_prefix("Pod Template:\n")
        .map(str::to_owned)
        .unwrap_or(text)
}

/// Writes a Pod template.
pub fn write(page: &mut Page, template: &Value) {
    page.line(0, "Pod Template:");
    page.labels(1, "Labels", &template.map_at(&["metadata", "labels"]));
    let annotations = template.map_at(&["metadata", "annotations"]);
    if !annotations.is_empty() {
        page.annotations(1, &annotations);
    }
    let account = text(template, &["spec", "serviceAccountName"]);
    if !account.is_empty() {
        page.entry(1, "Service Account", account);
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    if !spec.items_at(&["initContainers"]).is_empty() {
        containers(
            page,
            "Init Containers",
            spec.items_at(&["initContainers"]),
            &[],
            true,
        );
    }
    containers(
        page,
        "Containers",
        spec.items_at(&["containers"]),
        &[],
        true,
    );
    volumes(page, spec.items_at(&["volumes"]), 1);
    let priority = text(spec, &["priorityClassName"]);
    if !priority.is_empty() {
        page.entry(1, "Priority Class Name", priority);
    }
    page.labels(1, "Node-Selectors", &spec.map_at(&["nodeSelector"]));
    page.several(
        1,
        "Tolerations",
        &tolerations(spec.items_at(&["tolerations"])),
    );
}

/// `key=value:NoExecute op=Exists for 300s`
#[must_use]
pub fn tolerations(all: &[Value]) -> Vec<String> {
    all.iter()
        .map(|toleration| {
            let mut out = text(toleration, &["key"]);
            let value = text(toleration, &["value"]);
            if !value.is_empty() {
                out.push_str(&format!("={value}"));
            }
            let effect = text(toleration, &["effect"]);
            if !effect.is_empty() {
                out.push_str(&format!(":{effect}"));
            }
            if text(toleration, &["operator"]) == "Exists" && value.is_empty() {
                out.push_str(if out.is_empty() {
                    "op=Exists"
                } else {
                    " op=Exists"
                });
            }
            if let Some(seconds) = toleration.int_at(&["tolerationSeconds"]) {
                out.push_str(&format!(" for {seconds}s"));
            }
            out
        })
        .collect()
}

/// Writes containers with what their statuses say.
pub fn containers(
    page: &mut Page,
    title: &str,
    all: &[Value],
    statuses: &[Value],
    in_template: bool,
) {
    if all.is_empty() {
        page.entry(usize::from(in_template), title, "<none>");
        return;
    }
    page.line(usize::from(in_template), format!("{title}:"));
    for container in all {
        let name = text(container, &["name"]);
        page.line(1, format!("{}{name}:", if in_template { " " } else { "" }));
        let status = statuses
            .iter()
            .find(|status| status.str_at(&["name"]) == Some(name.as_str()));
        basics(page, container, status);
        commands(page, container);
        if let Some(status) = status {
            states(page, status);
        }
        resources(page, container);
        for (key, field) in [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ] {
            if let Some(probe) = container.get(field) {
                page.entry(2, key, probe_text(probe));
            }
        }
        environment(page, container);
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        page.entry(2, "Container ID", text(status, &["containerID"]));
    }
    page.entry(2, "Image", text(container, &["image"]));
    if let Some(status) = status {
        page.entry(2, "Image ID", text(status, &["imageID"]));
    }
    let ports = container.items_at(&["ports"]);
    let list = |field: &str| {
        let all: Vec<String> = ports
            .iter()
            .map(|port| {
                let name = text(port, &["name"]);
                let name = if name.is_empty() {
                    name
                } else {
                    format!(" ({name})")
                };
                let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
                format!("{}/{protocol}{name}", number(port, &[field]))
            })
            .collect();
        if all.is_empty() {
            "<none>".to_owned()
        } else {
            all.join(", ")
        }
    };
    let plural = if ports.len() > 1 { "s" } else { "" };
    page.entry(2, &format!("Port{plural}"), list("containerPort"));
    page.entry(2, &format!("Host Port{plural}"), list("hostPort"));
}

fn commands(page: &mut Page, container: &Value) {
    for (key, field) in [("Command", "command"), ("Args", "args")] {
        let words = container.items_at(&[field]);
        if words.is_empty() {
            continue;
        }
        page.line(2, format!("{key}:"));
        for word in words {
            for line in word.as_str().unwrap_or_default().split('\n') {
                page.line(3, line);
            }
        }
    }
}

fn states(page: &mut Page, status: &Value) {
    state(page, "State", status.get("state"));
    if status.at(&["lastState", "terminated"]).is_some() {
        state(page, "Last State", status.get("lastState"));
    }
    let ready = status
        .get("ready")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    page.entry(2, "Ready", if ready { "True" } else { "False" });
    page.entry(
        2,
        "Restart Count",
        number(status, &["restartCount"]).to_string(),
    );
}

fn state(page: &mut Page, key: &str, state: Option<&Value>) {
    let state = state.unwrap_or(&Value::Null);
    if let Some(running) = state.get("running") {
        page.entry(2, key, "Running");
        page.entry(
            3,
            "Started",
            date_at(running, &["startedAt"]).unwrap_or_default(),
        );
    } else if let Some(waiting) = state.get("waiting") {
        page.entry(2, key, "Waiting");
        let reason = text(waiting, &["reason"]);
        if !reason.is_empty() {
            page.entry(3, "Reason", reason);
        }
    } else if let Some(ended) = state.get("terminated") {
        page.entry(2, key, "Terminated");
        for (name, field) in [("Reason", "reason"), ("Message", "message")] {
            let value = text(ended, &[field]);
            if !value.is_empty() {
                page.entry(3, name, value);
            }
        }
        page.entry(3, "Exit Code", number(ended, &["exitCode"]).to_string());
        let signal = number(ended, &["signal"]);
        if signal > 0 {
            page.entry(3, "Signal", signal.to_string());
        }
        page.entry(
            3,
            "Started",
            date_at(ended, &["startedAt"]).unwrap_or_default(),
        );
        page.entry(
            3,
            "Finished",
            date_at(ended, &["finishedAt"]).unwrap_or_default(),
        );
    } else {
        page.entry(2, key, "Waiting");
    }
}

fn resources(page: &mut Page, container: &Value) {
    for (key, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let all = container.map_at(&["resources", field]);
        if all.is_empty() {
            continue;
        }
        page.line(2, format!("{key}:"));
        for (name, _) in all.iter() {
            page.entry(3, name, text(container, &["resources", field, name]));
        }
    }
}

fn probe_text(probe: &Value) -> String {
    let how = if let Some(exec) = probe.get("exec") {
        let words: Vec<&str> = exec
            .items_at(&["command"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        format!("exec [{}]", words.join(" "))
    } else if let Some(http) = probe.get("httpGet") {
        let scheme = http
            .str_at(&["scheme"])
            .unwrap_or("HTTP")
            .to_ascii_lowercase();
        format!(
            "http-get {scheme}://{}:{}{}",
            text(http, &["host"]),
            text(http, &["port"]),
            text(http, &["path"])
        )
    } else if let Some(tcp) = probe.get("tcpSocket") {
        format!(
            "tcp-socket {}:{}",
            text(tcp, &["host"]),
            text(tcp, &["port"])
        )
    } else if let Some(grpc) = probe.get("grpc") {
        format!(
            "grpc <pod>:{} {}",
            text(grpc, &["port"]),
            text(grpc, &["service"])
        )
    } else {
        "unknown".to_owned()
    };
    format!(
        "{how} delay={}s timeout={}s period={}s #success={} #failure={}",
        number(probe, &["initialDelaySeconds"]),
        number(probe, &["timeoutSeconds"]),
        number(probe, &["periodSeconds"]),
        number(probe, &["successThreshold"]),
        number(probe, &["failureThreshold"])
    )
}

fn environment(page: &mut Page, container: &Value) {
    let from = container.items_at(&["envFrom"]);
    if !from.is_empty() {
        page.line(2, "Environment Variables from:");
        for source in from {
            let (name, kind, path) = match source.get("configMapRef") {
                Some(reference) => (text(reference, &["name"]), "ConfigMap", "configMapRef"),
                None => (text(source, &["secretRef", "name"]), "Secret", "secretRef"),
            };
            let optional = source
                .at(&[path, "optional"])
                .and_then(Value::as_bool)
                .unwrap_or(false);
            page.line(3, format!("{name}\t{kind}\tOptional: {optional}"));
        }
    }
    let all = container.items_at(&["env"]);
    if all.is_empty() {
        page.entry(2, "Environment", "<none>");
        return;
    }
    page.line(2, "Environment:");
    for variable in all {
        let name = text(variable, &["name"]);
        let Some(from) = variable.get("valueFrom") else {
            let value = text(variable, &["value"]);
            page.entry(3, &name, value.replace('\n', "\n\t\t"));
            continue;
        };
        let value = if let Some(field) = from.get("fieldRef") {
            format!(
                "({}:{})",
                field.str_at(&["apiVersion"]).unwrap_or("v1"),
                text(field, &["fieldPath"])
            )
        } else if let Some(resource) = from.get("resourceFieldRef") {
            format!(
                "{} ({})",
                text(resource, &["divisor"]),
                text(resource, &["resource"])
            )
        } else if let Some(key) = from.get("secretKeyRef") {
            let optional = key
                .get("optional")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            format!(
                "<set to the key '{}' in secret '{}'>\tOptional: {optional}",
                text(key, &["key"]),
                text(key, &["name"])
            )
        } else {
            let key = from.get("configMapKeyRef").unwrap_or(&Value::Null);
            let optional = key
                .get("optional")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            format!(
                "<set to the key '{}' of config map '{}'>\tOptional: {optional}",
                text(key, &["key"]),
                text(key, &["name"])
            )
        };
        page.entry(3, &name, value);
    }
}

fn mounts(page: &mut Page, container: &Value) {
    let mut all: Vec<&Value> = container.items_at(&["volumeMounts"]).iter().collect();
    if all.is_empty() {
        page.entry(2, "Mounts", "<none>");
    } else {
        page.line(2, "Mounts:");
        all.arrange_by_key(|mount| text(mount, &["mountPath"]));
        for mount in all {
            let read_only = mount
                .get("readOnly")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            let mut flags = if read_only {
                "ro".to_owned()
            } else {
                "rw".to_owned()
            };
            let sub = text(mount, &["subPath"]);
            if !sub.is_empty() {
                flags.push_str(&format!(",path=\"{sub}\""));
            }
            page.line(
                3,
                format!(
                    "{} from {} ({flags})",
                    text(mount, &["mountPath"]),
                    text(mount, &["name"])
                ),
            );
        }
    }
    let devices = container.items_at(&["volumeDevices"]);
    if !devices.is_empty() {
        page.line(2, "Devices:");
        for device in devices {
            page.line(
                3,
                format!(
                    "{} from {}",
                    text(device, &["devicePath"]),
                    text(device, &["name"])
                ),
            );
        }
    }
}

/// Writes the volumes of a Pod; `level` is that of the heading.
pub fn volumes(page: &mut Page, all: &[Value], level: usize) {
    if all.is_empty() {
        page.entry(level, "Volumes", "<none>");
        return;
    }
    page.line(level, "Volumes:");
    for volume in all {
        let name = text(volume, &["name"]);
        page.line(1, format!("{}{name}:", if level > 0 { " " } else { "" }));
        source(page, volume);
    }
}

fn source(page: &mut Page, volume: &Value) {
    let entry = |page: &mut Page, key: &str, value: String| page.entry(2, key, value);
    let or = |value: String, absent: &str| {
        if value.is_empty() {
            absent.to_owned()
        } else {
            value
        }
    };
    if let Some(claim) = volume.get("persistentVolumeClaim") {
        entry(
            page,
            "Type",
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)"
                .to_owned(),
        );
        entry(page, "ClaimName", text(claim, &["claimName"]));
        entry(page, "ReadOnly", or(text(claim, &["readOnly"]), "false"));
    } else if let Some(empty) = volume.get("emptyDir") {
        entry(
            page,
            "Type",
            "EmptyDir (a temporary directory that shares a pod's lifetime)".to_owned(),
        );
        entry(page, "Medium", text(empty, &["medium"]));
        entry(
            page,
            "SizeLimit",
            or(text(empty, &["sizeLimit"]), "<unset>"),
        );
    } else if let Some(host) = volume.get("hostPath") {
        entry(
            page,
            "Type",
            "HostPath (bare host directory volume)".to_owned(),
        );
        entry(page, "Path", text(host, &["path"]));
        entry(page, "HostPathType", text(host, &["type"]));
    } else if let Some(map) = volume.get("configMap") {
        entry(
            page,
            "Type",
            "ConfigMap (a volume populated by a ConfigMap)".to_owned(),
        );
        entry(page, "Name", text(map, &["name"]));
        entry(page, "Optional", or(text(map, &["optional"]), "false"));
    } else if let Some(secret) = volume.get("secret") {
        entry(
            page,
            "Type",
            "Secret (a volume populated by a Secret)".to_owned(),
        );
        entry(page, "SecretName", text(secret, &["secretName"]));
        entry(page, "Optional", or(text(secret, &["optional"]), "false"));
    } else if let Some(projected) = volume.get("projected") {
        entry(
            page,
            "Type",
            "Projected (a volume that contains injected data from multiple sources)".to_owned(),
        );
        for part in projected.items_at(&["sources"]) {
            if let Some(token) = part.get("serviceAccountToken") {
                entry(
                    page,
                    "TokenExpirationSeconds",
                    text(token, &["expirationSeconds"]),
                );
            } else if let Some(map) = part.get("configMap") {
                entry(page, "ConfigMapName", text(map, &["name"]));
                entry(page, "Optional", or(text(map, &["optional"]), "false"));
            } else if let Some(secret) = part.get("secret") {
                entry(page, "SecretName", text(secret, &["name"]));
                entry(page, "Optional", or(text(secret, &["optional"]), "false"));
            } else if part.get("downwardAPI").is_some() {
                entry(page, "DownwardAPI", "true".to_owned());
            }
        }
    } else {
        page.line(2, "<unknown>");
    }
}
