//! Ten thousand tenants watched in virtual time, and the README's figures of it.

#![cfg(feature = "sign-in")]

#[allow(dead_code, reason = "the bench has a program around it")]
#[path = "../benches/watch.rs"]
mod bench;

/// The README's sentence, from what was measured.
fn sentence(figures: &bench::Figures) -> String {
    format!(
        "`connection::expiring` watches 10,000 tenants at 100 ms a request, {} at once, 5 % of them throttled, 1 % silent and 1 % without \
         consent, in {:.2} times the floor, with {} request to Microsoft Graph for each healthy one, in less than 100 MB",
        bench::AT_ONCE,
        figures.ratio(),
        figures.most_requests_of_a_healthy_tenant,
    )
}

#[test]
fn ten_thousand_tenants_are_watched_near_the_floor_and_the_readme_says_how_near() {
    let figures = bench::measure();
    println!("{figures:?}");
    figures.assert_good();
    let readme = include_str!("../README.md").replace('\n', " ");
    let told = sentence(&figures);
    assert!(readme.contains(&told), "the README does not say: {told}");
}
