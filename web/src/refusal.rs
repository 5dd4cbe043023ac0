//! Why this service refuses something by itself. What the library refuses is told by the library.

use std::{borrow::Cow, error::Error, fmt};

use cmg_onboarding::{Diagnostic, connection::Problem};

/// Why the service refused a request by itself, before the library was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceError {
    /// No key came with the request.
    KeyMissing,
    /// The key is another one, or it was used up.
    KeyRefused,
    /// The request names another host.
    HostRefused,
    /// A page of another origin has sent the request.
    OriginRefused,
    /// The host's own login has named no user.
    UserMissing,
    /// There is nothing at this address.
    NotFound,
    /// The address has no such method.
    MethodNotAllowed,
    /// The body is longer than 1 MiB.
    BodyTooLarge,
    /// The draft is longer than 1 MiB.
    DraftTooLarge,
    /// The body is not the JSON that the address takes.
    BodyUnreadable,
    /// The body is not declared as JSON.
    ContentTypeWrong,
    /// Another page has changed the draft.
    DraftMovedOn,
    /// The plan is another one than the one that was shown.
    PlanMovedOn,
    /// A job is under way.
    Busy,
    /// It does not fit what the session has come to.
    NotNow,
    /// No account is signed in, and the job works on a tenant.
    SignInNeeded,
    /// The service does not offer this way to sign in.
    SignInWayNotOffered,
    /// The service has no site.
    NoSite,
    /// The session has no secret to hand over.
    NoSecret,
    /// The secret was handed over already.
    SecretHandedOver,
    /// The service ended while it held the secret.
    SecretLost,
    /// The user has as many sessions as are kept.
    TooManySessions,
    /// The session has as many streams as are served.
    TooManyStreams,
    /// It took too long.
    TookTooLong,
    /// The folder for drafts and plans cannot be written.
    FolderUnwritable,
    /// The job ended by an error of the program.
    JobBroke,
}

impl ServiceError {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::KeyMissing,
        Self::KeyRefused,
        Self::HostRefused,
        Self::OriginRefused,
        Self::UserMissing,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::DraftTooLarge,
        Self::BodyUnreadable,
        Self::ContentTypeWrong,
        Self::DraftMovedOn,
        Self::PlanMovedOn,
        Self::Busy,
        Self::NotNow,
        Self::SignInNeeded,
        Self::SignInWayNotOffered,
        Self::NoSite,
        Self::NoSecret,
        Self::SecretHandedOver,
        Self::SecretLost,
        Self::TooManySessions,
        Self::TooManyStreams,
        Self::TookTooLong,
        Self::FolderUnwritable,
        Self::JobBroke,
    ];

    /// The HTTP status that it is told with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::KeyMissing | Self::KeyRefused | Self::UserMissing => 401,
            Self::HostRefused | Self::OriginRefused => 403,
            Self::NotFound | Self::NoSecret => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTooLarge | Self::DraftTooLarge => 413,
            Self::BodyUnreadable | Self::SignInWayNotOffered => 400,
            Self::ContentTypeWrong => 415,
            Self::DraftMovedOn | Self::PlanMovedOn | Self::Busy | Self::NotNow | Self::SignInNeeded | Self::NoSite => 409,
            Self::SecretHandedOver | Self::SecretLost => 410,
            Self::TooManySessions | Self::TooManyStreams => 429,
            Self::TookTooLong => 504,
            Self::FolderUnwritable | Self::JobBroke => 500,
        }
    }

    /// The error as data.
    #[must_use]
    pub fn problem(self) -> Problem {
        Problem::of(&self)
    }

    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::KeyMissing => [
                "keyMissing",
                "the request has no key",
                "Open the newest address that the program has printed, or send its key as `Authorization: Bearer KEY`.",
            ],
            Self::KeyRefused => [
                "keyRefused",
                "the key is not valid, or a browser has used it up",
                "Open the newest address that the program has printed.",
            ],
            Self::HostRefused => [
                "hostRefused",
                "the request is for another host",
                "Use the address as the program has printed it.",
            ],
            Self::OriginRefused => [
                "originRefused",
                "the request comes from a page of another origin, or does not tell its origin",
                "Use the page that this service serves.",
            ],
            Self::UserMissing => [
                "userMissing",
                "the request has no user",
                "The program that mounts the router has to put a `User` into the request's extensions, after its own login.",
            ],
            Self::NotFound => [
                "notFound",
                "there is nothing at this address",
                "See openapi.json for the addresses.",
            ],
            Self::MethodNotAllowed => [
                "methodNotAllowed",
                "the address does not take this method",
                "See openapi.json for the methods.",
            ],
            Self::BodyTooLarge => ["bodyTooLarge", "the body is longer than 1 MiB", "Send less at once."],
            Self::DraftTooLarge => [
                "draftTooLarge",
                "the draft would be longer than 1 MiB",
                "The draft stays as it was. Fill in less.",
            ],
            Self::BodyUnreadable => [
                "bodyUnreadable",
                "the body is not the JSON that this address takes",
                "See openapi.json for what it takes.",
            ],
            Self::ContentTypeWrong => [
                "contentTypeWrong",
                "the body is not declared as JSON",
                "Send the header `content-type: application/json`, with an empty body, too.",
            ],
            Self::DraftMovedOn => [
                "draftMovedOn",
                "the draft was changed elsewhere meanwhile",
                "Load the session again, and repeat the change with its new `draftRevision`.",
            ],
            Self::PlanMovedOn => [
                "planMovedOn",
                "the session has another plan than this one",
                "Load the session again, and look at its plan.",
            ],
            Self::Busy => ["busy", "a job of this session is under way", "Wait for its end, or cancel it."],
            Self::NotNow => [
                "notNow",
                "this does not fit what the session has come to",
                "The session's `may` lists what may follow: a plan is made first, approved second and applied third.",
            ],
            Self::SignInNeeded => [
                "signInNeeded",
                "no account is signed in to the tenant",
                "Sign in first, in one of the ways that the service offers.",
            ],
            Self::SignInWayNotOffered => [
                "signInWayNotOffered",
                "the service does not offer this way to sign in, or the token is missing",
                "See `signInWays` of the service.",
            ],
            Self::NoSite => ["noSite", "the service has no site", "Start it with a site."],
            Self::NoSecret => [
                "noSecret",
                "the session has no secret to hand over",
                "A run that issues one keeps it until it is taken.",
            ],
            Self::SecretHandedOver => [
                "secretHandedOver",
                "the secret was handed over already, and is told once only",
                "If it is lost, make a plan with `reissueSecret`.",
            ],
            Self::SecretLost => [
                "secretLost",
                "the service ended while it held the secret, and no longer has it",
                "The session's `secret.handedOver` says what is known of its hand-over. If the secret is lost, make a plan with `reissueSecret`: it issues another one, and the lost one stays in the registration until its end.",
            ],
            Self::TooManySessions => ["tooManySessions", "the user has 50 sessions", "Delete one."],
            Self::TooManyStreams => ["tooManyStreams", "the session has 8 streams", "Close a page of this session."],
            Self::TookTooLong => ["tookTooLong", "the answer took longer than two minutes", "Try again."],
            Self::FolderUnwritable => [
                "folderUnwritable",
                "the folder for drafts and plans cannot be written",
                "See that the folder exists, has room, and can be written by the account that runs the service.",
            ],
            Self::JobBroke => [
                "jobBroke",
                "the job ended by an error of this program",
                "Run the same again: it finds what is there. Please report the error.",
            ],
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words()[1])
    }
}

impl Error for ServiceError {}

impl Diagnostic for ServiceError {
    fn code(&self) -> &'static str {
        self.words()[0]
    }

    fn help(&self) -> Cow<'_, str> {
        self.words()[2].into()
    }

    fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::TookTooLong | Self::TooManyStreams)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own() {
        let mut codes: Vec<_> = ServiceError::ALL.iter().map(Diagnostic::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ServiceError::ALL.len());
    }
}
