//! Types of resources as discovery lists them, and what `TYPE NAME` arguments mean.
//! `kubectl/pkg/cmd/apiresources`, `cli-runtime/pkg/resource/builder.go`

use super::failure::Failure;
use crate::api::Kind;

/// A type of resource that the API server offers. Not every one is simulated: lists of the others are empty.
#[derive(Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// `statefulsets`
    pub plural: &'static str,
    /// `sts`; several are joined by a comma.
    pub short: &'static str,
    /// `apps/v1`
    pub api_version: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// `StatefulSet`
    pub kind: &'static str,
}

const fn row(
    plural: &'static str,
    short: &'static str,
    api_version: &'static str,
    namespaced: bool,
    kind: &'static str,
) -> ResourceType {
    ResourceType {
        plural,
        short,
        api_version,
        namespaced,
        kind,
    }
}

/// Every type, in the order of `kubectl api-resources`.
#[rustfmt::skip]
pub static TYPES: [ResourceType; 67] = [
    row("bindings", "", "v1", true, "Binding"),
    row("componentstatuses", "cs", "v1", false, "ComponentStatus"),
    row("configmaps", "cm", "v1", true, "ConfigMap"),
    row("endpoints", "ep", "v1", true, "Endpoints"),
    row("events", "ev", "v1", true, "Event"),
    row("limitranges", "limits", "v1", true, "LimitRange"),
    row("namespaces", "ns", "v1", false, "Namespace"),
    row("nodes", "no", "v1", false, "Node"),
    row("persistentvolumeclaims", "pvc", "v1", true, "PersistentVolumeClaim"),
    row("persistentvolumes", "pv", "v1", false, "PersistentVolume"),
    row("pods", "po", "v1", true, "Pod"),
    row("podtemplates", "", "v1", true, "PodTemplate"),
    row("replicationcontrollers", "rc", "v1", true, "ReplicationController"),
    row("resourcequotas", "quota", "v1", true, "ResourceQuota"),
    row("secrets", "", "v1", true, "Secret"),
    row("serviceaccounts", "sa", "v1", true, "ServiceAccount"),
    row("services", "svc", "v1", true, "Service"),
    row("mutatingadmissionpolicies", "", "admissionregistration.k8s.io/v1", false, "MutatingAdmissionPolicy"),
    row("mutatingadmissionpolicybindings", "", "admissionregistration.k8s.io/v1", false, "MutatingAdmissionPolicyBinding"),
    row("mutatingwebhookconfigurations", "", "admissionregistration.k8s.io/v1", false, "MutatingWebhookConfiguration"),
    row("validatingadmissionpolicies", "", "admissionregistration.k8s.io/v1", false, "ValidatingAdmissionPolicy"),
    row("validatingadmissionpolicybindings", "", "admissionregistration.k8s.io/v1", false, "ValidatingAdmissionPolicyBinding"),
    row("validatingwebhookconfigurations", "", "admissionregistration.k8s.io/v1", false, "ValidatingWebhookConfiguration"),
    row("customresourcedefinitions", "crd,crds", "apiextensions.k8s.io/v1", false, "CustomResourceDefinition"),
    row("apiservices", "", "apiregistration.k8s.io/v1", false, "APIService"),
    row("controllerrevisions", "", "apps/v1", true, "ControllerRevision"),
    row("daemonsets", "ds", "apps/v1", true, "DaemonSet"),
    row("deployments", "deploy", "apps/v1", true, "Deployment"),
    row("replicasets", "rs", "apps/v1", true, "ReplicaSet"),
    row("statefulsets", "sts", "apps/v1", true, "StatefulSet"),
    row("selfsubjectreviews", "", "authentication.k8s.io/v1", false, "SelfSubjectReview"),
    row("tokenreviews", "", "authentication.k8s.io/v1", false, "TokenReview"),
    row("localsubjectaccessreviews", "", "authorization.k8s.io/v1", true, "LocalSubjectAccessReview"),
    row("selfsubjectaccessreviews", "", "authorization.k8s.io/v1", false, "SelfSubjectAccessReview"),
    row("selfsubjectrulesreviews", "", "authorization.k8s.io/v1", false, "SelfSubjectRulesReview"),
    row("subjectaccessreviews", "", "authorization.k8s.io/v1", false, "SubjectAccessReview"),
    row("horizontalpodautoscalers", "hpa", "autoscaling/v2", true, "HorizontalPodAutoscaler"),
    row("cronjobs", "cj", "batch/v1", true, "CronJob"),
    row("jobs", "", "batch/v1", true, "Job"),
    row("certificatesigningrequests", "csr", "certificates.k8s.io/v1", false, "CertificateSigningRequest"),
    row("leases", "", "coordination.k8s.io/v1", true, "Lease"),
    row("endpointslices", "", "discovery.k8s.io/v1", true, "EndpointSlice"),
    row("events", "ev", "events.k8s.io/v1", true, "Event"),
    row("flowschemas", "", "flowcontrol.apiserver.k8s.io/v1", false, "FlowSchema"),
    row("prioritylevelconfigurations", "", "flowcontrol.apiserver.k8s.io/v1", false, "PriorityLevelConfiguration"),
    row("ingressclasses", "", "networking.k8s.io/v1", false, "IngressClass"),
    row("ingresses", "ing", "networking.k8s.io/v1", true, "Ingress"),
    row("ipaddresses", "ip", "networking.k8s.io/v1", false, "IPAddress"),
    row("networkpolicies", "netpol", "networking.k8s.io/v1", true, "NetworkPolicy"),
    row("servicecidrs", "", "networking.k8s.io/v1", false, "ServiceCIDR"),
    row("runtimeclasses", "", "node.k8s.io/v1", false, "RuntimeClass"),
    row("poddisruptionbudgets", "pdb", "policy/v1", true, "PodDisruptionBudget"),
    row("clusterrolebindings", "", "rbac.authorization.k8s.io/v1", false, "ClusterRoleBinding"),
    row("clusterroles", "", "rbac.authorization.k8s.io/v1", false, "ClusterRole"),
    row("rolebindings", "", "rbac.authorization.k8s.io/v1", true, "RoleBinding"),
    row("roles", "", "rbac.authorization.k8s.io/v1", true, "Role"),
    row("deviceclasses", "", "resource.k8s.io/v1", false, "DeviceClass"),
    row("resourceclaims", "", "resource.k8s.io/v1", true, "ResourceClaim"),
    row("resourceclaimtemplates", "", "resource.k8s.io/v1", true, "ResourceClaimTemplate"),
    row("resourceslices", "", "resource.k8s.io/v1", false, "ResourceSlice"),
    row("priorityclasses", "pc", "scheduling.k8s.io/v1", false, "PriorityClass"),
    row("csidrivers", "", "storage.k8s.io/v1", false, "CSIDriver"),
    row("csinodes", "", "storage.k8s.io/v1", false, "CSINode"),
    row("csistoragecapacities", "", "storage.k8s.io/v1", true, "CSIStorageCapacity"),
    row("storageclasses", "sc", "storage.k8s.io/v1", false, "StorageClass"),
    row("volumeattachments", "", "storage.k8s.io/v1", false, "VolumeAttachment"),
    row("volumeattributesclasses", "vac", "storage.k8s.io/v1", false, "VolumeAttributesClass"),
];

/// The types that `all` stands for, in their order.
const ALL: [&str; 10] = [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
];

impl ResourceType {
    /// `apps`; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// `v1`
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.api_version
            .split_once('/')
            .map_or(self.api_version, |(_, version)| version)
    }

    /// `statefulsets.apps`
    #[must_use]
    pub fn resource(&self) -> String {
        qualified(self.plural, self.group())
    }

    /// `statefulset.apps`
    #[must_use]
    pub fn qualified_singular(&self) -> String {
        qualified(&self.kind.to_ascii_lowercase(), self.group())
    }

    /// `StatefulSet.apps`
    #[must_use]
    pub fn qualified_kind(&self) -> String {
        qualified(self.kind, self.group())
    }

    /// What can be asked of it, as discovery lists it.
    #[must_use]
    pub fn verbs(&self) -> &'static str {
        match self.kind {
            "Binding" => "create",
            "ComponentStatus" => "get,list",
            "Namespace" => "create,delete,get,list,patch,update,watch",
            kind if kind.ends_with("Review") => "create",
            _ => "create,delete,deletecollection,get,list,patch,update,watch",
        }
    }

    /// The category that it belongs to; mostly none.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self.group() {
            "apps" if self.kind != "ControllerRevision" => "all",
            "autoscaling" | "batch" => "all",
            "admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io" => {
                "api-extensions"
            }
            "" if matches!(self.kind, "Pod" | "ReplicationController" | "Service") => "all",
            _ => "",
        }
    }

    /// The kind that the simulated API server holds, if it holds this one.
    #[must_use]
    pub fn simulated(&self) -> Option<Kind> {
        Kind::from_type(self.api_version, self.kind)
    }

    /// The type of a kind.
    #[must_use]
    pub fn of(kind: Kind) -> &'static ResourceType {
        let is = |t: &&ResourceType| t.kind == kind.name() && t.api_version == kind.api_version();
        TYPES.iter().find(is).unwrap_or(&TYPES[0])
    }

    fn answers_to(&self, name: &str, lower: &str) -> bool {
        self.plural == lower || self.kind.eq_ignore_ascii_case(lower) || self.is_short(name)
    }

    fn is_short(&self, name: &str) -> bool {
        !self.short.is_empty() && self.short.split(',').any(|short| short == name)
    }
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

/// Finds a type by plural, singular, kind or short name, with or without `.group` and `.version.group`.
///
/// # Errors
/// `the server doesn't have a resource type "x"`
pub fn find(word: &str) -> Result<&'static ResourceType, Failure> {
    let (name, rest) = word.split_once('.').unwrap_or((word, ""));
    let lower = name.to_ascii_lowercase();
    let fits = |t: &&ResourceType| {
        // A short name is looked up before the version, which is then never asked for: `sts.v9.apps`.
        let version = |version: &str| version == t.version() || t.is_short(name);
        t.answers_to(name, &lower)
            && (rest.is_empty()
                || rest == t.group()
                || rest
                    .split_once('.')
                    .is_some_and(|(v, group)| group == t.group() && version(v)))
    };
    TYPES.iter().find(fits).ok_or_else(|| {
        Failure::error(format!(
            "the server doesn't have a resource type \"{name}\""
        ))
    })
}

/// What the arguments `TYPE[,TYPE] [NAME…]` or `TYPE/NAME…` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// Everything of these types.
    Types(Vec<&'static ResourceType>),
    /// Objects by name.
    Names(Vec<(&'static ResourceType, String)>),
}

impl Wanted {
    /// Whether more than one type is meant, so that names are printed with their kind.
    #[must_use]
    pub fn several_types(&self) -> bool {
        match self {
            Wanted::Nothing => false,
            Wanted::Types(types) => types.len() > 1,
            Wanted::Names(names) => names
                .iter()
                .any(|(t, _)| Some(*t) != names.first().map(|(first, _)| *first)),
        }
    }
}

/// Reads the arguments of a command.
///
/// # Errors
/// What kubectl says of arguments that do not fit.
pub fn wanted(args: &[String]) -> Result<Wanted, Failure> {
    let slashes = args.iter().filter(|arg| arg.contains('/')).count();
    if slashes > 0 && slashes < args.len() {
        return Err(Failure::error(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        ));
    }
    if slashes > 0 {
        let names: Result<Vec<_>, Failure> = args.iter().map(|arg| by_slash(arg)).collect();
        return names.map(Wanted::Names);
    }
    let Some((first, names)) = args.split_first() else {
        return Ok(Wanted::Nothing);
    };
    // `sts, pods`, typed like a sentence.
    if !names.is_empty() && first.ends_with(',') && !first.starts_with(',') {
        return Err(single_resource());
    }
    let words: Vec<&str> = first.split(',').collect();
    if words.contains(&"all") && !names.is_empty() {
        return Err(Failure::error("you must specify only one resource"));
    }
    let mut types = Vec::new();
    for word in words {
        if word == "all" {
            for plural in ALL {
                types.push(find(plural)?);
            }
        } else {
            types.push(find(word)?);
        }
    }
    if names.is_empty() {
        return Ok(Wanted::Types(types));
    }
    if names.iter().any(String::is_empty) {
        return Err(Failure::error("resource name may not be empty"));
    }
    for name in names {
        let fault = match name.as_str() {
            "." => "may not be '.'",
            ".." => "may not be '..'",
            name if name.contains('%') => "may not contain '%'",
            _ => continue,
        };
        return Err(Failure::error(format!(
            "invalid resource name \"{name}\": [{fault}]"
        )));
    }
    let pairs = types
        .iter()
        .flat_map(|t| names.iter().map(move |name| (*t, name.clone())));
    Ok(Wanted::Names(pairs.collect()))
}

fn by_slash(arg: &str) -> Result<(&'static ResourceType, String), Failure> {
    let mut parts = arg.split('/');
    let (Some(resource), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Failure::error(
            "arguments in resource/name form may not have more than one slash",
        ));
    };
    if resource.is_empty() || name.is_empty() || resource.contains(',') {
        return Err(single_resource());
    }
    Ok((find(resource)?, name.to_owned()))
}

fn single_resource() -> Failure {
    Failure::error("arguments in resource/name form must have a single resource and name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    // Recorded: corpus B, get-spelling and get-notfound.
    #[test]
    fn spellings() {
        for word in [
            "sts",
            "statefulset",
            "statefulsets.apps",
            "sts.apps",
            "statefulsets.v1.apps",
            "StatefulSet",
            "statefulSets",
        ] {
            assert_eq!(
                find(word).map(|t| t.kind).ok(),
                Some("StatefulSet"),
                "{word}"
            );
        }
        for (word, name) in [
            ("STS", "STS"),
            ("sts.nosuch", "sts"),
            ("pods?", "pods?"),
            ("", ""),
        ] {
            let text = find(word).err().map(|failure| failure.text());
            assert_eq!(
                text,
                Some(format!(
                    "error: the server doesn't have a resource type \"{name}\""
                ))
            );
        }
        assert_eq!(find("events").map(|t| t.api_version).ok(), Some("v1"));
    }

    #[test]
    fn arguments() {
        let names = |line: &str| match wanted(&words(line)) {
            Ok(Wanted::Names(names)) => names
                .iter()
                .map(|(t, n)| format!("{}/{n}", t.plural))
                .collect::<Vec<_>>()
                .join(" "),
            Ok(other) => format!("{other:?}"),
            Err(failure) => failure.text(),
        };
        assert_eq!(
            names("sts,svc web nginx"),
            "statefulsets/web statefulsets/nginx services/web services/nginx"
        );
        assert_eq!(names("sts/web pod/web-0"), "statefulsets/web pods/web-0");
        assert_eq!(
            names("all web"),
            "error: you must specify only one resource"
        );
        assert_eq!(
            names("sts/web,pod/web-0"),
            "error: arguments in resource/name form may not have more than one slash"
        );
        assert_eq!(
            names("sts/"),
            "error: arguments in resource/name form must have a single resource and name"
        );
        assert!(wanted(&words("sts web deploy/front")).is_err());
        assert!(matches!(wanted(&words("all")), Ok(w) if w.several_types()));
    }
}
