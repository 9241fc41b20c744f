//! The network as Pods see it: what names answer, where connections go, what a web server serves.

pub mod dns;
pub mod http;
pub mod resolver;

/// The cluster's domain.
pub const DOMAIN: &str = "cluster.local";
/// The address of the cluster's name server.
pub const NAME_SERVER: &str = "10.96.0.10";
/// The name of the cluster's name server.
pub const NAME_SERVER_NAME: &str = "kube-dns.kube-system.svc.cluster.local";
