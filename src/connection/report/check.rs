//! What a check has found, as data and as a monitoring plug-in prints it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    check_status::CheckStatus,
    expiry::{Expiry, ExpiryKind},
    finding::{Finding, FindingCode},
    problem::Problem,
    reading::Answer,
};
use crate::{
    ids::{ApplicationId, TenantId},
    text::clean,
};

/// The version of the form.
const VERSION: u32 = 1;

/// What [`check`](crate::AzureServicesConnection::check) or [`expiring`](crate::connection::expiring) has found of one
/// connection: how well it is, which secret ends next, and why.
///
/// It prints as a monitoring plug-in does: the status and the reason in the first line, with the days that are left as
/// performance data, and everything else in the lines below. It never has a secret's text.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cmg_onboarding::connection::CheckStatus;
///
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// connection.onboard(|_| ()).await?;
/// let check = connection.check(|_| ()).await?;
/// println!("{check}");
/// assert_eq!(check.status, CheckStatus::Ok);
/// std::process::ExitCode::from(check.status.exit_code());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Check {
    /// The version of this form, 1.
    pub version: u32,
    /// How well the connection is.
    pub status: CheckStatus,
    /// When it was read.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub checked_at: OffsetDateTime,
    /// The connection's name, or what the caller calls an app that is watched by its client id; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The tenant, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// *Application (client) ID* of the server app, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<ApplicationId>,
    /// The end that decides: of the secret that the site uses, else of the first valid one, else of the one that was valid
    /// last. `None` if no secret is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_expiry: Option<Expiry>,
    /// The end of every valid secret and certificate of the server app, and of the secret that the site uses, the first
    /// one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiries: Vec<Expiry>,
    /// Every finding, those that decide the status first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why tenant or site could not be read. The status is unknown then, unless what was read is critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl Check {
    pub(crate) const fn new(checked_at: OffsetDateTime) -> Self {
        Self {
            version: VERSION,
            status: CheckStatus::Ok,
            checked_at,
            name: None,
            tenant_id: None,
            application_id: None,
            next_expiry: None,
            expiries: Vec::new(),
            findings: Vec::new(),
            problem: None,
        }
    }

    /// How long the secret that decides is valid yet, in whole days; negative if it has expired.
    #[must_use]
    pub fn days_left(&self) -> Option<i64> {
        let left = self.next_expiry.as_ref()?.ends - self.checked_at;
        // A secret that ended an hour ago has not a whole day left, and not none either.
        Some(left.whole_seconds().div_euclid(Duration::DAY.whole_seconds()))
    }

    /// Whose check it is.
    fn subject(&self) -> String {
        let app = self.application_id.map(|id| format!("app {id}"));
        let tenant = self.tenant_id.map(|id| format!("tenant {id}"));
        let name = self.name.clone().or(app).or(tenant);
        name.unwrap_or_else(|| "the connection".to_owned())
    }

    /// Why the status is what it is.
    fn reason(&self) -> String {
        let expiry = self.next_expiry.as_ref().map(|next| self.in_words(next));
        let decisive = self.findings.first().filter(|_| self.status != CheckStatus::Ok);
        let problem = self.problem.as_ref().filter(|_| self.status == CheckStatus::Unknown);
        // The sentence on the end says the same, and how many days are left.
        let decisive = decisive.filter(|finding| expiry.is_none() || !is_of_end(finding.code()));
        let why = problem
            .map(|problem| sentence(&problem.message))
            .or_else(|| decisive.map(|finding| finding.message().to_owned()));
        match (why, expiry) {
            (Some(why), Some(expiry)) => format!("{why} {expiry}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "No secret is known.".to_owned(),
        }
    }

    fn in_words(&self, next: &Expiry) -> String {
        let what = match next.used_by_site {
            Answer::Yes => "The secret that the site uses",
            Answer::No => "A secret that the site does not use",
            Answer::Unknown => "Which secret the site uses is not known; the first one",
        };
        let (day, days) = (next.ends.date(), self.days_left().unwrap_or_default());
        match (next.ends <= self.checked_at, days) {
            (true, _) => format!("{what} expired on {day}."),
            (false, 0) => format!("{what} ends on {day}, in less than a day."),
            (false, 1) => format!("{what} ends on {day}, in 1 day."),
            (false, days) => format!("{what} ends on {day}, in {days} days."),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} - {}: {}", self.status, plain(&self.subject()), plain(&self.reason()))?;
        if let Some(days) = self.days_left() {
            write!(formatter, " | days_left={days}")?;
        }
        for expiry in &self.expiries {
            write!(formatter, "\n{}", plain(&line(expiry)))?;
        }
        if let Some(problem) = &self.problem {
            // If it is the reason, the first line has told it.
            let is_told = self.status == CheckStatus::Unknown;
            let message = if is_told { String::new() } else { sentence(&problem.message) + " " };
            write!(formatter, "\n{}", plain(&format!("{message}{}", problem.help)))?;
        }
        for finding in &self.findings {
            write!(formatter, "\n{}", plain(&finding.to_string()))?;
        }
        Ok(())
    }
}

const fn is_of_end(code: FindingCode) -> bool {
    matches!(
        code,
        FindingCode::SiteSecretExpired
            | FindingCode::SiteSecretExpiresSoon
            | FindingCode::RegisteredSecretExpired
            | FindingCode::FirstSecretExpiresSoon
    )
}

fn line(expiry: &Expiry) -> String {
    let kind = match expiry.kind {
        ExpiryKind::Secret => "Secret",
        ExpiryKind::Certificate => "Certificate",
    };
    let id = expiry
        .key_id
        .map_or_else(|| "not in the registration".to_owned(), |id| id.to_string());
    let description = expiry.description.as_deref().map(|text| format!(" \"{text}\"")).unwrap_or_default();
    let use_of_it = match (expiry.kind, expiry.used_by_site) {
        (ExpiryKind::Certificate, _) => "",
        (_, Answer::Yes) => "; the site uses it",
        (_, Answer::No) => "; the site does not use it",
        (_, Answer::Unknown) => "; which one the site uses is not known",
    };
    format!("{kind} {id}{description} ends on {}{use_of_it}.", expiry.ends.date())
}

/// An error's message as a sentence.
fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str().trim_end_matches('.'))
}

/// In the output of a plug-in a bar begins the performance data, and each line ends with its break.
fn plain(text: &str) -> String {
    clean(text).replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::report::{step::Step, step_error::StepError};
    use time::macros::datetime;

    fn check(ends: OffsetDateTime) -> Check {
        let mut check = Check::new(datetime!(2026-11-24 12:00 UTC));
        check.next_expiry = Some(Expiry {
            kind: ExpiryKind::Secret,
            ends,
            used_by_site: Answer::Yes,
            key_id: None,
            description: None,
            is_own: false,
            issued_for: None,
        });
        check
    }

    #[test]
    fn days_are_counted_whole_and_below_zero_once_the_secret_has_expired() {
        for (ends, days) in [
            (datetime!(2026-11-26 12:00 UTC), 2),
            (datetime!(2026-11-26 11:59 UTC), 1),
            (datetime!(2026-11-24 12:01 UTC), 0),
            (datetime!(2026-11-24 12:00 UTC), 0),
            (datetime!(2026-11-24 11:59 UTC), -1),
            (datetime!(2026-11-23 12:00 UTC), -1),
            (datetime!(2026-11-22 13:00 UTC), -2),
        ] {
            assert_eq!(check(ends).days_left(), Some(days), "{ends}");
        }
    }

    #[test]
    fn a_name_breaks_neither_the_line_nor_the_performance_data() {
        let mut check = check(datetime!(2026-11-26 12:00 UTC));
        check.name = Some("CMG | days_left=900\nOK".to_owned());
        let text = check.to_string();
        assert_eq!(text.lines().count(), 1);
        assert_eq!(text.matches('|').count(), 1);
        assert!(text.ends_with(" | days_left=2"), "{text}");
    }

    #[test]
    fn the_first_line_tells_what_decides_and_an_end_only_by_its_day() {
        let mut check = check(datetime!(2026-11-26 12:00 UTC));
        let ends = check.reason();
        assert_eq!(ends, "The secret that the site uses ends on 2026-11-26, in 2 days.");
        let not_done = Finding::warning(FindingCode::StepNotDone).with("step", Step::ImportTenant);
        let expired = Finding::blocker(FindingCode::SiteSecretExpired);
        check.findings = vec![not_done.clone()];
        assert_eq!(check.reason(), ends, "what is well has no reason");
        check.status = CheckStatus::Warning;
        assert_eq!(check.reason(), format!("{} {ends}", not_done.message()));
        check.findings = vec![expired.clone()];
        assert_eq!(check.reason(), ends);
        check.next_expiry = None;
        assert_eq!(check.reason(), expired.message());
    }

    #[test]
    fn the_message_of_a_problem_is_told_once_as_the_reason_or_beside_what_decides() {
        let problem = Problem::of(&StepError::SecretTextMissing);
        let (message, help) = (sentence(&problem.message), plain(&problem.help));
        let mut check = check(datetime!(2026-11-26 12:00 UTC));
        check.problem = Some(problem);
        for (status, is_reason) in [(CheckStatus::Unknown, true), (CheckStatus::Critical, false)] {
            check.status = status;
            let text = check.to_string();
            let (first, second) = text.split_once('\n').unwrap();
            assert_eq!(first.contains(&message), is_reason, "{text}");
            let beside = if is_reason { help.clone() } else { format!("{message} {help}") };
            assert_eq!(second, beside);
        }
    }
}
