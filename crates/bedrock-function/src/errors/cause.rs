//! The causes of failed calls, as far as Bedrock's answers tell them apart, and the sentences for each. The
//! replies and the table in the documentation both take them from here.

use std::time::Duration;

use super::ErrorCode;

/// What is filled into the sentences of a cause.
#[derive(Clone, Debug, Default)]
pub struct Details<'a> {
    /// The model that was asked.
    pub model: &'a str,
    /// How long the call had taken when it failed.
    pub waited: Duration,
    /// The part of the schema that an answer does not satisfy, as keyword and place.
    pub violation: String,
    /// Why the model stopped.
    pub stop_reason: &'a str,
}

/// One row to a cause: its name, the code that it is reported under, what happened, what to do.
/// `{model}`, `{waited}` (seconds), `{violation}` and `{stopReason}` are filled in.
macro_rules! causes {
    ($($cause:ident: $code:ident, $happened:literal, $remedy:literal;)*) => {
        /// Why a call failed. Several causes share a code: Bedrock's messages tell them apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Cause {
            $(#[doc = $happened] $cause,)*
        }

        impl Cause {
            /// Every cause, in the order of the documentation's table.
            pub const ALL: &'static [Self] = &[$(Self::$cause),*];

            /// The code that it is reported under, but for agreements and forms, which AWS also
            /// reports under codes that are not theirs.
            #[must_use]
            pub fn code(self) -> ErrorCode {
                match self { $(Self::$cause => ErrorCode::$code,)* }
            }

            /// What happened, and what to do, with the placeholders as they stand.
            #[must_use]
            pub fn sentences(self) -> (&'static str, &'static str) {
                match self { $(Self::$cause => ($happened, $remedy),)* }
            }
        }
    };
}

causes! {
    ProfileRequired: ValidationException,
        "Bedrock does not serve {model} by its bare id.",
        "Use the id of an inference profile that contains it, for instance one that begins with jp., apac. or global.";
    UnknownModel: ValidationException,
        "Bedrock knows no model {model} in this region.",
        "Check the id and the region, and deploy with one that models.json lists: make deploy MODEL=…";
    InputTooLong: ValidationException,
        "The prompt is longer than {model} takes.",
        "Shorten the prompt, the system prompt or the earlier messages.";
    BlankText: ValidationException,
        "A text of the event is blank: the prompt, system or one of messages.",
        "Send some text in each.";
    TooManyTokensWanted: ValidationException,
        "maxTokens is more than {model} can answer with.",
        "Ask for fewer; models.json has each model's maximum.";
    ParameterRefused: ValidationException,
        "{model} does not take one of temperature, topP and stopSequences, or not in this combination.",
        "Leave it out of the event.";
    TierRefused: ValidationException,
        "Bedrock does not serve {model} in its flexible tier.",
        "Send \"serviceTier\": \"default\", deploy without SERVICE_TIER=flex, or choose another model.";
    SchemaRefused: ValidationException,
        "Bedrock refused the schema of the event for {model}.",
        "Simplify it; docs/schema.md lists what Bedrock takes.";
    ProviderBlocked: ValidationException,
        "The provider of {model} does not serve this AWS account.",
        "Choose a model of another provider, or ask AWS Support why.";
    OperationNotAllowed: ValidationException,
        "Bedrock does not allow this AWS account to call {model}.",
        "Have someone with AWS Marketplace permissions call the model once, or ask AWS Support; new accounts are often restricted for a time.";
    RequestRefused: ValidationException,
        "Bedrock refused the request for {model} as invalid.",
        "Check the parameters of the event; docs/operate.md tells how to see Bedrock's own words.";
    RoleLacksModel: AccessDeniedException,
        "The function's role may not call {model}.",
        "Deploy again with this model among those granted: make deploy MODEL=…";
    RoleLacksDestinationRegion: AccessDeniedException,
        "The function's role may not call {model} in one of the regions that its inference profile routes to.",
        "Compare destinationRegions in models.json with what `aws bedrock get-inference-profile` lists, and deploy again: make deploy MODEL=…";
    OrganizationPolicy: AccessDeniedException,
        "A policy of your AWS organization denies the call of {model}.",
        "Ask whoever keeps its service control policies to allow bedrock:InvokeModel in every region that the model routes to.";
    MarketplaceAgreement: AccessDeniedException,
        "This AWS account has no AWS Marketplace agreement for {model}.",
        "Have someone with the permissions aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions call the model once; it takes effect within minutes.";
    ModelAccess: AccessDeniedException,
        "This AWS account has no access to {model}.",
        "Have an administrator call the model once in the Bedrock console's playground, or choose another model.";
    AccessDenied: AccessDeniedException,
        "Bedrock denied the call of {model}.",
        "Check that the function's role was deployed for this model, and that no policy of the account, the organization or a VPC endpoint denies it.";
    CredentialsExpired: ExpiredTokenException,
        "The function's temporary credentials have expired.",
        "On AWS, call again; on your own machine, sign in again (`aws sso login`).";
    CredentialsRefused: UnrecognizedClientException,
        "AWS did not accept the function's credentials.",
        "Check the access key, its secret, the region and the machine's clock.";
    CredentialsMissing: CredentialsMissing,
        "The function found no AWS credentials in its environment.",
        "On AWS they come from the function's role; on your own machine set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    EndOfLife: ResourceNotFoundException,
        "{model} has reached its end of life; Bedrock answers no call of it.",
        "Deploy with one that models.json lists as active: make deploy MODEL=…";
    LegacyAndIdle: ResourceNotFoundException,
        "{model} is a legacy model, closed to accounts that have not used it lately.",
        "Deploy with one that models.json lists as active: make deploy MODEL=…";
    UseCaseForm: ResourceNotFoundException,
        "The provider's use-case form for {model} has not been submitted for this AWS account.",
        "Fill it out once in the Bedrock console (open the model in the model catalog), and try again after 15 minutes.";
    ModelNotFound: ResourceNotFoundException,
        "Bedrock did not find {model} for this account and region.",
        "Check the id and the region, and choose a model that models.json lists as active.";
    TooManyRequests: ThrottlingException,
        "Bedrock throttled the call of {model}: too many requests.",
        "Try again later and send fewer at a time, or ask for a higher quota of requests per minute.";
    TooManyTokens: ThrottlingException,
        "Bedrock throttled the call of {model}: too many tokens.",
        "Try again later, lower maxTokens, or ask for a higher quota of tokens.";
    Throttled: ThrottlingException,
        "Bedrock throttled the call of {model}.",
        "Try again later, or ask for a higher quota.";
    ModelNotReady: ModelNotReadyException,
        "{model} is not ready yet.",
        "Try again in a minute.";
    QuotaUsedUp: ServiceQuotaExceededException,
        "A Bedrock quota of this account is used up for {model}.",
        "Try again later, or ask for a higher quota in the Service Quotas console.";
    ModelFailed: ModelErrorException,
        "{model} failed while it processed the request.",
        "Try again; if it fails each time, change the prompt or the model.";
    ServiceFailed: InternalServerException,
        "Bedrock failed while it processed the request for {model}.",
        "Try again later.";
    NoCapacity: ServiceUnavailableException,
        "Bedrock has no capacity for {model} right now.",
        "Try again later, or choose a model that routes to more regions.";
    HostNotFound: ConnectionFailed,
        "The host name of Bedrock was not found.",
        "Check the region and AWS_ENDPOINT_URL_BEDROCK_RUNTIME, and in a VPC its DNS settings.";
    CertificateRefused: ConnectionFailed,
        "The TLS certificate of Bedrock's endpoint was not accepted.",
        "Check AWS_ENDPOINT_URL_BEDROCK_RUNTIME; behind a proxy that inspects TLS, set AWS_CA_BUNDLE to its certificates.";
    ConnectionRefused: ConnectionFailed,
        "The connection to Bedrock could not be opened.",
        "Check AWS_ENDPOINT_URL_BEDROCK_RUNTIME, and in a VPC that the function has a route to Bedrock (NAT or VPC endpoint).";
    ConnectionBroken: ConnectionFailed,
        "The connection to Bedrock broke before the answer of {model} was whole.",
        "Try again.";
    ModelTimedOut: ModelTimeoutException,
        "{model} took longer than Bedrock allows.",
        "Shorten the prompt or lower maxTokens.";
    DeadlineExceeded: DeadlineExceeded,
        "{model} had not answered after {waited} seconds, when the time for this invocation was over.",
        "Raise the function's time-out, lower maxTokens, or choose a faster model.";
    NoTimeLeft: DeadlineExceeded,
        "Too little time was left of this invocation to ask {model}.",
        "Raise the function's time-out.";
    AnswerViolatesSchema: SchemaNotSatisfied,
        "The answer of {model} does not satisfy the schema of the event: {violation}.",
        "Say in the prompt or in a description what is wanted there, let it be asked again with schemaRetries, or choose another model.";
    AnswerNotJson: SchemaNotSatisfied,
        "The answer of {model} is not JSON, though the event has a schema.",
        "Let it be asked again with schemaRetries, or choose another model.";
    AnswerCut: SchemaNotSatisfied,
        "The answer of {model} was cut before its JSON was whole: {stopReason}.",
        "Where that is max_tokens, raise maxTokens, or ask for less.";
    AnswerCutByTime: DeadlineExceeded,
        "The time of this invocation was over before the JSON of {model} was whole.",
        "Raise the function's time-out, or lower maxTokens.";
    AnswerTooLarge: AnswerTooLarge,
        "The model's answer is larger than the 6 MB that Lambda returns.",
        "Lower maxTokens, or ask for less.";
    TaskAnswerTooLarge: AnswerTooLarge,
        "The model's answer is larger than the 256 KB that a task of Step Functions returns.",
        "Lower maxTokens, or ask for less.";
    Unknown: InternalError,
        "An error occurred",
        "";
}

impl Cause {
    /// What the reply says: what happened, and what to do.
    #[must_use]
    pub fn message(self, details: &Details<'_>) -> String {
        let (happened, remedy) = self.sentences();
        let text = match remedy {
            "" => happened.to_owned(),
            remedy => format!("{happened} {remedy}"),
        };
        text.replace("{model}", details.model)
            .replace("{waited}", &format!("{:.1}", details.waited.as_secs_f64()))
            .replace("{stopReason}", details.stop_reason)
            // Last: a place in the caller's schema may be named like one of these.
            .replace("{violation}", &details.violation)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_cause_has_sentences_of_its_own() {
        let sentences: HashSet<_> = Cause::ALL.iter().map(|cause| cause.sentences()).collect();
        assert_eq!(sentences.len(), Cause::ALL.len());
    }

    #[test]
    fn every_cause_but_the_unknown_says_what_happened_and_what_to_do_in_a_sentence_each() {
        for cause in Cause::ALL.iter().filter(|c| **c != Cause::Unknown) {
            let (happened, remedy) = cause.sentences();
            assert!(
                happened.ends_with('.') && remedy.ends_with(['.', '…']),
                "{cause:?}"
            );
        }
    }

    #[test]
    fn details_are_filled_in() {
        let details = Details {
            model: "a.b-1:0",
            waited: Duration::from_millis(2_540),
            ..Details::default()
        };
        let message = Cause::DeadlineExceeded.message(&details);
        assert!(
            message.starts_with("a.b-1:0 had not answered after 2.5 seconds"),
            "{message}"
        );
    }
}
