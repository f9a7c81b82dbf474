//! Answers in JSON: `outputConfig` and a forced tool of Converse, and what Bedrock refuses of them.

use crate::bedrock::refusal::Refusal;
use crate::generate::Format;
use crate::{Model, StructuredOutput};
use json_schema::{ProblemKind, Schema};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OutputConfig {
    text_format: Option<TextFormat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TextFormat {
    r#type: String,
    structure: Structure,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Structure {
    json_schema: JsonSchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsonSchema {
    schema: String,
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ToolConfig {
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<ToolChoice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tool {
    tool_spec: ToolSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolSpec {
    name: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    input_schema: InputSchema,
    #[serde(default)]
    strict: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputSchema {
    json: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum ToolChoice {
    Tool(Named),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// The keywords that Amazon Nova takes at the top of a tool's schema ("Defining a tool" in the Amazon Nova user guide).
const NOVA_TAKES: [&str; 3] = ["properties", "required", "type"];

impl OutputConfig {
    /// Checks the schema as Bedrock does; none, where there is none.
    pub(crate) fn check(self, model: &Model) -> Result<Option<Format>, Refusal> {
        let Some(format) = self.text_format else {
            return Ok(None);
        };
        if model.structured_output != StructuredOutput::Native {
            return Err(Refusal::validation(
                "This model doesn't support the outputConfig.textFormat field. Remove outputConfig.textFormat and try again.",
            ));
        }
        if format.r#type != "json_schema" {
            return Err(Refusal::validation(
                "1 validation error detected: Value at 'outputConfig.textFormat.type' failed to satisfy constraint: Member must satisfy enum value set: [json_schema]",
            ));
        }
        let schema = format.structure.json_schema.schema;
        let place = "output_config.format.schema";
        let schema = Schema::parse(&schema).map_err(|problem| {
            Refusal::of_the_model(&format!("{place}: The schema {}", problem.happened()))
        })?;
        check_grammar(&schema, place)?;
        Ok(Some(Format { schema, tool: None }))
    }
}

impl ToolConfig {
    /// Checks the tools as Bedrock does. The stand-in calls a tool where it must, and of one tool alone.
    pub(crate) fn check(self, model: &Model) -> Result<Format, Refusal> {
        if model.structured_output == StructuredOutput::None {
            return Err(Refusal::validation(
                "This model doesn't support tool use. Remove toolConfig and try again.",
            ));
        }
        let Some(ToolChoice::Tool(Named { name: chosen })) = self.tool_choice else {
            return Err(Refusal::validation(
                "bedrock-local, the stand-in for Amazon Bedrock, calls a tool only where toolChoice.tool names it. Name it.",
            ));
        };
        let mut format = None;
        for (at, Tool { tool_spec: tool }) in self.tools.into_iter().enumerate() {
            let schema = tool.check(at, model)?;
            if tool.name == chosen {
                format = Some(Format {
                    schema,
                    tool: Some(tool.name),
                });
            }
        }
        format.ok_or_else(|| {
            Refusal::validation(
                "The value at toolConfig.toolChoice.tool.name is not the name of a tool at toolConfig.tools. Correct it and try again.",
            )
        })
    }
}

impl ToolSpec {
    fn check(&self, at: usize, model: &Model) -> Result<Schema, Refusal> {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(is_of_name) {
            return Err(Refusal::validation(format!(
                "1 validation error detected: Value at 'toolConfig.tools.{at}.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
            )));
        }
        let members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(self.input_schema.json.get()).map_err(|_| {
                Refusal::validation(format!(
                    "The format of the value at toolConfig.tools.{at}.toolSpec.inputSchema.json is invalid. Provide a json object for the field and try again."
                ))
            })?;
        if members.get("type").and_then(|of| of.as_str()) != Some("object") {
            return Err(Refusal::validation(format!(
                "The value at toolConfig.tools.{at}.toolSpec.inputSchema.json.type must be one of the following: object."
            )));
        }
        let surplus = members
            .keys()
            .find(|name| !NOVA_TAKES.contains(&name.as_str()));
        if let Some(surplus) = surplus.filter(|_| model.provider == "Amazon") {
            return Err(Refusal::of_the_model(&format!(
                "Malformed input request: #/toolConfig/tools/{at}/toolSpec/inputSchema/json: extraneous key [{surplus}] is not permitted, please reformat your input and try again."
            )));
        }
        let schema = Schema::parse(self.input_schema.json.get()).map_err(|problem| {
            Refusal::validation(format!(
                "bedrock-local, the stand-in for Amazon Bedrock, makes no value for the schema at toolConfig.tools.{at}: it {}",
                problem.happened()
            ))
        })?;
        if self.strict {
            if model.structured_output != StructuredOutput::Native {
                return Err(Refusal::validation(format!(
                    "This model doesn't support the toolConfig.tools.{at}.toolSpec.strict field. Remove toolConfig.tools.{at}.toolSpec.strict and try again."
                )));
            }
            check_grammar(&schema, &format!("tools.{at}.custom"))?;
        }
        Ok(schema)
    }
}

/// Refuses keywords that constrained decoding has no grammar for, in Bedrock's words where they are known.
fn check_grammar(schema: &Schema, place: &str) -> Result<(), Refusal> {
    let Some(problem) = schema.refused_as_grammar() else {
        return Ok(());
    };
    let message = match problem.kind {
        ProblemKind::Refused(of, keyword) => {
            format!("For '{of}' type, property '{keyword}' is not supported")
        }
        ProblemKind::OpenObject => {
            "For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned()
        }
        _ => format!("Invalid schema: it {}", problem.happened()),
    };
    Err(Refusal::of_the_model(&format!("{place}: {message}")))
}
