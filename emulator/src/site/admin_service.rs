//! The site's administration service: the `wmi` route for the classes of this job, for reading.
//!
//! Only what public sources show: lists and rows as lists, `$filter`, `$select`, `$orderby`, `$top`, `$skip`, `$count`,
//! `$metadata`. What the numbers in `ServiceType`, `Source` and `AgentType` mean is documented nowhere; the provider writes 0 where
//! nothing was set, and so do rows here.

mod classes;
mod environments;
mod filter;
mod kinds;
mod query;
mod row;

use serde_json::{Value, json};
use time::OffsetDateTime;

use self::{
    classes::{Class, Refused, metadata},
    kinds::Object,
    query::Query,
};
use super::EmulatedSite;
use crate::{caller::read_token, locked::lock};
use cmg_onboarding::error::SiteError;

/// The first part of the path on the provider itself.
const SERVICE: &str = "AdminService";

/// The first part of the path behind a cloud management gateway, before the gateway's number.
const GATEWAY: &str = "CCM_Proxy_ServerAuth";

/// What is asked of the service.
pub(crate) struct AdminServiceRequest<'a> {
    pub(crate) method: &'a str,
    /// The path, decoded.
    pub(crate) segments: &'a [String],
    pub(crate) query: &'a str,
    pub(crate) authorization: &'a str,
    /// The address of the server, for links.
    pub(crate) address: &'a str,
}

/// What the service answers.
pub(crate) enum AdminServiceAnswer {
    Json(u16, Value),
    Xml(String),
    /// 401 with what may be tried instead.
    SignIn(&'static str),
}

impl AdminServiceAnswer {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Json(status, _) => *status,
            Self::Xml(_) => 200,
            Self::SignIn(_) => 401,
        }
    }
}

/// Answers; `None` where the path is none of the service's.
pub(crate) fn answer(site: &EmulatedSite, request: &AdminServiceRequest<'_>) -> Option<AdminServiceAnswer> {
    let (below, is_gateway) = match request.segments {
        [first, below @ ..] if first.eq_ignore_ascii_case(SERVICE) => (below, false),
        [gateway, _, service, below @ ..] if gateway == GATEWAY && service.eq_ignore_ascii_case(SERVICE) => (below, true),
        _ => return None,
    };
    if !is_signed_in(site, request.authorization) {
        return Some(AdminServiceAnswer::SignIn(if is_gateway { "Bearer" } else { "Negotiate" }));
    }
    Some(match read(site, request, below) {
        Ok(answer) => answer,
        Err((status, message)) => {
            let body = json!({"error": {"code": status.to_string(), "message": message}});
            AdminServiceAnswer::Json(status, body)
        }
    })
}

fn read(site: &EmulatedSite, request: &AdminServiceRequest<'_>, below: &[String]) -> Result<AdminServiceAnswer, Refused> {
    if let Err(error) = site.take_error() {
        return Err(match error {
            SiteError::Refused(refused) => (500, refused.message().to_owned()),
            other => (503, other.to_string()),
        });
    }
    let (class, key) = match below {
        [route, class] if route.eq_ignore_ascii_case("wmi") => split_key(class),
        [route, class, key] if route.eq_ignore_ascii_case("wmi") => (class.as_str(), Some(key.as_str())),
        _ => return Err((404, "No HTTP resource was found that matches the request URI.".to_owned())),
    };
    if request.method != "GET" {
        let message = format!("The emulator does not offer {} on the administration service.", request.method);
        return Err((501, message));
    }
    if class == "$metadata" {
        return Ok(AdminServiceAnswer::Xml(metadata()));
    }
    let is_served = |class: &&Class| class.is_served(&lock(&site.held).rows);
    let class = Class::named(class)
        .filter(is_served)
        .ok_or_else(|| (404, format!("Resource not found for the segment '{class}'.")))?;
    let query = Query::read(request.query, class)?;
    let rows = class.rows(&lock(&site.held).rows);
    let context = format!("{}/AdminService/wmi/$metadata#{}", request.address, class.name);
    let (count, value) = match key {
        // A row comes as a list of one.
        Some(key) => {
            let row = rows.into_iter().find(|row| is_keyed(class, row, key));
            let row = row.ok_or_else(|| (404, format!("No row of {} has the key {key}.", class.name)))?;
            (None, vec![row::shown(class, &query, row)])
        }
        None => {
            let (count, rows) = query.page(rows)?;
            (count, rows.into_iter().map(|row| row::shown(class, &query, row)).collect())
        }
    };
    let mut body = json!({"@odata.context": context, "value": value});
    if let Some(count) = count {
        body["@odata.count"] = json!(count);
    }
    Ok(AdminServiceAnswer::Json(200, body))
}

/// `Class(7)` and `Class('ABC')` into class and key.
fn split_key(text: &str) -> (&str, Option<&str>) {
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((class, key)) => (class, Some(key.trim_matches('\''))),
        None => (text, None),
    }
}

fn is_keyed(class: &Class, row: &Object, key: &str) -> bool {
    match row.get(class.key) {
        Some(Value::String(text)) => text.eq_ignore_ascii_case(key),
        Some(value) => value.as_i64().is_some_and(|number| key.parse() == Ok(number)),
        None => false,
    }
}

/// Whether a caller is let in: with the ticket or token that the site was built to take, or with an access token for a
/// server app that the site knows. Signatures are not checked, as nowhere in the emulator.
fn is_signed_in(site: &EmulatedSite, authorization: &str) -> bool {
    let Some((scheme, token)) = authorization.split_once(' ') else {
        return false;
    };
    let is_given = |wanted: &Option<cmg_onboarding::ClientSecret>| wanted.as_ref().is_some_and(|wanted| wanted.expose() == token);
    match scheme.to_ascii_lowercase().as_str() {
        "negotiate" => is_given(&site.access.ticket),
        "bearer" => is_given(&site.access.token) || is_for_a_server_app(site, token),
        _ => false,
    }
}

/// What the gateway compares: issuer and audience, and that the time is not over.
fn is_for_a_server_app(site: &EmulatedSite, token: &str) -> bool {
    let Some(claims) = read_token(token) else { return false };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let ends = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
    if OffsetDateTime::from_unix_timestamp(ends).is_ok_and(|end| end <= site.clock.now()) {
        return false;
    }
    let held = lock(&site.held);
    held.rows.applications.iter().any(|application| {
        let tenant = held.rows.tenant_of(application).map(|tenant| tenant.tenant_id);
        let is_issuer = tenant.is_some_and(|tenant| text("iss") == format!("https://sts.windows.net/{tenant}/"));
        is_issuer && application.identifier_uri.as_deref() == Some(text("aud"))
    })
}
