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
    /// In lower case. Of two objects with one id the first counts.
    by_id: HashMap<Box<str>, usize>,
    by_app_id: HashMap<Box<str>, usize>,
}

impl Entries {
    /// The object with an object id, visible or not.
    pub(crate) fn with_id(&self, id: &str) -> Option<&Entry> {
        let place = self.by_id.get(id.to_ascii_lowercase().as_str())?;
        self.all.get(*place)
    }

    /// The place of the object with an application id, visible or not.
    pub(super) fn place_of_app(&self, app_id: &str) -> Option<usize> {
        self.by_app_id.get(app_id.to_ascii_lowercase().as_str()).copied()
    }

    /// The object with an application id, visible or not.
    pub(crate) fn of_app(&self, app_id: &str) -> Option<&Entry> {
        self.all.get(self.place_of_app(app_id)?)
    }

    pub(super) fn of_app_mut(&mut self, app_id: &str) -> Option<&mut Entry> {
        let place = self.place_of_app(app_id)?;
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
        self.by_id.clear();
        self.by_app_id.clear();
        let all = std::mem::take(&mut self.all);
        for (place, entry) in all.iter().enumerate() {
            self.note(place, entry);
        }
        self.all = all;
    }

    fn note(&mut self, place: usize, entry: &Entry) {
        for (name, places) in [("id", &mut self.by_id), ("appId", &mut self.by_app_id)] {
            let id = entry.text(name).to_ascii_lowercase();
            if !id.is_empty() {
                places.entry(id.into()).or_insert(place);
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
        // One's object id is another's application id.
        for (id, app_id) in [("A", "x"), ("b", "y"), ("y", "z"), ("d", "X")] {
            entries.push(entry(id, app_id));
        }
        assert_eq!((entries.place_of_app("a"), entries.place_of_app("X")), (None, Some(0)));
        assert_eq!(entries.with_id("a").map(|entry| entry.text("appId")), Some("x"));
        assert_eq!(entries.remove(0).text("id"), "A");
        assert_eq!((entries.place_of_app("x"), entries.place_of_app("Z")), (Some(2), Some(1)));
        assert_eq!(entries.of_app("y").map(|entry| entry.text("id")), Some("b"));
        assert_eq!(entries.with_id("Y").map(|entry| entry.text("appId")), Some("z"));
        assert!(entries.with_id("a").is_none() && entries.with_id("").is_none());
    }
}
