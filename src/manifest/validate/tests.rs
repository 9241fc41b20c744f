use super::*;
use crate::manifest::{default_object, prepare_create, read_documents};

const SET: &str = "metadata: {name: web}
spec:
  serviceName: nginx
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: nginx
        image: nginx:1
        volumeMounts: [{name: www, mountPath: /www}]
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

fn defaulted(kind: Kind, text: &str) -> Value {
    let mut tree = read_documents(text).unwrap().remove(0).tree;
    default_object(kind, &mut tree);
    prepare_create(kind, &mut tree);
    tree
}

fn causes(kind: Kind, text: &str) -> Vec<String> {
    validate_create(kind, &defaulted(kind, text))
        .iter()
        .map(|cause| format!("{}: {}", cause.field, cause.message))
        .collect()
}

/// The causes of the set above with one part replaced.
fn set_with(part: &str, by: &str) -> Vec<String> {
    assert!(SET.contains(part), "{part}");
    causes(Kind::StatefulSet, &SET.replacen(part, by, 1))
}

#[test]
fn the_set_is_fine() {
    assert_eq!(causes(Kind::StatefulSet, SET), Vec::<String>::new());
}

#[test]
fn one_cause_of_each_form() {
    const T: &str = "spec.template.spec";
    for (part, by, wanted) in [
        ("image: nginx:1", "image: ''", format!("{T}.containers[0].image: Required value")),
        ("  serviceName: nginx", "  replicas: -1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0".into()),
        (
            "  serviceName: nginx",
            "  podManagementPolicy: Serial",
            "spec.podManagementPolicy: Invalid value: \"Serial\": must be 'OrderedReady' or 'Parallel'".into(),
        ),
        (
            "  serviceName: nginx",
            "  updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}",
            "spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":1,\"MaxUnavailable\":null}: only allowed for updateStrategy 'RollingUpdate'".into(),
        ),
        (
            "      containers:",
            "      activeDeadlineSeconds: 5\n      containers:",
            format!("{T}.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"),
        ),
        (
            "volumeMounts: [{name: www",
            "volumeMounts: [{name: data",
            format!("{T}.containers[0].volumeMounts[0].name: Not found: \"data\""),
        ),
        (
            "        image: nginx:1",
            "        image: nginx:1\n        ports: [{containerPort: 80, name: a}, {containerPort: 81, name: a}]",
            format!("{T}.containers[0].ports[1].name: Duplicate value: \"a\""),
        ),
        (
            "        image: nginx:1",
            "        image: nginx:1\n        imagePullPolicy: Often",
            format!("{T}.containers[0].imagePullPolicy: Unsupported value: \"Often\": supported values: \"Always\", \"IfNotPresent\", \"Never\""),
        ),
        (
            "        image: nginx:1",
            "        image: nginx:1\n        resources: {requests: {cpu: 2}, limits: {cpu: 500m}}",
            format!("{T}.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 500m"),
        ),
        (
            "{accessModes: [ReadWriteOnce], ",
            "{",
            "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required".into(),
        ),
        ("matchLabels: {app: nginx}", "", "spec.selector: Invalid value: {}: empty selector is invalid for statefulset".into()),
    ] {
        assert_eq!(set_with(part, by), [wanted], "{by}");
    }
}

/// FINDINGS 15: no selector is two causes.
#[test]
fn a_missing_selector_is_two_causes() {
    let told = set_with("  selector: {matchLabels: {app: nginx}}\n", "");
    assert_eq!(
        told,
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"nginx\"}: `selector` does not match template `labels`"
        ]
    );
}

/// R9.8: a mount may name a claim template; R9.11: a long name makes a label too long.
#[test]
fn pods_of_sets_with_long_names_are_refused() {
    let name = "a".repeat(60);
    let pod = format!(
        "metadata: {{name: {name}-0, labels: {{controller-revision-hash: {name}-f99c84b4b}}}}\nspec: {{containers: [{{name: c, image: x}}]}}\n"
    );
    assert_eq!(
        causes(Kind::Pod, &pod),
        [format!(
            "metadata.labels: Invalid value: \"{name}-f99c84b4b\": must be no more than 63 bytes"
        )]
    );
}

#[test]
fn warnings_are_no_causes() {
    let set = SET.replace("  serviceName: nginx", "  revisionHistoryLimit: -1");
    let tree = defaulted(Kind::StatefulSet, &set);
    assert_eq!(validate_create(Kind::StatefulSet, &tree), []);
    assert_eq!(
        warnings(Kind::StatefulSet, &tree),
        [
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
        ]
    );
}

#[test]
fn nothing_panics_on_trees_of_any_shape() {
    for kind in Kind::ALL {
        for text in [
            "{}",
            "[]",
            "null",
            "1",
            r#"{"spec":[]}"#,
            r#"{"metadata":1,"spec":{"template":[],"ports":{},"containers":[null,1]}}"#,
        ] {
            let mut tree = Value::from_json(text).unwrap();
            let _ = validate_create(kind, &tree);
            let _ = validate_update(kind, &tree, &Value::Null);
            default_object(kind, &mut tree);
            crate::manifest::admit_pod(&mut tree, "abcde");
            let _ = validate_create(kind, &tree);
            let _ = validate_update(kind, &tree, &Value::empty_map());
        }
    }
}
