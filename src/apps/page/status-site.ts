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
  readonly everyMs?: number;
};

const MEASURE_MS = 15_000;

export function statusSite({ face, now, measure, everyMs }: SiteOptions): StatusSite {
  const feed = new LiveFeed({ parts: () => partsOf(face()), now, ...(everyMs !== undefined && { everyMs }) });
  const timer = setInterval(measure, MEASURE_MS).unref();
  measure();
  return {
    routes: {
      '/': () => pageAnswer(face(), now()),
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
