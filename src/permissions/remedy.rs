//! What to do if a permission is missing, in words.

use super::{PermissionType, Use, WithoutRole, least};

impl Use {
    /// What to do if it is refused for a lack of permissions: which ones a person or an application needs, and which
    /// role.
    ///
    /// ```
    /// use cmg_onboarding::permissions::Use;
    ///
    /// assert!(Use::ReadTenant.remedy().contains("Organization.Read.All"));
    /// ```
    #[must_use]
    pub fn remedy(self) -> String {
        let list = |kind| least(&[self], kind).join(" and ");
        let delegated = format!(
            "To {self}, a sign-in as a person takes the delegated permission {}{}",
            list(PermissionType::Delegated),
            self.role_in_words()
        );
        let application = match list(PermissionType::Application) {
            none if none.is_empty() => String::new(),
            some => format!("; a sign-in as an application takes the application permission {some}"),
        };
        let roles = if self.roles().is_empty() { "" } else { ", and Roles & admins" };
        format!("{delegated}{application} (Entra admin center > Enterprise applications > Permissions{roles}).")
    }

    fn role_in_words(self) -> String {
        let Some(least) = self.roles().first() else {
            return String::new();
        };
        match self.requirement().without_role {
            WithoutRole::Everyone => String::new(),
            WithoutRole::Members => format!(" and, if the tenant lets no members do it, at least the directory role {least}"),
            WithoutRole::Owners => format!(" and, for what another administrator has made, at least the directory role {least}"),
            WithoutRole::NoCaller => format!(" and at least the directory role {least}"),
        }
    }
}
