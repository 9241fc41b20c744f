//! libyaml's events, safely. The only unsafe code of the crate.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::raw::c_char;
use std::ptr::addr_of_mut;
use unsafe_libyaml as unsafe_yaml;

/// A place in the text, counted from 0, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
}

/// What libyaml saw.
#[derive(Debug)]
pub enum Event {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar(Scalar),
    SequenceStart { anchor: Option<String> },
    SequenceEnd,
    MappingStart { anchor: Option<String> },
    MappingEnd,
}

/// A scalar as written.
#[derive(Debug)]
pub struct Scalar {
    pub anchor: Option<String>,
    pub tag: Option<String>,
    pub text: String,
    /// Written without quotes and without a tag: its type is guessed from its text.
    pub plain: bool,
}

/// Why libyaml stopped.
#[derive(Debug)]
pub struct Failure {
    pub problem: String,
    /// Found by the scanner, not by the parser: go-yaml counts the lines of the two differently.
    pub scanner: bool,
    pub problem_mark: Mark,
    pub context_mark: Mark,
}

/// A parser over a text.
pub struct Parser<'a> {
    // On the heap, as libyaml keeps pointers into itself.
    parser: Box<MaybeUninit<unsafe_yaml::yaml_parser_t>>,
    _text: &'a str,
}

impl<'a> Parser<'a> {
    /// A parser over `text`.
    pub fn new(text: &'a str) -> Parser<'a> {
        let mut parser = Box::new(MaybeUninit::<unsafe_yaml::yaml_parser_t>::uninit());
        // SAFETY: initialize writes the whole struct; the text outlives the parser by `'a`; the box never moves.
        unsafe {
            let at = parser.as_mut_ptr();
            let _ = unsafe_yaml::yaml_parser_initialize(at);
            unsafe_yaml::yaml_parser_set_encoding(at, unsafe_yaml::YAML_UTF8_ENCODING);
            unsafe_yaml::yaml_parser_set_input_string(at, text.as_ptr(), text.len() as u64);
        }
        Parser {
            parser,
            _text: text,
        }
    }

    /// The next event and where it starts and ends.
    pub fn next(&mut self) -> Result<(Event, Mark), Failure> {
        loop {
            let mut event = MaybeUninit::<unsafe_yaml::yaml_event_t>::uninit();
            // SAFETY: the parser was initialized; parse writes the event whenever it succeeds, and the
            // event is deleted exactly once, after its strings were copied.
            let found = unsafe {
                if unsafe_yaml::yaml_parser_parse(self.parser.as_mut_ptr(), event.as_mut_ptr()).fail
                {
                    return Err(self.failure());
                }
                let found = copy(&*event.as_ptr());
                unsafe_yaml::yaml_event_delete(event.as_mut_ptr());
                found
            };
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    fn failure(&self) -> Failure {
        // SAFETY: the parser was initialized; the problem is a literal of libyaml's or null.
        unsafe {
            let parser = &*self.parser.as_ptr();
            let problem = if parser.problem.is_null() {
                "unknown problem parsing YAML content".to_owned()
            } else {
                CStr::from_ptr(parser.problem.cast::<c_char>())
                    .to_string_lossy()
                    .into_owned()
            };
            Failure {
                problem,
                scanner: parser.error == unsafe_yaml::YAML_SCANNER_ERROR,
                problem_mark: mark(&parser.problem_mark),
                context_mark: mark(&parser.context_mark),
            }
        }
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: initialized in `new`, deleted once.
        unsafe { unsafe_yaml::yaml_parser_delete(addr_of_mut!(*self.parser).cast()) }
    }
}

fn mark(mark: &unsafe_yaml::yaml_mark_t) -> Mark {
    Mark {
        line: mark.line as usize,
        column: mark.column as usize,
    }
}

/// Copies a zero-terminated string of libyaml's.
///
/// # Safety
/// `at` is null or points to a zero-terminated string.
unsafe fn text(at: *const u8) -> Option<String> {
    if at.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    let text = unsafe { CStr::from_ptr(at.cast::<c_char>()) };
    Some(text.to_string_lossy().into_owned())
}

/// Copies an event; `None` for those of no interest.
///
/// # Safety
/// `event` was written by libyaml and not yet deleted.
unsafe fn copy(event: &unsafe_yaml::yaml_event_t) -> Option<(Event, Mark)> {
    // SAFETY: the member of the union read is the one that the event's type names.
    let copied = unsafe {
        match event.type_ {
            unsafe_yaml::YAML_STREAM_END_EVENT | unsafe_yaml::YAML_NO_EVENT => Event::StreamEnd,
            unsafe_yaml::YAML_DOCUMENT_START_EVENT => Event::DocumentStart,
            unsafe_yaml::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd,
            unsafe_yaml::YAML_ALIAS_EVENT => {
                Event::Alias(text(event.data.alias.anchor).unwrap_or_default())
            }
            unsafe_yaml::YAML_SCALAR_EVENT => {
                let scalar = &event.data.scalar;
                let bytes = if scalar.value.is_null() {
                    &[]
                } else {
                    std::slice::from_raw_parts(scalar.value, scalar.length as usize)
                };
                Event::Scalar(Scalar {
                    anchor: text(scalar.anchor),
                    tag: text(scalar.tag),
                    text: String::from_utf8_lossy(bytes).into_owned(),
                    plain: scalar.plain_implicit,
                })
            }
            unsafe_yaml::YAML_SEQUENCE_START_EVENT => Event::SequenceStart {
                anchor: text(event.data.sequence_start.anchor),
            },
            unsafe_yaml::YAML_SEQUENCE_END_EVENT => Event::SequenceEnd,
            unsafe_yaml::YAML_MAPPING_START_EVENT => Event::MappingStart {
                anchor: text(event.data.mapping_start.anchor),
            },
            unsafe_yaml::YAML_MAPPING_END_EVENT => Event::MappingEnd,
            _ => return None,
        }
    };
    Some((copied, mark(&event.start_mark)))
}
