//! Whose sessions they are.

use std::{fmt, sync::Arc};

use crate::refusal::ServiceError;

/// Whose sessions a request works on. The program that mounts the router puts it into the request's extensions, after its own
/// login: `request.extensions_mut().insert(user)`.
///
/// No user sees another one's sessions, sign-ins or secrets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct User(Arc<str>);

impl User {
    /// The user with this name: anything that stays the same for the user and is no other user's, such as an object id.
    ///
    /// # Errors
    ///
    /// If it is empty or longer than 100 bytes.
    pub fn new(name: &str) -> Result<Self, ServiceError> {
        match name.len() {
            1..=100 => Ok(Self(name.into())),
            _ => Err(ServiceError::UserMissing),
        }
    }

    /// The name of the user's folder: no two users share one.
    pub(super) fn folder(&self) -> String {
        self.0.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The user with this folder.
    pub(super) fn of_folder(name: &str) -> Option<Self> {
        let pairs = name.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        Self::new(&String::from_utf8(bytes?).ok()?).ok()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "User({:?})", self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for name in ["local", "../../etc", "Ünïcode", "a/b"] {
            let user = User::new(name).unwrap();
            assert!(user.folder().bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(User::of_folder(&user.folder()), Some(user));
        }
        assert!(User::new("").is_err() && User::new(&"a".repeat(101)).is_err());
        assert_eq!(User::of_folder("not hex"), None);
    }
}
