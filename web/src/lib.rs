#![doc = include_str!("../README.md")]

mod refusal;
#[cfg(feature = "server")]
mod server;
mod session;

pub use refusal::ServiceError;
#[cfg(feature = "server")]
pub use server::{
    guard::{Guard, NewKey},
    open_api::open_api,
    place::{Place, SignInWay, SiteKind},
    routes::router,
    service::{Service, ServiceBuilder},
    user::User,
};
pub use session::{
    Session,
    held::{HandedOver, SecretHeld, SecretLost, SecretState},
    log::Entry,
    phase::{Job, JobKind, Phase},
    settings::{JobSettings, JobVerb},
    sign_in::{ShownDeviceCode, SignIn, SignInState},
};
