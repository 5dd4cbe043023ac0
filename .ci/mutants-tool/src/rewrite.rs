//! Puts mutants into a source text, each behind a switch, by insertions only.
//!
//! An operator `a == b` becomes `(if crate::mutant_is(7) { a != b } else { a == b })`. The mutated branch repeats the text as
//! it was, because only one mutant is on at a time.

use std::{collections::BTreeMap, ops::Range};

use syn::{
    Arm, BinOp, Expr, ExprBinary, ExprStruct, ExprUnary, ImplItemConst, ImplItemFn, ItemConst, ItemFn, ItemStatic, Pat, Signature, Type,
    spanned::Spanned, visit::Visit,
};

use crate::{
    Failure,
    list::{Genre, Mutant},
};

pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) marks: Vec<Mark>,
}

/// Where a mutant is in the new text.
pub(crate) struct Mark {
    pub(crate) id: u32,
    /// What was inserted for this mutant alone.
    pub(crate) own: Vec<Range<usize>>,
    /// The whole expression, arm or body that it is a part of.
    pub(crate) around: Range<usize>,
}

pub(crate) fn rewrite(source: &str, mutants: &[&Mutant]) -> Result<Rewritten, Failure> {
    let file = syn::parse_file(source)?;
    let lines: Vec<usize> = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |(line, column): (usize, usize)| {
        let start = lines.get(line - 1).copied().unwrap_or(source.len());
        let rest = &source[start..];
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    };
    let mut by_start: BTreeMap<usize, Vec<(&Mutant, Range<usize>)>> = BTreeMap::new();
    for mutant in mutants {
        let range = offset(mutant.start)..offset(mutant.end);
        by_start.entry(range.start).or_default().push((mutant, range));
    }
    let mut visitor = Visitor {
        source,
        by_start,
        insertions: Vec::new(),
        inside: 0..0,
    };
    visitor.visit_file(&file);
    Ok(assemble(source, visitor.insertions))
}

struct Insertion {
    at: usize,
    /// Whether it is the start of what is put around an expression, not its end.
    opens: bool,
    /// The expression that the insertion belongs to.
    around: Range<usize>,
    /// What is inserted, and for which mutant.
    pieces: Vec<(Option<u32>, String)>,
}

struct Visitor<'a> {
    source: &'a str,
    by_start: BTreeMap<usize, Vec<(&'a Mutant, Range<usize>)>>,
    insertions: Vec<Insertion>,
    /// The `match` around the arm that is visited.
    inside: Range<usize>,
}

fn switch(mutant: &Mutant) -> String {
    format!("crate::mutant_is({})", mutant.id)
}

impl<'a> Visitor<'a> {
    fn found(&self, at: usize, genre: Genre) -> Vec<(&'a Mutant, Range<usize>)> {
        self.by_start
            .get(&at)
            .into_iter()
            .flatten()
            .filter(|(mutant, _)| mutant.genre == genre)
            .cloned()
            .collect()
    }

    fn open(&mut self, at: usize, around: &Range<usize>, pieces: Vec<(Option<u32>, String)>) {
        let around = around.clone();
        self.insertions.push(Insertion {
            at,
            opens: true,
            around,
            pieces,
        });
    }

    fn close(&mut self, at: usize, around: &Range<usize>, text: String) {
        let (around, pieces) = (around.clone(), vec![(None, text)]);
        self.insertions.push(Insertion {
            at,
            opens: false,
            around,
            pieces,
        });
    }

    /// Wraps an expression, so that each of these mutants stands for it when its switch is on.
    fn choose(&mut self, around: &Range<usize>, mutated: Vec<(&'a Mutant, String)>) {
        if mutated.is_empty() {
            return;
        }
        let mut pieces = vec![(None, "(".to_owned())];
        for (mutant, text) in mutated {
            pieces.push((Some(mutant.id), format!("if {} {{ {text} }} else ", switch(mutant))));
        }
        pieces.push((None, "{ ".to_owned()));
        self.open(around.start, around, pieces);
        self.close(around.end, around, " })".to_owned());
    }

    /// The text of an expression with a part of it replaced.
    fn replaced(&self, around: &Range<usize>, part: &Range<usize>, by: &str) -> String {
        format!(
            "{}{by}{}",
            &self.source[around.start..part.start],
            &self.source[part.end..around.end]
        )
    }

    fn body(&mut self, signature: &Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        let around = block.span().byte_range();
        let brace = block.brace_token.span.open().byte_range().end;
        let returned = matches!(&signature.output, syn::ReturnType::Type(_, kind) if matches!(**kind, Type::ImplTrait(_)));
        // A second type cannot stand behind one `impl Trait`.
        if returned {
            return;
        }
        let found = self.found(first.span().byte_range().start, Genre::FnValue).into_iter();
        let pieces: Vec<_> = found
            .map(|(mutant, _)| {
                (
                    Some(mutant.id),
                    format!(" if {} {{ return {}; }} ", switch(mutant), mutant.replacement),
                )
            })
            .collect();
        if !pieces.is_empty() {
            self.open(brace, &around, pieces);
        }
    }
}

/// Whether it is a chain with a `let`, which takes no parentheses.
fn has_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'a, 'ast> Visit<'ast> for Visitor<'a> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        // What the compiler runs cannot ask the environment.
        if item.sig.constness.is_none() {
            self.body(&item.sig, &item.block);
            syn::visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if item.sig.constness.is_none() {
            self.body(&item.sig, &item.block);
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, _: &'ast ItemConst) {}

    fn visit_item_static(&mut self, _: &'ast ItemStatic) {}

    fn visit_impl_item_const(&mut self, _: &'ast ImplItemConst) {}

    fn visit_type(&mut self, _: &'ast Type) {}

    fn visit_pat(&mut self, _: &'ast Pat) {}

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let operator = binary.op.span().byte_range();
        let logical = matches!(binary.op, BinOp::And(_) | BinOp::Or(_));
        if !(logical && (has_let(&binary.left) || has_let(&binary.right))) {
            let around = binary.left.span().byte_range().start..binary.right.span().byte_range().end;
            let found = self.found(operator.start, Genre::BinaryOperator).into_iter();
            let mutated = found
                .map(|(mutant, part)| (mutant, self.replaced(&around, &part, &mutant.replacement)))
                .collect();
            self.choose(&around, mutated);
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let around = unary.span().byte_range();
        let found = self.found(around.start, Genre::UnaryOperator).into_iter();
        let mutated = found.map(|(mutant, part)| (mutant, self.replaced(&around, &part, ""))).collect();
        self.choose(&around, mutated);
        syn::visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_struct(&mut self, literal: &'ast ExprStruct) {
        let around = literal.span().byte_range();
        let starts = literal.fields.iter().map(|field| field.span().byte_range().start);
        let found: Vec<_> = starts.flat_map(|start| self.found(start, Genre::StructField)).collect();
        let mutated = found
            .into_iter()
            .map(|(mutant, part)| (mutant, self.replaced(&around, &part, "")))
            .collect();
        self.choose(&around, mutated);
        syn::visit::visit_expr_struct(self, literal);
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        let before = std::mem::replace(&mut self.inside, expression.span().byte_range());
        syn::visit::visit_expr_match(self, expression);
        self.inside = before;
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        // That an arm is lacking is told of the whole `match`.
        let around = self.inside.clone();
        let deleted = self.found(arm.span().byte_range().start, Genre::MatchArm).into_iter().next();
        let deleted = deleted.map(|(mutant, _)| (Some(mutant.id), format!("!{}", switch(mutant))));
        match (&arm.guard, deleted) {
            (Some((_, guard)), deleted) if !has_let(guard) => {
                let range = guard.span().byte_range();
                let mut pieces: Vec<_> = deleted.into_iter().map(|(id, text)| (id, format!("{text} && "))).collect();
                let mut end = String::new();
                for (mutant, _) in self.found(range.start, Genre::MatchArmGuard) {
                    let text = match mutant.replacement.as_str() {
                        "true" => format!("({} || ", switch(mutant)),
                        _ => format!("(!{} && ", switch(mutant)),
                    };
                    pieces.push((Some(mutant.id), text));
                    end.push(')');
                }
                if !pieces.is_empty() {
                    pieces.push((None, "(".to_owned()));
                    end.push(')');
                    self.open(range.start, &around, pieces);
                    self.close(range.end, &around, end);
                }
            }
            (None, Some((id, text))) => {
                let arrow = arm.fat_arrow_token.span().byte_range().start;
                self.open(arrow, &around, vec![(id, format!(" if {text} "))]);
            }
            _ => {}
        }
        syn::visit::visit_arm(self, arm);
    }
}

fn assemble(source: &str, mut insertions: Vec<Insertion>) -> Rewritten {
    // At one place the end of an inner expression comes first, then the start of an outer one.
    insertions.sort_by_key(|insertion| {
        let length = insertion.around.len();
        (
            insertion.at,
            insertion.opens,
            if insertion.opens { usize::MAX - length } else { length },
        )
    });
    let mut text = String::new();
    let mut own: BTreeMap<u32, (Vec<Range<usize>>, Range<usize>)> = BTreeMap::new();
    let mut moved: Vec<(usize, usize)> = Vec::new();
    let mut done = 0;
    for insertion in &insertions {
        text.push_str(&source[done..insertion.at]);
        done = insertion.at;
        moved.push((insertion.at, text.len()));
        for (id, piece) in &insertion.pieces {
            let start = text.len();
            text.push_str(piece);
            if let Some(id) = id {
                own.entry(*id)
                    .or_insert_with(|| (Vec::new(), insertion.around.clone()))
                    .0
                    .push(start..text.len());
            }
        }
        moved.push((insertion.at, text.len()));
    }
    text.push_str(&source[done..]);
    // Where a place of the old text is in the new one, before what was inserted there or behind it.
    let first = |at: usize| moved.iter().rfind(|(old, _)| *old < at).map_or(at, |(old, new)| new + (at - old));
    let last = |at: usize| moved.iter().rfind(|(old, _)| *old <= at).map_or(at, |(old, new)| new + (at - old));
    let marks = own.into_iter().map(|(id, (own, around))| Mark {
        id,
        own,
        around: first(around.start)..last(around.end),
    });
    let marks = marks.collect();
    Rewritten { text, marks }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(id: u32, genre: Genre, replacement: &str, start: (usize, usize), end: (usize, usize)) -> Mutant {
        let (name, file, replacement) = (String::new(), String::new(), replacement.to_owned());
        Mutant {
            id,
            name,
            file,
            genre,
            replacement,
            start,
            end,
        }
    }

    fn rewritten(source: &str, mutants: &[Mutant]) -> String {
        let mutants: Vec<&Mutant> = mutants.iter().collect();
        let rewritten = rewrite(source, &mutants).expect("it is Rust");
        syn::parse_file(&rewritten.text).expect("it stays Rust");
        for mark in &rewritten.marks {
            let own = &rewritten.text[mark.own[0].clone()];
            assert!(own.contains(&format!("mutant_is({})", mark.id)), "{own}");
        }
        rewritten.text
    }

    #[test]
    fn operators_inside_of_each_other_are_chosen_from_the_outside() {
        let and = mutant(1, Genre::BinaryOperator, "||", (1, 38), (1, 40));
        let not = mutant(2, Genre::UnaryOperator, "", (1, 36), (1, 37));
        assert_eq!(
            rewritten("fn f(a: bool, b: bool) -> bool { /**/!a && b }", &[and, not]).replace("/**/", ""),
            "fn f(a: bool, b: bool) -> bool { !a && b }",
            "columns that meet no operator change nothing"
        );
        let and = mutant(1, Genre::BinaryOperator, "||", (1, 37), (1, 39));
        let not = mutant(2, Genre::UnaryOperator, "", (1, 34), (1, 35));
        assert_eq!(
            rewritten("fn f(a: bool, b: bool) -> bool { !a && b }", &[and, not]),
            "fn f(a: bool, b: bool) -> bool { (if crate::mutant_is(1) { !a || b } else { (if crate::mutant_is(2) { a } else { !a }) && b }) }"
        );
    }

    #[test]
    fn an_arm_gets_one_guard_for_all_its_mutants() {
        let source = "fn f(a: u8) -> u8 {\nmatch a {\n0 if a > 1 => 2,\n_ => 3 } }";
        let mutants = [
            mutant(1, Genre::MatchArm, "", (3, 1), (3, 17)),
            mutant(2, Genre::MatchArmGuard, "true", (3, 6), (3, 11)),
            mutant(3, Genre::MatchArmGuard, "false", (3, 6), (3, 11)),
            mutant(4, Genre::FnValue, "7", (2, 1), (4, 9)),
        ];
        let text = rewritten(source, &mutants);
        assert!(text.contains("0 if !crate::mutant_is(1) && (crate::mutant_is(2) || (!crate::mutant_is(3) && (a > 1))) => 2"));
        assert!(text.contains("fn f(a: u8) -> u8 { if crate::mutant_is(4) { return 7; } "));
    }

    #[test]
    fn what_the_compiler_runs_and_chains_with_let_stay() {
        let source = "const A: u8 = 1 + 1;\nfn f(a: Option<u8>) { if let Some(b) = a && b > 1 {} }";
        let mutants = [
            mutant(1, Genre::BinaryOperator, "-", (1, 17), (1, 18)),
            mutant(2, Genre::BinaryOperator, "||", (2, 42), (2, 44)),
        ];
        assert_eq!(rewritten(source, &mutants), source);
    }
}
