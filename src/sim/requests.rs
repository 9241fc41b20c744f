//! What users ask of the API server.

use super::World;
use super::world::Who;
use crate::api::{ApiError, DeleteOptions, Key, Kind, Object, Value};
use crate::controllers::Reason;
use crate::store::fields::Writer;
use crate::store::{Outcome, Request};
use std::sync::Arc;

impl World {
    /// Executes a user's request, or with `dry_run` only tries it.
    fn user(&mut self, request: &Request, by: &Writer, dry_run: bool) -> Result<Outcome, ApiError> {
        if dry_run {
            let mut store = self.store.clone();
            let mut outcome = store.execute(request, by, self.now())?;
            // Nothing will know of this object afterwards.
            let mut tree = store.with_managed_fields(&outcome.object);
            // What is only tried gets no version of its own.
            const VERSION: [&str; 2] = ["metadata", "resourceVersion"];
            match self.store.get(&outcome.object.key()) {
                Some(live) => tree.set(&VERSION, live.meta.resource_version.to_string()),
                None => {
                    tree.remove(&VERSION);
                }
            }
            outcome.object = Arc::new(Object::new(outcome.object.kind, tree));
            return Ok(outcome);
        }
        let outcome = self.store.execute(request, by, self.now())?;
        self.after_write(Who::User, request, &Reason::UserAsked, &outcome.changes);
        Ok(outcome)
    }

    /// A user creates an object.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn create(
        &mut self,
        kind: Kind,
        tree: Value,
        by: &Writer,
        dry_run: bool,
    ) -> Result<Arc<Object>, ApiError> {
        let request = Request::Create { kind, tree };
        Ok(self.user(&request, by, dry_run)?.object)
    }

    /// A user replaces an object but for its status. Nothing changed: the same resourceVersion.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn update(
        &mut self,
        kind: Kind,
        tree: Value,
        by: &Writer,
        dry_run: bool,
    ) -> Result<Arc<Object>, ApiError> {
        let request = Request::Update { kind, tree };
        Ok(self.user(&request, by, dry_run)?.object)
    }

    /// A user applies a configuration on the server's side; `force` takes fields from their managers.
    ///
    /// # Errors
    /// The API server's refusal, the fields that others manage among them.
    pub fn apply(
        &mut self,
        kind: Kind,
        tree: Value,
        force: bool,
        by: &Writer,
        dry_run: bool,
    ) -> Result<Arc<Object>, ApiError> {
        let request = Request::Apply { kind, tree, force };
        Ok(self.user(&request, by, dry_run)?.object)
    }

    /// A user replaces the status of an object.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        by: &Writer,
    ) -> Result<Arc<Object>, ApiError> {
        let request = Request::UpdateStatus { kind, tree };
        Ok(self.user(&request, by, false)?.object)
    }

    /// A user deletes an object. Answers its last state.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn delete(
        &mut self,
        key: &Key,
        options: &DeleteOptions,
        dry_run: bool,
    ) -> Result<Arc<Object>, ApiError> {
        let request = Request::Delete {
            key: key.clone(),
            options: options.clone(),
        };
        Ok(self.user(&request, &Writer::UNNAMED, dry_run)?.object)
    }
}
