//! Arithmetic: `$((...))`, `((...))`, indices of lists.

use brush_parser::ast::{
    ArithmeticExpr, ArithmeticTarget, BinaryOperator, UnaryAssignmentOperator, UnaryOperator,
};

use super::parse::Place;
use super::state::Shell;
use super::variables::Value;
use super::{Flow, Stop};

/// So deep may variables name one another.
const DEPTH: u32 = 30;

/// What came of an expression: a number, or why there is none.
type Result<T> = std::result::Result<T, Why>;

/// Why an expression has no value.
enum Why {
    /// It makes no sense: the shell's words for it.
    Senseless(String),
    /// The shell said why already.
    Stop(Stop),
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self::Senseless(text)
    }
}

impl From<Stop> for Why {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Shell<'_> {
    /// The value of the expression `text`, in which parameters are expanded first.
    pub(super) fn arithmetic(&mut self, text: &str) -> Flow<i64> {
        let text = text.trim();
        if let Ok(number) = text.parse::<i64>()
            && (text == "0" || !text.starts_with('0'))
        {
            return Ok(number);
        }
        let expanded = self.string(text, Place::Quoted)?.replace('"', "");
        match self.calculate(&expanded, 0) {
            Ok(value) => Ok(value),
            Err(Why::Stop(stop)) => Err(stop),
            Err(Why::Senseless(why)) => {
                self.error(why)?;
                Err(self.abandon())
            }
        }
    }

    fn calculate(&mut self, text: &str, depth: u32) -> Result<i64> {
        if depth > DEPTH {
            return Err(format!("{text}: expression recursion level exceeded").into());
        }
        let text = text.trim();
        let expression = brush_parser::arithmetic::parse(text)
            .map_err(|_| format!("{text}: syntax error in expression"))?;
        self.value(&expression, text, depth)
    }

    fn value(&mut self, expression: &ArithmeticExpr, text: &str, depth: u32) -> Result<i64> {
        use ArithmeticExpr as E;
        match expression {
            E::Literal(number) => Ok(*number),
            E::Reference(target) => self.load(target, text, depth),
            E::UnaryOp(operator, inner) => {
                let value = self.value(inner, text, depth)?;
                Ok(match operator {
                    UnaryOperator::UnaryPlus => value,
                    UnaryOperator::UnaryMinus => value.wrapping_neg(),
                    UnaryOperator::BitwiseNot => !value,
                    UnaryOperator::LogicalNot => i64::from(value == 0),
                })
            }
            E::BinaryOp(BinaryOperator::LogicalAnd, left, right) => {
                let both =
                    self.value(left, text, depth)? != 0 && self.value(right, text, depth)? != 0;
                Ok(i64::from(both))
            }
            E::BinaryOp(BinaryOperator::LogicalOr, left, right) => {
                let any =
                    self.value(left, text, depth)? != 0 || self.value(right, text, depth)? != 0;
                Ok(i64::from(any))
            }
            E::BinaryOp(operator, left, right) => {
                let left = self.value(left, text, depth)?;
                let right = self.value(right, text, depth)?;
                apply(*operator, left, right, text)
            }
            E::Conditional(condition, yes, no) => {
                let chosen = if self.value(condition, text, depth)? == 0 {
                    no
                } else {
                    yes
                };
                self.value(chosen, text, depth)
            }
            E::Assignment(target, value) => {
                let value = self.value(value, text, depth)?;
                self.store(target, value, text, depth)
            }
            E::BinaryAssignment(operator, target, value) => {
                let left = self.load(target, text, depth)?;
                let right = self.value(value, text, depth)?;
                let value = apply(*operator, left, right, text)?;
                self.store(target, value, text, depth)
            }
            E::UnaryAssignment(operator, target) => {
                let before = self.load(target, text, depth)?;
                let (after, value) = match operator {
                    UnaryAssignmentOperator::PrefixIncrement => (before + 1, before + 1),
                    UnaryAssignmentOperator::PrefixDecrement => (before - 1, before - 1),
                    UnaryAssignmentOperator::PostfixIncrement => (before + 1, before),
                    UnaryAssignmentOperator::PostfixDecrement => (before - 1, before),
                };
                self.store(target, after, text, depth)?;
                Ok(value)
            }
        }
    }

    fn load(&mut self, target: &ArithmeticTarget, text: &str, depth: u32) -> Result<i64> {
        let (name, held) = match target {
            ArithmeticTarget::Variable(name) => (name, self.look_up(name)?),
            ArithmeticTarget::ArrayElement(name, index) => {
                let index = self.value(index, text, depth)?;
                (name, self.element(name, index))
            }
        };
        match held {
            Some(held) if held.trim().is_empty() => Ok(0),
            Some(held) => self.calculate(&held, depth + 1),
            None if self.options.unset_is_error => {
                self.error(format!("{name}: unbound variable"))
                    .map_err(Stop::Halt)?;
                Err(self.fatal().into())
            }
            None => Ok(0),
        }
    }

    fn store(
        &mut self,
        target: &ArithmeticTarget,
        value: i64,
        text: &str,
        depth: u32,
    ) -> Result<i64> {
        match target {
            ArithmeticTarget::Variable(name) => self.assign(name, &value.to_string())?,
            ArithmeticTarget::ArrayElement(name, index) => {
                let index = self.value(index, text, depth)?;
                self.assign_element(name, index, &value.to_string())?;
            }
        }
        Ok(value)
    }

    /// Sets one element of a list, which is made of what is there.
    pub(super) fn assign_element(&mut self, name: &str, index: i64, value: &str) -> Flow {
        self.writable(name)?;
        let end = match self
            .variable(name)
            .as_deref()
            .map(|variable| &variable.value)
        {
            Some(Value::List(list)) => list.keys().last().map_or(0, |last| last + 1),
            _ => 1,
        };
        let from_end = i64::try_from(end).unwrap_or(i64::MAX) + index;
        let Ok(index) = usize::try_from(if index < 0 { from_end } else { index }) else {
            self.error(format!("{name}[{index}]: bad array subscript"))?;
            return Err(self.abandon());
        };
        self.change(name, |variable| {
            let mut list = match std::mem::take(&mut variable.value) {
                Value::List(list) => list,
                Value::Text(text) => [(0, text)].into(),
                Value::None => std::collections::BTreeMap::new(),
            };
            list.insert(index, value.to_owned());
            variable.value = Value::List(list);
        });
        Ok(())
    }
}

fn apply(operator: BinaryOperator, left: i64, right: i64, text: &str) -> Result<i64> {
    use BinaryOperator as O;
    let truth = |is: bool| Ok(i64::from(is));
    match operator {
        O::Add => Ok(left.wrapping_add(right)),
        O::Subtract => Ok(left.wrapping_sub(right)),
        O::Multiply => Ok(left.wrapping_mul(right)),
        O::Divide | O::Modulo if right == 0 => {
            Err(format!("{text}: division by 0 (error token is \"{right}\")").into())
        }
        O::Divide => Ok(left.wrapping_div(right)),
        O::Modulo => Ok(left.wrapping_rem(right)),
        O::Power if right < 0 => Err(format!("{text}: exponent less than 0").into()),
        O::Power => Ok(left.wrapping_pow(u32::try_from(right).unwrap_or(u32::MAX))),
        O::Comma => Ok(right),
        O::ShiftLeft => Ok(left.wrapping_shl(right as u32)),
        O::ShiftRight => Ok(left.wrapping_shr(right as u32)),
        O::LessThan => truth(left < right),
        O::LessThanOrEqualTo => truth(left <= right),
        O::GreaterThan => truth(left > right),
        O::GreaterThanOrEqualTo => truth(left >= right),
        O::Equals => truth(left == right),
        O::NotEquals => truth(left != right),
        O::BitwiseAnd => Ok(left & right),
        O::BitwiseXor => Ok(left ^ right),
        O::BitwiseOr => Ok(left | right),
        O::LogicalAnd => truth(left != 0 && right != 0),
        O::LogicalOr => truth(left != 0 || right != 0),
    }
}
