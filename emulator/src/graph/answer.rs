//! What the routes answer with: one object, a page of them, and the refusals of a wrong key or method.

use serde_json::json;

use super::{GraphAnswer, GraphRequest, listed::Listed};
use crate::{object::Object, refusal::Refusal, store::Key, texts};

pub(super) type Answer = Result<GraphAnswer, Refusal>;

pub(super) fn page<'a>(request: &GraphRequest, type_name: &str, path: &str, objects: impl Iterator<Item: Into<Listed<'a>>>) -> Answer {
    let path = if request.segments.len() > 1 {
        request.segments.join("/")
    } else {
        path.to_owned()
    };
    let page = request.query.page(type_name, objects, request.is_advanced, &request.root, &path)?;
    Ok(GraphAnswer::Found(page))
}

pub(super) fn one(request: &GraphRequest, (set, type_name): (&str, &str), object: &Object) -> Answer {
    let mut value = request.query.selected(type_name, object);
    value["@odata.context"] = json!(format!("{}/$metadata#{set}/$entity", request.root));
    Ok(GraphAnswer::Found(value))
}

pub(super) fn only(request: &GraphRequest, method: &str) -> Result<(), Refusal> {
    if request.method == method {
        Ok(())
    } else {
        Err(wrong_method(request))
    }
}

pub(super) fn check_key(key: &Key, known: &[&str], type_name: &str) -> Result<(), Refusal> {
    if known.contains(&key.property.as_str()) {
        return Ok(());
    }
    Err(Refusal::bad_request(
        texts::NO_SUCH_KEY.with(&[("property", &key.property), ("type", type_name)]),
    ))
}

pub(super) fn wrong_method(request: &GraphRequest) -> Refusal {
    let message = texts::METHOD_NOT_ALLOWED.with(&[("request", &request.name())]);
    Refusal::new(405, "Request_BadRequest", message)
}
