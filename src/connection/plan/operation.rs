//! What a change writes, as data, and what it works on.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use super::{planned_action::PlannedAction, planned_secret::PlannedSecret, reference::Reference};
use crate::{
    connection::{plan::difference::PropertyChange, report::step::Step},
    directory::ApplicationProperties,
    ids::{ApplicationId, ApplicationObjectId, DirectoryObjectId, KeyId, PermissionGrantId, PermissionId, ServicePrincipalId, TenantId},
    site::SiteRowId,
    spec::{AppIdUri, DiscoverySpec},
};

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// What exactly a change writes. References stand for what is known only while the plan runs. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Operation {
    /// Nothing: it is there as wanted.
    Keep {
        /// Its name, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Proves that an app registration is there, by writing one of its properties as it is.
    ConfirmApp {
        /// Its friendly name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// *Application (client) ID*.
        application_id: ApplicationId,
        /// *Object ID*.
        object_id: ApplicationObjectId,
        /// What is sent: the value that is there.
        sends: Box<ApplicationProperties>,
    },
    /// Creates an app registration.
    CreateApp {
        /// The unique name by which every run finds it again.
        unique_name: String,
        /// What is registered.
        properties: Box<ApplicationProperties>,
        /// The secret that is created with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<PlannedSecret>,
        /// Its owners, beside the caller that Microsoft Entra may add.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        owners: Vec<DirectoryObjectId>,
    },
    /// Restores a deleted app registration that holds the unique name, and gives it what it lacks.
    RestoreApp {
        /// The unique name by which every run finds it again.
        unique_name: String,
        /// Its *Object ID*.
        object_id: ApplicationObjectId,
        /// Its friendly name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What it has to have. Lists only grow.
        properties: Box<ApplicationProperties>,
    },
    /// Gives an existing app registration what it lacks. Lists only grow.
    UpdateApp {
        /// Its friendly name.
        name: String,
        /// *Application (client) ID*.
        application_id: ApplicationId,
        /// What is added: of lists the missing values only.
        adds: Box<ApplicationProperties>,
        /// The same for people: each property with its old and its new value.
        properties: Vec<PropertyChange>,
    },
    /// Creates the service principal of an app.
    CreateServicePrincipal {
        /// The app.
        app: Reference<ApplicationId>,
    },
    /// Gives a client app its redirect URI, which contains its own id, and the permission on the server app.
    CompleteClientApp {
        /// The client app.
        client: Reference<ApplicationId>,
        /// The server app.
        server: Reference<ApplicationId>,
        /// The id of `user_impersonation`.
        scope: PermissionId,
        /// What an existing client app lacks besides.
        adds: Box<ApplicationProperties>,
        /// The same for people: each property with its old and its new value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<PropertyChange>,
    },
    /// Gives the server app an App ID URI that contains its own application id.
    SetAppIdUri {
        /// The server app.
        app: Reference<ApplicationId>,
        /// The App ID URI; with placeholders for the ids as long as the app is not registered.
        app_id_uri: AppIdUri,
        /// The App ID URIs that the app has so far, and keeps; those of a deleted app, which is restored before, are not known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held: Vec<String>,
    },
    /// Asks for a shorter secret, one after the other, until the directory takes one.
    ShortenSecret {
        /// The shorter ones, in this order.
        secrets: Vec<PlannedSecret>,
    },
    /// Issues one more secret for the server app.
    IssueSecret {
        /// The server app.
        app: Reference<ApplicationId>,
        /// Until when it is valid.
        secret: PlannedSecret,
    },
    /// Consents to a delegated permission for the whole tenant.
    CreateGrant {
        /// Who may use it: the client app's service principal.
        client: Reference<ServicePrincipalId>,
        /// On what: the service principal that offers the permission.
        resource: Reference<ServicePrincipalId>,
        /// The permission.
        scope: String,
    },
    /// Adds a delegated permission to a consent for the whole tenant that is there.
    ExtendGrant {
        /// The consent.
        grant: PermissionGrantId,
        /// Who may use it.
        client: Reference<ServicePrincipalId>,
        /// On what.
        resource: Reference<ServicePrincipalId>,
        /// The permission that is added.
        scope: String,
        /// The permissions that it has so far, and keeps, separated by spaces.
        held: String,
    },
    /// Consents to an application permission.
    AssignRole {
        /// Who may use it: the server app's service principal.
        principal: Reference<ServicePrincipalId>,
        /// On what: Microsoft Graph's service principal.
        resource: Reference<ServicePrincipalId>,
        /// The permission.
        role: PermissionId,
    },
    /// Adds the tenant to the site.
    ImportTenant {
        /// The tenant.
        tenant_id: TenantId,
        /// Its name in the site.
        name: String,
    },
    /// Imports the server app into the site, with its secret: the one that this run issues, or the
    /// specification's.
    ImportServerApp {
        /// *Application Name*.
        name: String,
        /// *Client ID*.
        app: Reference<ApplicationId>,
        /// *App ID URI*.
        app_id_uri: Option<AppIdUri>,
        /// *Secret Key Expiry*, if the specification gives the secret. A secret that this run issues ends as its
        /// own change says.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
        secret_key_expiry: Option<OffsetDateTime>,
    },
    /// Gives the site another secret for a server app that it knows: the one that this run issues, or the
    /// specification's.
    RenewSecret {
        /// *Client ID*.
        app: Reference<ApplicationId>,
        /// The day on which the secret ends that the site has, if the site tells it.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "day::option")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Day>"))]
        from: Option<Date>,
        /// The day on which the specification's secret ends; `None` if this run issues one.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "day::option")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Day>"))]
        to: Option<Date>,
        /// Whether the site cannot take it, so that a person types it into the console.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
        /// Whether the console has created the app: its dialog signs a person in and makes the secret by itself, so that
        /// none is issued here.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        made_by_console: bool,
    },
    /// Imports the client app into the site.
    ImportClientApp {
        /// *Application Name*.
        name: String,
        /// *Client ID*.
        app: Reference<ApplicationId>,
    },
    /// Creates the Azure service connection.
    CreateConnection {
        /// *Name*.
        name: String,
        /// *Description*.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Changes name or description of the connection.
    UpdateConnection {
        /// Its row in the site.
        row: SiteRowId,
        /// *Name*, as it is.
        name: String,
        /// *Name*, as it becomes; `None` if it stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new_name: Option<String>,
        /// *Description*, as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// *Description*, as it becomes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Switches discovery on or off, or changes its settings.
    ConfigureDiscovery {
        /// The connection.
        connection: Reference<SiteRowId>,
        /// The settings.
        discovery: DiscoverySpec,
        /// Of a connection that is there: each setting that is changed, with its old and its new value. The old one is
        /// `null` if it was not read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        properties: Vec<PropertyChange>,
    },
    /// Removes secrets of this crate that nothing can be using.
    RemoveSecrets {
        /// The server app.
        app: Reference<ApplicationId>,
        /// *Secret ID* of each. More may follow if an answer is lost.
        keys: Vec<KeyId>,
        /// Since when the site has shown the end of their successor, if the caller states it. `None` if the site tells it,
        /// and if nothing was ever using them.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
        shown_since: Option<OffsetDateTime>,
    },
    /// Removes the Azure service connection from the site.
    RemoveConnection {
        /// Its row in the site.
        row: SiteRowId,
        /// *Name*.
        name: String,
        /// Whether the caller states that no cloud management gateway uses it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        no_gateway_stated: bool,
    },
    /// Removes for good what this run has made: an app registration with its service principal. It is read before, and
    /// stays if another caller has added a secret, a certificate, a federated credential, an owner, a consent or a service
    /// principal.
    RemoveMadeApp {
        /// The app.
        app: Reference<ApplicationId>,
    },
    /// Removes an app registration for good, with its service principal and its consents.
    RemoveApp {
        /// Its friendly name, if it is still registered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// *Application (client) ID* of the registration, if it is still registered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        application_id: Option<ApplicationId>,
        /// *Object ID* of the registration, if it is still registered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object_id: Option<ApplicationObjectId>,
        /// Its service principal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_principal_id: Option<ServicePrincipalId>,
        /// *Application (client) ID* of a deleted registration that still holds the unique name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deleted_application_id: Option<ApplicationId>,
        /// Its *Object ID*.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deleted_object_id: Option<ApplicationObjectId>,
    },
}

impl Operation {
    /// What it comes to.
    pub(crate) const fn action(&self) -> PlannedAction {
        match self {
            Self::Keep { .. } => PlannedAction::Keep,
            Self::ConfirmApp { .. } => PlannedAction::Confirm,
            Self::RenewSecret { by_hand: true, .. } => PlannedAction::ByHand,
            Self::UpdateApp { .. }
            | Self::RenewSecret { .. }
            | Self::ExtendGrant { .. }
            | Self::UpdateConnection { .. }
            | Self::SetAppIdUri { .. }
            | Self::ShortenSecret { .. }
            | Self::CompleteClientApp {
                client: Reference::Known(_),
                ..
            }
            | Self::ConfigureDiscovery {
                connection: Reference::Known(_),
                ..
            } => PlannedAction::Update,
            Self::RemoveSecrets { .. } | Self::RemoveConnection { .. } | Self::RemoveApp { .. } | Self::RemoveMadeApp { .. } => {
                PlannedAction::Remove
            }
            Self::RestoreApp { .. } => PlannedAction::Restore,
            _ => PlannedAction::Create,
        }
    }

    /// The steps that make what it refers to.
    pub(crate) fn needs(&self) -> Vec<Step> {
        let makers = match self {
            Self::CreateServicePrincipal { app }
            | Self::IssueSecret { app, .. }
            | Self::ImportServerApp { app, .. }
            | Self::RenewSecret { app, .. }
            | Self::ImportClientApp { app, .. }
            | Self::SetAppIdUri { app, .. }
            | Self::RemoveMadeApp { app }
            | Self::RemoveSecrets { app, .. } => [app.maker(), None],
            Self::CompleteClientApp { client, server, .. } => [client.maker(), server.maker()],
            Self::CreateGrant { client, resource, .. } | Self::ExtendGrant { client, resource, .. } => [client.maker(), resource.maker()],
            Self::AssignRole { principal, resource, .. } => [principal.maker(), resource.maker()],
            Self::ConfigureDiscovery { connection, .. } => [connection.maker(), None],
            _ => [None, None],
        };
        makers.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_needs_what_makes_either_service_principal() {
        let known = || Reference::Known(ServicePrincipalId::new(uuid::Uuid::from_u128(1)));
        let made = || Reference::MadeBy(Step::ServerServicePrincipal);
        for (principal, resource, needs) in [
            (made(), known(), &[Step::ServerServicePrincipal][..]),
            (known(), made(), &[Step::ServerServicePrincipal]),
            (known(), known(), &[]),
        ] {
            let role = PermissionId::new(uuid::Uuid::from_u128(2));
            assert_eq!(Operation::AssignRole { principal, resource, role }.needs(), needs);
        }
    }
}
