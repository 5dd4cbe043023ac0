//! What any [`Directory`] must do: the frame of the suite, and what its parts share.
//!
//! `apps`, `secrets`, `consents` and `deletion` hold the checks; `tidy` removes what the suite has made. All
//! of them use names that begin with the caller's prefix.

mod apps;
mod consents;
mod deletion;
mod secrets;
mod tidy;

use std::{future::Future, pin::Pin, time::Duration};

use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use super::violation::{Check, ContractViolation};
use crate::{
    WaitPolicy,
    call::Call,
    clock::{Clock, SystemClock},
    directory::{Application, ApplicationKey, ApplicationProperties, Directory, NewApplication},
    error::{DirectoryError, Effect, RefusalReason},
    ids::ApplicationId,
};

type Checked = Result<(), ContractViolation>;

/// What an operation of the trait gives.
type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, DirectoryError>> + Send + 'a>>;

/// How long it is asked for what was written and does not show.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The directory under test, and the beginning of the names that may be used.
#[derive(Debug, Clone, Copy)]
struct Suite<'a> {
    directory: &'a dyn Directory,
    prefix: &'a str,
}

pub(super) async fn reads(directory: &dyn Directory, prefix: &str) -> Checked {
    let suite = Suite { directory, prefix };
    suite.tenant_and_signed_in_agree().await?;
    suite.a_missing_object_is_none().await?;
    suite.groups_are_those_that_were_named().await
}

pub(super) async fn writes(directory: &dyn Directory, prefix: &str) -> Checked {
    let suite = Suite { directory, prefix };
    suite.tidy().await?;
    let checked = suite.all_writes().await;
    // Also after a violation, which is what is told then.
    let tidied = suite.tidy().await;
    checked.and(tidied)
}

impl<'a> Suite<'a> {
    async fn all_writes(self) -> Checked {
        self.apps().await?;
        self.secrets().await?;
        self.consents().await?;
        self.deletion().await
    }

    async fn tenant_and_signed_in_agree(self) -> Checked {
        let check = Check("tenant_and_signed_in_agree");
        let signed_in = self.directory.signed_in(Call::quiet()).await.map_err(check.failed("signed_in"))?;
        let tenant = self.directory.tenant(Call::quiet()).await.map_err(check.failed("tenant"))?;
        let agree = signed_in.tenant_id.is_none_or(|id| id == tenant.id);
        check.holds(agree, "one tenant from both", (signed_in.tenant_id, tenant.id))?;
        check.holds(!tenant.site_name().is_empty(), "a tenant with a name", &tenant)
    }

    async fn a_missing_object_is_none(self) -> Checked {
        let check = Check("a_missing_object_is_none");
        let directory = self.directory;
        let nowhere = ApplicationId::new(Uuid::new_v4());
        let name = self.name(&nowhere.to_string());
        for key in [ApplicationKey::ApplicationId(nowhere), ApplicationKey::UniqueName(name.clone())] {
            let found = directory.application(Call::quiet(), &key).await;
            let found = found.map_err(check.failed("application, of a key that is nowhere"))?;
            check.holds(found.is_none(), "no application", found)?;
        }
        let found = directory.application_with_uri(Call::quiet(), &format!("api://{nowhere}")).await;
        let found = found.map_err(check.failed("application_with_uri, of a URI that is nowhere"))?;
        check.holds(found.is_none(), "no application", found)?;
        let found = directory.service_principal(Call::quiet(), nowhere).await;
        let found = found.map_err(check.failed("service_principal, of an application that is nowhere"))?;
        check.holds(found.is_none(), "no service principal", found)
    }

    /// Optional, so that a refusal breaks nothing. The second name would end a filter that it is not data in.
    async fn groups_are_those_that_were_named(self) -> Checked {
        let check = Check("groups_are_those_that_were_named");
        let nowhere = Uuid::new_v4();
        let names = [self.name(&nowhere.to_string()), self.name("' or displayName ne '")];
        match self.directory.groups_by_name(Call::quiet(), &names).await {
            Ok(found) => check.holds(found.is_empty(), "no group", found),
            Err(DirectoryError::NotSupported(_)) => Ok(()),
            Err(error) if error.refusal() == Some(RefusalReason::PermissionMissing) => Ok(()),
            Err(error) => Err(check.failed("groups_by_name, of names that no group has")(error)),
        }
    }

    /// A unique name, or a display name, of this suite.
    fn name(self, rest: &str) -> String {
        format!("{}-{rest}", self.prefix)
    }

    /// An app registration of this suite, with no more than a name.
    fn properties(self, rest: &str) -> ApplicationProperties {
        ApplicationProperties {
            display_name: Some(self.name(rest)),
            unique_name: Some(self.name(rest)),
            sign_in_audience: Some("AzureADMyOrg".to_owned()),
            ..ApplicationProperties::default()
        }
    }

    async fn created(self, check: Check, new: &NewApplication) -> Result<Application, ContractViolation> {
        let created = self.directory.create_application(Call::quiet(), new).await;
        created.map_err(check.failed("create_application"))
    }

    /// The app registration as it is read, once it is as it must be.
    async fn shown(
        self,
        check: Check,
        key: &ApplicationKey,
        expected: &str,
        is_expected: impl Fn(&Application) -> bool,
    ) -> Result<Application, ContractViolation> {
        let directory = self.directory;
        let ask = || directory.application(Call::quiet(), key);
        let found = shown(check, "application", ask, |found: &Option<Application>| {
            found.as_ref().is_some_and(&is_expected)
        })
        .await?;
        match found {
            Some(found) if is_expected(&found) => Ok(found),
            found => Err(check.broken(expected, format!("{found:?}"))),
        }
    }
}

/// Reads until what is read is as it must be, or for as long as the suite waits; gives what was read last.
async fn shown<'a, T>(
    check: Check,
    operation: &str,
    ask: impl Fn() -> Asked<'a, T>,
    is_expected: impl Fn(&T) -> bool,
) -> Result<T, ContractViolation> {
    let mut waits = WaitPolicy::default().with_deadline(LONGEST_WAIT).waits();
    loop {
        let answer = ask().await;
        let is_final = match &answer {
            Ok(found) => is_expected(found),
            Err(error) => !error.may_be_replication(),
        };
        match waits.next().filter(|_| !is_final) {
            Some(delay) => sleep(delay).await,
            None => return answer.map_err(check.failed(operation)),
        }
    }
}

/// Writes, again for as long as the suite waits if it is refused because an object of this suite is not there yet.
async fn written<'a, T>(check: Check, operation: &str, ask: impl Fn() -> Asked<'a, T>) -> Result<T, ContractViolation> {
    shown(check, operation, ask, |_| true).await
}

/// A write is refused for one of these reasons, without having any effect.
fn refused<T: std::fmt::Debug>(check: Check, answer: Result<T, DirectoryError>, reasons: &[RefusalReason]) -> Checked {
    let expected = format!("a refusal, as one of {reasons:?}");
    let Err(error) = answer else {
        return Err(check.broken(expected, format!("{answer:?}")));
    };
    let is_reason = error.refusal().is_some_and(|reason| reasons.contains(&reason));
    check.holds(is_reason, &expected, &error)?;
    let has_no_effect = matches!(&error, DirectoryError::Refused(refused) if refused.effect() == Effect::None);
    check.holds(has_no_effect, "a refusal without effect", &error)
}

/// A moment in whole seconds, half a year from now: what every directory keeps as it is.
fn half_a_year_ahead() -> OffsetDateTime {
    let moment = SystemClock.now() + time::Duration::days(180);
    moment.replace_nanosecond(0).unwrap_or(moment)
}
