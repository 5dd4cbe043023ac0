//! What readers are shown, which need not be what there is: new objects that cannot be seen yet, changes and deletions
//! that readers do not see yet.
//!
//! Writes act on what there is. Reads by key and by filter go through here.

use tokio::time::Instant;

use super::{Context, DeletedEntry, Entry, Key, Kind, Store};
use crate::{object::Object, refusal::Refusal};

/// The collections that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    Applications,
    ServicePrincipals,
    Grants,
    Assignments,
}

/// An object as it was before a change, until readers see the change.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) since: Instant,
    pub(super) until: Instant,
    pub(super) object: Object,
}

/// An object that was deleted, until readers see that.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    collection: Collection,
    entry: Entry,
    since: Instant,
    until: Instant,
}

/// A deleted object that was removed for good, until readers of the list see that.
#[derive(Debug, Clone)]
pub(super) struct Purged {
    deleted: DeletedEntry,
    until: Instant,
}

impl Context<'_> {
    /// Until when reads by key and by filter may show what was before a write that happens now.
    fn old_until(&self) -> Instant {
        self.instant + self.lags.change.max(self.lags.stale_reads)
    }

    /// From when the lists of deleted objects show a deletion that happens now.
    pub(super) fn listed_from(&self) -> Instant {
        self.instant + self.lags.change
    }
}

impl Entry {
    /// Puts another object in the place of this one.
    pub(super) fn change(&mut self, context: Context<'_>, changed: Object) {
        let old = std::mem::replace(&mut self.object, self.shape.at_rest(changed));
        self.past.retain(|past| past.until > context.instant);
        if context.old_until() > context.instant && old != self.object {
            self.past.push(Past {
                since: context.instant,
                until: context.old_until(),
                object: old,
            });
        }
    }

    /// The object as a reader is shown it, unless it cannot be seen yet.
    fn shown(&self, instant: Instant) -> Option<&Object> {
        if !self.is_visible(instant) || self.read_from > instant {
            return None;
        }
        let past = self
            .past
            .iter()
            .find(|past| past.until > instant && !self.is_turn(past.since, instant));
        Some(past.map_or(&self.object, |past| &past.object))
    }

    /// Between two copies of the directory, of which one has a write already: whether it is that one's turn.
    pub(super) fn is_turn(&self, since: Instant, instant: Instant) -> bool {
        let period = self.flaps.filter(|period| !period.is_zero());
        period.is_some_and(|period| instant.saturating_duration_since(since).as_nanos() / period.as_nanos() % 2 == 1)
    }
}

impl Store {
    pub(super) fn entries(&self, collection: Collection) -> &[Entry] {
        match collection {
            Collection::Applications => &self.applications,
            Collection::ServicePrincipals => &self.service_principals,
            Collection::Grants => &self.grants,
            Collection::Assignments => &self.assignments,
        }
    }

    pub(super) fn entries_mut(&mut self, collection: Collection) -> &mut [Entry] {
        match collection {
            Collection::Applications => &mut self.applications,
            Collection::ServicePrincipals => &mut self.service_principals,
            Collection::Grants => &mut self.grants,
            Collection::Assignments => &mut self.assignments,
        }
    }

    /// Everything that a reader is shown, with its owners.
    pub(crate) fn seen_with_owners(&self, collection: Collection, instant: Instant) -> impl Iterator<Item = (&[uuid::Uuid], &Object)> {
        self.seen_entries(collection, instant)
            .map(|(entry, object)| (entry.owners(), object))
    }

    /// Everything that a reader is shown.
    pub(crate) fn seen(&self, collection: Collection, instant: Instant) -> impl Iterator<Item = &Object> {
        self.seen_entries(collection, instant).map(|(_, object)| object)
    }

    /// One object as a reader is shown it.
    pub(crate) fn read(&self, collection: Collection, key: &Key, instant: Instant) -> Result<(&Entry, &Object), Refusal> {
        let mut all = self.seen_entries(collection, instant);
        let found = all.find(|(_, object)| super::text(object, &key.property).eq_ignore_ascii_case(&key.value));
        found.ok_or_else(|| Refusal::not_found(&key.value))
    }

    fn seen_entries(&self, collection: Collection, instant: Instant) -> impl Iterator<Item = (&Entry, &Object)> {
        let gone = self.gone.iter().filter(move |gone| {
            let is_old = gone.until > instant && !gone.entry.is_turn(gone.since, instant);
            gone.collection == collection && is_old
        });
        let entries = self.entries(collection).iter().chain(gone.map(|gone| &gone.entry));
        entries.filter_map(move |entry| Some((entry, entry.shown(instant)?)))
    }

    /// Lets readers see an object that was just deleted for as long as the tenant's settings say.
    pub(super) fn keep_for_readers(&mut self, context: Context<'_>, collection: Collection, entry: &Entry) {
        self.gone.retain(|gone| gone.until > context.instant);
        if context.old_until() > context.instant {
            self.gone.push(Gone {
                collection,
                entry: entry.clone(),
                since: context.instant,
                until: context.old_until(),
            });
        }
    }

    /// An object that was restored is itself again.
    pub(super) fn forget_gone(&mut self, id: &str) {
        self.gone.retain(|gone| gone.entry.text("id") != id);
    }

    /// The soft-deleted objects that a reader is shown.
    pub(crate) fn deleted_seen(&self, instant: Instant) -> impl Iterator<Item = &DeletedEntry> {
        let listed = self.deleted.iter().filter(move |deleted| deleted.listed_from <= instant);
        let purged = self.purged.iter().filter(move |purged| purged.until > instant);
        listed.chain(purged.map(|purged| &purged.deleted))
    }

    /// The soft-deleted objects of one kind that a reader is shown.
    pub(crate) fn deleted_of(&self, kind: Kind, instant: Instant) -> impl Iterator<Item = &Object> {
        let deleted = self.deleted_seen(instant).filter(move |deleted| deleted.kind == kind);
        deleted.map(|deleted| &deleted.entry.object)
    }

    pub(super) fn keep_purged_for_readers(&mut self, context: Context<'_>, deleted: DeletedEntry) {
        let until = context.listed_from();
        self.purged.retain(|purged| purged.until > context.instant);
        if until > context.instant {
            self.purged.push(Purged { deleted, until });
        }
    }
}
