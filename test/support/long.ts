// Which test files does `npm cit` leave out, and when do they run?

/** `LEDGERSTONE_LONG=1` asks for them; LEDGERSTONE_REQUIRE_STACK=1, the word of CI, means that nothing is left out. */
const ASKING = ['LEDGERSTONE_LONG', 'LEDGERSTONE_REQUIRE_STACK'] as const;

/** Each takes minutes. What it holds is held in part by the file that is named beside it. */
export const LONG: Readonly<Record<string, string>> = {
  'test/e2e/chaos.test.ts': 'test/fault/simulation.test.ts',
  'test/e2e/docs-commands.test.ts': 'test/unit/docs/commands.test.ts',
  'test/e2e/drill.test.ts': 'test/e2e/watch.test.ts',
  'test/e2e/replay-3.9.test.ts': 'test/e2e/replay.test.ts',
  'test/contract/ingest-kafka-hazards-3.9.test.ts': 'test/contract/ingest-kafka-hazards-4.2.test.ts',
};

/**
 * The files that this run leaves out. None if the environment asks for them, or if a file, a directory or a project is
 * named: who names a part wants the whole of it.
 *
 * @param args what stands behind `vitest` on the command line
 */
export function leftOut(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const isAsked = ASKING.some((name) => !['', '0', undefined].includes(env[name]));
  const isPart = args.some((arg) => arg.startsWith('--project') || (!arg.startsWith('-') && arg !== 'run'));
  return isAsked || isPart ? [] : Object.keys(LONG);
}

/** What a run that leaves some out says at its end; null if it leaves out none. */
export function leftOutText(files: readonly string[]): string | null {
  if (files.length === 0) return null;
  const list = files.map((file) => `  ${file}`).join('\n');
  return `Left out, as they take minutes:\n${list}\nRun everything: LEDGERSTONE_LONG=1 npm test`;
}
