//! date.

use super::options::{Accepts, Options};
use super::text::Made;
use super::{act, usage_line};
use crate::api::Time;

pub(super) fn date(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "uIR",
        values: "d",
        long: &[
            ("utc", 'u'),
            ("date", 'd'),
            ("iso-8601", 'I'),
            ("rfc-3339", 'R'),
        ],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(|text| (text, 1))?;
    if let Some(operand) = options.operands.iter().find(|text| !text.starts_with('+')) {
        return Err((format!("date: invalid date '{operand}'\n"), 1));
    }
    Ok(act(options, |options, cx| {
        let time = match options.value('d') {
            None | Some("now") => cx.now(),
            Some(text) => {
                let seconds = text.strip_prefix('@').and_then(|n| n.parse::<i64>().ok());
                let seconds = seconds.map(|n| Time(n.saturating_mul(1000)));
                match seconds.or_else(|| Time::parse(text)) {
                    Some(time) => time,
                    None => return usage_line(cx, &format!("date: invalid date '{text}'\n"), 1),
                }
            }
        };
        let format = match options.operands.first() {
            Some(format) => &format[1..],
            None if options.has('I') => "%Y-%m-%d",
            None if options.has('R') => "%a, %d %b %Y %H:%M:%S +0000",
            None => "%a %b %e %H:%M:%S UTC %Y",
        };
        let text = print(time, format);
        cx.out.stdout(format!("{text}\n"));
        0
    }))
}

fn print(time: Time, format: &str) -> String {
    let (year, month_number, day, hour, minute, second) = time.civil();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(letter) = chars.next() else {
            out.push('%');
            break;
        };
        let piece = match letter {
            'Y' => format!("{year:04}"),
            'y' => format!("{:02}", year.rem_euclid(100)),
            'm' => format!("{month_number:02}"),
            'd' => format!("{day:02}"),
            'e' => format!("{day:>2}"),
            'H' => format!("{hour:02}"),
            'M' => format!("{minute:02}"),
            'S' => format!("{second:02}"),
            'F' => format!("{year:04}-{month_number:02}-{day:02}"),
            'T' => format!("{hour:02}:{minute:02}:{second:02}"),
            'R' => format!("{hour:02}:{minute:02}"),
            's' => time.0.div_euclid(1000).to_string(),
            'N' => format!("{:09}", time.0.rem_euclid(1000) * 1_000_000),
            'a' => time.weekday_name().to_owned(),
            'b' | 'h' => time.month_name().to_owned(),
            'Z' => "UTC".to_owned(),
            'z' => "+0000".to_owned(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        };
        out.push_str(&piece);
    }
    out
}
