// Which code does the verifier's function run? The bundle of this checkout's sources.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleVerifier } from '../src/apps/verifier/bundle.ts';

/**
 * Bundled again at each synthesis, offline, so that no old bundle is deployed. The CDK keeps its own copy.
 */
export async function verifierCode(): Promise<Code> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-verifier-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await bundleVerifier(join(folder, 'index.mjs'));
  return Code.fromAsset(folder);
}
