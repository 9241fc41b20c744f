//! An object: its tree, its metadata, its typed view.

use super::{Kind, Meta, OwnerRef, Str, Value, View};

/// What names an object: kind, namespace, name. Sorts by kind, then namespace, then name, as lists do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The namespace; empty for kinds without one.
    pub namespace: Str,
    /// The name.
    pub name: Str,
}

impl Key {
    /// A key; the namespace is dropped for kinds that have none.
    pub fn new(kind: Kind, namespace: impl Into<Str>, name: impl Into<Str>) -> Key {
        let namespace = if kind.namespaced() {
            namespace.into()
        } else {
            Str::EMPTY
        };
        Key {
            kind,
            namespace,
            name: name.into(),
        }
    }
}

impl std::fmt::Display for Key {
    /// `statefulsets/default/web`, or `nodes/node-1` without a namespace.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/", self.kind.plural())?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// An object as the API server holds it. Immutable: a change makes a new one.
#[derive(Clone, Debug)]
pub struct Object {
    /// The kind.
    pub kind: Kind,
    /// The parsed metadata.
    pub meta: Meta,
    /// The typed view of the fields that controllers act on.
    pub view: View,
    tree: Value,
}

impl Object {
    /// An object of `kind` from its tree; metadata and view are parsed here, once.
    #[must_use]
    pub fn new(kind: Kind, tree: Value) -> Object {
        Object::after(None, kind, tree)
    }

    /// The next version of an object, with its tree: what has not changed is not parsed again.
    #[must_use]
    pub fn after(old: Option<&Object>, kind: Kind, tree: Value) -> Object {
        let meta = Meta::parse_after(&tree, old);
        let view = View::parse(kind, &tree, &meta, old);
        Object {
            kind,
            meta,
            view,
            tree,
        }
    }

    /// The tree: `apiVersion`, `kind`, `metadata`, `spec`, `status` and whatever else was written.
    #[must_use]
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.meta.name
    }

    /// The namespace; empty for kinds without one.
    #[must_use]
    pub fn namespace(&self) -> &Str {
        &self.meta.namespace
    }

    /// What names it.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            kind: self.kind,
            namespace: self.meta.namespace.clone(),
            name: self.meta.name.clone(),
        }
    }

    /// A reference that makes this object the managing controller of another.
    /// `pkg/controller/controller_ref_manager.go`
    #[must_use]
    pub fn controller_ref(&self) -> OwnerRef {
        OwnerRef {
            api_version: Str::literal(self.kind.api_version()),
            kind: Str::literal(self.kind.name()),
            name: self.meta.name.clone(),
            uid: self.meta.uid.clone(),
            controller: true,
            block_owner_deletion: true,
        }
    }

    /// The tree changed by `change`, as a new object.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Value)) -> Object {
        let mut tree = self.tree.clone();
        change(&mut tree);
        Object::new(self.kind, tree)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.kind == other.kind && self.tree == other.tree
    }
}
