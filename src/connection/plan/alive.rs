//! Proving that the apps that a plan keeps are there: an answer of the directory may be some seconds old, a write is not.

use crate::{
    connection::{
        plan::{
            change::Change,
            operation::{Operation, PlannedAction},
        },
        read::snapshot::{RegisteredApp, Snapshot},
        report::step::Step,
    },
    directory::ApplicationProperties,
};

/// Writes to each app that the plan would keep unread, and changes nothing: one property is sent as it is. What another
/// change of the plan writes to is proven by that change.
pub(crate) fn confirm_apps(changes: &mut [Change], snapshot: &Snapshot) {
    let keeps = |changes: &[Change], step| {
        let change = changes.iter().find(|change: &&Change| change.step == step);
        change.is_none_or(|change| change.action == PlannedAction::Keep)
    };
    let is_client_kept = keeps(changes, Step::CompleteClientApp);
    let server = snapshot.server().map(|app| (Step::RegisterServerApp, app));
    let client = snapshot
        .client()
        .filter(|_| is_client_kept)
        .map(|app| (Step::RegisterClientApp, app));
    for (step, app) in [server, client].into_iter().flatten() {
        let kept = changes.iter_mut().find(|change| change.step == step);
        if let Some(kept) = kept.filter(|change| change.action == PlannedAction::Keep) {
            *kept = Change::new(step, confirm(app));
        }
    }
}

fn confirm(app: &RegisteredApp) -> Operation {
    let application = &app.application;
    Operation::ConfirmApp {
        name: application.properties.display_name.clone(),
        application_id: application.app_id,
        object_id: application.object_id,
        sends: Box::new(as_it_is(&application.properties)),
    }
}

/// One property with the value that it has: the one that administrators change least.
fn as_it_is(properties: &ApplicationProperties) -> ApplicationProperties {
    if properties.sign_in_audience.is_some() {
        return ApplicationProperties {
            sign_in_audience: properties.sign_in_audience.clone(),
            ..ApplicationProperties::default()
        };
    }
    ApplicationProperties {
        display_name: properties.display_name.clone(),
        ..ApplicationProperties::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_property_is_sent_the_audience_or_else_the_name() {
        let name = ApplicationProperties {
            display_name: Some("ConfigMgr Server".to_owned()),
            ..ApplicationProperties::default()
        };
        let audience = ApplicationProperties {
            sign_in_audience: Some("AzureADMyOrg".to_owned()),
            ..ApplicationProperties::default()
        };
        let named = ApplicationProperties {
            identifier_uris: Some(vec!["api://server".to_owned()]),
            ..name.clone()
        };
        assert_eq!(as_it_is(&named), name, "an empty request would prove nothing");
        let with_audience = ApplicationProperties {
            sign_in_audience: audience.sign_in_audience.clone(),
            ..named
        };
        assert_eq!(as_it_is(&with_audience), audience);
    }
}
