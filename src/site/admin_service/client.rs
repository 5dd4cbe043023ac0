//! Sends questions to an administration service and reads its lists, page by page.
//!
//! What is asked is decided in `mod.rs`, how a question is written in `address`. A next page is read only
//! from the same service on the same host.

use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{
    address::{AdminServiceAddress, Query},
    refusal::{advice, failed, refused},
    rows::Row,
    sign_in::AdminServiceSignIn,
};
use crate::{
    call::Call,
    error::{SiteError, SiteTrouble, SiteUnreachable},
    http::{Answer, Method, Pipeline, Request},
};

/// A site gives a whole class at once: 10,000 applications have some eight megabytes.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Lists with more pages are not read to the end.
const MOST_PAGES: usize = 1_000;

/// What all clones of a reader share.
#[derive(Debug)]
pub(super) struct AdminServiceClient {
    pub(super) address: AdminServiceAddress,
    pub(super) sign_in: AdminServiceSignIn,
    pub(super) pipeline: Pipeline,
}

/// A list, or one row found by its key, which comes as a list of one.
#[derive(Deserialize)]
struct Page<T> {
    value: Option<Vec<Option<T>>>,
    #[serde(rename = "@odata.nextLink", default)]
    next_link: Option<String>,
}

impl AdminServiceClient {
    /// Every row of a class that the query names.
    pub(super) async fn list<R: Row>(&self, call: &Call, query: &Query) -> Result<Vec<R>, SiteError> {
        let mut rows = Vec::new();
        let mut url = self.address.class(R::CLASS, query);
        for _ in 0..MOST_PAGES {
            let answer = self.send(call, url, R::CLASS).await?;
            let page: Page<R> = read(&answer)?;
            let Some(value) = page.value else {
                return Err(unusable(&answer, "it is not a list"));
            };
            rows.extend(value.into_iter().flatten());
            let Some(link) = page.next_link else { return Ok(rows) };
            let next = self.address.next_page(&link);
            url = next.ok_or_else(|| unusable(&answer, "its next page is on another host or service"))?;
        }
        let message = format!("the list of {} has more than {MOST_PAGES} pages", R::CLASS);
        Err(
            SiteUnreachable::new(message, "Report it: no site is known to have that many pages.")
                .of_kind(SiteTrouble::UnusableAnswer)
                .into(),
        )
    }

    /// One row with all its properties, those included that a list leaves out.
    pub(super) async fn row<R: Row>(&self, call: &Call, key: i64) -> Result<Option<R>, SiteError> {
        let answer = self.answer(call, self.address.row(R::CLASS, key)).await?;
        if answer.status() == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused(&answer, R::CLASS, self.sign_in.is_negotiated()));
        }
        let page: Page<R> = read(&answer)?;
        match page.value {
            Some(value) => Ok(value.into_iter().flatten().next()),
            None => read(&answer).map(Some),
        }
    }

    async fn send(&self, call: &Call, url: Url, class: &str) -> Result<Answer, SiteError> {
        let answer = self.answer(call, url).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        Err(refused(&answer, class, self.sign_in.is_negotiated()))
    }

    async fn answer(&self, call: &Call, url: Url) -> Result<Answer, SiteError> {
        let request = Request::new(Method::Get, url).accepting(LONGEST_ANSWER);
        let signed_in = self.sign_in.at(self.address.host());
        let sent = self.pipeline.send(call.clone(), &request, Some(&signed_in), advice).await;
        sent.map_err(failed)
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, SiteError> {
    answer.json().map_err(|error| failed(crate::http::HttpError::Unexpected(error)))
}

fn unusable(answer: &Answer, problem: &str) -> SiteError {
    failed(crate::http::HttpError::Unexpected(answer.unexpected(problem)))
}
