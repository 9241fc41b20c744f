//! Patterns of text for the normalisation: a small backtracking matcher of regular expressions.
//!
//! Only what the table of replacements needs: classes, groups, choices, repetition (greedy), `^` and `$`
//! (of the text), `\b`, `\d`, `\w`, `\s`, `\S`, and looking ahead `(?=…)`, `(?!…)` and back `(?<=…)`,
//! `(?<!…)`. The patterns are written here and known to be good; a mistake in one is a panic in every test.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    choices: Choices,
    groups: usize,
}

/// Where a match and its groups lie, in bytes. Group 0 is the whole match.
pub type Groups = Vec<Option<(usize, usize)>>;

type Choices = Vec<Vec<Node>>;

#[derive(Clone, Debug)]
enum Node {
    One(Set),
    Start,
    End,
    WordEdge,
    Group(Option<usize>, Choices),
    Look {
        ahead: bool,
        wanted: bool,
        what: Choices,
    },
    Repeat {
        what: Box<Node>,
        least: usize,
        most: usize,
    },
}

/// A set of characters.
#[derive(Clone, Debug)]
struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    fn has(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            != self.negated
    }
}

/// What is left to match, called with the place reached.
type Rest<'a> = &'a mut dyn FnMut(usize, &mut Groups) -> bool;

impl Pattern {
    /// Compiles a pattern.
    pub fn new(source: &str) -> Pattern {
        let mut parser = Parser {
            chars: source.chars().collect(),
            at: 0,
            groups: 0,
        };
        let choices = parser.choices();
        assert_eq!(parser.at, parser.chars.len(), "pattern {source}");
        Pattern {
            choices,
            groups: parser.groups + 1,
        }
    }

    /// The first match that begins at or after `from`.
    pub fn find(&self, text: &str, from: usize) -> Option<Groups> {
        let starts = text.get(from..)?.char_indices().map(|(at, _)| from + at);
        starts
            .chain(std::iter::once(text.len()))
            .find_map(|start| self.at(text, start))
    }

    /// Whether a match begins at the text's start.
    pub fn begins(&self, text: &str) -> bool {
        self.at(text, 0).is_some()
    }

    /// Whether there is a match anywhere.
    pub fn is_in(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }

    fn at(&self, text: &str, start: usize) -> Option<Groups> {
        let mut groups: Groups = vec![None; self.groups];
        let mut found = None;
        any(
            text,
            &self.choices,
            start,
            &mut groups,
            &mut |end, groups| {
                groups[0] = Some((start, end));
                found = Some(groups.clone());
                true
            },
        );
        found
    }

    /// Replaces every match; `\1` in the replacement stands for a group.
    pub fn replace(&self, text: &str, with: &str) -> String {
        self.replace_by(text, |groups, text| expand(with, groups, text))
    }

    /// Replaces every match by what `with` makes of it.
    pub fn replace_by(&self, text: &str, with: impl Fn(&Groups, &str) -> String) -> String {
        let mut out = String::new();
        let mut at = 0;
        while let Some(groups) = self.find(text, at) {
            let (start, end) = groups[0].unwrap_or((at, at));
            out.push_str(&text[at..start]);
            out.push_str(&with(&groups, text));
            at = end;
            if end == start {
                let Some(c) = text[at..].chars().next() else {
                    break;
                };
                out.push(c);
                at += c.len_utf8();
            }
        }
        out.push_str(&text[at.min(text.len())..]);
        out
    }
}

/// The text of a group; empty if it took no part.
pub fn group<'a>(groups: &Groups, number: usize, text: &'a str) -> &'a str {
    match groups.get(number) {
        Some(Some((start, end))) => &text[*start..*end],
        _ => "",
    }
}

fn expand(with: &str, groups: &Groups, text: &str) -> String {
    let mut out = String::new();
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let number = chars.next().and_then(|c| c.to_digit(10)).unwrap_or(0);
                out.push_str(group(groups, number as usize, text));
            }
            _ => out.push(c),
        }
    }
    out
}

fn any(text: &str, choices: &Choices, at: usize, groups: &mut Groups, rest: Rest) -> bool {
    choices
        .iter()
        .any(|nodes| sequence(text, nodes, at, groups, rest))
}

fn sequence(text: &str, nodes: &[Node], at: usize, groups: &mut Groups, rest: Rest) -> bool {
    let Some((first, others)) = nodes.split_first() else {
        return rest(at, groups);
    };
    let then: Rest = &mut |at, groups| sequence(text, others, at, groups, rest);
    match first {
        Node::One(set) => match text[at..].chars().next() {
            Some(c) if set.has(c) => then(at + c.len_utf8(), groups),
            _ => false,
        },
        Node::Start => at == 0 && then(at, groups),
        Node::End => at == text.len() && then(at, groups),
        Node::WordEdge => {
            let before = text[..at].chars().next_back().is_some_and(is_word);
            let after = text[at..].chars().next().is_some_and(is_word);
            before != after && then(at, groups)
        }
        Node::Group(number, choices) => any(text, choices, at, groups, &mut |end, groups| {
            let Some(number) = number else {
                return then(end, groups);
            };
            let former = groups[*number].replace((at, end));
            let done = then(end, groups);
            if !done {
                groups[*number] = former;
            }
            done
        }),
        Node::Look {
            ahead,
            wanted,
            what,
        } => {
            let mut tried = groups.clone();
            let found = if *ahead {
                any(text, what, at, &mut tried, &mut |_, _| true)
            } else {
                let longest = what.iter().map(|nodes| longest(nodes)).max();
                (at.saturating_sub(longest.unwrap_or(0))..=at)
                    .rev()
                    .filter(|from| text.is_char_boundary(*from))
                    .any(|from| any(text, what, from, &mut tried, &mut |end, _| end == at))
            };
            found == *wanted && then(at, groups)
        }
        Node::Repeat { what, least, most } => match &**what {
            Node::One(set) => repeat_one(text, set, *least, *most, at, groups, then),
            what => repeat(text, what, *least, *most, at, groups, then),
        },
    }
}

/// How many bytes a sequence covers at most.
fn longest(nodes: &[Node]) -> usize {
    let each = nodes.iter().map(|node| match node {
        Node::One(_) => 4,
        Node::Start | Node::End | Node::WordEdge | Node::Look { .. } => 0,
        Node::Group(_, choices) => {
            let choices = choices.iter().map(|nodes| longest(nodes));
            choices.max().unwrap_or(0)
        }
        Node::Repeat { what, most, .. } => {
            longest(std::slice::from_ref(&**what)).saturating_mul(*most)
        }
    });
    each.fold(0, usize::saturating_add)
}

/// As many of one set as there are, then ever fewer.
fn repeat_one(
    text: &str,
    set: &Set,
    least: usize,
    most: usize,
    at: usize,
    groups: &mut Groups,
    then: Rest,
) -> bool {
    let mut places = vec![at];
    let mut end = at;
    for c in text[at..].chars().take(most) {
        if !set.has(c) {
            break;
        }
        end += c.len_utf8();
        places.push(end);
    }
    places
        .iter()
        .skip(least)
        .rev()
        .any(|place| then(*place, groups))
}

fn repeat(
    text: &str,
    what: &Node,
    least: usize,
    most: usize,
    at: usize,
    groups: &mut Groups,
    then: Rest,
) -> bool {
    if most > 0 {
        let once = std::slice::from_ref(what);
        let more = sequence(text, once, at, groups, &mut |end, groups| {
            // A round that takes nothing would go on for ever.
            end > at
                && repeat(
                    text,
                    what,
                    least.saturating_sub(1),
                    most - 1,
                    end,
                    groups,
                    then,
                )
        });
        if more {
            return true;
        }
    }
    least == 0 && then(at, groups)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    groups: usize,
}

impl Parser {
    fn takes(&mut self, word: &str) -> bool {
        let word: Vec<char> = word.chars().collect();
        let here = self.chars[self.at..].starts_with(&word);
        if here {
            self.at += word.len();
        }
        here
    }

    fn choices(&mut self) -> Choices {
        let mut choices = vec![Vec::new()];
        while self.at < self.chars.len() && self.chars[self.at] != ')' {
            if self.takes("|") {
                choices.push(Vec::new());
                continue;
            }
            let node = self.node();
            let node = self.repeated(node);
            if let Some(last) = choices.last_mut() {
                last.push(node);
            }
        }
        choices
    }

    fn node(&mut self) -> Node {
        if self.takes("(") {
            return self.group();
        }
        let c = self.chars[self.at];
        self.at += 1;
        match c {
            '^' => Node::Start,
            '$' => Node::End,
            '.' => Node::One(Set {
                negated: true,
                ranges: vec![('\n', '\n')],
            }),
            '[' => Node::One(self.class()),
            '\\' => {
                let escaped = self.chars[self.at];
                self.at += 1;
                match escaped {
                    'b' => Node::WordEdge,
                    'S' => Node::One(Set {
                        negated: true,
                        ranges: escape('s'),
                    }),
                    escaped => Node::One(Set {
                        negated: false,
                        ranges: escape(escaped),
                    }),
                }
            }
            c => Node::One(Set {
                negated: false,
                ranges: vec![(c, c)],
            }),
        }
    }

    fn group(&mut self) -> Node {
        let looks = [
            ("?=", true, true),
            ("?!", true, false),
            ("?<=", false, true),
            ("?<!", false, false),
        ];
        let look = looks.into_iter().find(|(sign, ..)| self.takes(sign));
        let number = if look.is_some() || self.takes("?:") {
            None
        } else {
            self.groups += 1;
            Some(self.groups)
        };
        let choices = self.choices();
        assert!(self.takes(")"), "a group without an end");
        match look {
            Some((_, ahead, wanted)) => Node::Look {
                ahead,
                wanted,
                what: choices,
            },
            None => Node::Group(number, choices),
        }
    }

    fn class(&mut self) -> Set {
        let negated = self.takes("^");
        let mut ranges = Vec::new();
        while self.chars[self.at] != ']' {
            let c = self.chars[self.at];
            self.at += 1;
            if c == '\\' {
                ranges.extend(escape(self.chars[self.at]));
                self.at += 1;
            } else if self.chars[self.at] == '-' && self.chars[self.at + 1] != ']' {
                ranges.push((c, self.chars[self.at + 1]));
                self.at += 2;
            } else {
                ranges.push((c, c));
            }
        }
        self.at += 1;
        Set { negated, ranges }
    }

    fn repeated(&mut self, node: Node) -> Node {
        let (least, most) = if self.takes("*") {
            (0, usize::MAX)
        } else if self.takes("+") {
            (1, usize::MAX)
        } else if self.takes("?") {
            (0, 1)
        } else if self.takes("{") {
            let least = self.number();
            let most = if self.takes(",") {
                self.number()
            } else {
                least
            };
            assert!(self.takes("}"), "a count without an end");
            (least, most.max(least))
        } else {
            return node;
        };
        Node::Repeat {
            what: Box::new(node),
            least,
            most,
        }
    }

    fn number(&mut self) -> usize {
        let mut number = 0;
        while let Some(digit) = self.chars[self.at].to_digit(10) {
            number = number * 10 + digit as usize;
            self.at += 1;
        }
        if number == 0 { usize::MAX } else { number }
    }
}

fn escape(c: char) -> Vec<(char, char)> {
    match c {
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        's' => vec![(' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r')],
        'n' => vec![('\n', '\n')],
        't' => vec![('\t', '\t')],
        c => vec![(c, c)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
        let groups = Pattern::new(pattern).find(text, 0)?;
        let (start, end) = groups[0]?;
        Some(&text[start..end])
    }

    #[test]
    fn finds_what_it_describes() {
        assert_eq!(found(r"\d+m(?:\d+s)?", "age 12m3s."), Some("12m3s"));
        assert_eq!(
            found(r"[0-9a-f]{8}-[0-9a-f]{4}", "x d9fc3011-5df8-"),
            Some("d9fc3011-5df8")
        );
        assert_eq!(found(r"a|bc", "xbc"), Some("bc"));
        assert_eq!(found(r"^b", "ab"), None);
        assert_eq!(found(r"(?:ab)+c", "xababc"), Some("ababc"));
        assert_eq!(
            found(r"\bnode-[123]\b", "anode-1 node-12 node-3"),
            Some("node-3")
        );
        assert_eq!(found(r"[^:]+: +", "Name:   x"), Some("Name:   "));
    }

    #[test]
    fn looks_around() {
        assert_eq!(
            found(r"(?:(?<=^)|(?<=  ))5s(?=\s|$)", "15s  5s"),
            Some("5s")
        );
        assert_eq!(found(r"a(?!b)", "ab a"), Some("a"));
        assert_eq!(found(r"(?<!x)a.", "xa1 a2"), Some("a2"));
    }

    #[test]
    fn replaces_with_groups() {
        let pattern = Pattern::new(r"(Version: +)\d+");
        assert_eq!(
            pattern.replace("Version:  12, Version: 3", r"\10"),
            "Version:  0, Version: 0"
        );
    }
}
