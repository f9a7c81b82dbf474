import { Ajv } from 'ajv';

const name = { type: 'string', minLength: 1, maxLength: 255, pattern: '^(.*)$' };

const rates = [
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
];
const units = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Percent',
  'Count',
  'Count/Second',
  'None',
  ...rates,
  ...rates.map((unit) => `${unit}/Second`),
];

/** A member that this specification does not have must not be in its objects. */
const objectOf = (properties: object, required: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});

const definition = objectOf({ Name: name, Unit: { enum: units }, StorageResolution: { enum: [1, 60] } }, ['Name']);

const directive = objectOf(
  {
    Namespace: name,
    // 30 dimensions since 2022, 9 before: fewer are good for both.
    Dimensions: { type: 'array', minItems: 1, items: { type: 'array', maxItems: 9, items: name } },
    Metrics: { type: 'array', maxItems: 100, items: definition },
  },
  ['Namespace', 'Dimensions', 'Metrics'],
);

/** The JSON schema of the CloudWatch user guide, "Specification: Embedded metric format", with what its text adds. */
const schema = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: objectOf(
      { Timestamp: { type: 'integer', minimum: 0 }, CloudWatchMetrics: { type: 'array', items: directive } },
      ['Timestamp', 'CloudWatchMetrics'],
    ),
  },
};

const validate = new Ajv({ allErrors: true }).compile(schema);

/** A line that the schema takes, as far as the rules on targets need it. */
interface Line extends Record<string, unknown> {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

const isLine = (line: unknown): line is Line => validate(line);

/** What is wrong with a line of embedded metrics: with its form, or with a member that it refers to. */
export function emfFaults(line: unknown): string[] {
  if (!isLine(line)) return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  return line._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) => [
    ...Metrics.filter(({ Name }) => typeof line[Name] !== 'number').map(
      ({ Name }) => `the metric ${Name} is no number`,
    ),
    ...Dimensions.flat()
      .filter((key) => typeof line[key] !== 'string' || line[key] === '')
      .map((key) => `the dimension ${key} is no text`),
  ]);
}
