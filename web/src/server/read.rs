//! What is there: view, check, and the apps that a site knows. Nothing is written.

use std::fmt::Display;

use cmg_onboarding::{
    Call, CloudEnvironment, DirectoryHandle, OnboardingError,
    connection::{IncompleteConnection, Problem, ReadError, ViewOptions, connections as all_connections},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    answer::{Refusal, json as answer, parameter},
    drive::{Connecting, directory},
    handlers::{Answer, Asked},
};
use crate::{
    refusal::ServiceError,
    session::{Session, bounds::bound, settings::JobSettings, words::put_right},
};

pub(super) async fn view(asked: Asked) -> Answer {
    let view = connection(&asked)?.view(|_| ()).await.map_err(unread)?;
    Ok(answer(200, &with_text(&view)))
}

pub(super) async fn check(asked: Asked) -> Answer {
    let check = connection(&asked)?.check(|_| ()).await.map_err(unread)?;
    Ok(answer(200, &with_text(&check)))
}

fn connection(asked: &Asked) -> Result<cmg_onboarding::AzureServicesConnection, Refusal> {
    let live = asked.live()?;
    let place = asked.service.place(&asked.user);
    let connecting = live.look(|session| Connecting::of(&live, session, place))?;
    let incomplete = |error: IncompleteConnection| Refusal::from(OnboardingError::from(error));
    connecting.builder(&JobSettings::default()).build().map_err(incomplete)
}

pub(super) async fn connections(asked: Asked) -> Answer {
    let place = asked.service.place(&asked.user);
    let session = parameter(asked.uri(), "session").map(|text| text.parse::<Uuid>());
    let live = match session {
        Some(Ok(id)) => Some(asked.service.find(&asked.user, id)?),
        Some(Err(_)) => return Err(ServiceError::NotFound.into()),
        None => None,
    };
    let environment = live
        .as_ref()
        .map_or_else(CloudEnvironment::default, |live| live.look(Session::environment));
    let signed = live.and_then(|live| live.signed());
    let tenant = signed.map(|signed| DirectoryHandle::from(directory(&place, &signed, environment)));
    let site = place.site.as_ref().ok_or(ServiceError::NoSite)?;
    let view = all_connections(site, tenant.as_ref(), &ViewOptions::default(), |_| ()).await;
    Ok(answer(200, &with_text(&view.map_err(unread)?)))
}

pub(super) async fn known_apps(asked: Asked) -> Answer {
    let live = asked.live()?;
    let place = asked.service.place(&asked.user);
    let site = place.site.as_ref().ok_or(ServiceError::NoSite)?;
    let snapshot = site.as_site().snapshot(Call::quiet()).await;
    let snapshot = snapshot.map_err(|error| Refusal::from(Problem::from(&error)))?;
    let environment = live.look(Session::environment);
    let known = json!({
        "serverApps": snapshot.known_server_apps(environment),
        "clientApps": snapshot.known_client_apps(environment),
    });
    Ok(answer(200, &known))
}

fn unread(error: ReadError) -> Refusal {
    OnboardingError::from(error).into()
}

/// The data, and the same as text.
fn with_text(what: &(impl Serialize + Display)) -> Value {
    let mut shown = serde_json::to_value(what).unwrap_or_default();
    shown["text"] = what.to_string().into();
    bound(&mut shown);
    put_right(&mut shown);
    shown
}
