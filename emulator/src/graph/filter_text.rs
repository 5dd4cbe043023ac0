//! The words, texts and signs that a `$filter` is made of.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// What a filter consists of, in order; `None` if a text in it has no end.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' => {}
            '(' | ')' | ',' | ':' => tokens.push(Token::Sign(letter)),
            '\'' => {
                let mut inner = String::new();
                loop {
                    match letters.next()? {
                        '\'' if letters.peek() == Some(&'\'') => {
                            letters.next();
                            inner.push('\'');
                        }
                        '\'' => break,
                        other => inner.push(other),
                    }
                }
                tokens.push(Token::Text(inner));
            }
            _ => {
                let mut word = String::from(letter);
                // Moments have colons, and begin with a digit.
                let ends = |next: &char| matches!(next, ' ' | '\t' | '(' | ')' | ',' | '\'') || (*next == ':' && !letter.is_ascii_digit());
                while let Some(next) = letters.next_if(|next| !ends(next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}
