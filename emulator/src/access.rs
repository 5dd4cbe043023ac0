//! What the bearer of a token may do: permissions and roles together.

mod permissions;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use self::permissions::{
    ASSIGN_OTHER_ROLES, ASSIGN_ROLES, AnyOf, MANAGE_APPLICATIONS, MANAGE_DELETED, OF_ALL_OBJECTS, READ_APPLICATIONS,
    READ_CONDITIONAL_ACCESS, READ_DIRECTORY_ROLES, READ_DOMAINS, READ_GRANTS, READ_GROUPS, READ_ME, READ_ORGANIZATION, READ_POLICIES,
    READ_USERS, SEE_OWNERS, SEE_WHAT_IS_ASSIGNED, WRITE_APPLICATIONS, WRITE_GRANTS, WRITE_POLICIES,
};
use crate::{
    cloud::CloudEnvironment,
    ids::well_known::{
        APPLICATION_ADMINISTRATOR, APPLICATION_DEVELOPER, CLOUD_APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, GLOBAL_READER,
        MICROSOFT_GRAPH, PRIVILEGED_ROLE_ADMINISTRATOR,
    },
    object::Object,
    refusal::Refusal,
    settings::Settings,
    texts,
};

/// The other directory roles that read Conditional Access policies: *Conditional Access Administrator*, *Security
/// Administrator*, *Security Reader*.
const CONDITIONAL_ACCESS_READERS: [Uuid; 3] = [
    uuid::uuid!("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    uuid::uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d"),
    uuid::uuid!("5d6b6bb7-de71-4623-b4af-96380a352509"),
];

/// A user that has asked for something, or could.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) account: String,
    pub(crate) directory_roles: Vec<Uuid>,
    /// The status that `/me` is refused with.
    pub(crate) me_refused: Option<u16>,
}

/// Who asks, as its token says.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) object_id: Uuid,
    pub(crate) account: Option<String>,
    pub(crate) directory_roles: Vec<Uuid>,
    permissions: Vec<String>,
    authentication_contexts: Vec<String>,
    me_refused: Option<u16>,
    users_may_create_apps: bool,
}

impl Access {
    /// Accepts a token's claims for Microsoft Graph of this tenant, or says 401 in the service's words.
    pub(crate) fn of_claims(
        claims: &Object,
        settings: &Settings,
        users: &BTreeMap<Uuid, User>,
        now: OffsetDateTime,
        own_address: Option<&str>,
    ) -> Result<Self, Refusal> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        check_audience(text("aud"), settings, own_address)?;
        if claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_none_or(|end| end <= now.unix_timestamp())
        {
            return Err(Refusal::token(texts::TOKEN_EXPIRED));
        }
        if !text("tid").eq_ignore_ascii_case(&settings.tenant_id.to_string()) {
            return Err(Refusal::token(texts::TOKEN_OF_ANOTHER_TENANT));
        }
        let items = |name: &str| {
            claims
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
        };
        let is_application = claims.get("scp").is_none();
        let permissions = if is_application {
            items("roles").map(str::to_owned).collect()
        } else {
            text("scp").split_whitespace().map(str::to_owned).collect()
        };
        let object_id = text("oid").parse().unwrap_or_default();
        // A token may keep quiet about the roles, and the directory knows them all the same.
        let user = users.get(&object_id);
        let claimed = || items("wids").filter_map(|id| id.parse().ok()).collect();
        let account = [text("upn"), text("preferred_username"), text("unique_name")]
            .into_iter()
            .find(|name| !name.is_empty());
        let account = account.map(str::to_owned).or_else(|| user.map(|user| user.account.clone()));
        Ok(Self {
            object_id,
            account: if is_application { None } else { Some(account.unwrap_or_default()) },
            directory_roles: user.map_or_else(claimed, |user| user.directory_roles.clone()),
            permissions,
            authentication_contexts: items("acrs").map(str::to_owned).collect(),
            me_refused: user.and_then(|user| user.me_refused),
            users_may_create_apps: settings.users_may_create_apps,
        })
    }

    pub(crate) fn may_read_organization(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_ORGANIZATION))
    }

    pub(crate) fn may_read_me(&self) -> Result<(), Refusal> {
        match self.me_refused {
            Some(404) => return Err(Refusal::new(404, "Request_ResourceNotFound", texts::ME_NOT_FOUND)),
            Some(status) => return Err(Refusal::new(status, "Authorization_RequestDenied", texts::ME_FORBIDDEN)),
            None => {}
        }
        // Without a user the answer is about the flow, not about permissions.
        self.allowed(self.account.is_none() || self.has(READ_ME))
    }

    pub(crate) fn may_read_users(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_USERS))
    }

    pub(crate) fn may_read_domains(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_DOMAINS))
    }

    pub(crate) fn may_read_directory_roles(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_DIRECTORY_ROLES))
    }

    pub(crate) fn may_read_applications(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_APPLICATIONS))
    }

    pub(crate) fn may_create_applications(&self) -> Result<(), Refusal> {
        self.may_write_applications()?;
        let role = self.is_application_administrator() || self.directory_roles.contains(&APPLICATION_DEVELOPER);
        self.allowed(self.account.is_none() || self.users_may_create_apps || role)
    }

    /// The permission to write app registrations; what it covers depends on the object.
    pub(crate) fn may_write_applications(&self) -> Result<(), Refusal> {
        self.allowed(self.has(WRITE_APPLICATIONS))
    }

    /// Adding an owner takes a permission to read the directory, too.
    ///
    /// Source: `permissions.json`, `POST /applications/{id}/owners`.
    pub(crate) fn may_add_owners(&self) -> Result<(), Refusal> {
        self.may_write_applications()?;
        self.allowed(self.has(SEE_OWNERS))
    }

    /// The permission to write service principals and secrets; what it covers depends on the object.
    pub(crate) fn may_manage_applications(&self) -> Result<(), Refusal> {
        self.allowed(self.has(MANAGE_APPLICATIONS))
    }

    /// Service principals of other tenants' applications, which have no owner here.
    pub(crate) fn may_manage_all_applications(&self) -> Result<(), Refusal> {
        self.may_write_object(&[])
    }

    /// An application with the permission for its own objects, and a user without an administrator's role, may write
    /// what they have made.
    pub(crate) fn may_write_object(&self, owners: &[Uuid]) -> Result<(), Refusal> {
        let may_write_all = if self.account.is_some() {
            self.is_application_administrator()
        } else {
            self.holds_one_of(&OF_ALL_OBJECTS)
        };
        self.allowed(may_write_all || owners.contains(&self.object_id))
    }

    pub(crate) fn may_manage_deleted(&self) -> Result<(), Refusal> {
        self.allowed(self.has(MANAGE_DELETED))?;
        self.allowed(self.account.is_none() || self.is_application_administrator())
    }

    pub(crate) fn may_read_grants(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_GRANTS))
    }

    pub(crate) fn may_write_grants(&self) -> Result<(), Refusal> {
        self.allowed(self.has(WRITE_GRANTS))?;
        self.allowed(
            self.account.is_none() || self.is_application_administrator() || self.directory_roles.contains(&PRIVILEGED_ROLE_ADMINISTRATOR),
        )
    }

    pub(crate) fn may_read_assignments(&self) -> Result<(), Refusal> {
        self.may_read_applications()
    }

    /// Permissions of Microsoft Graph need more than those of other resources: both permissions and the role.
    pub(crate) fn may_assign_roles(&self, is_for_graph: bool) -> Result<(), Refusal> {
        let full = self.has(ASSIGN_ROLES) && self.has(SEE_WHAT_IS_ASSIGNED);
        let privileged = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];
        let role = self.directory_roles.iter().any(|role| privileged.contains(role));
        if is_for_graph {
            return self.allowed(full && (self.account.is_none() || role));
        }
        let permission = full || self.has(ASSIGN_OTHER_ROLES);
        self.allowed(permission && (self.account.is_none() || role || self.is_application_administrator()))
    }

    /// Taking a permission away takes one permission, for every resource.
    ///
    /// Source: `permissions.json`, `DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id}`.
    pub(crate) fn may_remove_assigned_roles(&self, is_for_graph: bool) -> Result<(), Refusal> {
        if !self.has(ASSIGN_ROLES) {
            return self.may_assign_roles(is_for_graph);
        }
        let privileged = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];
        let role = self.directory_roles.iter().any(|role| privileged.contains(role));
        let is_enough = role || (!is_for_graph && self.is_application_administrator());
        self.allowed(self.account.is_none() || is_enough)
    }

    pub(crate) fn may_read_policies(&self) -> Result<(), Refusal> {
        let readers = [GLOBAL_ADMINISTRATOR, GLOBAL_READER];
        let role = self.directory_roles.iter().any(|role| readers.contains(role));
        self.allowed(self.has(READ_POLICIES) && (self.account.is_none() || role))
    }

    pub(crate) fn may_write_policies(&self) -> Result<(), Refusal> {
        self.allowed(self.has(WRITE_POLICIES) && (self.account.is_none() || self.is_application_administrator()))
    }

    pub(crate) fn may_read_conditional_access(&self) -> Result<(), Refusal> {
        let readers = [GLOBAL_ADMINISTRATOR, GLOBAL_READER];
        let mut roles = self.directory_roles.iter();
        let role = roles.any(|role| readers.contains(role) || CONDITIONAL_ACCESS_READERS.contains(role));
        self.allowed(self.has(READ_CONDITIONAL_ACCESS) && (self.account.is_none() || role))
    }

    /// Every member may read groups; what a guest may is a setting of the tenant, which is not emulated.
    pub(crate) fn may_read_groups(&self) -> Result<(), Refusal> {
        self.allowed(self.has(READ_GROUPS))
    }

    /// Whether a person has signed in as strongly as a protected action asks. Authentication contexts are for people, so
    /// that an application passes: that is a guess.
    pub(crate) fn meets_authentication_context(&self, required: &str) -> Result<(), Refusal> {
        let is_met = self.account.is_none() || self.authentication_contexts.iter().any(|held| held == required);
        if is_met {
            return Ok(());
        }
        let claims = json!({"access_token": {"acrs": {"essential": true, "value": required}}});
        Err(Refusal::claims_challenge(texts::STEP_UP_REQUIRED, &claims))
    }

    fn is_application_administrator(&self) -> bool {
        let roles = [GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR];
        self.directory_roles.iter().any(|role| roles.contains(role))
    }

    fn has(&self, one: AnyOf) -> bool {
        let sufficient = if self.account.is_some() { one.delegated } else { one.application };
        self.holds_one_of(sufficient)
    }

    fn holds_one_of(&self, permissions: &[&str]) -> bool {
        permissions.iter().any(|name| self.permissions.iter().any(|held| held == name))
    }

    fn allowed(&self, is_allowed: bool) -> Result<(), Refusal> {
        if is_allowed { Ok(()) } else { Err(Refusal::permission_missing()) }
    }
}

fn check_audience(audience: &str, settings: &Settings, own_address: Option<&str>) -> Result<(), Refusal> {
    let bare = audience.trim_end_matches('/');
    let is_own = own_address.is_some_and(|own| own.trim_end_matches('/').eq_ignore_ascii_case(bare));
    if is_own || bare.eq_ignore_ascii_case(&MICROSOFT_GRAPH.to_string()) {
        return Ok(());
    }
    match CloudEnvironment::of_audience(audience) {
        Some(cloud) if cloud == settings.environment => Ok(()),
        Some(_) => Err(Refusal::token(texts::TOKEN_OF_ANOTHER_CLOUD)),
        None => Err(Refusal::token(texts::TOKEN_FOR_ANOTHER)),
    }
}
