//! `[[ ... ]]`.

use brush_parser::ast::{BinaryPredicate, ExtendedTestExpr, UnaryPredicate, Word};

use super::super::program::test::{Order, compare, holds};
use super::Flow;
use super::builtin::set;
use super::parse::Place;
use super::state::Shell;
use crate::transport::sim::pattern::Pattern;

impl Shell<'_> {
    /// Runs `[[ expression ]]`.
    pub(super) fn condition(&mut self, expression: &ExtendedTestExpr) -> Flow {
        self.status = u8::from(!self.is_true(expression)?);
        Ok(())
    }

    fn is_true(&mut self, expression: &ExtendedTestExpr) -> Flow<bool> {
        use ExtendedTestExpr as E;
        Ok(match expression {
            E::And(left, right) => self.is_true(left)? && self.is_true(right)?,
            E::Or(left, right) => self.is_true(left)? || self.is_true(right)?,
            E::Not(inner) => !self.is_true(inner)?,
            E::Parenthesized(inner) => self.is_true(inner)?,
            E::UnaryTest(predicate, word) => {
                let word = self.string(&word.value, Place::Word)?;
                self.unary(predicate, &word)?
            }
            E::BinaryTest(predicate, left, right) => self.binary(predicate, left, right)?,
        })
    }

    fn unary(&mut self, predicate: &UnaryPredicate, word: &str) -> Flow<bool> {
        use UnaryPredicate as U;
        Ok(match predicate {
            U::StringHasZeroLength => word.is_empty(),
            U::StringHasNonZeroLength => !word.is_empty(),
            U::ShellOptionEnabled => match set::is_set(&self.options, word) {
                Some(on) => on,
                None => self.process.unmodelled(format!("[[ -o {word} ]]"))?,
            },
            U::ShellVariableIsSetAndAssigned => self.look_up(word)?.is_some(),
            U::ShellVariableIsSetAndNameRef => self.process.unmodelled("[[ -R ]]")?,
            file => {
                let operator = file.to_string();
                match holds(&self.process, operator.trim_start_matches('-'), word) {
                    Some(is) => is,
                    None => self.process.unmodelled(format!("[[ {operator} ]]"))?,
                }
            }
        })
    }

    fn binary(&mut self, predicate: &BinaryPredicate, left: &Word, right: &Word) -> Flow<bool> {
        use BinaryPredicate as B;
        let order = match predicate {
            B::StringExactlyMatchesPattern | B::StringDoesNotExactlyMatchPattern => {
                let left = self.string(&left.value, Place::Word)?;
                let matches = Pattern::new(&self.pattern(&right.value)?).matches(&left);
                return Ok(matches == matches!(predicate, B::StringExactlyMatchesPattern));
            }
            B::StringMatchesRegex | B::StringContainsSubstring => {
                return self.matches_regex(left, right);
            }
            B::ArithmeticEqualTo
            | B::ArithmeticNotEqualTo
            | B::ArithmeticLessThan
            | B::ArithmeticLessThanOrEqualTo
            | B::ArithmeticGreaterThan
            | B::ArithmeticGreaterThanOrEqualTo => {
                let left = self.string(&left.value, Place::Word)?;
                let right = self.string(&right.value, Place::Word)?;
                let (left, right) = (self.arithmetic(&left)?, self.arithmetic(&right)?);
                return Ok(match predicate {
                    B::ArithmeticEqualTo => left == right,
                    B::ArithmeticNotEqualTo => left != right,
                    B::ArithmeticLessThan => left < right,
                    B::ArithmeticLessThanOrEqualTo => left <= right,
                    B::ArithmeticGreaterThan => left > right,
                    _ => left >= right,
                });
            }
            B::FilesReferToSameDeviceAndInodeNumbers => Order::Same,
            B::LeftFileIsNewerOrExistsWhenRightDoesNot => Order::Newer,
            B::LeftFileIsOlderOrDoesNotExistWhenRightDoes => Order::Older,
            B::StringExactlyMatchesString
            | B::StringDoesNotExactlyMatchString
            | B::LeftSortsBeforeRight
            | B::LeftSortsAfterRight => {
                let left = self.string(&left.value, Place::Word)?;
                let right = self.string(&right.value, Place::Word)?;
                return Ok(match predicate {
                    B::StringExactlyMatchesString => left == right,
                    B::StringDoesNotExactlyMatchString => left != right,
                    B::LeftSortsBeforeRight => left < right,
                    _ => left > right,
                });
            }
        };
        let left = self.string(&left.value, Place::Word)?;
        let right = self.string(&right.value, Place::Word)?;
        Ok(compare(&self.process, order, &left, &right))
    }

    /// `=~`: what matched, and its groups, are in `BASH_REMATCH` then.
    fn matches_regex(&mut self, left: &Word, right: &Word) -> Flow<bool> {
        let left = self.string(&left.value, Place::Word)?;
        let pattern = self.one(&right.value, Place::Word)?.regex();
        let Ok(regex) = regex::RegexBuilder::new(&pattern)
            .dot_matches_new_line(true)
            .build()
        else {
            return Ok(self.process.unmodelled(format!("[[ =~ {pattern} ]]"))?);
        };
        let groups: Vec<String> = regex
            .captures(&left)
            .iter()
            .flat_map(|found| found.iter())
            .map(|group| group.map_or_else(String::new, |group| group.as_str().to_owned()))
            .collect();
        let found = !groups.is_empty();
        self.assign_list("BASH_REMATCH", groups)?;
        Ok(found)
    }
}
