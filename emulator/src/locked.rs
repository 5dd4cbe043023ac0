//! What threads share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic in another thread leaves nothing half-done that matters here: every change is made in one go.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
