// Which paths does the page of a process have, and what does it hold for them?
import type { RouteAsked, Routes } from '../http.ts';
import { json } from '../http.ts';
import { type PageFace, pageAnswer, partsOf } from './frame.ts';
import { LiveFeed } from './live.ts';

export type StatusSite = {
  /** `/` and `/live`. */
  readonly routes: Routes;
  /** Ends what is open, and measures no more. */
  close(): void;
};

export type SiteOptions = {
  readonly face: () => PageFace;
  readonly now: () => number;
  /** Called at the start and then again and again, for what is plotted. */
  readonly measure: () => void;
  /** Once what is read for the page is not old. Left out: nothing is. */
  readonly fresh?: () => Promise<void>;
  readonly everyMs?: number;
};

/** Who loads the page waits no longer for it. */
const FRESH_MS = 1_500;
const MEASURE_MS = 15_000;

export function statusSite({ face, now, measure, fresh, everyMs }: SiteOptions): StatusSite {
  const feed = new LiveFeed({ parts: () => partsOf(face()), now, ...(everyMs !== undefined && { everyMs }) });
  const timer = setInterval(measure, MEASURE_MS).unref();
  measure();
  return {
    routes: {
      '/': async () => {
        if (fresh !== undefined) await within(fresh(), FRESH_MS);
        return pageAnswer(face(), now());
      },
      // A page of another site can't read it, and shall not take up the places of those who can.
      '/live': ({ isForeignScript }: RouteAsked) =>
        isForeignScript ? json(403, { error: 'for the page of this server' }) : feed.answer(),
    },
    close: () => {
      clearInterval(timer);
      feed.close();
    },
  };
}

/** Resolves at the latest after that time. */
async function within(done: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}
