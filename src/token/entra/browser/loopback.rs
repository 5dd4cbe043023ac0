//! Waits on the loopback interface for the browser to come back.
//!
//! Browsers open connections ahead and leave them silent, and look for icons; so several connections are read side by
//! side, each for a few seconds, without a task of their own.

use std::{future::Future, io, net::Ipv4Addr, net::Ipv6Addr, pin::Pin, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use secrecy::{SecretString, zeroize::Zeroizing};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    page::Page,
    redirect::{Arrival, Redirect, second_answer},
};
use crate::error::TokenError;

/// Longer requests are cut off. A code has a few kilobytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// How long one connection may take to say what it wants, and to take the answer.
const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// How long is waited for the browser to hang up first.
const LINGERING: Duration = Duration::from_secs(1);

/// How many connections are read side by side; further ones wait.
const MOST_CONNECTIONS: usize = 32;

/// How often another port is tried if another program has the same one on the other loopback address.
const PORTS_TO_TRY: usize = 16;

type Event = Pin<Box<dyn Future<Output = Happened> + Send>>;

enum Happened {
    Accepted(Arc<TcpListener>, io::Result<TcpStream>),
    /// A connection ended that brought nothing.
    Ended,
    /// A connection ended that brought an answer to another sign-in, or pretended to.
    TurnedAway,
    /// The answer to this sign-in, not replied to yet.
    Answered(TcpStream, Redirect),
}

/// A port on this machine, until it is dropped.
pub(super) struct Loopback {
    port: u16,
    state: Arc<SecretString>,
    has_turned_away: bool,
    events: FuturesUnordered<Event>,
    /// Listeners that wait until fewer connections are open.
    resting: Vec<Arc<TcpListener>>,
    open: usize,
}

impl Loopback {
    /// Takes a free port on both loopback addresses, for answers with this `state`. "localhost" may mean either address,
    /// and no other program may have the other.
    pub(super) async fn bind(state: &Arc<SecretString>) -> io::Result<Self> {
        let mut last = None;
        for _ in 0..PORTS_TO_TRY {
            let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = first.local_addr()?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(second) => return Ok(Self::over(port, state, vec![first, second])),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some(error),
                // This machine has no IPv6.
                Err(_) => return Ok(Self::over(port, state, vec![first])),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Whether an answer came that does not belong to this sign-in.
    pub(super) const fn has_turned_away(&self) -> bool {
        self.has_turned_away
    }

    /// The code that the browser brings, or the reason why it brings none.
    pub(super) async fn answer(&mut self) -> Result<SecretString, TokenError> {
        let (stream, redirect) = self.redirect().await;
        let (page, code) = redirect.outcome();
        // Whether the person gets to see the page does not matter to the sign-in.
        let _ = timeout(CONNECTION_TIME, reply(stream, page)).await;
        code
    }

    /// Ends when another answer comes.
    pub(super) async fn second_answer(&mut self) -> TokenError {
        let (stream, _) = self.redirect().await;
        let _ = timeout(CONNECTION_TIME, reply(stream, Page::Late)).await;
        second_answer()
    }

    fn over(port: u16, state: &Arc<SecretString>, listeners: Vec<TcpListener>) -> Self {
        let loopback = Self {
            port,
            state: Arc::clone(state),
            has_turned_away: false,
            events: FuturesUnordered::new(),
            resting: Vec::new(),
            open: 0,
        };
        for listener in listeners {
            loopback.events.push(accept(Arc::new(listener)));
        }
        loopback
    }

    /// The next answer to this sign-in.
    async fn redirect(&mut self) -> (TcpStream, Redirect) {
        loop {
            match self.events.next().await {
                Some(Happened::Accepted(listener, accepted)) => {
                    if let Ok(stream) = accepted {
                        self.open += 1;
                        self.events.push(Box::pin(read(stream, self.port, Arc::clone(&self.state))));
                    }
                    if self.open < MOST_CONNECTIONS {
                        self.events.push(accept(listener));
                    } else {
                        self.resting.push(listener);
                    }
                }
                Some(Happened::Ended) => self.close(),
                Some(Happened::TurnedAway) => {
                    self.has_turned_away = true;
                    self.close();
                }
                Some(Happened::Answered(stream, redirect)) => {
                    self.close();
                    return (stream, redirect);
                }
                // Listeners come back after each event, so this does not happen.
                None => std::future::pending().await,
            }
        }
    }

    /// One connection less is open, so that the listeners can go on.
    fn close(&mut self) {
        self.open -= 1;
        for listener in self.resting.drain(..) {
            self.events.push(accept(listener));
        }
    }
}

/// Waits for the next connection.
fn accept(listener: Arc<TcpListener>) -> Event {
    Box::pin(async move {
        let accepted = listener.accept().await.map(|(stream, _)| stream);
        if accepted.is_err() {
            // Out of file handles, say: not again at once.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Happened::Accepted(listener, accepted)
    })
}

/// Reads one request. All but the answer to this sign-in is replied to here.
async fn read(mut stream: TcpStream, port: u16, state: Arc<SecretString>) -> Happened {
    let Ok(Some(head)) = timeout(CONNECTION_TIME, head(&mut stream)).await else {
        // Silent, cut off, or too long.
        return Happened::Ended;
    };
    let (page, happened) = match Arrival::read(&head, port) {
        Arrival::Redirect(redirect) if redirect.belongs_to(&state) => return Happened::Answered(stream, redirect),
        Arrival::Redirect(_) => (Page::Foreign, Happened::TurnedAway),
        Arrival::Stray(page) => (page, Happened::Ended),
    };
    let _ = timeout(CONNECTION_TIME, reply(stream, page)).await;
    happened
}

/// The head of a request, up to its empty line.
async fn head(stream: &mut TcpStream) -> Option<Zeroizing<Vec<u8>>> {
    // All the room at once, so that growing leaves no copy of a code behind.
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST_HEAD));
    loop {
        let seen = head.len().saturating_sub(3);
        let room = (LONGEST_HEAD - head.len()) as u64;
        if room == 0 || (&mut *stream).take(room).read_buf(&mut *head).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = head[seen..].windows(4).position(|four| four == b"\r\n\r\n") {
            head.truncate(seen + end);
            return Some(head);
        }
    }
}

async fn reply(mut stream: TcpStream, page: Page) -> io::Result<()> {
    stream.write_all(&page.bytes()).await?;
    stream.shutdown().await?;
    // What is left unread would have the connection reset, and the page lost with it.
    let mut rest = [0; 1024];
    let drained = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(LINGERING, drained).await;
    Ok(())
}
