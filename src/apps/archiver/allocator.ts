// How does a process that moves hundreds of megabytes a second stay small?

/**
 * glibc raises the size from which it returns memory to the system each time a large buffer is freed, up to
 * 32 MiB, and keeps an arena per thread: buffers of a MiB, freed all the time, then stay resident
 * (mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX).
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' } as const;
const DONE = 'LEDGERSTONE_ALLOCATOR';

/**
 * What the young generation of V8's heap may have in each half, in MiB. For an archiver it is V8's usual
 * size, said aloud: with half of it, nearly each scavenge began to mark the whole heap. Records are in the
 * lanes: theirs is small. An export makes many small things that end soon: V8 let them grow to 130 MiB before
 * it looked, and looks as fast at a few.
 */
export const YOUNG_MIB = { service: 16, export: 2 } as const;

/**
 * Replaces this process by itself with those settings, which glibc and V8 read at their start only: same
 * process id, same files, nothing between it and its supervisor. Returns where that is done already, or can't
 * be. Settings of the operator's own are left alone.
 */
export function restartWithAllocator(youngMib: number = YOUNG_MIB.service): void {
  if (process.platform !== 'linux' || process.env[DONE] !== undefined || process.execve === undefined) return;
  const env = { ...ALLOCATOR, ...process.env, [DONE]: 'set' };
  process.execve(
    process.execPath,
    [process.execPath, `--max-semi-space-size=${youngMib}`, ...process.execArgv, ...process.argv.slice(1)],
    env,
  );
}
