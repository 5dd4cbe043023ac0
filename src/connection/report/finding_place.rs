//! Where a finding belongs: the field of the specification that it is about, and the step of the job that meets it. One
//! table with a row for each code, which stays whole.

use serde_json::Value;

use super::{finding_code::FindingCode, step::Step};
use crate::{
    spec::{ClientApp, ConnectionSpec, ServerApp},
    words::Parameters,
};

/// The field that a code is about.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// None: it is not about the specification.
    None,
    /// A field of the specification itself.
    Of(&'static str),
    /// A field of the server app: the first of these that its choice has.
    Server(&'static [&'static str]),
    /// A field of the client app, as above.
    Client(&'static [&'static str]),
    /// A field of the app that the parameter `app` names, as above.
    App(&'static [&'static str]),
}

/// The step that a code belongs to.
#[derive(Debug, Clone, Copy)]
enum At {
    /// None: it is not about one step.
    None,
    /// This step.
    Step(Step),
    /// The step of the server app or the one of the client app, as the parameter `app` says.
    App(Step, Step),
    /// The step that the parameter `step` names.
    Given,
}

const ID: &[&str] = &["clientId"];
const URI: &[&str] = &["appIdUri"];
const URI_OR_ID: &[&str] = &["appIdUri", "clientId"];
const VALIDITY: &[&str] = &["secretValidity"];
const KEY: &[&str] = &["secretKey"];
const EXPIRY: &[&str] = &["secretKeyExpiry"];
const EXPIRY_OR_VALIDITY: &[&str] = &["secretKeyExpiry", "secretValidity"];
const GROUPS: &str = "discovery.groups.names";
const REGISTER: At = At::App(Step::RegisterServerApp, Step::RegisterClientApp);
const PRINCIPAL: At = At::App(Step::ServerServicePrincipal, Step::ClientServicePrincipal);
const IMPORT: At = At::App(Step::ImportServerApp, Step::ImportClientApp);
const REMOVE: At = At::App(Step::RemoveServerApp, Step::RemoveClientApp);

/// What has been decided for each code, in the order of [`FindingCode::ALL`].
const PLACES: &[(FindingCode, Field, At)] = {
    use FindingCode as Code;
    &[
        (Code::TokenUnreadable, Field::None, At::None),
        (Code::TokenExpired, Field::None, At::None),
        (Code::ClockWrong, Field::None, At::None),
        (Code::WrongTenant, Field::Server(&["tenantId"]), At::None),
        (Code::TokenTenantDiffers, Field::None, At::None),
        (Code::WrongCloud, Field::Of("environment"), At::None),
        (Code::WrongAudience, Field::None, At::None),
        (Code::PermissionsMissing, Field::None, At::None),
        (Code::OwnershipUnread, Field::None, At::None),
        (Code::RoleTooWeak, Field::None, At::Step(Step::ConsentServerApp)),
        (
            Code::DiscoveryRoleTooWeak,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (Code::RolesUnread, Field::None, At::None),
        (Code::TenantNameUnread, Field::None, At::Step(Step::ImportTenant)),
        (Code::AppIdUriResolved, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriOnForeignDomain, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriWithForeignId, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriWithoutOwner, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriInUse, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriBlockedByPolicy, Field::Server(URI), At::Step(Step::RegisterServerApp)),
        (Code::AppIdUriByPolicy, Field::Server(URI), At::Step(Step::SetAppIdUri)),
        (Code::PolicyNotRead, Field::None, At::None),
        (Code::SecretEndPassed, Field::Server(VALIDITY), At::Step(Step::IssueSecret)),
        (Code::SecretsForbidden, Field::None, At::Step(Step::IssueSecret)),
        (Code::SecretTooLong, Field::Server(VALIDITY), At::Step(Step::IssueSecret)),
        (Code::UniqueNameHeldByDeletedApp, Field::Of("key"), At::None),
        (Code::DeletedAppRestored, Field::Of("key"), At::None),
        (Code::MadeAppStays, Field::None, REMOVE),
        (Code::DeletedAppHoldsName, Field::Of("key"), At::None),
        (Code::AdoptedAppKeeps, Field::App(ID), REGISTER),
        (Code::SecretKept, Field::None, At::Step(Step::IssueSecret)),
        (Code::SecretReplaced, Field::None, At::Step(Step::RetireSecrets)),
        (Code::SecretOfAnotherSite, Field::Of("key"), At::Step(Step::RetireSecrets)),
        (Code::SecretHolderUnknown, Field::None, At::Step(Step::RetireSecrets)),
        (Code::NewSecretProven, Field::None, At::Step(Step::IssueSecret)),
        (Code::NewSecretNotYetAccepted, Field::None, At::Step(Step::IssueSecret)),
        (Code::NewSecretBlocked, Field::None, At::Step(Step::IssueSecret)),
        (Code::NewSecretRefused, Field::None, At::Step(Step::IssueSecret)),
        (Code::NewSecretUnproven, Field::None, At::Step(Step::IssueSecret)),
        (Code::SecretNotRenewed, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::ImportedSecretUncompared, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::RenewalWaiting, Field::None, At::Step(Step::ImportServerApp)),
        (Code::RenewedSecretUnproven, Field::None, At::Step(Step::ImportServerApp)),
        (Code::RenewedSecretMayEndEarlier, Field::None, At::Step(Step::IssueSecret)),
        (Code::NewSecretNotTried, Field::None, At::Step(Step::IssueSecret)),
        (Code::AppOriginUnknown, Field::None, At::Step(Step::ImportServerApp)),
        (Code::ConsoleRenewsSecret, Field::None, At::Step(Step::ImportServerApp)),
        (Code::RenewalRefusedByAge, Field::None, At::Step(Step::ImportServerApp)),
        (Code::RenewalWithoutRegistration, Field::None, At::Step(Step::IssueSecret)),
        (Code::RenewedSecretNotShown, Field::None, At::Step(Step::RetireSecrets)),
        (Code::SiteIdentityUnknown, Field::None, At::Step(Step::RetireSecrets)),
        (Code::ShownSinceUnknown, Field::None, At::Step(Step::RetireSecrets)),
        (Code::SecretRemovalTooEarly, Field::None, At::Step(Step::RetireSecrets)),
        (Code::OldSecretMayBeInUse, Field::None, At::Step(Step::RetireSecrets)),
        (Code::ConcurrentChange, Field::None, At::Given),
        (Code::ChangeOverwritten, Field::None, At::Given),
        (Code::SecretExpired, Field::Server(EXPIRY), At::Step(Step::ImportServerApp)),
        (Code::SecretExpiresSoon, Field::Server(EXPIRY), At::Step(Step::ImportServerApp)),
        (Code::RegisteredSecretExpired, Field::Server(VALIDITY), At::Step(Step::IssueSecret)),
        (
            Code::RegisteredSecretExpiresSoon,
            Field::Server(VALIDITY),
            At::Step(Step::IssueSecret),
        ),
        (Code::ServerAppWithoutSecret, Field::Server(KEY), At::Step(Step::IssueSecret)),
        (
            Code::SiteSecretExpired,
            Field::Server(EXPIRY_OR_VALIDITY),
            At::Step(Step::ImportServerApp),
        ),
        (
            Code::SiteSecretExpiresSoon,
            Field::Server(EXPIRY_OR_VALIDITY),
            At::Step(Step::ImportServerApp),
        ),
        (
            Code::SiteSecretNotRegistered,
            Field::Server(EXPIRY),
            At::Step(Step::ImportServerApp),
        ),
        (Code::SiteSecretUnknown, Field::None, At::Step(Step::ImportServerApp)),
        (Code::SecretShorterThanAsked, Field::Server(VALIDITY), At::Step(Step::IssueSecret)),
        (Code::SecretExpiredAtSignIn, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::SecretRejected, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::SecretIdGiven, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::SignInRefused, Field::Server(ID), At::Step(Step::ImportServerApp)),
        (Code::SecretUnproven, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::AppIdUriUnproven, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::SecretEndDiffers, Field::Server(EXPIRY), At::Step(Step::ImportServerApp)),
        (Code::SecretMissing, Field::Server(KEY), At::Step(Step::ImportServerApp)),
        (Code::SignInBlocked, Field::Server(ID), At::Step(Step::ImportServerApp)),
        (Code::ConditionalAccessApplies, Field::None, At::None),
        (Code::ConditionalAccessUnknown, Field::None, At::None),
        (Code::ConditionalAccessUnread, Field::None, At::None),
        (Code::AppDisabled, Field::Server(ID), At::Step(Step::ImportServerApp)),
        (Code::AppDeactivated, Field::App(ID), REGISTER),
        (Code::AppDisabledByMicrosoft, Field::App(ID), REGISTER),
        (Code::ServicePrincipalDisabled, Field::App(ID), PRINCIPAL),
        (Code::AppNotFound, Field::App(ID), REGISTER),
        (Code::AppSoftDeleted, Field::App(ID), REGISTER),
        (Code::AppUnknownAtSignIn, Field::Server(ID), At::Step(Step::ImportServerApp)),
        (
            Code::TenantUnknownAtSignIn,
            Field::Server(&["tenantId"]),
            At::Step(Step::ImportTenant),
        ),
        (Code::AppNotInSite, Field::App(ID), IMPORT),
        (Code::ServicePrincipalMissing, Field::App(ID), PRINCIPAL),
        (Code::AppIdUriDiffers, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::AppIdUriMisspelled, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::AppIdUriMissing, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::AppIdUriUnknown, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::TokenAudienceDiffers, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::DeviceTokensOff, Field::Server(ID), At::Step(Step::RegisterServerApp)),
        (Code::ServerRedirectMissing, Field::Server(ID), At::Step(Step::RegisterServerApp)),
        (
            Code::ServerRedirectOnWrongPlatform,
            Field::Server(ID),
            At::Step(Step::RegisterServerApp),
        ),
        (
            Code::BrokerRedirectOnServerApp,
            Field::Server(ID),
            At::Step(Step::RegisterServerApp),
        ),
        (Code::BrokerRedirectMissing, Field::Client(ID), At::Step(Step::CompleteClientApp)),
        (
            Code::BrokerRedirectOnWrongPlatform,
            Field::Client(ID),
            At::Step(Step::CompleteClientApp),
        ),
        (
            Code::BrokerRedirectOfAnotherApp,
            Field::Client(ID),
            At::Step(Step::CompleteClientApp),
        ),
        (Code::PublicClientOff, Field::Client(ID), At::Step(Step::CompleteClientApp)),
        (
            Code::TokenVersion,
            Field::Server(&["keepTokenVersion", "clientId"]),
            At::Step(Step::RegisterServerApp),
        ),
        (Code::SignInAudience, Field::App(&["keepSignInAudience", "clientId"]), REGISTER),
        (Code::AudienceNarrowed, Field::App(&["keepSignInAudience"]), REGISTER),
        (
            Code::TokenVersionLowered,
            Field::Server(&["keepTokenVersion"]),
            At::Step(Step::RegisterServerApp),
        ),
        (Code::ConsentMissing, Field::Client(ID), At::Step(Step::ConsentServerApp)),
        (Code::ConsentOnlyConfigured, Field::Client(ID), At::Step(Step::ConsentServerApp)),
        (Code::ConsentForSomeOnly, Field::Client(ID), At::Step(Step::ConsentServerApp)),
        (
            Code::ConsentLeftOpen,
            Field::None,
            At::App(Step::ConsentDirectoryRead, Step::ConsentServerApp),
        ),
        (
            Code::ConsentUnread,
            Field::None,
            At::App(Step::ConsentDirectoryRead, Step::ConsentServerApp),
        ),
        (
            Code::DirectoryReadMissing,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (
            Code::DirectoryReadOnlyConfigured,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (
            Code::DirectoryReadNotInToken,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (Code::ScopeMissing, Field::Server(ID), At::Step(Step::RegisterServerApp)),
        (Code::ScopeDisabled, Field::Server(ID), At::Step(Step::RegisterServerApp)),
        (Code::TenantMismatch, Field::Server(&["tenantId"]), At::Step(Step::ImportTenant)),
        (
            Code::ReusedAppsOfDifferentTenants,
            Field::Client(ID),
            At::Step(Step::CreateConnection),
        ),
        (
            Code::SiteUriNotRegistered,
            Field::Server(URI_OR_ID),
            At::Step(Step::ImportServerApp),
        ),
        (Code::AppIdUriKeptBySite, Field::Server(URI), At::Step(Step::ImportServerApp)),
        (Code::SiteTenantInOtherCloud, Field::Of("environment"), At::Step(Step::ImportTenant)),
        (
            Code::SiteTenantNameDiffers,
            Field::Server(&["tenantName"]),
            At::Step(Step::ImportTenant),
        ),
        (Code::SiteAppNameDiffers, Field::App(&["name", "clientId"]), IMPORT),
        (Code::SiteReplyUrlMissing, Field::None, At::Step(Step::ImportServerApp)),
        (Code::AppTooOldToRenew, Field::None, At::Step(Step::ImportServerApp)),
        (Code::AppRenewableUntil, Field::None, At::Step(Step::ImportServerApp)),
        (Code::WrongKindOfApp, Field::App(ID), IMPORT),
        (Code::SiteFieldsUnread, Field::None, At::None),
        (Code::SiteTooOld, Field::None, At::None),
        (Code::SiteRightsMissing, Field::None, At::None),
        (Code::ConnectionNamedOtherwise, Field::Of("name"), At::Step(Step::CreateConnection)),
        (
            Code::ConnectionOfAnotherServerApp,
            Field::Of("name"),
            At::Step(Step::CreateConnection),
        ),
        (Code::ConnectionNameTaken, Field::Of("name"), At::Step(Step::CreateConnection)),
        (Code::ConnectionOfUnknownType, Field::Of("name"), At::Step(Step::CreateConnection)),
        (Code::OtherAzureService, Field::None, At::None),
        (Code::SiteNotAtTop, Field::None, At::None),
        (Code::ServiceConnectionPointOffline, Field::None, At::None),
        (Code::SiteFactsUnknown, Field::None, At::None),
        (Code::GatewayUsesConnection, Field::None, At::Step(Step::RemoveConnection)),
        (Code::GatewayUseUnknown, Field::None, At::Step(Step::RemoveConnection)),
        (
            Code::ServerAppLeftAsIs,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (Code::ClientAppLeftAsIs, Field::Client(ID), At::Step(Step::ConsentServerApp)),
        (Code::SiteRowStays, Field::None, At::None),
        (Code::AppsUsedByAnotherSite, Field::None, At::Step(Step::RemoveServerApp)),
        (Code::AppsUsedByConnection, Field::None, At::Step(Step::RemoveServerApp)),
        (Code::AppsUsedByAnotherSecret, Field::None, At::Step(Step::RemoveServerApp)),
        (Code::AppsStatedUnused, Field::None, At::Step(Step::RemoveServerApp)),
        (Code::SecretsHandedOver, Field::None, At::Step(Step::RemoveServerApp)),
        (Code::ConnectionOfRemovedServerApp, Field::None, At::Step(Step::RemoveConnection)),
        (Code::ConnectionUnread, Field::Of("name"), At::Step(Step::CreateConnection)),
        (Code::SiteRowUnread, Field::None, At::None),
        (Code::DiscoveryUnread, Field::Of("discovery"), At::Step(Step::ConfigureDiscovery)),
        (
            Code::DiscoveryStateUnknown,
            Field::Of("discovery"),
            At::Step(Step::ConsentDirectoryRead),
        ),
        (Code::GroupNotFound, Field::Of(GROUPS), At::Step(Step::ConfigureDiscovery)),
        (Code::GroupNameAmbiguous, Field::Of(GROUPS), At::Step(Step::ConfigureDiscovery)),
        (Code::GroupsUnread, Field::Of(GROUPS), At::Step(Step::ConfigureDiscovery)),
        (Code::ConnectionNotFound, Field::Of("name"), At::None),
        (Code::ConnectionAppUnclear, Field::App(ID), IMPORT),
        (Code::ConnectionReadBackDiffers, Field::None, At::Step(Step::CreateConnection)),
        (Code::DeletedAppsUnread, Field::Of("key"), At::None),
        (Code::RegistrationUncertain, Field::App(ID), REGISTER),
        (Code::DirectoryUnread, Field::None, At::None),
        (Code::AdoptedAppStays, Field::App(ID), REMOVE),
        (Code::StepNotDone, Field::None, At::Given),
        (Code::StepDiffers, Field::None, At::Given),
        (Code::FirstSecretExpiresSoon, Field::Server(VALIDITY), At::Step(Step::IssueSecret)),
        (Code::DirectoryNotGiven, Field::None, At::None),
        (Code::RemovalOnly, Field::None, At::None),
    ]
};

/// How a specification gets one of its apps, with the fields that this choice has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    name: &'static str,
    fields: &'static [&'static str],
}

const fn choice(name: &'static str, fields: &'static [&'static str]) -> Choice {
    Choice { name, fields }
}

const SERVER_CREATE: Choice = choice("create", &["name", "homePageUrl", "appIdUri", "secretValidity", "owners"]);
const SERVER_IMPORT: Choice = choice(
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
const SERVER_ADOPT: Choice = choice(
    "adopt",
    &["clientId", "appIdUri", "secretValidity", "keepSignInAudience", "keepTokenVersion"],
);
const CLIENT_CREATE: Choice = choice("create", &["name", "owners"]);
const CLIENT_IMPORT: Choice = choice("import", &["name", "clientId"]);
const CLIENT_ADOPT: Choice = choice("adopt", &["clientId", "keepSignInAudience"]);
const REUSE: Choice = choice("reuse", &["clientId"]);

/// How a specification gets both of its apps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choices {
    server: Choice,
    client: Choice,
}

impl Choices {
    /// Both apps are imported.
    pub(crate) const IMPORT: Self = Self {
        server: SERVER_IMPORT,
        client: CLIENT_IMPORT,
    };

    pub(crate) const fn of(spec: &ConnectionSpec) -> Self {
        Self {
            server: match spec.server_app() {
                ServerApp::Create(_) => SERVER_CREATE,
                ServerApp::Import(_) => SERVER_IMPORT,
                ServerApp::Reuse(_) => REUSE,
                ServerApp::Adopt(_) => SERVER_ADOPT,
            },
            client: match spec.client_app() {
                ClientApp::Create(_) => CLIENT_CREATE,
                ClientApp::Import(_) => CLIENT_IMPORT,
                ClientApp::Reuse(_) => REUSE,
                ClientApp::Adopt(_) => CLIENT_ADOPT,
            },
        }
    }
}

/// The field of the specification that a finding is about, as violations write it. If it is not known how the apps are
/// got, the choice is left out: `serverApp.appIdUri`.
pub(crate) fn field(code: FindingCode, parameters: &Parameters, choices: Option<Choices>) -> Option<String> {
    let server = |names| below("serverApp", names, choices.map(|choices| choices.server));
    let client = |names| below("clientApp", names, choices.map(|choices| choices.client));
    match decided(code).0 {
        Field::None => None,
        Field::Of(name) => Some(name.to_owned()),
        Field::Server(names) => server(names),
        Field::Client(names) => client(names),
        Field::App(names) if is_client(parameters) => client(names),
        Field::App(names) => server(names),
    }
}

/// The step that a finding belongs to.
pub(crate) fn step(code: FindingCode, parameters: &Parameters) -> Option<Step> {
    match decided(code).1 {
        At::None => None,
        At::Step(step) => Some(step),
        At::App(_, client) if is_client(parameters) => Some(client),
        At::App(server, _) => Some(server),
        At::Given => serde_json::from_value(parameters.get("step")?.clone()).ok(),
    }
}

fn decided(code: FindingCode) -> (Field, At) {
    let place = PLACES.iter().find(|(of, ..)| *of == code);
    place.map_or((Field::None, At::None), |(_, field, at)| (*field, *at))
}

fn is_client(parameters: &Parameters) -> bool {
    parameters.get("app").and_then(Value::as_str) == Some("client")
}

fn below(app: &str, names: &[&str], choice: Option<Choice>) -> Option<String> {
    let Some(choice) = choice else {
        return names.first().map(|name| format!("{app}.{name}"));
    };
    let name = names.iter().find(|name| choice.fields.contains(name))?;
    Some(format!("{app}.{}.{name}", choice.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn field_and_step_are_decided_for_every_code() {
        let decided: Vec<FindingCode> = PLACES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(decided, FindingCode::ALL);
    }

    #[test]
    fn the_fields_of_each_way_are_those_that_the_specification_reads() {
        let server = [SERVER_CREATE, SERVER_IMPORT, SERVER_ADOPT, REUSE].map(|choice| ("serverApp", choice));
        let client = [CLIENT_CREATE, CLIENT_IMPORT, CLIENT_ADOPT, REUSE].map(|choice| ("clientApp", choice));
        for (app, choice) in server.into_iter().chain(client) {
            let spec = json!({app: {choice.name: {"unknown": true}}}).to_string();
            let invalid = spec.parse::<ConnectionSpec>().unwrap_err();
            let path = format!("{app}.{}.unknown", choice.name);
            let unknown = invalid.violations().iter().find(|violation| violation.path() == path);
            let known = &unknown.expect("the field is not known").parameters()["known"];
            assert_eq!(known, &json!(choice.fields), "{path}");
        }
    }

    #[test]
    fn every_field_that_is_named_exists_in_some_way() {
        let server = [SERVER_CREATE, SERVER_IMPORT, SERVER_ADOPT, REUSE];
        let client = [CLIENT_CREATE, CLIENT_IMPORT, CLIENT_ADOPT, REUSE];
        let has = |choices: &[Choice], name: &str| choices.iter().any(|choice| choice.fields.contains(&name));
        for (code, field, _) in PLACES {
            let (is_server, is_client, names) = match field {
                Field::None | Field::Of(_) => continue,
                Field::Server(names) => (true, false, names),
                Field::Client(names) => (false, true, names),
                Field::App(names) => (true, true, names),
            };
            for name in *names {
                assert!(!is_server || has(&server, name), "{code:?}: {name}");
                assert!(!is_client || has(&client, name), "{code:?}: {name}");
            }
        }
    }
}
