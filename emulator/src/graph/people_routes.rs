//! People, domains and directory roles, as far as tools around app registrations ask for them: read only.
//!
//! Sources: *List users*, *Get a user*, *List domains*, *List directoryRoles*, *directoryObject: getMemberObjects*, *List ownedObjects*.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, only, page, wrong_method},
};
use crate::{
    access::User,
    ids::well_known::DIRECTORY_ROLES,
    object::Object,
    refusal::Refusal,
    store::{Collection, Context, Shape, Store},
};

pub(super) fn users(store: &Store, context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
    only_reading(request, rest)?;
    context.access.may_read_users()?;
    let people: Vec<(Uuid, Object)> = store.users.iter().map(|(id, user)| (*id, shown(*id, user))).collect();
    match rest {
        [] => page(request, "user", "users", people.iter().map(|(_, object)| object)),
        ["$count"] => {
            let objects = people.iter().map(|(_, object)| object);
            request.query.count("user", objects, request.is_advanced).map(GraphAnswer::Count)
        }
        [key, below @ ..] => {
            let is_it = |(id, object): &&(Uuid, Object)| {
                let account = object.get("userPrincipalName").and_then(Value::as_str).unwrap_or_default();
                id.to_string().eq_ignore_ascii_case(key) || account.eq_ignore_ascii_case(key)
            };
            let (id, object) = people.iter().find(is_it).ok_or_else(|| Refusal::not_found(key))?;
            person(store, context, request, (*id, object), below)
        }
    }
}

/// What there is below `/me` and `/users/{id}`.
pub(super) fn person(store: &Store, context: Context<'_>, request: &GraphRequest, (id, object): (Uuid, &Object), below: &[&str]) -> Answer {
    let roles = || store.users.get(&id).map(|user| user.directory_roles.clone()).unwrap_or_default();
    match (request.method.as_str(), below) {
        ("GET", []) => {
            let mut value = request.query.selected("user", object);
            value["@odata.context"] = json!(format!("{}/$metadata#users/$entity", request.root));
            Ok(GraphAnswer::Found(value))
        }
        ("GET", ["memberOf" | "transitiveMemberOf"]) => {
            let held: Vec<Object> = roles().into_iter().map(role).collect();
            page(request, "directoryObject", "directoryObjects", held.iter())
        }
        ("POST", ["getMemberObjects" | "microsoft.graph.getMemberObjects" | "getMemberGroups" | "microsoft.graph.getMemberGroups"]) => {
            // The emulator has no groups, so that people are members of roles alone.
            let only_groups = below.first().is_some_and(|name| name.ends_with("Groups"))
                || request.json().and_then(|body| body.get("securityEnabledOnly")) == Some(&json!(true));
            let held: Vec<Uuid> = if only_groups {
                Vec::new()
            } else {
                roles().iter().map(|id| role_object_id(*id)).collect()
            };
            let context = format!("{}/$metadata#Collection(Edm.String)", request.root);
            Ok(GraphAnswer::Found(json!({"@odata.context": context, "value": held})))
        }
        ("GET", ["ownedObjects", rest @ ..]) => owned_objects(store, context, request, id, rest),
        (_, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

/// What a person or an application owns.
pub(super) fn owned_objects(store: &Store, context: Context<'_>, request: &GraphRequest, owner: Uuid, rest: &[&str]) -> Answer {
    context.access.may_read_applications()?;
    let of = |collection: Collection, type_name: &str| -> Vec<Object> {
        let owned = store.seen_with_owners(collection, context.instant);
        let owned = owned.filter(|(owners, _)| owners.contains(&owner));
        let typed = |object: &Object| {
            let mut object = Shape::of(type_name).whole(object);
            object.insert("@odata.type".to_owned(), json!(format!("#microsoft.graph.{type_name}")));
            object
        };
        owned.map(|(_, object)| typed(object)).collect()
    };
    let owned = match rest {
        [] => {
            let mut all = of(Collection::Applications, "application");
            all.extend(of(Collection::ServicePrincipals, "servicePrincipal"));
            all
        }
        ["microsoft.graph.application"] => of(Collection::Applications, "application"),
        ["microsoft.graph.servicePrincipal"] => of(Collection::ServicePrincipals, "servicePrincipal"),
        [other, ..] => return Err(Refusal::no_such_route(other)),
    };
    page(request, "directoryObject", "directoryObjects", owned.iter())
}

pub(super) fn domains(context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
    only(request, "GET")?;
    context.access.may_read_domains()?;
    let settings = context.settings;
    let all: Vec<Object> = settings
        .domains()
        .map(|name| {
            let domain = json!({
                "id": name,
                "authenticationType": "Managed",
                "availabilityStatus": null,
                "isAdminManaged": true,
                "isDefault": name == settings.default_domain(),
                "isInitial": name == settings.initial_domain,
                "isRoot": true,
                "isVerified": true,
                "supportedServices": ["Email", "OfficeCommunicationsOnline"],
                "passwordValidityPeriodInDays": 2_147_483_647,
                "passwordNotificationWindowInDays": 14,
                "state": null,
            });
            domain.as_object().cloned().unwrap_or_default()
        })
        .collect();
    match rest {
        [] => page(request, "domain", "domains", all.iter()),
        [name] => {
            let found = all
                .iter()
                .find(|domain| domain["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(name)));
            let mut value = request.query.selected("domain", found.ok_or_else(|| Refusal::not_found(name))?);
            value["@odata.context"] = json!(format!("{}/$metadata#domains/$entity", request.root));
            Ok(GraphAnswer::Found(value))
        }
        [_, other, ..] => Err(Refusal::no_such_route(other)),
    }
}

pub(super) fn directory_roles(store: &Store, context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
    only(request, "GET")?;
    context.access.may_read_directory_roles()?;
    let all: Vec<Object> = DIRECTORY_ROLES.iter().map(|(_, id)| role(*id)).collect();
    let named = |wanted: &str| all.iter().find(|role| role["id"] == wanted || role["roleTemplateId"] == wanted);
    match rest {
        [] => page(request, "directoryRole", "directoryRoles", all.iter()),
        [id] => {
            let mut value = request
                .query
                .selected("directoryRole", named(id).ok_or_else(|| Refusal::not_found(id))?);
            value["@odata.context"] = json!(format!("{}/$metadata#directoryRoles/$entity", request.root));
            Ok(GraphAnswer::Found(value))
        }
        [id, "members"] => {
            let template = named(id).ok_or_else(|| Refusal::not_found(id))?["roleTemplateId"].clone();
            let holds = |user: &User| user.directory_roles.iter().any(|role| template == json!(role));
            let held: Vec<Object> = store
                .users
                .iter()
                .filter(|(_, user)| holds(user))
                .map(|(id, user)| shown(*id, user))
                .collect();
            page(request, "directoryObject", "directoryObjects", held.iter())
        }
        [_, other, ..] => Err(Refusal::no_such_route(other)),
    }
}

fn only_reading(request: &GraphRequest, rest: &[&str]) -> Result<(), Refusal> {
    if request.method == "GET" || rest.len() > 1 {
        return Ok(());
    }
    Err(Refusal::not_emulated("changes of people"))
}

/// A person as Microsoft Graph shows one by default.
pub(super) fn shown(id: Uuid, user: &User) -> Object {
    let object = json!({
        "id": id,
        "displayName": user.account.split('@').next(),
        "userPrincipalName": user.account,
        "mail": user.account,
        "businessPhones": [],
        "givenName": null,
        "jobTitle": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
    });
    object.as_object().cloned().unwrap_or_default()
}

fn role(template: Uuid) -> Object {
    let name = DIRECTORY_ROLES.iter().find(|(_, id)| *id == template).map(|(name, _)| *name);
    let object = json!({
        "@odata.type": "#microsoft.graph.directoryRole",
        "id": role_object_id(template),
        "deletedDateTime": null,
        "description": name,
        "displayName": name,
        "roleTemplateId": template,
    });
    object.as_object().cloned().unwrap_or_default()
}

/// A role that is switched on has an id of its own beside that of its template.
fn role_object_id(template: Uuid) -> Uuid {
    Uuid::new_v5(&template, b"directoryRole")
}
