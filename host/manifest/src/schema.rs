//! The JSON schema of manifests, for editors and validators.

use crate::manifest::Manifest;

/// Returns the JSON schema of [`Manifest`], as `plugin-manifests/schema.json` holds it.
pub fn manifest_schema() -> String {
    let schema = schemars::schema_for!(Manifest);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
