// How does a person at a terminal see the progress of long work?
import { Presets, SingleBar } from 'cli-progress';
import type { Io } from './output.ts';

export type ProgressBar = {
  /** False if there is no bar. Then work that only serves the bar can be left out. */
  readonly visible: boolean;
  update(done: number, total: number, text: string): void;
  stop(): void;
};

const SILENT: ProgressBar = { visible: false, update() {}, stop() {} };

/** A bar on standard error if that is a terminal. A log or a pipe gets nothing. */
export function startProgressBar(io: Io, title: string): ProgressBar {
  if (io.stderr.isTTY !== true || io.env['TERM'] === 'dumb') return SILENT;
  const bar = new SingleBar(
    {
      format: `${title} {bar} {percentage}%  {text}`,
      stream: io.stderr as NodeJS.WriteStream,
      clearOnComplete: true,
      hideCursor: true,
      fps: 8,
      // Cut at the edge of the terminal: otherwise each redraw would leave a line.
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
