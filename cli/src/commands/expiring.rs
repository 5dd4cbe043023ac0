//! `expiring`: when the secrets of many tenants end.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::Args;
use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, ConnectionSpec, GraphDirectory, OnboardingError, SiteHandle, TenantId,
    connection::{AzureServicesConnectionBuilder, Check, CheckStatus, WatchedApp, expiring},
    token::read_only_scopes,
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::{
    bad_input::BadInput,
    commands::check::ThresholdArguments,
    ending::Ending,
    files,
    output::Output,
    sign_in::{SignInArguments, SignInContext},
    site::{SiteArguments, SiteChoice},
    tenant::NetworkArguments,
};

/// Tells when the secrets of many tenants end.
///
/// One sign-in serves all of them, as of an application with a certificate that each tenant has admitted. Prints the worst
/// status first, as a monitoring plug-in does. Writes nothing.
#[derive(Debug, Args)]
pub(crate) struct ExpiringCommand {
    /// What to watch, as JSON: a list of objects with `tenant` (id) or `domain`, and with `clientId` (of the server app) or
    /// `spec` (a file, seen from this one); a `name` of your own if you like. The cloud is found by `tenant` or `domain`.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// How many tenants are looked at side by side.
    #[arg(long, value_name = "NUMBER", default_value = "32")]
    at_once: NonZeroUsize,
    #[command(flatten)]
    thresholds: ThresholdArguments,
    #[command(flatten)]
    sign_in: SignInArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    site: ExpiringSite,
}

/// The site, without whose date it is not known which secret it uses.
#[derive(Debug, Default, Args)]
struct ExpiringSite {
    #[command(flatten)]
    site: SiteArguments,
    /// Not for this command: it needs tenants.
    #[arg(long, hide = true)]
    emulated: bool,
}

/// One line of the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Watched {
    name: Option<String>,
    tenant: Option<TenantId>,
    domain: Option<String>,
    client_id: Option<ApplicationId>,
    spec: Option<PathBuf>,
}

/// What became of one line of the file: its check, or why there is none.
type Looked = Result<Check, String>;

#[derive(Serialize)]
struct Named<'a> {
    key: &'a str,
    #[serde(flatten)]
    looked: Answer<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Check(&'a Check),
    Unknown { status: CheckStatus, error: &'a str },
}

impl<'a> Named<'a> {
    fn new(key: &'a str, looked: &'a Looked) -> Self {
        let looked = match looked {
            Ok(check) => Answer::Check(check),
            Err(error) => Answer::Unknown {
                status: CheckStatus::Unknown,
                error,
            },
        };
        Self { key, looked }
    }
}

#[derive(Serialize)]
struct Sum {
    status: CheckStatus,
    ok: usize,
    warning: usize,
    critical: usize,
    unknown: usize,
}

impl ExpiringCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<u8, Ending> {
        if self.site.emulated {
            return Err(BadInput("expiring watches many tenants: give a file and a sign-in.".to_owned()).into());
        }
        let text = files::read_text(&self.file)?;
        let watched: Vec<Watched> = serde_json::from_str(&text)
            .map_err(|error| BadInput(format!("{} is not a list of what to watch: {error}", self.file.display())))?;
        if watched.is_empty() {
            return Err(BadInput(format!("{} names nothing to watch.", self.file.display())).into());
        }
        self.sign_in.asks_a_person()?;
        self.site.site.check(self.network.graph.is_some())?;
        let mut jobs = Vec::with_capacity(watched.len());
        let mut results: Vec<(String, Looked)> = Vec::with_capacity(watched.len());
        let mut tell = |key: String, looked: Looked| {
            if output.json {
                output.bare("check", &Named::new(&key, &looked), "");
            }
            results.push((key, looked));
        };
        let looked_up = watched.iter().map(async |one| (one.key(), self.job(one).await));
        let mut looked_up = stream::iter(looked_up).buffer_unordered(self.at_once.get());
        while let Some((key, job)) = looked_up.next().await {
            // One line that asks for nothing costs no other line its answer.
            match job {
                Ok(job) => jobs.push((key, job)),
                Err(ending) => tell(key, Err(ending.reason())),
            }
        }
        expiring(
            jobs,
            self.at_once,
            self.thresholds.days.iter().copied(),
            |_, _| (),
            |done| {
                tell(done.key, Ok(done.result));
            },
        )
        .await;
        results.sort_by(|(left_key, left), (right_key, right)| status(right).cmp(&status(left)).then_with(|| left_key.cmp(right_key)));
        let sum = Sum::of(&results);
        output.bare("expiring", &sum, &page(&sum, &results));
        Ok(sum.status.exit_code())
    }

    /// What one line of the file asks for.
    async fn job(&self, watched: &Watched) -> Result<WatchedApp, Ending> {
        let spec = watched.spec.as_deref().map(|file| self.specification(file)).transpose()?;
        let environment = spec.as_ref().map(ConnectionSpec::environment);
        let (endpoints, tenant) = match (&watched.domain, watched.tenant) {
            (_, Some(tenant)) => (self.network.locate(tenant, environment).await?, tenant),
            (Some(domain), None) => self.network.find(domain, environment).await?,
            (None, None) => return Err(self.wrong(watched, "it names no tenant")),
        };
        let http = self.network.http()?;
        let tokens = self.sign_in.tokens(&SignInContext {
            endpoints: &endpoints,
            tenant: Some(tenant),
            http: http.clone(),
        })?;
        let scopes = match self.sign_in.asks_a_person()? {
            true => read_only_scopes(&endpoints),
            false => vec![endpoints.default_scope()],
        };
        let directory = GraphDirectory::builder(endpoints, tokens)
            .scopes(scopes)
            .http(http)
            .tenant(tenant)
            .build();
        let site = self.site()?;
        match (spec, watched.client_id) {
            (Some(spec), None) => {
                let mut builder: AzureServicesConnectionBuilder =
                    AzureServicesConnection::builder(spec).directory(directory).tenant(tenant);
                if let Some(site) = site {
                    builder = builder.site(site);
                }
                Ok(builder.build().map_err(OnboardingError::from)?.into())
            }
            (None, Some(client_id)) => {
                let app = WatchedApp::new(tenant, client_id).directory(directory);
                Ok(match site {
                    Some(site) => app.site(site),
                    None => app,
                })
            }
            _ => Err(self.wrong(watched, "it needs either `clientId` or `spec`")),
        }
    }

    fn specification(&self, file: &Path) -> Result<ConnectionSpec, Ending> {
        let folder = self.file.parent().unwrap_or_else(|| Path::new(""));
        let text = files::read_text(&folder.join(file))?;
        Ok(text.parse().map_err(OnboardingError::Spec)?)
    }

    fn site(&self) -> Result<Option<SiteHandle>, BadInput> {
        match self.site.site.site {
            None => Ok(None),
            Some(SiteChoice::PowerShell) => self.site.site.real(self.network.http()?, self.sign_in.secret_variables()).map(Some),
            Some(SiteChoice::Emulated) => {
                let graph = self.network.graph.clone();
                let graph = graph.ok_or_else(|| BadInput("--site emulated is the site of the emulator that --graph names.".to_owned()))?;
                let site = cmg_onboarding_emulator::RemoteSite::builder(graph).http(self.network.http()?);
                Ok(Some(site.build().into()))
            }
        }
    }

    fn wrong(&self, watched: &Watched, why: &str) -> Ending {
        Ending::BadInput(format!("{}: {}: {why}.", self.file.display(), watched.key()))
    }
}

impl Watched {
    /// What a result is called.
    fn key(&self) -> String {
        let spec = || self.spec.as_ref().map(|file| file.display().to_string());
        let tenant = || self.tenant.map(|tenant| format!("tenant {tenant}"));
        let name = self.name.clone().or_else(|| self.domain.clone()).or_else(spec).or_else(tenant);
        name.unwrap_or_else(|| "an entry without a name".to_owned())
    }
}

/// What is not known is no better than what could not be read.
fn status(looked: &Looked) -> CheckStatus {
    looked.as_ref().map_or(CheckStatus::Unknown, |check| check.status)
}

impl Sum {
    fn of(results: &[(String, Looked)]) -> Self {
        let count = |wanted| results.iter().filter(|(_, looked)| status(looked) == wanted).count();
        Self {
            status: results
                .iter()
                .map(|(_, looked)| status(looked))
                .max()
                .unwrap_or(CheckStatus::Unknown),
            ok: count(CheckStatus::Ok),
            warning: count(CheckStatus::Warning),
            critical: count(CheckStatus::Critical),
            unknown: count(CheckStatus::Unknown),
        }
    }
}

/// The sum in the first line, and each tenant below, the worst first.
fn page(sum: &Sum, results: &[(String, Looked)]) -> String {
    let mut text = format!(
        "{} - {} critical, {} unknown, {} warning, {} well of {} | critical={} unknown={} warning={} ok={}",
        sum.status,
        sum.critical,
        sum.unknown,
        sum.warning,
        sum.ok,
        results.len(),
        sum.critical,
        sum.unknown,
        sum.warning,
        sum.ok,
    );
    for (key, looked) in results {
        let shown = match looked {
            Ok(check) => check.to_string(),
            Err(error) => format!("{} - {}", CheckStatus::Unknown, error.replace(['\n', '|'], " ")),
        };
        let first = shown.lines().next().unwrap_or_default();
        // The performance data belong to the first line of all.
        let first = first.split(" | ").next().unwrap_or(first);
        text.push_str(&format!(
            "\n{}: {first}",
            key.replace(|character: char| character.is_control() || character == '|', " ")
        ));
    }
    text
}
