use crate::Diagnostic;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::{
    error::DirectoryError,
    http::{AnswerHeaders, answer_for_tests as answer},
};

fn refused(status: u16, body: &Value) -> Refused {
    match refusal(&answer(status, AnswerHeaders::default(), body.to_string().as_bytes())) {
        DirectoryError::Refused(refused) => *refused,
        other => panic!("a refusal is expected, not {other:?}"),
    }
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn detailed(code: &str, message: &str, detail: &str, target: &str) -> Value {
    json!({"error": {"code": code, "message": message, "details": [{"code": detail, "message": message, "target": target}]}})
}

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
        (R::Other, 400, error("SignInAudienceNotAllowedAsPerAppPolicy", "No.")),
    ];
    for (reason, status, body) in table {
        let refused = refused(status, &body);
        assert_eq!(refused.reason(), reason, "{body}");
        assert_eq!(refused.service_code(), body["error"]["code"], "{body}");
        assert_eq!(refused.trace().unwrap().status, Some(status));
    }
}

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

#[test]
fn the_refusals_that_waiting_can_mend_are_told_apart() {
    let ours = refused(404, &error("Request_ResourceNotFound", "Resource 'x' does not exist."));
    let right = refused(
        403,
        &error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    );
    let misleading = refused(
        403,
        &error(
            "Authorization_RequestDenied",
            "the backing application of the service principal being created must in the local tenant",
        ),
    );
    assert!(ours.may_be_replication() && misleading.may_be_replication() && !right.may_be_replication());
}

#[test]
fn what_may_have_been_carried_out_although_it_was_refused_is_told_as_data() {
    let company = "Unable to read the company information from the directory.";
    let effect = |status, code: &str, message: &str| refused(status, &error(code, message)).effect();
    assert_eq!(effect(404, "Directory_ObjectNotFound", company), Effect::Unknown);
    assert_eq!(effect(503, "Service_Unavailable", "x"), Effect::Unknown);
    assert_eq!(effect(404, "Request_ResourceNotFound", "x"), Effect::None);
    assert_eq!(effect(403, "Authorization_RequestDenied", "x"), Effect::None);
    assert_eq!(effect(429, "TooManyRequests", "x"), Effect::None);
}

#[test]
fn a_challenge_carries_its_claims() {
    let claims = r#"{"access_token":{"acrs":{"value":"c1"}}}"#;
    let headers = AnswerHeaders {
        www_authenticate: vec![format!(
            r#"Bearer error="insufficient_claims", claims="{}""#,
            STANDARD.encode(claims)
        )],
        ..AnswerHeaders::default()
    };
    let DirectoryError::Refused(refused) = refusal(&answer(401, headers, b"")) else {
        panic!("a refusal is expected")
    };
    assert_eq!((refused.reason(), refused.claims()), (RefusalReason::ClaimsChallenge, Some(claims)));
}

#[test]
fn an_answer_of_somebody_in_between_is_not_taken_for_the_directorys() {
    for (status, body) in [
        (403, "<html>Blocked</html>"),
        (404, "Not Found"),
        (404, ""),
        (407, "{}"),
        (400, r#"{"error":"x"}"#),
    ] {
        let answer = answer(status, AnswerHeaders::default(), body.as_bytes());
        assert!(matches!(refusal(&answer), DirectoryError::UnexpectedAnswer(_)), "{status} {body}");
        assert!(!is_absent(&answer));
    }
}

#[test]
fn statuses_that_speak_for_themselves_need_no_body() {
    for (status, reason) in [
        (401, RefusalReason::TokenRejected),
        (429, RefusalReason::Throttled),
        (502, RefusalReason::ServiceUnavailable),
    ] {
        let DirectoryError::Refused(refused) = refusal(&answer(status, AnswerHeaders::default(), b"<html>")) else {
            panic!("a refusal")
        };
        assert_eq!(
            (refused.reason(), refused.service_code()),
            (reason, format!("status {status}").as_str())
        );
    }
}

#[test]
fn only_the_directorys_own_word_makes_an_object_absent() {
    let absent = |code: &str, message: &str| is_absent(&answer(404, AnswerHeaders::default(), error(code, message).to_string().as_bytes()));
    assert!(absent("Request_ResourceNotFound", "Resource 'x' does not exist."));
    assert!(!absent(
        "Directory_ObjectNotFound",
        "Unable to read the company information from the directory."
    ));
}

#[test]
fn the_retry_loop_is_told_of_conflicts_and_of_company_trouble() {
    let advised = |status, code: &str, message: &str| {
        advice(&answer(
            status,
            AnswerHeaders::default(),
            error(code, message).to_string().as_bytes(),
        ))
    };
    assert_eq!(
        advised(409, "Directory_ConcurrencyViolation", "wait"),
        Some(Advice::RepeatAlways(RetryReason::ConcurrentChange))
    );
    assert_eq!(
        advised(
            404,
            "Directory_ObjectNotFound",
            "Unable to read the company information from the directory."
        ),
        Some(Advice::RepeatIfSafe(RetryReason::ServiceUnavailable))
    );
    assert_eq!(advised(404, "Request_ResourceNotFound", "x"), None);
    assert_eq!(advised(409, "Request_MultipleObjectsWithSameKeyValue", "x"), None);
}
