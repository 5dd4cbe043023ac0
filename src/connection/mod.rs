//! Sets up an Azure service connection of type Cloud Management, renews its secret, and removes it again.
//!
//! # The way through it
//!
//! | stage | call | what it gives | writes |
//! | --- | --- | --- | --- |
//! | specification | [`ConnectionSpec::builder`](crate::ConnectionSpec::builder), or parsed from JSON | the wanted connection, valid as a whole | no |
//! | connection | [`AzureServicesConnection::builder`] | the specification with a directory, a site, or both | no |
//! | preflight | [`preflight`](AzureServicesConnection::preflight) | [`Preflight`]: who is signed in, and every [`Finding`] | no |
//! | plan | [`plan`](AzureServicesConnection::plan) | [`Plan`]: every [`Change`] in the order of the run, or [`Blocked`] | no |
//! | apply | [`Plan::apply`] | [`Outcome`], or [`OnboardingError`] with the report of what was done | yes |
//!
//! [`onboard`](AzureServicesConnection::onboard) is plan and apply in one call.
//! [`plan_removal`](AzureServicesConnection::plan_removal) and [`remove`](AzureServicesConnection::remove) do
//! the same for a removal, [`plan_settings_update`](AzureServicesConnection::plan_settings_update) and
//! [`update_settings`](AzureServicesConnection::update_settings) for the settings of the app registrations, and
//! [`plan_renewal`](AzureServicesConnection::plan_renewal) and
//! [`renew_secret`](AzureServicesConnection::renew_secret) for a renewal of the server app's secret.
//!
//! ```
//! use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec};
//! use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spec = ConnectionSpec::builder("Contoso CMG")
//!     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
//!     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
//!     .build()?;
//! let connection = AzureServicesConnection::builder(spec)
//!     .directory(EmulatedTenant::new().directory())
//!     .site(EmulatedSite::new())
//!     .build()?;
//!
//! let preflight = connection.preflight(|_| ()).await?;
//! for finding in preflight.findings() {
//!     println!("{finding}");
//! }
//! let plan = preflight.into_plan()?; // or `connection.plan(|_| ())`, which reads and plans in one call
//! println!("{plan}"); // the wizard's Summary page
//!
//! let outcome = plan.apply(|event| println!("{event}")).await?;
//! println!("{}", outcome.report);
//! for next in &outcome.next_steps {
//!     println!("{next}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Which type to use when
//!
//! - To set up one tenant: [`AzureServicesConnection`]. To set up many from one process: [`onboard_many`], or
//!   [`onboard_stream`] if handling a result takes its time.
//! - To have a plan approved by one person and carried out later, in another process: [`PlanDocument`] and
//!   [`plan_from`](AzureServicesConnection::plan_from), which answers [`StalePlan`] if the plan would do
//!   something else by then.
//! - To change a connection whose specification is lost: [`reusing`].
//! - To verify values that an administrator is about to import, as *Verify* in the console does:
//!   [`ImportVerifier`].
//! - To watch a connection, with the exit codes of monitoring plug-ins: [`check`](AzureServicesConnection::check). To
//!   watch when the secrets of many tenants end: [`expiring`].
//! - To have a change approved by a review board: [`Plan::review`], as text and as data.
//! - To see what there is, without a specification: [`connections`]; with one: [`view`](AzureServicesConnection::view).
//! - To find and remove what a forgotten specification has made: [`registrations`].
//! - To show progress: [`Event`], which each verb gives to its callback. To end a run early: [`Cancel`], or a
//!   [`deadline`](AzureServicesConnectionBuilder::deadline).
//! - To have each issued secret in a vault before anything else can fail: [`SecretSink`].
//! - To show an error or store it: [`Problem`], one form for every error.
//!
//! # What it guarantees
//!
//! - Nothing writes but carrying out a plan, and a plan runs exactly the changes that it shows.
//! - A run that was cancelled, killed or cut off is repaired if the same specification is run again: each
//!   step finds what it has made by a key that was chosen beforehand. There is no state file.
//! - The plan after a successful run has nothing to change ([`Plan::is_empty`]), once the directory shows everywhere what the run has
//!   made.
//! - A plan for one tenant never writes into another one.
//! - A secret that a site may be using is never removed without the caller's wish.
//! - No event, report, plan or error in JSON ever carries a secret's text.
//!
//! # How it works inside
//!
//! A connection *reads* tenant and site into one snapshot. *Checks* and the *plan* are functions of snapshot
//! and specification, and send no request. A *view* puts what was read side by side. A *run* carries the plan's changes out, round by round. What a
//! caller receives is in *report*.

mod builder;
mod check;
mod expiring;
mod handle;
mod many;
mod plan;
mod preflight;
mod read;
mod report;
mod reused;
mod run;
mod verbs;
mod view;

pub use builder::AzureServicesConnectionBuilder;
pub use check::{
    rules::{Consents, RemovalScope},
    sign_in::SignInSummary,
    verify::ImportVerifier,
};
pub use expiring::{WatchedApp, expiring, expiring_stream};
pub use handle::AzureServicesConnection;
pub use many::{ManyResult, onboard_many, onboard_stream};
pub use plan::{
    Plan,
    change::{Change, When},
    difference::PropertyChange,
    document::{PlanDocument, PlannedSite},
    operation::{Operation, PlannedAction, PlannedSecret, Reference},
    review,
    target::{AppSource, PlannedApp},
};
pub use preflight::Preflight;
pub use report::{
    blocked::Blocked,
    catalogue::{Catalogue, Wording},
    check::Check,
    check_status::CheckStatus,
    error::{ApplyError, OnboardingError},
    event::{Event, EventKind, RunId, Verb},
    expiry::{Expiry, ExpiryKind},
    finding::{Finding, FindingCode, Severity},
    incomplete::IncompleteConnection,
    next_step::NextStep,
    next_step_code::NextStepCode,
    outcome::{AppOutcome, ClientSettings, IssuedSecret, Outcome, Report, StepReport},
    problem::{Problem, ProblemFailure},
    read_error::ReadError,
    reading::{Answer, Reading},
    stale_plan::{PlanDifference, StalePlan},
    step::{AppRole, Step, StepAction},
    step_error::{StepError, StepFailure},
    verification::Verification,
    written::Written,
};
pub use reused::reusing;
pub use run::{
    cancel::Cancel,
    secret_sink::{NewSecret, SecretSink, SecretSinkError},
};
pub use view::{
    ViewOptions, connections,
    inventory::{Inventory, InventoryEntry, registrations},
    model::{AppView, ConnectionView, ConnectionsView, ConsentView, RegistrationView, SecretIssuer, SecretView},
};
