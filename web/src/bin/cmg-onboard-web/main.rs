//! `cmg-onboard-web`: the wizard in a browser, on this machine alone.

mod arguments;
mod emulated;
mod opened;
mod real;

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use arguments::{Against, Arguments};
use clap::Parser;
use cmg_onboarding_web::{Guard, Place, Service, User, router};
use opened::Opened;
use tokio::net::TcpListener;

/// Why the program ends, in one sentence.
type Ending = String;

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Ending> {
    // Kept alive until the end: dropping it stops the emulator.
    let mut emulator = None;
    let place: Place = match arguments.against {
        Against::Emulator => {
            let emulated = emulated::start(&arguments).await?;
            let place = emulated.place();
            emulator = Some(emulated);
            place
        }
        Against::Entra => real::place(&arguments).await?,
    };
    let mut service = Service::builder(move |_| place.clone());
    if let Some(folder) = &arguments.folder {
        let opened = service.folder(folder);
        service = opened.map_err(|error| format!("The folder {} cannot be used: {error}", folder.display()))?;
    }
    let service = service.build().map_err(|error| format!("The folder cannot be read: {error}"))?;

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("Port {} cannot be had: {error}", arguments.port))?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let user = User::new("local").map_err(|error| error.to_string())?;
    let guard = Guard::new(port, user, move |address| tell(address, arguments.json));
    // Kept until the end, when its file is removed.
    let opened = arguments.open.then(|| Opened::open(&guard.address()));
    let served = axum::serve(listener, guard.guard(router(service.clone())));
    tokio::select! {
        served = served => served.map_err(|error| format!("The service ended: {error}"))?,
        () = asked_to_end() => {}
    }
    service.stop();
    drop(opened);
    drop(emulator);
    Ok(())
}

fn tell(address: &str, is_json: bool) {
    let line = match is_json {
        true => serde_json::json!({ "address": address }).to_string(),
        false => format!("Open {address}"),
    };
    let mut output = std::io::stdout().lock();
    // A caller that has closed the output does not want to be told.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    let _ = tokio::signal::ctrl_c().await;
}
