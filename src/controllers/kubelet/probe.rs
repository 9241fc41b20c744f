//! Startup, readiness and liveness probes.
//! `pkg/kubelet/prober/worker.go` (recordings 48-publish-not-ready, 51-ordered-deadlock,
//! 80-init-and-liveness, 123-startup-probe)
//!
//! Only ticks that can change something are looked at: while the answer stays what the API says already,
//! nothing is due.

use super::runtime::Container;
use crate::api::{Millis, Object, Time, Value};
use crate::controllers::{Cluster, EventType};

/// From the start of a container whose image was pulled to its first probe: until then the API shows it
/// running and not ready.
const FIRST: Millis = 20;
/// `periodSeconds` and `failureThreshold` where the manifest was stored without.
const DEFAULTS: (i64, i64) = (10, 3);
/// What a failing probe prints.
const OUTPUT: &str = "not ready\n";

/// Which probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

impl ProbeKind {
    /// The field of the container, and the word of the event.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            ProbeKind::Startup => ("startupProbe", "Startup"),
            ProbeKind::Readiness => ("readinessProbe", "Readiness"),
            ProbeKind::Liveness => ("livenessProbe", "Liveness"),
        }
    }
}

/// A probe of a running container.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Probe {
    kind: ProbeKind,
    /// When the first tick is; the others follow by the period.
    first: Time,
    period: Millis,
    threshold: u32,
    /// The next tick that is looked at.
    next: Option<Time>,
    /// Failures in a row.
    failures: u32,
    /// What the kubelet takes the probe's answer to be: liveness begins as passed, the others as failed.
    passes: bool,
}

impl Probe {
    /// The probe of a container that was started now; `None` if it has none. The ticks go on as those of the
    /// container before it, `former`, did, as they are its worker's; but readiness is asked at once.
    pub fn start(
        spec: &Value,
        kind: ProbeKind,
        pulled: bool,
        former: Option<&Probe>,
        now: Time,
    ) -> Option<Probe> {
        let field = kind.names().0;
        spec.get(field)?;
        let number = |name: &str| spec.int_at(&[field, name]);
        let seconds = |value: i64| value.clamp(0, 1_000_000) * 1000;
        let delay = seconds(number("initialDelaySeconds").unwrap_or(0));
        let period = seconds(number("periodSeconds").unwrap_or(DEFAULTS.0)).max(1000);
        let threshold = number("failureThreshold").unwrap_or(DEFAULTS.1).max(1);
        let first = now.plus(delay).plus(if pulled { FIRST } else { 0 });
        let first = match former {
            Some(former) if kind != ProbeKind::Readiness => former.tick_after(first),
            _ => first,
        };
        Some(Probe {
            kind,
            first,
            period,
            threshold: u32::try_from(threshold).unwrap_or(u32::MAX),
            next: Some(first),
            failures: 0,
            passes: kind == ProbeKind::Liveness,
        })
    }

    /// Whether the probe counts as passed.
    pub fn passes(&self) -> bool {
        self.passes
    }

    /// Whether it has failed so often that the container is to be started again.
    pub fn gives_up(&self) -> bool {
        self.kind != ProbeKind::Readiness && self.failures >= self.threshold
    }

    /// The container has started up now, and this probe begins: readiness is asked at once, liveness at its
    /// next tick.
    pub fn begin(&mut self, now: Time) {
        self.next = Some(match self.kind {
            ProbeKind::Readiness => now.plus(FIRST),
            _ => self.tick_after(now),
        });
    }

    /// When it is to be looked at again.
    pub fn next(&self) -> Option<Time> {
        self.next
    }

    /// Probes if a tick is due, and sets the next one that can change something.
    pub fn look(
        &mut self,
        cluster: &mut dyn Cluster,
        pod: &Object,
        container: &str,
        answers: bool,
    ) {
        let now = cluster.now();
        if self.next.is_some_and(|at| at <= now) {
            self.next = None;
            self.take(answers);
            if !answers {
                let message = format!("{} probe failed: {OUTPUT}", self.kind.names().1);
                cluster.container_event(pod, container, EventType::Warning, "Unhealthy", message);
            }
            if self.is_open(answers) {
                self.next = Some(self.tick_after(now));
            }
        } else if self.next.is_none() && self.is_open(answers) {
            self.next = Some(self.tick_after(now));
        }
    }

    fn take(&mut self, answers: bool) {
        if answers {
            self.failures = 0;
            self.passes = true;
        } else {
            self.failures += 1;
            self.passes &= self.failures < self.threshold;
        }
    }

    /// Whether further answers like this one change anything.
    fn is_open(&self, answers: bool) -> bool {
        if self.kind == ProbeKind::Startup {
            return !self.passes;
        }
        answers != self.passes || answers && self.failures > 0
    }

    fn tick_after(&self, now: Time) -> Time {
        let passed = now.since(self.first).max(0) / self.period;
        self.first.plus((passed + 1) * self.period)
    }
}

/// Whether a container has started up: it runs, and its startup probe, if it has one, has passed.
pub(super) fn is_started(container: &Container) -> bool {
    container.running() && container.startup.as_ref().is_none_or(Probe::passes)
}

/// Whether a container counts as ready.
pub(super) fn is_ready(container: &Container) -> bool {
    is_started(container) && container.readiness.as_ref().is_none_or(Probe::passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(kind: ProbeKind) -> Probe {
        let spec = Value::from_json(
            r#"{"readinessProbe":{"periodSeconds":2},"livenessProbe":{"periodSeconds":2}}"#,
        );
        Probe::start(&spec.expect("json"), kind, true, None, Time(0)).expect("a probe")
    }

    #[test]
    fn readiness_is_lost_after_three_failures_and_found_at_once() {
        let mut probe = probe(ProbeKind::Readiness);
        assert!(!probe.passes());
        probe.take(true);
        assert!(probe.passes() && !probe.is_open(true));
        for left in [true, true, false] {
            assert!(probe.is_open(false));
            probe.take(false);
            assert_eq!(probe.passes(), left);
        }
        assert!(!probe.is_open(false));
        probe.take(true);
        assert!(probe.passes());
    }

    #[test]
    fn a_startup_probe_is_asked_until_it_passes_and_gives_up_at_its_threshold() {
        let spec = Value::from_json(r#"{"startupProbe":{"failureThreshold":2}}"#).expect("json");
        let mut probe =
            Probe::start(&spec, ProbeKind::Startup, true, None, Time(0)).expect("a probe");
        for gives_up in [false, true] {
            assert!(probe.is_open(false) && !probe.passes());
            probe.take(false);
            assert_eq!(probe.gives_up(), gives_up);
        }
        probe.take(true);
        assert!(probe.passes() && !probe.is_open(false) && !probe.is_open(true));
    }

    #[test]
    fn ticks_follow_the_first_by_the_period() {
        let probe = probe(ProbeKind::Liveness);
        assert_eq!(probe.tick_after(Time(20)), Time(2020));
        assert_eq!(probe.tick_after(Time(2019)), Time(2020));
        assert_eq!(probe.tick_after(Time(9000)), Time(10_020));
    }
}
