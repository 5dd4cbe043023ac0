//! Where a finding belongs: the field of the specification that it is about, and the step of the job that meets it. One
//! table for all codes, which stays whole.

use serde_json::Value;

use super::{
    finding_code::FindingCode,
    step::{AppRole, Step},
};
use crate::{
    spec::{ClientApp, ConnectionSpec, ServerApp},
    words::Parameters,
};

/// How a specification gets one of its apps, with the fields that this choice has.
pub(crate) type Choice = (&'static str, &'static [&'static str]);

const SERVER_CREATE: Choice = ("create", &["name", "homePageUrl", "appIdUri", "secretValidity", "owners"]);
const SERVER_IMPORT: Choice = (
    "import",
    &[
        "tenantName",
        "tenantId",
        "name",
        "clientId",
        "secretKey",
        "secretKeyExpiry",
        "appIdUri",
    ],
);
const SERVER_ADOPT: Choice = (
    "adopt",
    &["clientId", "appIdUri", "secretValidity", "keepSignInAudience", "keepTokenVersion"],
);
const CLIENT_CREATE: Choice = ("create", &["name", "owners"]);
const CLIENT_IMPORT: Choice = ("import", &["name", "clientId"]);
const CLIENT_ADOPT: Choice = ("adopt", &["clientId", "keepSignInAudience"]);
const REUSE: Choice = ("reuse", &["clientId"]);

/// How a specification gets server app and client app.
pub(crate) type Choices = (Choice, Choice);

/// Both apps are imported.
pub(crate) const IMPORT: Choices = (SERVER_IMPORT, CLIENT_IMPORT);

pub(crate) const fn choices_of(spec: &ConnectionSpec) -> Choices {
    let server = match spec.server_app() {
        ServerApp::Create(_) => SERVER_CREATE,
        ServerApp::Import(_) => SERVER_IMPORT,
        ServerApp::Reuse(_) => REUSE,
        ServerApp::Adopt(_) => SERVER_ADOPT,
    };
    let client = match spec.client_app() {
        ClientApp::Create(_) => CLIENT_CREATE,
        ClientApp::Import(_) => CLIENT_IMPORT,
        ClientApp::Reuse(_) => REUSE,
        ClientApp::Adopt(_) => CLIENT_ADOPT,
    };
    (server, client)
}

/// The field of the specification that a finding is about, as violations write it, and the step that it belongs to. If it is
/// not known how the apps are got, the choice is left out of the field: `serverApp.appIdUri`.
pub(crate) fn of(code: FindingCode, parameters: &Parameters, choices: Option<Choices>) -> (Option<String>, Option<Step>) {
    place(code, parameters, |app, names| {
        let (path, choice) = match app {
            AppRole::Server => ("serverApp", choices.map(|(server, _)| server)),
            AppRole::Client => ("clientApp", choices.map(|(_, client)| client)),
        };
        let Some((choice, fields)) = choice else {
            return names.first().map(|name| format!("{path}.{name}"));
        };
        let name = names.iter().find(|name| fields.contains(name))?;
        Some(format!("{path}.{choice}.{name}"))
    })
}

const ID: &[&str] = &["clientId"];
const URI: &[&str] = &["appIdUri"];
const URI_OR_ID: &[&str] = &["appIdUri", "clientId"];
const VALIDITY: &[&str] = &["secretValidity"];
const KEY: &[&str] = &["secretKey"];
const EXPIRY: &[&str] = &["secretKeyExpiry"];
const EXPIRY_OR_VALIDITY: &[&str] = &["secretKeyExpiry", "secretValidity"];
const GROUPS: &str = "discovery.groups.names";

/// The table: what has been decided for each code. `field` gives the field of an app: the first of these that its choice has.
fn place(code: FindingCode, parameters: &Parameters, field: impl Fn(AppRole, &[&str]) -> Option<String>) -> (Option<String>, Option<Step>) {
    use FindingCode as Code;
    // The app that the parameter says, where a code is about either.
    let app = match parameters.get("app").and_then(Value::as_str) {
        Some("client") => AppRole::Client,
        _ => AppRole::Server,
    };
    let by_app = |server, client| Some(if app == AppRole::Client { client } else { server });
    let server = |names: &[&str]| field(AppRole::Server, names);
    let client = |names: &[&str]| field(AppRole::Client, names);
    let either = |names: &[&str]| field(app, names);
    let of_spec = |name: &str| Some(name.to_owned());
    let given = || serde_json::from_value(parameters.get("step")?.clone()).ok();
    match code {
        Code::WrongTenant => (server(&["tenantId"]), None),
        Code::WrongCloud => (of_spec("environment"), None),
        Code::RoleTooWeak => (None, Some(Step::ConsentServerApp)),
        Code::DiscoveryRoleTooWeak
        | Code::DirectoryReadMissing
        | Code::DirectoryReadOnlyConfigured
        | Code::DirectoryReadNotInToken
        | Code::ServerAppLeftAsIs
        | Code::DiscoveryStateUnknown => (of_spec("discovery"), Some(Step::ConsentDirectoryRead)),
        Code::TenantNameUnread => (None, Some(Step::ImportTenant)),
        Code::AppIdUriResolved
        | Code::AppIdUriOnForeignDomain
        | Code::AppIdUriWithForeignId
        | Code::AppIdUriWithoutOwner
        | Code::AppIdUriInUse
        | Code::AppIdUriBlockedByPolicy => (server(URI), Some(Step::RegisterServerApp)),
        Code::AppIdUriByPolicy => (server(URI), Some(Step::SetAppIdUri)),
        Code::SecretEndPassed
        | Code::SecretTooLong
        | Code::RegisteredSecretExpired
        | Code::RegisteredSecretExpiresSoon
        | Code::SecretShorterThanAsked
        | Code::FirstSecretExpiresSoon => (server(VALIDITY), Some(Step::IssueSecret)),
        Code::SecretsForbidden
        | Code::SecretKept
        | Code::NewSecretProven
        | Code::NewSecretNotYetAccepted
        | Code::NewSecretBlocked
        | Code::NewSecretRefused
        | Code::NewSecretUnproven
        | Code::RenewedSecretMayEndEarlier
        | Code::NewSecretNotUsed
        | Code::NewSecretNotTried
        | Code::RenewalWithoutRegistration => (None, Some(Step::IssueSecret)),
        Code::UniqueNameHeldByDeletedApp | Code::DeletedAppRestored | Code::DeletedAppHoldsName | Code::DeletedAppsUnread => {
            (of_spec("key"), None)
        }
        Code::MadeAppStays | Code::DeletedPrincipalsUnread | Code::RemovalUnconfirmed => {
            (None, by_app(Step::RemoveServerApp, Step::RemoveClientApp))
        }
        Code::AdoptedAppKeeps
        | Code::AppDeactivated
        | Code::AppDisabledByMicrosoft
        | Code::AppNotFound
        | Code::AppSoftDeleted
        | Code::RegistrationUncertain => (either(ID), by_app(Step::RegisterServerApp, Step::RegisterClientApp)),
        Code::SecretReplaced
        | Code::SecretHolderUnknown
        | Code::RenewedSecretNotShown
        | Code::SiteIdentityUnknown
        | Code::ShownSinceUnknown
        | Code::SecretRemovalTooEarly
        | Code::OldSecretMayBeInUse => (None, Some(Step::RetireSecrets)),
        Code::SecretOfAnotherSite => (of_spec("key"), Some(Step::RetireSecrets)),
        Code::SecretNotRenewed
        | Code::ImportedSecretUncompared
        | Code::SecretExpiredAtSignIn
        | Code::SecretRejected
        | Code::SecretIdGiven
        | Code::SecretUnproven
        | Code::SecretMissing => (server(KEY), Some(Step::ImportServerApp)),
        Code::RenewalWaiting
        | Code::RenewedSecretUnproven
        | Code::AppOriginUnknown
        | Code::ConsoleRenewsSecret
        | Code::RenewalRefusedByAge
        | Code::SiteSecretUnknown
        | Code::SiteReplyUrlMissing
        | Code::AppTooOldToRenew
        | Code::AppRenewableUntil => (None, Some(Step::ImportServerApp)),
        Code::ConcurrentChange | Code::ChangeOverwritten | Code::StepNotDone | Code::StepDiffers => (None, given()),
        Code::SecretExpired | Code::SecretExpiresSoon | Code::SiteSecretNotRegistered | Code::SecretEndDiffers => {
            (server(EXPIRY), Some(Step::ImportServerApp))
        }
        Code::ServerAppWithoutSecret => (server(KEY), Some(Step::IssueSecret)),
        Code::SiteSecretExpired | Code::SiteSecretExpiresSoon => (server(EXPIRY_OR_VALIDITY), Some(Step::ImportServerApp)),
        Code::SignInRefused | Code::SignInBlocked | Code::AppDisabled | Code::AppUnknownAtSignIn => {
            (server(ID), Some(Step::ImportServerApp))
        }
        Code::AppIdUriUnproven
        | Code::AppIdUriDiffers
        | Code::AppIdUriMisspelled
        | Code::AppIdUriMissing
        | Code::AppIdUriUnknown
        | Code::TokenAudienceDiffers
        | Code::AppIdUriKeptBySite => (server(URI), Some(Step::ImportServerApp)),
        Code::ServicePrincipalDisabled | Code::ServicePrincipalMissing => {
            (either(ID), by_app(Step::ServerServicePrincipal, Step::ClientServicePrincipal))
        }
        Code::TenantUnknownAtSignIn | Code::TenantMismatch => (server(&["tenantId"]), Some(Step::ImportTenant)),
        Code::AppNotInSite | Code::WrongKindOfApp | Code::ConnectionAppUnclear => {
            (either(ID), by_app(Step::ImportServerApp, Step::ImportClientApp))
        }
        Code::DeviceTokensOff
        | Code::ServerRedirectMissing
        | Code::ServerRedirectOnWrongPlatform
        | Code::BrokerRedirectOnServerApp
        | Code::ScopeMissing
        | Code::ScopeDisabled => (server(ID), Some(Step::RegisterServerApp)),
        Code::BrokerRedirectMissing | Code::BrokerRedirectOnWrongPlatform | Code::BrokerRedirectOfAnotherApp | Code::PublicClientOff => {
            (client(ID), Some(Step::CompleteClientApp))
        }
        Code::TokenVersion => (server(&["keepTokenVersion", "clientId"]), Some(Step::RegisterServerApp)),
        Code::SignInAudience => (
            either(&["keepSignInAudience", "clientId"]),
            by_app(Step::RegisterServerApp, Step::RegisterClientApp),
        ),
        Code::AudienceNarrowed => (
            either(&["keepSignInAudience"]),
            by_app(Step::RegisterServerApp, Step::RegisterClientApp),
        ),
        Code::TokenVersionLowered => (server(&["keepTokenVersion"]), Some(Step::RegisterServerApp)),
        Code::ConsentMissing | Code::ConsentOnlyConfigured | Code::ConsentForSomeOnly | Code::ClientAppLeftAsIs => {
            (client(ID), Some(Step::ConsentServerApp))
        }
        Code::ConsentLeftOpen | Code::ConsentUnread => (None, by_app(Step::ConsentDirectoryRead, Step::ConsentServerApp)),
        Code::ReusedAppsOfDifferentTenants => (client(ID), Some(Step::CreateConnection)),
        Code::SiteUriNotRegistered => (server(URI_OR_ID), Some(Step::ImportServerApp)),
        Code::SiteTenantInOtherCloud => (of_spec("environment"), Some(Step::ImportTenant)),
        Code::SiteTenantNameDiffers => (server(&["tenantName"]), Some(Step::ImportTenant)),
        Code::SiteAppNameDiffers => (either(&["name", "clientId"]), by_app(Step::ImportServerApp, Step::ImportClientApp)),
        Code::ConnectionNamedOtherwise
        | Code::ConnectionOfAnotherServerApp
        | Code::ConnectionNameTaken
        | Code::ConnectionOfUnknownType
        | Code::ConnectionUnread => (of_spec("name"), Some(Step::CreateConnection)),
        Code::GatewayUsesConnection | Code::GatewayUseUnknown | Code::ConnectionOfRemovedServerApp => (None, Some(Step::RemoveConnection)),
        Code::AppsUsedByAnotherSite
        | Code::AppsUsedByConnection
        | Code::AppsUsedByAnotherSecret
        | Code::AppsStatedUnused
        | Code::SecretsHandedOver => (None, Some(Step::RemoveServerApp)),
        Code::DiscoveryUnread => (of_spec("discovery"), Some(Step::ConfigureDiscovery)),
        Code::GroupNotFound | Code::GroupNameAmbiguous | Code::GroupsUnread => (of_spec(GROUPS), Some(Step::ConfigureDiscovery)),
        Code::ConnectionNotFound => (of_spec("name"), None),
        Code::ConnectionReadBackDiffers => (None, Some(Step::CreateConnection)),
        Code::AdoptedAppStays => (either(ID), by_app(Step::RemoveServerApp, Step::RemoveClientApp)),
        Code::TokenUnreadable
        | Code::TokenExpired
        | Code::ClockWrong
        | Code::TokenTenantDiffers
        | Code::WrongAudience
        | Code::PermissionsMissing
        | Code::OwnershipUnread
        | Code::RolesUnread
        | Code::PolicyNotRead
        | Code::ConditionalAccessApplies
        | Code::ConditionalAccessUnknown
        | Code::ConditionalAccessUnread
        | Code::SiteFieldsUnread
        | Code::SiteTooOld
        | Code::SiteRightsMissing
        | Code::OtherAzureService
        | Code::SiteNotAtTop
        | Code::ServiceConnectionPointOffline
        | Code::SiteFactsUnknown
        | Code::SiteRowStays
        | Code::SiteRowUnread
        | Code::DirectoryUnread
        | Code::DirectoryNotGiven
        | Code::RemovalOnly => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fields_of_each_way_are_those_that_the_specification_reads() {
        let server = [SERVER_CREATE, SERVER_IMPORT, SERVER_ADOPT, REUSE].map(|choice| ("serverApp", choice));
        let client = [CLIENT_CREATE, CLIENT_IMPORT, CLIENT_ADOPT, REUSE].map(|choice| ("clientApp", choice));
        for (app, (name, fields)) in server.into_iter().chain(client) {
            let spec = json!({app: {name: {"unknown": true}}}).to_string();
            let invalid = spec.parse::<ConnectionSpec>().unwrap_err();
            let path = format!("{app}.{name}.unknown");
            let unknown = invalid.violations().iter().find(|violation| violation.path() == path);
            let known = &unknown.expect("the field is not known").parameters()["known"];
            assert_eq!(known, &json!(fields), "{path}");
        }
    }

    #[test]
    fn every_field_that_is_named_exists_in_some_way() {
        let server = [SERVER_CREATE, SERVER_IMPORT, SERVER_ADOPT, REUSE];
        let client = [CLIENT_CREATE, CLIENT_IMPORT, CLIENT_ADOPT, REUSE];
        let has = |choices: &[Choice], name: &str| choices.iter().any(|(_, fields)| fields.contains(&name));
        for code in FindingCode::ALL.iter().copied() {
            for app in ["server", "client"] {
                place(code, &Parameters::from([("app".to_owned(), json!(app))]), |role, names| {
                    let choices = if role == AppRole::Client { &client } else { &server };
                    assert!(names.iter().all(|name| has(choices, name)), "{code:?}: {names:?}");
                    None
                });
            }
        }
    }
}
