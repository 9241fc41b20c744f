//! The StatefulSet playground: a simulated Kubernetes v1.36 control plane, its kubectl and its screen.
