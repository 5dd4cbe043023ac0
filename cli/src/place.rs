//! Where a command works: tenant, sign-in and site, as the flags say, or an emulator of its own.

use std::sync::Arc;

use clap::Args;
use cmg_onboarding::{
    AzureServicesConnection, CloudEnvironment, ConnectionSpec, GraphDirectory, OnboardingError, SiteHandle, TenantId,
    clock::{Clock, SystemClock},
    connection::AzureServicesConnectionBuilder,
    token::{
        AccessToken, EntraSecretProbe, all_sign_in_scopes, optional_sign_in_scopes, read_only_scopes, registering_scopes, sign_in_scopes,
        token_fn,
    },
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};

use crate::{
    bad_input::BadInput,
    ending::Ending,
    interrupt::Interrupt,
    sign_in::{SignInArguments, SignInContext},
    site::{SiteArguments, SiteChoice, is_import_of},
    tenant::TenantArguments,
};

/// The flags for tenant, sign-in and site.
#[derive(Debug, Default, Args)]
pub(crate) struct PlaceArguments {
    #[command(flatten)]
    pub(crate) directory: DirectoryArguments,
    #[command(flatten)]
    pub(crate) site: SiteArguments,
}

/// The flags for tenant and sign-in.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Tenant")]
pub(crate) struct DirectoryArguments {
    /// Try the command out, against an emulated tenant and site of its own on this machine. Commands that look at a
    /// connection find one there that was just set up.
    #[arg(long, conflicts_with_all = ["domain", "tenant", "graph", "authority", "sign_in", "token_env"])]
    pub(crate) emulated: bool,
    #[command(flatten)]
    pub(crate) tenant: TenantArguments,
    #[command(flatten)]
    pub(crate) sign_in: SignInArguments,
}

/// What a command may come to do in the tenant, which decides what a person is asked to consent to. A plan is given only to a
/// sign-in that may carry it out, so that planning asks for the same as carrying out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Look, and write nothing.
    Read,
    /// Write what the specification asks for, without the consents.
    RegisterOnly,
    /// Write what the specification asks for.
    Write,
}

/// Both sides, ready to be worked on.
pub(crate) struct Place {
    pub(crate) directory: Option<GraphDirectory>,
    pub(crate) site: Option<SiteHandle>,
    tenant: Option<TenantId>,
    probe: Option<EntraSecretProbe>,
    /// Kept alive until the command is done: dropping it stops the emulator.
    _emulator: Option<EmulatorServer>,
}

impl PlaceArguments {
    pub(crate) const fn is_emulated(&self) -> bool {
        self.directory.emulated
    }

    /// Reaches for both sides. Nothing is sent yet, apart from asking which tenant a domain belongs to, or where a tenant is.
    pub(crate) async fn open(&self, spec: Option<&ConnectionSpec>, access: Access) -> Result<Place, Ending> {
        self.directory.open(&self.site, spec, access).await
    }

    /// The same for a command that looks at what an earlier run has made. In an emulator of its own there is no earlier run,
    /// so that the specification is carried out first.
    pub(crate) async fn open_set_up(&self, spec: &ConnectionSpec, access: Access) -> Result<Place, Ending> {
        let place = self.open(Some(spec), access).await?;
        if self.is_emulated() {
            Box::pin(place.connection(spec.clone())?.onboard(|_| ())).await?;
        }
        Ok(place)
    }
}

impl DirectoryArguments {
    /// Reaches for the tenant, and for the site if one is named.
    pub(crate) async fn open(&self, site: &SiteArguments, spec: Option<&ConnectionSpec>, access: Access) -> Result<Place, Ending> {
        let environment = spec.map(ConnectionSpec::environment);
        if self.emulated {
            return Place::emulated(environment.unwrap_or_default()).await;
        }
        site.check(self.tenant.network.graph.is_some())?;
        let is_left_out = self.sign_in.is_left_out() && self.tenant.is_left_out();
        if is_left_out && site.is_real() && spec.is_none_or(is_import_of) {
            return Ok(Place {
                directory: None,
                site: Some(site.real(self.tenant.network.http()?, self.sign_in.secret_variables())?),
                tenant: None,
                probe: None,
                _emulator: None,
            });
        }
        self.of_tenant(site, spec, environment, access).await
    }

    async fn of_tenant(
        &self,
        site: &SiteArguments,
        spec: Option<&ConnectionSpec>,
        environment: Option<CloudEnvironment>,
        access: Access,
    ) -> Result<Place, Ending> {
        let network = &self.tenant.network;
        // Before the first request.
        let asks_a_person = self.sign_in.asks_a_person()?;
        let (endpoints, tenant) = self.tenant.find(environment).await?;
        let http = network.http()?;
        let tokens = self.sign_in.tokens(&SignInContext {
            endpoints: &endpoints,
            tenant,
            http: http.clone(),
        })?;
        let optional = if asks_a_person {
            optional_sign_in_scopes(&endpoints)
        } else {
            Vec::new()
        };
        let scopes = match (asks_a_person, access, spec) {
            (false, ..) => vec![endpoints.default_scope()],
            (true, Access::RegisterOnly, Some(spec)) => registering_scopes(spec, &endpoints),
            (true, Access::Write, Some(spec)) => sign_in_scopes(spec, &endpoints),
            (true, Access::Read, _) => read_only_scopes(&endpoints),
            // What the site has is not known yet.
            (true, _, None) => all_sign_in_scopes(&endpoints),
        };
        let mut directory = GraphDirectory::builder(endpoints.clone(), tokens)
            .scopes(scopes)
            .optional_scopes(optional)
            .http(http.clone());
        if let Some(tenant) = tenant {
            directory = directory.tenant(tenant);
        }
        let site = match site.site {
            Some(SiteChoice::PowerShell) => Some(site.real(http.clone(), self.sign_in.secret_variables())?),
            Some(SiteChoice::Emulated) => Some(RemoteSite::builder(endpoints.graph().clone()).http(http.clone()).build().into()),
            None => None,
        };
        let probe = network.tries_secrets().then(|| EntraSecretProbe::new(endpoints).http(http));
        Ok(Place {
            directory: Some(directory.build()),
            site,
            tenant,
            probe,
            _emulator: None,
        })
    }
}

impl Place {
    /// An emulated tenant and site of this process, over real HTTP on the loopback interface.
    pub(crate) async fn emulated(environment: CloudEnvironment) -> Result<Self, Ending> {
        let tenant = EmulatedTenant::builder().environment(environment).build();
        Self::of_emulated(tenant, EmulatedSite::new(), Arc::new(SystemClock)).await
    }

    /// The same with a tenant and a site that the caller goes on to work with, and their clock.
    pub(crate) async fn of_emulated(tenant: EmulatedTenant, site: EmulatedSite, clock: Arc<dyn Clock>) -> Result<Self, Ending> {
        let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await;
        let server = server.map_err(|error| BadInput(format!("The emulator cannot be started: {error}")))?;
        // A token whenever one is asked for: the clock of the tenant may have been moved.
        let token = token_fn(move |_| {
            let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
            async move { Ok(token) }
        });
        let directory = GraphDirectory::builder(server.endpoints().clone(), token);
        Ok(Self {
            directory: Some(directory.clock(Arc::clone(&clock)).build()),
            site: Some(site.into()),
            tenant: None,
            probe: Some(EntraSecretProbe::new(server.endpoints().clone()).clock(clock)),
            _emulator: Some(server),
        })
    }

    /// The same place without its site.
    pub(crate) fn without_site(mut self) -> Self {
        self.site = None;
        self
    }

    /// The same place without trying secrets out.
    pub(crate) fn without_probe(mut self) -> Self {
        self.probe = None;
        self
    }

    /// A connection here, to be set up further.
    pub(crate) fn builder(&self, spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        self.complete(AzureServicesConnection::builder(spec))
    }

    /// The same for a connection that something else has begun.
    pub(crate) fn complete(&self, mut builder: AzureServicesConnectionBuilder) -> AzureServicesConnectionBuilder {
        builder = builder.cancel(Interrupt::of_process().cancel());
        if let Some(directory) = &self.directory {
            builder = builder.directory(directory.clone());
        }
        if let Some(site) = &self.site {
            builder = builder.site(site.clone());
        }
        if let Some(probe) = &self.probe {
            builder = builder.secret_probe(probe.clone());
        }
        if let Some(tenant) = self.tenant {
            builder = builder.tenant(tenant);
        }
        builder
    }

    /// A connection here as it is.
    pub(crate) fn connection(&self, spec: ConnectionSpec) -> Result<AzureServicesConnection, Ending> {
        Ok(self.builder(spec).build().map_err(OnboardingError::from)?)
    }
}
