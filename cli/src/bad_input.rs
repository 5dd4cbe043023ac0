//! What is wrong with a command line.

/// The command line asks for something that cannot be done.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);
