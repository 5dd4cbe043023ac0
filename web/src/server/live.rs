//! A session while the service is alive: its state, who is signed in, and what is under way.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use cmg_onboarding::{TokenProvider, clock::Clock, connection::Cancel};
use tokio::{sync::watch, task::AbortHandle};

use super::{place::Place, store::Store, user::User};
use crate::{refusal::ServiceError, session::Session};

const MOST_STREAMS: usize = 8;

/// One session of one user.
pub(super) struct Live {
    pub(super) user: User,
    session: Mutex<Session>,
    hidden: Mutex<Hidden>,
    /// The number of the last entry, for those who wait for the next one.
    told: watch::Sender<u64>,
    store: Option<Store>,
    streams: AtomicUsize,
    is_gone: AtomicBool,
    pub(super) clock: Arc<dyn Clock>,
}

/// What no page ever sees.
#[derive(Default)]
struct Hidden {
    tokens: Option<Signed>,
    under_way: Option<UnderWay>,
}

/// Where the tokens of the account that is signed in come from.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) tokens: Arc<dyn TokenProvider>,
    /// Whether a person consents to single permissions.
    pub(super) asks_a_person: bool,
}

/// How the job that is under way is ended.
pub(super) struct UnderWay {
    /// The task that does it, and the one that reports its end.
    pub(super) tasks: [AbortHandle; 2],
    /// Of a job that writes: it ends at a moment of its own, with its report.
    pub(super) cancel: Option<Cancel>,
}

impl Live {
    pub(super) fn new(user: User, session: Session, store: Option<Store>, place: &Place, clock: Arc<dyn Clock>) -> Self {
        let tokens = place.tokens.clone().map(|tokens| Signed {
            tokens,
            asks_a_person: false,
        });
        Self {
            user,
            session: Mutex::new(session),
            hidden: Mutex::new(Hidden { tokens, under_way: None }),
            told: watch::Sender::new(0),
            store,
            streams: AtomicUsize::new(0),
            is_gone: AtomicBool::new(false),
            clock,
        }
    }

    /// Looks at the session.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        look(&lock(&self.session))
    }

    /// Changes the session, keeps it in its file, and wakes the pages that show it.
    ///
    /// # Errors
    ///
    /// What `change` refuses; or if the file cannot be written, whereupon the session has changed all the same.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Session) -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        let mut session = lock(&self.session);
        let changed = change(&mut session)?;
        let kept = self.keep(&session);
        drop(session);
        self.wake();
        kept?;
        Ok(changed)
    }

    /// The same for what a job tells, which cannot be refused: a page is told if the file cannot be written.
    pub(super) fn report(&self, change: impl FnOnce(&mut Session)) {
        let mut session = lock(&self.session);
        change(&mut session);
        if self.keep(&session).is_err() {
            let notice = "The folder for drafts and plans cannot be written: this session is not kept if the service ends.";
            session.notify(notice, self.clock.now());
        }
        drop(session);
        self.wake();
    }

    /// The same for an event, which is in no file.
    pub(super) fn tell(&self, event: &cmg_onboarding::Event) {
        lock(&self.session).tell(event);
        self.wake();
    }

    fn wake(&self) {
        self.told.send_modify(|number| *number += 1);
    }

    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Whether it was deleted.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    fn keep(&self, session: &Session) -> Result<(), ServiceError> {
        let Some(store) = self.store.as_ref().filter(|_| !self.is_gone()) else {
            return Ok(());
        };
        let written = store.write(&self.user, session.id(), &session.stored());
        written.map_err(|_| ServiceError::FolderUnwritable)
    }

    /// Takes the session out of the folder.
    pub(super) fn forget(&self) -> Result<(), ServiceError> {
        self.is_gone.store(true, Ordering::Release);
        self.kill();
        self.wake();
        let id = self.look(Session::id);
        let removed = self.store.as_ref().map_or(Ok(()), |store| store.remove(&self.user, id));
        removed.map_err(|_| ServiceError::FolderUnwritable)
    }

    pub(super) fn signed(&self) -> Option<Signed> {
        lock(&self.hidden).tokens.clone()
    }

    pub(super) fn sign(&self, signed: Option<Signed>) {
        lock(&self.hidden).tokens = signed;
    }

    pub(super) fn began(&self, under_way: UnderWay) {
        lock(&self.hidden).under_way = Some(under_way);
    }

    /// Ends the job that is under way: one that writes at a moment of its own, one that reads at once.
    pub(super) fn stop(&self) {
        match &lock(&self.hidden).under_way {
            Some(UnderWay { cancel: Some(cancel), .. }) => cancel.cancel(),
            Some(UnderWay { tasks: [work, _], .. }) => work.abort(),
            None => {}
        }
    }

    /// Ends everything at once, as the end of the process does.
    pub(super) fn kill(&self) {
        if let Some(under_way) = lock(&self.hidden).under_way.take() {
            under_way.tasks.iter().for_each(AbortHandle::abort);
        }
    }

    /// Counts a stream for as long as what is returned lives.
    pub(super) fn stream(self: &Arc<Self>) -> Result<Stream, ServiceError> {
        let stream = Stream(self.clone());
        match self.streams.fetch_add(1, Ordering::Relaxed) {
            0..MOST_STREAMS => Ok(stream),
            _ => Err(ServiceError::TooManyStreams),
        }
    }
}

/// One stream of events.
pub(super) struct Stream(pub(super) Arc<Live>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A lock whose holder has panicked is still whole: every change is one assignment after the other.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
