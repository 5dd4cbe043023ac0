//! Which directory roles matter here, and what is lacking of them.

use crate::{
    directory::SignedIn,
    ids::{
        RoleTemplateId,
        well_known::{
            APPLICATION_ADMINISTRATOR, APPLICATION_DEVELOPER, CLOUD_APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR,
            PRIVILEGED_ROLE_ADMINISTRATOR,
        },
    },
    permissions::{Use, WithoutRole},
};

/// The directory roles that matter for this job.
pub(crate) const RELEVANT_ROLES: [RoleTemplateId; 5] = [
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    APPLICATION_DEVELOPER,
];

/// The relevant roles that the token names. A token that names none proves nothing.
pub(crate) fn held_in_token(signed_in: &SignedIn) -> Vec<RoleTemplateId> {
    let roles = signed_in.directory_roles.iter().flatten();
    roles.filter(|role| RELEVANT_ROLES.contains(role)).copied().collect()
}

/// What is lacking of the directory roles that these uses take: the least role that would do, if any is
/// lacking. What a member or an owner may do without a role asks for none here.
pub(crate) fn role_gap(held: &[RoleTemplateId], uses: &[Use]) -> Option<&'static str> {
    let is_lacking = |usage: &&Use| {
        let takes_role = usage.requirement().without_role == WithoutRole::NoCaller;
        takes_role && !usage.roles().iter().any(|role| held.contains(&role.id()))
    };
    // The use that stands last takes the strongest role.
    let lacking = uses.iter().filter(is_lacking).max()?;
    lacking.roles().first().map(|role| role.name())
}
