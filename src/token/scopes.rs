//! What to ask for when a person signs in.

#[cfg(any(feature = "azure-identity", feature = "sign-in"))]
use crate::error::{TokenError, TokenFailure};
use crate::{
    cloud::CloudEndpoints,
    permissions::{PermissionType, Use, least},
    spec::ConnectionSpec,
};

/// The least set of scopes for a job, by their full names, for
/// [`GraphDirectoryBuilder::scopes`](crate::directory::GraphDirectoryBuilder::scopes).
///
/// - `Application.ReadWrite.All` registers apps and service principals and reads both.
/// - `DelegatedPermissionGrant.ReadWrite.All` consents for the client app.
/// - `AppRoleAssignment.ReadWrite.All` consents to discovery, and is asked for only where the job does that.
/// - `User.Read` shows the tenant and the account's roles; `openid` and `profile` say who signed in.
///
/// Ask [`all_sign_in_scopes`] instead if the specification may still grow after the sign-in.
///
/// `Policy.Read.All` is not among them: it only warns beforehand of what a policy would refuse. Offer it beside them with
/// [`optional_sign_in_scopes`]. `offline_access` is not among them, either: no credential outlives the job, unless a sign-in
/// is told to keep the person signed in (`staying_signed_in`).
///
/// They come from the table in [`permissions`](crate::permissions), which has the sources.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, ConnectionSpec, ServerAppSpec, ClientAppSpec, token::sign_in_scopes};
///
/// let spec = ConnectionSpec::builder("Contoso CMG")
///     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()?;
/// let scopes = sign_in_scopes(&spec, &CloudEndpoints::default());
/// assert!(scopes.contains(&"https://graph.microsoft.com/Application.ReadWrite.All".to_owned()));
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[must_use]
pub fn sign_in_scopes(spec: &ConnectionSpec, endpoints: &CloudEndpoints) -> Vec<String> {
    let mut uses = registering(spec);
    if spec.client_app().is_registered_here() {
        uses.extend([Use::GrantPermission, Use::ReadPermissionGrants]);
    }
    if spec.server_app().is_registered_here() && spec.discovers() {
        uses.extend([Use::AssignRole, Use::ReadRoleAssignments]);
    }
    named(endpoints, &uses)
}

/// The same for a job that leaves the consents to another administrator
/// ([`Consents::LeaveToAdministrator`](crate::connection::Consents)): nothing among them may consent. Whether the consents
/// were given is then unknown to a later run, unless its sign-in has `Directory.Read.All` as well.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, ConnectionSpec, ServerAppSpec, ClientAppSpec, token::registering_scopes};
///
/// let spec = ConnectionSpec::builder("Contoso CMG")
///     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()?;
/// let scopes = registering_scopes(&spec, &CloudEndpoints::default());
/// assert_eq!(scopes[0], "https://graph.microsoft.com/Application.ReadWrite.All");
/// assert_eq!(scopes[1..], ["https://graph.microsoft.com/User.Read", "openid", "profile"]);
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[must_use]
pub fn registering_scopes(spec: &ConnectionSpec, endpoints: &CloudEndpoints) -> Vec<String> {
    named(endpoints, &registering(spec))
}

/// What a job takes without its consents.
fn registering(spec: &ConnectionSpec) -> Vec<Use> {
    let registers_server = spec.server_app().is_registered_here();
    let registers_client = spec.client_app().is_registered_here();
    let mut uses = vec![Use::ReadTenant, Use::ReadRoles];
    if registers_server || registers_client {
        uses.extend([
            Use::RegisterApp,
            Use::UpdateApp,
            Use::IssueSecret,
            Use::RemoveSecret,
            Use::CreateServicePrincipal,
        ]);
        uses.extend([Use::ReadApps, Use::ReadDeleted]);
    }
    uses
}

/// What a sign-in offers beside [`sign_in_scopes`], by full names, for
/// [`GraphDirectoryBuilder::optional_scopes`](crate::directory::GraphDirectoryBuilder::optional_scopes):
/// `Policy.Read.All`, which shows the tenant's app management policy and its Conditional Access policies
/// before they refuse anything. A person who may not consent to it is signed in without it.
///
/// `GroupMember.Read.All`, by which the groups of discovery are looked up, is not among them: of optional scopes either all are
/// granted or none. Add it if discovery names groups; `Directory.Read.All` suffices as well.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, token::optional_sign_in_scopes};
///
/// let scopes = optional_sign_in_scopes(&CloudEndpoints::default());
/// assert_eq!(scopes, ["https://graph.microsoft.com/Policy.Read.All"]);
/// ```
#[must_use]
pub fn optional_sign_in_scopes(endpoints: &CloudEndpoints) -> Vec<String> {
    let optional = [Use::ReadPolicy, Use::ReadConditionalAccess];
    let names = least(&optional, PermissionType::Delegated).into_iter();
    names.map(|name| endpoints.scope(name)).collect()
}

/// What any specification may need, by full names: [`sign_in_scopes`] for all of them.
///
/// For a front end that asks a person to sign in before all its pages are filled in, in any order: discovery that
/// is chosen afterwards then takes no second sign-in. The price is that the person consents to
/// `AppRoleAssignment.ReadWrite.All` even if discovery is never chosen. Either keep one directory with these scopes, or
/// let the directories of all pages share one [`CachedTokens`](super::CachedTokens), which serves a token with more
/// scopes than asked for.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, StaticToken, token::all_sign_in_scopes};
///
/// let endpoints = CloudEndpoints::default();
/// let scopes = all_sign_in_scopes(&endpoints);
/// let directory = GraphDirectory::builder(endpoints, StaticToken::new("eyJ0...")).scopes(scopes).build();
/// # let _ = directory;
/// ```
#[must_use]
pub fn all_sign_in_scopes(endpoints: &CloudEndpoints) -> Vec<String> {
    named(
        endpoints,
        &Use::ALL.into_iter().filter(|usage| !usage.is_optional()).collect::<Vec<_>>(),
    )
}

/// What looking takes, by full names: preflight, a plan, a check every night. Nothing with these scopes can write.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, token::read_only_scopes};
///
/// let scopes = read_only_scopes(&CloudEndpoints::default());
/// assert_eq!(scopes[0], "https://graph.microsoft.com/Directory.Read.All");
/// ```
#[must_use]
pub fn read_only_scopes(endpoints: &CloudEndpoints) -> Vec<String> {
    let is_asked = |usage: &Use| !usage.is_write() && !usage.is_optional();
    named(endpoints, &Use::ALL.into_iter().filter(is_asked).collect::<Vec<_>>())
}

fn named(endpoints: &CloudEndpoints, uses: &[Use]) -> Vec<String> {
    let of_graph = least(uses, PermissionType::Delegated).into_iter().map(|name| endpoints.scope(name));
    of_graph.chain(["openid", "profile"].map(str::to_owned)).collect()
}

/// `.default` of the one resource that these scopes belong to, for a credential that is only ever given all or nothing.
#[cfg(any(feature = "azure-identity", feature = "sign-in"))]
pub(super) fn default_scope_of(scopes: &[String]) -> Result<String, TokenError> {
    // Scopes without a resource, as "openid", are about the account and belong to every resource.
    let mut resources: Vec<&str> = scopes.iter().filter_map(|scope| Some(scope.rsplit_once('/')?.0)).collect();
    resources.sort_unstable();
    resources.dedup();
    match resources.as_slice() {
        [resource] => Ok(format!("{resource}/.default")),
        _ => Err(TokenError::new(
            TokenFailure::Refused,
            format!("a token is for one resource, and the scopes name {}", resources.len()),
            "Ask for the scopes of one resource, by their full names, as https://graph.microsoft.com/.default.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloudEnvironment, spec::DiscoverySpec};

    fn spec(text: &str) -> ConnectionSpec {
        text.parse().unwrap()
    }

    fn names(spec: &ConnectionSpec) -> Vec<String> {
        sign_in_scopes(spec, &CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud))
    }

    const BOTH: &str =
        r#"{"name": "a", "serverApp": {"create": {"name": "b"}}, "clientApp": {"create": {"name": "c"}}, "discovery": {"users": {}}}"#;

    #[test]
    fn discovery_alone_asks_for_role_assignments() {
        let with = names(&spec(BOTH));
        assert_eq!(
            with,
            [
                "https://graph.microsoft.us/Application.ReadWrite.All",
                "https://graph.microsoft.us/DelegatedPermissionGrant.ReadWrite.All",
                "https://graph.microsoft.us/AppRoleAssignment.ReadWrite.All",
                "https://graph.microsoft.us/User.Read",
                "openid",
                "profile",
            ]
        );
        let without = names(&spec(&BOTH.replace(r#", "discovery": {"users": {}}"#, "")));
        assert!(!without.iter().any(|name| name.ends_with("AppRoleAssignment.ReadWrite.All")));
        assert_eq!(without.len(), with.len() - 1);
        let _: Option<&DiscoverySpec> = spec(BOTH).discovery();
    }

    #[test]
    #[cfg(any(feature = "azure-identity", feature = "sign-in"))]
    fn everything_is_asked_of_one_resource_only() {
        let of = |scopes: &[&str]| default_scope_of(&scopes.iter().map(|&scope| scope.to_owned()).collect::<Vec<_>>());
        let graph = "https://graph.microsoft.com/.default";
        assert_eq!(of(&["https://graph.microsoft.com/User.Read", graph, "openid"]).unwrap(), graph);
        assert_eq!(
            of(&["api://6f0c/ConfigMgrService/.default"]).unwrap(),
            "api://6f0c/ConfigMgrService/.default"
        );
        for none in [&[][..], &["openid"], &[graph, "https://vault.azure.net/.default"]] {
            assert_eq!(of(none).unwrap_err().failure(), TokenFailure::Refused);
        }
    }

    #[test]
    fn adopting_asks_for_what_creating_asks_for() {
        let id = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a0";
        let adopting = BOTH
            .replace(r#""create": {"name": "b"}"#, &format!(r#""adopt": {{"clientId": "{id}1"}}"#))
            .replace(r#""create": {"name": "c"}"#, &format!(r#""adopt": {{"clientId": "{id}2"}}"#));
        assert_eq!(names(&spec(&adopting)), names(&spec(BOTH)));
    }

    #[test]
    fn all_scopes_are_those_of_the_specification_that_needs_most() {
        let endpoints = CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud);
        assert_eq!(all_sign_in_scopes(&endpoints), names(&spec(BOTH)));
    }

    #[test]
    fn a_check_asks_for_nothing_that_may_write() {
        let scopes = read_only_scopes(&CloudEndpoints::default());
        assert_eq!(scopes, ["https://graph.microsoft.com/Directory.Read.All", "openid", "profile"]);
    }

    #[test]
    fn no_credential_is_asked_for_that_outlives_the_job() {
        assert!(names(&spec(BOTH)).iter().all(|name| !name.contains("offline_access")));
    }
}
