//! Samples of the errors of values, settings, hand-overs and services.

use super::*;

pub(super) fn of_the_specification() -> Vec<Sample> {
    let mut samples = vec![
        sample(FOREIGN.parse::<SecretValidity>().unwrap_err()),
        sample("{}".parse::<ConnectionSpec>().unwrap_err()),
        sample(FOREIGN.parse::<CloudEnvironment>().unwrap_err()),
    ];
    for text in ["api://a b", "api://a/", "api://*/x", "urn:x", &format!("api://{}", "a".repeat(300))] {
        samples.push(sample(text.parse::<AppIdUri>().unwrap_err()));
    }
    for invalid in [
        InvalidSchedule::NotAToken,
        InvalidSchedule::UnknownType { number: 9 },
        InvalidSchedule::OutOfRange {
            part: "the hour",
            given: 25,
            least: 0,
            most: 23,
        },
        InvalidSchedule::StartYear { given: 2050 },
        InvalidSchedule::NoSuchDay,
        InvalidSchedule::MixedInterval,
        InvalidSchedule::MeaninglessBits,
        InvalidSchedule::PartOfAMinute,
        InvalidSchedule::MeansNoStart,
    ] {
        samples.push(sample(invalid));
    }
    samples
}

pub(super) fn of_settings() -> Vec<Sample> {
    let url = |text: &str| Url::parse(text).unwrap();
    let endpoints = CloudEndpoints::default().with_graph(url("http://graph.example/")).unwrap_err();
    let mut samples = vec![
        sample(endpoints),
        sample(FOREIGN.parse::<CertificateFingerprint>().unwrap_err()),
        sample(HttpOptions::default().trusted_root_pem(FOREIGN).unwrap_err()),
        sample(FOREIGN.parse::<SiteIdentity>().unwrap_err()),
        sample(AdminServiceAddress::provider(FOREIGN).unwrap_err()),
        sample(ConsoleScriptError::Address(InvalidValue::new(ValueKind::ScriptHost))),
        sample(ConsoleScriptError::Refused(SiteRefused::new(FOREIGN, FOREIGN, "Do.").into())),
    ];
    samples.extend(
        [
            ValueKind::KerberosName,
            ValueKind::Certificate,
            ValueKind::PrivateKey,
            ValueKind::UnencryptedKey,
            ValueKind::RsaKey,
            ValueKind::KeyOfCertificate,
            ValueKind::Proxy,
            ValueKind::UserAgent,
            ValueKind::SiteCode,
            ValueKind::Provider,
            ValueKind::ScriptHost,
            ValueKind::Id,
        ]
        .map(|kind| sample(InvalidValue::new(kind).with_given(FOREIGN))),
    );
    samples
}

pub(super) fn of_a_hand_over() -> [Sample; 15] {
    let (foreign, now) = (|| FOREIGN.to_owned(), time::OffsetDateTime::UNIX_EPOCH);
    [
        HandOverError::Nothing,
        HandOverError::CertificateUnreadable,
        HandOverError::CertificateWithoutRsa { subject: foreign() },
        HandOverError::CertificateNotValid {
            subject: foreign(),
            from: now,
            until: now,
            now,
        },
        HandOverError::CertificateForOtherUse {
            subject: foreign(),
            lacks: "key usage",
        },
        HandOverError::KeyUnreadable { reason: "it is not text" },
        HandOverError::TakenForADate { text: foreign() },
        HandOverError::NotSealed,
        HandOverError::Unreadable { reason: "it is too long" },
        HandOverError::NotSupported { what: foreign() },
        HandOverError::WrongRecipient {
            sealed_to: vec![foreign(), foreign()],
            own: foreign(),
        },
        HandOverError::NotOpened {
            sealed_to: vec![foreign()],
        },
        HandOverError::UnknownVersion { version: 2 },
        HandOverError::Expired { expired_on: now },
        HandOverError::Content { reason: foreign() },
    ]
    .map(sample)
}

pub(super) fn of_services() -> Vec<Sample> {
    let mut samples: Vec<Sample> = KINDS
        .map(|kind| sample(TransportFailure::new(kind, io::Error::other(FOREIGN))))
        .into();
    samples.push(sample(TransportFailure::too_long()));
    samples.push(sample(HttpError::Authorization(token(TokenFailure::Expired))));
    samples.push(sample(HttpError::Unreachable(unreachable(TransportKind::Connect))));
    samples.push(sample(HttpError::Unexpected(UnexpectedAnswer::new(FOREIGN, FOREIGN, trace()))));
    samples.push(sample(HttpError::Redirected {
        to: Some(FOREIGN.to_owned()),
        trace: trace(),
    }));
    samples.extend([
        sample(TenantDiscoveryError::InvalidName { name: FOREIGN.to_owned() }),
        sample(TenantDiscoveryError::Unknown { name: FOREIGN.to_owned() }),
        sample(TenantDiscoveryError::Ambiguous {
            name: FOREIGN.to_owned(),
            tenants: Vec::new(),
        }),
        sample(TenantDiscoveryError::OtherCloud { host: FOREIGN.to_owned() }),
        sample(TenantDiscoveryError::from(unreachable(TransportKind::TimedOut))),
        sample(TenantDiscoveryError::from(refused(RefusalReason::Other))),
        sample(TenantDiscoveryError::from(UnexpectedAnswer::new(FOREIGN, FOREIGN, trace()))),
    ]);
    let foreign = || FOREIGN.to_owned();
    samples.extend(
        [
            PowerShellError::NotStarted { program: foreign() },
            PowerShellError::TimedOut {
                after: Duration::from_secs(9),
            },
            PowerShellError::EndedEarly {
                code: Some(1),
                errors: foreign(),
            },
            PowerShellError::WrongLine { number: 3 },
            PowerShellError::OtherSite {
                site_code: foreign(),
                provider: Some(foreign()),
            },
            PowerShellError::TooMuchOutput {
                limit: 9,
                in_one_line: true,
            },
            PowerShellError::NotConnected {
                operation: foreign(),
                message: foreign(),
            },
        ]
        .map(sample),
    );
    samples
}
