//! *Verify* of the *Import apps* dialog, and more: whether apps that are registered already are what the
//! product needs.

pub(in crate::connection) mod client_app;
pub(in crate::connection) mod secret;
pub(in crate::connection) mod server_app;

use std::sync::Arc;

use futures_util::future::{OptionFuture, join, join3};

use crate::{
    call::Call,
    clock::{Clock, SystemClock},
    connection::{
        check::{apps, term::DEFAULT_DAYS},
        read::{reading::none_if_denied, snapshot::RegisteredApp},
        report::{
            emitter::Emitter,
            event::{Event, Verb},
            finding::Finding,
            finding_place::IMPORT,
            read_error::ReadError,
            verification::Verification,
        },
    },
    directory::{ApplicationKey, Directory, DirectoryHandle},
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
        let looked = OptionFuture::from(directory.map(|directory| self.compare(directory, emitter.call(None))));
        let (tried, looked) = join(probed, looked).await;
        let compared = looked.transpose().map_err(ReadError::Directory)?;

        let mut findings = Vec::new();
        apps::check_secret_to_import(&self.server, self.clock.now(), &DEFAULT_DAYS, &mut findings);
        let is_compared = compared.as_ref().is_some_and(|(is_same_tenant, _)| *is_same_tenant);
        findings.extend(compared.into_iter().flat_map(|(_, found)| found));
        if let Some(tried) = &tried {
            tried.add_to(&mut findings);
        }
        let mut findings: Vec<Finding> = findings.into_iter().map(|finding| finding.placed(IMPORT)).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        Ok(Verification {
            is_secret_accepted: tried.and_then(|tried| tried.is_secret_accepted),
            is_compared,
            findings,
        })
    }

    /// Reads both registrations in up to two rounds, and says whether they were compared and what was found. In a directory of another
    /// tenant there is nothing to compare.
    async fn compare(&self, directory: &dyn Directory, call: Call) -> Result<(bool, Vec<Finding>), DirectoryError> {
        let wanted = self.server.tenant_id();
        let server_id = self.server.client_id();
        let client_id = self.client.as_ref().map(ImportedClientApp::client_id);
        let client = OptionFuture::from(client_id.map(|id| registered(directory, id, call.clone())));
        let server = registered(directory, server_id, call.clone());
        let (tenant, server, client) = join3(directory.tenant(call.clone()), server, client).await;
        let (tenant, server, client) = (tenant?, server?, client.transpose()?.flatten());
        if tenant.id != wanted {
            let other = apps::wrong_tenant(wanted, tenant.id, Some(&tenant.display_name));
            return Ok((false, vec![other]));
        }
        let principal = |app: &Option<RegisteredApp>| app.as_ref()?.service_principal.as_ref().map(|principal| principal.id);
        let client_principal = principal(&client);
        let server_principal = principal(&server).filter(|_| self.wants_discovery);
        let grants = OptionFuture::from(client_principal.map(|id| directory.permission_grants(call.clone(), id)));
        let roles = OptionFuture::from(server_principal.map(|id| directory.role_assignments(call.clone(), id)));
        // Only if an app is not there: this tells why.
        let absent = [(Some(server_id), &server), (client_id, &client)];
        let absent = absent.into_iter().filter(|(_, app)| app.is_none());
        let absent: Vec<ApplicationId> = absent.filter_map(|(id, _)| id).collect();
        let deleted = OptionFuture::from((!absent.is_empty()).then(|| directory.deleted_service_principals(call.clone(), &absent)));
        let (grants, roles, deleted) = join3(grants, roles, deleted).await;
        let grants = grants.transpose()?.unwrap_or_default();
        let roles = roles.transpose()?.unwrap_or_default();
        let deleted = deleted.map(none_if_denied).transpose()?.flatten().unwrap_or_default();
        let deleted: Vec<ApplicationId> = deleted.iter().map(|principal| principal.app_id).collect();

        let mut findings = Vec::new();
        match &server {
            Some(app) => server_app::check(&self.server, app, &mut findings),
            None => findings.push(apps::absent(apps::SERVER, Some(server_id), &deleted, wanted)),
        }
        if let Some(app) = server.as_ref().filter(|_| self.wants_discovery) {
            server_app::check_discovery(app, &roles, &mut findings);
        }
        match (client_id, &client) {
            (None, _) => {}
            (_, Some(app)) => client_app::check(app, server.as_ref(), &grants, &mut findings),
            (id, None) => findings.push(apps::absent(apps::CLIENT, id, &deleted, wanted)),
        }
        Ok((true, findings))
    }
}

/// One app with its service principal, which are asked for side by side.
async fn registered(directory: &dyn Directory, id: ApplicationId, call: Call) -> Result<Option<RegisteredApp>, DirectoryError> {
    let key = ApplicationKey::ApplicationId(id);
    let application = directory.application(call.clone(), &key);
    let (application, service_principal) = join(application, directory.service_principal(call.clone(), id)).await;
    let service_principal = service_principal?;
    Ok(application?.map(|application| RegisteredApp {
        application,
        service_principal,
    }))
}
