//! What kubectl's table says of a Pod, and how it writes ages.

use super::{Millis, Object, Str, Time, Value};

/// The columns READY, STATUS and RESTARTS of `kubectl get pods`, before they are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// Containers that run and are ready.
    pub ready: usize,
    /// Containers that count: those of the spec and restartable init containers.
    pub total: usize,
    /// The column STATUS: `Running`, `ContainerCreating`, `Terminating`, …
    pub status: Str,
    /// How often containers were restarted.
    pub restarts: i64,
    /// When the last container that was restarted had ended.
    pub last_restart: Option<Time>,
}

/// What `kubectl get pods` shows of a Pod.
/// `printPod`, `pkg/printers/internalversion/printers.go`; recordings 03-storage, 29-kill-1, 40-bad-image-stuck.
#[must_use]
pub fn pod_status(pod: &Object) -> PodStatus {
    let tree = pod.tree();
    let mut shown = PodStatus {
        total: tree.items_at(&["spec", "containers"]).len(),
        status: Str::new(phase_or_reason(tree)),
        ..PodStatus::default()
    };
    let initializing = init_containers(tree, &mut shown);
    if !initializing || condition(tree, "Initialized") {
        if !initializing {
            shown.restarts = 0;
            shown.last_restart = None;
            add_sidecar_restarts(tree, &mut shown);
        }
        containers(tree, &mut shown);
    }
    if pod.meta.deletion.is_some() {
        if tree.str_at(&["status", "reason"]) == Some("NodeLost") {
            shown.status = Str::literal("Unknown");
        } else if !matches!(
            tree.str_at(&["status", "phase"]),
            Some("Succeeded" | "Failed")
        ) {
            shown.status = Str::literal("Terminating");
        }
    }
    shown
}

fn phase_or_reason(tree: &Value) -> &str {
    let gated = tree.items_at(&["status", "conditions"]).iter().any(|c| {
        c.str_at(&["type"]) == Some("PodScheduled")
            && c.str_at(&["reason"]) == Some("SchedulingGated")
    });
    if gated {
        return "SchedulingGated";
    }
    tree.str_at(&["status", "reason"])
        .filter(|reason| !reason.is_empty())
        .or_else(|| tree.str_at(&["status", "phase"]))
        .unwrap_or_default()
}

/// Walks the init containers; true if one of them is still in the way of the others.
fn init_containers(tree: &Value, shown: &mut PodStatus) -> bool {
    let specs = tree.items_at(&["spec", "initContainers"]);
    shown.total += specs.iter().filter(|spec| restartable(spec)).count();
    let mut blocker = None;
    for (index, status) in tree
        .items_at(&["status", "initContainerStatuses"])
        .iter()
        .enumerate()
    {
        count_restarts(status, shown);
        if blocker.is_some() {
            continue;
        }
        let sidecar = specs
            .iter()
            .find(|spec| spec.str_at(&["name"]) == status.str_at(&["name"]))
            .is_some_and(restartable);
        if let Some(ended) = status.at(&["state", "terminated"]) {
            if ended.int_at(&["exitCode"]) != Some(0) {
                blocker = Some(format!("Init:{}", ended_as(ended)));
            }
        } else if sidecar && flag(status, "started") {
            shown.ready += usize::from(flag(status, "ready"));
        } else {
            let waiting = status
                .str_at(&["state", "waiting", "reason"])
                .filter(|reason| !reason.is_empty() && *reason != "PodInitializing");
            blocker = Some(match waiting {
                Some(reason) => format!("Init:{reason}"),
                None => format!("Init:{index}/{}", specs.len()),
            });
        }
    }
    let blocked = blocker.is_some();
    if let Some(status) = blocker {
        shown.status = Str::from(status);
    }
    blocked
}

fn add_sidecar_restarts(tree: &Value, shown: &mut PodStatus) {
    let specs = tree.items_at(&["spec", "initContainers"]);
    for status in tree.items_at(&["status", "initContainerStatuses"]) {
        let name = status.str_at(&["name"]);
        if specs
            .iter()
            .any(|spec| spec.str_at(&["name"]) == name && restartable(spec))
        {
            count_restarts(status, shown);
        }
    }
}

/// Walks the containers from the last to the first, so that the first one with something to say decides.
fn containers(tree: &Value, shown: &mut PodStatus) {
    let mut running = false;
    let mut error = None;
    for status in tree.items_at(&["status", "containerStatuses"]).iter().rev() {
        count_restarts(status, shown);
        let waiting = status
            .str_at(&["state", "waiting", "reason"])
            .filter(|reason| !reason.is_empty());
        if let Some(reason) = waiting {
            shown.status = Str::new(reason);
        } else if let Some(ended) = status.at(&["state", "terminated"]) {
            shown.status = Str::from(ended_as(ended));
            if ended.int_at(&["exitCode"]) != Some(0) {
                error = Some(shown.status.clone());
            }
        } else if flag(status, "ready") && status.at(&["state", "running"]).is_some() {
            running = true;
            shown.ready += 1;
        }
    }
    if shown.status.as_str() == "Completed" {
        if running && condition(tree, "Ready") {
            shown.status = Str::literal("Running");
        } else if let Some(error) = error {
            shown.status = error;
        } else if running {
            shown.status = Str::literal("NotReady");
        }
    }
}

/// `Completed`, `Error`, `Signal:9`, `ExitCode:3`: how a container has ended.
fn ended_as(ended: &Value) -> String {
    match ended.str_at(&["reason"]) {
        Some(reason) if !reason.is_empty() => reason.to_owned(),
        _ => match ended.int_at(&["signal"]) {
            Some(signal) if signal != 0 => format!("Signal:{signal}"),
            _ => format!("ExitCode:{}", ended.int_at(&["exitCode"]).unwrap_or(0)),
        },
    }
}

fn count_restarts(status: &Value, shown: &mut PodStatus) {
    shown.restarts = shown
        .restarts
        .saturating_add(status.int_at(&["restartCount"]).unwrap_or(0));
    let ended = status
        .str_at(&["lastState", "terminated", "finishedAt"])
        .and_then(Time::parse);
    shown.last_restart = shown.last_restart.max(ended);
}

fn restartable(spec: &Value) -> bool {
    spec.str_at(&["restartPolicy"]) == Some("Always")
}

fn flag(status: &Value, key: &str) -> bool {
    status.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn condition(tree: &Value, kind: &str) -> bool {
    tree.items_at(&["status", "conditions"])
        .iter()
        .any(|c| c.str_at(&["type"]) == Some(kind) && c.str_at(&["status"]) == Some("True"))
}

/// An age as kubectl's tables print it: `119s`, `2m`, `9m59s`, `7h59m`, `2d`, `8d`.
/// `HumanDuration`, `k8s.io/apimachinery/pkg/util/duration/duration.go`
#[must_use]
pub fn human_duration(millis: Millis) -> String {
    let seconds = millis / 1000;
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    let seconds = seconds.max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let pair = |big: i64, unit: char, small: i64, small_unit: char| {
        if small == 0 {
            format!("{big}{unit}")
        } else {
            format!("{big}{unit}{small}{small_unit}")
        }
    };
    if minutes < 2 {
        format!("{seconds}s")
    } else if minutes < 10 {
        pair(minutes, 'm', seconds % 60, 's')
    } else if hours < 3 {
        format!("{minutes}m")
    } else if hours < 8 {
        pair(hours, 'h', minutes % 60, 'm')
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        pair(days, 'd', hours % 24, 'h')
    } else if years < 2 {
        format!("{days}d")
    } else if years < 8 {
        pair(years, 'y', days % 365, 'd')
    } else {
        format!("{years}y")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn shown(status: &str, extra: &str) -> String {
        let json = format!(
            r#"{{"metadata":{{"name":"web-0"{extra}}},"spec":{{"containers":[{{"name":"nginx"}}]}},"status":{status}}}"#
        );
        let tree = Value::from_json(&json).expect("valid JSON");
        let shown = pod_status(&Object::new(Kind::Pod, tree));
        format!(
            "{}/{} {} {}",
            shown.ready, shown.total, shown.status, shown.restarts
        )
    }

    const RUNNING: &str = r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
        "containerStatuses":[{"name":"nginx","ready":true,"restartCount":0,"state":{"running":{}}}]}"#;
    const DELETED: &str = r#","deletionTimestamp":"2026-01-01T00:00:30Z""#;

    #[test]
    fn on_the_way_to_running() {
        assert_eq!(shown(r#"{"phase":"Pending"}"#, ""), "0/1 Pending 0");
        let creating = r#"{"phase":"Pending","containerStatuses":[{"name":"nginx","ready":false,
            "restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}}]}"#;
        assert_eq!(shown(creating, ""), "0/1 ContainerCreating 0");
        assert_eq!(shown(RUNNING, ""), "1/1 Running 0");
    }

    #[test]
    fn terminating_until_its_containers_have_stopped() {
        assert_eq!(shown(RUNNING, DELETED), "1/1 Terminating 0");
        let stopped = r#"{"phase":"Succeeded","containerStatuses":[{"name":"nginx","ready":false,
            "restartCount":1,"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}"#;
        assert_eq!(shown(stopped, DELETED), "0/1 Completed 1");
    }

    #[test]
    fn a_reason_of_the_status_beats_the_phase() {
        assert_eq!(
            shown(r#"{"phase":"Failed","reason":"Evicted"}"#, ""),
            "0/1 Evicted 0"
        );
    }

    #[test]
    fn an_init_container_in_the_way_decides() {
        let json = r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c"}],"initContainers":[{"name":"i"},{"name":"j"}]},
            "status":{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":2,"state":{"terminated":{"exitCode":0}}},
            {"name":"j","restartCount":0,"state":{"waiting":{"reason":"PodInitializing"}}}]}}"#;
        let shown = pod_status(&Object::new(
            Kind::Pod,
            Value::from_json(json).expect("valid JSON"),
        ));
        assert_eq!((shown.status.as_str(), shown.restarts), ("Init:1/2", 2));
    }

    #[test]
    fn a_signal_and_an_exit_code_have_words() {
        let ended = |state: &str| {
            let status = format!(
                r#"{{"phase":"Running","containerStatuses":[{{"name":"nginx","ready":false,"restartCount":0,"state":{{"terminated":{state}}}}}]}}"#
            );
            shown(&status, "")
        };
        assert_eq!(ended(r#"{"exitCode":137,"signal":9}"#), "0/1 Signal:9 0");
        assert_eq!(ended(r#"{"exitCode":3}"#), "0/1 ExitCode:3 0");
    }

    #[test]
    fn ages() {
        let cases = [
            (-2_500, "<invalid>"),
            (-1_500, "0s"),
            (-1, "0s"),
            (119_999, "119s"),
            (120_000, "2m"),
            (599_000, "9m59s"),
            (600_000, "10m"),
            (179 * 60_000, "179m"),
            (180 * 60_000, "3h"),
            (479 * 60_000, "7h59m"),
            (480 * 60_000, "8h"),
            (47 * 3_600_000, "47h"),
            (48 * 3_600_000, "2d"),
            (191 * 3_600_000, "7d23h"),
            (192 * 3_600_000, "8d"),
        ];
        for (millis, text) in cases {
            assert_eq!(human_duration(millis), text);
        }
    }
}
