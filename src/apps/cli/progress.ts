// How does a person at a terminal see that something long is going on?
import { Presets, SingleBar } from 'cli-progress';
import type { Io } from './output.ts';

export type ProgressBar = {
  /** False where nobody looks: what only serves the bar need not be done. */
  readonly visible: boolean;
  update(done: number, total: number, text: string): void;
  stop(): void;
};

const SILENT: ProgressBar = { visible: false, update() {}, stop() {} };

/** A bar on standard error, and only where that is a terminal: a log or a pipe gets none of it. */
export function startProgressBar(io: Io, title: string): ProgressBar {
  if (io.stderr.isTTY !== true || io.env['TERM'] === 'dumb') return SILENT;
  const bar = new SingleBar(
    {
      format: `${title} {bar} {percentage}%  {text}`,
      stream: io.stderr as NodeJS.WriteStream,
      clearOnComplete: true,
      hideCursor: true,
      fps: 8,
      // Cut at the terminal's edge, or each redraw would leave a line behind.
      linewrap: false,
      barsize: 24,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { text: '' });
  return {
    visible: true,
    update(done, total, text) {
      bar.setTotal(Math.max(total, 1));
      bar.update(Math.min(done, Math.max(total, 1)), { text });
    },
    stop: () => bar.stop(),
  };
}
