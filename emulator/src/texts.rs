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
    pub(crate) fn with(&self, values: &[(&str, &str)]) -> String {
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
        filled
    }
}

macro_rules! texts {
    ($($name:ident: $text:literal, $source:literal;)*) => {
        $(pub(crate) const $name: Text = Text { text: $text, source: $source };)*
        #[cfg(test)]
        const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

texts! {
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

    // App registrations that are switched off, or not there in full.
    APPLICATION_DISABLED: "Application '{appId}'({name}) is disabled.",
        "Worklytics/psoxy #74, 2022-04-14: error and wording, for a disabled service principal; that a deactivated app is refused in the same words is a guess";
    RESOURCE_DISABLED: "The service principal for resource '{resource}' is disabled. This indicate that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
        "guess: the second sentence; number and first sentence are in AzureAD/microsoft-authentication-library-for-dotnet #3150";
    NO_SERVICE_PRINCIPAL: "The client application {appId} is missing service principal in the tenant {tenant}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        "Azure/Commercial-Marketplace-SaaS-Accelerator #830, 2025-06-09: error and wording";

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
        assert_eq!(text.with(&[("a", "{b}"), ("b", "two")]), "{b} and two, not {c}");
    }
}
