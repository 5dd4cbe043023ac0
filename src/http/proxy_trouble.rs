//! Explains a connection that was to go through a proxy and did not come about.
//!
//! The HTTP library tells this only in words. [`ProxyTrouble`] reads them, so that an error can say whether
//! the proxy refused its credentials, refused the host, or was not reached.

use std::error::Error;

use crate::error::chain;

/// The proxy did not open a connection to the service, so nothing was sent to the service.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyTrouble {
    /// Another attempt with the same password meets the same answer, and may lock the account.
    #[error("the proxy asks for credentials, or refuses those it was given (407); a program sets them with `Proxy::with_credentials`")]
    Credentials(#[source] Box<dyn Error + Send + Sync>),
    #[error("the proxy does not lead to this host")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    #[error("the proxy cannot be reached")]
    Unreached(#[source] Box<dyn Error + Send + Sync>),
}

impl ProxyTrouble {
    /// The trouble in an error of the library, which keeps its own type to itself and tells only in words; or the error.
    pub(super) fn of<E: Error + Send + Sync + 'static>(error: E) -> Result<Self, E> {
        let words = chain(&error);
        let Some((_, what)) = words.split_once("tunnel error: ") else {
            return Err(error);
        };
        let trouble = match what {
            _ if what.starts_with("proxy authorization required") => Self::Credentials,
            _ if what.starts_with("failed to create underlying connection") => Self::Unreached,
            _ => Self::Refused,
        };
        Ok(trouble(Box::new(error)))
    }

    pub(super) const fn is_lasting(&self) -> bool {
        matches!(self, Self::Credentials(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("tunnel error: {0}")]
    struct LibraryError(&'static str);

    #[test]
    fn a_refused_password_is_not_tried_again_and_everything_else_is() {
        let of = |words| ProxyTrouble::of(LibraryError(words)).unwrap();
        assert!(of("proxy authorization required").is_lasting());
        assert!(matches!(of("unsuccessful"), ProxyTrouble::Refused(_)));
        let gone = of("failed to create underlying connection");
        assert!(!gone.is_lasting());
        assert_eq!(gone.to_string(), "the proxy cannot be reached");
        assert!(ProxyTrouble::of("x".parse::<i32>().unwrap_err()).is_err());
    }
}
