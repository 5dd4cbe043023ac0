//! A view as data.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    cloud::CloudEnvironment,
    connection::report::{
        finding::Finding,
        reading::{Answer, Reading},
        step::AppRole,
    },
    directory::{ApplicationProperties, ServicePrincipal},
    ids::{ApplicationId, ApplicationObjectId, KeyId, TenantId},
    site::{SiteApplication, SiteConnection, SiteDiscovery, SiteGateway, SiteInfo, SiteTenant, UnreadRow},
};

/// The version of the documents that this version of the crate writes.
pub(super) const VERSION: u32 = 1;

/// The Azure services of type Cloud Management of one site. It prints as the nodes *Azure Services* and *Microsoft Entra
/// tenants* of the console, one connection after the other.
///
/// Services of other types, as Administration Service Management, Log Analytics and tenant attach, are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionsView {
    /// The version of this form, 1. A program that reads it should refuse a version that it does not know.
    pub version: u32,
    /// When tenant and site were read.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub read_at: OffsetDateTime,
    /// The site.
    pub site: SiteInfo,
    /// The connections, in the order in which the site has them.
    pub connections: Vec<ConnectionView>,
    /// What the site has and could not be read: a connection may be among it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadRow>,
}

/// One Azure service connection of type Cloud Management as it is: in the site, in Microsoft Entra ID, and what the checks
/// find. It holds no secret.
///
/// It is pure data, which can be stored and compared, and it prints as a page. [`removal`](Self::removal) begins the removal
/// of what it shows.
///
/// ```
/// use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec, connection::ConnectionView};
/// use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = AzureServicesConnection::builder(spec)
/// #     .directory(EmulatedTenant::new().directory())
/// #     .site(EmulatedSite::new())
/// #     .build()?;
/// # connection.onboard(|_| ()).await?;
/// let view = connection.view(|_| ()).await?;
/// println!("{view}");
/// let stored = serde_json::to_string(&view)?;
/// assert_eq!(serde_json::from_str::<ConnectionView>(&stored)?, view);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionView {
    /// The version of this form, 1. A program that reads it should refuse a version that it does not know.
    pub version: u32,
    /// When tenant and site were read.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub read_at: OffsetDateTime,
    /// *Name* in the site; the specification's name if the site has no such connection, or was not given.
    pub name: String,
    /// The cloud, as the tenant's row in the site has it, else the directory or the specification; `None` if none of them
    /// tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<CloudEnvironment>,
    /// The three-character site code; `None` without a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_code: Option<String>,
    /// The row of the node *Azure Services*.
    pub connection: Reading<SiteConnection>,
    /// Whether it is of the type Cloud Management. The site tells it only if a gateway uses a service of that type.
    pub is_cloud_management: Answer,
    /// The Entra tenant's id; `None` if neither site nor directory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The row of the node *Microsoft Entra tenants*.
    pub tenant: Reading<SiteTenant>,
    /// The tenant's name as the directory has it: its initial domain.
    pub tenant_name: Reading<String>,
    /// The web (server) app.
    pub server_app: AppView,
    /// The native (client) app.
    pub client_app: AppView,
    /// The admin consents that the connection needs.
    pub consents: Vec<ConsentView>,
    /// User discovery.
    pub user_discovery: Reading<SiteDiscovery>,
    /// Group discovery.
    pub group_discovery: Reading<SiteDiscovery>,
    /// The gateways that use the connection, and those of which the site does not say which connection they use.
    pub gateways: Reading<Vec<SiteGateway>>,
    /// What the checks have found, the gravest first.
    pub findings: Vec<Finding>,
}

/// One of the two apps, as the site and as Microsoft Entra ID have it, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppView {
    /// *Application (client) ID*; `None` if neither side tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<ApplicationId>,
    /// The site's item.
    pub item: Reading<SiteApplication>,
    /// The app registration.
    pub registration: Reading<RegistrationView>,
    /// The service principal (*Enterprise application*), and whether it is enabled.
    pub service_principal: Reading<ServicePrincipal>,
}

/// An app registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RegistrationView {
    /// *Object ID*.
    pub object_id: ApplicationObjectId,
    /// Whether its unique name is one that this crate gives. Only such an app can be removed.
    pub made_by_this_crate: bool,
    /// Whether an administrator has deactivated it.
    pub is_disabled: Answer,
    /// Whether and why Microsoft has disabled it, as the directory says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_by_microsoft_status: Option<String>,
    /// Its secrets.
    pub secrets: Vec<SecretView>,
    /// How many certificates it has.
    pub certificates: usize,
    /// What it is set to.
    pub properties: ApplicationProperties,
}

/// A secret of an app registration. Its text is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretView {
    /// *Secret ID*.
    pub key_id: KeyId,
    /// *Description*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The beginning of its validity, if the directory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub starts: Option<OffsetDateTime>,
    /// *Expires*, if the directory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub ends: Option<OffsetDateTime>,
    /// The first characters of its text, if the directory tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Who has issued it, and for whom.
    pub issued: SecretIssuer,
    /// Whether this site uses it, as far as the date that the site shows tells. A person types value and date apart, so a
    /// date is no proof of the value.
    pub in_use: Answer,
}

/// Who has issued a secret, and for whom, as its description tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SecretIssuer {
    /// This crate, for this site.
    ForThisSite,
    /// This crate, for another site.
    ForAnotherSite {
        /// What tells that site from others.
        site: String,
    },
    /// This crate, for a site; whether for this one is not known, since the view has no site or the site does not tell which it is.
    ForUnknownSite {
        /// What tells that site from others.
        site: String,
    },
    /// This crate, without a site: for a person who hands it on.
    WithoutSite,
    /// Another person or program.
    Other,
}

/// An admin consent that the connection needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConsentView {
    /// The app that may use the permission.
    pub app: AppRole,
    /// The permission, as `user_impersonation`.
    pub permission: String,
    /// What offers it: the server app, or `None` for Microsoft Graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_by: Option<AppRole>,
    /// Whether it is given for the whole tenant.
    pub given: Answer,
}
