//! What the chapter on signing says, held against the script.

use cmg_onboarding::{
    CloudEnvironment,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding,
        power_shell::{ConsoleScript, SCRIPT},
    },
};
use sha2::{Digest, Sha256};

use super::script::{calls, parse};
use crate::support::{CLIENT, SERVER, TENANT};

const CHAPTER: &str = include_str!("../../src/manual/signing_and_running.md");

/// The chapter's steps: line ends of one character, no signature, not the line of the revision.
fn revision_of(copy: &str) -> String {
    let text = copy.replace("\r\n", "\n");
    let text = text.split("# SIG # Begin signature block").next().unwrap();
    let text = format!("{}\n", text.trim_end());
    let is_revision = |line: &&str| line.starts_with("$revision = '") && line.len() == "$revision = ''".len() + 64;
    let rest: String = text.split_inclusive('\n').filter(|line| !is_revision(&line.trim_end())).collect();
    Sha256::digest(rest.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_signed_copy_and_one_with_other_line_ends_have_the_revision_that_the_script_tells() {
    let told = SCRIPT
        .lines()
        .find_map(|line| line.strip_prefix("$revision = '"))
        .unwrap()
        .trim_end_matches('\'');
    let with_carriage_returns = SCRIPT.replace('\n', "\r\n");
    let signed = format!("{with_carriage_returns}\r\n# SIG # Begin signature block\r\n# MIIFfQ\r\n# SIG # End signature block\r\n");
    for copy in [SCRIPT, &with_carriage_returns, &signed] {
        assert_eq!(revision_of(copy), told);
    }
    assert_ne!(revision_of(&SCRIPT.replace("'None'", "'High'")), told);
}

#[test]
fn the_chapter_names_every_cmdlet_that_writes_and_no_other() {
    let reads = |name: &str| ["Get-", "Invoke-CMWmiQuery", "Convert-"].iter().any(|verb| name.starts_with(verb));
    let mut writers: Vec<String> = calls(&parse(SCRIPT), SCRIPT).into_iter().map(|call| call.cmdlet).collect();
    writers.retain(|name| !reads(name));
    writers.sort();
    writers.dedup();
    let mut named: Vec<&str> = CHAPTER
        .split('`')
        .filter(|word| (word.contains("-CM") || *word == "Set-UpdateServerApplication") && !word.contains(' '))
        .collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, writers);
}

#[test]
fn the_chapter_shows_the_command_line_of_the_console_form() {
    let wanted = SiteOnboarding::new(
        TENANT.parse().unwrap(),
        "contoso.onmicrosoft.com",
        CloudEnvironment::AzurePublicCloud,
        ServerAppImport::Known(SERVER.parse().unwrap()),
        ClientAppImport::Known(CLIENT.parse().unwrap()),
        "Contoso CMG",
    );
    let console = ConsoleScript::new("P01", "provider.contoso.com", &wanted).unwrap();
    assert!(CHAPTER.contains(&console.command_line()), "{}", console.command_line());
    assert!(CHAPTER.contains(ConsoleScript::RESULT_FILE));
}
