//! Every permission of the two apps, with its reason and Microsoft's page.

use serde_json::Value;

use super::{ConsentState, DISCOVERY, REGISTERING, ReviewedPermission};
use crate::{
    connection::{
        check::apps,
        plan::{
            consents::{DIRECTORY_READ_ALL, USER_READ},
            document::PlanDocument,
            operation::PlannedAction,
            registration::USER_IMPERSONATION,
        },
        report::{
            finding::{Finding, FindingCode},
            step::{AppRole, Step},
        },
    },
    ids::well_known::{DIRECTORY_READ_ALL_ROLE, USER_READ_SCOPE},
    permissions::PermissionType,
};

pub(super) fn of(document: &PlanDocument) -> Vec<ReviewedPermission> {
    let of_server_app = state(document, Step::ConsentServerApp, apps::CLIENT, USER_IMPERSONATION).map(|consent| ReviewedPermission {
        held_by: AppRole::Client,
        name: USER_IMPERSONATION.to_owned(),
        id: document.impersonation_id(),
        kind: PermissionType::Delegated,
        offered_by: "the server app".to_owned(),
        consent,
        reason: "The client app stands for the clients and users that connect to the gateway, the server app for the gateway. With \
                 this permission clients get tokens for the server app on behalf of the signed-in user."
            .to_owned(),
        source: REGISTERING.to_owned(),
    });
    let user_read = state(document, Step::ConsentUserRead, apps::CLIENT, USER_READ).map(|consent| ReviewedPermission {
        held_by: AppRole::Client,
        name: USER_READ.to_owned(),
        id: Some(USER_READ_SCOPE),
        kind: PermissionType::Delegated,
        offered_by: "Microsoft Graph".to_owned(),
        consent,
        reason: "It lets the client app sign users in and read their own profile. The portal gives it to each new registration, and \
                 Microsoft's instructions leave it on the client app."
            .to_owned(),
        source: REGISTERING.to_owned(),
    });
    let directory_read = state(document, Step::ConsentDirectoryRead, apps::SERVER, DIRECTORY_READ_ALL).map(|consent| ReviewedPermission {
        held_by: AppRole::Server,
        name: DIRECTORY_READ_ALL.to_owned(),
        id: Some(DIRECTORY_READ_ALL_ROLE),
        kind: PermissionType::Application,
        offered_by: "Microsoft Graph".to_owned(),
        consent,
        reason: "User and group discovery of the site read users and groups of the tenant with it, as the server app. Without \
                 discovery it is not needed."
            .to_owned(),
        source: DISCOVERY.to_owned(),
    });
    [of_server_app, user_read, directory_read].into_iter().flatten().collect()
}

/// Who consents to the permission of an app; `None` if the plan has nothing to do with it.
fn state(document: &PlanDocument, step: Step, app: &str, permission: &str) -> Option<ConsentState> {
    if let Some(change) = document.step(step) {
        return Some(match change.action {
            PlannedAction::Keep => ConsentState::InPlace,
            _ => ConsentState::GivenByPlan,
        });
    }
    let is_left = |finding: &&Finding| {
        let parameters = finding.parameters();
        let names = parameters.get("permissions").and_then(Value::as_array);
        matches!(finding.code(), FindingCode::ConsentLeftOpen | FindingCode::ConsentUnread)
            && parameters.get("app").and_then(Value::as_str) == Some(app)
            && names.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(permission)))
    };
    document.findings.iter().find(is_left).map(|_| ConsentState::LeftToAdministrator)
}
