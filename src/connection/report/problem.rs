//! Every error as one form of data.

use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::{
    connection::report::{
        error::{ApplyError, OnboardingError},
        finding::Finding,
        read_error::ReadError,
        stale_plan::PlanDifference,
        step::Step,
        step_error::{StepError, StepFailure},
        written::Written,
    },
    error::{Diagnostic, DirectoryError, RequestTrace, SignInRefusal, SiteError, TokenError, chain},
    ids::TenantId,
    spec::Violation,
};

/// The version of the form that this version of the crate writes.
const VERSION: u32 = 1;

/// An error as data: what a service answers with, what a front end shows, what a log keeps. It never holds a
/// secret.
///
/// It is made after RFC 9457 (*Problem Details for HTTP APIs*): `code` stands for the type, `message` for
/// title and detail, `request` for the instance. What is empty is left out of the JSON, and a reader takes it
/// as empty.
///
/// ```json
/// {
///   "version": 1,
///   "code": "permissionMissing",
///   "message": "the run stopped at the step \"Register the web (server) app\": the directory refused with ...",
///   "help": "The signed-in account needs a role ...",
///   "retryable": false,
///   "effect": "nothing",
///   "step": "registerServerApp",
///   "tenant": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
///   "request": { "method": "POST", "path": "/v1.0/applications", "status": 403, "requestId": "...", "attempts": 1 }
/// }
/// ```
///
/// ```
/// use cmg_onboarding::{ConnectionSpec, OnboardingError, connection::Problem};
///
/// let error = OnboardingError::from("{}".parse::<ConnectionSpec>().unwrap_err());
/// let problem = error.problem();
/// assert_eq!(problem.code, "invalidSpec");
/// let text = serde_json::to_string(&problem).unwrap();
/// assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Problem {
    /// The version of this form, 1.
    pub version: u32,
    /// What went wrong, for programs: see [`Diagnostic::code`].
    pub code: String,
    /// What went wrong, for people: the error and all its sources in one line.
    pub message: String,
    /// What to do about it: see [`Diagnostic::help`].
    pub help: String,
    /// Whether the same call, repeated later, may succeed: see [`Diagnostic::is_retryable`].
    pub retryable: bool,
    /// Whether tenant or site were changed.
    pub effect: Written,
    /// The step that failed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The tenant, if the error knows it. A caller with many tenants may fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The request that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestTrace>,
    /// What the sign-in service said, if it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInRefusal>,
    /// Every step that failed, if more than one did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ProblemFailure>,
    /// Everything that was found before it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Every wrong field of the specification.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// What has changed since the plan was approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<PlanDifference>,
}

/// One step that failed, in a [`Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProblemFailure {
    /// Which step.
    pub step: Step,
    /// What went wrong, for programs.
    pub code: String,
    /// What went wrong, for people.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Whether the same call, repeated later, may succeed.
    pub retryable: bool,
    /// The request that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestTrace>,
}

impl Problem {
    /// The data of any error of this crate, or of an own one that tells as much. Its effect is
    /// [`Written::Nothing`].
    #[must_use]
    pub fn of(error: &(dyn Diagnostic + 'static)) -> Self {
        Self {
            version: VERSION,
            code: error.code().to_owned(),
            message: chain(error),
            help: error.help().into_owned(),
            retryable: error.is_retryable(),
            effect: Written::Nothing,
            step: None,
            tenant: None,
            request: error.trace().cloned(),
            sign_in: sign_in_refusal(error),
            failures: Vec::new(),
            findings: Vec::new(),
            violations: Vec::new(),
            differences: Vec::new(),
        }
    }

    const fn with_effect(mut self, is_unknown: bool) -> Self {
        if is_unknown {
            self.effect = Written::Unknown;
        }
        self
    }
}

/// What the sign-in service said, however deep it lies.
fn sign_in_refusal(error: &(dyn Error + 'static)) -> Option<SignInRefusal> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(token) = error.downcast_ref::<TokenError>() {
            return token.refusal().cloned();
        }
        next = error.source();
    }
    None
}

impl From<&StepFailure> for ProblemFailure {
    fn from(failure: &StepFailure) -> Self {
        let error = &failure.error;
        Self {
            step: failure.step,
            code: error.code().to_owned(),
            message: chain(error),
            help: error.help().into_owned(),
            retryable: error.is_retryable(),
            request: error.trace().cloned(),
        }
    }
}

impl From<&TokenError> for Problem {
    fn from(error: &TokenError) -> Self {
        Self::of(error)
    }
}

impl From<&DirectoryError> for Problem {
    fn from(error: &DirectoryError) -> Self {
        Self::of(error).with_effect(error.may_have_been_carried_out())
    }
}

impl From<&SiteError> for Problem {
    fn from(error: &SiteError) -> Self {
        Self::of(error).with_effect(error.may_have_been_carried_out())
    }
}

impl From<&ReadError> for Problem {
    fn from(error: &ReadError) -> Self {
        Self::of(error)
    }
}

impl From<&ApplyError> for Problem {
    fn from(error: &ApplyError) -> Self {
        let failures = match error.failures() {
            [_] => Vec::new(),
            several => several.iter().map(ProblemFailure::from).collect(),
        };
        Self {
            effect: error.effect(),
            step: Some(error.step()),
            tenant: Some(error.tenant_id()),
            failures,
            findings: error.findings().to_vec(),
            differences: match error.error() {
                StepError::Stale(stale) => stale.differences.clone(),
                _ => Vec::new(),
            },
            ..Self::of(error)
        }
    }
}

impl From<&OnboardingError> for Problem {
    fn from(error: &OnboardingError) -> Self {
        let mut problem = match error {
            OnboardingError::Apply(error) => return error.into(),
            other => Self::of(other),
        };
        problem.findings = error.findings().to_vec();
        match error {
            OnboardingError::Spec(error) => problem.violations = error.violations().to_vec(),
            OnboardingError::Stale(error) => problem.differences.clone_from(&error.differences),
            _ => {}
        }
        problem
    }
}

impl OnboardingError {
    /// The error as data, for front ends and logs.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.into()
    }
}

#[cfg(test)]
mod tests;
