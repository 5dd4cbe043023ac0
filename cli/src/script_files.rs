//! Script and request for the administrator of the site, without the secret.

use std::{
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use cmg_onboarding::{
    ApplicationId, ConnectionSpec, Outcome, Plan, TenantId,
    connection::PlanDocument,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding,
        power_shell::{ConsoleScript, SCRIPT},
    },
    spec::{ClientApp, ServerApp},
};
use serde::Deserialize;

use crate::{bad_input::BadInput, ending::Ending, files};

/// Where script and request go, and for which site.
pub(crate) struct ScriptFiles {
    pub(crate) folder: PathBuf,
    pub(crate) provider: String,
    pub(crate) site_code: String,
    pub(crate) may_replace: bool,
}

/// What a request says of the apps it is for.
#[derive(Deserialize)]
struct Request {
    wanted: Wanted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    tenant_id: TenantId,
    server_app: App,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct App {
    client_id: ApplicationId,
}

impl ScriptFiles {
    /// Checks all that could keep script and request from being written, and makes their folder: once the secret is
    /// issued, a request that cannot be written would lose it.
    pub(crate) fn prepare(&self, spec: &ConnectionSpec) -> Result<(), BadInput> {
        self.console(&provisional(spec)?)?;
        for name in [ConsoleScript::SCRIPT_FILE, ConsoleScript::REQUEST_FILE] {
            let file = self.folder.join(name);
            files::prepare(&file).map_err(|error| BadInput::unwritable(&file, &error))?;
        }
        let script = self.folder.join(ConsoleScript::SCRIPT_FILE);
        if self.may_replace || is_plain_script(&script) {
            return Ok(());
        }
        Err(BadInput(format!(
            "{} is there already, and it is signed or no script of this program. Name another folder, or add --replace. Nothing was sent.",
            script.display()
        )))
    }

    /// Refuses to write over a request for other apps, or over what is no request.
    pub(crate) fn expect(&self, plan: &Plan) -> Result<(), Ending> {
        let file = self.folder.join(ConsoleScript::REQUEST_FILE);
        if self.may_replace || !file.exists() || is_for(&file, plan.document()) {
            return Ok(());
        }
        Err(Ending::Refused(format!(
            "{} is there already, and it is not a request for these apps. Name another folder, or add --replace.",
            file.display()
        )))
    }

    /// Writes script and request, and says what to do with them.
    pub(crate) fn write(&self, spec: &ConnectionSpec, outcome: &Outcome) -> Result<String, BadInput> {
        let folder = &self.folder;
        let Some(wanted) = onboarding(spec, outcome) else {
            return Err(BadInput(
                "The run has registered no two apps, so there is nothing to import.".to_owned(),
            ));
        };
        let is_known = matches!(wanted.server_app, ServerAppImport::Known(_));
        if is_known && !matches!(spec.server_app(), ServerApp::Reuse(_)) {
            // The request would lack the server app: it fails at a site that does not know the app, and would replace a good one.
            let there = match folder.join(ConsoleScript::REQUEST_FILE).exists() {
                true => format!("{} is left as it is", folder.display()),
                false => format!("{} holds no request", folder.display()),
            };
            return Ok(format!(
                "Not written: this run made no secret, so there is nothing new to import, and {there}. \
                 To make another secret and write the files anew, add --reissue-secret."
            ));
        }
        let secret = match &wanted.server_app {
            ServerAppImport::Import { secret_key_expiry, .. } => format!(
                "The script asks for the server app's secret key, which is in neither file and is not printed, and for the day on which \
                 it expires. A client secret that you add by hand has an end of its own; the one that this run has issued ends on {}.",
                secret_key_expiry.date()
            ),
            _ => "The site knows the server app already, so the script asks for no secret key.".to_owned(),
        };
        let console = self.console(&wanted)?;
        let run = console.command_line();
        if is_there(folder, &console) {
            return Ok(format!(
                "Not written: {} has the same request already. Where the Configuration Manager console is installed, run: {run}\n{secret}",
                folder.display(),
            ));
        }
        let [script, request] = [ConsoleScript::SCRIPT_FILE, ConsoleScript::REQUEST_FILE].map(|name| folder.join(name));
        for (path, text) in [(&script, console.script()), (&request, console.request())] {
            files::write(path, text.as_bytes()).map_err(|error| BadInput::unwritable(path, &error))?;
        }
        Ok(format!(
            "Written: {} and {}. Where the Configuration Manager console is installed, run: {run}\n{secret}",
            script.display(),
            request.display(),
        ))
    }

    fn console(&self, wanted: &SiteOnboarding) -> Result<ConsoleScript, BadInput> {
        ConsoleScript::new(&self.site_code, &self.provider, wanted).map_err(|error| BadInput::of(&error))
    }
}

/// Whether nothing is lost if the script is written here: there is none, or one of this program, older ones included. The
/// signature of a copy that was signed would be lost.
fn is_plain_script(file: &Path) -> bool {
    let first_line = |text: &str| text.lines().next().map(str::to_owned);
    match fs::read_to_string(file) {
        Ok(held) => first_line(&held) == first_line(SCRIPT) && !held.contains("# SIG # Begin signature block"),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Whether the request is for the apps of this plan.
fn is_for(file: &Path, plan: &PlanDocument) -> bool {
    let held = fs::read(file).ok().and_then(|text| serde_json::from_slice::<Request>(&text).ok());
    held.is_some_and(|held| {
        held.wanted.tenant_id == plan.tenant_id && Some(held.wanted.server_app.client_id) == plan.server_app.application_id
    })
}

/// Whether the folder has this very request: another administrator may be carrying it out, and its answers would not belong
/// to a new one.
fn is_there(folder: &Path, console: &ConsoleScript) -> bool {
    let content = |text: &str| {
        let mut request: serde_json::Value = serde_json::from_str(text).ok()?;
        request.as_object_mut()?.remove("run");
        Some(request)
    };
    let held = fs::read_to_string(folder.join(ConsoleScript::REQUEST_FILE));
    let has_script = fs::read_to_string(folder.join(ConsoleScript::SCRIPT_FILE)).is_ok_and(|script| script == console.script());
    has_script && held.is_ok_and(|held| content(&held).is_some() && content(&held) == content(console.request()))
}

/// Refuses texts that the script would not get as they are, for whichever site they are.
pub(crate) fn check_texts(spec: &ConnectionSpec) -> Result<(), BadInput> {
    let checked = ConsoleScript::new("AAA", "localhost", &provisional(spec)?);
    checked.map(|_| ()).map_err(|error| BadInput::of(&error))
}

/// The request as far as the specification tells it, to find texts that would not arrive as they are.
fn provisional(spec: &ConnectionSpec) -> Result<SiteOnboarding, BadInput> {
    let application: ApplicationId = no_id()?;
    let server = match spec.server_app() {
        ServerApp::Create(app) => Some(app.name()),
        ServerApp::Import(app) => Some(app.name()),
        _ => None,
    };
    let client = match spec.client_app() {
        ClientApp::Create(app) => ClientAppImport::Import {
            name: app.name().to_owned(),
            client_id: application,
        },
        ClientApp::Import(app) => ClientAppImport::Import {
            name: app.name().to_owned(),
            client_id: application,
        },
        _ => ClientAppImport::Known(application),
    };
    let mut wanted = SiteOnboarding::new(
        no_id()?,
        server.unwrap_or_default(),
        spec.environment(),
        ServerAppImport::Known(application),
        client,
        spec.name(),
    );
    wanted.description = spec.description().map(str::to_owned);
    wanted.discovery = spec.discovery().cloned();
    Ok(wanted)
}

/// An id that is not known yet.
fn no_id<T: FromStr<Err: Display>>() -> Result<T, BadInput> {
    "00000000-0000-0000-0000-000000000000"
        .parse()
        .map_err(|error: T::Err| BadInput(error.to_string()))
}

/// What the site is to be given, from what was asked for and what came out.
fn onboarding(spec: &ConnectionSpec, outcome: &Outcome) -> Option<SiteOnboarding> {
    let settings = outcome.client_settings()?;
    let (server_app, client_app) = (outcome.server_app.as_ref()?, outcome.client_app.as_ref()?);
    let (server_id, client_id) = (server_app.application_id, client_app.application_id);
    let server = match (spec.server_app(), &outcome.secret, &settings.app_id_uri) {
        (ServerApp::Import(app), ..) => ServerAppImport::Import {
            name: app.name().to_owned(),
            client_id: server_id,
            secret_key: app.secret_key().clone(),
            secret_key_expiry: app.secret_key_expiry(),
            app_id_uri: app.app_id_uri().clone(),
        },
        (_, Some(secret), Some(uri)) => ServerAppImport::Import {
            name: server_app.name.clone().unwrap_or_else(|| server_id.to_string()),
            client_id: server_id,
            secret_key: secret.value.clone(),
            secret_key_expiry: secret.expires_on,
            app_id_uri: uri.clone(),
        },
        _ => ServerAppImport::Known(server_id),
    };
    let client = match (spec.client_app(), &client_app.name) {
        (ClientApp::Reuse(_), _) | (_, None) => ClientAppImport::Known(client_id),
        (_, Some(name)) => ClientAppImport::Import {
            name: name.clone(),
            client_id,
        },
    };
    let tenant = settings.tenant_name.clone().unwrap_or_else(|| settings.tenant_id.to_string());
    let mut wanted = SiteOnboarding::new(settings.tenant_id, tenant, outcome.environment, server, client, spec.name());
    wanted.description = spec.description().map(str::to_owned);
    wanted.discovery = spec.discovery().cloned();
    Some(wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up, and so may its helpers")]
mod tests {
    use cmg_onboarding::AzureServicesConnection;
    use cmg_onboarding_emulator::EmulatedTenant;

    use super::*;

    fn into(folder: &Path) -> ScriptFiles {
        ScriptFiles {
            folder: folder.to_owned(),
            provider: "cm01.contoso.com".to_owned(),
            site_code: "P01".to_owned(),
            may_replace: false,
        }
    }

    #[test]
    fn a_script_that_was_signed_or_is_of_others_is_not_written_over_unless_that_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-signed-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let script = folder.join(ConsoleScript::SCRIPT_FILE);
        let older = SCRIPT.replace("StrictMode", "Strict");
        let signed = format!("{SCRIPT}\r\n# SIG # Begin signature block\r\n# MII\r\n# SIG # End signature block\r\n");
        for (held, is_plain) in [(SCRIPT, true), (&older, true), (&signed, false), ("Get-Date", false)] {
            fs::write(&script, held).unwrap();
            let prepared = into(&folder).prepare(&spec);
            assert_eq!(prepared.is_ok(), is_plain, "{prepared:?}");
            let mut replacing = into(&folder);
            replacing.may_replace = true;
            assert!(replacing.prepare(&spec).is_ok());
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_second_run_leaves_the_request_of_the_first_alone() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tenant = EmulatedTenant::new();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(tenant.directory())
            .build()
            .unwrap();
        let files = || {
            let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let mut read: Vec<_> = names.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
            read.sort();
            read
        };

        let outcome = job.onboard(|_| ()).await.unwrap();
        let said = into(&folder).write(&spec, &outcome).unwrap();
        let expiry = outcome.secret.as_ref().unwrap().expires_on;
        assert!(
            said.contains("the day on which it expires") && said.contains(&expiry.date().to_string()),
            "{said}"
        );
        let first = files();
        assert_eq!(first.len(), 2);

        let again = job.onboard(|_| ()).await.unwrap();
        let said = into(&folder).write(&spec, &again).unwrap();
        assert!(said.starts_with("Not written") && said.contains("--reissue-secret"), "{said}");
        assert_eq!(files(), first);
        fs::remove_dir_all(&folder).unwrap();
        let said = into(&folder).write(&spec, &again).unwrap();
        assert!(said.contains("holds no request"), "{said}");
    }

    #[tokio::test]
    async fn the_same_request_is_not_written_anew_while_it_is_carried_out() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-same-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tenant = EmulatedTenant::new();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        let request = || fs::read_to_string(folder.join(ConsoleScript::REQUEST_FILE)).unwrap();
        into(&folder).write(&spec, &outcome).unwrap();
        let first = request();
        let said = into(&folder).write(&spec, &outcome).unwrap();
        assert!(said.contains("has the same request already"), "{said}");
        assert_eq!(request(), first, "its answers name the number of its run");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_request_for_other_apps_is_not_written_over_unless_that_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-other-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = |tenant: &EmulatedTenant| {
            let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
            job.build().unwrap()
        };
        let tenant = EmulatedTenant::new();
        let ours = job(&tenant);
        assert!(into(&folder).expect(&ours.plan(|_| ()).await.unwrap()).is_ok(), "nothing is there");
        let outcome = ours.onboard(|_| ()).await.unwrap();
        into(&folder).write(&spec, &outcome).unwrap();
        assert!(
            into(&folder).expect(&ours.plan(|_| ()).await.unwrap()).is_ok(),
            "it is for these apps"
        );

        let other = job(&EmulatedTenant::new()).plan(|_| ()).await.unwrap();
        let refused = into(&folder).expect(&other);
        assert!(
            matches!(&refused, Err(Ending::Refused(message)) if message.contains("--replace")),
            "{refused:?}"
        );
        let mut replacing = into(&folder);
        replacing.may_replace = true;
        assert!(replacing.expect(&other).is_ok());
        fs::write(folder.join(ConsoleScript::REQUEST_FILE), "a shopping list").unwrap();
        assert!(into(&folder).expect(&ours.plan(|_| ()).await.unwrap()).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
