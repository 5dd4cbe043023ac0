//! What each address does.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Uri},
    response::Response,
};
use cmg_onboarding::{
    ConnectionSpec, Outcome,
    connection::Cancel,
    hand_over::{HandOver, HandOverError, Recipient},
    spec::ConnectionDraft,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{
    answer::{Refusal, body, first_violations, json as answer, parameter},
    drive::{self, Connecting},
    live::Live,
    place::SignInWay,
    service::Service,
    sign_in,
    user::User,
    work::Work,
};
use crate::{
    refusal::ServiceError,
    session::{Session, phase::JobKind, settings::JobSettings},
};

/// How long an answer may be waited for with `?wait=`.
const LONGEST_WAIT: u64 = 60;

/// One request: whose it is, and what it names.
pub(super) struct Asked {
    pub(super) service: Service,
    pub(super) user: User,
    pub(super) session: Option<Uuid>,
    pub(super) request: Request<Body>,
}

pub(super) type Answer = Result<Response, Refusal>;

impl Asked {
    pub(super) fn live(&self) -> Result<Arc<Live>, Refusal> {
        let id = self.session.ok_or(ServiceError::NotFound)?;
        Ok(self.service.find(&self.user, id)?)
    }

    pub(super) fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// How long the caller wants to wait for a job. It is read before the job begins.
    fn wait(&self) -> Result<Duration, Refusal> {
        let wait = parameter(self.uri(), "wait").map_or(Ok(0), |text| text.parse());
        let wait: u64 = wait.map_err(|_| ServiceError::BodyUnreadable)?;
        Ok(Duration::from_secs(LONGEST_WAIT.min(wait)))
    }
}

/// The body of a request that names nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) async fn service(asked: Asked) -> Answer {
    Ok(answer(200, &asked.service.description(&asked.user)))
}

pub(super) async fn list(asked: Asked) -> Answer {
    Ok(answer(200, &asked.service.list(&asked.user)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beginning {
    #[serde(default)]
    draft: Option<ConnectionDraft>,
}

pub(super) async fn create(asked: Asked) -> Answer {
    let begun: Beginning = body(asked.request).await?;
    let live = asked.service.create(&asked.user)?;
    let now = live.clock.now();
    let filled = live.change(|session| match begun.draft {
        Some(draft) => session.replace_draft(0, draft, now),
        None => Ok(()),
    });
    if let Err(error) = filled {
        asked.service.discard(&live);
        return Err(error.into());
    }
    Ok(answer(201, &live.look(Session::model)))
}

pub(super) async fn show(asked: Asked) -> Answer {
    Ok(answer(200, &asked.live()?.look(Session::model)))
}

pub(super) async fn delete(asked: Asked) -> Answer {
    let id = asked.session.ok_or(ServiceError::NotFound)?;
    asked.service.remove(&asked.user, id)?;
    let mut nothing = Response::new(Body::empty());
    *nothing.status_mut() = axum::http::StatusCode::NO_CONTENT;
    Ok(nothing)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edits {
    revision: u64,
    fields: Map<String, Value>,
}

pub(super) async fn edit(asked: Asked) -> Answer {
    let live = asked.live()?;
    let edits: Edits = body(asked.request).await?;
    let now = live.clock.now();
    live.change(|session| session.edit(edits.revision, &edits.fields, now))?;
    Ok(answer(200, &live.look(Session::model)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeDraft {
    revision: u64,
    draft: ConnectionDraft,
}

pub(super) async fn replace(asked: Asked) -> Answer {
    let live = asked.live()?;
    let whole: WholeDraft = body(asked.request).await?;
    let now = live.clock.now();
    live.change(|session| session.replace_draft(whole.revision, whole.draft, now))?;
    Ok(answer(200, &live.look(Session::model)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    path: Option<String>,
    #[serde(default)]
    value: Value,
    draft: Option<ConnectionDraft>,
}

pub(super) async fn validate(asked: Asked) -> Answer {
    let typed: Typed = body(asked.request).await?;
    let violations = match (typed.path, typed.draft) {
        (Some(path), None) => ConnectionDraft::check(&path, typed.value),
        (None, Some(draft)) => draft.violations(),
        _ => return Err(ServiceError::BodyUnreadable.into()),
    };
    Ok(answer(200, &first_violations(&violations)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInAsked {
    way: SignInWay,
    token: Option<String>,
}

pub(super) async fn sign_in(asked: Asked) -> Answer {
    let (live, wait) = (asked.live()?, asked.wait()?);
    let place = asked.service.place(&asked.user);
    let wanted: SignInAsked = body(asked.request).await?;
    let is_complete = (wanted.way == SignInWay::Token) == wanted.token.as_ref().is_some_and(|token| !token.trim().is_empty());
    if !place.offers(wanted.way) || !is_complete {
        return Err(ServiceError::SignInWayNotOffered.into());
    }
    let now = live.clock.now();
    let begin = |session: &mut Session| session.begin(JobKind::SignIn, session.settings().clone(), now);
    match (wanted.way, wanted.token, place.tokens.clone()) {
        (SignInWay::Token, Some(token), _) => live.change(|session| {
            begin(session)?;
            sign_in::with_token(&live, session, token.trim().to_owned());
            Ok::<_, ServiceError>(())
        })?,
        (SignInWay::Provided, _, Some(tokens)) => live.change(|session| {
            begin(session)?;
            sign_in::provided(&live, session, tokens);
            Ok::<_, ServiceError>(())
        })?,
        (way, ..) => live.begin(|session| {
            begin(session)?;
            let environment = session.environment();
            Ok::<_, ServiceError>(Work::reading(sign_in::by_person(live.clone(), place, environment, way)))
        })?,
    }
    after_job(&live, wait).await
}

pub(super) async fn sign_out(asked: Asked) -> Answer {
    let live = asked.live()?;
    let Nothing {} = body(asked.request).await?;
    let now = live.clock.now();
    live.change(|session| session.signed_out(now))?;
    Ok(answer(200, &live.look(Session::model)))
}

pub(super) async fn preflight(asked: Asked) -> Answer {
    let (live, wait) = (asked.live()?, asked.wait()?);
    let place = asked.service.place(&asked.user);
    let settings: JobSettings = body(asked.request).await?;
    let now = live.clock.now();
    live.begin(|session| {
        let connecting = Connecting::of(&live, session, place)?;
        session.begin(JobKind::Preflight, settings.clone(), now)?;
        Ok::<_, Refusal>(Work::reading(drive::preflight(live.clone(), connecting, settings)))
    })?;
    after_job(&live, wait).await
}

pub(super) async fn plan(asked: Asked) -> Answer {
    let (live, wait) = (asked.live()?, asked.wait()?);
    let place = asked.service.place(&asked.user);
    let settings: JobSettings = body(asked.request).await?;
    let now = live.clock.now();
    live.begin(|session| {
        let connecting = Connecting::of(&live, session, place)?;
        session.begin(JobKind::Plan, settings.clone(), now)?;
        Ok::<_, Refusal>(Work::reading(drive::plan(live.clone(), connecting, settings)))
    })?;
    after_job(&live, wait).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlanNamed {
    plan_id: Uuid,
}

pub(super) async fn approve(asked: Asked) -> Answer {
    let live = asked.live()?;
    let named: PlanNamed = body(asked.request).await?;
    let now = live.clock.now();
    live.change(|session| session.approve(named.plan_id, now))?;
    Ok(answer(200, &live.look(Session::model)))
}

pub(super) async fn apply(asked: Asked) -> Answer {
    let (live, wait) = (asked.live()?, asked.wait()?);
    let place = asked.service.place(&asked.user);
    let named: PlanNamed = body(asked.request).await?;
    let now = live.clock.now();
    live.begin(|session| {
        session.is_plan(named.plan_id)?;
        let connecting = Connecting::of(&live, session, place)?;
        let settings = session.settings().clone();
        session.begin(JobKind::Apply, settings.clone(), now)?;
        let approved = session.plan().cloned().ok_or(ServiceError::NotNow)?;
        let cancel = Cancel::new();
        let work = drive::apply(live.clone(), connecting, settings, approved, cancel.clone());
        Ok::<_, Refusal>(Work::writing(work, cancel))
    })?;
    after_job(&live, wait).await
}

pub(super) async fn cancel(asked: Asked) -> Answer {
    let (live, wait) = (asked.live()?, asked.wait()?);
    let Nothing {} = body(asked.request).await?;
    live.stop()?;
    after_job(&live, wait).await
}

pub(super) async fn secret(asked: Asked) -> Answer {
    let live = asked.live()?;
    let Nothing {} = body(asked.request).await?;
    let now = live.clock.now();
    let shown = live.take(|session| {
        let application = session.secret_application();
        let secret = session.take_secret(now)?;
        Ok::<_, ServiceError>(json!({
            "applicationId": application,
            "keyId": secret.key_id,
            "expiresOn": secret.expires_on.format(&Rfc3339).unwrap_or_default(),
            "value": secret.value.expose(),
        }))
    })?;
    Ok(answer(200, &shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HandOverAsked {
    recipient_certificate: String,
    days: u8,
}

pub(super) async fn hand_over(asked: Asked) -> Answer {
    let live = asked.live()?;
    let wanted: HandOverAsked = body(asked.request).await?;
    if !(1..=30).contains(&wanted.days) {
        return Err(ServiceError::BodyUnreadable.into());
    }
    let now = live.clock.now();
    let shown = live.take(|session| {
        let (spec, outcome) = session.to_hand_over()?;
        let sealed = sealed(&spec, &outcome, &wanted, now).map_err(|error| Refusal {
            status: 422,
            problem: Box::new(cmg_onboarding::connection::Problem::of(&error)),
        })?;
        session.handed_over(now);
        Ok::<_, Refusal>(sealed)
    })?;
    Ok(answer(200, &shown))
}

fn sealed(spec: &ConnectionSpec, outcome: &Outcome, wanted: &HandOverAsked, now: OffsetDateTime) -> Result<Value, HandOverError> {
    let recipient = Recipient::from_certificate(wanted.recipient_certificate.as_bytes(), now)?;
    let expires_on = now + time::Duration::days(wanted.days.into());
    let sealed = HandOver::new(spec, outcome)?.seal(&recipient, expires_on)?;
    Ok(json!({
        "text": sealed.text(),
        "fingerprint": sealed.fingerprint().to_string(),
        "recipient": recipient.subject(),
        "expiresOn": expires_on.format(&Rfc3339).unwrap_or_default(),
    }))
}

pub(super) async fn events(asked: Asked) -> Answer {
    let live = asked.live()?;
    let header = asked.request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let after = header.map(str::to_owned).or_else(|| parameter(asked.uri(), "after"));
    let after = after.map_or(Ok(0), |text| text.parse()).map_err(|_| ServiceError::BodyUnreadable)?;
    Ok(super::events::events(&live, after)?)
}

/// The session once its job is over, or after as long as the caller wants to wait.
async fn after_job(live: &Arc<Live>, wait: Duration) -> Answer {
    let mut told = live.listen();
    let over = async {
        loop {
            told.mark_unchanged();
            if live.is_gone() || live.look(Session::job).is_none() || told.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(wait, over).await;
    if live.is_gone() {
        return Err(ServiceError::NotFound.into());
    }
    let (model, is_over) = live.look(|session| (session.model(), session.job().is_none()));
    Ok(answer(if is_over { 200 } else { 202 }, &model))
}
