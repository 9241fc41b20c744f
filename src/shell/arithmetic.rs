//! `$((…))`: whole numbers of 64 bits that wrap, as in the real shell.

use super::limits;

/// The variables that an expression reads and sets.
pub(super) trait Variables {
    /// The value of `name` or `name[index]`.
    fn get(&mut self, name: &str) -> Result<String, String>;
    fn set(&mut self, name: &str, value: String) -> Result<(), String>;
}

/// The value of an expression, or what is wrong with it.
pub(super) fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    let mut reader = Expression {
        chars: text.chars().collect(),
        pos: 0,
        depth: 0,
        variables,
        quiet: 0,
    };
    let shown: String = text.chars().take(60).collect();
    let value = reader
        .comma()
        .map_err(|problem| format!("{shown}: {problem}"))?;
    reader.blanks();
    if let Some(rest) = reader.chars.get(reader.pos..).filter(|r| !r.is_empty()) {
        let token: String = rest.iter().take(60).collect();
        return Err(format!(
            "{shown}: syntax error in expression (error token is \"{token}\")"
        ));
    }
    Ok(value)
}

struct Expression<'a> {
    chars: Vec<char>,
    pos: usize,
    depth: usize,
    variables: &'a mut dyn Variables,
    /// Inside the branch that is not taken, nothing is assigned and nothing fails.
    quiet: u32,
}

/// Operators by rising precedence.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Expression<'_> {
    fn blanks(&mut self) {
        while self.chars.get(self.pos).is_some_and(|c| c.is_whitespace()) {
            self.pos += 1;
        }
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(i, c)| self.chars.get(self.pos + i) == Some(&c))
    }

    fn eat(&mut self, text: &str) -> bool {
        self.blanks();
        let found = self.looking_at(text);
        if found {
            self.pos += text.chars().count();
        }
        found
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.choice()?;
        while self.eat(",") {
            value = self.choice()?;
        }
        Ok(value)
    }

    fn choice(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err("expression nests too deep".to_owned());
        }
        let condition = self.level(0)?;
        let value = if self.eat("?") {
            let yes = self.silent(condition == 0, Self::choice)?;
            if !self.eat(":") {
                return Err("`:' expected for conditional expression".to_owned());
            }
            let no = self.silent(condition != 0, Self::choice)?;
            if condition != 0 { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn silent(
        &mut self,
        quiet: bool,
        part: fn(&mut Self) -> Result<i64, String>,
    ) -> Result<i64, String> {
        self.quiet += u32::from(quiet);
        let value = part(self);
        self.quiet -= u32::from(quiet);
        value
    }

    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        self.blanks();
        let found = level.iter().copied().find(|o| self.looking_at(o))?;
        let after = self.chars.get(self.pos + found.len()).copied();
        let longer = match found {
            "|" | "&" => after.is_some_and(|c| found.starts_with(c)),
            "<" | ">" => after.is_some_and(|c| found.starts_with(c)),
            "*" => after == Some('*'),
            _ => false,
        };
        let assigns = after == Some('=') && !["==", "!=", "<=", ">="].contains(&found);
        if longer || assigns {
            return None;
        }
        self.pos += found.len();
        Some(found)
    }

    fn level(&mut self, index: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(index) else {
            return self.power();
        };
        let mut left = self.level(index + 1)?;
        while let Some(operator) = self.operator(operators) {
            let skipped = (operator == "&&" && left == 0) || (operator == "||" && left != 0);
            self.quiet += u32::from(skipped);
            let right = self.level(index + 1);
            self.quiet -= u32::from(skipped);
            left = self.apply(operator, left, right?)?;
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, a: i64, b: i64) -> Result<i64, String> {
        Ok(match operator {
            "||" => i64::from(a != 0 || b != 0),
            "&&" => i64::from(a != 0 && b != 0),
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            _ if b == 0 && self.quiet > 0 => 0,
            _ if b == 0 => return Err("division by 0 (error token is \"0\")".to_owned()),
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self.power()?;
        match u32::try_from(exponent) {
            Ok(exponent) => Ok(base.wrapping_pow(exponent)),
            Err(_) => Err("exponent less than 0".to_owned()),
        }
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err("expression nests too deep".to_owned());
        }
        self.blanks();
        let value = if self.looking_at("++") || self.looking_at("--") {
            let by = if self.looking_at("++") { 1 } else { -1 };
            self.pos += 2;
            let name = self.place();
            let value = self.read(&name)?.wrapping_add(by);
            self.write(&name, value)?;
            value
        } else if self.eat("!") {
            i64::from(self.unary()? == 0)
        } else if self.eat("~") {
            !self.unary()?
        } else if self.eat("-") {
            self.unary()?.wrapping_neg()
        } else if self.eat("+") {
            self.unary()?
        } else {
            self.operand()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self) -> Result<i64, String> {
        if self.eat("(") {
            let value = self.comma()?;
            if !self.eat(")") {
                return Err("missing `)'".to_owned());
            }
            return Ok(value);
        }
        self.blanks();
        match self.chars.get(self.pos) {
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if *c == '_' || c.is_ascii_alphabetic() => self.variable(),
            _ => {
                let rest: String = self.chars.iter().skip(self.pos).take(60).collect();
                Err(format!(
                    "syntax error: operand expected (error token is \"{rest}\")"
                ))
            }
        }
    }

    fn name(&mut self) -> String {
        self.blanks();
        let mut name = String::new();
        while let Some(c) = self.chars.get(self.pos)
            && (*c == '_' || c.is_ascii_alphanumeric())
        {
            name.push(*c);
            self.pos += 1;
        }
        name
    }

    /// A name, with the index in brackets behind it.
    fn place(&mut self) -> String {
        let mut place = self.name();
        if self.chars.get(self.pos) != Some(&'[') {
            return place;
        }
        let mut open = 0;
        while let Some(c) = self.chars.get(self.pos) {
            place.push(*c);
            self.pos += 1;
            open += i32::from(*c == '[') - i32::from(*c == ']');
            if open == 0 {
                break;
            }
        }
        place
    }

    fn number(&mut self) -> Result<i64, String> {
        let digits = self.name();
        parse(&digits)
            .ok_or_else(|| format!("value too great for base (error token is \"{digits}\")"))
    }

    fn read(&mut self, name: &str) -> Result<i64, String> {
        let text = self.variables.get(name)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(0);
        }
        parse(text).ok_or_else(|| {
            format!("{text}: syntax error: operand expected (error token is \"{text}\")")
        })
    }

    fn write(&mut self, name: &str, value: i64) -> Result<(), String> {
        if self.quiet > 0 {
            return Ok(());
        }
        self.variables.set(name, value.to_string())
    }

    fn variable(&mut self) -> Result<i64, String> {
        let name = self.place();
        self.blanks();
        for (mark, by) in [("++", 1), ("--", -1)] {
            if self.looking_at(mark) {
                self.pos += 2;
                let value = self.read(&name)?;
                self.write(&name, value.wrapping_add(by))?;
                return Ok(value);
            }
        }
        if self.looking_at("=") && !self.looking_at("==") {
            self.pos += 1;
            let value = self.choice()?;
            self.write(&name, value)?;
            return Ok(value);
        }
        for operator in ["+", "-", "*", "/", "%", "|", "&", "^", "<<", ">>"] {
            if self.looking_at(&format!("{operator}=")) {
                self.pos += operator.len() + 1;
                let right = self.choice()?;
                let left = self.read(&name)?;
                let value = self.apply(operator, left, right)?;
                self.write(&name, value)?;
                return Ok(value);
            }
        }
        self.read(&name)
    }
}

/// Decimal, octal with a leading 0, hexadecimal with 0x.
fn parse(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let value = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else if digits.bytes().all(|b| b.is_ascii_digit()) {
        digits.parse().ok()?
    } else {
        return None;
    };
    Some(sign * value)
}
