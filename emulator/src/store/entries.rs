//! Objects in the order of their creation, found by their ids without a walk through all of them.

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
};

use super::Entry;

/// App registrations, or service principals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    all: Vec<Entry>,
    /// By object id and by application id, in lower case. Of two objects with one id the first counts.
    places: HashMap<Box<str>, usize>,
}

impl Entries {
    /// The place of the object with an object id or an application id, visible or not.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id.to_ascii_lowercase().as_str()).copied()
    }

    /// The object with an object id or an application id, visible or not.
    pub(crate) fn with_id(&self, id: &str) -> Option<&Entry> {
        self.all.get(self.place(id)?)
    }

    pub(super) fn with_id_mut(&mut self, id: &str) -> Option<&mut Entry> {
        let place = self.place(id)?;
        self.all.get_mut(place)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.note(self.all.len(), &entry);
        self.all.push(entry);
    }

    pub(super) fn remove(&mut self, place: usize) -> Entry {
        let removed = self.all.remove(place);
        self.count_again();
        removed
    }

    /// Finds the places anew, after ids have changed.
    pub(super) fn count_again(&mut self) {
        self.places.clear();
        let all = std::mem::take(&mut self.all);
        for (place, entry) in all.iter().enumerate() {
            self.note(place, entry);
        }
        self.all = all;
    }

    fn note(&mut self, place: usize, entry: &Entry) {
        for name in ["id", "appId"] {
            let id = entry.text(name).to_ascii_lowercase();
            if !id.is_empty() {
                self.places.entry(id.into()).or_insert(place);
            }
        }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.all
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut [Entry] {
        &mut self.all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::defaults::Shape, *};

    fn entry(id: &str, app_id: &str) -> Entry {
        let object = json!({"id": id, "appId": app_id});
        Entry::seeded(Shape::Application, object.as_object().unwrap().clone())
    }

    #[test]
    fn objects_are_found_by_either_id_after_others_went() {
        let mut entries = Entries::default();
        for (id, app_id) in [("A", "x"), ("b", "y"), ("c", "z"), ("d", "X")] {
            entries.push(entry(id, app_id));
        }
        assert_eq!(
            (entries.place("a"), entries.place("X"), entries.place("Z")),
            (Some(0), Some(0), Some(2))
        );
        assert_eq!(entries.remove(0).text("id"), "A");
        assert_eq!(
            (entries.place("a"), entries.place("x"), entries.place("z")),
            (None, Some(2), Some(1))
        );
        assert_eq!(entries.with_id("y").unwrap().text("id"), "b");
        assert!(entries.with_id("").is_none());
    }
}
