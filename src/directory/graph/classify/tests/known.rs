//! The refusals as this job has met them, each with its reason.

use super::*;

#[test]
fn every_known_refusal_has_its_reason() {
    use RefusalReason as R;
    let bad = "Request_BadRequest";
    let missing = "Resource '00000000' does not exist or one of its queried reference-property objects are not present.";
    let table: Vec<(R, u16, Value)> = vec![
        (R::TokenRejected, 401, error("InvalidAuthenticationToken", "InvalidCloudInstance")),
        (
            R::PermissionMissing,
            403,
            error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        ),
        (
            R::QuotaExceeded,
            403,
            error(
                "Directory_QuotaExceeded",
                "The directory object quota limit for the Principal has been exceeded.",
            ),
        ),
        (
            R::UriNotOnVerifiedDomain,
            400,
            error(
                "HostNameNotOnVerifiedDomain",
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://ConfigMgrService'",
            ),
        ),
        (
            R::UriNotOnVerifiedDomain,
            400,
            error(
                bad,
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://x'",
            ),
        ),
        (
            R::UriBlockedByPolicy,
            400,
            error(
                bad,
                "Failed to add identifier URI https://x. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID, as per the default tenant policy of your organization.",
            ),
        ),
        (
            R::UriBlockedByPolicy,
            400,
            detailed(bad, "Blocked by the assigned policy.", "X", "identifierUris"),
        ),
        (
            R::UriInUse,
            400,
            detailed(
                bad,
                "Another object with the same value for property identifierUris already exists.",
                "ObjectConflict",
                "identifierUris",
            ),
        ),
        (
            R::UriInUse,
            400,
            error(
                bad,
                "Another object with the same value for property identifierUris already exists.",
            ),
        ),
        (
            R::UniqueNameInUse,
            400,
            error(bad, "Another object with the same value for property uniqueName already exists."),
        ),
        (R::UniqueNameInUse, 400, detailed(bad, "Taken.", "ObjectConflict", "uniqueName")),
        (
            R::SecretsForbidden,
            400,
            error(
                "CredentialTypeNotAllowedAsPerAppPolicy",
                "Credential type not allowed as per assigned policy '1'.",
            ),
        ),
        (
            R::SecretLifetimeTooLong,
            400,
            detailed(
                "CredentialInvalidLifetimeAsPerAppPolicy",
                "Credential lifetime exceeds the max value allowed as per assigned policy '1'.",
                "InvalidKeyEndDate",
                "EndDate",
            ),
        ),
        (R::NotFound, 404, error("Request_ResourceNotFound", missing)),
        (
            R::NotFound,
            404,
            error(
                "Directory_ObjectNotFound",
                "Unable to read the company information from the directory.",
            ),
        ),
        (R::ReferenceNotFound, 400, error(bad, missing)),
        (R::ReferenceNotFound, 400, error(bad, "Not a valid reference update.")),
        (
            R::ReferenceNotFound,
            404,
            error("Request_ResourceNotFound", "Not a valid reference update."),
        ),
        (
            R::ReferenceNotFound,
            400,
            detailed(
                bad,
                "The appId 'x' of the service principal does not reference a valid application object.",
                "NoBackingApplicationObject",
                "appId",
            ),
        ),
        (
            R::ReferenceNotFound,
            403,
            error(
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in the local tenant",
            ),
        ),
        (
            R::ReferenceNotFound,
            400,
            detailed(
                bad,
                "Property has an invalid value.",
                "InvalidValue",
                "api.preAuthorizedApplications.delegatedPermissionIds",
            ),
        ),
        (
            R::AlreadyExists,
            409,
            error(
                "Request_MultipleObjectsWithSameKeyValue",
                "The service principal cannot be created because it is already in use.",
            ),
        ),
        (
            R::AlreadyExists,
            409,
            error("Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists."),
        ),
        (R::AlreadyExists, 400, error(bad, "Permission entry already exists.")),
        (
            R::AlreadyExists,
            400,
            error(bad, "Permission being assigned already exists on the object"),
        ),
        (
            R::ConcurrentChange,
            409,
            error(
                "Directory_ConcurrencyViolation",
                "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
            ),
        ),
        (R::Throttled, 429, error("TooManyRequests", "Too many requests.")),
        (R::ServiceUnavailable, 503, error("ServiceNotAvailable", "Try again.")),
        (R::ServiceUnavailable, 504, error("UnknownError", "")),
        (R::Other, 400, error(bad, "Property has an invalid value.")),
        (
            R::Other,
            400,
            detailed(bad, "Property has an invalid value.", "InvalidValue", "displayName"),
        ),
        (
            R::Other,
            400,
            detailed(
                bad,
                "Property has an invalid value.",
                "TooLong",
                "api.preAuthorizedApplications.delegatedPermissionIds",
            ),
        ),
        (R::Other, 400, error("SignInAudienceNotAllowedAsPerAppPolicy", "No.")),
    ];
    for (reason, status, body) in table {
        let refused = refused(status, &body);
        assert_eq!(refused.reason(), reason, "{body}");
        assert_eq!(refused.service_code(), body["error"]["code"], "{body}");
        assert_eq!(refused.trace().unwrap().status, Some(status));
    }
}
