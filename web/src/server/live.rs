//! A session while the service is alive: its state, who is signed in, and what is under way.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use cmg_onboarding::{TokenProvider, clock::Clock};
use tokio::{sync::watch, task::JoinError};

use super::{
    place::Place,
    store::Store,
    user::User,
    work::{UnderWay, Work},
};
use crate::{
    refusal::ServiceError,
    session::{Session, held::SecretState},
};

const MOST_STREAMS: usize = 8;

/// One session of one user.
pub(super) struct Live {
    pub(super) user: User,
    session: Mutex<Session>,
    /// If both are locked, the session is locked first.
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
    /// What `change` refuses; if the session was deleted; or if the file cannot be written, whereupon the session has changed
    /// all the same.
    pub(super) fn change<T, E: From<ServiceError>>(&self, change: impl FnOnce(&mut Session) -> Result<T, E>) -> Result<T, E> {
        let mut session = self.lock_present()?;
        let changed = change(&mut session)?;
        self.agree(&session);
        let kept = self.keep(&session);
        drop(session);
        self.wake();
        kept?;
        Ok(changed)
    }

    /// The same for what is taken out of the session and cannot be put back: if the file cannot be written, the page is told,
    /// and what was taken is not lost.
    ///
    /// # Errors
    ///
    /// What `take` refuses; or if the session was deleted.
    pub(super) fn take<T, E: From<ServiceError>>(&self, take: impl FnOnce(&mut Session) -> Result<T, E>) -> Result<T, E> {
        let mut session = self.lock_present()?;
        let taken = take(&mut session)?;
        self.keep_or_tell(&mut session);
        drop(session);
        self.wake();
        Ok(taken)
    }

    /// The same for what a job tells, which cannot be refused. Of a session that was deleted nothing is kept.
    pub(super) fn report(&self, change: impl FnOnce(&mut Session)) {
        let mut session = lock(&self.session);
        change(&mut session);
        self.agree(&session);
        self.keep_or_tell(&mut session);
        drop(session);
        self.wake();
    }

    /// Begins a job and its work, which is not to be seen apart: it can be cancelled as soon as it is shown. What cannot be
    /// kept is not begun: after a crash no page could tell of it.
    ///
    /// # Errors
    ///
    /// What `begin` refuses; if the session was deleted; or if the file cannot be written.
    pub(super) fn begin<E: From<ServiceError>>(self: &Arc<Self>, begin: impl FnOnce(&mut Session) -> Result<Work, E>) -> Result<(), E> {
        let mut session = self.lock_present()?;
        let work = begin(&mut session)?;
        self.agree(&session);
        let kept = self.keep(&session);
        match kept {
            Ok(()) => {
                let told = self.clone();
                lock(&self.hidden).under_way = Some(work.start(move |error| told.ended_early(&error)));
            }
            Err(error) => session.failed(error.problem(), false, self.clock.now()),
        }
        self.agree(&session);
        drop(session);
        self.wake();
        Ok(kept?)
    }

    fn ended_early(&self, error: &JoinError) {
        let mut problem = ServiceError::JobBroke.problem();
        if error.is_cancelled() {
            problem.code = "cancelled".to_owned();
            problem.message = "the job was cancelled; it had written nothing".to_owned();
            problem.help = "Start it again.".to_owned();
        }
        let now = self.clock.now();
        self.report(|session| session.failed(problem, error.is_cancelled(), now));
    }

    /// The session, unless it was deleted.
    fn lock_present(&self) -> Result<MutexGuard<'_, Session>, ServiceError> {
        let session = lock(&self.session);
        if self.is_gone() { Err(ServiceError::NotFound) } else { Ok(session) }
    }

    /// No job works with the tokens of an account that no page shows as signed in.
    fn agree(&self, session: &Session) {
        if session.is_signed_out() {
            lock(&self.hidden).tokens = None;
        }
    }

    fn keep_or_tell(&self, session: &mut Session) {
        if self.keep(session).is_err() {
            self.note_hand_over(session);
            let notice = "The folder for drafts and plans cannot be written: this session is not kept if the service ends.";
            session.notify_also(notice, self.clock.now());
        }
    }

    /// The file that cannot be written may still take another name: by that another life of the service tells the truth of a secret
    /// that was handed over. If it cannot, that life knows that it does not know.
    fn note_hand_over(&self, session: &Session) {
        if let (Some(store), SecretState::HandedOver(_)) = (&self.store, session.secret()) {
            let _ = store.note_taken(&self.user, session.id());
        }
    }

    /// The service ends: jobs at once, and what is held is noted as no longer to be had. If that cannot be noted, another life of
    /// the service knows that it does not know.
    pub(super) fn end(&self) {
        self.kill();
        let mut session = lock(&self.session);
        session.ended(self.clock.now());
        let _ = self.keep(&session);
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

    /// Takes the session out of the folder, and ends its job.
    ///
    /// # Errors
    ///
    /// If it is busy with what must not be ended at once, or if its file cannot be removed: then the session stays. Or if it was
    /// deleted before.
    pub(super) fn forget(&self) -> Result<(), ServiceError> {
        let session = self.lock_present()?;
        if !session.may().contains(&"delete") {
            return Err(ServiceError::Busy);
        }
        let removed = self.store.as_ref().map_or(Ok(()), |store| store.remove(&self.user, session.id()));
        removed.map_err(|_| ServiceError::FolderUnwritable)?;
        self.is_gone.store(true, Ordering::Release);
        self.kill();
        drop(session);
        self.wake();
        Ok(())
    }

    /// Lets a session go that could not be begun.
    pub(super) fn discard(&self) {
        let session = lock(&self.session);
        self.is_gone.store(true, Ordering::Release);
        if let Some(store) = &self.store {
            // The folder has just failed: a file that cannot be removed, either, is a session of the next life.
            let _ = store.remove(&self.user, session.id());
        }
        drop(session);
        self.wake();
    }

    /// Where the tokens come from. The session may be locked meanwhile.
    pub(super) fn signed(&self) -> Option<Signed> {
        lock(&self.hidden).tokens.clone()
    }

    /// Takes the tokens of an account, while the session is told that it is signed in.
    pub(super) fn sign(&self, signed: Signed) {
        lock(&self.hidden).tokens = Some(signed);
    }

    /// Ends the job that is under way: one that writes at a moment of its own, one that reads at once.
    ///
    /// # Errors
    ///
    /// If there is none, or if the session was deleted.
    pub(super) fn stop(&self) -> Result<(), ServiceError> {
        let session = self.lock_present()?;
        session.job().ok_or(ServiceError::NotNow)?;
        if let Some(under_way) = &lock(&self.hidden).under_way {
            under_way.stop();
        }
        drop(session);
        Ok(())
    }

    /// Ends everything at once, as the end of the process does.
    pub(super) fn kill(&self) {
        if let Some(under_way) = lock(&self.hidden).under_way.take() {
            under_way.kill();
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use cmg_onboarding::clock::SystemClock;
    use time::OffsetDateTime;

    use super::*;
    use crate::session::{phase::JobKind, settings::JobSettings};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn live() -> Arc<Live> {
        let user = User::new("local").unwrap();
        let live = Live::new(user, Session::new(NOW), None, &Place::default(), Arc::new(SystemClock));
        Arc::new(live)
    }

    fn sign_in(live: &Arc<Live>) -> Result<(), ServiceError> {
        live.begin(|session| {
            session.begin(JobKind::SignIn, JobSettings::default(), NOW)?;
            Ok(Work::reading(std::future::pending()))
        })
    }

    #[tokio::test]
    async fn a_session_that_was_deleted_begins_and_keeps_nothing() {
        let live = live();
        assert_eq!(live.forget(), Ok(()));
        assert_eq!(sign_in(&live), Err(ServiceError::NotFound));
        assert_eq!(live.change(|session| session.signed_out(NOW)), Err(ServiceError::NotFound));
        // So a run's secret is refused, too, and the run stops before its next write.
        assert_eq!(live.take(|_| Ok::<_, ServiceError>(())), Err(ServiceError::NotFound));
        assert_eq!(live.stop(), Err(ServiceError::NotFound));
        assert_eq!(live.forget(), Err(ServiceError::NotFound));
    }

    #[tokio::test]
    async fn a_job_can_be_cancelled_as_soon_as_it_is_shown() {
        let live = live();
        assert_eq!(live.stop(), Err(ServiceError::NotNow));
        let mut told = live.listen();
        sign_in(&live).unwrap();
        live.stop().unwrap();
        while live.look(Session::job).is_some() {
            told.changed().await.unwrap();
        }
        assert_eq!(live.stop(), Err(ServiceError::NotNow));
    }

    #[tokio::test]
    async fn a_session_whose_file_cannot_be_removed_stays() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-web-live-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let store = Store::open(&folder).unwrap();
        let user = User::new("local").unwrap();
        let session = Session::new(NOW);
        // A folder stands where its file has to be: that cannot be removed as a file.
        let file = folder.join(user.folder()).join(format!("{}.json", session.id()));
        std::fs::create_dir_all(&file).unwrap();
        let live = Live::new(user, session, Some(store), &Place::default(), Arc::new(SystemClock));
        assert_eq!(live.forget(), Err(ServiceError::FolderUnwritable));
        assert!(!live.is_gone(), "it can be deleted later");
        std::fs::remove_dir_all(&file).unwrap();
        assert_eq!(live.forget(), Ok(()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
