import type {
  GetFoundationModelAvailabilityCommandOutput,
  GetFoundationModelCommandOutput,
  GetInferenceProfileCommandOutput,
} from '@aws-sdk/client-bedrock';
import type { ModelRow } from '../../lib/models/table.ts';
import { ACCOUNT } from './stack.ts';
import { type Answer, type Server, startScripted } from './servers.ts';

type Body<Output> = Omit<Output, '$metadata'>;

/** An error as Bedrock sends it. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** What Bedrock's control plane says of one row of models.json, in the SDK's own types. */
export interface Script {
  readonly model: Body<GetFoundationModelCommandOutput> | Refusal;
  readonly profile: Body<GetInferenceProfileCommandOutput> | Refusal;
  readonly availability: Body<GetFoundationModelAvailabilityCommandOutput> | Refusal;
}

/** The end of a model, in Bedrock's words. */
export const ENDED: Refusal = {
  status: 404,
  type: 'ResourceNotFoundException',
  message:
    'This model version has reached the end of its life. Please refer to the AWS documentation for more details.',
};

/** Bedrock's word for an id that it does not know. */
export const UNKNOWN: Refusal = {
  status: 400,
  type: 'ValidationException',
  message: 'The provided model identifier is invalid.',
};

/** A caller whose policy lacks the action. */
export const DENIED: Refusal = {
  status: 403,
  type: 'AccessDeniedException',
  message: 'User: arn:aws:iam::123456789012:user/someone is not authorized',
};

/** A function whose role has not been granted the model. */
export const NOT_GRANTED: Refusal = {
  ...DENIED,
  message:
    'User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/another because no identity-based policy allows the bedrock:InvokeModel action',
};

/** The response that has it. */
export const errorOf = ({ status, type, message }: Refusal): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: JSON.stringify({ message }),
});

/** What Bedrock says when all is as the row has it. */
export function healthy(row: ModelRow): Script {
  const arn = (region: string): string => `arn:aws:bedrock:${region}::foundation-model/${row.foundationModel}`;
  return {
    model: {
      modelDetails: {
        modelArn: arn('ap-northeast-1'),
        modelId: row.foundationModel,
        modelLifecycle: { status: 'ACTIVE' },
      },
    },
    profile: {
      inferenceProfileName: row.name,
      inferenceProfileArn: `arn:aws:bedrock:ap-northeast-1:${ACCOUNT}:inference-profile/${row.id}`,
      inferenceProfileId: row.id,
      models: (row.reach === 'global-profile' ? [''] : row.destinationRegions).map((region) => ({
        modelArn: arn(region),
      })),
      status: 'ACTIVE',
      type: 'SYSTEM_DEFINED',
    },
    availability: {
      modelId: row.foundationModel,
      agreementAvailability: { status: 'AVAILABLE' },
      authorizationStatus: 'AUTHORIZED',
      entitlementAvailability: 'AVAILABLE',
      regionAvailability: 'AVAILABLE',
    },
  };
}

/** Bedrock's control plane on loopback: healthy for these rows, but for what `changes` says of a row's id. */
export function startControlPlane(
  rows: readonly ModelRow[],
  changes: Readonly<Record<string, Partial<Script>>> = {},
): Promise<Server> {
  const changed = rows.toSorted((one, other) => Number(one.id in changes) - Number(other.id in changes));
  // Two rows may share a foundation model: what is changed counts.
  const routes = new Map(changed.flatMap((row) => routesOf(row, { ...healthy(row), ...changes[row.id] })));
  return startScripted((response, path) => {
    const answer = routes.get(decodeURIComponent(path)) ?? UNKNOWN;
    const refused = 'status' in answer && 'message' in answer ? answer : undefined;
    response.writeHead(refused ? Number(refused.status) : 200, {
      'content-type': 'application/json',
      ...(refused && 'type' in refused && { 'x-amzn-errortype': String(refused.type) }),
    });
    response.end(JSON.stringify(refused ? { message: refused.message } : answer));
  });
}

function routesOf(row: ModelRow, script: Script): [string, object][] {
  return [
    [`/inference-profiles/${row.id}`, script.profile],
    [`/foundation-models/${row.foundationModel}`, script.model],
    [`/foundation-model-availability/${row.foundationModel}`, script.availability],
  ];
}
