//! maxSurge and maxUnavailable.
//! `pkg/controller/deployment/util/deployment_util.go`

use crate::api::{Object, Value};
use crate::controllers::replicaset::replicas_of;

/// How far a rollout may go above and below the wanted number of Pods.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// maxSurge as a number of Pods.
    pub surge: i64,
    /// maxUnavailable as a number of Pods.
    pub unavailable: i64,
    rolling: bool,
}

impl Limits {
    /// The limits of a Deployment: percentages of its replicas, maxSurge rounded up and maxUnavailable
    /// down, not both 0 (`ResolveFenceposts`).
    pub fn of(deployment: &Object) -> Limits {
        let replicas = replicas_of(deployment);
        let strategy = deployment
            .tree()
            .at(&["spec", "strategy"])
            .unwrap_or(&Value::Null);
        if strategy.str_at(&["type"]) == Some("Recreate") {
            return Limits {
                surge: 0,
                unavailable: 0,
                rolling: false,
            };
        }
        let part = |key: &str, up: bool| match strategy.at(&["rollingUpdate", key]) {
            None | Some(Value::Null) => percent(25, replicas, up),
            Some(Value::Str(text)) => {
                let number = text
                    .strip_suffix('%')
                    .and_then(|number| number.parse().ok());
                percent(number.unwrap_or(0), replicas, up)
            }
            Some(number) => number.as_int().unwrap_or(0),
        };
        let surge = part("maxSurge", true);
        let mut unavailable = part("maxUnavailable", false);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Limits {
            surge,
            unavailable: unavailable.min(replicas),
            rolling: true,
        }
    }

    /// The size of the new ReplicaSet that has `has` Pods, where all have `sum` (`NewRSNewReplicas`).
    pub fn new_size(&self, deployment: &Object, has: i64, sum: i64) -> i64 {
        let wanted = replicas_of(deployment);
        if !self.rolling {
            return wanted;
        }
        let room = wanted + self.surge - sum;
        has + room.min(wanted - has).max(0)
    }
}

fn percent(percent: i64, of: i64, up: bool) -> i64 {
    let product = percent.saturating_mul(of);
    product.div_euclid(100) + i64::from(up && product.rem_euclid(100) > 0)
}
