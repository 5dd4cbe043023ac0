//! Asks Microsoft Graph and reads what it answers; which question is asked is decided elsewhere.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

use super::{
    address::{address, next_page},
    classify::{advice, failure, is_absent, refusal},
};
use crate::{
    call::Call,
    clock::Clock,
    cloud::CloudEndpoints,
    error::{DirectoryError, TokenError},
    http::{Answer, Method, Pipeline, Request},
    token::{AccessToken, ServiceTokens},
};

/// Lists of more pages are not read to the end: 100 pages of up to 999 objects.
const MOST_PAGES: usize = 100;

/// Lists of more bytes, over all their pages, are not read to the end. A hundred full pages of what is selected here
/// have less.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What all clones of a directory share.
#[derive(Debug)]
pub(super) struct GraphClient {
    pub(super) endpoints: CloudEndpoints,
    pub(super) tokens: ServiceTokens,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pipeline: Pipeline,
    pub(super) lead: ClockLead,
}

/// How far this machine's clock is ahead of the service's, in whole seconds; [`i64::MIN`] as long as it is not known.
#[derive(Debug)]
pub(super) struct ClockLead(AtomicI64);

impl Default for ClockLead {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl ClockLead {
    /// Learns from the `Date` of an answer that has just come.
    fn learn(&self, date: Option<&str>, now: OffsetDateTime) {
        if let Some(date) = date.and_then(|text| OffsetDateTime::parse(text.trim(), &Rfc2822).ok()) {
            self.0.store((now - date).whole_seconds(), Ordering::Relaxed);
        }
    }

    fn get(&self) -> Option<Duration> {
        let seconds = self.0.load(Ordering::Relaxed);
        (seconds != i64::MIN).then(|| Duration::seconds(seconds))
    }
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next_link: Option<String>,
}

impl GraphClient {
    /// The token that a request of this directory carries. A connection for those requests is opened in the meantime.
    pub(super) async fn token(&self) -> Result<AccessToken, TokenError> {
        self.pipeline.beside_warming(self.endpoints.graph(), self.tokens.token()).await
    }

    /// How far this machine's clock is ahead of the service's.
    pub(super) fn clock_lead(&self) -> Option<Duration> {
        self.lead.get()
    }

    pub(super) fn request(&self, method: Method, path: &str, query: Option<&str>) -> Request {
        Request::new(method, address(self.endpoints.graph(), path, query))
    }

    /// The address of an object, as another object refers to it.
    pub(super) fn address(&self, path: &str) -> String {
        address(self.endpoints.graph(), path, None).to_string()
    }

    /// Sends a request and returns its success, without reading the body.
    pub(super) async fn send(&self, call: &Call, request: &Request) -> Result<Answer, DirectoryError> {
        let answer = self.answer(call, request).await?;
        if answer.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// Sends a request and reads the object in its answer.
    pub(super) async fn object<T: DeserializeOwned>(&self, call: &Call, request: &Request) -> Result<T, DirectoryError> {
        Ok(self.send(call, request).await?.json()?)
    }

    /// Looks an object up; `None` where Microsoft Graph itself says that it is not there.
    pub(super) async fn find<T: DeserializeOwned>(&self, call: &Call, request: &Request) -> Result<Option<T>, DirectoryError> {
        let answer = self.answer(call, request).await?;
        if is_absent(&answer) {
            return Ok(None);
        }
        if answer.is_success() {
            Ok(Some(answer.json()?))
        } else {
            Err(refusal(&answer))
        }
    }

    /// Sends an order, which is answered without anything to read.
    ///
    /// A proxy's page or an empty 200 in the service's place would otherwise pass for a change that never happened: the
    /// service answers 204, signs with its request id, or shows the object.
    pub(super) async fn order(&self, call: &Call, request: &Request) -> Result<(), DirectoryError> {
        let answer = self.send(call, request).await?;
        confirmed(&answer)
    }

    /// Removes an object. If an attempt was lost and the next one finds the object gone, the lost one has done the work. After
    /// attempts that provably did nothing, an object that is not there is one that does not show.
    pub(super) async fn remove(&self, call: &Call, request: &Request) -> Result<(), DirectoryError> {
        let answer = self.answer(call, request).await?;
        if answer.is_success() {
            return confirmed(&answer);
        }
        let is_done = is_absent(&answer) && answer.trace().follows_lost_write;
        if is_done { Ok(()) } else { Err(refusal(&answer)) }
    }

    /// Reads a list with all its pages.
    pub(super) async fn list<T: DeserializeOwned>(&self, call: &Call, first: Request) -> Result<Vec<T>, DirectoryError> {
        self.list_of(call, first, |_| true).await
    }

    /// Reads a list with all its pages, and keeps of each page what is wanted: a list of a whole tenant never stands in
    /// memory as a whole.
    pub(super) async fn list_of<T: DeserializeOwned>(
        &self,
        call: &Call,
        first: Request,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, DirectoryError> {
        let mut items = Vec::new();
        let mut request = first;
        let mut bytes = 0;
        for _ in 0..MOST_PAGES {
            let answer = self.send(call, &request).await?;
            bytes += answer.body().len();
            if bytes > MOST_BYTES {
                return Err(too_long(&request, &format!("{} MiB", MOST_BYTES / (1024 * 1024))));
            }
            let page: Page<T> = answer.json()?;
            items.extend(page.value.into_iter().filter(&is_wanted));
            let Some(link) = page.next_link else { return Ok(items) };
            let next = next_page(self.endpoints.graph(), &link);
            request = Request::new(Method::Get, next.ok_or_else(|| elsewhere(&answer, &link))?);
        }
        Err(too_long(&request, &format!("{MOST_PAGES} pages")))
    }

    async fn answer(&self, call: &Call, request: &Request) -> Result<Answer, DirectoryError> {
        let sent = self.pipeline.send(call.clone(), request, Some(&self.tokens.bearer()), advice).await;
        if let Ok(answer) = &sent {
            self.lead.learn(answer.trace().date.as_deref(), self.clock.now());
        }
        sent.map_err(failure)
    }
}

/// Whether a success without anything to read is the service's own.
fn confirmed(answer: &Answer) -> Result<(), DirectoryError> {
    let is_signed = answer.status() == 204 || answer.trace().request_id.is_some();
    if !answer.is_html() && (is_signed || answer.json::<serde_json::Map<String, Value>>().is_ok()) {
        return Ok(());
    }
    let problem = if answer.is_html() {
        "it is a web page"
    } else {
        "it does not say that the order was carried out"
    };
    Err(answer.unexpected(problem).into())
}

fn too_long(request: &Request, bound: &str) -> DirectoryError {
    let problem = format!("the list {} has more than {bound}", request.url().path());
    crate::error::UnexpectedAnswer::new(request.host(), problem, request.trace(0)).into()
}

fn elsewhere(answer: &Answer, link: &str) -> DirectoryError {
    let host = Url::parse(link).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_else(|| "no host".to_owned());
    answer.unexpected(format!("its next page is elsewhere, at {host}")).into()
}

/// A body from something that serialises.
pub(super) fn json_of<T: serde::Serialize>(value: &T) -> Result<Value, DirectoryError> {
    serde_json::to_value(value).map_err(|error| {
        crate::error::Unreachable::new(
            crate::error::TransportKind::Unusable,
            "Microsoft Graph",
            crate::error::RequestTrace::default(),
            error,
        )
        .into()
    })
}
