// Which code does the verifier's function run? The bundle of this checkout's sources.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleVerifier } from '../src/apps/verifier/bundle.ts';

/** Beside the bundle: the certificates are too long for the function's environment. */
export const TIMESTAMP_ROOTS = 'timestamp-roots.pem';

/**
 * Bundled again at each synthesis, offline, so that no old bundle is deployed. The CDK keeps its own copy.
 * `roots`: of the time-stamping authority, in PEM.
 */
export async function verifierCode(roots?: string): Promise<Code> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-verifier-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await bundleVerifier(join(folder, 'index.mjs'));
  if (roots !== undefined) writeFileSync(join(folder, TIMESTAMP_ROOTS), roots);
  return Code.fromAsset(folder);
}
