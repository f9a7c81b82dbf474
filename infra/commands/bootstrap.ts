import { cdk } from './support/cdk.ts';
import { exitOnError } from './support/exit.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const { account, region } = await announceTarget(
    'setting up the CDK (bucket, roles: stack CDKToolkit) for',
    'existing',
  );
  await cdk('existing', region, ['bootstrap', `aws://${account}/${region}`]);
  console.error('Set up, once for this account and region. Next: make deploy');
});
