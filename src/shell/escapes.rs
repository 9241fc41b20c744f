//! Backslash escapes of `$'…'`, `echo -e` and `printf`.

/// The text with its escapes replaced, as in `$'…'`.
pub(super) fn ansi(raw: &str) -> String {
    let mut out = String::new();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match one(&mut chars, false) {
            Escape::Char(c) => out.push(c),
            Escape::Stop => break,
            Escape::Unknown(Some(c @ ('\'' | '"' | '?'))) => out.push(c),
            Escape::Unknown(c) => {
                out.push('\\');
                out.extend(c);
            }
        }
    }
    out
}

/// The text of `echo -e` and of `%b`; the flag says whether `\c` ended all output.
pub(super) fn echo(raw: &str) -> (String, bool) {
    let mut out = String::new();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match one(&mut chars, true) {
            Escape::Char(c) => out.push(c),
            Escape::Stop => return (out, true),
            Escape::Unknown(c) => {
                out.push('\\');
                out.extend(c);
            }
        }
    }
    (out, false)
}

/// What stands after a backslash.
pub(super) enum Escape {
    Char(char),
    /// `\c`
    Stop,
    Unknown(Option<char>),
}

/// Reads what stands after a backslash. `zero`: octal numbers begin with 0, as in `echo -e`.
pub(super) fn one(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, zero: bool) -> Escape {
    let Some(c) = chars.next() else {
        return Escape::Unknown(None);
    };
    Escape::Char(match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' | 'E' => '\u{1b}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '\\' => '\\',
        'c' => return Escape::Stop,
        'x' => match number(chars, 16, 2) {
            Some(code) => code,
            None => return Escape::Unknown(Some('x')),
        },
        'u' => number(chars, 16, 4).unwrap_or('\u{fffd}'),
        '0' if zero => number(chars, 8, 3).unwrap_or('\0'),
        '0'..='7' if !zero => {
            let first = c.to_digit(8).unwrap_or(0);
            octal(chars, first)
        }
        other => return Escape::Unknown(Some(other)),
    })
}

fn octal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, first: u32) -> char {
    let mut code = first;
    for _ in 0..2 {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else {
            break;
        };
        chars.next();
        code = code * 8 + digit;
    }
    char::from_u32(code).unwrap_or('\u{fffd}')
}

fn number(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    base: u32,
    digits: usize,
) -> Option<char> {
    let mut code = None;
    for _ in 0..digits {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(base)) else {
            break;
        };
        chars.next();
        code = Some(code.unwrap_or(0) * base + digit);
    }
    code.map(|code| char::from_u32(code).unwrap_or('\u{fffd}'))
}
