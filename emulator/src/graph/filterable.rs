//! Which properties a `$filter` may name.

use crate::{graph_types, refusal::Refusal, texts};

/// Properties of apps and service principals that no filter is offered on.
///
/// Source: *application resource type* and *servicePrincipal resource type*, whose rows say where `$filter` is supported.
const UNFILTERABLE: [&str; 6] = [
    "notes",
    "optionalClaims",
    "parentalControlSettings",
    "samlMetadataUrl",
    "defaultRedirectUri",
    "samlSingleSignOnSettings",
];

/// Refuses a path that the type does not have, that no filter is offered on, or whose number is not known here.
pub(super) fn check_filterable(type_name: &str, path: &str) -> Result<(), Refusal> {
    if UNFILTERABLE.contains(&path) {
        let message = texts::UNFILTERABLE.with(&[("property", path)]);
        return Err(Refusal::new(400, "Request_UnsupportedQuery", message));
    }
    let collection = path.strip_suffix("/$count");
    if let Some(collection) = collection.filter(|name| *name != "owners" && graph_types::is_relationship(type_name, name)) {
        return Err(Refusal::not_emulated(&format!("$filter by the number of '{collection}'")));
    }
    if graph_types::has_property(type_name, collection.unwrap_or(path)) {
        return Ok(());
    }
    let message = texts::NO_SUCH_PROPERTY_IN_QUERY.with(&[("property", path), ("type", type_name)]);
    Err(Refusal::new(400, "BadRequest", message))
}
