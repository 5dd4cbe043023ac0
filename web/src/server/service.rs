//! All sessions of all users.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use cmg_onboarding::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{
    live::{Live, lock},
    place::Place,
    store::Store,
    user::User,
};
use crate::{
    refusal::ServiceError,
    session::{
        Session, WAYS, environments,
        sign_in::{PROVIDED, SignIn, SignInState},
        validities,
    },
};

const MOST_SESSIONS: usize = 50;

type PlaceOf = dyn Fn(&User) -> Place + Send + Sync;

/// All sessions of all users. Clones are one service.
///
/// Jobs go on without the requests that started them, for as long as the service lives.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    place: Box<PlaceOf>,
    store: Option<Store>,
    clock: Arc<dyn Clock>,
    sessions: Mutex<HashMap<(User, Uuid), Arc<Live>>>,
    notices: Vec<String>,
}

impl Drop for Inner {
    /// The jobs end with the service, as they do if its process ends.
    fn drop(&mut self) {
        lock(&self.sessions).values().for_each(|live| live.kill());
    }
}

/// Puts a [`Service`] together.
pub struct ServiceBuilder {
    place: Box<PlaceOf>,
    store: Option<Store>,
    clock: Arc<dyn Clock>,
}

impl Service {
    /// Begins a service, which asks the host where each user's sessions work.
    pub fn builder(place: impl Fn(&User) -> Place + Send + Sync + 'static) -> ServiceBuilder {
        ServiceBuilder {
            place: Box::new(place),
            store: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Ends every job at once, as the end of the process does, and lets go of secrets that were not taken. What a run has written stays;
    /// the next plan finds it. A host that wants runs to end with a report cancels them first.
    ///
    /// Call it at the end of the process: by that the folder says for certain that a secret was not handed over.
    pub fn stop(&self) {
        lock(&self.0.sessions).values().for_each(|live| live.end());
    }

    pub(super) fn place(&self, user: &User) -> Place {
        (self.0.place)(user)
    }

    /// What a page has to know beforehand.
    pub(super) fn description(&self, user: &User) -> Value {
        let place = self.place(user);
        let against = if place.is_emulated { "emulator" } else { "entra" };
        json!({
            "version": 1,
            "against": against,
            "site": place.site.as_ref().map(|_| json!({ "kind": place.site_kind })),
            "signInWays": place.ways(),
            "folder": self.0.store.is_some(),
            "notices": self.0.notices,
            "choices": {
                "environments": environments(),
                "secretValidities": validities(),
                "serverApp": WAYS,
                "clientApp": WAYS,
            },
        })
    }

    /// A new session of a user.
    pub(super) fn create(&self, user: &User) -> Result<Arc<Live>, ServiceError> {
        let session = Session::new(self.0.clock.now());
        let live = Arc::new(self.live(user, session));
        let mut sessions = lock(&self.0.sessions);
        if sessions.keys().filter(|(owner, _)| owner == user).count() >= MOST_SESSIONS {
            return Err(ServiceError::TooManySessions);
        }
        let id = live.look(Session::id);
        sessions.insert((user.clone(), id), live.clone());
        Ok(live)
    }

    fn live(&self, user: &User, mut session: Session) -> Live {
        let place = self.place(user);
        if place.tokens.is_some() {
            let sign_in = SignIn {
                state: SignInState::SignedIn,
                way: Some(PROVIDED.to_owned()),
                ..SignIn::default()
            };
            let changed_at = session.changed_at();
            session.signing_in(sign_in, changed_at);
        }
        Live::new(user.clone(), session, self.0.store.clone(), &place, self.0.clock.clone())
    }

    pub(super) fn find(&self, user: &User, id: Uuid) -> Result<Arc<Live>, ServiceError> {
        let sessions = lock(&self.0.sessions);
        sessions.get(&(user.clone(), id)).cloned().ok_or(ServiceError::NotFound)
    }

    /// Deletes a session, unless it is busy with what must not be ended at once.
    pub(super) fn remove(&self, user: &User, id: Uuid) -> Result<(), ServiceError> {
        self.find(user, id)?.forget()?;
        lock(&self.0.sessions).remove(&(user.clone(), id));
        Ok(())
    }

    /// Lets a session go that could not be begun: its caller does not know of it.
    pub(super) fn discard(&self, live: &Live) {
        live.discard();
        let key = (live.user.clone(), live.look(Session::id));
        lock(&self.0.sessions).remove(&key);
    }

    /// A user's sessions, the one that changed last first.
    pub(super) fn list(&self, user: &User) -> Value {
        // Looked at one after the other once the list of all is free again: one that is being written holds no other up.
        let own: Vec<Arc<Live>> = {
            let sessions = lock(&self.0.sessions);
            let own = sessions.iter().filter(|((owner, _), _)| owner == user);
            own.map(|(_, live)| live.clone()).collect()
        };
        let mut shown: Vec<_> = own
            .iter()
            .map(|live| {
                live.look(|session| {
                    let at = session.changed_at();
                    let row = json!({
                        "id": session.id(),
                        "name": session.name(),
                        "phase": session.phase(),
                        "changedAt": at.format(&Rfc3339).unwrap_or_default(),
                    });
                    (at, row)
                })
            })
            .collect();
        shown.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        json!({ "sessions": shown.into_iter().map(|(_, row)| row).collect::<Vec<_>>() })
    }
}

impl ServiceBuilder {
    /// Keeps drafts, plans and what became of them in this folder, without any secret or token. Default: they live as long as
    /// the service.
    ///
    /// # Errors
    ///
    /// If the folder can neither be read nor made.
    pub fn folder(mut self, folder: &Path) -> io::Result<Self> {
        self.store = Some(Store::open(folder)?);
        Ok(self)
    }

    /// Where the time of day comes from. Default: the system.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The service, with the sessions of the folder.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. A file in it that is not a session's is left alone, and told to every page.
    pub fn build(self) -> io::Result<Service> {
        let found = self.store.as_ref().map_or_else(|| Ok(Vec::new()), Store::read)?;
        let (mut restored, mut notices) = (Vec::new(), Vec::new());
        for file in found {
            let session = file.content.and_then(|content| Ok(Session::restore(content)?));
            let session = session.and_then(|session| match &file.id {
                Some(id) if *id == session.id().to_string() => Ok(session),
                _ => Err(io::Error::other("its name is not the id of its session")),
            });
            match session {
                Ok(session) => restored.push((file.user, session)),
                Err(error) => notices.push(format!(
                    "{} is not a session that was kept, and is left alone: {error}",
                    file.path.display()
                )),
            }
        }
        let service = Service(Arc::new(Inner {
            place: self.place,
            store: self.store,
            clock: self.clock,
            sessions: Mutex::default(),
            notices,
        }));
        for (user, session) in restored {
            let key = (user.clone(), session.id());
            let live = Arc::new(service.live(&user, session));
            lock(&service.0.sessions).insert(key, live);
        }
        Ok(service)
    }
}
