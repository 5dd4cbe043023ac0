//! Microsoft Graph: one request in, one answer or refusal out.

mod answer;
mod application_routes;
mod batch;
mod directory_object_routes;
mod expand;
mod filter;
mod filter_text;
mod filterable;
mod group_routes;
mod listed;
mod path;
mod people_routes;
mod policy_routes;
mod query;
mod routes;
mod search;
mod service_principal_routes;

use serde_json::Value;

pub(super) use batch::run_batch;
pub(super) use path::{decode, segments};
pub(super) use query::Query;
pub(super) use routes::answer;

use super::object::Object;

/// A request to Microsoft Graph.
#[derive(Debug, Clone, Default)]
pub(super) struct GraphRequest {
    pub(super) method: String,
    /// The path below the version, decoded.
    pub(super) segments: Vec<String>,
    pub(super) query: Query,
    /// `Prefer: create-if-missing`.
    pub(super) creates_if_missing: bool,
    /// `ConsistencyLevel: eventual`.
    pub(super) is_advanced: bool,
    pub(super) body: Body,
    /// The address of the service with its version, for links.
    pub(super) root: String,
    pub(super) client_request_id: Option<String>,
    pub(super) is_batched: bool,
}

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub(super) enum Body {
    #[default]
    Nothing,
    Json(Value),
    /// Something that is not JSON, or does not say what it is.
    Unreadable,
    /// Something that says that it is not JSON.
    OfAnotherType,
}

/// What Microsoft Graph says when it does not refuse.
#[derive(Debug, Clone)]
pub(super) enum GraphAnswer {
    /// 200 with an object or a collection.
    Found(Value),
    /// 200 with a number as plain text.
    Count(usize),
    /// 201 with what was created.
    Created(Value),
    /// 204.
    Done,
}

impl GraphAnswer {
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Found(_) | Self::Count(_) => 200,
            Self::Created(_) => 201,
            Self::Done => 204,
        }
    }

    /// The same with `@odata.context`, which an answer has wherever it is an object, unless it has one already.
    pub(super) fn in_context(self, request: &GraphRequest) -> Self {
        let with = |mut value: Value, kind: &str| {
            if let Some(object) = value.as_object_mut() {
                let context = format!("{}/$metadata#{kind}", request.root);
                object.entry("@odata.context").or_insert(Value::String(context));
            }
            value
        };
        let first = request
            .segments
            .first()
            .and_then(|first| first.split('(').next())
            .unwrap_or_default();
        let set = match request.segments.last().map(String::as_str) {
            Some(below @ ("appRoleAssignments" | "appRoleAssignedTo" | "federatedIdentityCredentials")) => format!("{first}/{below}"),
            _ => first.to_owned(),
        };
        let is_password = request.segments.last().is_some_and(|last| last.ends_with("addPassword"));
        match self {
            Self::Created(value) => Self::Created(with(value, &format!("{set}/$entity"))),
            Self::Found(value) if is_password => Self::Found(with(value, "microsoft.graph.passwordCredential")),
            Self::Found(value) if first == "policies" => Self::Found(with(value, &format!("{}/$entity", request.segments.join("/")))),
            other => other,
        }
    }

    /// The JSON of the answer; null where there is none.
    pub(super) fn into_json(self) -> Value {
        match self {
            Self::Found(value) | Self::Created(value) => value,
            Self::Count(count) => Value::from(count),
            Self::Done => Value::Null,
        }
    }
}

impl GraphRequest {
    /// Method and path without query, as faults are ordered for.
    pub(super) fn name(&self) -> String {
        format!("{} /{}", self.method, self.segments.join("/"))
    }

    pub(super) fn shown_path(&self) -> String {
        format!("/v1.0/{}{}", self.segments.join("/"), self.query.shown())
    }

    pub(super) fn json(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(value) => Some(value),
            Body::Nothing | Body::Unreadable | Body::OfAnotherType => None,
        }
    }

    /// The body as an object. No body is an empty object, which some clients send for actions.
    fn object(&self) -> Result<Object, super::refusal::Refusal> {
        match &self.body {
            Body::Nothing => Ok(Object::new()),
            Body::Json(Value::Object(object)) => Ok(object.clone()),
            Body::OfAnotherType => Err(super::refusal::Refusal::new(400, "BadRequest", super::texts::BODY_OF_ANOTHER_TYPE)),
            Body::Json(_) | Body::Unreadable => Err(super::refusal::Refusal::new(400, "BadRequest", super::texts::BODY_UNREADABLE)),
        }
    }
}
