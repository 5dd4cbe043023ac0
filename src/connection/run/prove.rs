//! The pair is proven: a secret that was just issued signs in once, before it goes to the site or into the outcome.
//!
//! The proof decides nothing. The caller's sink has the secret by then, and what comes of the sign-in is told as
//! a finding and an event, never as a failure: a secret that is not accepted yet may be accepted a minute later,
//! and one that a policy blocks works once the policy excludes the app. In a renewal alone, a site keeps the secret that it
//! has until its successor was accepted.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use tokio::time::{Instant, timeout};

use crate::{
    connection::{
        plan::operation::{Operation, PlannedAction},
        report::{
            event::{EventKind, Verb},
            finding::{Finding, FindingCode},
            outcome::IssuedSecret,
            step::Step,
            step_error::StepFailure,
        },
        run::{
            context::Run,
            wait::{Attempt, repeat_while},
        },
    },
    error::{Diagnostic, DirectoryError, TokenError, TokenFailure},
    ids::ApplicationId,
    token::{ProbedResource, SecretProbe},
};

/// Invalid client secret: also said of a secret that the whole service does not know yet.
const UNKNOWN_SECRET: u32 = 7_000_215;

/// The app, or its service principal, is not there: also said of one that was made moments ago.
const UNKNOWN_APP: [u32; 2] = [700_016, 7_000_229];

/// Conditional Access and its kin. Source: *Microsoft Entra authentication and authorization error codes*.
const BY_POLICY: [u32; 3] = [53_003, 530_032, 530_035];

impl Run<'_> {
    /// Signs in once with the secret that this run has issued last, if the caller gave a probe. A second call for
    /// the same secret does nothing.
    pub(crate) async fn prove(&self) {
        let Some(probe) = self.inner.secret_probe.as_deref() else { return };
        let Some(issued) = self.issued() else { return };
        let Some(app) = self.app_of_secret() else { return };
        if self.state().tried.replace(issued.key_id) == Some(issued.key_id) {
            return;
        }
        let started = Instant::now();
        let signing_in = self.sign_in(probe, app, &issued);
        let result = self.emitter.step_of(Step::IssueSecret, signing_in).await;
        let accepted = match &result {
            Ok(()) => Some(true),
            Err(error) if is_refusal(error) && !self.is_not_yet(error) => Some(false),
            Err(_) => None,
        };
        self.state().is_proven = accepted == Some(true);
        self.emitter.emit(EventKind::SecretTried {
            key_id: issued.key_id,
            accepted,
        });
        self.find(match result {
            Ok(()) => Finding::note(FindingCode::NewSecretProven).with("keyId", issued.key_id),
            Err(error) => self.unproven(&error, started.elapsed()).with("keyId", issued.key_id),
        });
    }

    /// Signs in, and waits as long as the service may not know the secret yet.
    async fn sign_in(&self, probe: &dyn SecretProbe, app: ApplicationId, issued: &IssuedSecret) -> Result<(), TokenError> {
        let limit = self.inner.proof_limit;
        let tenant = self.document.tenant_id;
        let attempt = Attempt {
            policy: self.inner.wait_policy.with_deadline(limit),
            ..self.attempt(Step::IssueSecret, true)
        };
        let is_not_yet = |_: &Attempt<'_>, error: &DirectoryError| matches!(error, DirectoryError::Token(error) if self.is_not_yet(error));
        let signed_in = repeat_while(attempt, is_not_yet, async || {
            // A token for Microsoft Graph is issued without any permission, too.
            let asked = probe.probe(tenant, app, &issued.value, &ProbedResource::MicrosoftGraph);
            // An answer that never comes must not hold the run up.
            let answered = timeout(limit.max(Duration::from_secs(1)), asked).await;
            answered.unwrap_or_else(|_| Err(no_answer())).map_err(DirectoryError::Token)
        });
        match signed_in.await {
            Ok(_) => Ok(()),
            Err(error) => Err(last_token_error(error)),
        }
    }

    /// Whether a site that works must not get the new secret yet: it was tried out in a renewal and not accepted.
    pub(crate) fn keeps_back(&self) -> bool {
        let replaces = matches!(
            self.planned(Step::ImportServerApp).map(|change| &change.operation),
            Some(Operation::RenewSecret { by_hand: false, .. })
        );
        let is_tried = self.document.verb == Verb::RenewSecret && self.inner.secret_probe.is_some() && self.issued().is_some();
        replaces && is_tried && !self.state().is_proven
    }

    /// The app that the issued secret belongs to.
    fn app_of_secret(&self) -> Option<ApplicationId> {
        let made = self.state().server.as_ref().map(|server| server.app_id);
        made.or(self.document.server_app.application_id)
    }

    /// Whether the service may only not know secret, app or service principal yet.
    fn is_not_yet(&self, error: &TokenError) -> bool {
        has(error, &[UNKNOWN_SECRET]) || has(error, &UNKNOWN_APP) && self.app_is_fresh()
    }

    /// Whether this run has made the server app or its service principal.
    fn app_is_fresh(&self) -> bool {
        let is_made = |step| self.planned(step).is_some_and(|change| change.action == PlannedAction::Create);
        is_made(Step::RegisterServerApp) || is_made(Step::ServerServicePrincipal)
    }

    fn unproven(&self, error: &TokenError, waited: Duration) -> Finding {
        let codes = error.refusal().map(|refusal| &refusal.codes);
        if self.is_not_yet(error) {
            let not_yet = Finding::warning(FindingCode::NewSecretNotYetAccepted);
            return not_yet.with("seconds", waited.as_secs()).with("codes", codes);
        }
        if has(error, &BY_POLICY) || error.failure() == TokenFailure::Blocked {
            return Finding::warning(FindingCode::NewSecretBlocked).with("codes", codes);
        }
        let code = match is_refusal(error) {
            true => FindingCode::NewSecretRefused,
            false => FindingCode::NewSecretUnproven,
        };
        Finding::warning(code)
            .with("error", error.to_string())
            .with("help", error.help())
            .with("codes", codes)
    }
}

/// Runs the changes of a round with the proof beside them. If one of the changes fails, the run stops anyway, and
/// the proof is not waited for.
pub(crate) async fn beside(
    changes: impl Future<Output = Vec<Result<(), StepFailure>>>,
    proof: impl Future<Output = ()>,
) -> Vec<Result<(), StepFailure>> {
    let (changes, proof) = (pin!(changes), pin!(proof));
    match select(changes, proof).await {
        Either::Left((results, proof)) => {
            if results.iter().all(Result::is_ok) {
                proof.await;
            }
            results
        }
        Either::Right(((), changes)) => changes.await,
    }
}

/// Whether the sign-in service has answered no, and not just failed to answer.
fn is_refusal(error: &TokenError) -> bool {
    error.refusal().is_some()
        || matches!(
            error.failure(),
            TokenFailure::Blocked
                | TokenFailure::BadCredentials
                | TokenFailure::ApplicationRefused
                | TokenFailure::ConsentMissing
                | TokenFailure::WrongTenant
                | TokenFailure::WrongCloud
                | TokenFailure::Refused
        )
}

fn has(error: &TokenError, codes: &[u32]) -> bool {
    let refusal = error.refusal();
    refusal.is_some_and(|refusal| refusal.codes.iter().any(|code| codes.contains(code)))
}

fn no_answer() -> TokenError {
    TokenError::new(
        TokenFailure::Unreachable,
        "the sign-in service did not answer in time",
        "Check the way to the sign-in service: proxy, firewall, name resolution.",
    )
}

/// The last thing that the sign-in service has said, also at the end of a wait.
fn last_token_error(error: DirectoryError) -> TokenError {
    match error {
        DirectoryError::Token(error) => error,
        DirectoryError::ExceededMaxWait(wait) => last_token_error(wait.last().clone()),
        other => TokenError::provider(other),
    }
}
