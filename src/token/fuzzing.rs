//! What a sign-in service answers, for the fuzz targets.

#[cfg(feature = "sign-in")]
pub(crate) use super::entra::fuzzing::{redirect, sign_in_answer};
use super::openid::OpenIdDocument;
use crate::cloud::CloudEndpoints;

/// A tenant's OpenID configuration: codes and secrets go to the host where the caller signs in, tokens to a Microsoft
/// Graph of the wizard's clouds, and no document can say otherwise.
pub(crate) fn discovery_document(input: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<OpenIdDocument>(input) else {
        return false;
    };
    let asked = CloudEndpoints::default();
    for name in ["token_endpoint", "authorization_endpoint", "device_authorization_endpoint"] {
        if let Ok(Some(address)) = document.endpoint(name, &asked) {
            assert_eq!(address.origin(), asked.authority().origin());
        }
    }
    if let Ok(cloud) = document.cloud_endpoints(&asked, &[]) {
        let known = ["graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us"];
        assert!(cloud.graph().host_str().is_some_and(|host| known.contains(&host)), "{cloud:?}");
    }
    document.tenant().is_some()
}
