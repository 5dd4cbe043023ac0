//! Serves the emulated tenants by itself, for front ends and for other tools' clients.
//!
//! ```text
//! cmg-emulator --port 8123 --tls --certificate-authority /tmp/authority.pem --preset onboarded --print-env
//! ```

mod arguments;
mod configuration;

use std::{io::Write, process::ExitCode};

use arguments::{Command, Options};
use cmg_onboarding_emulator::{Caller, EmulatorServer};
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    let wish = match arguments::read(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(problem) => {
            eprintln!("{problem}\nAsk for --help.");
            return ExitCode::from(2);
        }
    };
    let options = match wish {
        Command::Help => return told(arguments::HELP),
        Command::Version => return told(concat!("cmg-emulator ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Serve(options) => options,
    };
    match serve(*options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The emulator cannot be served: {error}");
            ExitCode::FAILURE
        }
    }
}

fn told(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve(options: Options) -> std::io::Result<()> {
    let configuration = configuration::of(&options)?;
    let mut builder = EmulatorServer::of_configuration(configuration)
        .map_err(std::io::Error::other)?
        .host(options.host)
        .port(options.port)
        .tls(options.tls)
        .log(!options.quiet);
    for name in &options.names {
        builder = builder.name(name);
    }
    if let Some(file) = &options.certificate_authority {
        builder = builder.certificate_authority(file);
    }
    if let Some((chain, key)) = options.given_certificate() {
        builder = builder.certificate(chain, key);
    }
    let stopped = stop_signal()?;
    let server = builder.start().await?;
    let certificate = write_certificate(&server, &options)?;
    let text = if options.prints_environment {
        environment(&server, certificate.as_deref()).to_string() + "\n"
    } else {
        for_people(&server, certificate.as_deref())
    };
    let mut output = std::io::stdout();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    stopped.await;
    server.stop().await;
    Ok(())
}

/// Completes when the program is asked to end, by Ctrl+C or, where there is one, by SIGTERM.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupted = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            // Without the signal it can only be ended from outside.
            std::future::pending::<()>().await;
        }
    })
}

fn write_certificate(server: &EmulatorServer, options: &Options) -> std::io::Result<Option<String>> {
    let Some(certificate) = server.certificate_pem() else {
        return Ok(None);
    };
    let usual = || std::env::temp_dir().join("cmg-onboarding-emulator.pem");
    let path = options.certificate.clone().unwrap_or_else(usual);
    std::fs::write(&path, certificate)?;
    Ok(Some(path.display().to_string()))
}

/// What clients need, as data. Its values open nothing anywhere else.
fn environment(server: &EmulatorServer, certificate: Option<&str>) -> serde_json::Value {
    let tenant = server.tenant();
    let url = server.url().as_str().trim_end_matches('/');
    json!({
        "address": url,
        "authority": url,
        "graph": format!("{url}/v1.0"),
        "tenantId": tenant.tenant_id(),
        "domain": tenant.initial_domain(),
        "clientId": tenant.automation_client().id(),
        "clientSecret": tenant.automation_client().secret(),
        "token": tenant.token_for(&Caller::global_administrator()),
        "certificateFile": certificate,
        "admin": format!("{url}/_emulator"),
        "adminKey": server.admin_key(),
        "page": format!("{url}/?key={}", server.admin_key().unwrap_or_default()),
        "processId": std::process::id(),
    })
}

fn for_people(server: &EmulatorServer, certificate: Option<&str>) -> String {
    let tenant = server.tenant();
    let mut lines = vec![
        format!("address        {}", server.url()),
        format!("tenant         {}", tenant.tenant_id()),
        format!("domain         {}", tenant.initial_domain()),
        format!("client id      {}", tenant.automation_client().id()),
        format!("client secret  {}", tenant.automation_client().secret()),
        "               (the emulator's own throw-away value: it opens nothing anywhere else)".to_owned(),
    ];
    if let Some(path) = certificate {
        lines.push(format!("certificate    {path}"));
    }
    lines.push(format!("token          {}", tenant.token_for(&Caller::global_administrator())));
    lines.push("               (an administrator's, for this emulator only; cmg-onboard takes it with --token-env)".to_owned());
    lines.push(format!(
        "page           {}?key={}",
        server.url(),
        server.admin_key().unwrap_or_default()
    ));
    lines.push(format!(
        "Device codes are approved at {}devicelogin. Stop with Ctrl+C.\n",
        server.url()
    ));
    lines.join("\n")
}
