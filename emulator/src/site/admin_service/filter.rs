//! `$filter`: comparisons and text functions, joined by `and` and `or`, in parentheses where wanted.

use serde_json::Value;

use super::{
    classes::{Class, Refused},
    kinds::Object,
};

/// How deep parentheses may be nested.
const DEEPEST: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare(String, String, Literal),
    Text(String, String, String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(i64),
    Flag(bool),
    Null,
}

impl Filter {
    pub(super) fn read(text: &str, class: &Class) -> Result<Self, Refused> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            class,
            depth: 0,
        };
        let filter = parser.any()?;
        if parser.tokens.is_empty() { Ok(filter) } else { Err(wrong()) }
    }

    pub(super) fn holds(&self, row: &Object) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Self::Compare(property, operator, literal) => compare(row.get(property), operator, literal),
            Self::Text(function, property, wanted) => {
                let text = row.get(property).and_then(Value::as_str).unwrap_or_default().to_lowercase();
                let wanted = wanted.to_lowercase();
                match function.as_str() {
                    "startswith" => text.starts_with(&wanted),
                    "endswith" => text.ends_with(&wanted),
                    _ => text.contains(&wanted),
                }
            }
        }
    }
}

/// Texts compare without regard to case, as WMI does.
fn compare(value: Option<&Value>, operator: &str, literal: &Literal) -> bool {
    let value = value.unwrap_or(&Value::Null);
    let order = match (value, literal) {
        (Value::String(text), Literal::Text(wanted)) => text.to_lowercase().cmp(&wanted.to_lowercase()),
        (Value::Number(number), Literal::Number(wanted)) => number.as_i64().unwrap_or_default().cmp(wanted),
        (Value::Bool(flag), Literal::Flag(wanted)) => flag.cmp(wanted),
        (Value::Null, Literal::Null) => std::cmp::Ordering::Equal,
        _ => return operator == "ne",
    };
    match operator {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "gt" => order.is_gt(),
        "ge" => order.is_ge(),
        "lt" => order.is_lt(),
        _ => order.is_le(),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (value, after) = quoted(rest.get(1..).unwrap_or_default()).ok_or_else(wrong)?;
            tokens.push(Token::Text(value));
            rest = after;
        } else if matches!(first, '(' | ')' | ',') {
            tokens.push(Token::Mark(first));
            rest = rest.get(1..).unwrap_or_default();
        } else {
            let end = rest
                .find(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | ',' | '\''))
                .unwrap_or(rest.len());
            tokens.push(Token::Word(rest.get(..end).unwrap_or_default().to_owned()));
            rest = rest.get(end..).unwrap_or_default();
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The text up to its closing quote, with doubled quotes halved, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        let Some(more) = after.strip_prefix('\'') else {
            return Some((value, after));
        };
        value.push('\'');
        rest = more;
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    class: &'a Class,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Filter, Refused> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(Filter::Any(parts))
    }

    fn all(&mut self) -> Result<Filter, Refused> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(Filter::All(parts))
    }

    fn one(&mut self) -> Result<Filter, Refused> {
        match self.next()? {
            Token::Mark('(') => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(wrong());
                }
                let inner = self.any()?;
                self.mark(')')?;
                self.depth -= 1;
                Ok(inner)
            }
            Token::Word(function) if matches!(function.as_str(), "startswith" | "endswith" | "contains") => {
                self.mark('(')?;
                let property = self.property()?;
                self.mark(',')?;
                let Token::Text(wanted) = self.next()? else { return Err(wrong()) };
                self.mark(')')?;
                Ok(Filter::Text(function, property, wanted))
            }
            Token::Word(property) => {
                let property = self.class.known(property)?;
                let Token::Word(operator) = self.next()? else { return Err(wrong()) };
                if !matches!(operator.as_str(), "eq" | "ne" | "gt" | "ge" | "lt" | "le") {
                    return Err(wrong());
                }
                let literal = self.literal()?;
                Ok(Filter::Compare(property, operator, literal))
            }
            _ => Err(wrong()),
        }
    }

    fn literal(&mut self) -> Result<Literal, Refused> {
        match self.next()? {
            Token::Text(text) => Ok(Literal::Text(text)),
            Token::Word(word) => match word.as_str() {
                "true" => Ok(Literal::Flag(true)),
                "false" => Ok(Literal::Flag(false)),
                "null" => Ok(Literal::Null),
                number => number.parse().map(Literal::Number).map_err(|_| wrong()),
            },
            Token::Mark(_) => Err(wrong()),
        }
    }

    fn property(&mut self) -> Result<String, Refused> {
        match self.next()? {
            Token::Word(property) => self.class.known(property),
            _ => Err(wrong()),
        }
    }

    fn next(&mut self) -> Result<Token, Refused> {
        let (first, rest) = self.tokens.split_first().ok_or_else(wrong)?;
        self.tokens = rest;
        Ok(first.clone())
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.tokens.first() == Some(&Token::Word(word.to_owned()));
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn mark(&mut self, mark: char) -> Result<(), Refused> {
        if self.next()? == Token::Mark(mark) { Ok(()) } else { Err(wrong()) }
    }
}

fn wrong() -> Refused {
    (
        400,
        "The query specified in the URI is not valid. Syntax error in $filter.".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn holds(filter: &str, row: Value) -> bool {
        let class = Class::named("SMS_AAD_Application_Ex").unwrap();
        Filter::read(filter, class).unwrap().holds(row.as_object().unwrap())
    }

    #[test]
    fn the_documented_operators_hold() {
        let row = json!({"ID": 7, "Name": "Contoso's %27 app", "IsClientApp": false});
        for (filter, expected) in [
            ("Name eq 'contoso''s %27 app'", true),
            ("ID eq 7 and IsClientApp eq false", true),
            ("ID gt 7 or (startswith(Name,'Con') and ID ne 8)", true),
            ("contains(Name, 'nothing')", false),
            ("IdentifierUri eq null", true),
            ("ID lt 7", false),
        ] {
            assert_eq!(holds(filter, row.clone()), expected, "{filter}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_filter_never_panics(text in ".{0,60}", words in "([(),' ]|Name|eq|or|ID|7){0,20}") {
            let class = Class::named("SMS_AAD_Application_Ex").unwrap();
            let _ = Filter::read(&text, class);
            let _ = Filter::read(&words, class);
        }

        #[test]
        fn every_quoted_text_reads_back(text in ".{0,40}") {
            let row = json!({"Name": text});
            let filter = format!("Name eq '{}'", text.replace('\'', "''"));
            prop_assert!(holds(&filter, row));
        }
    }
}
