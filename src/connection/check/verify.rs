//! *Verify* of the *Import apps* dialog, and more: whether apps that are registered already are what the
//! product needs.

pub(in crate::connection) mod client_app;
pub(in crate::connection) mod secret;
pub(in crate::connection) mod server_app;

use std::sync::Arc;

use futures_util::future::{OptionFuture, join, join5, try_join3};

use crate::{
    call::Call,
    clock::{Clock, SystemClock},
    connection::{
        check::{apps, term::SecretThresholds},
        read::{reading::none_if_denied, snapshot::RegisteredApp},
        report::{
            emitter::Emitter,
            error::ReadError,
            event::{Event, Verb},
            finding::Finding,
            finding_place::Choices,
            verification::Verification,
        },
    },
    directory::{ApplicationKey, Directory, DirectoryHandle, PermissionGrant, RoleAssignment, Tenant},
    error::DirectoryError,
    ids::ApplicationId,
    spec::{ConnectionSpec, ImportedClientApp, ImportedServerApp},
    token::SecretProbe,
};

/// Verifies the values that an administrator will import into a site: by signing the server app in, and by
/// comparing the registrations with the shape that the product needs. It changes nothing.
///
/// With a [`SecretProbe`] the id and the secret are tried out, which takes no permission. With a
/// [`Directory`] everything else is compared field by field, which takes a sign-in that may read
/// applications. Either may be left out; what is left out is not verified.
///
/// For apps that are still to be registered by hand, [`ConnectionSpec::by_hand`] gives the steps in the portal.
///
/// ```no_run
/// use cmg_onboarding::{GraphDirectory, ImportedServerApp, ImportedClientApp, connection::ImportVerifier};
///
/// # async fn example(server: ImportedServerApp, client: ImportedClientApp, directory: GraphDirectory) -> Result<(), Box<dyn std::error::Error>> {
/// let verification = ImportVerifier::new(server).client_app(client).directory(directory).verify(|_| ()).await?;
/// for finding in verification.findings() {
///     println!("{finding}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is verified until verify() is called"]
pub struct ImportVerifier {
    server: ImportedServerApp,
    client: Option<ImportedClientApp>,
    wants_discovery: bool,
    probe: Option<Arc<dyn SecretProbe>>,
    directory: Option<DirectoryHandle>,
    clock: Arc<dyn Clock>,
}

impl ImportVerifier {
    /// Verifies a server app, for a connection without discovery.
    pub fn new(server: ImportedServerApp) -> Self {
        Self {
            server,
            client: None,
            wants_discovery: false,
            probe: None,
            directory: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Verifies what a specification imports; `None` if it imports no server app.
    #[must_use]
    pub fn of(spec: &ConnectionSpec) -> Option<Self> {
        let server = spec.server_app().imported()?;
        let verifier = Self::new(server.clone()).discovery(spec.discovers());
        Some(match spec.client_app().imported() {
            Some(client) => verifier.client_app(client.clone()),
            None => verifier,
        })
    }

    /// Verifies the client app, too, and that it may use the server app.
    pub fn client_app(mut self, client: ImportedClientApp) -> Self {
        self.client = Some(client);
        self
    }

    /// Whether the connection will have discovery, which takes one more permission. Default: no.
    pub const fn discovery(mut self, wanted: bool) -> Self {
        self.wants_discovery = wanted;
        self
    }

    /// Signs the server app in, to try its secret out. Default: the secret is not tried.
    pub fn probe(mut self, probe: impl SecretProbe + 'static) -> Self {
        self.probe = Some(Arc::new(probe));
        self
    }

    /// Reads the registrations from this directory and compares them. Default: they are not compared.
    pub fn directory(mut self, directory: impl Into<DirectoryHandle>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Where the time of day comes from. Default: the operating system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Verifies, and calls `events` with what happens meanwhile. It takes up to two rounds of requests to the
    /// directory, and up to two sign-ins beside them.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read. A problem of the apps is a finding, and not an error.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn verify(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Verification, ReadError> {
        let emitter = Emitter::begin(Verb::Verify, None, &events, self.clock.as_ref());
        let result = emitter.listening(self.check(&emitter)).await;
        emitter.end_of_reading(&result);
        result
    }

    async fn check(&self, emitter: &Emitter<'_>) -> Result<Verification, ReadError> {
        let probed = OptionFuture::from(
            self.probe
                .as_deref()
                .map(|probe| secret::try_out(probe, &self.server, self.wants_discovery)),
        );
        let directory = self.directory.as_ref().map(DirectoryHandle::as_directory);
        let looked = OptionFuture::from(directory.map(|directory| self.read(directory, emitter.call(None))));
        let (tried, looked) = join(probed, looked).await;
        let registered = looked.transpose().map_err(ReadError::Directory)?;

        let mut findings = Vec::new();
        apps::check_secret_to_import(&self.server, self.clock.now(), &SecretThresholds::default(), &mut findings);
        if let Some(registered) = &registered {
            self.compare(registered, &mut findings);
        }
        if let Some(tried) = &tried {
            tried.add_to(&mut findings);
        }
        let mut findings: Vec<Finding> = findings.into_iter().map(|finding| finding.placed(Choices::IMPORT)).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        Ok(Verification {
            is_secret_accepted: tried.and_then(|tried| tried.is_secret_accepted),
            is_compared: registered.is_some_and(|registered| registered.tenant.id == self.server.tenant_id()),
            findings,
        })
    }

    async fn read(&self, directory: &dyn Directory, call: Call) -> Result<Registered, DirectoryError> {
        let server_id = self.server.client_id();
        let client_id = self.client.as_ref().map(ImportedClientApp::client_id);
        let (server_key, client_key) = (
            ApplicationKey::ApplicationId(server_id),
            client_id.map(ApplicationKey::ApplicationId),
        );
        let client = OptionFuture::from(client_key.as_ref().map(|key| directory.application(call.clone(), key)));
        let client_principal = OptionFuture::from(client_id.map(|id| directory.service_principal(call.clone(), id)));
        let (tenant, server, server_principal, client, client_principal) = join5(
            directory.tenant(call.clone()),
            directory.application(call.clone(), &server_key),
            directory.service_principal(call.clone(), server_id),
            client,
            client_principal,
        )
        .await;
        let (tenant, server_principal) = (tenant?, server_principal?);
        let client_principal = client_principal.transpose()?.flatten();
        let grants = async {
            match &client_principal {
                Some(principal) => directory.permission_grants(call.clone(), principal.id).await,
                None => Ok(Vec::new()),
            }
        };
        let roles = async {
            match server_principal.as_ref().filter(|_| self.wants_discovery) {
                Some(principal) => directory.role_assignments(call.clone(), principal.id).await,
                None => Ok(Vec::new()),
            }
        };
        let missing = [
            (Some(server_id), server.as_ref().ok()),
            (client_id, client.as_ref().and_then(|read| read.as_ref().ok())),
        ];
        let absent: Vec<ApplicationId> = missing
            .into_iter()
            .filter(|(_, read)| matches!(read, Some(None)))
            .filter_map(|(id, _)| id)
            .collect();
        // Only if an app is not there: this tells why.
        let deleted = async {
            match absent.is_empty() {
                true => Ok(Some(Vec::new())),
                false => none_if_denied(directory.deleted_service_principals(call.clone(), &absent).await),
            }
        };
        let (client_grants, server_roles, deleted) = try_join3(grants, roles, deleted).await?;
        let with = |application: Option<_>, service_principal| {
            application.map(|application| RegisteredApp {
                application,
                service_principal,
            })
        };
        Ok(Registered {
            tenant,
            server: with(server?, server_principal),
            client: with(client.transpose()?.flatten(), client_principal),
            client_grants,
            server_roles,
            deleted: deleted.into_iter().flatten().map(|principal| principal.app_id).collect(),
        })
    }

    fn compare(&self, registered: &Registered, findings: &mut Vec<Finding>) {
        let tenant = self.server.tenant_id();
        if registered.tenant.id != tenant {
            findings.push(apps::wrong_tenant(
                tenant,
                registered.tenant.id,
                Some(&registered.tenant.display_name),
            ));
            return;
        }
        match &registered.server {
            Some(app) => server_app::check(&self.server, app, findings),
            None => findings.push(apps::absent(
                apps::SERVER,
                Some(self.server.client_id()),
                &registered.deleted,
                tenant,
            )),
        }
        if let Some(app) = registered.server.as_ref().filter(|_| self.wants_discovery) {
            server_app::check_discovery(app, &registered.server_roles, findings);
        }
        let Some(client) = &self.client else { return };
        match &registered.client {
            Some(app) => client_app::check(app, registered.server.as_ref(), &registered.client_grants, findings),
            None => findings.push(apps::absent(apps::CLIENT, Some(client.client_id()), &registered.deleted, tenant)),
        }
    }
}

/// What the directory has of the two apps.
#[derive(Debug)]
struct Registered {
    tenant: Tenant,
    server: Option<RegisteredApp>,
    client: Option<RegisteredApp>,
    client_grants: Vec<PermissionGrant>,
    server_roles: Vec<RoleAssignment>,
    /// Those of the two that are not there because they were deleted.
    deleted: Vec<ApplicationId>,
}
