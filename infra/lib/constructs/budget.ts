import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

/** The amount, and the address to warn. */
export interface MonthlyBudgetProps {
  /** Unique in the account, over all regions. */
  readonly name: string;
  /** US dollars a month. */
  readonly usd: number;
  readonly email: string;
}

/** Percent of the amount, spent or foreseen, at which AWS writes. */
const WARNINGS = [
  { notificationType: 'ACTUAL', threshold: 50 },
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'ACTUAL', threshold: 100 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/**
 * A budget on the whole account's costs, not on Bedrock's alone: models of other providers are billed
 * by AWS Marketplace under names of their own, which a filter by service would miss.
 */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { name, usd, email }: MonthlyBudgetProps) {
    super(scope, id);
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: name,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: usd, unit: 'USD' },
      },
      notificationsWithSubscribers: WARNINGS.map((warning) => ({
        notification: { ...warning, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
        subscribers: [{ subscriptionType: 'EMAIL', address: email }],
      })),
    });
  }
}
