//! Which permissions the caller holds.

use crate::{directory::SignedIn, permissions::PermissionType};

/// How the caller holds its permissions, and which ones; `None` if the token cannot be read.
pub(crate) fn granted_to(signed_in: &SignedIn) -> (PermissionType, Option<&[String]>) {
    if signed_in.is_application {
        (PermissionType::Application, signed_in.app_roles.as_deref())
    } else {
        (PermissionType::Delegated, signed_in.scopes.as_deref())
    }
}
