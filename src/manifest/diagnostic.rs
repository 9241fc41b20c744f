//! What is wrong with a manifest, and where.

/// One thing wrong with a manifest, in Kubernetes' own words, with its place for the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The column after the last character that it is about; 0 where only the place is known.
    pub end: usize,
    /// What kubectl or the API server says.
    pub message: String,
    /// The path of the field it is about.
    pub path: Option<String>,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
    /// Whether it is accepted all the same.
    pub warning: bool,
}

impl Diagnostic {
    /// A diagnostic at a place, from 1.
    #[must_use]
    pub fn at(line: usize, column: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            line,
            column,
            message: message.into(),
            ..Diagnostic::default()
        }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
