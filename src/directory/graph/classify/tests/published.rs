//! The texts that are published, each with its source.

use super::*;

/// One text as Microsoft, or a public report of what its service has answered, has it.
struct Published {
    source: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    /// Code and target of the detail, if the source has one.
    detail: Option<(&'static str, &'static str)>,
    reason: RefusalReason,
}

const URI_RULES: &str = "Restrictions on identifier URIs of Microsoft Entra applications, 2025-01-29";
const TERRAFORM: &str = "terraform-provider-azuread, service_principal_resource.go, app_role_assignment_resource.go, applications.go";
const BAD_REQUEST: &str = "Request_BadRequest";

const PUBLISHED: &[Published] = &[
    Published {
        source: "Breaking changes of October 2021; Azure/Industrial-IoT 1432",
        status: 400,
        code: "HostNameNotOnVerifiedDomain",
        message: "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://ConfigMgrService'",
        detail: None,
        reason: RefusalReason::UriNotOnVerifiedDomain,
    },
    Published {
        source: URI_RULES,
        status: 400,
        code: BAD_REQUEST,
        message: "Failed to add identifier URI api://ConfigMgrService. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID, as per the default tenant policy of your organization. See https://aka.ms/identifier-uri-addition-error for more information on this error.",
        detail: None,
        reason: RefusalReason::UriBlockedByPolicy,
    },
    Published {
        source: URI_RULES,
        status: 400,
        code: BAD_REQUEST,
        message: "The newly added URI api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService must comply with the format 'api://{appId}' or 'api://{tenantId}/{appId}' as per the default app management policy of your organization. If the requestedAccessTokenVersion is set to 2, this restriction may not apply. See https://aka.ms/identifier-uri-addition-error for more information on this error.",
        detail: None,
        reason: RefusalReason::UriBlockedByPolicy,
    },
    Published {
        source: "Azure/pcs-cli 146, Azure/go-autorest 308",
        status: 400,
        code: BAD_REQUEST,
        message: "Another object with the same value for property identifierUris already exists.",
        detail: Some(("ObjectConflict", "identifierUris")),
        reason: RefusalReason::UriInUse,
    },
    Published {
        source: "byte5ai/omadia 916, microsoftgraph/msgraph-bicep-types 137",
        status: 400,
        code: BAD_REQUEST,
        message: "Another object with the same value for property uniqueName already exists.",
        detail: Some(("ObjectConflict", "uniqueName")),
        reason: RefusalReason::UniqueNameInUse,
    },
    Published {
        source: "OfficeDev/microsoft-365-agents-toolkit 10905",
        status: 400,
        code: "CredentialTypeNotAllowedAsPerAppPolicy",
        message: "Credential type not allowed as per assigned policy 'd0b1b0d9-0000-4000-8000-000000000000'.",
        detail: None,
        reason: RefusalReason::SecretsForbidden,
    },
    Published {
        source: "OfficeDev/microsoft-365-agents-toolkit 10998, Azure/azure-cli 28522",
        status: 400,
        code: "CredentialInvalidLifetimeAsPerAppPolicy",
        message: "Credential lifetime exceeds the max value allowed as per assigned policy 'd0b1b0d9-0000-4000-8000-000000000000'.",
        detail: Some(("InvalidKeyEndDate", "EndDate")),
        reason: RefusalReason::SecretLifetimeTooLong,
    },
    Published {
        source: "OfficeDev/microsoft-365-agents-toolkit 13343, 2025-03-05; a single-tenant app does not meet it",
        status: 400,
        code: "SignInAudienceNotAllowedAsPerAppPolicy",
        message: "'signInAudience' property value 'AzureADMultipleOrgs' is not allowed.",
        detail: None,
        reason: RefusalReason::Other,
    },
    Published {
        source: TERRAFORM,
        status: 400,
        code: BAD_REQUEST,
        message: "The appId '0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01' of the service principal does not reference a valid application object.",
        detail: Some(("NoBackingApplicationObject", "appId")),
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: "Azure/azure-cli 14767, terraform-provider-azuread 611",
        status: 403,
        code: "Authorization_RequestDenied",
        message: "When using this permission, the backing application of the service principal being created must in the local tenant",
        detail: None,
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: TERRAFORM,
        status: 404,
        code: "Request_ResourceNotFound",
        message: "Resource '0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01' does not exist or one of its queried reference-property objects are not present.",
        detail: None,
        reason: RefusalReason::NotFound,
    },
    Published {
        source: TERRAFORM,
        status: 404,
        code: "Directory_ObjectNotFound",
        message: "Unable to read the company information from the directory.",
        detail: None,
        reason: RefusalReason::NotFound,
    },
    Published {
        source: TERRAFORM,
        status: 400,
        code: BAD_REQUEST,
        message: "Not a valid reference update.",
        detail: None,
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: TERRAFORM,
        status: 400,
        code: BAD_REQUEST,
        message: "Resource '0d9f2c1e' does not exist or one of its queried reference-property objects are not present.",
        detail: None,
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: TERRAFORM,
        status: 400,
        code: BAD_REQUEST,
        message: "Property has an invalid value.",
        detail: Some(("InvalidValue", "api.preAuthorizedApplications.delegatedPermissionIds")),
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: TERRAFORM,
        status: 409,
        code: "Request_MultipleObjectsWithSameKeyValue",
        message: "The service principal cannot be created, updated, or restored because the service principal name is already in use.",
        detail: None,
        reason: RefusalReason::AlreadyExists,
    },
    Published {
        source: TERRAFORM,
        status: 400,
        code: BAD_REQUEST,
        message: "Permission being assigned already exists on the object",
        detail: None,
        reason: RefusalReason::AlreadyExists,
    },
    Published {
        source: "nais/azurerator 448",
        status: 409,
        code: "Directory_ConcurrencyViolation",
        message: "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
        detail: None,
        reason: RefusalReason::ConcurrentChange,
    },
    Published {
        source: "microsoft/Agent365-devTools 424 and 409, May 2026: an application that acts by itself, right after creating",
        status: 403,
        code: "Authorization_IdentityNotFound",
        message: "The identity of the calling application could not be established.",
        detail: None,
        reason: RefusalReason::ReferenceNotFound,
    },
    Published {
        source: "Resolve Microsoft Graph authorization errors",
        status: 403,
        code: "Authorization_RequestDenied",
        message: "Insufficient privileges to complete the operation.",
        detail: None,
        reason: RefusalReason::PermissionMissing,
    },
    Published {
        source: "Microsoft Entra service limits and restrictions",
        status: 403,
        code: "Directory_QuotaExceeded",
        message: "The directory object quota limit for the Principal has been exceeded. Please ask your administrator to increase the quota limit or delete objects to reduce the used quota.",
        detail: None,
        reason: RefusalReason::QuotaExceeded,
    },
    Published {
        source: "recorded in three clouds, 2026-09-29",
        status: 401,
        code: "InvalidAuthenticationToken",
        message: "InvalidCloudInstance",
        detail: None,
        reason: RefusalReason::TokenRejected,
    },
];

#[test]
fn every_text_that_is_published_has_its_reason_and_no_remedy_repeats_what_was_refused() {
    for published in PUBLISHED {
        let mut body = error(published.code, published.message);
        if let Some((code, target)) = published.detail {
            body = detailed(published.code, published.message, code, target);
        }
        let refused = refused(published.status, &body);
        assert_eq!(refused.reason(), published.reason, "{}: {}", published.source, published.message);
        if published.reason == RefusalReason::UriBlockedByPolicy {
            let help = refused.help();
            assert!(
                !help.contains("api://{tenantId}/{string}") && !help.contains("verified domain"),
                "{help}"
            );
            assert!(help.contains("api://{tenantId}/{appId}"), "{help}");
        }
    }
    let by_policy = PUBLISHED.iter().filter(|published| published.reason.is_by_app_policy()).count();
    println!(
        "{} published texts, {by_policy} of them of app management policies",
        PUBLISHED.len()
    );
    assert!(PUBLISHED.len() >= 22 && by_policy == 4);
}
