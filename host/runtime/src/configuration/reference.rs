//! Schema and reference of the configuration, generated from its types.

use super::Configuration;
use serde_json::Value;
use std::fmt::Write as _;

/// The JSON schema of [`Configuration`], for editors and validators.
#[must_use]
pub fn configuration_schema() -> String {
    let schema = schemars::schema_for!(Configuration);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The reference of [`Configuration`] as Markdown: every key with type, default and meaning.
#[must_use]
pub fn configuration_reference() -> String {
    let schema = schemars::schema_for!(Configuration).to_value();
    let mut text = String::from(
        "# `proz.toml`\n\n\
         Generated from the types of `host/runtime/src/configuration`; do not edit. Unknown keys are errors. \
         Paths are relative to the file. [`proz.example.toml`](proz.example.toml) uses every section.\n",
    );
    let mut sections = Vec::new();
    text.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
    for (key, property) in properties(&schema) {
        let target = resolve(&schema, property);
        let is_section = !properties(target).is_empty();
        if is_section {
            sections.push((format!("[{key}]"), property, target));
        } else if let Some(items) = property.get("items").map(|items| resolve(&schema, items))
            && !properties(items).is_empty()
        {
            sections.push((format!("[[{key}]]"), property, items));
        }
        row(&mut text, &schema, &schema, key, property);
    }
    for (heading, property, section) in sections {
        let meaning = description(property).or_else(|| description(section));
        let _ = write!(
            text,
            "\n## `{heading}`\n\n{}\n",
            meaning.unwrap_or_default()
        );
        text.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
        for (key, property) in properties(section) {
            row(&mut text, &schema, section, key, property);
        }
    }
    text
}

fn row(text: &mut String, schema: &Value, parent: &Value, key: &str, property: &Value) {
    let required = parent.get("required").and_then(Value::as_array);
    let is_required = required.is_some_and(|keys| keys.iter().any(|k| k == key));
    let default = match property.get("default") {
        _ if is_required => "required".to_owned(),
        Some(Value::Object(_)) | None => "–".to_owned(),
        Some(value) => format!("`{value}`"),
    };
    let target = resolve(schema, property);
    let meaning = description(property).or_else(|| description(target));
    let _ = writeln!(
        text,
        "| `{key}` | {} | {default} | {} |",
        kind(schema, property),
        meaning.unwrap_or_default().replace('|', "\\|")
    );
}

fn kind(schema: &Value, property: &Value) -> String {
    let target = resolve(schema, property);
    if let Some(choices) = target.get("oneOf").and_then(Value::as_array) {
        let names = choices.iter().filter_map(|c| c.get("const")?.as_str());
        return names
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if !properties(target).is_empty() {
        return "table, below".to_owned();
    }
    if let Some(forms) = target.get("anyOf").and_then(Value::as_array) {
        let forms = forms.iter().map(|form| match form.get("properties") {
            Some(_) => "table".to_owned(),
            None => kind(schema, form),
        });
        return forms.collect::<Vec<_>>().join(" or ");
    }
    let name = match target.get("type") {
        Some(Value::Array(types)) => types.first().and_then(Value::as_str),
        Some(one) => one.as_str(),
        None => None,
    };
    match name {
        Some("array") => {
            let items = target.get("items").map(|items| kind(schema, items));
            format!("list of {}", items.unwrap_or_default())
        }
        Some("object") => "table".to_owned(),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

/// Follows references to the definition that they name.
fn resolve<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let Some(reference) = property.get("$ref").and_then(Value::as_str) else {
        return property;
    };
    let target = schema.pointer(reference.trim_start_matches('#'));
    target.map_or(property, |target| resolve(schema, target))
}

fn properties(schema: &Value) -> Vec<(&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map_or_else(Vec::new, |map| {
        map.iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect()
    })
}

fn description(schema: &Value) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    let words: Vec<_> = text.split_whitespace().collect();
    Some(words.join(" "))
}
