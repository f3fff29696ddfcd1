// How does a process that moves hundreds of megabytes a second stay small?

/**
 * glibc raises the size from which it returns memory to the system each time a large buffer is freed, up to
 * 32 MiB, and keeps an arena per thread: buffers of a MiB, freed all the time, then stay resident
 * (mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX). The young generation is V8's usual one, said aloud: with
 * half of it, nearly each scavenge began to mark the whole heap. Records are in the lanes: theirs is small.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' } as const;
const FLAGS = ['--max-semi-space-size=16'];
const DONE = 'LEDGERSTONE_ALLOCATOR';

/**
 * Replaces this process by itself with those settings, which glibc and V8 read at their start only: same
 * process id, same files, nothing between it and its supervisor. Returns where that is done already, or can't
 * be. Settings of the operator's own are left alone.
 */
export function restartWithAllocator(): void {
  if (process.platform !== 'linux' || process.env[DONE] !== undefined || process.execve === undefined) return;
  const env = { ...ALLOCATOR, ...process.env, [DONE]: 'set' };
  process.execve(
    process.execPath,
    [process.execPath, ...FLAGS, ...process.execArgv, ...process.argv.slice(1)],
    env,
  );
}
