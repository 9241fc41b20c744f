//! What `create configmap` and `create secret generic` put in: files, folders, literals, files of variables.
//! `kubectl/pkg/cmd/create/{create_configmap,create_secret}.go`, `kubectl/pkg/util/{util,env_file}.go`

use crate::api::{Kind, Map};
use crate::kubectl::cli::Cli;
use crate::kubectl::failure::Failure;
use crate::manifest::config_key_faults;
use crate::shell::{Context, files};

/// Keys and texts that the flags of a command name.
///
/// # Errors
/// kubectl's words.
pub fn gathered(cx: &Context<'_>, cli: &Cli, kind: Kind, name: &str) -> Result<Map, Failure> {
    let flags = &cli.flags;
    let (sources, literals) = (flags.list("from-file"), flags.list("from-literal"));
    let variables = flags.list("from-env-file");
    let others = !sources.is_empty() || !literals.is_empty();
    if others && !variables.is_empty() {
        return Err(Failure::error(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    let mut data = Data {
        kind,
        name,
        map: Map::default(),
    };
    for source in sources {
        data.take_source(cx, source)?;
    }
    for literal in literals {
        let pair = literal.split_once('=').filter(|(key, _)| !key.is_empty());
        let (key, value) = pair.ok_or_else(|| {
            Failure::error(format!(
                "invalid literal source {literal}, expected key=value"
            ))
        })?;
        data.put(key, value)?;
    }
    for file in variables {
        data.take_variables(cx, file)?;
    }
    Ok(data.map)
}

struct Data<'a> {
    kind: Kind,
    name: &'a str,
    map: Map,
}

impl Data<'_> {
    fn put(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        if let Some(fault) = config_key_faults(key).into_iter().next() {
            return Err(Failure::error(match self.kind {
                Kind::ConfigMap => {
                    format!("\"{key}\" is not a valid key name for a ConfigMap: {fault}")
                }
                _ => format!("\"{key}\" is not valid key name for a Secret {fault}"),
            }));
        }
        if self.map.insert(key, value).is_some() {
            return Err(Failure::error(match self.kind {
                Kind::ConfigMap => format!(
                    "cannot add key \"{key}\", another key by that name already exists in Data for ConfigMap \"{}\"",
                    self.name
                ),
                _ => format!("cannot add key {key}, another key by that name already exists"),
            }));
        }
        Ok(())
    }

    /// `file`, `key=file`, `folder`
    fn take_source(&mut self, cx: &Context<'_>, source: &str) -> Result<(), Failure> {
        let (key, path) = match source.split_once('=') {
            None => (None, source),
            Some(("", path)) => {
                return Err(Failure::error(format!(
                    "key name for file path {path} missing"
                )));
            }
            Some((key, "")) => {
                return Err(Failure::error(format!(
                    "file path for key name {key} missing"
                )));
            }
            Some((_, path)) if path.contains('=') => {
                return Err(Failure::error("key names or file paths cannot contain '='"));
            }
            Some((key, path)) => (Some(key), path),
        };
        if !files::is_directory(cx, path) {
            return self.put(key.unwrap_or(files::base(path)), &read(cx, path)?);
        }
        if key.is_some() {
            return Err(Failure::error(
                "cannot give a key name for a directory path",
            ));
        }
        for entry in files::list(cx, path).unwrap_or_default() {
            if !entry.directory {
                let file = format!("{}/{}", path.trim_end_matches('/'), entry.name);
                self.put(&entry.name, &read(cx, &file)?)?;
            }
        }
        Ok(())
    }

    /// A file of `KEY=value` lines; a key alone stands for the variable of the shell.
    fn take_variables(&mut self, cx: &Context<'_>, file: &str) -> Result<(), Failure> {
        if files::is_directory(cx, file) {
            return Err(Failure::error("env config file cannot be a directory"));
        }
        for line in read(cx, file)?.lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = match line.split_once('=') {
                Some((key, value)) => (key, value),
                None => (line, cx.env.variable(line).unwrap_or_default()),
            };
            check_variable(key)?;
            self.put(key, value)?;
        }
        Ok(())
    }
}

/// The name of an environment variable.
///
/// # Errors
/// kubectl's words for one that is none.
pub fn check_variable(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let starts = name.starts_with(|c: char| fits(c) && !c.is_ascii_digit());
    if starts && name.chars().all(fits) {
        return Ok(());
    }
    Err(Failure::error(format!(
        "\"{name}\" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
    )))
}

fn read(cx: &Context<'_>, name: &str) -> Result<String, Failure> {
    files::read(cx, name)
        .map(|text| text.to_string())
        .map_err(|why| {
            let why = why.to_string().to_ascii_lowercase();
            Failure::error(format!("error reading {name}: {why}"))
        })
}

/// Whether a text is a reference to an image: a registry, a path in small letters, a tag, a digest.
/// `distribution/reference`
pub fn is_image(text: &str) -> bool {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let hex = |digest: &str| digest.len() >= 32 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    if digest.is_some_and(|digest| {
        !digest
            .split_once(':')
            .is_some_and(|(_, digits)| hex(digits))
    }) {
        return false;
    }
    let after_registry = rest.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match rest
        .get(after_registry..)
        .unwrap_or_default()
        .split_once(':')
    {
        Some((last, tag)) => (
            rest.get(..after_registry + last.len()).unwrap_or_default(),
            Some(tag),
        ),
        None => (rest, None),
    };
    let tag_fits = |tag: &str| {
        !tag.is_empty()
            && tag.len() <= 128
            && !tag.starts_with(['.', '-'])
            && tag
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    if tag.is_some_and(|tag| !tag_fits(tag)) {
        return false;
    }
    let mut parts = path.split('/').peekable();
    let first = parts.peek().copied().unwrap_or_default();
    let is_registry = path.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    if is_registry {
        parts.next();
    }
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    parts.all(|part| {
        part.starts_with(edge)
            && part.ends_with(edge)
            && part.chars().all(|c| edge(c) || "._-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_images() {
        for good in [
            "nginx",
            "nginx:1.27",
            "registry.k8s.io/nginx-slim:0.21",
            "localhost:5000/a/b:c",
            "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert!(is_image(good), "{good}");
        }
        for bad in ["", "bad image", "NGINX", "a:b:c", "a/", "a:", "a@x"] {
            assert!(!is_image(bad), "{bad}");
        }
    }
}
