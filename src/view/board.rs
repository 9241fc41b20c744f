//! The identity board of one StatefulSet: a row per ordinal, what stays and what comes and goes.

use super::service::{collect_endpoints, srv_records};
use super::{PodCard, PodState, Say, held, t};
use crate::api::{Key, Kind, Object, Str, Time, UpdateStrategy};
use crate::controllers::Reason;
use crate::controllers::kubelet::Tree;
use crate::store::{Change, ChangeKind, Store};
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the board is derived from, beside the objects.
pub struct Source<'a> {
    /// The API server.
    pub store: &'a Store,
    /// The virtual time.
    pub now: Time,
    /// How many Pods of this name there have been.
    pub births: &'a dyn Fn(&Key) -> u32,
    /// The files of a volume, by the name of the PersistentVolume.
    pub files: &'a dyn Fn(&str) -> Vec<File>,
    /// What the files are read from.
    pub volumes: &'a OrdMap<Str, Tree>,
    /// Why a controller last did nothing more about an object.
    pub decision: &'a dyn Fn(&Key) -> Option<Reason>,
}

/// A file in a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the volume's root.
    pub name: String,
    /// Its first line.
    pub text: String,
}

/// The board of one StatefulSet.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The header.
    pub set: SetRow,
    /// The ordinals, in order. Shared, so that a row that did not change is the same row.
    pub ordinals: Vec<Arc<OrdinalRow>>,
    /// Where the update stops.
    pub cut: Option<Cut>,
    /// What the set's Service answers.
    pub service: Option<ServiceRow>,
}

/// The header of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetRow {
    /// The set.
    pub key: Key,
    /// `spec.replicas`
    pub replicas: i32,
    /// Pods that are Ready now, as `status.readyReplicas` counts them once the controller has looked.
    pub ready: i32,
    /// `OrderedReady`, `Parallel`
    pub policy: &'static str,
    /// `RollingUpdate`, `OnDelete`
    pub strategy: &'static str,
    /// The partition; none with OnDelete.
    pub partition: Option<i32>,
    /// The revisions that Pods are at or move to.
    pub revisions: Vec<RevisionKey>,
    /// Whether the set is being deleted.
    pub deleting: bool,
}

impl SetRow {
    /// `ready` when equal, else `wait`.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        if self.ready == self.replicas {
            "ready"
        } else {
            "wait"
        }
    }
}

/// A revision in the header.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionKey {
    /// The ControllerRevision's `revision`.
    pub number: i64,
    /// The hash in its name.
    pub hash: Str,
    /// What the set uses it for.
    pub role: Say,
}

/// The partition's line on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// The first ordinal that moves.
    pub partition: i32,
    /// The index of that ordinal in [`Board::ordinals`].
    pub index: usize,
    /// The revision below it.
    pub old: i64,
    /// The revision from it on.
    pub new: i64,
}

/// One ordinal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdinalRow {
    /// The ordinal.
    pub ordinal: i32,
    /// `web-0`
    pub name: Str,
    /// The namespace of the set.
    pub namespace: Str,
    /// Whether it is there, planned, or only its storage is left.
    pub life: Life,
    /// Its DNS record.
    pub dns: Dns,
    /// Its Pod, or why there is none.
    pub slot: Slot,
    /// The silent node on which a Pod of this name, which is no longer listed, may still run.
    pub shadow: Option<Str>,
    /// Its claims, one per template.
    pub claims: Vec<ClaimRow>,
}

/// Whether an ordinal is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Life {
    Live,
    /// Not created yet.
    Planned,
    /// Scaled away; its claims are left.
    Ghost,
}

/// The slot for a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Slot {
    Pod(PodCard),
    Vacant { word: Say, why: Say },
}

/// The DNS name of an ordinal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// `web-0.nginx`
    pub name: String,
    /// `.default.svc.cluster.local`
    pub rest: String,
    /// The address of its A record.
    pub record: Option<Str>,
    /// Whether the record is there though the Pod is not Ready.
    pub published: bool,
    /// Whether there is a Pod, so that the record is missing because it is not Ready.
    pub not_ready: bool,
    /// Whether the last event changed it.
    pub changed: bool,
}

/// A claim of an ordinal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// `www-web-0`
    pub name: Str,
    /// `Bound`; empty while there is no claim.
    pub phase: Str,
    /// `ready`, `wait`, `gone`
    pub tone: &'static str,
    /// `1Gi`
    pub size: String,
    /// `RWO`
    pub modes: String,
    /// Whether it outlived its Pod's ordinal.
    pub kept: bool,
    /// Why it is not bound, or not gone.
    pub note: Option<Say>,
    /// What its controller decided last, while it is not bound.
    pub decision: Option<Reason>,
    /// Whether the last event changed it.
    pub changed: bool,
    /// The volume it is bound to.
    pub volume: Option<VolumeRow>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeRow {
    /// The PersistentVolume.
    pub name: Str,
    /// Its name, shortened for a narrow column.
    pub short: String,
    /// Its files.
    pub files: Vec<File>,
    /// Whether the last event changed it.
    pub changed: bool,
}

/// The set's Service and what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    /// `nginx.default.svc.cluster.local`
    pub fqdn: String,
    /// `nginx`
    pub name: Str,
    /// Addresses and the names behind them.
    pub answers: Vec<(Str, Str)>,
    /// How many answers there are in all.
    pub total: usize,
    /// What it answers to a question for SRV records, as far as it is drawn.
    pub srv: Vec<String>,
}

/// The finalizer of a claim that a Pod may use.
const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// How many answers of a Service are drawn.
const ANSWERS: usize = 8;

/// The StatefulSet to show: the wanted one, or the first of all.
#[must_use]
pub fn choose(store: &Store, wanted: Option<&Key>) -> Option<Arc<Object>> {
    wanted
        .and_then(|key| store.get(key))
        .or_else(|| store.list(Kind::StatefulSet, "").next())
        .cloned()
}

/// The board of a set, derived anew.
#[must_use]
pub fn board(source: &Source<'_>, set: &Object) -> Board {
    super::Follower::default().board(source, set)
}

/// What is looked up once for all ordinals.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Common {
    /// The numbers of the set's revisions.
    pub revisions: BTreeMap<Str, i64>,
    pub lost_nodes: Vec<Str>,
    /// Pods that were removed while their node was silent, each with that node.
    pub shadows: BTreeMap<Str, Str>,
    /// Why the controller creates no Pod of the set at all.
    pub stopped: Option<Say>,
}

impl Common {
    pub fn of(source: &Source<'_>, set: &Object) -> Common {
        let store = source.store;
        let revisions = store.owned(Kind::ControllerRevision, set.namespace(), &set.meta.uid);
        let lost_nodes: Vec<Str> = store
            .list(Kind::Node, "")
            .filter(|node| node.node().is_some_and(|view| !view.ready))
            .map(|node| node.name().clone())
            .collect();
        Common {
            revisions: revisions
                .iter()
                .filter_map(|revision| Some((revision.name().clone(), revision.revision_number()?)))
                .collect(),
            shadows: shadows_of(store, set, &lost_nodes),
            stopped: stopped(source, set),
            lost_nodes,
        }
    }
}

/// The objects of a set's ordinals.
#[derive(Default)]
pub(super) struct Parts {
    pub pods: BTreeMap<i32, Arc<Object>>,
    /// Claims, each with the index of its template.
    pub claims: BTreeMap<i32, Vec<(usize, Arc<Object>)>>,
    /// What the set's Service answers, by host name.
    pub endpoints: BTreeMap<Str, (Str, bool)>,
}

/// Builds the rows of a board.
pub(super) struct Builder<'a> {
    source: &'a Source<'a>,
    set: &'a Object,
    common: &'a Common,
    parts: &'a Parts,
    last: Option<Change>,
    /// The Pods whose endpoints the last change changed.
    changed_names: BTreeSet<Str>,
}

impl<'a> Builder<'a> {
    pub fn new(
        source: &'a Source<'a>,
        set: &'a Object,
        common: &'a Common,
        parts: &'a Parts,
    ) -> Builder<'a> {
        let last = last_visible(source.store);
        Builder {
            source,
            set,
            common,
            parts,
            changed_names: last.as_ref().map(changed_names).unwrap_or_default(),
            last,
        }
    }

    /// The board with these rows, of whose Pods so many are Ready.
    pub fn board(
        &self,
        rows: Vec<Arc<OrdinalRow>>,
        ready: usize,
        service: Option<ServiceRow>,
    ) -> Board {
        let replicas = self.set.set().map_or(0, |view| view.replicas);
        Board {
            set: self.header(replicas, i32::try_from(ready).unwrap_or(i32::MAX)),
            cut: self.cut(&rows),
            service,
            ordinals: rows,
        }
    }

    fn header(&self, replicas: i32, ready: i32) -> SetRow {
        let view = self.set.set();
        let (strategy, partition) = match view.map(|v| v.strategy) {
            Some(UpdateStrategy::OnDelete) => ("OnDelete", None),
            Some(UpdateStrategy::RollingUpdate { partition }) => {
                ("RollingUpdate", Some(partition.unwrap_or(0)))
            }
            None => ("RollingUpdate", None),
        };
        SetRow {
            key: self.set.key(),
            replicas,
            ready,
            policy: if view.is_some_and(|v| v.parallel) {
                "Parallel"
            } else {
                "OrderedReady"
            },
            strategy,
            partition,
            revisions: self.revision_keys(),
            deleting: self.set.meta.deletion.is_some(),
        }
    }

    fn revision_keys(&self) -> Vec<RevisionKey> {
        let Some(status) = self.set.set().map(|view| &view.status) else {
            return Vec::new();
        };
        let key = |name: &Str, role: Say| {
            let number = *self.common.revisions.get(name)?;
            let hash = Str::new(name.rsplit('-').next().unwrap_or_default());
            Some(RevisionKey { number, hash, role })
        };
        let keys = if status.current_revision == status.update_revision {
            [key(&status.current_revision, t::set_revision_both()), None]
        } else {
            [
                key(&status.current_revision, t::set_revision_current()),
                key(&status.update_revision, t::set_revision_update()),
            ]
        };
        keys.into_iter().flatten().collect()
    }

    pub fn ordinal(&self, ordinal: i32, wanted: bool) -> OrdinalRow {
        let name = Str::from(format!("{}-{ordinal}", self.set.name()));
        let pod = self.parts.pods.get(&ordinal);
        let key = Key::new(Kind::Pod, self.set.namespace(), &name);
        let births = (self.source.births)(&key);
        let life = match (pod.is_some(), wanted) {
            (true, _) => Life::Live,
            (false, true) if births > 0 => Life::Live,
            (false, true) => Life::Planned,
            (false, false) => Life::Ghost,
        };
        let slot = match pod {
            Some(pod) => Slot::Pod(self.card(pod, births)),
            None => self.vacant(ordinal, &name, life),
        };
        OrdinalRow {
            ordinal,
            dns: self.dns(&name, pod),
            claims: self.claim_rows(ordinal, life),
            shadow: self.common.shadows.get(&name).cloned(),
            namespace: self.set.namespace().clone(),
            name,
            life,
            slot,
        }
    }

    fn card(&self, pod: &Object, births: u32) -> PodCard {
        let view = pod.pod();
        let node_lost = view.is_some_and(|v| self.common.lost_nodes.contains(&v.node));
        let revision = view
            .and_then(|v| self.common.revisions.get(&v.revision))
            .copied()
            .unwrap_or(0);
        let mut card = PodCard::of(pod, node_lost, revision, births.max(1));
        card.changed = self.changed(Kind::Pod, pod.name());
        card
    }

    fn vacant(&self, ordinal: i32, name: &Str, life: Life) -> Slot {
        let key = Key::new(Kind::Pod, self.set.namespace(), name);
        let (word, why) = match life {
            _ if self.source.store.get(&key).is_some() => {
                (t::vacant_taken(), t::vacant_taken_why())
            }
            Life::Ghost => (t::vacant_ghost(), t::vacant_ghost_why()),
            Life::Live if self.set.meta.terminating() => (t::vacant_empty(), t::vacant_deleting()),
            Life::Live => (t::vacant_empty(), t::vacant_empty_why()),
            Life::Planned => (t::vacant_planned(), self.planned_why(ordinal)),
        };
        Slot::Vacant { word, why }
    }

    /// With OrderedReady an ordinal waits for the one before it, with minReadySeconds also while that is Ready.
    fn planned_why(&self, ordinal: i32) -> Say {
        let waits = self.set.set().is_some_and(|view| view.min_ready > 0);
        let ordered = self.set.set().is_some_and(|view| !view.parallel);
        let start = self.set.set().map_or(0, |view| view.start);
        let before = ordinal - 1;
        let pod = self.parts.pods.get(&before);
        let ready = pod
            .and_then(|pod| pod.pod())
            .is_some_and(|view| view.running_and_ready());
        match &self.common.stopped {
            Some(deleting) if self.set.meta.terminating() => deleting.clone(),
            _ if ordered && before >= start && (!ready || waits) => {
                t::vacant_planned_after(format!("{}-{before}", self.set.name()))
            }
            Some(refused) => refused.clone(),
            None => t::vacant_planned_soon(),
        }
    }

    fn dns(&self, name: &Str, pod: Option<&Arc<Object>>) -> Dns {
        let service = self
            .set
            .set()
            .map(|v| v.service.clone())
            .unwrap_or_default();
        let record = self.parts.endpoints.get(name);
        let ready = pod.and_then(|p| p.pod()).is_some_and(|v| v.ready.ready);
        Dns {
            name: format!("{name}.{service}"),
            rest: format!(".{}.svc.cluster.local", self.set.namespace()),
            record: record.map(|(ip, _)| ip.clone()),
            published: record.is_some_and(|(_, ready)| !ready),
            not_ready: pod.is_some() && !ready,
            changed: self.changed_names.contains(name),
        }
    }

    fn claim_rows(&self, ordinal: i32, life: Life) -> Vec<ClaimRow> {
        let templates = self
            .set
            .set()
            .map(|view| view.claim_templates.clone())
            .unwrap_or_default();
        let found = self.parts.claims.get(&ordinal);
        templates
            .iter()
            .enumerate()
            .map(|(index, template)| {
                let claim = found
                    .and_then(|claims| claims.iter().find(|(at, _)| *at == index))
                    .map(|(_, claim)| claim);
                match claim {
                    Some(claim) => self.claim(claim, life),
                    None => ClaimRow {
                        name: Str::from(format!("{template}-{}-{ordinal}", self.set.name())),
                        phase: Str::EMPTY,
                        tone: "gone",
                        size: String::new(),
                        modes: String::new(),
                        kept: false,
                        note: None,
                        decision: None,
                        changed: false,
                        volume: None,
                    },
                }
            })
            .collect()
    }

    fn claim(&self, claim: &Object, life: Life) -> ClaimRow {
        let view = claim.claim().cloned().unwrap_or_default();
        let (phase, tone) = if claim.meta.deletion.is_some() {
            (Str::literal("Terminating"), "gone")
        } else if view.phase.as_str() == "Bound" {
            (view.phase.clone(), "ready")
        } else {
            (view.phase.clone(), "wait")
        };
        let size = claim
            .tree()
            .str_at(&["status", "capacity", "storage"])
            .or_else(|| {
                claim
                    .tree()
                    .str_at(&["spec", "resources", "requests", "storage"])
            });
        let volume = self
            .source
            .store
            .get(&Key::new(Kind::PersistentVolume, "", &view.volume));
        ClaimRow {
            name: claim.name().clone(),
            phase,
            tone,
            size: size.unwrap_or_default().to_owned(),
            modes: view
                .access_modes
                .iter()
                .map(|mode| short_mode(mode))
                .collect::<Vec<_>>()
                .join(","),
            kept: life == Life::Ghost && claim.meta.deletion.is_none(),
            note: (tone != "ready").then(|| self.claim_note(claim)).flatten(),
            decision: (tone == "wait")
                .then(|| (self.source.decision)(&claim.key()))
                .flatten(),
            changed: self.changed(Kind::PersistentVolumeClaim, claim.name()),
            volume: volume.map(|volume| VolumeRow {
                name: volume.name().clone(),
                short: shorten(volume.name()),
                files: (self.source.files)(volume.name()),
                changed: self.changed(Kind::PersistentVolume, volume.name()),
            }),
        }
    }

    /// Why a claim is not bound, or not gone: what its controller decided last, or whose finalizer holds it.
    fn claim_note(&self, claim: &Object) -> Option<Say> {
        let held = &claim.meta.finalizers;
        let protected = held.iter().any(|one| one.as_str() == PROTECTION);
        if claim.meta.deletion.is_some() && !held.is_empty() && !protected {
            return Some(t::note_finalizer());
        }
        let decision = (self.source.decision)(&claim.key());
        match decision.as_ref().and_then(super::panels::say) {
            None if claim.meta.deletion.is_none() => Some(t::note_volume()),
            note => note,
        }
    }

    fn changed(&self, kind: Kind, name: &str) -> bool {
        self.last
            .iter()
            .any(|change| change.object.kind == kind && change.object.name().as_str() == name)
    }

    fn cut(&self, rows: &[Arc<OrdinalRow>]) -> Option<Cut> {
        let view = self.set.set()?;
        let UpdateStrategy::RollingUpdate { partition } = view.strategy else {
            return None;
        };
        let partition = partition.filter(|p| *p > view.start)?;
        let status = &view.status;
        if status.current_revision == status.update_revision {
            return None;
        }
        let index = rows.partition_point(|row| row.ordinal < partition);
        rows.get(index)?;
        Some(Cut {
            partition,
            index,
            old: *self.common.revisions.get(&status.current_revision)?,
            new: *self.common.revisions.get(&status.update_revision)?,
        })
    }

    pub fn service(&self) -> Option<ServiceRow> {
        let name = self.set.set().map(|view| view.service.clone())?;
        let namespace = self.set.namespace();
        self.source
            .store
            .get(&Key::new(Kind::Service, namespace, &name))?;
        let mut answers: Vec<(i32, &Str, &Str)> = Vec::new();
        for (name, (ip, _)) in &self.parts.endpoints {
            let ordinal = ordinal_of(name);
            let at = answers.partition_point(|(before, ..)| *before <= ordinal);
            if at < ANSWERS {
                answers.truncate(ANSWERS - 1);
                answers.insert(at, (ordinal, ip, name));
            }
        }
        let total = self.parts.endpoints.len();
        let answers = answers.into_iter();
        let answers = answers.map(|(_, ip, name)| (ip.clone(), name.clone()));
        let fqdn = format!("{name}.{namespace}.svc.cluster.local");
        // An answer with hundreds of records is not read by anyone.
        let srv = if total <= ANSWERS {
            srv_records(self.source.store, &fqdn)
        } else {
            Vec::new()
        };
        Some(ServiceRow {
            fqdn,
            name,
            answers: answers.collect(),
            total,
            srv,
        })
    }
}

/// Why the controller of a set creates no Pod: the set goes, or its passes fail.
fn stopped(source: &Source<'_>, set: &Object) -> Option<Say> {
    if set.meta.terminating() {
        return Some(t::vacant_deleting());
    }
    match (source.decision)(&set.key())? {
        Reason::Failed { .. } => Some(match held::stranger_pod(source.store, set) {
            Some((pod, _)) => t::vacant_planned_after(pod.name()),
            None => t::vacant_refused(),
        }),
        _ => None,
    }
}

/// The Pods of a set that were removed while their node was silent: their containers never reported an end.
fn shadows_of(store: &Store, set: &Object, lost_nodes: &[Str]) -> BTreeMap<Str, Str> {
    let mut found = BTreeMap::new();
    if lost_nodes.is_empty() {
        return found;
    }
    let running = |pod: &Object| {
        let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
        statuses
            .iter()
            .any(|status| status.at(&["state", "running"]).is_some())
    };
    for change in store.changes_since(0) {
        let pod = &change.object;
        let Some(view) = pod.pod().filter(|_| change.kind == ChangeKind::Deleted) else {
            continue;
        };
        if pod.meta.controlled_by(&set.meta.uid) && lost_nodes.contains(&view.node) && running(pod)
        {
            found.insert(pod.name().clone(), view.node.clone());
        }
    }
    found
}

/// The beginnings of the names of a set's claims, one per template; an ordinal follows.
pub(super) fn claim_prefixes(set: &Object) -> Vec<String> {
    let templates = set.set().map(|view| view.claim_templates.clone());
    let templates = templates.unwrap_or_default();
    let prefix = |template: &Str| format!("{template}-{}-", set.name());
    templates.iter().map(prefix).collect()
}

/// The index of the template and the ordinal of a claim of this name, per template that it may be of.
pub(super) fn claim_places(prefixes: &[String], name: &str) -> impl Iterator<Item = (usize, i32)> {
    let places = prefixes.iter().enumerate();
    places.filter_map(move |(index, prefix)| {
        let ordinal = name.strip_prefix(prefix.as_str())?.parse().ok()?;
        (ordinal >= 0).then_some((index, ordinal))
    })
}

/// The last change that a learner can see.
fn last_visible(store: &Store) -> Option<Change> {
    /// How many changes of housekeeping may lie after it.
    const LOOK_BACK: u64 = 64;
    let from = store.resource_version().saturating_sub(LOOK_BACK);
    let recent: Vec<&Change> = store.changes_since(from).collect();
    recent
        .into_iter()
        .rev()
        .find(|change| {
            !matches!(
                change.object.kind,
                Kind::Event | Kind::Endpoints | Kind::Node | Kind::StatefulSet
            )
        })
        .cloned()
}

/// The Pods whose endpoints differ before and after a change.
pub(super) fn changed_names(change: &Change) -> BTreeSet<Str> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    if change.object.kind != Kind::EndpointSlice {
        return BTreeSet::new();
    }
    if let Some(old) = &change.old {
        collect_endpoints(old, &mut before);
    }
    if change.kind != ChangeKind::Deleted {
        collect_endpoints(&change.object, &mut after);
    }
    let differs = |name: &&Str| before.get(*name) != after.get(*name);
    let names = before.keys().chain(after.keys()).filter(differs);
    names.cloned().collect()
}

pub(super) fn ordinal_of(name: &str) -> i32 {
    name.rsplit('-')
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(-1)
}

fn short_mode(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

/// `pvc-3f1c…9a52` for the long name of a provisioned volume.
pub(super) fn shorten(name: &str) -> String {
    if name.len() <= 16 || !name.is_ascii() {
        return name.to_owned();
    }
    match (name.get(..8), name.get(name.len() - 4..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => name.to_owned(),
    }
}

/// Counts of a large board, for its legend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Pods by state, in order of first appearance.
    pub states: Vec<(PodState, super::Word, usize)>,
    /// Pods by the number of their revision.
    pub revisions: BTreeMap<i64, usize>,
    /// Claims, and those kept.
    pub claims: (usize, usize),
}

impl Board {
    /// The counts for the legend of a large board.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for row in &self.ordinals {
            if let Slot::Pod(card) = &row.slot {
                *summary.revisions.entry(card.revision).or_default() += 1;
                match summary
                    .states
                    .iter_mut()
                    .find(|(_, word, _)| *word == card.word)
                {
                    Some((_, _, count)) => *count += 1,
                    None => summary.states.push((card.state, card.word.clone(), 1)),
                }
            }
            for claim in row.claims.iter().filter(|claim| !claim.phase.is_empty()) {
                summary.claims.0 += 1;
                summary.claims.1 += usize::from(claim.kept);
            }
        }
        summary
    }
}
