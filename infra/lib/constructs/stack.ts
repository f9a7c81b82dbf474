import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, PermissionsBoundary, Stack } from 'aws-cdk-lib';
import { type Code, FunctionUrlAuthType, InvokeMode } from 'aws-cdk-lib/aws-lambda';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { boundaryName } from '../names.ts';
import type { Choice } from '../settings/choice.ts';
import { DEFAULT_REGION, SETTINGS_METADATA, typedSettings } from '../settings/settings.ts';
import { FunctionAlarms } from './alarms.ts';
import { Batch } from './batch.ts';
import { BedrockFunction } from './bedrock-function.ts';
import { Brake } from './brake.ts';
import { MonthlyBudget } from './budget.ts';
import { FunctionDashboard } from './dashboard.ts';

/** The settings and the code of the stack. */
export interface BedrockStackProps {
  readonly choice: Choice;
  /** The function's code: see `BedrockFunctionProps.code`. */
  readonly code: Code;
  /** Decides the credentials of the CDK's CLI; by default the roles of the bootstrap. */
  readonly synthesizer?: IStackSynthesizer;
  /** Whether the roles have the permissions boundary of `make bootstrap`, without which CloudFormation may not create them. */
  readonly isBounded?: boolean;
}

/** The function and its resources. A resource that is not wanted is not in the template. */
export class BedrockStack extends Stack {
  constructor(scope: Construct, { choice: { settings, models }, code, synthesizer, isBounded }: BedrockStackProps) {
    // One stack for one function: another FUNCTION_NAME is another stack beside it, never a replacement.
    super(scope, settings.functionName, {
      env: { region: settings.region },
      description: 'A function on AWS Lambda that answers prompts with Amazon Bedrock',
      // The CLI and `make deploy` check the bootstrap's version; as a rule it would double the size of the template.
      synthesizer: synthesizer ?? new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
      ...(isBounded && { permissionsBoundary: PermissionsBoundary.fromName(boundaryName(settings)) }),
    });
    // The next deploy compares its settings with them, and warns of those that it would reset.
    this.templateOptions.metadata = {
      [SETTINGS_METADATA]: typedSettings({ ...settings, model: models.map(({ id }) => id) }),
    };
    const bedrock = new BedrockFunction(this, 'Bedrock', { ...settings, inference: settings, models, code });
    const batch = settings.batch ? this.addBatch(bedrock, settings) : undefined;
    const limits =
      settings.dailyLimitUsd === undefined ? [] : [this.addBrake(bedrock, settings.dailyLimitUsd, settings, batch)];
    new FunctionAlarms(this, 'Alarms', {
      ...settings,
      function: bedrock.function,
      email: settings.alarmEmail,
      others: limits,
    });
    if (settings.dashboard) {
      const { functionName } = settings;
      const dashboardName = accountWideName(functionName, settings);
      new FunctionDashboard(this, 'Dashboard', { dashboardName, functionName, models });
    }
    this.output('FunctionName', bedrock.function.functionName);
    this.output('LogGroupName', bedrock.logGroup.logGroupName);
    this.addBudget(settings);
    if (settings.functionUrl || settings.stream) this.addUrl(bedrock, settings);
  }

  private addBatch({ function: fn }: BedrockFunction, settings: Choice['settings']): Batch {
    const batch = new Batch(this, 'Batch', { ...settings, function: fn });
    this.output('BatchBucket', batch.bucket.bucketName);
    this.output('BatchStateMachine', batch.stateMachine.stateMachineArn);
    return batch;
  }

  private addBrake(
    { function: fn }: BedrockFunction,
    limitUsd: number,
    { functionName }: Choice['settings'],
    batch: Batch | undefined,
  ): Alarm {
    return new Brake(this, 'Brake', { function: fn, functionName, limitUsd, batch: batch?.stateMachine }).alarm;
  }

  private addBudget(settings: Choice['settings']): void {
    const { functionName, monthlyBudgetUsd: usd, alarmEmail: email } = settings;
    if (usd !== undefined && email !== undefined)
      new MonthlyBudget(this, 'Budget', { name: accountWideName(`${functionName}-monthly`, settings), usd, email });
  }

  /**
   * Callers sign their requests, and need both `lambda:InvokeFunctionUrl` and (since October 2025)
   * `lambda:InvokeFunction` on the function. The template lets nobody in; a policy of the caller has to.
   * The URL, not the call, decides whether answers are streamed.
   */
  private addUrl({ function: fn }: BedrockFunction, { stream }: Choice['settings']): void {
    const authType = FunctionUrlAuthType.AWS_IAM;
    const mode = stream ? { invokeMode: InvokeMode.RESPONSE_STREAM } : {};
    this.output('FunctionUrl', fn.addFunctionUrl({ authType, ...mode }).url);
  }

  private output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }
}

/** A name that is unique in the account: dashboards and budgets of the same function in two regions would clash. */
const accountWideName = (name: string, { region }: Choice['settings']): string =>
  region === DEFAULT_REGION ? name : `${name}-${region}`;
