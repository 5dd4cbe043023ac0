use super::*;
use time::macros::datetime;

#[test]
fn discovery_is_told_in_words() {
    let schedule = Schedule::every_days(7)
        .starting(datetime!(2026-03-15 02:30))
        .in_utc()
        .build()
        .unwrap();
    let discovery = DiscoverySpec::builder()
        .user_schedule(schedule)
        .user_delta_minutes(5)
        .groups(["CMG users", "CMG admins"])
        .build()
        .unwrap();
    let mut details = Vec::new();
    describe_discovery(&discovery, &mut details);
    let told: Vec<(&str, &str)> = details.iter().map(|detail| (detail.name.as_str(), detail.value.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                "User discovery",
                "full discovery every 7 days from 02:30 UTC, first on 2026-03-15; delta discovery every 5 minutes"
            ),
            (
                "Group discovery",
                "full discovery as the product sets it; delta discovery as the product sets it"
            ),
            ("Groups", "CMG users, CMG admins"),
        ]
    );
}
