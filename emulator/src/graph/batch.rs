//! `$batch`: several requests in one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Body, GraphRequest, Query,
    path::{segments, split_relative},
};
use crate::{
    refusal::Refusal,
    texts::{self, Message},
};

const MOST: usize = 20;

/// Runs the items of a batch. `run` answers one request with status, headers and body.
///
/// The answers come in another order than the requests, because the service promises none.
pub(crate) fn run_batch(outer: &GraphRequest, run: &mut dyn FnMut(&GraphRequest) -> (u16, Value, Value)) -> Result<Value, Refusal> {
    let items = outer.json().and_then(|body| body.get("requests")).and_then(Value::as_array);
    let items = items.ok_or_else(|| invalid(texts::BATCH_MALFORMED))?;
    check(items)?;
    let mut statuses: BTreeMap<&str, u16> = BTreeMap::new();
    let mut answers = Vec::new();
    for item in items {
        let id = id_of(item);
        let failed = dependencies(item).any(|earlier| statuses.get(earlier).is_none_or(|status| *status >= 400));
        let (status, headers, body) = if failed {
            let refusal = Refusal::new(424, "FailedDependency", texts::BATCH_DEPENDENCY_FAILED);
            (424, json!({"Content-Type": "application/json"}), refusal.to_json(json!({})))
        } else {
            run(&request_of(item, outer)?)
        };
        statuses.insert(id, status);
        let mut answer = json!({"id": id, "status": status, "headers": headers});
        if !body.is_null() {
            answer["body"] = body;
        }
        answers.push(answer);
    }
    answers.reverse();
    Ok(json!({"responses": answers}))
}

fn check(items: &[Value]) -> Result<(), Refusal> {
    if items.is_empty() || items.len() > MOST {
        return Err(invalid(texts::BATCH_SIZE.with(&[("most", &MOST.to_string())])));
    }
    let mut seen = BTreeSet::new();
    for item in items {
        let id = id_of(item);
        if id.is_empty() || seen.contains(id) {
            return Err(invalid(texts::BATCH_IDS));
        }
        if let Some(unknown) = dependencies(item).find(|earlier| !seen.contains(earlier)) {
            return Err(invalid(texts::BATCH_DEPENDENCY_UNKNOWN.with(&[("id", id), ("unknown", unknown)])));
        }
        seen.insert(id);
    }
    // In parallel, in a row, or all on the same one. What lies between is refused.
    //
    // Source: *Known issues with Microsoft Graph*, "Request dependencies are limited".
    let dependent: Vec<Vec<&str>> = items
        .iter()
        .map(|item| dependencies(item).collect())
        .filter(|names: &Vec<&str>| !names.is_empty())
        .collect();
    let is_serial = dependent.is_empty() || dependent.len() + 1 >= items.len();
    let is_same = dependent
        .iter()
        .all(|names| names.len() == 1 && names.first() == dependent.first().and_then(|first| first.first()));
    if !is_serial && !is_same {
        return Err(invalid(texts::BATCH_ORDER));
    }
    Ok(())
}

fn request_of(item: &Value, outer: &GraphRequest) -> Result<GraphRequest, Refusal> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let (path, query) = split_relative(text("url")).ok_or_else(|| invalid(texts::BATCH_URL))?;
    let header = |wanted: &str| {
        let headers = item.get("headers").and_then(Value::as_object).into_iter().flatten();
        let found = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let body = item.get("body").filter(|body| !body.is_null());
    if body.is_some() && header("content-type").is_empty() {
        return Err(invalid(texts::BATCH_CONTENT_TYPE));
    }
    Ok(GraphRequest {
        method: text("method").to_ascii_uppercase(),
        segments: segments(&path),
        query: Query::read(&query),
        creates_if_missing: header("prefer").contains("create-if-missing"),
        is_advanced: header("consistencylevel").eq_ignore_ascii_case("eventual"),
        body: body.map_or(Body::Nothing, |body| Body::Json(body.clone())),
        root: outer.root.clone(),
        client_request_id: outer.client_request_id.clone(),
        is_batched: true,
    })
}

fn id_of(item: &Value) -> &str {
    item.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn dependencies(item: &Value) -> impl Iterator<Item = &str> {
    item.get("dependsOn")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn invalid(message: impl Into<Message>) -> Refusal {
    Refusal::new(400, "BadRequest", message)
}
