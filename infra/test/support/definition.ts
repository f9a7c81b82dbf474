import type { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';

const part = z.union([
  z.string(),
  z.object({ Ref: z.string() }),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
]);

const machine = z.object({
  Properties: z.object({
    DefinitionString: z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(part)]) }),
  }),
});

/**
 * The definition of that construct's state machine, as CloudFormation would put it together.
 *
 * @param nameOf what stands in place of another resource's name or ARN; its logical id by default.
 */
export function definitionIn(
  template: Template,
  construct: string,
  nameOf: (id: string) => string = (id) => id,
): Record<string, unknown> {
  const machines = Object.entries(template.findResources('AWS::StepFunctions::StateMachine'));
  const [, found] = machines.find(([id]) => id.startsWith(construct)) ?? [];
  const parts = machine.parse(found).Properties.DefinitionString['Fn::Join'][1].map((one) => {
    if (typeof one === 'string') return one;
    const id = 'Ref' in one ? one.Ref : one['Fn::GetAtt'][0];
    return id === 'AWS::Partition' ? 'aws' : nameOf(id);
  });
  return z.record(z.string(), z.unknown()).parse(JSON.parse(parts.join('')));
}
