//! What is said on the screen: a message of the texts catalogue and what fills its slots.

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// A language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Language {
    /// `en`, `ko`: the BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ko => "ko",
        }
    }

    /// An age of kubectl (`3m21s`) in words of the language, for prose.
    #[must_use]
    pub fn age(self, age: &str) -> String {
        if self == Language::En {
            return age.to_owned();
        }
        let mut words = String::new();
        for c in age.chars() {
            match c {
                's' => words.push_str("초 "),
                'm' => words.push_str("분 "),
                'h' => words.push_str("시간 "),
                'd' => words.push_str("일 "),
                'y' => words.push_str("년 "),
                other => words.push(other),
            }
        }
        words.trim_end().to_owned()
    }

    /// The language of a BCP 47 tag such as `ko-KR`; English for any that is not spoken here.
    #[must_use]
    pub fn of_tag(tag: &str) -> Language {
        match tag.split('-').next() {
            Some("ko") => Language::Ko,
            _ => Language::En,
        }
    }
}

/// A message and what fills its slots. Which language it is said in is decided when it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    index: u16,
    slots: Vec<(&'static str, String)>,
}

/// A stretch of a message: plain text, or code (a name, a field, a command).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether it is code.
    pub code: bool,
    /// The text.
    pub text: String,
}

/// Texts of a language from some index on, and what they are for some values of a slot.
type Texts = (
    &'static [&'static str],
    &'static [(u16, &'static str, &'static str, &'static str)],
);

/// The texts that the first load leaves out: only the code of this function may point to them, so it must stay a
/// function, and the compiler must not see through what it returns.
#[inline(never)]
fn second_language() -> Texts {
    std::hint::black_box((&KO, &KO_CASES))
}

/// English texts that the first load leaves out likewise.
#[inline(never)]
fn later() -> Texts {
    std::hint::black_box((&EN_LATER, &EN_LATER_CASES))
}

impl Say {
    fn new(index: u16, slots: Vec<(&'static str, String)>) -> Say {
        Say { index, slots }
    }

    /// The message with this id, which begins with `why-`; none if the catalogue has no such id.
    #[must_use]
    pub fn why(id: &str, slots: Vec<(&'static str, String)>) -> Option<Say> {
        let at = WHY.binary_search_by(|(known, _)| (*known).cmp(id)).ok()?;
        Some(Say::new(WHY.get(at)?.1, slots))
    }

    /// The id of a message that says why; none of any other.
    #[must_use]
    pub fn why_id(&self) -> Option<&'static str> {
        let found = WHY.iter().find(|(_, index)| *index == self.index);
        found.map(|(id, _)| *id)
    }

    /// The id of the message.
    #[cfg(test)]
    pub(crate) fn id(&self) -> &'static str {
        IDS[usize::from(self.index)]
    }

    /// The message with its slots still in it.
    fn template(&self, language: Language) -> &'static str {
        let index = usize::from(self.index);
        let ((texts, cases), from): (Texts, usize) = match language {
            Language::En if index < EN.len() => ((&EN, &EN_CASES), 0),
            Language::En => (later(), EN.len()),
            Language::Ko => (second_language(), 0),
        };
        let case = cases.iter().find(|(index, slot, value, _)| {
            *index == self.index
                && self
                    .slots
                    .iter()
                    .any(|(name, is)| name == slot && is == value)
        });
        match case {
            Some((_, _, _, text)) => text,
            None => texts.get(index - from).copied().unwrap_or(""),
        }
    }

    /// The message in a language, its code apart from its prose. What fills a slot is never read as markup.
    #[must_use]
    pub fn parts(&self, language: Language) -> Vec<Part> {
        self.template(language)
            .split('`')
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
            .map(|(index, text)| Part {
                code: index % 2 == 1,
                text: self.fill(text),
            })
            .collect()
    }

    /// The message in a language as plain text.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        self.parts(language)
            .into_iter()
            .map(|part| part.text)
            .collect()
    }

    /// The slots of the message that nothing fills.
    #[cfg(test)]
    pub(crate) fn unfilled(&self, language: Language) -> Vec<&'static str> {
        let template = self.template(language);
        let slots = template
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next());
        slots
            .filter(|slot| !self.slots.iter().any(|(name, _)| name == slot))
            .collect()
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            if let Some((_, value)) = self.slots.iter().find(|(name, _)| *name == slot) {
                filled.push_str(value);
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_code_is_apart() {
        let say = t::why_wait_ready_to_create("web-1", "web-0");
        assert_eq!(
            say.text(Language::En),
            "Waiting for web-0 to be Ready before creating web-1."
        );
        let parts = say.parts(Language::Ko);
        assert_eq!(
            parts[0],
            Part {
                code: true,
                text: "web-0".to_owned()
            }
        );
    }

    #[test]
    fn the_number_in_a_slot_chooses_the_text() {
        assert_eq!(t::pod_restarts(1).text(Language::En), "1 restart");
        assert_eq!(t::pod_restarts(2).text(Language::En), "2 restarts");
        assert_eq!(t::pod_restarts(1).text(Language::Ko), "재시작 1회");
    }

    #[test]
    fn what_fills_a_slot_is_not_markup() {
        let say = t::why_wait_ready("a`{pod}`b");
        assert_eq!(say.parts(Language::En)[1].text, "a`{pod}`b");
    }

    #[test]
    fn ages_in_words() {
        assert_eq!(Language::En.age("3m21s"), "3m21s");
        assert_eq!(Language::Ko.age("3m21s"), "3분 21초");
    }

    #[test]
    fn a_browsers_language_decides() {
        assert_eq!(Language::of_tag("ko-KR"), Language::Ko);
        assert_eq!(Language::of_tag("kok"), Language::En);
        assert_eq!(Language::of_tag(""), Language::En);
    }
}
