import type { ModelRow } from './models/table.ts';

/** A request, as IAM evaluates it. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** A request and its description. */
export type Decision = readonly [name: string, asked: Asked];

/** The function whose role is asked about. */
export interface RoleOf {
  readonly account: string;
  readonly region: string;
  readonly functionName: string;
}

/** The condition key of the profile through which a model is called. */
export const PROFILE = 'bedrock:InferenceProfileArn';

const invoke = 'bedrock:InvokeModel';

/** An account that is nobody's. */
const OTHER_ACCOUNT = '999999999999';

/** The ARNs in the requests. */
export const arnsOf = ({ account, region }: RoleOf) => ({
  profile: (id: string, of = region): string => `arn:aws:bedrock:${of}:${account}:inference-profile/${id}`,
  model: (id: string, of = region): string => `arn:aws:bedrock:${of}::foundation-model/${id}`,
  log: (name: string): string => `arn:aws:logs:${region}:${account}:log-group:${name}`,
});

const ownLog = ({ functionName }: RoleOf): string => `/aws/lambda/${functionName}`;

/** The requests that Bedrock has IAM evaluate for one call of the model: the profile, if it has one, and the model in each region. */
export function requestsOfOneCall(of: RoleOf, row: ModelRow, action = invoke): Asked[] {
  const { profile, model } = arnsOf(of);
  const through = { [PROFILE]: profile(row.id) };
  const inRegion = { action, resource: model(row.foundationModel) };
  switch (row.reach) {
    case 'in-region':
      return [inRegion];
    case 'geographic-profile':
      return [
        { action, resource: profile(row.id) },
        ...row.destinationRegions.map((region) => ({
          action,
          resource: model(row.foundationModel, region),
          context: through,
        })),
      ];
    case 'global-profile':
      return [
        { action, resource: profile(row.id) },
        { ...inRegion, context: through },
        {
          action,
          resource: model(row.foundationModel, ''),
          context: { ...through, 'aws:RequestedRegion': 'unspecified' },
        },
      ];
  }
}

/** The requests that a role for these models must be allowed: each part of a call, and writing to its own log. */
export function allowedOf(of: RoleOf, rows: readonly ModelRow[]): Decision[] {
  const stream = `${arnsOf(of).log(ownLog(of))}:log-stream:2026/11/23/[$LATEST]0123`;
  const inWords = (arn: string): string =>
    `${arn.split(':').slice(5).join(':')} in ${arn.split(':')[3] || 'no region'}`;
  return [
    ...rows.flatMap((row) =>
      requestsOfOneCall(of, row).map((asked): Decision => [`calling ${inWords(asked.resource)}`, asked]),
    ),
    ['opening a stream of its log', { action: 'logs:CreateLogStream', resource: stream }],
    ['writing to its log', { action: 'logs:PutLogEvents', resource: stream }],
  ];
}

/** The requests that every role must be denied. */
export function alwaysDeniedOf(of: RoleOf): Decision[] {
  const { log } = arnsOf(of);
  const own = ownLog(of);
  const self = `arn:aws:lambda:${of.region}:${of.account}:function:${of.functionName}`;
  return [
    ['listing models', { action: 'bedrock:ListFoundationModels', resource: '*' }],
    ['listing profiles', { action: 'bedrock:ListInferenceProfiles', resource: '*' }],
    ['another log group', { action: 'logs:PutLogEvents', resource: `${log('/aws/lambda/another')}:log-stream:s` }],
    [
      'a log group whose name begins alike',
      { action: 'logs:PutLogEvents', resource: `${log(`${own}-2`)}:log-stream:s` },
    ],
    ['making a log group', { action: 'logs:CreateLogGroup', resource: log(own) }],
    ['reading its log', { action: 'logs:GetLogEvents', resource: `${log(own)}:log-stream:s` }],
    ['calling itself', { action: 'lambda:InvokeFunction', resource: self }],
  ];
}

/** The requests that a role for this one model, of a geographic profile and without streaming, must be denied. */
export function deniedOf(of: RoleOf, { id, foundationModel }: ModelRow): Decision[] {
  const { profile, model } = arnsOf(of);
  const own = profile(id);
  const through = { [PROFILE]: own };
  const another = { [PROFILE]: profile(`apac.${foundationModel}`) };
  return [
    ['another profile', { action: invoke, resource: profile('apac.amazon.nova-micro-v1:0') }],
    [
      'another model through the profile',
      { action: invoke, resource: model('amazon.nova-pro-v1:0'), context: through },
    ],
    ['the model past the profile', { action: invoke, resource: model(foundationModel) }],
    ['the model through another profile', { action: invoke, resource: model(foundationModel), context: another }],
    ['the profile in another region', { action: invoke, resource: profile(id, 'us-east-1') }],
    [
      'the model in another region',
      { action: invoke, resource: model(foundationModel, 'us-east-1'), context: through },
    ],
    ['the profile of another account', { action: invoke, resource: own.replace(of.account, OTHER_ACCOUNT) }],
    ['a streamed answer', { action: 'bedrock:InvokeModelWithResponseStream', resource: own }],
    ...alwaysDeniedOf(of),
  ];
}
