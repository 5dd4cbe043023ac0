//! A tenant to sign in to, a browser of few words, and a clock that a test winds on.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cmg_onboarding::{AccessToken, BrowserSignIn, CloudEndpoints, TokenError, TokenProvider, TokenRequest};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use url::Url;

/// Starts a server for the tenant.
pub(crate) async fn serve(tenant: &EmulatedTenant) -> EmulatorServer {
    EmulatorServer::builder(tenant.clone()).start().await.unwrap()
}

/// What a directory at these endpoints would ask for.
pub(crate) fn request(endpoints: &CloudEndpoints) -> TokenRequest {
    TokenRequest::new([
        endpoints.scope("Application.ReadWrite.All"),
        endpoints.scope("User.Read"),
        "openid".to_owned(),
    ])
}

/// What the browser got.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> Option<Url> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("location:"))?;
        Some(Url::parse(line.split_once(':')?.1.trim()).unwrap())
    }
}

/// Gets one page and follows nothing.
pub(crate) async fn visit(url: &Url) -> Page {
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect((host, port)).await.unwrap();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let request = format!(
        "GET {}{query} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n",
        url.path()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Page {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// A browser sign-in whose pages go to a channel.
pub(crate) fn browser(endpoints: &CloudEndpoints) -> (BrowserSignIn, mpsc::UnboundedReceiver<Url>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let sign_in = BrowserSignIn::new(endpoints.clone(), move |page| sender.send(page.clone()).unwrap());
    (sign_in, receiver)
}

/// Follows the sign-in page back to this machine, and gives the address it leads to.
pub(crate) async fn sign_in_page(pages: &mut mpsc::UnboundedReceiver<Url>) -> Url {
    let page = pages.recv().await.unwrap();
    visit(&page).await.location().expect("the sign-in page sends the browser back")
}

/// One sign-in with a browser that does as it is told. Gives the last page, too.
pub(crate) async fn sign_in(endpoints: &CloudEndpoints, request: &TokenRequest) -> (Result<AccessToken, TokenError>, Page) {
    let (provider, mut pages) = browser(endpoints);
    let walk = async { visit(&sign_in_page(&mut pages).await).await };
    tokio::join!(provider.token(request), walk)
}

/// Runs a future on paused time and winds the clock on whenever nothing happens for a moment.
///
/// Without it, tokio would take the wait for a socket for idleness and jump to the next time-out.
pub(crate) async fn wound<F: Future>(future: F) -> F::Output {
    const STEP: Duration = Duration::from_millis(250);
    const MOMENT: Duration = Duration::from_millis(5);
    let mut future = pin!(future);
    let mut last = Instant::now();
    loop {
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = tokio::task::yield_now() => {}
        }
        if last.elapsed() > MOMENT {
            tokio::time::advance(STEP).await;
            last = Instant::now();
        }
    }
}

/// Something that callbacks write to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
