//! Structs as the API server shows them in refusals of updates: Go's own names and order of fields, and
//! the difference of two of them. `apimachinery/pkg/util/diff/cmp.go`

use crate::api::Arrange as _;
use crate::api::Value;
use crate::manifest::schema::{self, Field, Mark, Type};

/// The fields of structs in Go's order, by their names in JSON.
const ORDER: &[(&str, &str)] = &[
    (
        "PodSpec",
        "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName automountServiceAccountToken nodeName securityContext imagePullSecrets hostname subdomain setHostnameAsFQDN affinity schedulerName tolerations hostAliases priorityClassName priority preemptionPolicy dnsConfig readinessGates runtimeClassName overhead enableServiceLinks topologySpreadConstraints os schedulingGates resourceClaims resources hostnameOverride schedulingGroup",
    ),
    (
        "Container",
        "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty",
    ),
    (
        "Volume",
        "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs persistentVolumeClaim rbd quobyte flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image",
    ),
    (
        "PersistentVolumeSource",
        "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume cinder cephfs fc flocker azureFile vsphereVolume azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi",
    ),
    (
        "PersistentVolumeClaimSpec",
        "accessModes selector resources volumeName storageClassName volumeMode dataSource dataSourceRef volumeAttributesClassName",
    ),
    (
        "VolumeMount",
        "name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr",
    ),
    (
        "ContainerPort",
        "name hostPort containerPort protocol hostIP",
    ),
    ("EnvVar", "name value valueFrom"),
    (
        "EnvVarSource",
        "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef",
    ),
    ("ConfigMapKeySelector", "name key optional"),
    ("SecretKeySelector", "name key optional"),
    ("EnvFromSource", "prefix configMapRef secretRef"),
    ("ResourceRequirements", "limits requests claims"),
    ("VolumeResourceRequirements", "limits requests"),
    (
        "Probe",
        "exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds",
    ),
    ("HTTPGetAction", "path port host scheme httpHeaders"),
    ("TCPSocketAction", "port host"),
    ("Lifecycle", "postStart preStop stopSignal"),
    ("LifecycleHandler", "exec httpGet tcpSocket sleep"),
    (
        "PodSecurityContext",
        "hostNetwork hostPID hostIPC shareProcessNamespace hostUsers seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy fsGroup fsGroupChangePolicy sysctls seccompProfile appArmorProfile seLinuxChangePolicy",
    ),
    (
        "SecurityContext",
        "capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile appArmorProfile",
    ),
    ("Toleration", "key operator value effect tolerationSeconds"),
    ("ProjectedVolumeSource", "sources defaultMode"),
    (
        "VolumeProjection",
        "secret downwardAPI configMap serviceAccountToken clusterTrustBundle podCertificate",
    ),
    (
        "ServiceAccountTokenProjection",
        "audience expirationSeconds path",
    ),
    ("ConfigMapProjection", "name items optional"),
    ("SecretProjection", "name items optional"),
    ("KeyToPath", "key path mode"),
    (
        "DownwardAPIVolumeFile",
        "path fieldRef resourceFieldRef mode",
    ),
    ("DownwardAPIVolumeSource", "items defaultMode"),
    ("ConfigMapVolumeSource", "name items defaultMode optional"),
    (
        "SecretVolumeSource",
        "secretName items defaultMode optional",
    ),
    ("PersistentVolumeClaimVolumeSource", "claimName readOnly"),
    ("EmptyDirVolumeSource", "medium sizeLimit"),
    ("HostPathVolumeSource", "path type"),
    ("NFSVolumeSource", "server path readOnly"),
    ("LabelSelector", "matchLabels matchExpressions"),
    ("LabelSelectorRequirement", "key operator values"),
    ("LocalVolumeSource", "path fsType"),
    ("Affinity", "nodeAffinity podAffinity podAntiAffinity"),
    (
        "PodAntiAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution",
    ),
    (
        "PodAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution",
    ),
    (
        "NodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution",
    ),
    (
        "PodAffinityTerm",
        "labelSelector namespaces topologyKey namespaceSelector matchLabelKeys mismatchLabelKeys",
    ),
];

/// Names that Go does not make by a capital first letter.
const NAMES: &[(&str, &str)] = &[
    ("apiVersion", "APIVersion"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("cephfs", "CephFS"),
    ("csi", "CSI"),
    ("dnsConfig", "DNSConfig"),
    ("dnsPolicy", "DNSPolicy"),
    ("fc", "FC"),
    ("fsGroup", "FSGroup"),
    ("fsGroupChangePolicy", "FSGroupChangePolicy"),
    ("fsType", "FSType"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("grpc", "GRPC"),
    ("httpGet", "HTTPGet"),
    ("httpHeaders", "HTTPHeaders"),
    ("iscsi", "ISCSI"),
    ("nfs", "NFS"),
    ("os", "OS"),
    ("rbd", "RBD"),
    ("seLinuxChangePolicy", "SELinuxChangePolicy"),
    ("seLinuxOptions", "SELinuxOptions"),
    ("storageos", "StorageOS"),
    ("tcpSocket", "TCPSocket"),
    ("tty", "TTY"),
];

/// Where a pod spec keeps what Go's own type keeps in the security context.
const HOST: [&str; 5] = [
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "shareProcessNamespace",
];

/// The difference of two pod specs.
pub fn pod_difference(old: &Value, new: &Value) -> String {
    difference("PodSpec", &internal_pod(old), &internal_pod(new))
}

fn internal_pod(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for key in HOST {
        if let Some(value) = spec.remove(&[key]) {
            spec.set(&["securityContext", key], value);
        }
    }
    spec
}

/// What changed between two structs of a type, as a unified difference with three lines around it.
pub fn difference(type_name: &'static str, old: &Value, new: &Value) -> String {
    let lines = |tree: &Value| {
        let mut printer = Printer::default();
        printer.structure(type_name, tree, "");
        printer.lines
    };
    unified(&lines(old), &lines(new))
}

#[derive(Default)]
struct Printer {
    lines: Vec<String>,
    depth: usize,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.lines.push(format!("{}{text}", " ".repeat(self.depth)));
    }

    /// Adds a comma to the last line.
    fn comma(&mut self) {
        if let Some(last) = self.lines.last_mut() {
            last.push(',');
        }
    }

    fn structure(&mut self, type_name: &'static str, tree: &Value, label: &str) {
        self.line(&format!("{label}{{"));
        self.depth += 1;
        let names: Vec<&str> = match ORDER.iter().find(|(name, _)| *name == type_name) {
            Some((_, order)) => order.split(' ').collect(),
            None => schema::fields(type_name)
                .map(|fields| fields.iter().map(|f| f.name).collect())
                .unwrap_or_default(),
        };
        let last = names.len().saturating_sub(1);
        for (at, name) in names.into_iter().enumerate() {
            let label = format!("\"{}\": ", go_name(name));
            match field(type_name, name) {
                Some(field) => self.field(field, tree.get(name), &label),
                None => self.line(&format!("{label}null")),
            }
            if at < last {
                self.comma();
            }
        }
        self.depth -= 1;
        self.line("}");
    }

    fn field(&mut self, field: &Field, value: Option<&Value>, label: &str) {
        match value {
            Some(value) if !value.is_null() => self.value(&field.kind, value, label),
            _ => match (&field.kind, field.mark) {
                (Type::Struct(name), Mark::Always) => self.structure(name, &Value::Null, label),
                (_, Mark::Pointer) | (Type::List(_) | Type::Map(_), _) => {
                    self.line(&format!("{label}null"));
                }
                (Type::Bool, _) => self.line(&format!("{label}false")),
                (Type::Text, _) => self.line(&format!("{label}\"\"")),
                (Type::Int32 | Type::Int64 | Type::IntOrString, _) => {
                    self.line(&format!("{label}0"))
                }
                (Type::Quantity, _) => self.line(&format!("{label}\"0\"")),
                _ => self.line(&format!("{label}null")),
            },
        }
    }

    fn value(&mut self, kind: &Type, value: &Value, label: &str) {
        match (kind, value) {
            (Type::Struct(name), Value::Map(_)) => self.structure(name, value, label),
            (Type::List(item), Value::List(items)) => {
                self.line(&format!("{label}["));
                self.depth += 1;
                for (at, value) in items.iter().enumerate() {
                    self.value(item, value, "");
                    if at + 1 < items.len() {
                        self.comma();
                    }
                }
                self.depth -= 1;
                self.line("]");
            }
            (Type::Map(item), Value::Map(entries)) => {
                self.line(&format!("{label}{{"));
                self.depth += 1;
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.value(item, value, &format!("\"{key}\": "));
                    if at + 1 < entries.len() {
                        self.comma();
                    }
                }
                self.depth -= 1;
                self.line("}");
            }
            (_, other) => self.line(&format!("{label}{}", other.to_go_json())),
        }
    }
}

fn field(type_name: &str, name: &str) -> Option<&'static Field> {
    match type_name {
        "PersistentVolumeSource" => schema::field("PersistentVolumeSpec", name),
        "PodSecurityContext" if HOST.contains(&name) => schema::field("PodSpec", name),
        _ => schema::field(type_name, name),
    }
}

fn go_name(name: &str) -> String {
    if let Some((_, go)) = NAMES.iter().find(|(json, _)| *json == name) {
        return (*go).to_owned();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A stretch of lines that are equal in both texts.
#[derive(Clone, Copy)]
struct Block {
    old: usize,
    new: usize,
    length: usize,
}

/// The longest equal stretch, the earliest of several; then the same before and after it.
fn blocks(old: &[String], new: &[String]) -> Vec<Block> {
    let mut found = Vec::new();
    let mut todo = vec![(0, old.len(), 0, new.len())];
    while let Some((old_start, old_end, new_start, new_end)) = todo.pop() {
        let Some(block) = longest(old, new, (old_start, old_end), (new_start, new_end)) else {
            continue;
        };
        todo.push((old_start, block.old, new_start, block.new));
        let (old_after, new_after) = (block.old + block.length, block.new + block.length);
        todo.push((old_after, old_end, new_after, new_end));
        found.push(block);
    }
    found.arrange_by_key(|block| block.old);
    found
}

fn longest(
    old: &[String],
    new: &[String],
    (a, b): (usize, usize),
    (c, d): (usize, usize),
) -> Option<Block> {
    let mut best: Option<Block> = None;
    let mut before: Vec<usize> = vec![0; d + 1];
    for i in a..b {
        let mut row = vec![0; d + 1];
        for j in c..d {
            if old.get(i) != new.get(j) {
                continue;
            }
            let length = before.get(j).copied().unwrap_or(0) + 1;
            if let Some(slot) = row.get_mut(j + 1) {
                *slot = length;
            }
            if best.is_none_or(|best| length > best.length) {
                best = Some(Block {
                    old: i + 1 - length,
                    new: j + 1 - length,
                    length,
                });
            }
        }
        before = row;
    }
    best
}

/// Lines with their mark, and the numbers of the lines before them.
fn marked(old: &[String], new: &[String]) -> Vec<(char, String)> {
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    let end = Block {
        old: old.len(),
        new: new.len(),
        length: 0,
    };
    for block in blocks(old, new).into_iter().chain([end]) {
        lines.extend(old[i..block.old].iter().map(|line| ('-', line.clone())));
        lines.extend(new[j..block.new].iter().map(|line| ('+', line.clone())));
        (i, j) = (block.old + block.length, block.new + block.length);
        lines.extend(old[block.old..i].iter().map(|line| (' ', line.clone())));
    }
    lines
}

/// A unified difference without file names.
fn unified(old: &[String], new: &[String]) -> String {
    const AROUND: usize = 3;
    let lines = marked(old, new);
    let changed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 != ' ').collect();
    let mut out = String::new();
    let mut rest = changed.as_slice();
    while let Some(first) = rest.first() {
        let together = rest
            .windows(2)
            .position(|pair| pair[1] - pair[0] > 2 * AROUND + 1)
            .map_or(rest.len(), |at| at + 1);
        let last = rest[together - 1];
        rest = &rest[together..];
        let hunk = first.saturating_sub(AROUND)..(last + AROUND + 1).min(lines.len());
        let count = |mark: char, range: std::ops::Range<usize>| {
            lines[range]
                .iter()
                .filter(|line| line.0 == ' ' || line.0 == mark)
                .count()
        };
        let start = |mark| count(mark, 0..hunk.start) + 1;
        out.push_str(&format!(
            "@@ -{},{} +{},{} @@\n",
            start('-'),
            count('-', hunk.clone()),
            start('+'),
            count('+', hunk.clone())
        ));
        for (mark, line) in &lines[hunk] {
            out.push_str(&format!("{mark}{line}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Corpus A, `upd-pvc-class`.
    #[test]
    fn a_claims_difference() {
        let claim = |class: &str| {
            let mut spec = Value::from_json(
                r#"{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem","volumeName":"manual"}"#,
            )
            .unwrap();
            spec.set(&["storageClassName"], class);
            spec
        };
        assert_eq!(
            difference(
                "PersistentVolumeClaimSpec",
                &claim("manual"),
                &claim("standard")
            ),
            "@@ -10,7 +10,7 @@\n   }\n  },\n  \"VolumeName\": \"manual\",\n- \"StorageClassName\": \"manual\",\n+ \"StorageClassName\": \"standard\",\n  \"VolumeMode\": \"Filesystem\",\n  \"DataSource\": null,\n  \"DataSourceRef\": null,\n"
        );
    }

    /// Corpus A, `upd-pv-source`.
    #[test]
    fn a_volumes_difference() {
        let old = Value::from_json(r#"{"hostPath":{"path":"/srv/manual","type":""}}"#).unwrap();
        let new = Value::from_json(r#"{"nfs":{"path":"/x","server":"a.example.com"}}"#).unwrap();
        assert_eq!(
            difference("PersistentVolumeSource", &old, &new),
            "@@ -1,12 +1,13 @@\n {\n  \"GCEPersistentDisk\": null,\n  \"AWSElasticBlockStore\": null,\n- \"HostPath\": {\n-  \"Path\": \"/srv/manual\",\n-  \"Type\": \"\"\n+ \"HostPath\": null,\n+ \"Glusterfs\": null,\n+ \"NFS\": {\n+  \"Server\": \"a.example.com\",\n+  \"Path\": \"/x\",\n+  \"ReadOnly\": false\n  },\n- \"Glusterfs\": null,\n- \"NFS\": null,\n  \"RBD\": null,\n  \"Quobyte\": null,\n  \"ISCSI\": null,\n"
        );
    }

    /// Corpus A, `upd-pod-restart`: the place in the whole of an admitted Pod.
    #[test]
    fn a_pods_difference() {
        let mut pod = Value::from_json(
            r#"{"metadata":{"name":"stuck"},"spec":{"nodeSelector":{"disktype":"nvme"},"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}}"#,
        )
        .unwrap();
        crate::manifest::default_object(crate::api::Kind::Pod, &mut pod);
        crate::manifest::admit_pod(&mut pod, "xz7qz");
        let old = pod.get("spec").unwrap().clone();
        let mut new = old.clone();
        new.set(&["restartPolicy"], "Never");
        assert_eq!(
            pod_difference(&old, &new),
            "@@ -136,7 +136,7 @@\n   }\n  ],\n  \"EphemeralContainers\": null,\n- \"RestartPolicy\": \"Always\",\n+ \"RestartPolicy\": \"Never\",\n  \"TerminationGracePeriodSeconds\": 30,\n  \"ActiveDeadlineSeconds\": null,\n  \"DNSPolicy\": \"ClusterFirst\",\n"
        );
    }
}
