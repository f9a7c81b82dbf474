import { BootstraplessSynthesizer, CfnOutput, Duration, Fn, Stack, Validations } from 'aws-cdk-lib';
import { CfnOIDCProvider, PolicyDocument, type PolicyStatement, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { readModels } from '../models/table.ts';
import { NIGHTLY_SUFFIX, throwawayName } from '../names.ts';
import { modelsFile } from '../paths.ts';
import type { Settings } from '../settings/settings.ts';
import {
  askAboutModels,
  assumeCdkRoles,
  callTheFunction,
  keepTheStop,
  modelArns,
  ONE_STACK,
  readTheStack,
  seeTheBoundary,
  stackArn,
} from './permissions.ts';
import { AUDIENCE, ISSUER, type Provider } from './provider.ts';
import { branchClaims, type CiSettings, type Claims, deployClaims, pullRequestClaims } from './settings.ts';
import { verifyStars, verifyStatements } from './verify-permissions.ts';

/** What a `CiStack` is made of. */
export interface CiStackProps {
  /** Of the stack that may be deployed. */
  readonly deployed: Pick<Settings, 'functionName' | 'region'>;
  readonly ci: CiSettings;
  readonly provider: Provider;
}

/** The stack beside the function's that lets GitHub Actions deploy it. */
export const ciStackName = (functionName: string): string => `${functionName}-ci`;

/** The beginnings of the roles' logical ids, by which the command finds them. */
export const DEPLOY_ROLE = 'DeployRole';
export const DIFF_ROLE = 'DiffRole';
export const MODELS_ROLE = 'ModelsRole';
export const VERIFY_ROLE = 'VerifyRole';

/** Where `make models-refresh` asks, whatever region is deployed to. */
const sourceRegion = (): string => readModels(modelsFile).sourceRegion;

/** One role of the stack: what it is called, who may have it, and what it may do. */
interface CiRole {
  readonly id: string;
  readonly description: string;
  readonly claims: Claims;
  readonly policy: string;
  readonly statements: PolicyStatement[];
  /** The resources with a star among them, and why they have it. */
  readonly stars: readonly (readonly [resource: string, reason: string])[];
}

/**
 * Lets one repository deploy one stack, with no key stored anywhere: GitHub vouches for a job's token,
 * and the role takes only those of the one environment, branch and workflow.
 *
 * Made with the caller's own credentials: what may deploy the function must not be able to widen who may.
 */
export class CiStack extends Stack {
  constructor(scope: Construct, { deployed, ci, provider }: CiStackProps) {
    super(scope, ciStackName(deployed.functionName), {
      env: { region: deployed.region },
      description: `Lets GitHub Actions deploy ${deployed.functionName}`,
      synthesizer: new BootstraplessSynthesizer(),
    });
    const made =
      provider === 'own'
        ? [new CfnOIDCProvider(this, 'Provider', { url: `https://${ISSUER}`, clientIdList: [AUDIENCE] })]
        : [];
    const roles = [
      this.addRole(deployRole(deployed, ci)),
      ...(ci.pullRequests ? [this.addRole(diffRole(deployed, ci))] : []),
      ...(ci.models ? [this.addRole(modelsRole(ci))] : []),
      ...(ci.verify ? [this.addRole(verifyRole(deployed, ci))] : []),
    ];
    // By the provider's name, which is known, and so with no reference that would say which comes first.
    for (const role of roles) role.node.addDependency(...made);
  }

  private addRole({ id, description, claims, policy, statements, stars }: CiRole): Role {
    const role = new Role(this, id, {
      description,
      assumedBy: new WebIdentityPrincipal(
        Fn.sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/${ISSUER}`),
        {
          StringEquals: conditions({ aud: AUDIENCE, ...claims.equal }),
          StringLike: conditions(claims.like),
        },
      ),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: { [policy]: new PolicyDocument({ statements }) },
    });
    // cdk-nag writes a pseudo parameter as <AWS::…>.
    for (const [arn, reason] of new Map(stars))
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${arn.replace(/\$\{(.*?)\}/g, '<$1>')}]`,
        reason,
      });
    new CfnOutput(this, `${id}Arn`, { value: role.roleArn });
    return role;
  }
}

/** Claims as the condition keys that STS makes of them. */
function conditions(claims: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([claim, value]) => [`${ISSUER}:${claim}`, value]));
}

const deployRole = (deployed: CiStackProps['deployed'], ci: CiSettings): CiRole => ({
  id: DEPLOY_ROLE,
  description: `What GitHub Actions may do to deploy ${deployed.functionName}`,
  claims: deployClaims(ci),
  policy: 'DeployOneStack',
  statements: [
    assumeCdkRoles(deployed),
    readTheStack(deployed),
    seeTheBoundary(deployed),
    callTheFunction(deployed),
    keepTheStop(deployed),
  ],
  stars: [[stackArn(deployed), ONE_STACK]],
});

const diffRole = (deployed: CiStackProps['deployed'], ci: CiSettings): CiRole => ({
  id: DIFF_ROLE,
  description: `What pull requests may do: compare with what is deployed as ${deployed.functionName}`,
  claims: pullRequestClaims(ci),
  policy: 'ReadOneStack',
  statements: [readTheStack(deployed), seeTheBoundary(deployed)],
  stars: [[stackArn(deployed), ONE_STACK]],
});

const modelsRole = (ci: CiSettings): CiRole => ({
  id: MODELS_ROLE,
  description: 'What the weekly look at the models may do: ask Bedrock about them',
  claims: branchClaims(ci, 'models.yml'),
  policy: 'AskAboutModels',
  statements: [askAboutModels(sourceRegion())],
  stars: modelArns(sourceRegion()).map((arn) => [
    arn,
    'The models of models.json change; all may be read, and none called.',
  ]),
});

/** The stack beside the function's that the nightly `make verify` makes and removes. */
export const nightly = ({ functionName, region }: CiStackProps['deployed']): CiStackProps['deployed'] => ({
  functionName: throwawayName(functionName, NIGHTLY_SUFFIX),
  region,
});

function verifyRole(deployed: CiStackProps['deployed'], ci: CiSettings): CiRole {
  const throwaway = nightly(deployed);
  return {
    id: VERIFY_ROLE,
    description: `What the nightly make verify may do: make, try and remove ${throwaway.functionName}`,
    claims: branchClaims(ci, 'verify.yml'),
    policy: 'VerifyOnOneStack',
    statements: verifyStatements(throwaway, readModels(modelsFile).models),
    stars: verifyStars(throwaway),
  };
}
