//! What becomes of the two app registrations and their service principals.

use crate::{
    connection::{
        plan::{
            change::Change,
            difference::lacking,
            operation::{Operation, PlannedSecret, Reference},
            registration::complete_client_shape,
            target::{AppTarget, Target},
        },
        read::snapshot::{RegisteredApp, Snapshot},
        report::step::Step,
    },
    directory::ApplicationProperties,
    spec::AppIdUri,
};

/// The registration and the service principal of the server app. Nothing if this crate does not write it.
pub(crate) fn server_changes(target: &Target, snapshot: &Snapshot, secret: PlannedSecret) -> Vec<Change> {
    let Some(shape) = &target.server.shape else {
        return Vec::new();
    };
    let found = snapshot.server();
    let step = Step::RegisterServerApp;
    let register = match found {
        None => create(step, &target.server, shape, Some(secret)),
        Some(found) => update(step, &target.server, found, shape)
            .unwrap_or_else(|| Change::keep(step, Some(target.server.name()), Some(found.application.app_id))),
    };
    let principal = service_principal(Step::ServerServicePrincipal, &target.server, found, step);
    [register, principal].into_iter().chain(late_uri(target, found)).collect()
}

/// The App ID URI that contains the app's own id: in every run, or if a policy refuses the other one.
fn late_uri(target: &Target, found: Option<&RegisteredApp>) -> Option<Change> {
    let held = found.and_then(|found| found.application.properties.identifier_uris.clone());
    let held = held.unwrap_or_default();
    let change = |app_id_uri: &AppIdUri| {
        let operation = Operation::SetAppIdUri {
            app: target.server.reference(Step::RegisterServerApp),
            app_id_uri: app_id_uri.clone(),
            held: held.clone(),
        };
        Change::new(Step::SetAppIdUri, operation)
    };
    let always = target.app_id_uri.as_ref().filter(|uri| uri.has_placeholders()).map(change);
    let if_refused = || Some(change(target.uri_if_refused.as_ref()?).if_refused(Step::RegisterServerApp));
    always.or_else(if_refused)
}

/// What goes again if a policy that could not be read refuses what no other change can replace: the apps that the plan
/// creates.
pub(crate) fn removals_if_refused(changes: &[Change]) -> Vec<Change> {
    let apps = [
        (Step::RegisterServerApp, Step::RemoveServerApp),
        (Step::RegisterClientApp, Step::RemoveClientApp),
    ];
    let is_created = |step: Step| {
        let mut creations = changes
            .iter()
            .filter(|change| matches!(change.operation, Operation::CreateApp { .. }));
        creations.any(|change| change.step == step)
    };
    let created = apps.into_iter().filter(|(register, _)| is_created(*register));
    let removal = |(register, remove)| {
        let operation = Operation::RemoveMadeApp {
            app: Reference::MadeBy(register),
        };
        Change::new(remove, operation).if_refused(register)
    };
    created.map(removal).collect()
}

/// The registration, the service principal and the completion of the client app. Nothing if this crate does
/// not write it.
pub(crate) fn client_changes(target: &Target, snapshot: &Snapshot) -> Vec<Change> {
    let Some(shape) = &target.client.shape else {
        return Vec::new();
    };
    let found = snapshot.client();
    let step = Step::RegisterClientApp;
    let register = match found {
        None => create(step, &target.client, shape, None),
        // What an existing client app lacks is added in one request, when it is completed.
        Some(found) => Change::keep(step, Some(target.client.name()), Some(found.application.app_id)),
    };
    vec![
        register,
        service_principal(Step::ClientServicePrincipal, &target.client, found, step),
        completion(target, found, shape),
    ]
}

fn create(step: Step, app: &AppTarget, shape: &ApplicationProperties, secret: Option<PlannedSecret>) -> Change {
    let (unique_name, properties) = (app.unique_name.clone(), Box::new(shape.clone()));
    let operation = match &app.deleted {
        None => Operation::CreateApp {
            unique_name,
            properties,
            secret,
            owners: app.owners.clone(),
        },
        Some(deleted) => Operation::RestoreApp {
            unique_name,
            object_id: deleted.object_id,
            name: deleted.display_name.clone(),
            properties,
        },
    };
    Change::new(step, operation)
}

/// Adds what an app lacks; `None` if it lacks nothing.
fn update(step: Step, app: &AppTarget, found: &RegisteredApp, shape: &ApplicationProperties) -> Option<Change> {
    let (adds, properties) = lacking(&found.application.properties, shape);
    if properties.is_empty() {
        return None;
    }
    let operation = Operation::UpdateApp {
        name: app.name().to_owned(),
        application_id: found.application.app_id,
        adds: Box::new(adds),
        properties,
    };
    Some(Change::new(step, operation))
}

fn service_principal(step: Step, app: &AppTarget, found: Option<&RegisteredApp>, register: Step) -> Change {
    match found.and_then(|found| found.service_principal.as_ref()) {
        Some(principal) => Change::keep(step, None, Some(principal.id)),
        None => Change::new(
            step,
            Operation::CreateServicePrincipal {
                app: app.reference(register),
            },
        ),
    }
}

fn completion(target: &Target, found: Option<&RegisteredApp>, shape: &ApplicationProperties) -> Change {
    let step = Step::CompleteClientApp;
    let server = target.server.reference(Step::RegisterServerApp);
    let (Some(found), Reference::Known(server_id)) = (found, server) else {
        let (adds, properties) = found.map(|found| lacking(&found.application.properties, shape)).unwrap_or_default();
        let operation = Operation::CompleteClientApp {
            client: target.client.reference(Step::RegisterClientApp),
            server,
            scope: target.scope,
            adds: Box::new(adds),
            properties,
        };
        return Change::new(step, operation);
    };
    let mut shape = shape.clone();
    complete_client_shape(&mut shape, found.application.app_id, server_id, target.scope);
    update(step, &target.client, found, &shape).unwrap_or_else(|| Change::keep(step, None, None::<&str>))
}
