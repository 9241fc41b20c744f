use super::*;

fn json(text: &str) -> String {
    match read_documents(text) {
        Ok(documents) => documents
            .iter()
            .map(|d| d.tree.to_go_json())
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("{}:{} {}", error.line, error.column, error.message),
    }
}

#[test]
fn trees() {
    assert_eq!(
        json("a: yes\nb: [1, 0x10]\n1: x\n"),
        r#"{"1":"x","a":true,"b":[1,16]}"#
    );
    assert_eq!(json("a: !!str 80\nb: '80'\n"), r#"{"a":"80","b":"80"}"#);
    assert_eq!(
        json("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n"),
        r#"{"a":{"k":1,"l":2},"b":{"k":1,"l":3}}"#
    );
    assert_eq!(json("a: 1\n---\n# none\n---\nb: 2\n"), r#"{"a":1} {"b":2}"#);
    assert_eq!(json("{\"a\": 1}\n{\"b\": 2}\n"), r#"{"a":1} {"b":2}"#);
    assert_eq!(json("{'a': 1,}\n"), r#"{"a":1}"#);
    assert_eq!(json("a: 1\na: 2\n"), r#"{"a":2}"#);
    assert_eq!(json("\u{feff}a: 1\n"), r#"{"a":1}"#);
}

#[test]
fn errors_name_go_yamls_lines() {
    assert_eq!(
        json("a: 1\nb 2\nc: 3\n"),
        "2:1 error converting YAML to JSON: yaml: line 3: could not find expected ':'"
    );
    assert_eq!(
        json("a: 1\n---\nb: 1\n  c: 2\n"),
        "4:4 error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context"
    );
    assert_eq!(
        json("`x`\n"),
        "1:1 error converting YAML to JSON: yaml: found character that cannot start any token"
    );
    assert_eq!(
        json("a: *x\n"),
        "1:4 error converting YAML to JSON: yaml: unknown anchor 'x' referenced"
    );
    assert_eq!(
        json("a: &x [*x]\n"),
        "1:8 error converting YAML to JSON: yaml: anchor 'x' value contains itself"
    );
    assert_eq!(
        json("a: .inf\n"),
        "1:4 error converting YAML to JSON: json: unsupported value: +Inf"
    );
    assert_eq!(
        json("a: 1\n--- next\n"),
        "2:1 invalid Yaml document separator: next"
    );
}

#[test]
fn explosions_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let row = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{row}]\n"));
    }
    assert!(json(&bomb).ends_with("yaml: document contains excessive aliasing"));
    let deep = format!("a: {}", "[".repeat(5000));
    assert!(json(&deep).contains("exceeded max depth"));
    let deep = format!("{{\"a\": {}", "[".repeat(5000));
    assert!(json(&deep).contains("exceeded max depth"));
    assert!(json(&"a".repeat(MAX_BYTES + 1)).contains("too large"));
}

#[test]
fn places_of_fields() {
    let text = "# c\nkind: X\n---\nspec:\n  list:\n  - name: a\n    app.kubernetes.io/name: b\n";
    let documents = read_documents(text).unwrap();
    let positions = &documents[1].positions;
    let at = |path: &str| {
        positions
            .get(path)
            .map(|p| (p.line, p.column, p.value_line, p.value_column))
    };
    assert_eq!(at("spec.list[0].name"), Some((6, 5, 6, 11)));
    assert_eq!(
        at("spec.list[0][app.kubernetes.io/name]"),
        Some((7, 5, 7, 29))
    );
    assert_eq!(at("spec.list"), Some((5, 3, 6, 3)));
    let nearest = positions.nearest("spec.list[0].image");
    assert_eq!((nearest.line, nearest.column), (6, 5));
    assert_eq!((documents[0].line, documents[1].line), (2, 4));
}
