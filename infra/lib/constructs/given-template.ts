import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  App,
  DefaultStackSynthesizer,
  type FileAssetSource,
  FileAssetPackaging,
  type ISynthesisSession,
  Stack,
} from 'aws-cdk-lib';

/** Where a stack is, and what it is called. */
export interface StackPlace {
  readonly account: string;
  readonly region: string;
  readonly stackName: string;
}

/** Deploys a given template in place of one that is made of constructs. Everything else is as with any stack of the CDK. */
class GivenTemplate extends DefaultStackSynthesizer {
  private readonly template: string;

  constructor(template: string) {
    super({ generateBootstrapVersionRule: false });
    this.template = template;
  }

  protected override synthesizeTemplate({ assembly }: ISynthesisSession): FileAssetSource {
    const fileName = this.boundStack.templateFile;
    writeFileSync(join(assembly.outdir, fileName), this.template);
    return {
      fileName,
      packaging: FileAssetPackaging.FILE,
      sourceHash: createHash('sha256').update(this.template).digest('hex'),
    };
  }
}

/** Writes a cloud assembly of a given template, for `cdk deploy --app DIRECTORY`. */
export function writeAssembly(outdir: string, { account, region, stackName }: StackPlace, template: string): void {
  const app = new App({ outdir });
  new Stack(app, stackName, { env: { account, region }, synthesizer: new GivenTemplate(template) });
  app.synth();
}
