use super::*;
use proptest::prelude::*;
use serde_json::json;

const KNOWN: &[u32] = &[
    50020, 50034, 51004, 50014, 50053, 50055, 50057, 50126, 50058, 50078, 50132, 50133, 50173, 70043, 700082, 50072, 50074, 50076, 50079,
    50097, 50129, 53000, 53001, 50105, 50131, 53003, 530032, 530035, 50158, 50199, 53011, 530034, 65001, 90094, 90095, 65002, 65004,
    650052, 650054, 650056, 650057, 500011, 700011, 700016, 700025, 700027, 700024, 70021, 700211, 700212, 700213, 700023, 700054, 7000112,
    70001, 7000215, 7000218, 7000222, 50059, 50128, 90002, 90019, 90038, 900382, 900432, 900439, 1000104, 50049, 50001, 70011, 28002,
    700022, 50011, 54005, 501481, 50196, 90006, 90012, 90024, 90033, 50033, 50087, 90090, 90055,
];

#[test]
fn every_known_code_is_explained_in_one_place() {
    for code in KNOWN {
        let groups = GROUPS.iter().filter(|group| group.codes.contains(code)).count();
        assert_eq!(groups, 1, "{code}");
    }
    let explained: usize = GROUPS.iter().map(|group| group.codes.len()).sum();
    assert_eq!(explained, KNOWN.len());
}

#[test]
fn an_explanation_is_a_clause_and_its_remedy_whole_sentences() {
    for code in KNOWN {
        let explanation = explain(*code).unwrap();
        assert!(
            !explanation.meaning.ends_with('.') && explanation.remedy.ends_with('.'),
            "{explanation}"
        );
        assert!(!explanation.who.is_empty());
    }
}

#[test]
fn codes_are_found_wherever_the_service_puts_them() {
    let codes = |answer: Value| error_codes(&answer);
    assert_eq!(
        codes(json!({"error_codes": [50076, "65001", "AADSTS53003", -1, null, 50076]})),
        [50076, 65001, 53003]
    );
    assert_eq!(codes(json!({"error_codes": 50076})), [50076]);
    let description = "AADSTS53003: Access has been blocked (AADSTS50097). AADSTS, AADSTSx, AADSTS99999999999";
    assert_eq!(
        codes(json!({"error_codes": [53003], "error_description": description})),
        [53003, 50097]
    );
    assert!(codes(json!({"error_description": 7})).is_empty());
    assert!(codes(json!("<html>")).is_empty());
}

proptest! {
    #[test]
    fn looking_for_codes_in_any_text_never_panics(text in "(AADSTS|[0-9]{1,12}|.){0,40}") {
        let _ = error_codes(&json!({"error_codes": text, "error_description": text}));
    }
}
