//! Regular expressions of grep and sed, basic and extended: a backtracking matcher with a bound on its steps.

use super::limits;
use super::work::Work;

/// A parsed expression.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    root: Item,
    groups: usize,
    ignore_case: bool,
}

/// Where a match and its groups stand, as positions in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) groups: Vec<Option<(usize, usize)>>,
}

#[derive(Clone, Debug)]
enum Item {
    Char(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Start,
    End,
    /// `\b`, `\<`, `\>`: between a word and what is none.
    Edge {
        before: bool,
        after: bool,
    },
    Back(usize),
    Sequence(Vec<Item>),
    Choice(Vec<Item>),
    Group(usize, Box<Item>),
    Repeat {
        item: Box<Item>,
        least: usize,
        most: usize,
    },
}

impl Regex {
    /// A basic expression: `\(`, `\|`, `\+` are special, `(` is not.
    pub(super) fn basic(text: &str, ignore_case: bool) -> Result<Regex, String> {
        Parser::parse(text, false, ignore_case)
    }

    /// An extended expression.
    pub(super) fn extended(text: &str, ignore_case: bool) -> Result<Regex, String> {
        Parser::parse(text, true, ignore_case)
    }

    /// Text that stands for itself.
    pub(super) fn fixed(text: &str, ignore_case: bool) -> Regex {
        Regex {
            root: Item::Sequence(text.chars().map(Item::Char).collect()),
            groups: 0,
            ignore_case,
        }
    }

    /// The first match at or after byte `from`; none once the work is spent.
    pub(super) fn find(&self, text: &str, from: usize, work: &Work) -> Option<Match> {
        let mut steps = work.left();
        let found = self.search(text, from, &mut steps);
        work.leave(steps);
        found
    }

    fn search(&self, text: &str, from: usize, steps: &mut u32) -> Option<Match> {
        let rest = text.get(from..)?;
        let first = first(&self.root);
        let mut matcher = Matcher {
            text,
            groups: vec![None; self.groups + 1],
            ignore_case: self.ignore_case,
            steps,
            depth: 0,
            end: from,
        };
        let mut start = from;
        loop {
            match first {
                // A text is looked through for a character much quicker than an expression is tried.
                Some(Item::Char(wanted)) if !self.ignore_case => {
                    let skipped = rest.get(start - from..)?.find(*wanted);
                    let passed = skipped.unwrap_or(text.len() - start);
                    matcher.take(passed / 16);
                    start += skipped?;
                }
                Some(Item::Start) if start > 0 => return None,
                _ => {}
            }
            let found = matcher.item(&self.root, start, &mut |matcher, at| {
                matcher.end = at;
                true
            });
            if found {
                return Some(Match {
                    start,
                    end: matcher.end,
                    groups: matcher.groups,
                });
            }
            if *matcher.steps == 0 {
                return None;
            }
            start += rest.get(start - from..)?.chars().next()?.len_utf8();
        }
    }
}

/// The item with which every match begins, if there is one that says so.
fn first(item: &Item) -> Option<&Item> {
    match item {
        Item::Sequence(items) => items.first().and_then(first),
        Item::Group(_, inside) => first(inside),
        Item::Repeat { item, least, .. } if *least > 0 => first(item),
        Item::Char(_) | Item::Start => Some(item),
        _ => None,
    }
}

struct Parser {
    chars: Vec<char>,
    pos: usize,
    extended: bool,
    groups: usize,
    depth: usize,
}

impl Parser {
    fn parse(text: &str, extended: bool, ignore_case: bool) -> Result<Regex, String> {
        let mut parser = Parser {
            chars: text.chars().collect(),
            pos: 0,
            extended,
            groups: 0,
            depth: 0,
        };
        let root = parser.choice()?;
        if parser.pos < parser.chars.len() {
            return Err("Unmatched ) or \\)".to_owned());
        }
        Ok(Regex {
            root,
            groups: parser.groups,
            ignore_case,
        })
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    /// Takes `(`, `|`… in the spelling of this sort of expression.
    fn operator(&mut self, c: char) -> bool {
        let here = if self.extended {
            self.peek(0) == Some(c)
        } else {
            self.peek(0) == Some('\\') && self.peek(1) == Some(c)
        };
        if here {
            self.pos += if self.extended { 1 } else { 2 };
        }
        here
    }

    fn at_operator(&mut self, c: char) -> bool {
        let pos = self.pos;
        let here = self.operator(c);
        self.pos = pos;
        here
    }

    fn choice(&mut self) -> Result<Item, String> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err("Regular expression too big".to_owned());
        }
        let mut choices = vec![self.sequence()?];
        while self.operator('|') {
            choices.push(self.sequence()?);
        }
        self.depth -= 1;
        match choices.pop() {
            Some(only) if choices.is_empty() => Ok(only),
            last => {
                choices.extend(last);
                Ok(Item::Choice(choices))
            }
        }
    }

    fn sequence(&mut self) -> Result<Item, String> {
        let mut items: Vec<Item> = Vec::new();
        while self.peek(0).is_some() {
            if self.at_operator('|') || (self.at_operator(')') && self.depth > 1) {
                break;
            }
            let item = self.atom(items.is_empty())?;
            let item = self.repeated(item)?;
            items.push(item);
        }
        Ok(Item::Sequence(items))
    }

    fn repeated(&mut self, mut item: Item) -> Result<Item, String> {
        loop {
            let anchored = matches!(item, Item::Start) && !self.extended;
            let (least, most) = if self.peek(0) == Some('*') && !anchored {
                self.pos += 1;
                (0, usize::MAX)
            } else if self.operator('+') {
                (1, usize::MAX)
            } else if self.operator('?') {
                (0, 1)
            } else if self.at_operator('{') && self.bounds_follow() {
                self.operator('{');
                self.bounds()?
            } else {
                return Ok(item);
            };
            item = Item::Repeat {
                item: Box::new(item),
                least,
                most,
            };
        }
    }

    fn bounds_follow(&self) -> bool {
        let ahead = if self.extended { 1 } else { 2 };
        self.peek(ahead)
            .is_some_and(|c| c.is_ascii_digit() || c == ',')
    }

    fn bounds(&mut self) -> Result<(usize, usize), String> {
        let number = |parser: &mut Parser| {
            let mut digits = String::new();
            while let Some(c) = parser.peek(0).filter(char::is_ascii_digit) {
                digits.push(c);
                parser.pos += 1;
            }
            digits.parse::<usize>().ok()
        };
        let least = number(self);
        let most = if self.peek(0) == Some(',') {
            self.pos += 1;
            number(self).unwrap_or(usize::MAX)
        } else {
            least.unwrap_or(0)
        };
        if !self.operator('}') {
            return Err("Unmatched { or \\{".to_owned());
        }
        let least = least.unwrap_or(0);
        let too_big = |n: usize| n != usize::MAX && n > 1000;
        if too_big(least) || too_big(most) || least > most {
            return Err("Invalid content of \\{\\}".to_owned());
        }
        Ok((least, most))
    }

    fn atom(&mut self, first: bool) -> Result<Item, String> {
        if self.operator('(') {
            self.groups += 1;
            let index = self.groups;
            let inside = self.choice()?;
            if !self.operator(')') {
                return Err("Unmatched ( or \\(".to_owned());
            }
            return Ok(Item::Group(index, Box::new(inside)));
        }
        let Some(c) = self.peek(0) else {
            return Ok(Item::Sequence(Vec::new()));
        };
        self.pos += 1;
        Ok(match c {
            '.' => Item::Any,
            '[' => self.class()?,
            '^' if self.extended || first => Item::Start,
            '$' if self.extended || self.ends_here() => Item::End,
            '\\' => self.escaped()?,
            _ => Item::Char(c),
        })
    }

    /// Whether a basic expression, or its group, ends here: only then is `$` an anchor.
    fn ends_here(&mut self) -> bool {
        self.peek(0).is_none() || self.at_operator('|') || self.at_operator(')')
    }

    fn escaped(&mut self) -> Result<Item, String> {
        let Some(c) = self.peek(0) else {
            return Err("Trailing backslash".to_owned());
        };
        self.pos += 1;
        let class = |negated: bool, text: &[(char, char)]| Item::Class {
            negated,
            ranges: text.to_vec(),
        };
        const WORD: [(char, char); 4] = [('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
        const SPACE: [(char, char); 2] = [(' ', ' '), ('\t', '\r')];
        Ok(match c {
            '1'..='9' => {
                let index = c.to_digit(10).unwrap_or(0) as usize;
                if index > self.groups {
                    return Err("Invalid back reference".to_owned());
                }
                Item::Back(index)
            }
            'w' => class(false, &WORD),
            'W' => class(true, &WORD),
            's' => class(false, &SPACE),
            'S' => class(true, &SPACE),
            'd' if self.extended => class(false, &[('0', '9')]),
            'b' => Item::Edge {
                before: true,
                after: true,
            },
            '<' => Item::Edge {
                before: false,
                after: true,
            },
            '>' => Item::Edge {
                before: true,
                after: false,
            },
            'n' => Item::Char('\n'),
            't' => Item::Char('\t'),
            _ => Item::Char(c),
        })
    }

    fn class(&mut self) -> Result<Item, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
        let negated = self.peek(0) == Some('^');
        self.pos += usize::from(negated);
        let first = self.pos;
        let mut ranges = Vec::new();
        loop {
            let c = self.peek(0).ok_or_else(unmatched)?;
            if c == ']' && self.pos > first {
                self.pos += 1;
                return Ok(Item::Class { negated, ranges });
            }
            if c == '[' && self.peek(1) == Some(':') {
                self.named(&mut ranges)?;
                continue;
            }
            self.pos += 1;
            match (self.peek(0), self.peek(1)) {
                (Some('-'), Some(high)) if high != ']' => {
                    self.pos += 2;
                    if c > high {
                        return Err("Invalid range end".to_owned());
                    }
                    ranges.push((c, high));
                }
                _ => ranges.push((c, c)),
            }
        }
    }

    /// `[:digit:]`
    fn named(&mut self, ranges: &mut Vec<(char, char)>) -> Result<(), String> {
        let rest: String = self.chars.iter().skip(self.pos + 2).take(12).collect();
        let name = rest.split(":]").next().unwrap_or_default();
        let class = class_ranges(name).ok_or("Invalid character class name")?;
        ranges.extend(class);
        self.pos += name.len() + 4;
        Ok(())
    }
}

/// The characters of `[:name:]`.
pub(super) fn class_ranges(name: &str) -> Option<Vec<(char, char)>> {
    let ranges: &[(char, char)] = match name {
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "upper" => &[('A', 'Z')],
        "lower" => &[('a', 'z')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(ranges.to_vec())
}

struct Matcher<'a> {
    text: &'a str,
    groups: Vec<Option<(usize, usize)>>,
    ignore_case: bool,
    steps: &'a mut u32,
    depth: usize,
    end: usize,
}

/// How deep a match may recurse: repeats of single characters do not count.
const RECURSION: usize = 300;

type Then<'t, 'a> = &'t mut dyn FnMut(&mut Matcher<'a>, usize) -> bool;

impl<'a> Matcher<'a> {
    fn take(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        *self.steps = self.steps.saturating_sub(steps);
    }

    /// Matches an item at `at`, then what follows it.
    fn item(&mut self, item: &Item, at: usize, then: Then<'_, 'a>) -> bool {
        if *self.steps == 0 || self.depth > RECURSION {
            *self.steps = 0;
            return false;
        }
        *self.steps -= 1;
        self.depth += 1;
        let found = self.item_inside(item, at, then);
        self.depth -= 1;
        found
    }

    fn item_inside(&mut self, item: &Item, at: usize, then: Then<'_, 'a>) -> bool {
        match item {
            Item::Sequence(items) => self.sequence(items, at, then),
            Item::Choice(choices) => choices.iter().any(|choice| self.item(choice, at, then)),
            Item::Group(index, inside) => self.group(*index, inside, at, then),
            Item::Repeat { item, least, most } => match single(item) {
                true => self.repeat_single(item, *least, *most, at, then),
                false => self.repeat(item, *least, *most, at, then),
            },
            Item::Start => at == 0 && then(self, at),
            Item::End => at == self.text.len() && then(self, at),
            Item::Edge { before, after } => self.edge(*before, *after, at) && then(self, at),
            Item::Back(index) => {
                let Some(Some((start, end))) = self.groups.get(*index).copied() else {
                    return false;
                };
                let wanted = self.text.get(start..end).unwrap_or_default();
                let here = self.text.get(at..).unwrap_or_default();
                here.starts_with(wanted) && then(self, at + wanted.len())
            }
            Item::Char(_) | Item::Any | Item::Class { .. } => match self.one(item, at) {
                Some(next) => then(self, next),
                None => false,
            },
        }
    }

    fn sequence(&mut self, items: &[Item], mut at: usize, then: Then<'_, 'a>) -> bool {
        let mut items = items;
        // Single characters need no way back, and so no recursion.
        while let Some((first, rest)) = items.split_first()
            && single(first)
        {
            match self.one(first, at) {
                Some(next) => at = next,
                None => return false,
            }
            items = rest;
        }
        match items.split_first() {
            None => then(self, at),
            Some((first, [])) => self.item(first, at, then),
            Some((first, rest)) => self.item(first, at, &mut |matcher, next| {
                matcher.sequence(rest, next, then)
            }),
        }
    }

    fn group(&mut self, index: usize, inside: &Item, at: usize, then: Then<'_, 'a>) -> bool {
        let before = self.groups.get(index).copied().flatten();
        let found = self.item(inside, at, &mut |matcher, end| {
            let outer = matcher.groups.get(index).copied().flatten();
            matcher.set_group(index, Some((at, end)));
            let found = then(matcher, end);
            if !found {
                matcher.set_group(index, outer);
            }
            found
        });
        if !found {
            self.set_group(index, before);
        }
        found
    }

    fn set_group(&mut self, index: usize, place: Option<(usize, usize)>) {
        if let Some(group) = self.groups.get_mut(index) {
            *group = place;
        }
    }

    /// A repeated single character: greedy, without recursion.
    fn repeat_single(
        &mut self,
        item: &Item,
        least: usize,
        most: usize,
        at: usize,
        then: Then<'_, 'a>,
    ) -> bool {
        let mut ends = vec![at];
        while ends.len() <= most {
            let from = ends.last().copied().unwrap_or(at);
            match self.one(item, from) {
                Some(next) => ends.push(next),
                None => break,
            }
        }
        self.take(ends.len() / 4);
        while ends.len() > least {
            let Some(end) = ends.pop() else { break };
            if *self.steps == 0 {
                return false;
            }
            *self.steps -= 1;
            if then(self, end) {
                return true;
            }
        }
        false
    }

    fn repeat(
        &mut self,
        item: &Item,
        least: usize,
        most: usize,
        at: usize,
        then: Then<'_, 'a>,
    ) -> bool {
        if most > 0 {
            let more = self.item(item, at, &mut |matcher, next| {
                // Something that matched nothing is not repeated for ever.
                if next == at && least == 0 {
                    return false;
                }
                let most = if most == usize::MAX { most } else { most - 1 };
                matcher.depth += 1;
                let found = matcher.depth <= RECURSION
                    && matcher.repeat(item, least.saturating_sub(1), most, next, then);
                matcher.depth -= 1;
                found
            });
            if more {
                return true;
            }
        }
        least == 0 && then(self, at)
    }

    /// A single character at `at`: where it ends.
    fn one(&self, item: &Item, at: usize) -> Option<usize> {
        let c = self.text.get(at..)?.chars().next()?;
        let fits = match item {
            Item::Any => true,
            Item::Char(wanted) => self.same(*wanted, c),
            Item::Class { negated, ranges } => {
                let within = |c: char| ranges.iter().any(|(low, high)| *low <= c && c <= *high);
                let found = within(c)
                    || (self.ignore_case
                        && (within(c.to_ascii_lowercase()) || within(c.to_ascii_uppercase())));
                found != *negated
            }
            _ => false,
        };
        fits.then(|| at + c.len_utf8())
    }

    fn same(&self, a: char, b: char) -> bool {
        a == b || (self.ignore_case && a.to_lowercase().eq(b.to_lowercase()))
    }

    fn edge(&self, before: bool, after: bool, at: usize) -> bool {
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let left = self.text.get(..at).and_then(|t| t.chars().next_back());
        let right = self.text.get(at..).and_then(|t| t.chars().next());
        let (left, right) = (left.is_some_and(is_word), right.is_some_and(is_word));
        (before && left && !right) || (after && !left && right)
    }
}

fn single(item: &Item) -> bool {
    matches!(item, Item::Char(_) | Item::Any | Item::Class { .. })
}
