//! What is spoiled, what has to come of it, and where that is written.

use std::{future::Future, pin::Pin};

use cmg_onboarding::{
    Call, ClientAppSpec, CloudEnvironment, ConnectionSpec, Directory, DiscoverySpec, ServerAppSpec,
    directory::{Application, ApplicationKey, ServicePrincipal},
    site::{SiteConnection, SiteDiscovery, SiteGateway, SiteHierarchy, SiteRowId, SiteSnapshot},
};
use cmg_onboarding_emulator::EmulatedSite;
use reqwest::Method;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::{Connected, http::Graph};

/// Before every other date here.
const LONG_AGO: OffsetDateTime = datetime!(2020-01-01 00:00 UTC);

type Spoil = Box<dyn for<'a> Fn(&'a Connected) -> Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// Everything that a site's connection can have is asked for, so that each part of it can be spoiled.
pub(crate) fn wanted() -> ConnectionSpec {
    let discovery = DiscoverySpec::builder()
        .user_schedule("0001170000100038".parse().unwrap())
        .user_delta_minutes(30)
        .groups(["Berlin", "Hamburg"])
        .group_schedule("0001170000100038".parse().unwrap());
    ConnectionSpec::builder("Contoso CMG")
        .description("Clients on the internet")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(discovery)
        .build()
        .unwrap()
}

/// One property that is spoiled.
pub(crate) struct Damage {
    pub(crate) name: &'static str,
    /// Where it is written what has to be there.
    pub(crate) source: &'static str,
    /// The things that it takes away or makes unreadable as a whole: what else is spoiled of them cannot show.
    whole: &'static [&'static str],
    /// The thing that it spoils.
    of: &'static str,
    pub(crate) spoil: Spoil,
    pub(crate) expected: Expected,
}

/// What has to come of a damage.
pub(crate) enum Expected {
    /// A change of the plan, and afterwards the healthy value.
    Mended(Healed),
    /// A finding with this code.
    Named(&'static str),
    /// Nothing: the plan stays empty, no finding comes or goes, and the pair still signs in.
    Harmless,
}

/// How it is seen that a property is healthy again.
pub(crate) enum Healed {
    /// Read over plain HTTP: the address, and where in the answer.
    OverHttp {
        path: Box<dyn Fn(&Connected) -> String>,
        pointer: &'static str,
    },
    /// Seen in the rows of the site.
    InSite(fn(&EmulatedSite) -> bool),
}

/// What is told and does not keep a connection from working: names in the site's lists, a right that a check does not need,
/// a gateway that uses the connection, and what a site does not tell of its gateways.
const TOLD_ALONE: [&str; 6] = [
    "tenant's name in the site",
    "server app's name in the site",
    "client app's name in the site",
    "rights in the site",
    "a gateway that uses the connection",
    "gateways unread",
];

/// Findings that stop a run before the first write, as the preflight of the console would.
pub(crate) const BLOCKERS: [&str; 8] = [
    "wrongKindOfApp",
    "siteTooOld",
    "siteRightsMissing",
    "connectionNamedOtherwise",
    "connectionUnread",
    "appIdUriInUse",
    "siteNotAtTop",
    "siteTenantInOtherCloud",
];

impl Damage {
    /// Whether a check still calls the connection well.
    pub(crate) fn is_harmless(&self) -> bool {
        matches!(self.expected, Expected::Harmless) || TOLD_ALONE.contains(&self.name)
    }

    /// Whether one of two damages takes away what the other one spoils, or both spoil the same thing's same property.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let hides = |one: &Self, other: &Self| one.whole.iter().any(|whole| other.of.starts_with(whole));
        hides(self, other) || hides(other, self)
    }
}

const REGISTER: &str = "Microsoft: Manually register Microsoft Entra apps for the CMG";
const WIZARD: &str = "Microsoft: Configure Azure services for Configuration Manager";
const VERSION_2309: &str = "Microsoft: What's new in version 2309";
const VERSION_2409: &str = "Microsoft: What's new in version 2409";
const CONFLICT: &str = "Microsoft Graph: application resource type";
const DEACTIVATED: &str = "Microsoft: Deactivate an app registration";

/// The lock keeps other tenants from changing their service principals of an app; these apps are for one tenant.
const LOCK: &str = "Microsoft: App instance property lock for workload identities";
const DISCOVERY: &str = "Microsoft: Configure discovery methods, Microsoft Entra user and group discovery";

fn application(client: bool) -> Box<dyn Fn(&Connected) -> String> {
    Box::new(move |connected| format!("/v1.0/applications(appId='{}')", app_id(connected, client)))
}

fn app_id(connected: &Connected, client: bool) -> String {
    let app = if client {
        &connected.outcome.client_app
    } else {
        &connected.outcome.server_app
    };
    app.as_ref().unwrap().application_id.to_string()
}

async fn registered(connected: &Connected, client: bool) -> Application {
    let key = ApplicationKey::ApplicationId(app_id(connected, client).parse().unwrap());
    let directory = connected.tenant.directory();
    directory.application(Call::quiet(), &key).await.unwrap().unwrap()
}

async fn principal(connected: &Connected, client: bool) -> ServicePrincipal {
    let app = app_id(connected, client).parse().unwrap();
    let directory = connected.tenant.directory();
    directory.service_principal(Call::quiet(), app).await.unwrap().unwrap()
}

/// A property of a registration, set past the rules.
fn property(client: bool, name: &'static str, of: &'static str, source: &'static str, change: Value, expected: Expected) -> Damage {
    let spoil: Spoil = Box::new(move |connected| {
        let change = change.clone();
        Box::pin(async move {
            let app = registered(connected, client).await;
            assert!(connected.tenant.change_object(app.object_id, change));
        })
    });
    Damage {
        name,
        source,
        whole: &[],
        of,
        spoil,
        expected,
    }
}

fn mended(client: bool, pointer: &'static str) -> Expected {
    Expected::Mended(Healed::OverHttp {
        path: application(client),
        pointer,
    })
}

/// A change of the site's rows.
fn rows(name: &'static str, of: &'static str, source: &'static str, change: fn(&mut SiteSnapshot), expected: Expected) -> Damage {
    let spoil: Spoil = Box::new(move |connected| {
        connected.site.change(change);
        Box::pin(async {})
    });
    Damage {
        name,
        source,
        whole: &[],
        of,
        spoil,
        expected,
    }
}

/// Something that is done to the tenant with its own requests.
fn request<F>(name: &'static str, of: &'static str, source: &'static str, spoil: F, expected: Expected) -> Damage
where
    F: for<'a> Fn(&'a Connected) -> Pin<Box<dyn Future<Output = ()> + 'a>> + 'static,
{
    Damage {
        name,
        source,
        whole: &[],
        of,
        spoil: Box::new(spoil),
        expected,
    }
}

impl Damage {
    /// The same, and it takes whole things away.
    const fn taking(mut self, whole: &'static [&'static str]) -> Self {
        self.whole = whole;
        self
    }
}

/// Every damage.
pub(crate) fn all() -> Vec<Damage> {
    let mut all = of_server_app();
    all.extend(of_client_app());
    all.extend(of_principals());
    all.extend(of_site());
    all.extend(of_hierarchy_and_gateways());
    all.extend(of_connection());
    all
}

fn of_server_app() -> Vec<Damage> {
    let app = |name, of, source, change, expected| property(false, name, of, source, change, expected);
    vec![
        app(
            "no App ID URI",
            "server.uri",
            REGISTER,
            json!({"identifierUris": []}),
            mended(false, "/identifierUris"),
        ),
        app(
            "no redirect URI",
            "server.redirect",
            VERSION_2309,
            json!({"web": {"redirectUris": [], "homePageUrl": "https://ConfigMgrService", "implicitGrantSettings": {"enableIdTokenIssuance": false, "enableAccessTokenIssuance": false}}}),
            mended(false, "/web/redirectUris"),
        ),
        app(
            "no device tokens",
            "server.device",
            WIZARD,
            json!({"isDeviceOnlyAuthSupported": false}),
            mended(false, "/isDeviceOnlyAuthSupported"),
        ),
        app(
            "access tokens of version 2",
            "server.api",
            "Microsoft: Access token claims reference",
            json!({"api": {"requestedAccessTokenVersion": 2}}),
            mended(false, "/api/requestedAccessTokenVersion"),
        ),
        app(
            "accounts of every tenant",
            "server.audience",
            REGISTER,
            json!({"signInAudience": "AzureADMultipleOrgs"}),
            mended(false, "/signInAudience"),
        ),
        app(
            "no permission configured",
            "server.access",
            REGISTER,
            json!({"requiredResourceAccess": []}),
            mended(false, "/requiredResourceAccess"),
        ),
        app(
            "deactivated",
            "server.state",
            DEACTIVATED,
            json!({"isDisabled": true}),
            Expected::Named("appDeactivated"),
        ),
        app(
            "disabled by Microsoft",
            "server.microsoft",
            CONFLICT,
            json!({"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}),
            Expected::Named("appDisabledByMicrosoft"),
        ),
        app(
            "no secret",
            "server.secret",
            WIZARD,
            json!({"passwordCredentials": []}),
            Expected::Named("serverAppWithoutSecret"),
        )
        .taking(&["row.expiry"]),
        app(
            "no permission offered",
            "server.scopes",
            REGISTER,
            json!({"api": {"oauth2PermissionScopes": []}}),
            mended(false, "/api/oauth2PermissionScopes"),
        ),
        app(
            "another name",
            "server.name",
            WIZARD,
            json!({"displayName": "Another"}),
            mended(false, "/displayName"),
        ),
        app(
            "server app without its instance lock",
            "server.lock",
            LOCK,
            json!({"servicePrincipalLockConfiguration": null}),
            Expected::Harmless,
        ),
    ]
}

fn of_client_app() -> Vec<Damage> {
    let app = |name, of, source, change, expected| property(true, name, of, source, change, expected);
    vec![
        app(
            "client without the redirect URI of the broker",
            "client.redirect",
            REGISTER,
            json!({"publicClient": {"redirectUris": []}}),
            mended(true, "/publicClient/redirectUris"),
        ),
        app(
            "client without public client flows",
            "client.public",
            REGISTER,
            json!({"isFallbackPublicClient": false}),
            mended(true, "/isFallbackPublicClient"),
        ),
        app(
            "client without permissions configured",
            "client.access",
            REGISTER,
            json!({"requiredResourceAccess": []}),
            mended(true, "/requiredResourceAccess"),
        ),
        app(
            "client for accounts of every tenant",
            "client.audience",
            REGISTER,
            json!({"signInAudience": "AzureADMultipleOrgs"}),
            mended(true, "/signInAudience"),
        ),
        app(
            "client deactivated",
            "client.state",
            DEACTIVATED,
            json!({"isDisabled": true}),
            Expected::Named("appDeactivated"),
        ),
        app(
            "client disabled by Microsoft",
            "client.microsoft",
            CONFLICT,
            json!({"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}),
            Expected::Named("appDisabledByMicrosoft"),
        ),
        app(
            "client app without its instance lock",
            "client.lock",
            LOCK,
            json!({"servicePrincipalLockConfiguration": null}),
            Expected::Harmless,
        ),
    ]
}

fn grants(connected: &Connected) -> String {
    let client = connected.outcome.client_app.as_ref().unwrap().service_principal_id.unwrap();
    format!("/v1.0/oauth2PermissionGrants?$filter=clientId%20eq%20'{client}'")
}

fn assignments(connected: &Connected) -> String {
    let server = connected.outcome.server_app.as_ref().unwrap().service_principal_id.unwrap();
    format!("/v1.0/servicePrincipals/{server}/appRoleAssignments")
}

fn of_principals() -> Vec<Damage> {
    let enabled = |client: bool, name, of| {
        request(
            name,
            of,
            "Microsoft: AADSTS error codes, 7000112",
            move |connected: &Connected| {
                Box::pin(async move {
                    let principal = principal(connected, client).await;
                    assert!(connected.tenant.change_object(principal.id, json!({"accountEnabled": false})));
                })
            },
            Expected::Named("servicePrincipalDisabled"),
        )
    };
    let in_list = |path: fn(&Connected) -> String| {
        Expected::Mended(Healed::OverHttp {
            path: Box::new(path),
            pointer: "/value",
        })
    };
    let taken_away = |name, of, list: fn(&Connected) -> String, marker: &'static str, item: fn(&str, &str) -> String| {
        request(
            name,
            of,
            REGISTER,
            move |connected: &Connected| {
                Box::pin(async move {
                    let graph = Graph::of(connected.tenant.clone()).await;
                    let list = list(connected);
                    let (_, answer) = graph.get(&list).await;
                    let mut items = answer["value"].as_array().unwrap().iter();
                    let found = items.find(|item| item.to_string().contains(marker)).unwrap();
                    let id = found["id"].as_str().unwrap().to_owned();
                    let (status, _) = graph.send(Method::DELETE, &item(&list, &id), &[], None).await;
                    assert_eq!(status, 204);
                })
            },
            in_list(list),
        )
    };
    let grant: fn(&str, &str) -> String = |_, id| format!("/v1.0/oauth2PermissionGrants/{id}");
    let assignment: fn(&str, &str) -> String = |list, id| format!("{list}/{id}");
    vec![
        enabled(false, "server's service principal switched off", "server.principal"),
        enabled(true, "client's service principal switched off", "client.principal"),
        taken_away(
            "a consent of the client app",
            "client.consent.0",
            grants,
            "user_impersonation",
            grant,
        ),
        taken_away(
            "the other consent of the client app",
            "client.consent.1",
            grants,
            "User.Read",
            grant,
        ),
        taken_away(
            "the consent to Directory.Read.All",
            "server.consent",
            assignments,
            "appRoleId",
            assignment,
        ),
        request(
            "server's service principal deleted",
            "server.principal",
            "Microsoft: AADSTS error codes, 7000229",
            |connected: &Connected| {
                Box::pin(async move {
                    let principal = principal(connected, false).await;
                    let directory = connected.tenant.directory();
                    directory.delete_service_principal(Call::quiet(), principal.id).await.unwrap();
                })
            },
            Expected::Mended(Healed::OverHttp {
                path: Box::new(|connected| {
                    let server = app_id(connected, false);
                    format!("/v1.0/servicePrincipals(appId='{server}')")
                }),
                pointer: "/accountEnabled",
            }),
        )
        .taking(&["server.principal", "server.consent", "client.consent"]),
        request(
            "client's service principal deleted",
            "client.principal",
            "Microsoft: AADSTS error codes, 7000229",
            |connected: &Connected| {
                Box::pin(async move {
                    let principal = principal(connected, true).await;
                    let directory = connected.tenant.directory();
                    directory.delete_service_principal(Call::quiet(), principal.id).await.unwrap();
                })
            },
            Expected::Mended(Healed::OverHttp {
                path: Box::new(|connected| {
                    let client = app_id(connected, true);
                    format!("/v1.0/servicePrincipals(appId='{client}')")
                }),
                pointer: "/accountEnabled",
            }),
        )
        .taking(&["client.principal", "client.consent"]),
    ]
}

fn of_site() -> Vec<Damage> {
    vec![
        rows(
            "tenant's name in the site",
            "tenant.name",
            WIZARD,
            |rows| rows.tenants[0].name = "fabrikam.onmicrosoft.com".to_owned(),
            Expected::Named("siteTenantNameDiffers"),
        ),
        rows(
            "tenant's cloud in the site",
            "tenant.cloud",
            WIZARD,
            |rows| rows.tenants[0].environment = Some(CloudEnvironment::AzureUsGovernmentCloud),
            Expected::Named("siteTenantInOtherCloud"),
        ),
        rows(
            "App ID URI in the site",
            "row.uri",
            "MicrosoftDocs/SCCMdocs issue 1135",
            |rows| server(rows).identifier_uri = Some("https://ConfigMgrService".to_owned()),
            Expected::Named("siteUriNotRegistered"),
        ),
        rows(
            "server app's name in the site",
            "row.name",
            WIZARD,
            |rows| server(rows).name = "Another".to_owned(),
            Expected::Named("siteAppNameDiffers"),
        ),
        rows(
            "client app's name in the site",
            "row.client.name",
            WIZARD,
            |rows| client(rows).name = "Another".to_owned(),
            Expected::Named("siteAppNameDiffers"),
        ),
        rows(
            "reply URL in the site",
            "row.reply",
            VERSION_2309,
            |rows| server(rows).reply_url = Some("https://elsewhere.example".to_owned()),
            Expected::Named("siteReplyUrlMissing"),
        ),
        rows(
            "age of the app",
            "row.created",
            VERSION_2409,
            |rows| server(rows).created = Some(LONG_AGO),
            Expected::Named("appTooOldToRenew"),
        ),
        rows(
            "expired secret in the site",
            "row.expiry",
            WIZARD,
            |rows| server(rows).secret_expiry = Some(LONG_AGO),
            Expected::Named("siteSecretExpired"),
        ),
        rows(
            "unknown end of the secret in the site",
            "row.expiry",
            "Microsoft: SMS_AAD_Application_Ex, SecretKeyExpiry may be unset",
            |rows| server(rows).secret_expiry = None,
            Expected::Named("siteSecretUnknown"),
        )
        .taking(&["row.expiry"]),
        rows(
            "server app as a native app",
            "row.kind",
            WIZARD,
            |rows| server(rows).is_client_app = true,
            Expected::Named("wrongKindOfApp"),
        )
        .taking(&["row."]),
        rows(
            "connection of another name",
            "connection.name",
            WIZARD,
            |rows| rows.connections[0].name = "Another".to_owned(),
            Expected::Named("connectionNamedOtherwise"),
        )
        .taking(&["connection"]),
        rows(
            "web apps of the connection unread",
            "connection.apps",
            "Microsoft: SMS_Azure_CloudService, lazy properties",
            |rows| rows.connections[0].web_applications = Vec::new(),
            Expected::Named("connectionUnread"),
        )
        .taking(&["connection"]),
        rows(
            "discovery unread",
            "connection.discovery",
            "Microsoft: SMS_AAD_Discovery_Settings",
            |rows| rows.connections[0].is_discovery_unread = true,
            Expected::Named("discoveryUnread"),
        ),
        rows(
            "discovery off",
            "connection.discovery",
            WIZARD,
            |rows| rows.connections[0].user_discovery = None,
            Expected::Mended(Healed::InSite(|site| {
                let mut is_on = false;
                site.change(|rows| is_on = rows.connections[0].user_discovery.is_some());
                is_on
            })),
        ),
        rows(
            "connection removed",
            "connection",
            WIZARD,
            |rows| rows.connections.clear(),
            Expected::Mended(Healed::InSite(|site| {
                let mut count = 0;
                site.change(|rows| count = rows.connections.len());
                count == 1
            })),
        )
        .taking(&["connection"]),
        rows(
            "client app's row removed",
            "row.client",
            WIZARD,
            |rows| rows.applications.retain(|row| !row.is_client_app),
            Expected::Mended(Healed::InSite(|site| {
                let mut is_there = false;
                site.change(|rows| is_there = rows.applications.iter().any(|row| row.is_client_app));
                is_there
            })),
        )
        .taking(&["row.client"]),
        rows(
            "rights in the site",
            "info.rights",
            "Microsoft: Fundamentals of role-based administration",
            |rows| rows.info.may_write = Some(false),
            Expected::Named("siteRightsMissing"),
        ),
        rows(
            "an old site",
            "info.version",
            "Microsoft: 2010 release notes of the cmdlets",
            |rows| rows.info.version = "5.00.9012.1000".to_owned(),
            Expected::Named("siteTooOld"),
        )
        .taking(&["row."]),
        rows(
            "service connection point offline",
            "info.connection_point",
            "Microsoft: About the service connection point",
            |rows| rows.info.is_service_connection_point_online = Some(false),
            Expected::Named("serviceConnectionPointOffline"),
        ),
        rows(
            "a second connection that could not be read",
            "connection.other",
            "Microsoft: SMS_Azure_CloudService, lazy properties",
            |rows| {
                let mut other = rows.connections[0].clone();
                other.id = SiteRowId(4711);
                other.name = "Other".to_owned();
                other.web_applications = Vec::new();
                rows.connections.push(other);
            },
            Expected::Named("connectionUnread"),
        ),
    ]
}

fn of_hierarchy_and_gateways() -> Vec<Damage> {
    vec![
        rows(
            "a site below another one",
            "info.hierarchy",
            "Microsoft: Configure Azure services, app secrets are bound to the top-tier site",
            |rows| {
                rows.info.hierarchy = SiteHierarchy::Below {
                    reports_to: "CAS".to_owned(),
                }
            },
            Expected::Named("siteNotAtTop"),
        ),
        rows(
            "a gateway that uses the connection",
            "connection.gateway",
            "Microsoft: SMS_AzureService, AzureCloudServiceId",
            |rows| {
                let connection = rows.connections.first().map(|row| row.id);
                rows.gateways = Some(vec![SiteGateway::new("GraniteFalls", connection)]);
            },
            Expected::Named("gatewayUsesConnection"),
        )
        .taking(&["gateway"]),
        rows(
            "gateways unread",
            "gateway",
            "Microsoft: SMS_AzureService, AzureCloudServiceId",
            |rows| rows.gateways = None,
            Expected::Named("siteFactsUnknown"),
        )
        .taking(&["gateway", "connection.gateway"]),
        rows(
            "a gateway of another connection",
            "gateway",
            "Microsoft: SMS_AzureService, AzureCloudServiceId",
            |rows| rows.gateways = Some(vec![SiteGateway::new("GraniteFalls", Some(SiteRowId(4712)))]),
            Expected::Harmless,
        )
        .taking(&["gateway", "connection.gateway"]),
    ]
}

/// What the specification asks of the connection.
fn of_connection() -> Vec<Damage> {
    let read = |is_healthy| Expected::Mended(Healed::InSite(is_healthy));
    vec![
        rows(
            "another description",
            "connection.description",
            WIZARD,
            |rows| held(rows, |row| row.description = Some("Another".to_owned())),
            read(|site| is(site, |row| row.description.as_deref() == Some("Clients on the internet"))),
        ),
        rows(
            "no description",
            "connection.description",
            WIZARD,
            |rows| held(rows, |row| row.description = None),
            read(|site| is(site, |row| row.description.as_deref() == Some("Clients on the internet"))),
        ),
        rows(
            "another schedule of user discovery",
            "connection.discovery.schedule",
            DISCOVERY,
            |rows| {
                held(rows, |row| {
                    row.user_discovery
                        .iter_mut()
                        .for_each(|users| users.full_schedule = DAILY.parse().ok())
                })
            },
            read(|site| is(site, |row| row.user_discovery.iter().any(|users| token(users) == WEEKLY))),
        ),
        rows(
            "no schedule of user discovery",
            "connection.discovery.schedule",
            DISCOVERY,
            |rows| {
                held(rows, |row| {
                    row.user_discovery.iter_mut().for_each(|users| users.full_schedule = None)
                })
            },
            read(|site| is(site, |row| row.user_discovery.iter().any(|users| token(users) == WEEKLY))),
        ),
        rows(
            "another interval of user discovery",
            "connection.discovery.interval",
            DISCOVERY,
            |rows| {
                held(rows, |row| {
                    row.user_discovery.iter_mut().for_each(|users| users.delta_minutes = Some(5))
                })
            },
            read(|site| is(site, |row| row.user_discovery.iter().any(|users| users.delta_minutes == Some(30)))),
        ),
        rows(
            "group discovery off",
            "connection.groups",
            DISCOVERY,
            |rows| held(rows, |row| row.group_discovery = None),
            read(|site| is(site, |row| names(row) == ["Berlin", "Hamburg"])),
        )
        .taking(&["connection.groups"]),
        rows(
            "a group fewer",
            "connection.groups.names",
            DISCOVERY,
            |rows| held(rows, |row| groups(row).group_names.retain(|name| name != "Hamburg")),
            read(|site| is(site, |row| names(row) == ["Berlin", "Hamburg"])),
        ),
        // A group that is not asked for may be another person's: only `removed_names` takes one out.
        rows(
            "a group more",
            "connection.groups.names",
            DISCOVERY,
            |rows| held(rows, |row| groups(row).group_names.push("Bremen".to_owned())),
            Expected::Harmless,
        ),
        rows(
            "another schedule of group discovery",
            "connection.groups.schedule",
            DISCOVERY,
            |rows| held(rows, |row| groups(row).full_schedule = DAILY.parse().ok()),
            read(|site| is(site, |row| row.group_discovery.iter().any(|groups| token(groups) == WEEKLY))),
        ),
    ]
}

/// The schedule that is asked for, every 7 days, and another one, as the product's interval strings.
const WEEKLY: &str = "0001170000100038";
const DAILY: &str = "0001170000100008";

/// Changes the connection, unless another damage has taken it away.
fn held(rows: &mut SiteSnapshot, change: impl FnOnce(&mut SiteConnection)) {
    if let Some(row) = rows.connections.first_mut() {
        change(row);
    }
}

/// Whether the site's one connection is as it must be.
fn is(site: &EmulatedSite, healthy: fn(&SiteConnection) -> bool) -> bool {
    let mut found = false;
    site.change(|rows| found = rows.connections.first().is_some_and(healthy));
    found
}

fn token(discovery: &SiteDiscovery) -> String {
    discovery.full_schedule.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn groups(row: &mut SiteConnection) -> &mut SiteDiscovery {
    row.group_discovery.get_or_insert_with(SiteDiscovery::default)
}

/// The groups, in one order.
fn names(row: &SiteConnection) -> Vec<&str> {
    let mut names: Vec<&str> = row
        .group_discovery
        .iter()
        .flat_map(|groups| &groups.group_names)
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

fn server(rows: &mut SiteSnapshot) -> &mut cmg_onboarding::site::SiteApplication {
    rows.applications.iter_mut().find(|row| !row.is_client_app).unwrap()
}

fn client(rows: &mut SiteSnapshot) -> &mut cmg_onboarding::site::SiteApplication {
    rows.applications.iter_mut().find(|row| row.is_client_app).unwrap()
}
