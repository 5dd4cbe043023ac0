//! A Microsoft Graph that answers what it is told, and what was asked of it.

use std::sync::{Arc, Mutex, PoisonError};

use cmg_onboarding::{
    AccessToken, CloudEndpoints, GraphDirectory, TokenError, TokenProvider, TokenRequest, async_trait, clock::FixedClock,
};
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-10-01 12:00:00.123456789 UTC);

/// Never to be found in anything that people or logs see.
pub(crate) const CANARY: &str = "canary-7Q";

pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

/// Answers in the order given; the last one stays.
struct Script(Mutex<Vec<ResponseTemplate>>);

impl Respond for Script {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }
}

pub(crate) struct Graph {
    server: MockServer,
    pub(crate) tokens: Tokens,
}

impl Graph {
    pub(crate) async fn answering(answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        let server = MockServer::start().await;
        let script = Script(Mutex::new(answers.into_iter().collect()));
        Mock::given(any()).respond_with(script).mount(&server).await;
        Self {
            server,
            tokens: Tokens::default(),
        }
    }

    pub(crate) async fn json(status: u16, body: Value) -> Self {
        Self::answering([json(status, body)]).await
    }

    /// A list in pages, each with a link to the next one.
    pub(crate) async fn paged<const N: usize>(pages: [Vec<Value>; N]) -> Self {
        let server = MockServer::start().await;
        let link = |number: usize| format!("{}/v1.0/next?$skiptoken={number}%20b", server.uri());
        let answers = pages.into_iter().enumerate().map(|(number, items)| {
            let mut page = serde_json::json!({"value": items});
            if number + 1 < N {
                page["@odata.nextLink"] = link(number + 1).into();
            }
            json(200, page)
        });
        let script = Script(Mutex::new(answers.collect()));
        Mock::given(any()).respond_with(script).mount(&server).await;
        Self {
            server,
            tokens: Tokens::default(),
        }
    }

    /// A list whose next page is always the same one, without anything in it.
    pub(crate) async fn circular() -> Self {
        Self::circular_with(Value::Array(Vec::new())).await
    }

    /// A list whose next page is always the same one, with these items.
    pub(crate) async fn circular_with(items: Value) -> Self {
        let server = MockServer::start().await;
        let page = serde_json::json!({"value": items, "@odata.nextLink": format!("{}/v1.0/again", server.uri())});
        Mock::given(any()).respond_with(json(200, page)).mount(&server).await;
        Self {
            server,
            tokens: Tokens::default(),
        }
    }

    pub(crate) fn uri(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn directory(&self) -> GraphDirectory {
        let endpoints = CloudEndpoints::default().with_graph(self.server.uri().parse().unwrap()).unwrap();
        GraphDirectory::builder(endpoints, self.tokens.clone())
            .clock(Arc::new(FixedClock(NOW)))
            .build()
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// Everything that was asked, one line for method and address, one for a body.
    pub(crate) async fn transcript(&self) -> String {
        let mut lines = Vec::new();
        for request in self.requests().await {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            lines.push(format!("{} {}{query}", request.method, request.url.path()));
            if !request.body.is_empty() {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                lines.push(serde_json::to_string_pretty(&body).unwrap());
            }
        }
        lines.join("\n")
    }
}

pub(crate) fn json(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let answer = json(status, serde_json::json!({"error": {"code": code, "message": message}}));
    answer.insert_header("request-id", "service-1")
}

/// Notes what is asked of it; each token has a number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens(Arc<Mutex<Vec<TokenRequest>>>);

impl Tokens {
    pub(crate) fn asked(&self) -> Vec<TokenRequest> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let mut asked = self.0.lock().unwrap();
        asked.push(request.clone());
        Ok(AccessToken::new(format!("{CANARY}-{}", asked.len())))
    }
}
