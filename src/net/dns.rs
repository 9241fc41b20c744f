//! What CoreDNS answers, from Services and EndpointSlices (`plugin/kubernetes/kubernetes.go`, `ns.go`).

use super::{DOMAIN, NAME_SERVER, NAME_SERVER_NAME};
use crate::api::Arrange as _;
use crate::api::{Key, Kind, Object, Str, Value};
use crate::sim::{Answer, Code, Data, NameRecord};
use crate::store::Store;
use std::collections::BTreeMap;

/// A type of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum RecordType {
    A,
    Aaaa,
    Srv,
    Ptr,
    Txt,
}

impl RecordType {
    /// `SRV`
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RecordType::A => "A",
            RecordType::Aaaa => "AAAA",
            RecordType::Srv => "SRV",
            RecordType::Ptr => "PTR",
            RecordType::Txt => "TXT",
        }
    }

    /// Reads `srv` or `SRV`.
    #[must_use]
    pub fn parse(text: &str) -> Option<RecordType> {
        use RecordType::{A, Aaaa, Ptr, Srv, Txt};
        [A, Aaaa, Srv, Ptr, Txt]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text))
    }
}

/// A question: a whole name, with or without its last dot, in any case (R13.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Str,
    /// The type.
    pub kind: RecordType,
}

/// The answer of the cluster's name server to a question.
#[must_use]
pub fn resolve(store: &Store, question: &Question) -> Answer {
    let name = question.name.trim_end_matches('.').to_ascii_lowercase();
    if let Some(reversed) = name.strip_suffix(".in-addr.arpa") {
        return pointer(store, &name, reversed, question.kind);
    }
    let Some(inside) = inside_domain(&name) else {
        return missing();
    };
    let labels: Vec<&str> = inside
        .rsplit('.')
        .filter(|label| !label.is_empty())
        .collect();
    match labels.as_slice() {
        [] | ["svc"] => exists(),
        ["dns-version"] => only(
            question.kind,
            RecordType::Txt,
            &name,
            Data::Txt(Str::literal("1.1.0")),
        ),
        ["svc", namespace] => {
            let key = Key::new(Kind::Namespace, "", *namespace);
            if store.get(&key).is_some() {
                exists()
            } else {
                missing()
            }
        }
        ["svc", "kube-system", "kube-dns"] => only(
            question.kind,
            RecordType::A,
            &name,
            Data::A(Str::literal(NAME_SERVER)),
        ),
        ["svc", namespace, service] => match Served::find(store, namespace, service) {
            Some(served) => served.service_answer(&name, question.kind),
            None => missing(),
        },
        ["svc", namespace, service, host] => match Served::find(store, namespace, service) {
            Some(served) => served.host_answer(&name, host, question.kind),
            None => missing(),
        },
        ["svc", namespace, service, protocol, port] => {
            let names = (port.strip_prefix('_'), protocol.strip_prefix('_'));
            match (names, Served::find(store, namespace, service)) {
                ((Some(port), Some(protocol)), Some(served)) => {
                    served.port_answer(&name, port, protocol, question.kind)
                }
                _ => missing(),
            }
        }
        _ => missing(),
    }
}

/// The name without the cluster's domain; `None` for a name outside it.
fn inside_domain(name: &str) -> Option<&str> {
    let rest = name.strip_suffix(DOMAIN)?;
    if rest.is_empty() {
        Some("")
    } else {
        rest.strip_suffix('.')
    }
}

/// NXDOMAIN
fn missing() -> Answer {
    Answer {
        code: Code::NxDomain,
        records: Vec::new(),
        additional: Vec::new(),
    }
}

/// NODATA
fn exists() -> Answer {
    Answer {
        code: Code::NoError,
        ..missing()
    }
}

fn answer(records: Vec<NameRecord>) -> Answer {
    Answer {
        records,
        ..exists()
    }
}

fn only(asked: RecordType, has: RecordType, name: &str, data: Data) -> Answer {
    if asked == has {
        answer(vec![NameRecord {
            name: Str::new(name),
            data,
        }])
    } else {
        exists()
    }
}

/// A port of a Service or a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Port {
    name: Str,
    protocol: Str,
    number: u16,
}

impl Port {
    fn read(tree: &Value) -> Option<Port> {
        let text = |key: &str| {
            tree.get(key)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        let protocol = tree
            .str_at(&["protocol"])
            .unwrap_or("TCP")
            .to_ascii_lowercase();
        Some(Port {
            name: text("name"),
            protocol: Str::from(protocol),
            number: u16::try_from(tree.int_at(&["port"])?).ok()?,
        })
    }
}

/// A ready endpoint: its label in names, its address, its ports.
struct Endpoint {
    label: Str,
    address: Str,
    ports: Vec<Port>,
}

/// A Service as its names are answered.
struct Served {
    /// The address of a Service that has one.
    cluster_ip: Option<Str>,
    external: Option<Str>,
    ports: Vec<Port>,
    endpoints: Vec<Endpoint>,
    suffix: String,
}

impl Served {
    fn find(store: &Store, namespace: &str, name: &str) -> Option<Served> {
        let service = store.get(&Key::new(Kind::Service, namespace, name))?;
        let spec = service.tree().get("spec")?;
        let cluster_ip = spec.get("clusterIP").and_then(Value::as_shared).cloned();
        let is_external = spec.str_at(&["type"]) == Some("ExternalName");
        Some(Served {
            cluster_ip: cluster_ip.filter(|ip| *ip != "None" && !ip.is_empty()),
            external: spec
                .get("externalName")
                .and_then(Value::as_shared)
                .cloned()
                .filter(|_| is_external),
            ports: spec
                .items_at(&["ports"])
                .iter()
                .filter_map(Port::read)
                .collect(),
            endpoints: endpoints(store, namespace, name),
            suffix: format!("{name}.{namespace}.svc.{DOMAIN}"),
        })
    }

    /// The Service's own name: its address, or those of all ready endpoints; none ready: NXDOMAIN
    /// (R13.8, R13.14).
    fn service_answer(&self, name: &str, kind: RecordType) -> Answer {
        let record = |data: Data| NameRecord {
            name: Str::new(name),
            data,
        };
        if let Some(target) = &self.external {
            return answer(vec![record(Data::Cname(target.clone()))]);
        }
        if self.cluster_ip.is_none() && self.endpoints.is_empty() {
            return missing();
        }
        match (kind, &self.cluster_ip) {
            (RecordType::A, Some(ip)) => answer(vec![record(Data::A(ip.clone()))]),
            (RecordType::A, None) => {
                let mut addresses: Vec<Str> = self
                    .endpoints
                    .iter()
                    .map(|endpoint| endpoint.address.clone())
                    .collect();
                addresses.arrange();
                addresses.dedup();
                answer(
                    addresses
                        .into_iter()
                        .map(|ip| record(Data::A(ip)))
                        .collect(),
                )
            }
            (RecordType::Srv, _) => self.services(name, |_| true),
            _ => exists(),
        }
    }

    /// The name of an endpoint: there only while it is ready (R13.9).
    fn host_answer(&self, name: &str, host: &str, kind: RecordType) -> Answer {
        let found: Vec<&Endpoint> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.label == host)
            .collect();
        if found.is_empty() {
            return missing();
        }
        if kind != RecordType::A {
            return exists();
        }
        let record = |endpoint: &&Endpoint| NameRecord {
            name: Str::new(name),
            data: Data::A(endpoint.address.clone()),
        };
        answer(found.iter().map(record).collect())
    }

    /// `_web._tcp.nginx…` (R13.10)
    fn port_answer(&self, name: &str, port: &str, protocol: &str, kind: RecordType) -> Answer {
        let wanted = |p: &Port| p.name == port && p.protocol == protocol;
        let found = self.services(name, wanted);
        if found.records.is_empty() {
            return missing();
        }
        if kind == RecordType::Srv {
            found
        } else {
            exists()
        }
    }

    /// SRV records for the ports that are wanted: weights share a hundred.
    fn services(&self, name: &str, wanted: impl Fn(&Port) -> bool) -> Answer {
        let mut targets: Vec<(Str, Str, u16)> = Vec::new();
        match &self.cluster_ip {
            Some(ip) => {
                for port in self.ports.iter().filter(|port| wanted(port)) {
                    targets.push((Str::from(self.suffix.as_str()), ip.clone(), port.number));
                }
            }
            None => {
                for endpoint in &self.endpoints {
                    let target = format!("{}.{}", endpoint.label, self.suffix);
                    for port in endpoint.ports.iter().filter(|port| wanted(port)) {
                        targets.push((
                            Str::from(target.as_str()),
                            endpoint.address.clone(),
                            port.number,
                        ));
                    }
                }
            }
        }
        targets.arrange();
        let weight = u16::try_from(100 / targets.len().max(1))
            .unwrap_or(0)
            .max(1);
        let mut found = exists();
        for (target, address, port) in targets {
            found.records.push(NameRecord {
                name: Str::new(name),
                data: Data::Srv {
                    priority: 0,
                    weight,
                    port,
                    target: target.clone(),
                },
            });
            let record = NameRecord {
                name: target,
                data: Data::A(address),
            };
            if !found.additional.contains(&record) {
                found.additional.push(record);
            }
        }
        found
    }
}

/// The slices of a Service.
fn slices<'a>(
    store: &'a Store,
    namespace: &'a str,
    service: &'a str,
) -> impl Iterator<Item = &'a std::sync::Arc<Object>> {
    store
        .list(Kind::EndpointSlice, namespace)
        .filter(move |slice| slice.meta.label("kubernetes.io/service-name") == Some(service))
}

/// The addresses of a slice that DNS answers: those of ready endpoints, with their label in names.
fn ready_addresses(slice: &Object) -> impl Iterator<Item = (Str, Str)> + '_ {
    slice
        .tree()
        .items_at(&["endpoints"])
        .iter()
        .flat_map(|endpoint| {
            let ready = endpoint
                .at(&["conditions", "ready"])
                .and_then(Value::as_bool)
                .unwrap_or(true);
            let hostname = endpoint.get("hostname").and_then(Value::as_shared).cloned();
            let addresses = if ready {
                endpoint.items_at(&["addresses"])
            } else {
                &[]
            };
            addresses.iter().filter_map(move |address| {
                let address = address.as_shared()?.clone();
                let label = match &hostname {
                    Some(name) if !name.is_empty() => name.clone(),
                    _ => Str::from(address.replace('.', "-")),
                };
                Some((label, address))
            })
        })
}

fn endpoints(store: &Store, namespace: &str, service: &str) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = slices(store, namespace, service)
        .flat_map(|slice| {
            let ports: Vec<Port> = slice
                .tree()
                .items_at(&["ports"])
                .iter()
                .filter_map(Port::read)
                .collect();
            ready_addresses(slice).map(move |(label, address)| Endpoint {
                label,
                address,
                ports: ports.clone(),
            })
        })
        .collect();
    endpoints.arrange_by(|a, b| (&a.label, &a.address).cmp(&(&b.label, &b.address)));
    endpoints
}

/// The name of an address (R13.11).
fn pointer(store: &Store, name: &str, reversed: &str, kind: RecordType) -> Answer {
    let mut parts: Vec<&str> = reversed.split('.').collect();
    parts.reverse();
    let address = parts.join(".");
    let mut names: Vec<Str> = Vec::new();
    if address == NAME_SERVER {
        names.push(Str::literal(NAME_SERVER_NAME));
    }
    for service in store.list(Kind::Service, "") {
        if service.tree().str_at(&["spec", "clusterIP"]) == Some(address.as_str()) {
            let (service, namespace) = (service.name(), service.namespace());
            names.push(Str::from(format!("{service}.{namespace}.svc.{DOMAIN}")));
        }
    }
    if names.is_empty() {
        for slice in store.list(Kind::EndpointSlice, "") {
            let service = slice
                .meta
                .label("kubernetes.io/service-name")
                .unwrap_or_default();
            let namespace = slice.namespace();
            for (label, _) in ready_addresses(slice).filter(|(_, ip)| ip.as_str() == address) {
                names.push(Str::from(format!(
                    "{label}.{service}.{namespace}.svc.{DOMAIN}"
                )));
            }
        }
    }
    names.arrange();
    names.dedup();
    match (names.is_empty(), kind) {
        (true, _) => missing(),
        (_, RecordType::Ptr) => answer(
            names
                .into_iter()
                .map(|target| NameRecord {
                    name: Str::new(name),
                    data: Data::Ptr(target),
                })
                .collect(),
        ),
        _ => exists(),
    }
}

/// The name that a Pod has in its Service, and what it answers now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `web-0.nginx.default.svc.cluster.local`; empty for a Pod without hostname or subdomain.
    pub name: Str,
    /// What it answers.
    pub state: RecordState,
}

/// What a Pod's name answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// This address.
    Ip(Str),
    /// Nothing: the name does not exist.
    NoRecord,
}

/// The name that a Pod has in its Service, and what the name server answers for it now.
#[must_use]
pub fn pod_record(store: &Store, pod: &Object) -> Record {
    Names::of(store, pod.namespace()).pod_record(pod)
}

/// The names of all Pods of a namespace, read once: what a board of many Pods asks.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<(Str, Str), Str>);

impl Names {
    /// Reads the slices of a namespace.
    #[must_use]
    pub fn of(store: &Store, namespace: &str) -> Names {
        let mut names = BTreeMap::new();
        for slice in store.list(Kind::EndpointSlice, namespace) {
            let Some(service) = slice.meta.label("kubernetes.io/service-name") else {
                continue;
            };
            for (label, address) in ready_addresses(slice) {
                names.insert((Str::new(service), label), address);
            }
        }
        Names(names)
    }

    /// What `<host>.<service>` answers.
    #[must_use]
    pub fn state(&self, service: &str, host: &str) -> RecordState {
        match self.0.get(&(Str::new(service), Str::new(host))) {
            Some(address) => RecordState::Ip(address.clone()),
            None => RecordState::NoRecord,
        }
    }

    /// The name of a Pod and what it answers.
    #[must_use]
    pub fn pod_record(&self, pod: &Object) -> Record {
        let text = |key: &str| pod.tree().str_at(&["spec", key]).unwrap_or_default();
        let (host, subdomain) = (text("hostname"), text("subdomain"));
        if host.is_empty() || subdomain.is_empty() {
            return Record {
                name: Str::EMPTY,
                state: RecordState::NoRecord,
            };
        }
        let name = format!("{host}.{subdomain}.{}.svc.{DOMAIN}", pod.namespace());
        Record {
            name: Str::from(name),
            state: self.state(subdomain, host),
        }
    }
}

/// The host name of a Pod with its domain, as `hostname -f` prints it.
#[must_use]
pub fn full_hostname(pod: &Object) -> String {
    let text = |key: &str| {
        pod.tree()
            .str_at(&["spec", key])
            .filter(|text| !text.is_empty())
    };
    let host = text("hostname").unwrap_or(pod.name());
    match text("subdomain") {
        Some(subdomain) => format!("{host}.{subdomain}.{}.svc.{DOMAIN}", pod.namespace()),
        None => host.to_owned(),
    }
}
