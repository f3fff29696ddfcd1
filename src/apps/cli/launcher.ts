// Does the launcher still live that started this process under another Node (`bin.cjs`)?

const VARIABLE = 'LEDGERSTONE_LAUNCHER';
const LOOK_MS = 500;

/**
 * Calls once where the launcher has ended, as by SIGKILL, which it can't pass on: else this process would go
 * on, and whoever ended it would start a second one beside. Without a launcher it does nothing. On Windows a
 * process keeps the number of a parent that has ended, so the process of that number is asked for.
 */
export function watchLauncher(onEnd: () => void): void {
  const launcher = Number(process.env[VARIABLE]);
  // Processes that this one starts have another parent.
  delete process.env[VARIABLE];
  if (!Number.isSafeInteger(launcher) || launcher <= 0) return;
  const timer = setInterval(() => {
    if (process.ppid === launcher && isThere(launcher)) return;
    clearInterval(timer);
    onEnd();
  }, LOOK_MS);
  timer.unref();
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Of somebody else, and there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
