//! Every permission of the two apps, with its reason and Microsoft's page.

use serde_json::Value;

use super::{ConsentState, DISCOVERY, REGISTERING, ReviewedPermission};
use crate::{
    connection::{
        check::apps,
        plan::{document::PlanDocument, operation::PlannedAction, registration::USER_IMPERSONATION},
        report::{
            finding::{Finding, FindingCode},
            step::{AppRole, Step},
        },
    },
    ids::{
        PermissionId,
        well_known::{DIRECTORY_READ_ALL_ROLE, USER_READ_SCOPE},
    },
    permissions::PermissionType,
};

/// What one consent of a plan is about.
struct Consent {
    step: Step,
    held_by: AppRole,
    name: &'static str,
    kind: PermissionType,
    offered_by: &'static str,
    reason: &'static str,
    source: &'static str,
}

const CONSENTS: [Consent; 3] = [
    Consent {
        step: Step::ConsentServerApp,
        held_by: AppRole::Client,
        name: USER_IMPERSONATION,
        kind: PermissionType::Delegated,
        offered_by: "the server app",
        reason: "The client app stands for the clients and users that connect to the gateway, the server app for the gateway. With \
                 this permission clients get tokens for the server app on behalf of the signed-in user.",
        source: REGISTERING,
    },
    Consent {
        step: Step::ConsentUserRead,
        held_by: AppRole::Client,
        name: "User.Read",
        kind: PermissionType::Delegated,
        offered_by: "Microsoft Graph",
        reason: "It lets the client app sign users in and read their own profile. The portal gives it to each new registration, and \
                 Microsoft's instructions leave it on the client app.",
        source: REGISTERING,
    },
    Consent {
        step: Step::ConsentDirectoryRead,
        held_by: AppRole::Server,
        name: "Directory.Read.All",
        kind: PermissionType::Application,
        offered_by: "Microsoft Graph",
        reason: "User and group discovery of the site read users and groups of the tenant with it, as the server app. Without \
                 discovery it is not needed.",
        source: DISCOVERY,
    },
];

pub(super) fn of(document: &PlanDocument) -> Vec<ReviewedPermission> {
    let told = CONSENTS.iter().filter_map(|consent| Some((consent, state(document, consent)?)));
    told.map(|(consent, state)| ReviewedPermission {
        held_by: consent.held_by,
        name: consent.name.to_owned(),
        id: id(document, consent.step),
        kind: consent.kind,
        offered_by: consent.offered_by.to_owned(),
        consent: state,
        reason: consent.reason.to_owned(),
        source: consent.source.to_owned(),
    })
    .collect()
}

/// Who consents to it; `None` if the plan has nothing to do with it.
fn state(document: &PlanDocument, consent: &Consent) -> Option<ConsentState> {
    if let Some(change) = document.step(consent.step) {
        return Some(match change.action {
            PlannedAction::Keep => ConsentState::InPlace,
            _ => ConsentState::GivenByPlan,
        });
    }
    let app = match consent.held_by {
        AppRole::Server => apps::SERVER,
        AppRole::Client => apps::CLIENT,
    };
    let is_left = |finding: &&Finding| {
        let parameters = finding.parameters();
        let names = parameters.get("permissions").and_then(Value::as_array);
        matches!(finding.code(), FindingCode::ConsentLeftOpen | FindingCode::ConsentUnread)
            && parameters.get("app").and_then(Value::as_str) == Some(app)
            && names.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(consent.name)))
    };
    document.findings.iter().find(is_left).map(|_| ConsentState::LeftToAdministrator)
}

fn id(document: &PlanDocument, step: Step) -> Option<PermissionId> {
    match step {
        Step::ConsentServerApp => document.impersonation_id(),
        Step::ConsentUserRead => Some(USER_READ_SCOPE),
        Step::ConsentDirectoryRead => Some(DIRECTORY_READ_ALL_ROLE),
        _ => None,
    }
}
