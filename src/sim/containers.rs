//! The containers' side of a world: files, processes, faults.

use super::World;
use crate::api::{Key, Kind, Millis, Object, Str};
use crate::controllers::kubelet::{Entry, FileError, NodeTimings};
use std::sync::Arc;

/// Until a kubelet sees that a container has ended: it lists them once a second (`pkg/kubelet/pleg`); what
/// recordings 29-kill-1 and 80-init-and-liveness show is 0.2 to 1.1 s.
const RELIST: Millis = 600;
/// Until a kubelet looks at a Pod that it was told of.
const AT_ONCE: Millis = 16;

impl From<super::Timings> for NodeTimings {
    fn from(timings: super::Timings) -> NodeTimings {
        NodeTimings {
            pull: timings.pull,
            stop: timings.stop,
        }
    }
}

impl World {
    /// Reads the file or folder at a path of a running container.
    ///
    /// # Errors
    /// No such container, or nothing at that path.
    pub fn entry(&self, pod: &Key, container: &str, path: &str) -> Result<Entry, FileError> {
        let pod = self.running(pod, container)?;
        let volume_of = self.volume_of(&pod);
        let found = |tree: &crate::controllers::kubelet::Tree, rest: &str| tree.entry(rest);
        self.runtime()
            .with_tree(&pod, container, path, &volume_of, found)?
            .ok_or(FileError::NotFound)
    }

    /// Reads a file of a running container.
    ///
    /// # Errors
    /// No such container or file.
    pub fn read_file(&self, pod: &Key, container: &str, path: &str) -> Result<Str, FileError> {
        match self.entry(pod, container, path)? {
            Entry::File { text, .. } => Ok(text),
            Entry::Folder { .. } => Err(FileError::IsFolder),
        }
    }

    /// The names in a folder of a running container, with whether each is a folder.
    ///
    /// # Errors
    /// No such container or folder.
    pub fn list_files(
        &self,
        pod: &Key,
        container: &str,
        path: &str,
    ) -> Result<Vec<(Str, bool)>, FileError> {
        if let Entry::File { .. } = self.entry(pod, container, path)? {
            return Err(FileError::NotFolder);
        }
        let pod = self.running(pod, container)?;
        let volume_of = self.volume_of(&pod);
        self.runtime()
            .with_tree(&pod, container, path, &volume_of, |tree, rest| {
                tree.list(rest)
            })
    }

    /// Writes a file of a running container.
    ///
    /// # Errors
    /// No such container or folder, a folder of that name, or the bounds.
    pub fn write_file(
        &mut self,
        pod: &Key,
        container: &str,
        path: &str,
        text: Str,
    ) -> Result<(), FileError> {
        let now = self.now();
        self.change_tree(pod, container, path, |tree, rest| {
            tree.write(rest, text, now)
        })
    }

    /// Makes a folder in a running container.
    ///
    /// # Errors
    /// No such container or parent folder.
    pub fn make_folder(&mut self, pod: &Key, container: &str, path: &str) -> Result<(), FileError> {
        self.change_tree(pod, container, path, |tree, rest| tree.make_folder(rest))
    }

    /// Sets the mode bits of a file or folder of a running container.
    ///
    /// # Errors
    /// No such container or file.
    pub fn set_mode(
        &mut self,
        pod: &Key,
        container: &str,
        path: &str,
        mode: u16,
    ) -> Result<(), FileError> {
        self.change_tree(pod, container, path, |tree, rest| tree.set_mode(rest, mode))
    }

    /// Removes a file, or a folder with all in it, of a running container.
    ///
    /// # Errors
    /// No such container or file.
    pub fn remove_file(&mut self, pod: &Key, container: &str, path: &str) -> Result<(), FileError> {
        self.change_tree(pod, container, path, |tree, rest| tree.remove(rest))
    }

    fn change_tree(
        &mut self,
        pod: &Key,
        container: &str,
        path: &str,
        change: impl FnOnce(&mut crate::controllers::kubelet::Tree, &str) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let pod = self.running(pod, container)?;
        let store = self.store().clone();
        let namespace = pod.namespace().clone();
        let volume_of = move |claim: &str| volume_of(&store, &namespace, claim);
        self.runtime_mut()
            .with_tree_mut(&pod, container, path, &volume_of, change)?
    }

    /// A container prints a line: what `kubectl logs` shows.
    pub fn print(&mut self, pod: &Key, container: &Str, line: Str) {
        let now = self.now();
        self.runtime_mut()
            .print(&pod.namespace, &pod.name, container, now, line);
        self.printed_lines += 1;
    }

    /// What changes whenever something that a program can wait for has: objects and printed lines.
    #[must_use]
    pub fn version(&self) -> (u64, u64) {
        (self.store().resource_version(), self.printed_lines)
    }

    /// Ends a container of a Pod (all of them if `container` is empty); whether one ran.
    pub fn kill_container(&mut self, pod: &Key, container: &str, exit_code: i32) -> bool {
        let Some(object) = self.store().get(pod).cloned() else {
            return false;
        };
        let now = self.now();
        self.touch_runtime(pod, RELIST, |runtime| {
            runtime.kill(&object, container, exit_code, now)
        })
    }

    /// From now on the readiness probes of Pods of this name fail, or pass again.
    pub fn fail_readiness(&mut self, pod: &Key, fails: bool) {
        self.touch_runtime(pod, AT_ONCE, |runtime| {
            runtime.set_unready(&pod.name, fails)
        });
    }

    /// From now on the containers of Pods of this name ignore the stop signal and end with this exit code
    /// when the grace period is over, or obey it again.
    pub fn hang(&mut self, pod: &Key, exit_code: Option<i32>) {
        self.touch_runtime(pod, AT_ONCE, |runtime| {
            runtime.set_hanging(&pod.name, exit_code)
        });
    }

    /// A node loses its power: its kubelet falls silent and its containers are lost. Whether there is
    /// such a node.
    pub fn stop_node(&mut self, node: &str) -> bool {
        let key = Key::new(Kind::Node, "", node);
        let now = self.now();
        self.runtime_mut().stop_node(&key.name, now);
        self.wake_node(key)
    }

    /// A node's kubelet is back. Whether there is such a node.
    pub fn start_node(&mut self, node: &str) -> bool {
        let key = Key::new(Kind::Node, "", node);
        let now = self.now();
        for (namespace, name) in self.runtime_mut().start_node(&key.name, now) {
            self.touch_runtime(&Key::new(Kind::Pod, namespace, name), AT_ONCE, |_| ());
        }
        self.wake_node(key)
    }

    /// The Pod, if this container of it (any if the name is empty) runs.
    fn running(&self, pod: &Key, container: &str) -> Result<Arc<Object>, FileError> {
        let object = self
            .store()
            .get(pod)
            .cloned()
            .ok_or(FileError::NoContainer)?;
        let runs = self
            .runtime()
            .pod(&pod.namespace, &pod.name)
            .filter(|entry| *entry.uid() == object.meta.uid)
            .and_then(|entry| entry.container(container))
            .is_some_and(|container| container.running());
        if runs {
            Ok(object)
        } else {
            Err(FileError::NoContainer)
        }
    }

    fn volume_of<'a>(&'a self, pod: &'a Object) -> impl Fn(&str) -> Option<Str> + 'a {
        move |claim| volume_of(self.store(), pod.namespace(), claim)
    }
}

/// The PersistentVolume of a claim.
fn volume_of(store: &crate::store::Store, namespace: &str, claim: &str) -> Option<Str> {
    let key = Key::new(Kind::PersistentVolumeClaim, namespace, claim);
    let volume = store.get(&key)?.claim()?.volume.clone();
    (!volume.is_empty()).then_some(volume)
}
