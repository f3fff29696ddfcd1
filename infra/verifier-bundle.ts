// Which code does the verifier's function run? What the sources beside this make, at the moment of synthesis.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleVerifier } from '../src/apps/verifier/bundle.ts';

/** Made anew each time, offline: no older bundle that happens to lie about is deployed. The CDK keeps a copy of its own. */
export async function verifierCode(): Promise<Code> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-verifier-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await bundleVerifier(join(folder, 'index.mjs'));
  return Code.fromAsset(folder);
}
