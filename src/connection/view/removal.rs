//! The removal of what a view shows, without the specification that it was made by.

use crate::{
    connection::{
        builder::AzureServicesConnectionBuilder,
        check::rules::RemovalScope,
        plan::registration::UniqueNames,
        report::{reading::Reading, step::AppRole},
        view::model::{AppView, ConnectionView},
    },
    ids::ApplicationId,
    spec::{ClientAppDraft, ClientAppSpec, ConnectionSpec, ReusedApp, ServerAppDraft, ServerAppSpec},
};

impl ConnectionView {
    /// Begins the removal of what this view shows: the caller gives the site, and with
    /// [`RemovalScope::ConnectionAndApps`] the directory, and may make the statements that a removal may need. `None` if the
    /// view does not tell which apps the connection uses: then look at it in the console (*Administration > Cloud Services >
    /// Azure Services*).
    ///
    /// The builder makes a connection that can be removed and nothing else: see
    /// [`plan_removal`](crate::AzureServicesConnection::plan_removal), which reads both sides again and shows the plan first.
    /// The guards hold as for a removal with a specification. An app goes only if its unique name tells that this crate has made
    /// it; all others stay, in every scope.
    ///
    /// ```
    /// use cmg_onboarding::connection::{ConnectionView, RemovalScope};
    /// # use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec};
    /// # use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let spec = ConnectionSpec::builder("Contoso CMG")
    /// #     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
    /// #     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
    /// #     .build()?;
    /// # let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    /// # let connection = AzureServicesConnection::builder(spec).directory(tenant.directory()).site(site.clone()).build()?;
    /// # connection.onboard(|_| ()).await?;
    /// # let view: ConnectionView = connection.view(|_| ()).await?;
    /// let removal = view.removal(RemovalScope::Connection).ok_or("its apps are not known")?;
    /// let plan = removal.site(site).build()?.plan_removal(|_| ()).await?;
    /// println!("{plan}");
    /// plan.apply(|_| ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn removal(&self, scope: RemovalScope) -> Option<AzureServicesConnectionBuilder> {
        let names = |app: &AppView, role| made_names(app, role).filter(|_| scope.takes_apps());
        let (server_names, client_names) = (names(&self.server_app, AppRole::Server), names(&self.client_app, AppRole::Client));
        // Two apps of two specifications are not one pair: the server app is the connection's own. If the view does not show
        // the client app, it is looked up as the other one of the server app's pair.
        let client_names = match self.client_app.registration {
            Reading::Present(_) => client_names.filter(|names| server_names.as_ref().is_none_or(|server| server == names)),
            Reading::Unknown | Reading::Absent => server_names.clone(),
        };
        let server: ServerAppDraft = match &server_names {
            Some(_) => ServerAppSpec::builder(app_name(&self.server_app)).into(),
            None => ReusedApp::new(self.server_app.application_id?).into(),
        };
        let client: ClientAppDraft = match &client_names {
            Some(_) => ClientAppSpec::builder(app_name(&self.client_app)).into(),
            // Of one that stays no more is needed than that it is another app.
            None => ReusedApp::new(self.client_app.application_id.unwrap_or(NOT_KNOWN)).into(),
        };
        let builder = ConnectionSpec::builder(&self.name)
            .environment(self.environment.unwrap_or_default())
            .server_app(server)
            .client_app(client);
        let builder = AzureServicesConnectionBuilder::new(builder.build().ok()?)
            .only_removes(server_names.or(client_names))
            .removal_scope(scope);
        Some(match self.tenant_id {
            Some(tenant) => builder.tenant(tenant),
            None => builder,
        })
    }
}

/// Stands for a native app of which nothing tells which it is.
const NOT_KNOWN: ApplicationId = ApplicationId::new(uuid::Uuid::nil());

/// The names of the pair, if the registration's unique name tells that this crate has made it as this one of the two.
fn made_names(app: &AppView, role: AppRole) -> Option<UniqueNames> {
    let Reading::Present(registration) = &app.registration else {
        return None;
    };
    let (found, names) = UniqueNames::of_pair(registration.properties.unique_name.as_deref()?)?;
    (found == role).then_some(names)
}

/// A name that a specification may have: for the plan's text alone, since an app is found by its unique name.
fn app_name(app: &AppView) -> String {
    let registration = app.registration.present();
    let name = registration.and_then(|registration| registration.properties.display_name.clone());
    let unique_name = registration.and_then(|registration| registration.properties.unique_name.clone());
    name.filter(|name| ServerAppSpec::builder(name.as_str()).build().is_ok())
        .or(unique_name)
        .unwrap_or_else(|| "the client app".to_owned())
}

/// The specification of a pair that is removed, of what is known of it.
pub(super) fn of_pair(name: &str, fallback: &str, server: Option<&str>, client: Option<&str>) -> Option<ConnectionSpec> {
    let pair = |name: &str, server: &str, client: &str| {
        ConnectionSpec::builder(name)
            .server_app(ServerAppSpec::builder(server))
            .client_app(ClientAppSpec::builder(client))
            .build()
    };
    let names = [server.unwrap_or("the server app"), client.unwrap_or("the client app")];
    // A name that others have given may be one that a specification refuses; it stands in the plan's text only.
    let plain = || pair(fallback, "the server app", "the client app");
    pair(name, names[0], names[1]).or_else(|_| plain()).ok()
}
