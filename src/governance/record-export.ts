// How is a package that was handed out recorded once, however often it is asked for?
import type { ActRequest } from '../format/act.ts';
import {
  type Decider,
  type GovernanceTools,
  type Recording,
  readGovernance,
  recordAct,
} from './record-act.ts';

/** As `recordAct`; the same package, case and number of events is not written again, whoever asks and why. */
export async function recordExport(
  tools: GovernanceTools,
  decider: Decider,
  request: ActRequest<'export'>,
): Promise<Recording> {
  const history = (await readGovernance(tools))?.history;
  const wanted = JSON.stringify(request.detail);
  const before = history?.acts.find(
    ({ act, inForce }) => act.kind === 'export' && inForce !== null && JSON.stringify(act.detail) === wanted,
  );
  if (history === undefined || before === undefined) return recordAct(tools, decider, request);
  return { recorded: before, history, isNew: false };
}
