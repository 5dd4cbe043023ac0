//! In which order the tests that reach a mutant are run. Most mutants are caught by one of the first, so that the order
//! decides how long they take.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::coverage::Test;

/// How many of the tests that have caught others in the same file come first.
const PROVEN: usize = 10;

/// Tests of the library itself up to each of these times run together.
const QUICK: [u64; 4] = [30, 100, 300, 1_000];

/// Groups of tests, each of one program, which take no more than `patience` together; and how many are not among them.
pub(crate) fn groups<'a>(reaching: &[&'a Test], caught_here: &HashMap<String, usize>, patience: Duration) -> (Vec<Vec<&'a Test>>, usize) {
    // The key: which round, and within it, which program. One program of a group runs all its tests at once.
    let mut rounds: BTreeMap<(usize, usize), Vec<&'a Test>> = BTreeMap::new();
    let mut proven: Vec<&Test> = reaching
        .iter()
        .copied()
        .filter(|test| caught_here.contains_key(&test.name))
        .collect();
    proven.sort_by_key(|test| std::cmp::Reverse(caught_here.get(&test.name)));
    proven.truncate(PROVEN);
    let mut of_program: HashMap<usize, usize> = HashMap::new();
    for test in reaching {
        let quick = QUICK.iter().position(|limit| test.took <= Duration::from_millis(*limit));
        let round = if proven.iter().any(|one| std::ptr::eq(*one, *test)) {
            0
        } else if let (0, Some(group)) = (test.program, quick) {
            1 + group
        } else {
            // One test of each program, then two more of each, then four.
            let before = of_program.entry(test.program).or_default();
            *before += 1;
            1 + QUICK.len() + before.ilog2() as usize
        };
        rounds.entry((round, test.program)).or_default().push(test);
    }
    let (mut sum, mut left_out) = (Duration::ZERO, 0);
    let mut groups = Vec::new();
    for (_, mut tests) in rounds {
        tests.retain(|test| {
            let fits = sum + test.took <= patience;
            if fits {
                sum += test.took;
            } else {
                left_out += 1;
            }
            fits
        });
        if !tests.is_empty() {
            groups.push(tests);
        }
    }
    (groups, left_out)
}
