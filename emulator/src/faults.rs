//! Trouble to order.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};

use super::{refusal::Refusal, texts};

/// One piece of trouble that a request to the directory is to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429, with `Retry-After` where one is given. The request does nothing.
    Throttled(Option<Duration>),
    /// 503. The request does nothing.
    ServiceUnavailable,
    /// 409 `Directory_ConcurrencyViolation`. The request does nothing.
    ConcurrentChange,
    /// The request is carried out, and the answer is 404 `Directory_ObjectNotFound` all the same.
    ///
    /// Public reports describe it: the write failed by its answer, and its repetition finds the object there.
    CarriedOutButNotFound,
}

impl Fault {
    pub(super) const fn is_carried_out(self) -> bool {
        matches!(self, Self::CarriedOutButNotFound)
    }

    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Throttled(retry_after) => Refusal {
                retry_after,
                ..Refusal::new(429, "TooManyRequests", texts::THROTTLED)
            },
            Self::ServiceUnavailable => Refusal::new(503, "serviceNotAvailable", texts::UNAVAILABLE),
            Self::ConcurrentChange => Refusal::new(409, "Directory_ConcurrencyViolation", texts::CONCURRENT_CHANGE),
            Self::CarriedOutButNotFound => Refusal::new(404, "Directory_ObjectNotFound", texts::COMPANY_UNREADABLE),
        }
    }
}

/// The faults still to come, in the order they were ordered.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(VecDeque<(Option<String>, Fault)>);

impl Faults {
    pub(super) fn push(&mut self, request: Option<String>, fault: Fault) {
        self.0.push_back((request, fault));
    }

    /// What is still to come, for people.
    pub(super) fn waiting(&self) -> Vec<Value> {
        let shown = |(request, fault): &(Option<String>, Fault)| json!({"request": request, "status": fault.refusal().status});
        self.0.iter().map(shown).collect()
    }

    /// The first fault meant for this request, as `POST /applications`.
    pub(super) fn take(&mut self, request: &str) -> Option<Fault> {
        let is_meant = |wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| request.starts_with(wanted.as_str()));
        let position = self.0.iter().position(|(wanted, _)| is_meant(wanted))?;
        self.0.remove(position).map(|(_, fault)| fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_the_request_it_is_meant_for() {
        let mut faults = Faults::default();
        faults.push(Some("POST /servicePrincipals".to_owned()), Fault::ServiceUnavailable);
        faults.push(None, Fault::ConcurrentChange);
        assert_eq!(faults.take("GET /applications"), Some(Fault::ConcurrentChange));
        assert_eq!(faults.take("GET /applications"), None);
        assert_eq!(faults.take("POST /servicePrincipals"), Some(Fault::ServiceUnavailable));
    }
}
