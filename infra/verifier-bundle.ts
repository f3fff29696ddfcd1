// Which code does the verifier's function run? The bundle in dist/verifier, and without one nothing that could pass for it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Annotations, FileSystem } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

const BUILT = fileURLToPath(new URL('../dist/verifier', import.meta.url));
const ENTRY = 'index.mjs';

const PLACEHOLDER = `export const handler = async () => {
  throw new Error('This is no verifier: its bundle was not built before this stack was deployed.');
};
`;

/**
 * Without the bundle the template can still be made and read, offline: but the CDK's command line refuses to deploy it,
 * and what it names fails at every call, which its alarms tell.
 */
export function verifierCode(scope: Construct, folder: string = BUILT): Code {
  if (existsSync(join(folder, ENTRY))) return Code.fromAsset(folder);
  Annotations.of(scope).addError(
    'dist/verifier/index.mjs is missing: this template holds a placeholder. Run `npm run bundle`, then synthesise again.',
  );
  const placeholder = join(FileSystem.tmpdir, 'ledgerstone-verifier-placeholder');
  mkdirSync(placeholder, { recursive: true });
  writeFileSync(join(placeholder, ENTRY), PLACEHOLDER);
  return Code.fromAsset(placeholder);
}
