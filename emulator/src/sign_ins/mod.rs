//! Sign-ins that are under way, what they left behind, and the troubles that they are to meet.

mod codes;
mod device_codes;
mod renewals;
mod troubles;

pub(crate) use codes::{CODE_VALIDITY, Code, Codes, Platform};
pub(crate) use device_codes::{SignIn, SignIns};
pub(crate) use renewals::{Renewal, Renewals};
pub use troubles::SignInTrouble;
pub(crate) use troubles::SignInTroubles;
