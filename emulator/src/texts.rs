//! Every text that the services refuse with, each with where it was published or the word "guess".
//!
//! A client that reads texts can be tried here only as far as these are the services' own, so that a guess has to be told
//! from a text that Microsoft, or a recording of the service, shows. Placeholders stand in braces.

/// One text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    /// The text, with placeholders as `{uri}`.
    pub(crate) text: &'static str,
    /// The document or the recording that shows it, with its date; or "guess" and what was guessed.
    #[cfg_attr(not(test), expect(dead_code, reason = "people and the test below read it"))]
    source: &'static str,
}

impl Text {
    /// The text with its placeholders filled in.
    pub(crate) fn with(&self, values: &[(&str, &str)]) -> Message {
        // One pass: what is filled in may itself look like a placeholder.
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text;
        while let Some((before, after)) = rest.split_once('{') {
            let known = after
                .split_once('}')
                .and_then(|(name, behind)| Some((values.iter().find(|(given, _)| *given == name)?.1, behind)));
            filled.push_str(before);
            match known {
                Some((value, behind)) => {
                    filled.push_str(value);
                    rest = behind;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        Message(filled)
    }
}

/// What a refusal says. Only a text of the table can become one.
#[derive(Debug, Clone)]
pub(crate) struct Message(String);

impl Message {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self(text.text.to_owned())
    }
}

macro_rules! texts {
    ($($name:ident: $text:literal, $source:literal;)*) => {
        $(
            #[cfg_attr(not(feature = "onboarding"), allow(dead_code, reason = "the wire says some of them"))]
            pub(crate) const $name: Text = Text { text: $text, source: $source };
        )*
        #[cfg(test)]
        const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

texts! {
    // Requests to Microsoft Graph.
    INVALID_VALUE: "Invalid value specified for property '{property}' of resource '{resource}'.",
        "OfficeDev/microsoft-365-agents-toolkit, tests of its client, read 2026-11-27: code and wording";
    MISSING_VALUE: "A value is required for property '{property}' of resource '{resource}'.",
        "guess: the wording";
    READ_ONLY: "Property '{property}' is read-only and cannot be set.",
        "guess: the wording";
    CONFLICT: "Another object with the same value for property {property} already exists.",
        "byte5ai/omadia #916 and Azure/pcs-cli #146, read 2026-10: status, code and wording";
    NOT_FOUND: "Resource '{id}' does not exist or one of its queried reference-property objects are not present.",
        "microsoftgraph/microsoft-graph-docs-contrib #6431, 2019-10-23: code and wording";
    PERMISSION_MISSING: "Insufficient privileges to complete the operation.",
        "hashicorp/vault-plugin-secrets-azure #172, 2023-11-08: status, code and wording";
    NOT_EMULATED: "The emulator does not offer {what}.",
        "guess: nothing; these are the emulator's own words for what the service has and it has not";
    UNFILTERABLE: "Unsupported or invalid query filter clause specified for property '{property}' of resource 'Application'.",
        "guess: the wording, after what threads show for other properties";
    SEARCH_UNSUPPORTED: "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
        "guess: the wording; aad-advanced-queries says that the header is needed";
    SEARCH_MALFORMED: "Syntax error: character '{character}' is not valid at position {position} in '{search}'.",
        "guess: the wording and its place";
    NO_SUCH_PROPERTY: "Property '{property}' does not exist on type 'microsoft.graph.{type}' or is not present in the API version.",
        "guess: the wording";
    NO_SUCH_PROPERTY_IN_QUERY: "Could not find a property named '{property}' on type 'microsoft.graph.{type}'.",
        "microsoftgraph/microsoft-graph-docs-contrib #4529 and msgraph-sdk-powershell #2103, read 2026-11: status and wording";
    NO_SUCH_KEY: "The key property '{property}' is not a key of type 'microsoft.graph.{type}'.",
        "guess: the wording";
    METHOD_NOT_ALLOWED: "Specified HTTP method is not allowed for the request target: {request}.",
        "guess: the wording";
    BODY_UNREADABLE: "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        "microsoftgraph/microsoft-graph-docs-contrib #6337, 2019-11-08: status, code and wording, for a body without a content type";
    BODY_OF_ANOTHER_TYPE: "Entity only allows writes with a JSON Content-Type header.",
        "microsoftgraph/msgraph-sample-pythondjangoapp #22, 2019-11-05: status, code and wording";
    FILTER_INVALID: "Invalid filter clause: {filter}",
        "guess: the wording after the colon";
    UNSUPPORTED_QUERY: "Unsupported Query.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: the wording";
    COUNT_UNSUPPORTED: "$count is not currently supported.",
        "guess: the wording";
    PAGE_SIZE: "Invalid page size specified. Must be between 1 and 999 inclusive.",
        "guess: the wording";
    THROTTLED: "Too many requests.",
        "guess: the wording; status and headers are in throttling-limits";
    UNAVAILABLE: "The service is temporarily unavailable.",
        "guess: code and wording";
    CONCURRENT_CHANGE: "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
        "nais/azurerator #448, read 2026-10: status, code and wording";
    COMPANY_UNREADABLE: "Unable to read the company information from the directory.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: status, code and wording";

    // $batch.
    BATCH_MALFORMED: "Invalid batch payload format.",
        "guess: the wording";
    BATCH_SIZE: "Number of batch request steps exceeds the maximum value of {most}.",
        "guess: the wording; the number is in json-batching, 2025-02";
    BATCH_IDS: "The request ids of a batch must be given and unique.",
        "guess: the wording";
    BATCH_DEPENDENCY_UNKNOWN: "Invalid dependency for request Id: {id} ({unknown})",
        "microsoftgraph/msgraph-sdk-dotnet-core #891, read 2026-10: the wording before the brackets";
    BATCH_DEPENDENCY_FAILED: "A request that this one depends on failed.",
        "guess: code and wording; the status is in json-batching, 2025-02";
    BATCH_ORDER: "The requests of a batch must be all parallel or all sequential.",
        "guess: the wording; the rule is in json-batching, 2025-02";
    BATCH_URL: "Invalid request url.",
        "guess: the wording";
    BATCH_CONTENT_TYPE: "A request with a body must name its Content-Type.",
        "guess: the wording; the rule is in json-batching, 2025-02";

    // Access tokens.
    TOKEN_EMPTY: "Access token is empty.",
        "guess: the wording";
    TOKEN_MALFORMED: "CompactToken parsing failed with error code: 80049217",
        "microsoftgraph/msgraph-training-dotnet #31, 2021-07-23: code and wording";
    TOKEN_EXPIRED: "Lifetime validation failed, the token is expired.",
        "s1t5/mail-archiver #267, read 2026-11-27: the wording";
    TOKEN_REVOKED: "The token is revoked.",
        "guess: the wording";
    TOKEN_OF_ANOTHER_TENANT: "Access token validation failure. Invalid tenant.",
        "guess: the wording";
    TOKEN_OF_ANOTHER_CLOUD: "InvalidCloudInstance",
        "measured by a third party, 2026-09-29: status, code and wording";
    TOKEN_FOR_ANOTHER: "Access token validation failure. Invalid audience.",
        "guess: the wording";

    // App registrations, service principals, consents.
    SECRETS_BY_ACTION: "New password credentials must be generated using service actions.",
        "public Bicep templates, read 2026-11-27: the wording";
    NO_SUCH_CREDENTIAL: "No credentials found to be removed.",
        "a recorded answer in public tests, read 2026-11-27: status, code and wording";
    ENABLED_ENTITLEMENT: "Property '{property}' is invalid: a permission (scope or role) cannot be deleted or updated unless disabled first.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: code, and the words from 'cannot be'";
    URI_NOT_ON_VERIFIED_DOMAIN: "Values of identifierUris property must use a verified domain of the organization or its subdomain: '{uri}'",
        "Azure/Industrial-IoT #1432, read 2026-10: status, code and wording";
    PRINCIPAL_EXISTS: "The service principal cannot be created, updated, or restored because the service principal name {name} is already in use.",
        "guess: the wording; status and code are in hashicorp/terraform-provider-azuread f0169e0, 2026-08-17";
    NO_BACKING_APPLICATION: "The appId '{appId}' of the service principal does not reference a valid application object.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: status, code, detail and wording";
    GRANT_EXISTS: "Permission entry already exists.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: status, code and wording";
    NOT_A_REFERENCE: "Not a valid reference update.",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: the wording";
    ASSIGNMENT_EXISTS: "Permission being assigned already exists on the object",
        "hashicorp/terraform-provider-azuread f0169e0, 2026-08-17: status, code and wording";
    ROLE_NOT_FOUND: "Permission being assigned was not found on application '{appId}'.",
        "guess: the id at the end; the words before it are in public scripts, read 2026-11-27";
    ME_WITHOUT_USER: "/me request is only valid with delegated authentication flow.",
        "microsoftgraph/msgraph-sdk-php #1163, 2023-03-05: status, code and wording";

    // The app management policy.
    SECRETS_FORBIDDEN: "Credential type not allowed as per assigned policy '{policy}'.",
        "guess: the wording; the code is in OfficeDev/microsoft-365-agents-toolkit #11188, 2024-03-26";
    SECRET_TOO_LONG: "Credential lifetime exceeds the max value allowed as per assigned policy '{policy}'.",
        "OfficeDev/microsoft-365-agents-toolkit #10998, 2024-03-05, and Azure/azure-cli #28522, 2024-03-07: code, wording and detail";
    CUSTOM_SECRETS_FORBIDDEN: "Credential type not allowed as per assigned policy '{policy}'.",
        "guess: that a secret of the caller's own is refused as any other";
    SYMMETRIC_KEYS_FORBIDDEN: "Credential type not allowed as per assigned policy '{policy}'.",
        "guess: that a symmetric key is refused as a secret";
    KEY_TOO_LONG: "Credential lifetime exceeds the max value allowed as per assigned policy '{policy}'.",
        "guess: that a key is refused as a secret";
    AUDIENCE_FORBIDDEN: "'signInAudience' property value '{audience}' is not allowed.",
        "OfficeDev/microsoft-365-agents-toolkit #13343, 2025-03-05, and its tests: code and wording";
    URI_WITHOUT_OWNER: "Failed to add identifier URI {uri}. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID, as per the default tenant policy of your organization. See https://aka.ms/identifier-uri-addition-error for more information on this error.",
        "entra-docs, identifier-uri-restrictions, 2025-01-29: wording; the machine code is a guess";
    URI_NOT_DEFAULT: "The newly added URI {uri} must comply with the format 'api://{appId}' or 'api://{tenantId}/{appId}' as per the default app management policy of your organization. If the requestedAccessTokenVersion is set to 2, this restriction may not apply. See https://aka.ms/identifier-uri-addition-error for more information on this error.",
        "entra-docs, identifier-uri-restrictions, 2025-01-29: wording; the machine code is a guess";

    // Signing in.
    TENANT_NOT_FOUND: "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
        "guess: the second sentence; error and number are in reference-error-codes";
    TOKEN_USE: "The value of 'requested_token_use' has to be 'on_behalf_of'.",
        "guess: number and wording; the parameter is in v2-oauth2-on-behalf-of-flow";
    USER_ASSERTION_SIGNATURE: "Assertion failed signature validation.",
        "guess: the wording; reference-error-codes has AADSTS50013 InvalidAssertion";
    USER_ASSERTION_TIME: "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.",
        "guess: the wording; threads on AADSTS500133 have it so";
    USER_ASSERTION_AUDIENCE: "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{audience}' and the expected audience is '{appId}' or one of the Application Uris of this application.",
        "guess: the wording; reference-error-codes has AADSTS50013 for it, and threads have 500131";
    ASSERTION_WITHOUT_PERSON: "The token is an application's own, and stands for no person.",
        "guess: number and wording; v2-oauth2-on-behalf-of-flow says that app-only tokens do not work";
    SEVERAL_ACCOUNTS: "Either multiple user identities are available for the current request or selected account is not supported for the scenario.",
        "guess: the wording; reference-error-codes has AADSTS16000 InteractionRequired";
    CLIENT_MALFORMED: "The application was not found in the directory.",
        "guess: the wording for a client id that is none";
    CLIENT_UNKNOWN: "Application with identifier '{appId}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
        "Azure/azure-powershell #9156, 2019-05-08: number and wording";
    RESOURCE_UNKNOWN: "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        "Azure-Samples/azure-search-openai-demo #1529, 2024-04-12: number and wording";
    PARAMETER_MISSING: "The request body must contain the following parameter: '{parameter}'.",
        "guess: the number with this parameter; the wording is that of AADSTS7000218";
    CREDENTIAL_MISSING: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "AzureAD/AzureADAssessment #89, 2024-04-15: number and wording";
    SECRET_WRONG: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{appId}'.",
        "public guides, read 2026-11-27: number and first sentence, the second as far as 'client secret ID'";
    SECRET_EXPIRED: "The provided client secret keys for app '{appId}' are expired.",
        "guess: the wording; the number is in reference-error-codes";
    TWO_RESOURCES: "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.",
        "Earlybyte/aad_oauth #328, 2024-07-17: number and wording; the error is a guess";
    NOT_DEFAULT_SCOPE: "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
        "MicrosoftDocs/azure-docs #99862, 2022-10-12: number and wording; databricks/databricks-sql-nodejs #226, 2024-02-01: error";
    NOT_CONSENTED: "The user or administrator has not consented to use the application with ID '{appId}' named '{name}'. Send an interactive authorization request for this user and resource.",
        "KelvinTegelaar/CIPP #1716, 2023-08-31: error, number and wording";
    SCOPE_UNKNOWN: "The application '{name}' asked for scope '{scope}' that doesn't exist on the resource '{resource}'. Contact the app vendor.",
        "WPManageNinja/fluent-smtp #154, 2023-02-04: number and wording; damienbod/AspNetCoreMicrosoftGraph #1, 2021-03-29: error";
    APPLICATION_NOT_ASSIGNED: "Application '{client}'({name}) is not assigned to a role for the application '{resource}'({resourceName}).",
        "guess: the names in brackets and the error; the wording is that of Azure-Samples/active-directory-dotnet-daemon #10, 2017-07-10";
    USER_NOT_ASSIGNED: "Your administrator has configured the application {name} ('{appId}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{account}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.",
        "soraxas/echo360 #68, 2022-09-29: number and wording; the error is a guess";
    CLIENT_IS_PUBLIC: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        "harishkrupo/oauth2ms #19, 2022-09-09: error, number and wording";
    CROSS_ORIGIN: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
        "umijs/umi-request #299, 2022-06-10: error, number and wording";
    NOT_CROSS_ORIGIN: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        "clocked0ne/passport-outlook #16, 2020-09-28: the wording; error and number are a guess after those of the opposite case";
    PASSWORD_WRONG: "Error validating credentials due to invalid username or password.",
        "guess: the wording; the number is in reference-error-codes";
    GRANT_TYPE: "The app requested an unsupported grant type '{grantType}'.",
        "guess: the wording; the number is in reference-error-codes";
    RESPONSE_TYPE: "The response type is not enabled for the application.",
        "guess: the wording; the number is in reference-error-codes";
    REDIRECT_MISMATCH: "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
        "guess: the wording; the number is in reference-error-codes";
    CHALLENGE_METHOD: "The code challenge method is not S256.",
        "guess: number and wording; the service takes 'plain', too";
    CONSENT_DECLINED: "User declined to consent to access the app.",
        "guess: the wording; the number is in reference-error-codes";
    BLOCKED_BY_CONDITIONAL_ACCESS: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "guess: the wording; the number is in reference-error-codes";
    OTHER_CLOUD: "US Government clients are not supported on the public cloud endpoint.",
        "guess: the wording; the number is in reference-breaking-changes";
    CODE_UNKNOWN: "The provided authorization code is not valid.",
        "guess: the wording; the error is in v2-oauth2-auth-code-flow";
    CODE_REDEEMED: "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
        "guess: the wording; the number is in reference-error-codes";
    CODE_EXPIRED: "The provided authorization code has expired due to inactivity.",
        "guess: the wording; the number is in reference-error-codes";
    REPLY_ADDRESS: "The reply address does not match the reply address that was provided when requesting the authorization code.",
        "guess: number and wording";
    VERIFIER: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        "guess: the wording; the number is in reference-error-codes";
    REFRESH_TOKEN_UNKNOWN: "The provided refresh token is not valid.",
        "guess: number and wording";
    DEVICE_CODE_UNKNOWN: "The device code is not known.",
        "guess: number and wording; the error is in v2-oauth2-device-code";
    DEVICE_CODE_PENDING: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        "guess: the wording; error and number are in v2-oauth2-device-code";
    DEVICE_CODE_SLOW_DOWN: "OAuth 2.0 device flow error. Slow down.",
        "guess: number and wording; the error is RFC 8628's";
    DEVICE_CODE_DECLINED: "The end user denied the authorization request.",
        "guess: number and wording; the error is in v2-oauth2-device-code";
    DEVICE_CODE_EXPIRED: "The provided value for the input parameter 'device_code' has expired.",
        "guess: the wording; the error is in v2-oauth2-device-code";

    // App registrations that are switched off, or not there in full.
    APPLICATION_DISABLED: "Application '{appId}'({name}) is disabled.",
        "Worklytics/psoxy #74, 2022-04-14: error and wording, for a disabled service principal; that a deactivated app is refused in the same words is a guess";
    RESOURCE_DISABLED: "The service principal for resource '{resource}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
        "guess: the second sentence; number and first sentence are in AzureAD/microsoft-authentication-library-for-dotnet #3150";
    NO_SERVICE_PRINCIPAL: "The client application {appId} is missing service principal in the tenant {tenant}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        "Azure/Commercial-Marketplace-SaaS-Accelerator #830, 2025-06-09: error and wording";

    OWNER_ALREADY: "One or more added object references already exist for the following modified properties: 'owners'.",
        "guess: that it is said of owners as of members of groups, for which public clients show it";

    // Client assertions.
    CERTIFICATE_NOT_REGISTERED: "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{appId}'.",
        "AzureAD/microsoft-authentication-library-for-js #8339, 2026-02-18: error, number and wording";
    ASSERTION_SIGNATURE: "Client assertion failed signature validation. [Reason - The provided signature value did not match the expected signature value., Thumbprint of key used by client: '{thumbprint}'].",
        "guess: the wording, after that of AADSTS50013 in Azure/azure-sdk-for-java #25109, 2021-10-29";
    ASSERTION_AUDIENCE: "Client assertion audience claim does not match Realm issuer. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .",
        "AzureAD/microsoft-authentication-library-for-dotnet #2746, 2021-07-06: error, number and wording";
    ASSERTION_TIME: "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry time of assertion {until}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        "AzureAD/microsoft-authentication-library-for-dotnet #4951, 2024-10-03: error, number and wording";
    ASSERTION_WITHOUT_THUMBPRINT: "Invalid JWT token. No certificate thumbprint specified in token header.",
        "AzureAD/microsoft-authentication-library-for-dotnet #124, 2016-10-13: number and wording";
    ASSERTION_MALFORMED: "JWT token is invalid or malformed.",
        "guess: the wording; the number is InvalidJwtToken's in reference-error-codes";
    ASSERTION_OF_ANOTHER: "Client assertion application identifier doesn't match 'client_id' parameter.",
        "guess: number and wording";
    ASSERTION_WITHOUT_ID: "Invalid JWT token. The token has no identifier.",
        "guess: number and wording, and that the claim jti is asked for; certificate-credentials lists it";
    NO_FEDERATED_ISSUER: "No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
        "Azure/azure-workload-identity #1200, 2024-03-01: error, number and wording";
    NO_FEDERATED_SUBJECT: "No matching federated identity record found for presented assertion subject '{subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        "dotnet/maui #31978, 2025-10-13, and Azure/azure-workload-identity #1200, 2025-04-22: number and wording";
    NO_FEDERATED_AUDIENCE: "No matching federated identity record found for presented assertion audience '{audience}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        "guess: the second sentence; number and first sentence are in GitLab's documentation of OpenID Connect in Azure, read in 2026";
    FEDERATED_SIGNATURE: "Client assertion failed signature validation. [Reason - The key was not found.].",
        "guess: number and wording for a token of an identity provider that its keys did not sign";

    // Callers from another tenant.
    ME_NOT_FOUND: "Resource '' does not exist or one of its queried reference-property objects are not present.",
        "guess: that /me is answered so for a partner's user who has no account in the tenant";
    ME_FORBIDDEN: "Insufficient privileges to complete the operation.",
        "guess: that /me is answered so for a partner's user who has no account in the tenant";

    // Tenants that keep what was deleted.
    HARD_DELETE_PROTECTED: "The object cannot be permanently deleted because hard delete protection is enabled for the tenant.",
        "guess: status, code and wording; that permanent deletion can be switched off so is in the beta page of directory-deleteditems-delete";
    STEP_UP_REQUIRED: "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: AuthenticationContextRequired",
        "guess: the wording; that a protected action answers with a claims challenge is in protected-actions-overview";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_a_source_with_a_date_or_says_that_it_is_a_guess() {
        for (name, text) in ALL {
            let has_year = text
                .source
                .split(|letter: char| !letter.is_ascii_digit())
                .any(|number| matches!(number.parse(), Ok(2015..=2026)) && number.len() == 4);
            let is_guess = text.source.starts_with("guess: ");
            assert!(is_guess || has_year, "{name}: {}", text.source);
            assert!(!text.text.is_empty(), "{name}");
        }
    }

    #[test]
    fn placeholders_are_filled_and_what_is_filled_in_is_left_alone() {
        let text = Text {
            text: "{a} and {b}, not {c}",
            source: "guess: for this test",
        };
        assert_eq!(text.with(&[("a", "{b}"), ("b", "two")]).as_str(), "{b} and two, not {c}");
    }
}
