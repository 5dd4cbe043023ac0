//! What the wizard's page shows after signing in, and what the job takes beside what the sign-in gives.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    cloud::CloudEnvironment,
    connection::read::{granted::granted_to, roles::role_gap, snapshot::TenantSnapshot},
    directory::SignedIn,
    ids::{RoleTemplateId, TenantId},
    permissions::{self, Use, least},
    text::{clean, excerpt},
};

/// Who is signed in, where, and whether that is enough. By names, so that it can be shown as it is: control
/// characters and bidirectional formatting characters in names are spaces here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignInSummary {
    /// The tenant's name as Configuration Manager shows it: its initial domain. Empty if the signed-in application may
    /// not read it.
    pub tenant_name: String,
    /// The tenant's display name, as its administrators have set it.
    pub tenant_display_name: String,
    /// The tenant's id.
    pub tenant_id: TenantId,
    /// The account; `None` if an application signed in, or if the token names no account.
    pub account: Option<String>,
    /// The cloud that the connection is for.
    pub environment: CloudEnvironment,
    /// The directory roles held, of those that matter here; `None` if they are not known, as for an
    /// application.
    pub roles_held: Option<Vec<String>>,
    /// The least directory role that the plan takes and that is lacking, if one is.
    pub role_lacking: Option<String>,
    /// The Microsoft Graph permissions granted; `None` if the token cannot be read.
    pub permissions_granted: Option<Vec<String>>,
    /// The Microsoft Graph permissions that the plan takes.
    pub permissions_needed: Vec<String>,
    /// Those of them that were not granted.
    pub permissions_lacking: Vec<String>,
}

impl SignInSummary {
    pub(crate) fn new(environment: CloudEnvironment, found: &TenantSnapshot, needed: &[Use]) -> Self {
        let signed_in = &found.signed_in;
        let (kind, granted) = granted_to(signed_in);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let mut permissions_needed = owned(least(needed, kind));
        permissions_needed.sort_unstable();
        let roles = found.roles.as_deref();
        Self {
            tenant_name: excerpt(found.tenant.site_name()),
            tenant_display_name: excerpt(&found.tenant.display_name),
            tenant_id: found.tenant.id,
            account: signed_in.account.as_deref().map(excerpt),
            environment,
            roles_held: roles.map(|held| owned(held.iter().filter_map(|role| role_name(*role)).collect())),
            role_lacking: roles.and_then(|held| role_gap(held, needed)).map(str::to_owned),
            permissions_lacking: lacking(signed_in, needed).map(owned).unwrap_or_default(),
            permissions_granted: granted.map(|granted| granted.iter().map(|name| clean(name)).collect()),
            permissions_needed,
        }
    }
}

impl fmt::Display for SignInSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let name = Some(self.tenant_name.as_str()).filter(|name| !name.is_empty());
        writeln!(formatter, "Tenant name:          {}", name.unwrap_or("not known"))?;
        writeln!(formatter, "Tenant id:            {}", self.tenant_id)?;
        writeln!(
            formatter,
            "Account:              {}",
            self.account.as_deref().unwrap_or("an application, or not named by the token")
        )?;
        writeln!(formatter, "Azure environment:    {}", self.environment)?;
        let roles = self.roles_held.as_deref().map_or_else(|| "not known".to_owned(), list);
        writeln!(formatter, "Directory roles:      {roles}")?;
        if let Some(role) = &self.role_lacking {
            writeln!(formatter, "Role lacking:         {role}")?;
        }
        let granted = self.permissions_granted.as_deref().map_or_else(|| "not known".to_owned(), list);
        writeln!(formatter, "Permissions granted:  {granted}")?;
        writeln!(formatter, "Permissions needed:   {}", list(&self.permissions_needed))?;
        if !self.permissions_lacking.is_empty() {
            writeln!(formatter, "Permissions lacking:  {}", self.permissions_lacking.join(", "))?;
        }
        Ok(())
    }
}

/// The permissions that are needed and not granted; `None` if the token cannot be read.
pub(crate) fn lacking(signed_in: &SignedIn, needed: &[Use]) -> Option<Vec<&'static str>> {
    let (kind, granted) = granted_to(signed_in);
    let mut missing = permissions::lacking(needed, kind, granted?);
    missing.sort_unstable();
    Some(missing)
}

/// The name of one of the roles that matter here.
fn role_name(role: RoleTemplateId) -> Option<&'static str> {
    let mut known = Use::ALL.into_iter().flat_map(Use::roles);
    known.find(|known| known.id() == role).map(|known| known.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::read::roles::RELEVANT_ROLES;

    #[test]
    fn every_role_that_matters_has_a_name() {
        let names = RELEVANT_ROLES.map(|role| role_name(role).unwrap());
        let distinct: std::collections::BTreeSet<&str> = names.into_iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        assert!(distinct.contains("Privileged Role Administrator"), "{names:?}");
        assert_eq!(role_name("00000000-0000-4000-8000-000000000001".parse().unwrap()), None);
    }

    #[test]
    fn the_page_shows_every_part_and_says_what_is_not_known() {
        let mut summary = SignInSummary {
            tenant_name: "contoso.onmicrosoft.com".to_owned(),
            tenant_display_name: "Contoso".to_owned(),
            tenant_id: "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse().unwrap(),
            account: Some("admin@contoso.com".to_owned()),
            environment: CloudEnvironment::AzurePublicCloud,
            roles_held: Some(vec!["Application Administrator".to_owned()]),
            role_lacking: Some("Privileged Role Administrator".to_owned()),
            permissions_granted: Some(Vec::new()),
            permissions_needed: vec!["Application.ReadWrite.All".to_owned(), "User.Read".to_owned()],
            permissions_lacking: vec!["Application.ReadWrite.All".to_owned(), "User.Read".to_owned()],
        };
        let page = "Tenant name:          contoso.onmicrosoft.com\n\
                    Tenant id:            6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11\n\
                    Account:              admin@contoso.com\n\
                    Azure environment:    AzurePublicCloud\n\
                    Directory roles:      Application Administrator\n\
                    Role lacking:         Privileged Role Administrator\n\
                    Permissions granted:  none\n\
                    Permissions needed:   Application.ReadWrite.All, User.Read\n\
                    Permissions lacking:  Application.ReadWrite.All, User.Read\n";
        assert_eq!(summary.to_string(), page);
        (
            summary.roles_held,
            summary.role_lacking,
            summary.permissions_granted,
            summary.account,
        ) = (None, None, None, None);
        (summary.tenant_name, summary.permissions_lacking) = (String::new(), Vec::new());
        let page = "Tenant name:          not known\n\
                    Tenant id:            6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11\n\
                    Account:              an application, or not named by the token\n\
                    Azure environment:    AzurePublicCloud\n\
                    Directory roles:      not known\n\
                    Permissions granted:  not known\n\
                    Permissions needed:   Application.ReadWrite.All, User.Read\n";
        assert_eq!(summary.to_string(), page);
    }

    #[test]
    fn what_is_lacking_is_named() {
        let mut signed_in = SignedIn::default();
        assert_eq!(lacking(&signed_in, &[Use::RegisterApp]), None);
        signed_in.scopes = Some(vec!["delegatedpermissiongrant.readwrite.all".to_owned()]);
        let needed = [Use::GrantPermission, Use::RegisterApp];
        assert_eq!(lacking(&signed_in, &needed).unwrap(), ["Application.ReadWrite.All"]);
        signed_in.is_application = true;
        signed_in.app_roles = signed_in.scopes.take();
        assert_eq!(lacking(&signed_in, &needed).unwrap(), ["Application.ReadWrite.OwnedBy"]);
    }
}
