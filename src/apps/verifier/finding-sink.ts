// What happens to findings, from the check that made them to whoever must know?
import type { Finding } from '../../verify/finding.ts';
import type { Scope } from './finding-file.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { FindingSink, FindingsReport, VerifierLog } from './verifier.ts';

/** Scopes without anything open, remembered to spare a listing for each event of a sound chain. */
const CLEAN_MAX = 10_000;

/** Evidence first, then people: one structured line a finding, opened and closed once each. */
export function findingSink(ledger: Ledger, log: VerifierLog): FindingSink {
  const clean = new Set<string>();
  return {
    report: async (scope: Scope, findings: readonly Finding[], options: FindingsReport) => {
      const isNothing = findings.length === 0 && (options.omitted ?? 0) === 0;
      const id = `${options.check} ${scope.name}`;
      if (isNothing && clean.has(id)) return;
      clean.delete(id);
      const { opened, stillOpen, closed } = await ledger.report(scope, findings, options);
      for (const entry of opened) logFinding(log, scope, entry, 'finding');
      for (const entry of closed) logFinding(log, scope, entry, 'finding closed');
      await ledger.told(scope, opened, 'log', options.signal);
      const isClean = isNothing && opened.length === 0 && stillOpen.length === 0;
      if (isClean && options.complete !== false && clean.size < CLEAN_MAX) clean.add(id);
    },
  };
}

function logFinding(log: VerifierLog, scope: Scope, { id, file }: Entry, message: string): void {
  const { severity } = file.finding;
  const fields = { scope: scope.name, id, ...file.finding };
  if (message !== 'finding' || severity === 'notice') log.info(fields, message);
  else if (severity === 'attempt') log.warn(fields, message);
  else log.error(fields, message);
}
