// What does the page of a verifier say in one sentence, and what was not looked at?
import { counted } from '../../base/counted.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { ReportVerdict } from '../../evidence/report/printed-report.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
import type { WatchState } from '../verifier/watch.ts';
import type { PageFace } from './frame.ts';
import { timeCell } from './parts.ts';
import { settledCount } from './watch-findings.ts';
import type { WatchView } from './watch-view.ts';

type Said = Pick<PageFace, 'label' | 'verdict'>;

const KIND_WORDS: Readonly<Record<RunKind, string>> = {
  confirmations: 'confirmation of all chains',
  sweeps: 'sweep of both buckets',
  fullPasses: 'full pass over the stored bytes',
  configuration: 'comparison of settings',
  completeness: "comparison with Kafka's offsets",
};
/** A chain is confirmed each `chains.confirm`, and a round may take a minute. */
const lookPatienceMs = ({ chains }: VerifierConfig): number => 3 * (chains.confirmMs + 60_000);

const realChains = ({ chains }: WatchState) => [...chains.values()].filter(({ isDrill }) => !isDrill);

/** What this process has not looked at, in sentences. Empty: all that it is made to look at. */
export function notLooked({ config, state, kinds, open, findings, isHealthy, nowMs }: WatchView): string[] {
  const chains = realChains(state);
  const { archiveChains } = state;
  const old = chains.filter(({ lookedAtMs }) => nowMs - lookedAtMs > lookPatienceMs(config)).length;
  const cut = chains.filter(({ isAtEnd }) => !isAtEnd).length;
  return [
    ...(Object.values(open).some((count) => count === null)
      ? ['How many findings earlier processes left open is not known yet.']
      : []),
    ...(findings.problem === null ? [] : ['Which findings are open could not be read again.']),
    ...(isHealthy ? [] : ['No round has gone through for some time: what is below may be old.']),
    ...(archiveChains === null ? ['How many chains the archive has is not known yet.'] : []),
    ...(archiveChains !== null && archiveChains > chains.length
      ? [
          `Of ${counted(archiveChains, 'chain')} of the archive ${chains.length} were looked at by this process.`,
        ]
      : []),
    ...(cut > 0
      ? [`${counted(cut, 'chain')} ${cut === 1 ? 'has' : 'have'} more segments than were checked so far.`]
      : []),
    ...(old > 0
      ? [`${counted(old, 'chain')} ${old === 1 ? 'was' : 'were'} not looked at for some time.`]
      : []),
    ...kinds.flatMap((kind) =>
      state.lastWhole.has(kind) ? [] : [`No whole ${KIND_WORDS[kind]} has ended since this process began.`],
    ),
    ...(state.troubles.size > 0 ? ['Some work fails at the moment: it is named below.'] : []),
  ];
}

export function watchVerdict(view: WatchView): Said {
  const { state, open } = view;
  const chains = realChains(state);
  const missing = notLooked(view);
  const bad = chains.filter(({ verdict }) => verdict === 'broken').length;
  const unsure = chains.filter(({ verdict }) => verdict === 'unverifiable').length;
  const all = Object.values(open).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const settled = Math.min(settledCount(view), open['notice'] ?? 0);
  const findings = all - settled;
  const bounds = [
    'A chain is verified as far as this process walked along its newest seals; what lies behind was verified before, ' +
      'and its stored bytes are read again in turn (the full pass).',
    ...missing,
  ];
  const said = (standing: ReportVerdict['standing'], label: string, sentence: string): Said => ({
    ...{ label, verdict: { standing, sentence, bounds } },
  });
  const openText = `${counted(findings, 'finding')} ${findings === 1 ? 'is' : 'are'} open`;
  const of = `of ${counted(chains.length, 'chain')} that this process looked at`;
  if (bad > 0) {
    const rest = findings === 0 ? '' : `; ${openText}`;
    return said('found', 'Broken', `${bad} ${of} ${bad === 1 ? 'is' : 'are'} broken${rest}.`);
  }
  if ((open['broken'] ?? 0) > 0)
    return said('found', 'Broken', `${openText}, of which ${open['broken']} say that the archive is broken.`);
  if ((open['attempt'] ?? 0) > 0)
    return said(
      'found',
      'Somebody tried to change it',
      `${openText}, of which ${open['attempt']} are attempts.`,
    );
  if (chains.length === 0 || state.lastRoundMs === null)
    return said(
      ...(['open', 'Nothing looked at yet'] as const),
      'No round over the chains has gone through since this process began.',
    );
  if (!view.isHealthy) return said('open', 'Not at work', 'No round has gone through for some time.');
  if (unsure > 0) return said('open', 'Not verified', `${unsure} ${of} could not be verified.`);
  if (findings > 0) return said('open', 'Findings are open', `${openText}; ${of} none is broken.`);
  if (missing.length > 0)
    return said(
      'open',
      'Not everything was looked at',
      `O${of.slice(1)} none is broken; what was not looked at stands below.`,
    );
  return said('whole', 'Verified', `${verifiedText(chains)}; ${closedText(settled)}.`);
}

function verifiedText(chains: readonly { readonly lookedAtMs: number }[]): string {
  const last = timeCell(Math.min(...chains.map(({ lookedAtMs }) => lookedAtMs)));
  const all =
    chains.length === 1
      ? 'The one chain of the archive was'
      : `All ${chains.length} chains of the archive were`;
  return `${all} verified, at ${last} or later`;
}

/** What was dealt with is never left out. */
const closedText = (settled: number): string =>
  settled === 0
    ? 'no finding is open'
    : `no finding is open but ${settled === 1 ? 'one' : settled} that somebody accepted or resolved: see the losses`;
