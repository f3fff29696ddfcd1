// Until when is an object locked that is stored now? A date shows what a period of the configuration means.
import { afterPeriod } from '../../base/period.ts';
import type { RetentionPolicy } from '../../config/connections.ts';

export const lockDates = (
  policies: Readonly<Record<string, RetentionPolicy>>,
  nowMs: number,
  store: 's3' | 'directory',
): { readonly name: string; readonly text: string }[] =>
  Object.entries(policies).map(([name, { mode, period, text }]) => {
    const until = `${new Date(Math.ceil(afterPeriod(nowMs, period) / 1000) * 1000).toISOString().slice(0, 19)}Z`;
    const said =
      store === 's3'
        ? `stored now, locked until ${until}`
        : `sealed now, the seal says until ${until}, and nothing is locked: a directory has no locks`;
    return { name, text: `${text}, ${mode}: ${said}` };
  });
