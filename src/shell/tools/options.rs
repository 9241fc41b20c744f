//! The options of the plain tools.

use std::collections::BTreeMap;

/// Options and operands of a command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    flags: BTreeMap<char, Vec<String>>,
    pub(super) operands: Vec<String>,
}

/// What a tool accepts.
pub(super) struct Accepts {
    /// `-n`
    pub(super) flags: &'static str,
    /// `-n value`
    pub(super) values: &'static str,
    /// Long names: `("lines", 'n')`.
    pub(super) long: &'static [(&'static str, char)],
    /// Whether `-5` means `-n 5`.
    pub(super) number: bool,
}

impl Options {
    /// Reads a command line, the first word of which is the tool's name. An error is the whole complaint.
    pub(super) fn read(argv: &[String], accepts: &Accepts) -> Result<Options, String> {
        let tool = argv.first().map_or("", String::as_str);
        let mut options = Options::default();
        let mut words = argv.iter().skip(1);
        while let Some(word) = words.next() {
            if word == "--" {
                options.operands.extend(words.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                options.read_long(tool, long, &mut words, accepts)?;
            } else if let Some(short) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                options.read_short(tool, short, &mut words, accepts)?;
            } else {
                options.operands.push(word.clone());
            }
        }
        Ok(options)
    }

    fn read_long<'a>(
        &mut self,
        tool: &str,
        long: &str,
        words: &mut impl Iterator<Item = &'a String>,
        accepts: &Accepts,
    ) -> Result<(), String> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let Some((_, letter)) = accepts.long.iter().find(|(known, _)| *known == name) else {
            return Err(format!("{tool}: unrecognized option '--{name}'\n"));
        };
        let value = if accepts.values.contains(*letter) {
            value
                .or_else(|| words.next().cloned())
                .ok_or_else(|| format!("{tool}: option '--{name}' requires an argument\n"))?
        } else {
            value.unwrap_or_default()
        };
        self.flags.entry(*letter).or_default().push(value);
        Ok(())
    }

    fn read_short<'a>(
        &mut self,
        tool: &str,
        short: &str,
        words: &mut impl Iterator<Item = &'a String>,
        accepts: &Accepts,
    ) -> Result<(), String> {
        if accepts.number && short.chars().all(|c| c.is_ascii_digit()) {
            self.flags.entry('n').or_default().push(short.to_owned());
            return Ok(());
        }
        for (i, letter) in short.char_indices() {
            if accepts.values.contains(letter) {
                let rest = &short[i + letter.len_utf8()..];
                let value = if rest.is_empty() {
                    words.next().cloned().ok_or_else(|| {
                        format!("{tool}: option requires an argument -- '{letter}'\n")
                    })?
                } else {
                    rest.to_owned()
                };
                self.flags.entry(letter).or_default().push(value);
                return Ok(());
            }
            if !accepts.flags.contains(letter) {
                return Err(format!("{tool}: invalid option -- '{letter}'\n"));
            }
            self.flags.entry(letter).or_default().push(String::new());
        }
        Ok(())
    }

    pub(super) fn has(&self, letter: char) -> bool {
        self.flags.contains_key(&letter)
    }

    /// The last value of an option.
    pub(super) fn value(&self, letter: char) -> Option<&str> {
        self.flags.get(&letter)?.last().map(String::as_str)
    }

    /// Every value of an option.
    pub(super) fn values(&self, letter: char) -> &[String] {
        self.flags.get(&letter).map_or(&[], Vec::as_slice)
    }
}
