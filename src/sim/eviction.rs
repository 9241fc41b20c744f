//! The `eviction` subresource of a Pod: a deletion that asks the disruption budgets first.
//! `pkg/registry/core/pod/storage/eviction.go`; recordings 62-pdb-drain, 111-drain-two-nodes.

use super::World;
use crate::api::{
    ApiError, DeleteOptions, ErrorReason, Kind, Millis, Object, Phase, Selector, Value,
};
use crate::store::fields::Writer;
use std::sync::Arc;

impl World {
    /// A user evicts a Pod.
    ///
    /// # Errors
    /// TooManyRequests if a disruption budget forbids it; the API server's other refusals.
    pub fn evict(
        &mut self,
        namespace: &str,
        pod: &str,
        grace: Option<Millis>,
        dry_run: bool,
    ) -> Result<(), ApiError> {
        let pod = self.store().find(Kind::Pod, namespace, pod)?;
        if let Some(budget) = self.budget_of(&pod)?
            && !unhealthy_may_go(&budget, &pod)
        {
            self.spend(&budget, &pod, dry_run)?;
        }
        if !dry_run {
            self.mark_disruption(&pod)?;
        }
        let options = DeleteOptions {
            grace,
            uid: Some(pod.meta.uid.clone()),
            ..DeleteOptions::default()
        };
        self.delete(&pod.key(), &options, dry_run)?;
        Ok(())
    }

    /// The budget that the Pod counts for; a Pod that has not started or has ended counts for none.
    fn budget_of(&self, pod: &Object) -> Result<Option<Arc<Object>>, ApiError> {
        let phase = pod.pod().map_or(Phase::None, |view| view.phase);
        if phase.terminal() || phase == Phase::Pending || pod.meta.terminating() {
            return Ok(None);
        }
        let mut budgets = self
            .store()
            .list(Kind::PodDisruptionBudget, pod.namespace())
            .filter(|budget| {
                let selector = budget.tree().at(&["spec", "selector"]);
                selector.is_some_and(|selector| {
                    Selector::from_label_selector(selector).matches(&pod.meta.labels)
                })
            })
            .cloned();
        let first = budgets.next();
        if budgets.next().is_some() {
            return Err(ApiError::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
        Ok(first)
    }

    /// Takes one disruption from the budget and notes the Pod, until the controller counts again.
    fn spend(&mut self, budget: &Object, pod: &Object, dry_run: bool) -> Result<(), ApiError> {
        let tree = budget.tree();
        let allowed = tree.int_at(&["status", "disruptionsAllowed"]).unwrap_or(0);
        let observed = tree.int_at(&["status", "observedGeneration"]).unwrap_or(0);
        if observed < budget.meta.generation || allowed <= 0 {
            return Err(ApiError::new(
                ErrorReason::TooManyRequests,
                "Cannot evict pod as it would violate the pod's disruption budget.",
            ));
        }
        if dry_run {
            return Ok(());
        }
        let now = self.now();
        let spent = budget.with(|tree| {
            tree.set(&["status", "disruptionsAllowed"], allowed - 1);
            tree.set(&["status", "disruptedPods", pod.name()], now);
        });
        self.update_status(
            Kind::PodDisruptionBudget,
            spent.tree().clone(),
            &Writer::UNNAMED,
        )?;
        Ok(())
    }

    fn mark_disruption(&mut self, pod: &Object) -> Result<(), ApiError> {
        let now = self.now();
        let condition = Value::map([
            ("type", Value::from("DisruptionTarget")),
            ("status", Value::from("True")),
            ("reason", Value::from("EvictionByEvictionAPI")),
            ("message", Value::from("Eviction API: evicting")),
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", Value::from(now)),
        ]);
        let marked = pod.with(|tree| {
            let all = tree.slot(&["status", "conditions"]).make_list();
            all.retain(|c| c.str_at(&["type"]) != Some("DisruptionTarget"));
            all.push(condition);
        });
        self.update_status(Kind::Pod, marked.tree().clone(), &Writer::UNNAMED)?;
        Ok(())
    }
}

/// Whether a Pod may be evicted without asking what the budget has left, as it is not Ready anyway
/// (`spec.unhealthyPodEvictionPolicy`): always with `AlwaysAllow`; else, as with `IfHealthyBudget`, while as
/// many Pods are healthy as the budget wants.
fn unhealthy_may_go(budget: &Object, pod: &Object) -> bool {
    if pod.pod().is_some_and(|view| view.ready.ready) {
        return false;
    }
    let tree = budget.tree();
    if tree.str_at(&["spec", "unhealthyPodEvictionPolicy"]) == Some("AlwaysAllow") {
        return true;
    }
    let count = |key| tree.int_at(&["status", key]).unwrap_or(0);
    let desired = count("desiredHealthy");
    desired > 0 && count("currentHealthy") >= desired
}
