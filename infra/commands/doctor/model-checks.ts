import { BedrockClient, GetFoundationModelAvailabilityCommand } from '@aws-sdk/client-bedrock';
import { daysBetween, LEAST_DAYS_TO_LIVE } from '../../lib/model-life.ts';
import type { ModelRow } from '../../lib/models.ts';
import { type Ask, lifeAtAws, profileArns, regionsIn } from '../support/bedrock-facts.ts';
import { clientOptions } from '../support/clients.ts';
import type { Check } from './check.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import { modelMessages as says } from './model-messages.ts';

/** A model as AWS has it now, against its row in models.json. */
export function modelChecks(row: ModelRow, region: string, today: string): Check[] {
  const bedrock = new BedrockClient(clientOptions(region));
  const asked = (id: string, permission: string, run: (ask: Ask) => Promise<Finding[]>): Check => ({
    id,
    essential: true,
    permissions: [permission],
    run: (signal) => run({ bedrock, signal }),
  });
  return [
    asked('model-life', 'bedrock:GetFoundationModel', (ask) => life(ask, row, region, today)),
    ...(row.reach === 'in-region'
      ? []
      : [asked('model-destinations', 'bedrock:GetInferenceProfile', (ask) => destinations(ask, row, region))]),
    asked('model-access', 'bedrock:GetFoundationModelAvailability', (ask) => access(ask, row, region)),
  ];
}

async function life(ask: Ask, row: ModelRow, region: string, today: string): Promise<Finding[]> {
  const found = await lifeAtAws(ask, row.foundationModel);
  if (!found) return [failure(says.absent(row.foundationModel, region), says.absentRemedy())];
  const { status, endOfLife } = found;
  if (status === 'ended' || (endOfLife !== null && endOfLife <= today))
    return [failure(says.ended(row.foundationModel), says.endedRemedy())];
  if (endOfLife !== null && daysBetween(today, endOfLife) <= LEAST_DAYS_TO_LIVE)
    return [warning(says.ends(row.foundationModel, endOfLife), says.soonRemedy())];
  return [
    status === 'legacy'
      ? warning(says.legacy(row.foundationModel), says.soonRemedy())
      : ok(says.alive(row.foundationModel)),
  ];
}

async function destinations(ask: Ask, row: ModelRow, region: string): Promise<Finding[]> {
  const arns = await profileArns(ask, row.id);
  if (!arns) return [failure(says.absent(row.id, region), says.absentRemedy())];
  if (row.reach === 'global-profile') return [ok(says.destinationsAnywhere(row.id))];
  const there = regionsIn(arns);
  const more = there.filter((name) => !row.destinationRegions.includes(name));
  const fewer = row.destinationRegions.filter((name) => !there.includes(name));
  if (more.length > 0) return [failure(says.destinationsMore(row.id, more.join(', ')), says.destinationsRemedy())];
  return [
    fewer.length > 0
      ? warning(says.destinationsFewer(row.id, fewer.join(', ')), says.destinationsRemedy())
      : ok(says.destinations(row.id, there.join(', '))),
  ];
}

async function access({ bedrock, signal }: Ask, row: ModelRow, region: string): Promise<Finding[]> {
  const modelId = row.foundationModel;
  const found = await bedrock.send(new GetFoundationModelAvailabilityCommand({ modelId }), { abortSignal: signal });
  const agreement = found.agreementAvailability?.status;
  if (found.regionAvailability === 'NOT_AVAILABLE')
    return [failure(says.regionMissing(modelId, region), says.absentRemedy())];
  if (found.authorizationStatus === 'NOT_AUTHORIZED')
    return [failure(says.unauthorized(modelId), says.unauthorizedRemedy())];
  if (agreement === 'PENDING') return [warning(says.accessPending(modelId), says.accessPendingRemedy())];
  if (agreement === 'NOT_AVAILABLE' || agreement === 'ERROR')
    return [failure(says.agreementMissing(modelId), says.agreementRemedy(row.access === 'marketplace-and-form'))];
  if (found.entitlementAvailability === 'NOT_AVAILABLE')
    return [failure(says.notEntitled(modelId), says.unauthorizedRemedy())];
  return [ok(says.access(modelId))];
}
