// What does the officers' configuration say: which archive, and who seals decisions?
import { dirname, resolve } from 'node:path';
import { messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { archiveOfKey, isOrigin } from '../format/chain.ts';
import { parseVkey, type VerifierKey } from '../format/vkey.ts';
import { checkYaml, readConfigFile } from './check.ts';
import {
  type LogLevel,
  type RetentionPolicy,
  type SigningConfig,
  type StoreConfig,
  signingOf,
  storeOf,
} from './connections.ts';
import { governanceConfigSchema } from './governance-schema.ts';
import { type SchemaProblem, valueAt } from './problems.ts';
import { periodOf } from './units.ts';

export type GovernanceConfig = {
  readonly archive: {
    readonly origin: string;
    readonly store: StoreConfig;
    readonly trusted: readonly VerifierKey[];
  };
  readonly governance: { readonly signing: SigningConfig; readonly retention: RetentionPolicy };
  readonly log: { readonly level: LogLevel };
};

/** Throws ConfigError with everything that is wrong, or `config` when the file can't be read. */
export const loadGovernanceConfig = async (path: string, env: NodeJS.ProcessEnv): Promise<GovernanceConfig> =>
  parseGovernanceConfig(await readConfigFile(path), path, env);

const RULES = { kind: 'governance', schema: governanceConfigSchema, rules: ruleProblems } as const;

/** `fileName` appears in messages, and relative paths are relative to its directory. Throws ConfigError. */
export function parseGovernanceConfig(
  text: string,
  fileName: string,
  env: NodeJS.ProcessEnv,
): GovernanceConfig {
  const input = checkYaml(text, fileName, env, RULES);
  const resolvePath = (path: string): string => resolve(dirname(fileName), path);
  const { origin, trusted } = input.archive;
  const store = storeOf(input.archive.store, resolvePath);
  const { mode, period } = input.governance.retention;
  return {
    archive: { origin, store, trusted: trusted.map((vkey) => parseVkey(vkey, nodeSha256)) },
    governance: {
      signing: signingOf(input.governance.signing, store, resolvePath),
      retention: { mode, period: periodOf(period), text: period },
    },
    log: input.log,
  };
}

function ruleProblems(root: unknown): SchemaProblem[] {
  const origin = valueAt(root, ['archive', 'origin']);
  const trusted = valueAt(root, ['archive', 'trusted']);
  return (Array.isArray(trusted) ? trusted : []).flatMap((vkey: unknown, index): SchemaProblem[] => {
    if (typeof vkey !== 'string') return [];
    const path = ['archive', 'trusted', index];
    try {
      const { name } = parseVkey(vkey, nodeSha256);
      if (typeof origin !== 'string' || !isOrigin(origin) || archiveOfKey(name) === origin) return [];
      return [{ path, message: `is a key of ${name}, not of ${origin}` }];
    } catch (error) {
      return [{ path, message: `is not a verifier key: ${messageOf(error)}` }];
    }
  });
}
