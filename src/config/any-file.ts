// Does this version take a configuration file, whichever of the four it is?
import { parseConfig } from './archiver.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import type { FileKind } from './file-kind.ts';
import { parseGovernanceConfig } from './governance.ts';
import { parseKafkaFile } from './kafka-file.ts';
import { parseVerifierConfig } from './verifier.ts';

type Parse = (text: string, fileName: string, env: NodeJS.ProcessEnv) => unknown;

const PARSERS: Readonly<Record<FileKind, Parse>> = {
  ledgerstone: parseConfig,
  verifier: parseVerifierConfig,
  governance: parseGovernanceConfig,
  kafka: parseKafkaFile,
};

/** What is wrong with it. Empty: nothing. */
export function problemsOfFile(
  kind: FileKind,
  text: string,
  fileName: string,
  env: NodeJS.ProcessEnv,
): readonly ConfigProblem[] {
  try {
    PARSERS[kind](text, fileName, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
