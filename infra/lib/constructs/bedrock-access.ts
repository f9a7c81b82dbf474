import { Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ModelRow } from '../models/table.ts';

/**
 * The statements that let a role call these models from `region`, and nothing else.
 *
 * @param stream whether the role may also stream answers, of the models that stream, on the same ARNs under the same conditions.
 */
export function bedrockStatements(models: readonly ModelRow[], region: string, stream = false): PolicyStatement[] {
  return models.flatMap((model) => {
    const statements = statementsFor(model, region);
    for (const action of actionsOf(model, stream)) for (const statement of statements) statement.addActions(action);
    return statements;
  });
}

/**
 * The permissions for calls of the model: `bedrock:InvokeModel` is for Converse and InvokeModel,
 * `bedrock:InvokeModelWithResponseStream` for ConverseStream, which a model that does not stream is not called by.
 */
export function actionsOf({ responseStreaming }: ModelRow, stream: boolean): string[] {
  return ['bedrock:InvokeModel', ...(stream && responseStreaming ? ['bedrock:InvokeModelWithResponseStream'] : [])];
}

function statementsFor(model: ModelRow, region: string): PolicyStatement[] {
  switch (model.reach) {
    case 'in-region':
      return [invoke(sid(model, 'Model'), [foundationModel(model, region)])];
    case 'geographic-profile':
      return geographicProfile(model, region);
    case 'global-profile':
      return globalProfile(model, region);
  }
}

/** Bedrock user guide, "Geographic cross-Region inference": the profile, and its model in each region that it routes to. */
function geographicProfile(model: ModelRow, region: string): PolicyStatement[] {
  const profile = inferenceProfile(model, region);
  const destinations = model.destinationRegions.map((destination) => foundationModel(model, destination));
  return [
    invoke(sid(model, 'Profile'), [profile]),
    invoke(sid(model, 'Destinations'), destinations, { 'bedrock:InferenceProfileArn': profile }),
  ];
}

/**
 * Bedrock user guide, "Global cross-Region inference": three statements. The last one's ARN has
 * neither region nor account, and AWS reports the region of such a request as "unspecified".
 */
function globalProfile(model: ModelRow, region: string): PolicyStatement[] {
  const profile = inferenceProfile(model, region);
  const throughProfile = { 'bedrock:InferenceProfileArn': profile };
  return [
    invoke(sid(model, 'Profile'), [profile], { 'aws:RequestedRegion': region }),
    invoke(sid(model, 'InRegion'), [foundationModel(model, region)], {
      'aws:RequestedRegion': region,
      ...throughProfile,
    }),
    invoke(sid(model, 'Global'), [foundationModel(model, '')], {
      'aws:RequestedRegion': 'unspecified',
      ...throughProfile,
    }),
  ];
}

function invoke(name: string, resources: string[], equals?: Record<string, string>): PolicyStatement {
  return new PolicyStatement({
    sid: name,
    resources,
    ...(equals && { conditions: { StringEquals: equals } }),
  });
}

/** A Sid takes letters and digits only: `jp.amazon.nova-2-lite-v1:0` → `JpAmazonNova2LiteV10Profile`. */
function sid(model: ModelRow, part: string): string {
  const words = model.id.split(/[^A-Za-z0-9]+/);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') + part;
}

/** A foundation model's ARN has no account: the model is AWS's. */
const foundationModel = (model: ModelRow, region: string): string =>
  Fn.sub(`arn:\${AWS::Partition}:bedrock:${region}::foundation-model/${model.foundationModel}`);

/** A profile's ARN carries the caller's account. */
const inferenceProfile = (model: ModelRow, region: string): string =>
  Fn.sub(`arn:\${AWS::Partition}:bedrock:${region}:\${AWS::AccountId}:inference-profile/${model.id}`);
